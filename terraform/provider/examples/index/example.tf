terraform {
  required_version = ">= 1.11"
  required_providers {
    signalbox = {
      source = "signalbox.internal/signalbox/signalbox"
    }
  }
}

# The token comes from the environment: export SIGNALBOX_TOKEN="$(cat data/admin.token)"
provider "signalbox" {
  endpoint = "https://localhost:8443"
  ca_file  = "data/pki/ca.crt"
}
