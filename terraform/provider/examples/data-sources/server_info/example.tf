data "signalbox_server_info" "this" {
  lifecycle {
    postcondition {
      condition     = contains(self.roles, "admin")
      error_message = "Terraform needs a credential of an administrator, not of ${self.actor}."
    }
  }
}
