resource "signalbox_fleet_device" "example" {
  id                 = "pump-8"
  groups             = ["pumps"]
  csr_pem            = file("pump-8.csr")
  renew_before_hours = 720
}
