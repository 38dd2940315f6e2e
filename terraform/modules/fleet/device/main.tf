terraform {
  required_version = ">= 1.11"
  required_providers {
    signalbox = {
      source = "signalbox.internal/signalbox/signalbox"
    }
  }
}

resource "signalbox_device" "this" {
  id            = var.id
  display_name  = var.device.display_name
  attributes    = var.device.attributes
  groups        = var.device.groups
  enabled       = var.device.enabled
  client_id_pin = var.device.client_id_pin
}

resource "signalbox_device_certificate" "this" {
  count              = var.device.csr_pem == null ? 0 : 1
  device             = signalbox_device.this.id
  csr_pem            = var.device.csr_pem
  ca                 = var.ca
  validity_hours     = var.validity_hours
  renew_before_hours = var.renew_before_hours
}
