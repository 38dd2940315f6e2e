resource "signalbox_group" "example" {
  name        = "pumps"
  description = "All pumps of the plant"
}
