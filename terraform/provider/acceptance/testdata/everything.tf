variable "password" {
  type      = string
  sensitive = true
  ephemeral = true
}

variable "claim_secret" {
  type      = string
  sensitive = true
  ephemeral = true
}

variable "hmac_secret" {
  type      = string
  sensitive = true
  ephemeral = true
}

resource "signalbox_group" "one" {
  name        = "all-group"
  description = "A group with everything"
  attributes  = { site = "north" }
}

resource "signalbox_group" "two" {
  name = "all-other-group"
}

resource "signalbox_device" "one" {
  id           = "all-1"
  display_name = "First"
  attributes   = { hall = "7" }
  groups       = [signalbox_group.one.name]
}

resource "signalbox_device" "two" {
  id            = "all-2"
  client_id_pin = "all-2-*"
}

resource "signalbox_fleet_device" "one" {
  id                 = "all-3"
  groups             = [signalbox_group.two.name]
  csr_pem            = file("all-3.csr")
  ca                 = signalbox_issuing_ca.one.name
  validity_hours     = 48
  renew_before_hours = 24
}

resource "signalbox_fleet_device" "two" {
  id         = "all-4"
  attributes = { hall = "8" }
  csr_pem    = file("all-4.csr")
}

resource "signalbox_fleet_device" "bare" {
  id = "all-5"
}

resource "signalbox_group_membership" "one" {
  group  = signalbox_group.two.name
  device = signalbox_device.two.id
}

resource "signalbox_device_certificate" "requested" {
  device             = signalbox_device.one.id
  csr_pem            = file("all-1.csr")
  validity_hours     = 48
  renew_before_hours = 24
}

resource "signalbox_device_certificate" "sealed" {
  device      = signalbox_device.two.id
  name        = "sealed"
  seal_to_pem = file("receiver.pem")
  key_type    = "ec-p384"
}

resource "signalbox_jwt_issuer" "keys" {
  name            = "all-login"
  issuer          = "https://login.acme.example"
  audiences       = ["iot", "web"]
  public_keys_pem = [file("issuer.pem")]
  algorithms      = ["ES256"]
  claim_mapping = {
    groups     = "realm_access.roles"
    attributes = { tenant = "tenant" }
  }
}

resource "signalbox_jwt_issuer" "shared" {
  name                   = "all-service"
  issuer                 = "service"
  audiences              = ["iot"]
  algorithms             = ["HS256"]
  hmac_secret_wo         = var.hmac_secret
  hmac_secret_wo_version = 1
}

resource "signalbox_issuing_ca" "one" {
  name           = "all-plant"
  validity_hours = 1000
}

resource "signalbox_issuing_ca" "old" {
  name      = "all-old-plant"
  successor = signalbox_issuing_ca.one.name
  name_constraints = {
    permitted_dns = ["plant.example"]
    excluded_ip   = ["192.0.2.0/24"]
  }
}

resource "signalbox_device_certificate" "succeeded" {
  device  = signalbox_device.two.id
  name    = "succeeded"
  csr_pem = file("all-2.csr")
  ca      = signalbox_issuing_ca.old.name
}

resource "signalbox_provisioning_template" "one" {
  name               = "all-template"
  description        = "Everything set"
  device_id_template = "all-$${serial}"
  groups             = [signalbox_group.one.name]
  attributes         = { made = "by-template" }
  approval           = "manual"
  ca                 = signalbox_issuing_ca.one.name
  validity_hours     = 24
  csr_rules          = { key_types = ["ec-p256"], dns_domains = ["acme.example"] }
}

resource "signalbox_trusted_ca" "one" {
  name                  = "all-factory"
  certificate_pem       = file("factory-ca.crt")
  auto_register         = true
  provisioning_template = signalbox_provisioning_template.one.name
  identity_mapping      = { source = "uri", prefix = "spiffe://acme.example/" }
}

resource "signalbox_claim_token" "one" {
  name              = "all-claim"
  template          = signalbox_provisioning_template.one.name
  secret_wo         = var.claim_secret
  secret_wo_version = 1
  max_uses          = 10
  expires_at        = "2099-01-31T12:00:00+01:00"
  allowed_cidrs     = ["10.0.0.0/8"]
}

resource "signalbox_user" "one" {
  name                = "all-user"
  password_wo         = var.password
  password_wo_version = 1
  groups              = ["operators"]
}

resource "signalbox_policy" "rendered" {
  name     = "pump"
  document = data.signalbox_policy_document.pump.json
}

