terraform {
  required_version = ">= 1.11"
  required_providers {
    signalbox = {
      source = "signalbox.internal/signalbox/signalbox"
    }
  }
}

resource "signalbox_fleet_device" "this" {
  for_each           = var.devices
  id                 = each.key
  display_name       = each.value.display_name
  attributes         = each.value.attributes
  groups             = each.value.groups
  enabled            = each.value.enabled
  client_id_pin      = each.value.client_id_pin
  csr_pem            = each.value.csr_pem
  ca                 = var.ca
  validity_hours     = var.validity_hours
  renew_before_hours = var.renew_before_hours
}
