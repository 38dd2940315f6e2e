resource "signalbox_policy_attachment" "example" {
  policy = signalbox_policy.example.name
  group  = "pumps"
}
