provider "signalbox" {
  endpoint   = var.endpoint
  ca_file    = "${var.data_directory}/pki/ca.crt"
  token_file = "${var.data_directory}/admin.token"
}

# Two devices that made their keys themselves, their group, and what its members may do.
module "pumps" {
  source   = "../../modules/fleet"
  policies = { pumps = file("policies/pumps.policy.yaml") }
  groups   = { pumps = { description = "Pumps of the quickstart", policies = ["pumps"] } }
  devices = {
    for id in var.devices : id => {
      groups     = ["pumps"]
      attributes = { site = "north" }
      csr_pem    = file("keys/${id}.csr")
    }
  }
  validity_hours     = 24 * 365
  renew_before_hours = 24 * 30
}

# What people see who look at the plant. Their group comes with their tokens.
resource "signalbox_policy" "dashboards" {
  name     = "dashboards"
  document = file("policies/dashboards.policy.yaml")
}

resource "signalbox_policy_attachment" "dashboards" {
  policy = signalbox_policy.dashboards.name
  group  = "browsers"
}

# Certificates of somebody else's factory are accepted as well.
resource "signalbox_trusted_ca" "factory" {
  name            = "quickstart-factory"
  certificate_pem = file("keys/factory-ca.crt")
}

# So are tokens that your own login service signs.
resource "signalbox_jwt_issuer" "login" {
  name            = "quickstart-login"
  issuer          = "https://login.example"
  audiences       = ["signalbox"]
  public_keys_pem = [file("keys/login.pub")]
  algorithms      = ["ES256"]
}
