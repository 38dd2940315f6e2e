variable "line_3_secret" {
  type      = string
  sensitive = true
  ephemeral = true
}

resource "signalbox_claim_token" "example" {
  name              = "line-3"
  template          = "pumps"
  secret_wo         = var.line_3_secret
  secret_wo_version = 1
  max_uses          = 500
  expires_at        = "2027-01-31T00:00:00Z"
  allowed_cidrs     = ["10.3.0.0/16"]
}
