data "signalbox_device" "pump" {
  id = "pump-7"
}
