variable "devices" {
  description = "Devices by id, as the module fleet describes them."
  type = map(object({
    display_name  = optional(string, "")
    attributes    = optional(map(string), {})
    groups        = optional(set(string), [])
    enabled       = optional(bool, true)
    client_id_pin = optional(string)
    csr_pem       = optional(string)
  }))
}

variable "ca" {
  description = "Issuing authority."
  type        = string
}

variable "validity_hours" {
  description = "Life of the certificates."
  type        = number
}

variable "renew_before_hours" {
  description = "How long before its end a certificate is renewed."
  type        = number
}
