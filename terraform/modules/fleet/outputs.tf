output "devices" {
  description = "Ids of all devices."
  value       = sort(keys(signalbox_device.this))
}

output "certificates" {
  description = "What each device with a request installs, by id."
  value = {
    for id, certificate in signalbox_device_certificate.this : id => {
      chain_pem          = certificate.chain_pem
      fingerprint_sha256 = certificate.fingerprint_sha256
      not_after          = certificate.not_after
    }
  }
}
