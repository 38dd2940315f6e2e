data "signalbox_devices" "waiting" {
  pending_approval = true
}

output "waiting" {
  value = data.signalbox_devices.waiting.ids
}
