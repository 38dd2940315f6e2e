terraform {
  required_version = ">= 1.11"
  required_providers {
    signalbox = {
      source = "signalbox.internal/signalbox/signalbox"
    }
  }
}
