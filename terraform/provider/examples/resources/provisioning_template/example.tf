resource "signalbox_provisioning_template" "example" {
  name               = "pumps"
  device_id_template = "pump-$${param.serial}"
  parameters         = ["serial"]
  groups             = ["pumps"]
  approval           = "manual"
  csr_rules          = { key_types = ["ec-p256"] }
}
