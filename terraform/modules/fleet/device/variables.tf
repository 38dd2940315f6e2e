variable "id" {
  description = "Id of the device."
  type        = string
}

variable "device" {
  description = "The device, as the module fleet describes it."
  type = object({
    display_name  = optional(string, "")
    attributes    = optional(map(string), {})
    groups        = optional(set(string), [])
    enabled       = optional(bool, true)
    client_id_pin = optional(string)
    csr_pem       = optional(string)
  })
}

variable "ca" {
  description = "Issuing authority."
  type        = string
}

variable "validity_hours" {
  description = "Life of the certificate."
  type        = number
}

variable "renew_before_hours" {
  description = "How long before its end the certificate is renewed."
  type        = number
}
