output "devices" {
  description = "Ids of all devices."
  value       = sort(keys(module.device))
}

output "certificates" {
  description = "What each device with a request installs, by id."
  value = {
    for id, device in module.device : id => {
      chain_pem          = device.certificate.chain_pem
      fingerprint_sha256 = device.certificate.fingerprint_sha256
      not_after          = device.certificate.not_after
    } if var.devices[id].csr_pem != null
  }
}
