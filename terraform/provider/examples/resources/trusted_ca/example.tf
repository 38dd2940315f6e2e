resource "signalbox_trusted_ca" "example" {
  name                  = "factory-ca"
  certificate_pem       = file("factory-ca.crt")
  auto_register         = true
  provisioning_template = "pumps"
  identity_mapping      = { source = "uri", prefix = "spiffe://acme.example/pump/" }
  ocsp                  = { mode = "soft" }
}
