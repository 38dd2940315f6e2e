resource "signalbox_policy" "example" {
  name     = "pump"
  document = data.signalbox_policy_document.pump.json # or file("pump.policy.yaml")
}
