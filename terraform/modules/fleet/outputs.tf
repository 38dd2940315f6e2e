output "devices" {
  description = "Ids of all devices."
  value       = sort(flatten([for part in module.part : keys(part.devices)]))
}

output "certificates" {
  description = "What each device with a request installs, by id."
  value       = merge([for part in module.part : part.certificates]...)
}
