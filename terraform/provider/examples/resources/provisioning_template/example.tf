resource "signalbox_provisioning_template" "example" {
  name      = "pumps"
  groups    = ["pumps"]
  approval  = "manual"
  csr_rules = { key_types = ["ec-p256"] }
}
