# The device made its key and this request: signalbox pki csr pump-7
resource "signalbox_device_certificate" "example" {
  device             = signalbox_device.example.id
  csr_pem            = file("pump-7.csr")
  validity_hours     = 8760
  renew_before_hours = 720
}

# The broker makes the key, seals it for whoever installs the device, and forgets it.
resource "signalbox_device_certificate" "sealed" {
  device      = signalbox_device.example.id
  name        = "factory"
  seal_to_pem = file("installer.crt")
}
