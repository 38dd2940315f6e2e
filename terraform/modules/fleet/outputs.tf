output "devices" {
  description = "Ids of all devices."
  value       = sort(flatten([for part in module.part : keys(part.devices)]))
}

output "certificates" {
  description = "What each device with a request installs, by id."
  value = merge([
    for part in module.part : {
      for id, device in part.devices : id => {
        chain_pem          = device.chain_pem
        fingerprint_sha256 = device.fingerprint_sha256
        not_after          = device.not_after
      } if var.devices[id].csr_pem != null
    }
  ]...)
}
