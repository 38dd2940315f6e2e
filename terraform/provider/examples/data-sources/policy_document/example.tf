data "signalbox_policy_document" "pump" {
  name  = "pump"
  match = { any = [{ group = ["pumps"] }] }
  statements = [
    { id = "connect", effect = "allow", actions = ["connect"], client_ids = ["$${device.id}"] },
    {
      id      = "data"
      effect  = "allow"
      actions = ["publish"]
      topics  = ["pump/$${device.id}/data/#"]
      where   = { max_qos = 1, max_payload = "64KiB" }
    },
    { id = "commands", effect = "allow", actions = ["subscribe"], topics = ["pump/$${device.id}/cmd/#"] },
  ]
}
