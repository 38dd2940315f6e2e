variables {
  jar_url    = "https://files.example.com/signalbox.jar"
  jar_sha256 = "0000000000000000000000000000000000000000000000000000000000000000"
}

run "defaults_listen_with_tls_only" {
  command = plan

  assert {
    condition     = toset([for listener in yamldecode(output.configuration_yaml).listeners : listener.type]) == toset(["tls", "wss"])
    error_message = "A listener without TLS is open by default."
  }
  assert {
    condition     = !can(yamldecode(output.configuration_yaml).tls)
    error_message = "A certificate is named that nobody has given."
  }
}

run "user_data_is_a_cloud_config_with_every_file" {
  command = plan

  assert {
    condition     = startswith(output.user_data, "#cloud-config\n")
    error_message = "cloud-init takes this for something else."
  }
  assert {
    condition     = { for file in yamldecode(output.user_data).write_files : file.path => file.content } == output.files
    error_message = "The files of the user data are not those of the output."
  }
  assert {
    condition     = length(output.user_data) < 16384
    error_message = "The user data does not fit where 16 KiB are the limit."
  }
}

run "own_configuration_wins_section_by_section" {
  command = plan

  variables {
    certificate_file = "/etc/signalbox/tls/server.crt"
    private_key_file = "/etc/signalbox/tls/server.key"
    configuration    = { limits = { connections-max = 200000 }, tls = { protocols = ["TLSv1.3"] } }
  }

  assert {
    condition = yamldecode(output.configuration_yaml).tls == {
      certificate-file = "/etc/signalbox/tls/server.crt"
      private-key-file = "/etc/signalbox/tls/server.key"
      protocols        = ["TLSv1.3"]
    }
    error_message = "The section tls does not have the keys of both."
  }
  assert {
    condition     = yamldecode(output.configuration_yaml).limits.connections-max == 200000
    error_message = "The section limits is lost."
  }
}

run "policies_replace_those_that_come_with_the_broker" {
  command = plan

  variables {
    policies = { pump = "version: 1\nname: pump\n" }
  }

  assert {
    condition     = output.files["/etc/signalbox/policies/pump.policy.yaml"] == "version: 1\nname: pump\n"
    error_message = "The policy is not among the files."
  }
  assert {
    condition     = yamldecode(output.configuration_yaml).policies == { shipped = [], directory = "policies" }
    error_message = "The policies are not in force."
  }
}

run "no_capability_without_a_privileged_port" {
  command = plan

  assert {
    condition     = strcontains(output.systemd_unit, "\nCapabilityBoundingSet=\n")
    error_message = "The process may do more than it needs."
  }
}

run "a_privileged_port_needs_one_capability" {
  command = plan

  variables {
    https_port = 443
  }

  assert {
    condition     = strcontains(output.systemd_unit, "\nAmbientCapabilities=CAP_NET_BIND_SERVICE\n")
    error_message = "The process could not listen on port 443."
  }
}

run "ports_are_those_that_clients_reach" {
  command = plan

  assert {
    condition     = output.ports == tolist([8883, 8443])
    error_message = "Clients reach ${jsonencode(output.ports)}."
  }
}

run "ports_of_ones_own_configuration_count" {
  command = plan

  variables {
    configuration = {
      listeners = [
        { name = "wss", type = "wss", bind = "0.0.0.0", port = 443, path = "/mqtt" },
        { name = "mqtts", type = "tls", bind = ["127.0.0.1", "192.0.2.7"], port = 8884 },
        { name = "here", type = "tcp", bind = ["127.0.0.1", "::1"], port = 1883 },
        { name = "any", type = "tls", bind = ["0.0.0.0"], port = 0 },
      ]
      enrolment = { http-port = 8080, http-bind = ["0.0.0.0"] }
    }
  }

  assert {
    condition     = output.ports == tolist([443, 8884, 8080])
    error_message = "Clients reach ${jsonencode(output.ports)}."
  }
  assert {
    condition     = strcontains(output.systemd_unit, "\nAmbientCapabilities=CAP_NET_BIND_SERVICE\n")
    error_message = "The process could not listen on port 443."
  }
}

run "the_port_of_revocation_lists_needs_the_capability_too" {
  command = plan

  variables {
    configuration = { enrolment = { http-port = 80 } }
  }

  assert {
    condition     = output.ports == tolist([8883, 8443])
    error_message = "Port 80 is open to this machine alone, and clients reach ${jsonencode(output.ports)}."
  }
  assert {
    condition     = strcontains(output.systemd_unit, "\nAmbientCapabilities=CAP_NET_BIND_SERVICE\n")
    error_message = "The process could not listen on port 80."
  }
}

run "memory_goes_back" {
  command = plan

  assert {
    condition     = strcontains(output.systemd_unit, "-XX:+UseG1GC -XX:G1PeriodicGCInterval=300000 -XX:MinHeapFreeRatio=20 -XX:MaxHeapFreeRatio=40 -XX:TrimNativeHeapInterval=60000")
    error_message = "What a storm took is kept: ${output.systemd_unit}"
  }
}

