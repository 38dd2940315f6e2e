output "devices" {
  description = "The devices by id."
  value       = signalbox_fleet_device.this
}

output "certificates" {
  description = "What each device with a request installs, by id."
  value = {
    for id, device in signalbox_fleet_device.this : id => {
      chain_pem          = device.chain_pem
      fingerprint_sha256 = device.fingerprint_sha256
      not_after          = device.not_after
    } if var.devices[id].csr_pem != null
  }
}
