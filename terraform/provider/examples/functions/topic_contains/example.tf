variable "dashboard_filter" {
  type = string

  validation {
    condition     = provider::signalbox::topic_contains("plant/#", var.dashboard_filter)
    error_message = "The dashboard sees nothing outside plant/."
  }
}
