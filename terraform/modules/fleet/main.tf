resource "signalbox_group" "this" {
  for_each    = var.groups
  name        = each.key
  description = each.value.description
  attributes  = each.value.attributes
}

resource "signalbox_device" "this" {
  for_each      = var.devices
  id            = each.key
  display_name  = each.value.display_name
  attributes    = each.value.attributes
  groups        = each.value.groups
  enabled       = each.value.enabled
  client_id_pin = each.value.client_id_pin

  # The groups are given as names, so Terraform would not see by itself what has to be there first.
  depends_on = [signalbox_group.this]
}

resource "signalbox_device_certificate" "this" {
  for_each           = { for id, device in var.devices : id => device.csr_pem if device.csr_pem != null }
  device             = signalbox_device.this[each.key].id
  csr_pem            = each.value
  ca                 = var.ca
  validity_hours     = var.validity_hours
  renew_before_hours = var.renew_before_hours
}
