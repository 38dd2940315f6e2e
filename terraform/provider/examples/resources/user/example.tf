variable "operator_password" {
  type      = string
  sensitive = true
  ephemeral = true
}

resource "signalbox_user" "example" {
  name                = "operator-1"
  password_wo         = var.operator_password
  password_wo_version = 1
  groups              = ["operators"]
}
