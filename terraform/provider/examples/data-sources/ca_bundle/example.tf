data "signalbox_ca_bundle" "this" {}

output "ca" {
  value = data.signalbox_ca_bundle.this.pem
}
