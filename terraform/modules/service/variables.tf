variable "jar_url" {
  description = "Where the machine downloads signalbox.jar from, https. Build it with \"mvn package\" and put it where your machines can reach it."
  type        = string

  validation {
    condition     = can(regex("^https://[^\\s'\"\\\\$`]+$", var.jar_url))
    error_message = "The jar is downloaded over https, from an address without spaces, quotes and dollar signs."
  }
}

variable "jar_sha256" {
  description = "SHA-256 of that jar: sha256sum server/target/signalbox.jar. A machine does not run anything else."
  type        = string

  validation {
    condition     = can(regex("^[0-9a-f]{64}$", var.jar_sha256))
    error_message = "A SHA-256 is 64 lower-case hexadecimal digits."
  }
}

variable "packages" {
  description = "Packages that bring Java 25 or newer on the machine's system."
  type        = list(string)
  default     = ["openjdk-25-jre-headless", "curl", "ca-certificates"]
}

variable "java" {
  description = "The java program on the machine."
  type        = string
  default     = "/usr/bin/java"

  validation {
    condition     = can(regex("^/[A-Za-z0-9._/+-]+$", var.java))
    error_message = "systemd wants the whole path of a program."
  }
}

variable "java_options" {
  description = "More options for the virtual machine."
  type        = list(string)
  default     = ["-XX:MaxRAMPercentage=50"]

  validation {
    condition     = alltrue([for option in var.java_options : can(regex("^-[^\\s'\"\\\\$%]+$", option))])
    error_message = "Each option is one word that begins with a dash, without quotes, backslashes, dollar and percent signs."
  }
}

variable "bind" {
  description = "Addresses that the listeners bind to; 0.0.0.0 stands for all, those of IPv6 too."
  type        = list(string)
  default     = ["0.0.0.0"]
}

variable "mqtt_port" {
  description = "MQTT over TLS; devices connect here."
  type        = number
  default     = 8883
}

variable "https_port" {
  description = "MQTT over WebSocket, the admin API, health and metrics."
  type        = number
  default     = 8443
}

variable "certificate_file" {
  description = "The broker's own certificate on the machine, PEM. Left out: the broker makes a development PKI. How the file comes there is your image's, your agent's or certbot's business, and may be done after the first boot: the service waits until it can read the files. What a module renders is in the state, so no key is passed through it."
  type        = string
  default     = null
}

variable "private_key_file" {
  description = "Its private key on the machine, PEM, readable by the group signalbox."
  type        = string
  default     = null

  validation {
    condition     = (var.private_key_file == null) == (var.certificate_file == null)
    error_message = "certificate_file and private_key_file go together."
  }
}

variable "backup_directory" {
  description = "Folder on the machine that backups may be written into; the first boot makes it. Left out: the service writes nowhere but into its data directory."
  type        = string
  default     = null

  validation {
    condition     = var.backup_directory == null || can(regex("^(/[A-Za-z0-9_@+-][A-Za-z0-9._@+-]*)+$", var.backup_directory))
    error_message = "An absolute path of letters, digits and ._@+- without a slash at its end."
  }
  validation {
    condition     = var.backup_directory == null || !can(regex("^/(home|root|run/user|tmp|var/tmp|dev|proc|sys)(/|$)", var.backup_directory))
    error_message = "The service does not see the machine's own /home, /root, /run/user, /tmp, /var/tmp, /dev, /proc and /sys."
  }
}

variable "configuration" {
  description = "More keys of signalbox.yaml, section by section; they win over what the module sets."
  type        = any
  default     = {}

  validation {
    condition     = can(keys(var.configuration))
    error_message = "An object such as { limits = { connections-max = 200000 } }."
  }
}

variable "policies" {
  description = "Access policies by file name, without .policy.yaml: YAML or JSON, such as data.signalbox_policy_document.NAME.json. Left empty: those that come with the broker."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.policies) : can(regex("^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", name))])
    error_message = "Names of policies are letters, digits, dots, dashes and underscores."
  }
}

variable "open_files_max" {
  description = "Open files of the process; each connection takes one."
  type        = number
  default     = 1048576
}
