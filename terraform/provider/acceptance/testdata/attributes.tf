resource "signalbox_group" "one" {
  name        = "attr-group"
  description = "A group"
  attributes  = { site = "north" }
}

resource "signalbox_device" "one" {
  id               = "attr-1"
  display_name     = "First"
  attributes       = { hall = "7" }
  groups           = [signalbox_group.one.name]
  enabled          = false
  client_id_pin    = "attr-1-*"
  pending_approval = true
}

resource "signalbox_device" "two" {
  id = "attr-2"
}

resource "signalbox_group_membership" "one" {
  group  = signalbox_group.one.name
  device = signalbox_device.two.id
}

resource "signalbox_fleet_device" "one" {
  id                 = "attr-3"
  display_name       = "Third"
  attributes         = { hall = "8" }
  groups             = [signalbox_group.one.name]
  enabled            = false
  client_id_pin      = "*"
  csr_pem            = file("attr-3.csr")
  ca                 = signalbox_issuing_ca.below.name
  validity_hours     = 48
  renew_before_hours = 24
  certificate_status = "inactive"
  pending_approval   = true
}

resource "signalbox_device_certificate" "brought" {
  device            = signalbox_device.one.id
  name              = "brought"
  certificate_pem   = file("brought.crt")
  status            = "inactive"
  revocation_reason = "keyCompromise"

  depends_on = [signalbox_trusted_ca.one]
}

resource "signalbox_device_certificate" "requested" {
  device             = signalbox_device.two.id
  csr_pem            = file("attr-2.csr")
  ca                 = signalbox_issuing_ca.below.name
  validity_hours     = 48
  renew_before_hours = 24
}

resource "signalbox_device_certificate" "sealed" {
  device      = signalbox_device.two.id
  name        = "sealed"
  seal_to_pem = file("receiver.pem")
  key_type    = "rsa-2048"
}

resource "signalbox_jwt_issuer" "set" {
  name                 = "attr-set"
  issuer               = "https://set.example"
  audiences            = ["iot"]
  jwks_json            = file("keys.json")
  algorithms           = ["ES256", "RS256"]
  clock_skew_seconds   = 0
  max_lifetime_seconds = 600
  acl_claim            = "grant"
  enabled              = false
  claim_mapping = {
    user       = "email"
    device     = "device"
    groups     = "roles[]"
    attributes = { tenant = "tenant" }
  }
}

resource "signalbox_jwt_issuer" "fetched" {
  name       = "attr-fetched"
  issuer     = "https://fetched.example"
  audiences  = ["iot"]
  jwks_uri   = "https://login.invalid/keys"
  algorithms = ["ES256"]
  enabled    = false
}

resource "signalbox_jwt_issuer" "keys" {
  name            = "attr-keys"
  issuer          = "https://keys.example"
  audiences       = ["iot"]
  public_keys_pem = [file("issuer.pem")]
  algorithms      = ["ES256"]
}

resource "signalbox_jwt_issuer" "shared" {
  name                   = "attr-shared"
  issuer                 = "https://shared.example"
  audiences              = ["iot"]
  hmac_secret_wo         = base64encode("0123456789012345678901234567890123456789")
  hmac_secret_wo_version = 3
  algorithms             = ["HS512"]
}

resource "signalbox_trusted_ca" "one" {
  name                  = "attr-factory"
  certificate_pem       = file("factory.crt")
  auto_register         = true
  provisioning_template = signalbox_provisioning_template.one.name
  crl_pem               = file("factory.crl")
  ocsp                  = { mode = "soft", url = "http://ocsp.invalid/" }
  identity_mapping      = { source = "dns", prefix = "id-", suffix = ".acme.example" }
}

resource "signalbox_trusted_ca" "two" {
  name            = "attr-other-factory"
  certificate_pem = file("other-factory.crt")
  crl_url         = "http://crl.invalid/factory.crl"
  enabled         = false
}

resource "signalbox_issuing_ca" "root" {
  name           = "attr-root"
  common_name    = "Attribute Root"
  key_type       = "ec-p384"
  key_store      = "file"
  validity_hours = 2000
  path_length    = 1
}

resource "signalbox_issuing_ca" "below" {
  name   = "attr-below"
  parent = signalbox_issuing_ca.root.name
  name_constraints = {
    permitted_dns       = ["plant.example", "attr-2", "attr-3"]
    excluded_dns        = ["office.plant.example"]
    permitted_ip        = ["192.0.2.0/24"]
    excluded_ip         = ["192.0.2.128/25"]
    permitted_emails    = ["plant.example"]
    excluded_emails     = ["boss@plant.example"]
    permitted_uri_hosts = [".plant.example"]
    excluded_uri_hosts  = ["office.plant.example"]
  }
}

resource "signalbox_issuing_ca" "offline" {
  name    = "attr-offline"
  offline = true
}

resource "signalbox_issuing_ca" "succeeded" {
  name      = "attr-succeeded"
  successor = signalbox_issuing_ca.root.name
  enabled   = false
}

resource "signalbox_provisioning_template" "one" {
  name               = "attr-template"
  description        = "A template"
  device_id_template = "attr-$${serial}"
  client_id_pin      = "$${id}-*"
  groups             = [signalbox_group.one.name]
  attributes         = { made = "by-template" }
  policies           = ["shipped:devices"]
  approval           = "manual"
  ca                 = signalbox_issuing_ca.root.name
  validity_hours     = 24
  enabled            = false
  csr_rules = {
    key_types            = ["ec-p256", "ed25519"]
    organizational_units = ["Plant"]
    dns_domains          = ["plant.example"]
    uri_prefixes         = ["spiffe://acme.example/pump/"]
  }
}

resource "signalbox_claim_token" "one" {
  name              = "attr-claim"
  template          = signalbox_provisioning_template.one.name
  secret_wo         = "0123456789-another-secret-0123456789"
  secret_wo_version = 2
  max_uses          = 10
  expires_at        = "2099-01-31T12:00:00.1239Z"
  allowed_cidrs     = ["10.0.0.0/8", "2001:db8::/32"]
  enabled           = false
}

resource "signalbox_user" "one" {
  name                = "attr-user"
  password_wo         = "another horse battery staple"
  password_wo_version = 4
  groups              = [signalbox_group.one.name]
  enabled             = false
}

resource "signalbox_policy" "one" {
  name     = "attr-policy"
  document = file("attr-policy.yaml")
}

resource "signalbox_policy_attachment" "device" {
  policy = signalbox_policy.one.name
  device = signalbox_device.one.id
}

resource "signalbox_policy_attachment" "group" {
  policy = signalbox_policy.one.name
  group  = signalbox_group.one.name
}

resource "signalbox_policy_attachment" "user" {
  policy = signalbox_policy.one.name
  user   = signalbox_user.one.name
}

resource "signalbox_policy_attachment" "certificate" {
  policy      = signalbox_policy.one.name
  certificate = signalbox_device_certificate.requested.fingerprint_sha256
}

resource "signalbox_policy_attachment" "issuer" {
  policy     = signalbox_policy.one.name
  jwt_issuer = signalbox_jwt_issuer.keys.name
}
