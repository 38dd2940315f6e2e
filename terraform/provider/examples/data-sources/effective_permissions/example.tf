data "signalbox_effective_permissions" "pump" {
  device = "pump-7"
}

output "topics_of_pump" {
  value = [for grant in jsondecode(data.signalbox_effective_permissions.pump.json).grants : grant.pattern]
}
