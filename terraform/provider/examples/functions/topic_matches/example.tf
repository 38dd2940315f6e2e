output "matches" {
  value = provider::signalbox::topic_matches("plant/+/state", "plant/7/state") # true
}
