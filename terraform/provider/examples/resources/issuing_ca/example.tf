resource "signalbox_issuing_ca" "example" {
  name           = "plant-ca"
  common_name    = "Acme plant devices"
  validity_hours = 43800
}
