ephemeral "signalbox_enrolment_token" "pump" {
  device      = "pump-7"
  ttl_seconds = 600
}
