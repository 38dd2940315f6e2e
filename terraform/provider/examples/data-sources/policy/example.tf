data "signalbox_policy" "valves" {
  name = "valves"
}
