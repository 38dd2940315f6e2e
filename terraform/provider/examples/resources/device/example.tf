resource "signalbox_device" "example" {
  id           = "pump-7"
  display_name = "Pump in hall 7"
  attributes   = { hall = "7" }
  groups       = [signalbox_group.example.name]
}
