# One output alone, from which the module makes its own: for each that looks at the resource Terraform goes through all objects of all
# parts.
output "devices" {
  description = "The devices by id."
  value       = signalbox_fleet_device.this
}
