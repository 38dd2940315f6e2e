resource "signalbox_group" "this" {
  for_each    = var.groups
  name        = each.key
  description = each.value.description
  attributes  = each.value.attributes
}

resource "signalbox_policy" "this" {
  for_each = var.policies
  name     = each.key
  document = each.value
}

resource "signalbox_policy_attachment" "this" {
  for_each = merge([for group, content in var.groups : { for policy in content.policies : "${group}/${policy}" => { group = group, policy = policy } }]...)
  policy   = each.value.policy
  group    = signalbox_group.this[each.value.group].name

  # The policies are given as names, so Terraform would not see by itself what has to be there first.
  depends_on = [signalbox_policy.this]
}

# A module a device, and not one resource for all devices beside one for all certificates: there Terraform would draw an edge
# from each certificate to each device, and evaluate all devices for each certificate, which ten thousand of both do not survive.
module "device" {
  source             = "./device"
  for_each           = var.devices
  id                 = each.key
  device             = each.value
  ca                 = var.ca
  validity_hours     = var.validity_hours
  renew_before_hours = var.renew_before_hours

  # The groups are given as names, so Terraform would not see by itself what has to be there first.
  depends_on = [signalbox_group.this]
}
