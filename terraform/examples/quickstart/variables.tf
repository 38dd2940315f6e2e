variable "endpoint" {
  description = "The broker's https address."
  type        = string
  default     = "https://localhost:8443"
}

variable "data_directory" {
  description = "The broker's data directory, which holds the first administrator's token and the CA of its development PKI."
  type        = string
  default     = "../../../data"
}

variable "devices" {
  description = "Devices whose requests are in the folder keys."
  type        = set(string)
  default     = ["pump-1", "pump-2"]
}
