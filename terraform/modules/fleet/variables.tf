variable "devices" {
  description = "Devices by id. With csr_pem the device gets a certificate for the key that it made itself."
  type = map(object({
    display_name  = optional(string, "")
    attributes    = optional(map(string), {})
    groups        = optional(set(string), [])
    enabled       = optional(bool, true)
    client_id_pin = optional(string)
    csr_pem       = optional(string)
  }))
  default = {}

  validation {
    condition = alltrue([
      for device in values(var.devices) : alltrue([for name in device.groups : contains(keys(var.groups), name) || contains(var.existing_groups, name)])
    ])
    error_message = "Each group of a device is one of groups or existing_groups."
  }
}

variable "groups" {
  description = "Groups that this module makes, by name, and the names of policies that are attached to them: of this module's or of others; of the broker's files as file:NAME or shipped:NAME."
  type = map(object({
    description = optional(string, "")
    attributes  = optional(map(string), {})
    policies    = optional(set(string), [])
  }))
  default = {}
}

variable "policies" {
  description = "Access policies that this module makes, YAML or JSON, by the name that is in them."
  type        = map(string)
  default     = {}
}

variable "existing_groups" {
  description = "Groups that something else makes and that devices may be in."
  type        = set(string)
  default     = []
}

variable "ca" {
  description = "Issuing authority of the certificates. Left out, or left out again: the broker's default one, when there is a certificate to issue. Another one issues other certificates; those before stay good until they end."
  type        = string
  default     = null
}

variable "validity_hours" {
  description = "Life of the certificates. Left out: the broker's default."
  type        = number
  default     = null
}

variable "renew_before_hours" {
  description = "How long before its end an apply renews a certificate; 0: never."
  type        = number
  default     = 0
}
