resource "signalbox_group_membership" "example" {
  group  = "pumps"
  device = "pump-7"
}
