resource "signalbox_jwt_issuer" "example" {
  name          = "acme-login"
  issuer        = "https://login.acme.example"
  audiences     = ["iot"]
  jwks_uri      = "https://login.acme.example/jwks"
  algorithms    = ["ES256"]
  claim_mapping = { groups = "realm_access.roles" }
}

variable "shared_secret" {
  type      = string
  sensitive = true
  ephemeral = true
}

resource "signalbox_jwt_issuer" "shared" {
  name                   = "own-service"
  issuer                 = "own-service"
  audiences              = ["iot"]
  algorithms             = ["HS256"]
  hmac_secret_wo         = var.shared_secret # base64
  hmac_secret_wo_version = 1
}
