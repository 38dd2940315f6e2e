data "signalbox_endpoint" "mqtts" {
  listener = "mqtts"
}

output "address" {
  value = data.signalbox_endpoint.mqtts.url
}