resource "signalbox_policy" "written" {
  name     = "all-policy"
  document = file("all-policy.yaml")
}

resource "signalbox_policy_attachment" "group" {
  policy = signalbox_policy.rendered.name
  group  = signalbox_group.one.name
}

resource "signalbox_policy_attachment" "device" {
  policy = signalbox_policy.written.ref
  device = signalbox_device.one.id
}

resource "signalbox_policy_attachment" "user" {
  policy = "shipped:browsers"
  user   = signalbox_user.one.name
}

resource "signalbox_policy_attachment" "certificate" {
  policy      = signalbox_policy.written.name
  certificate = signalbox_device_certificate.requested.fingerprint_sha256
}

resource "signalbox_policy_attachment" "issuer" {
  policy     = signalbox_policy.written.name
  jwt_issuer = signalbox_jwt_issuer.keys.name
}

ephemeral "signalbox_access_token" "page" {
  subject     = "dashboard"
  groups      = ["browsers"]
  ttl_seconds = 600
}

ephemeral "signalbox_enrolment_token" "device" {
  device = signalbox_device.one.created_at == "" ? "" : signalbox_device.one.id
}

data "signalbox_endpoint" "mqtts" {
  listener = "mqtts"
}

data "signalbox_ca_bundle" "this" {}

data "signalbox_server_info" "this" {}

data "signalbox_device" "one" {
  id = signalbox_device.one.id
}

data "signalbox_devices" "members" {
  group = signalbox_group.one.name

  depends_on = [signalbox_device.one]
}

data "signalbox_policy" "written" {
  name = signalbox_policy.written.name
}

data "signalbox_policy_document" "pump" {
  name  = "pump"
  match = { any = [{ group = ["all-group"] }] }
  statements = [{
    id      = "data"
    effect  = "allow"
    actions = ["publish"]
    topics  = ["pump/$${device.id}/data/#"]
    where   = { max_qos = 1 }
  }]
}

data "signalbox_authorization_check" "allowed" {
  device = signalbox_device.one.id
  action = "publish"
  topic  = "all/all-1/level"

  # Without a certificate of the device the broker warns.
  depends_on = [signalbox_policy_attachment.device, signalbox_device_certificate.requested]
}

data "signalbox_authorization_check" "refused" {
  client_json = jsonencode({ user = "all-user", groups = ["browsers"] })
  action      = "subscribe"
  topic       = "#"
}

data "signalbox_effective_permissions" "one" {
  device = signalbox_device.one.id

  depends_on = [signalbox_policy_attachment.device, signalbox_device_certificate.requested]
}

check "what_was_read" {
  assert {
    condition     = data.signalbox_authorization_check.allowed.allowed && data.signalbox_authorization_check.allowed.statement == "api:all-policy#data"
    error_message = "The device may not publish: ${data.signalbox_authorization_check.allowed.text}"
  }
  assert {
    condition     = !data.signalbox_authorization_check.refused.allowed
    error_message = "A browser may read everything: ${data.signalbox_authorization_check.refused.text}"
  }
  assert {
    condition     = contains([for grant in jsondecode(data.signalbox_effective_permissions.one.json).grants : grant.pattern], "all/all-1/#")
    error_message = "The device's permissions lack what its policy gives."
  }
  assert {
    condition     = data.signalbox_endpoint.mqtts.type == "tls" && startswith(data.signalbox_ca_bundle.this.pem, "-----BEGIN CERTIFICATE-----")
    error_message = "Endpoint or CA bundle are wrong."
  }
  assert {
    condition     = contains(data.signalbox_server_info.this.roles, "admin")
    error_message = "Terraform is no administrator."
  }
  assert {
    condition     = data.signalbox_device.one.attributes == tomap({ hall = "7" }) && contains(data.signalbox_devices.members.ids, "all-1")
    error_message = "The device does not read as it was made."
  }
  assert {
    condition     = jsondecode(data.signalbox_policy_document.pump.json).statements[0].topics[0] == "pump/$${device.id}/data/#"
    error_message = "The policy document is not what was written."
  }
  assert {
    condition     = data.signalbox_policy.written.sha256 == signalbox_policy.written.sha256 && jsondecode(data.signalbox_policy.written.json).name == "all-policy"
    error_message = "The policy does not read as it was made."
  }
  assert {
    condition     = provider::signalbox::topic_matches("pump/+/data", "pump/${data.signalbox_device.one.id}/data") && !provider::signalbox::topic_contains("a/+", "a/#")
    error_message = "The functions are wrong."
  }
}
