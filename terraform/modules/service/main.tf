locals {
  configuration_directory = "/etc/signalbox"
  data_directory          = "/var/lib/signalbox"
  jar                     = "/opt/signalbox/signalbox.jar"
  await                   = "/opt/signalbox/await-certificate"

  defaults = {
    data-directory = local.data_directory
    listeners = [
      { name = "mqtts", type = "tls", bind = var.bind, port = var.mqtt_port, client-certificate = "optional" },
      { name = "wss", type = "wss", bind = var.bind, port = var.https_port, client-certificate = "optional", path = "/mqtt" },
    ]
  }
  tls      = var.certificate_file == null ? {} : { tls = { certificate-file = var.certificate_file, private-key-file = var.private_key_file } }
  policies = length(var.policies) == 0 ? {} : { policies = { shipped = [], directory = "policies" } }

  # One level deep: a section that is set in both has the keys of both, and the caller's win.
  base = merge(local.defaults, local.tls, local.policies)
  configuration = merge(local.base, {
    for section, value in var.configuration : section => try(merge(local.base[section], value), value)
  })

  # Such as the broker reads them: from the folder of the configuration. Quoted for a shell.
  own_certificate = [
    for key in ["certificate-file", "private-key-file"] : "'${replace(
      startswith(local.configuration.tls[key], "/") ? local.configuration.tls[key] : "${local.configuration_directory}/${local.configuration.tls[key]}",
      "'", "'\\''"
    )}'" if can(startswith(local.configuration.tls[key], "/"))
  ]
  awaits_certificate = length(local.own_certificate) == 2

  configuration_yaml = "# Rendered by Terraform; a change here lasts until the machine is made anew.\n${yamlencode(local.configuration)}"

  # What the broker listens on, by the configuration in force. It binds to this machine alone what does not say more; a port 0 is any.
  loopback = ["127.0.0.1", "::1"]
  sockets = [for socket in concat(
    [for listener in local.configuration.listeners : { port = try(tonumber(listener.port), 0), bind = try(listener.bind, local.loopback) }],
    [for enrolment in [try(local.configuration.enrolment, {})] : { port = try(tonumber(enrolment.http-port), 0), bind = try(enrolment.http-bind, local.loopback) }],
  ) : { port = socket.port, clients = !alltrue([for address in flatten([socket.bind]) : can(regex("^(127\\.|::1$|localhost$)", address))]) } if socket.port > 0]

  # Below 1024 a process needs to be allowed to listen; it gets that and nothing else.
  privileged = anytrue([for socket in local.sockets : socket.port < 1024])

  # The virtual machine takes no two collectors. Memory that a storm of clients took goes back to the system after a pause; the two
  # ratios are a pair: whoever sets one of them sets both.
  own_collector = anytrue([for option in var.java_options : can(regex("^-XX:\\+Use(Serial|Parallel|G1|Z|Shenandoah|Epsilon)GC$", option))])
  collector     = local.own_collector ? [] : ["-XX:+UseG1GC"]
  g1            = !local.own_collector || contains(var.java_options, "-XX:+UseG1GC")
  own_ratio     = anytrue([for option in var.java_options : can(regex("HeapFreeRatio=", option))])
  memory        = concat(local.g1 ? ["-XX:G1PeriodicGCInterval=300000"] : [], local.g1 && !local.own_ratio ? ["-XX:MinHeapFreeRatio=20", "-XX:MaxHeapFreeRatio=40"] : [], ["-XX:TrimNativeHeapInterval=60000"])

  systemd_unit = templatefile("${path.module}/templates/signalbox.service.tftpl", {
    java           = var.java
    java_options   = join(" ", concat(["--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow", "-XX:+UseCompactObjectHeaders", "-XX:+ExitOnOutOfMemoryError"], local.collector, local.memory, var.java_options))
    jar            = local.jar
    configuration  = "${local.configuration_directory}/signalbox.yaml"
    open_files_max = var.open_files_max
    capabilities   = local.privileged ? "CAP_NET_BIND_SERVICE" : ""
    await          = local.awaits_certificate ? local.await : ""
    backups        = var.backup_directory
  })

  install = templatefile("${path.module}/templates/install.tftpl", {
    jar     = local.jar
    url     = var.jar_url
    sha256  = var.jar_sha256
    backups = var.backup_directory
  })

  files = merge({
    "${local.configuration_directory}/signalbox.yaml" = { content = local.configuration_yaml, permissions = "0644" }
    "/etc/systemd/system/signalbox.service"           = { content = local.systemd_unit, permissions = "0644" }
    "/opt/signalbox/install"                          = { content = local.install, permissions = "0755" }
    }, local.awaits_certificate ? {
    (local.await) = { content = templatefile("${path.module}/templates/await-certificate.tftpl", {
      certificate = local.own_certificate[0]
      key         = local.own_certificate[1]
    }), permissions = "0755" }
    } : {}, {
    for name, text in var.policies :
    "${local.configuration_directory}/policies/${name}.policy.yaml" => { content = text, permissions = "0644" }
  })

  user_data = "#cloud-config\n${yamlencode({
    package_update = true
    packages       = var.packages
    users = ["default", {
      name           = "signalbox"
      system         = true
      homedir        = local.data_directory
      no_create_home = true
      shell          = "/usr/sbin/nologin"
      lock_passwd    = true
    }]
    write_files = [for path, file in local.files : { path = path, content = file.content, permissions = file.permissions, owner = "root:root" }]
    runcmd      = [["/opt/signalbox/install"]]
  })}"
}
