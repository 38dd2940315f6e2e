resource "signalbox_group" "this" {
  for_each    = var.groups
  name        = each.key
  description = each.value.description
  attributes  = each.value.attributes

  # Also means: destroyed only after the devices have left it, for the broker keeps a group that has members.
  lifecycle {
    create_before_destroy = true
  }
}

resource "signalbox_policy" "this" {
  for_each = var.policies
  name     = each.key
  document = each.value
}

resource "signalbox_policy_attachment" "this" {
  for_each = merge([for group, content in var.groups : {
    # NAME and api:NAME are one policy, and one attachment: of two keys one would destroy what the other has made.
    for policy in toset([for name in content.policies : trimprefix(name, "api:")]) : "${group}/${policy}" => { group = group, policy = policy }
  }]...)
  policy = each.value.policy
  group  = signalbox_group.this[each.value.group].name

  # The policies are given as names, so Terraform would not see by itself what has to be there first.
  depends_on = [signalbox_policy.this]

  # Also means: destroyed only after the devices have left the group, so that each has its policies all the time.
  lifecycle {
    create_before_destroy = true
  }
}

# For each object of a resource Terraform evaluates all of the resource's for_each, so devices are dealt out to parts by a hash of
# their ids: what is ten thousand times ten thousand in one is ten thousand times forty in 256. A device stays in its part.
module "part" {
  source             = "./part"
  for_each           = { for id in keys(var.devices) : substr(sha256(id), 0, 2) => id... }
  devices            = { for id in each.value : id => var.devices[id] }
  ca                 = var.ca
  validity_hours     = var.validity_hours
  renew_before_hours = var.renew_before_hours

  # The groups are given as names, so Terraform would not see by itself what has to be there first. A device enters a group that has its
  # policies.
  depends_on = [signalbox_group.this, signalbox_policy_attachment.this]
}