run "ratios_of_ones_own_are_the_only_ones" {
  command = plan

  variables {
    java_options = ["-XX:+UseG1GC", "-XX:MinHeapFreeRatio=50"]
  }

  assert {
    condition     = strcontains(output.systemd_unit, "-XX:G1PeriodicGCInterval=") && !strcontains(output.systemd_unit, "MaxHeapFreeRatio")
    error_message = "The virtual machine does not start when the least is above the most: ${output.systemd_unit}"
  }
}

run "a_collector_of_ones_own_is_the_only_one" {
  command = plan

  variables {
    java_options = ["-Xmx4g", "-XX:+UseParallelGC"]
  }

  assert {
    condition     = strcontains(output.systemd_unit, "-XX:+UseParallelGC") && !strcontains(output.systemd_unit, "G1")
    error_message = "The virtual machine does not start with two collectors: ${output.systemd_unit}"
  }
}

run "starts_again_after_everything_that_may_mend_itself" {
  command = plan

  assert {
    condition     = strcontains(output.systemd_unit, " -XX:+ExitOnOutOfMemoryError ") && strcontains(output.systemd_unit, "\nRestartPreventExitStatus=2 78\n")
    error_message = "A virtual machine without memory ends with 3, and must start again: ${output.systemd_unit}"
  }
}

run "starts_again_however_long_a_fault_lasts" {
  command = plan

  assert {
    condition     = strcontains(output.systemd_unit, "\nStartLimitIntervalSec=0\n") && !strcontains(output.systemd_unit, "StartLimitBurst")
    error_message = "systemd gives up after some starts: ${output.systemd_unit}"
  }
  assert {
    condition     = strcontains(output.systemd_unit, "\nRestartSteps=5\nRestartMaxDelaySec=60\n")
    error_message = "The starts do not become rarer: ${output.systemd_unit}"
  }
}

run "waits_for_a_certificate_that_comes_after_the_first_boot" {
  command = plan

  variables {
    certificate_file = "/etc/signalbox/tls/server.crt"
    private_key_file = "tls/it's.key"
  }

  assert {
    condition     = strcontains(output.systemd_unit, "\nExecStartPre=/opt/signalbox/await-certificate\n") && strcontains(output.systemd_unit, "\nTimeoutStartSec=infinity\n")
    error_message = "The broker starts without its certificate, and ends for good: ${output.systemd_unit}"
  }
  assert {
    condition     = strcontains(output.files["/opt/signalbox/await-certificate"], "\ncertificate='/etc/signalbox/tls/server.crt'\nkey='/etc/signalbox/tls/it'\\''s.key'\n")
    error_message = "It waits for something else: ${output.files["/opt/signalbox/await-certificate"]}"
  }
  assert {
    condition     = strcontains(output.files["/opt/signalbox/install"], "\nsystemctl restart --no-block signalbox.service\n")
    error_message = "The first boot waits for a certificate that may come later in it: ${output.files["/opt/signalbox/install"]}"
  }
}

run "waits_for_a_certificate_of_ones_own_configuration" {
  command = plan

  variables {
    configuration = { tls = { certificate-file = "server.pem", private-key-file = "server.pem" } }
  }

  assert {
    condition     = strcontains(output.files["/opt/signalbox/await-certificate"], "\ncertificate='/etc/signalbox/server.pem'\nkey='/etc/signalbox/server.pem'\n")
    error_message = "It does not wait for the files of the section tls."
  }
}

run "waits_for_nothing_without_a_certificate" {
  command = plan

  assert {
    condition     = !strcontains(output.systemd_unit, "ExecStartPre") && !strcontains(output.systemd_unit, "TimeoutStartSec") && !contains(keys(output.files), "/opt/signalbox/await-certificate")
    error_message = "The development PKI is made by the broker itself: ${output.systemd_unit}"
  }
}

run "writes_backups_where_it_is_told" {
  command = plan

  variables {
    backup_directory = "/var/backups/signalbox"
  }

  assert {
    condition     = strcontains(output.systemd_unit, "\nReadWritePaths=-/var/backups/signalbox\n")
    error_message = "The broker sees the directory read-only: ${output.systemd_unit}"
  }
  assert {
    condition     = strcontains(output.files["/opt/signalbox/install"], "\ninstall -d -m 0700 -o signalbox -g signalbox /var/backups/signalbox\n")
    error_message = "Nobody makes the directory: ${output.files["/opt/signalbox/install"]}"
  }
}

run "writes_nowhere_else_without_a_backup_directory" {
  command = plan

  assert {
    condition     = !strcontains(output.systemd_unit, "ReadWritePaths") && !strcontains(output.files["/opt/signalbox/install"], "install -d")
    error_message = "The broker may write more than it needs: ${output.systemd_unit}"
  }
}

run "refuses_a_backup_directory_that_the_service_does_not_see" {
  command = plan

  variables {
    backup_directory = "/var/tmp"
  }

  expect_failures = [var.backup_directory]
}

run "refuses_what_could_break_out_of_a_line" {
  command = plan

  variables {
    jar_url      = "https://files.example.com/a'$(reboot)"
    jar_sha256   = "abc"
    java_options = ["-Dx=\"y"]

    backup_directory = "/backup /etc"
  }

  expect_failures = [var.jar_url, var.jar_sha256, var.java_options, var.backup_directory]
}

run "refuses_a_certificate_without_its_key" {
  command = plan

  variables {
    certificate_file = "/etc/signalbox/tls/server.crt"
  }

  expect_failures = [var.private_key_file]
}
