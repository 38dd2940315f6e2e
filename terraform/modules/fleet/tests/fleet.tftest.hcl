# Against a broker: SIGNALBOX_ENDPOINT, SIGNALBOX_CA_FILE and SIGNALBOX_TOKEN say which.
variables {
  groups = { fleet-pumps = { description = "All pumps" } }
  devices = {
    fleet-1 = { groups = ["fleet-pumps"], attributes = { hall = "7" }, csr_pem = file("./tests/fleet-1.csr") }
    fleet-2 = { groups = ["fleet-pumps"], display_name = "Second pump" }
  }
}

run "provisions_groups_devices_and_certificates" {
  assert {
    condition     = output.devices == tolist(["fleet-1", "fleet-2"])
    error_message = "Not all devices are there."
  }
  assert {
    condition     = toset(keys(output.certificates)) == toset(["fleet-1"]) && startswith(output.certificates["fleet-1"].chain_pem, "-----BEGIN CERTIFICATE-----")
    error_message = "Exactly the device with a request has a certificate."
  }
  assert {
    condition     = module.part["ab"].devices["fleet-1"].client_id_pin == "fleet-1"
    error_message = "The Client Identifier is not pinned to the device's id."
  }
}

# What a plan would make anew is not known in it, and a condition on it fails. Conditions on the outputs of earlier runs would say the
# same more plainly, and OpenTofu has none.
run "has_nothing_to_do_a_second_time" {
  command = plan

  assert {
    condition     = startswith(output.certificates["fleet-1"].chain_pem, "-----BEGIN CERTIFICATE-----")
    error_message = "A second apply would make another certificate."
  }
}

run "plans_no_other_certificate_for_a_device_that_it_disables" {
  command = plan

  variables {
    devices = {
      fleet-1 = { groups = ["fleet-pumps"], attributes = { hall = "7" }, csr_pem = file("./tests/fleet-1.csr"), enabled = false }
      fleet-2 = { groups = ["fleet-pumps"], display_name = "Second pump" }
    }
  }

  assert {
    condition     = startswith(output.certificates["fleet-1"].chain_pem, "-----BEGIN CERTIFICATE-----")
    error_message = "Disabling a device would make another certificate."
  }
}

run "disables_one_device_and_leaves_the_rest" {
  variables {
    devices = {
      fleet-1 = { groups = ["fleet-pumps"], attributes = { hall = "7" }, csr_pem = file("./tests/fleet-1.csr"), enabled = false }
      fleet-2 = { groups = ["fleet-pumps"], display_name = "Second pump" }
    }
  }

  assert {
    condition     = !module.part["ab"].devices["fleet-1"].enabled && module.part["e4"].devices["fleet-2"].enabled
    error_message = "Not exactly the one device is disabled."
  }
}

run "moves_a_device_into_a_group_that_is_new" {
  variables {
    groups = { fleet-pumps = { description = "All pumps" }, fleet-valves = {} }
    devices = {
      fleet-1 = { groups = ["fleet-pumps"], attributes = { hall = "7" }, csr_pem = file("./tests/fleet-1.csr") }
      fleet-2 = { groups = ["fleet-valves"] }
    }
  }

  assert {
    condition     = module.part["e4"].devices["fleet-2"].groups == toset(["fleet-valves"])
    error_message = "The device is in other groups."
  }
}

# Terraform would destroy the old group before it takes the device out, which the broker refuses.
run "renames_a_group_with_a_device_in_it" {
  variables {
    groups = { fleet-pumps = { description = "All pumps" }, fleet-taps = {} }
    devices = {
      fleet-1 = { groups = ["fleet-pumps"], attributes = { hall = "7" }, csr_pem = file("./tests/fleet-1.csr") }
      fleet-2 = { groups = ["fleet-taps"] }
    }
  }

  assert {
    condition     = module.part["e4"].devices["fleet-2"].groups == toset(["fleet-taps"])
    error_message = "The device is in other groups."
  }
}

run "attaches_a_policy" {
  variables {
    policies = { fleet-data = "version: 1\nname: fleet-data\nstatements:\n- {id: data, effect: allow, actions: [publish], topics: [a]}\n" }
    groups   = { fleet-pumps = { description = "All pumps" }, fleet-taps = { policies = ["fleet-data"] } }
    devices = {
      fleet-1 = { groups = ["fleet-pumps"], attributes = { hall = "7" }, csr_pem = file("./tests/fleet-1.csr") }
      fleet-2 = { groups = ["fleet-taps"] }
    }
  }

  assert {
    condition     = signalbox_policy_attachment.this["fleet-taps/fleet-data"].id == "fleet-data/group/fleet-taps"
    error_message = "The policy is attached to something else."
  }
}

run "has_nothing_to_do_for_a_policy_that_is_spelled_another_way" {
  command = plan

  variables {
    policies = { fleet-data = "version: 1\nname: fleet-data\nstatements:\n- {id: data, effect: allow, actions: [publish], topics: [a]}\n" }
    groups   = { fleet-pumps = { description = "All pumps" }, fleet-taps = { policies = ["api:fleet-data", "fleet-data"] } }
    devices = {
      fleet-1 = { groups = ["fleet-pumps"], attributes = { hall = "7" }, csr_pem = file("./tests/fleet-1.csr") }
      fleet-2 = { groups = ["fleet-taps"] }
    }
  }

  assert {
    condition     = [for attachment in signalbox_policy_attachment.this : attachment.id] == ["fleet-data/group/fleet-taps"]
    error_message = "The policy would be attached anew."
  }
}

run "removes_a_group_that_a_device_leaves" {
  variables {
    devices = {
      fleet-1 = { groups = ["fleet-pumps"], attributes = { hall = "7" }, csr_pem = file("./tests/fleet-1.csr") }
      fleet-2 = { groups = [] }
    }
  }

  assert {
    condition     = length(module.part["e4"].devices["fleet-2"].groups) == 0
    error_message = "The device is in a group."
  }
}

run "refuses_a_group_that_nobody_makes" {
  command = plan

  variables {
    devices = { fleet-1 = { groups = ["no-such-group"] } }
  }

  expect_failures = [var.devices]
}
