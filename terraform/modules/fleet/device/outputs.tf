output "device" {
  description = "The device."
  value       = signalbox_device.this
}

output "certificate" {
  description = "Its certificate; null without a request."
  value       = one(signalbox_device_certificate.this)
}
