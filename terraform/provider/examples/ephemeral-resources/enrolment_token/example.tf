ephemeral "signalbox_enrolment_token" "pump" {
  # created_at is not known before the device is made, so the token is opened after that.
  device      = signalbox_device.example.created_at == "" ? "" : signalbox_device.example.id
  ttl_seconds = 600
}
