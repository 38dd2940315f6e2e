data "signalbox_authorization_check" "pump" {
  device = "pump-7"
  action = "publish"
  topic  = "pump/pump-8/data/level"
}

check "pumps_keep_to_themselves" {
  assert {
    condition     = !data.signalbox_authorization_check.pump.allowed
    error_message = data.signalbox_authorization_check.pump.text
  }
}
