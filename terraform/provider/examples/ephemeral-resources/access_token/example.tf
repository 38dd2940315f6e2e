ephemeral "signalbox_access_token" "page" {
  subject     = "dashboard"
  groups      = ["browsers"]
  ttl_seconds = 600
}
