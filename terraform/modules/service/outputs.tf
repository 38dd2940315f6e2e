output "configuration_yaml" {
  description = "Content of /etc/signalbox/signalbox.yaml."
  value       = local.configuration_yaml
}

output "systemd_unit" {
  description = "Content of /etc/systemd/system/signalbox.service."
  value       = local.systemd_unit
}

output "files" {
  description = "All files by path, for machines that are not set up by cloud-init."
  value       = { for path, file in local.files : path => file.content }
}

output "user_data" {
  description = "cloud-init user data. Give user_data_gzip_base64 to clouds that take only 16 KiB, and many policies."
  value       = local.user_data
}

output "user_data_gzip_base64" {
  description = "The same, compressed, which cloud-init understands by itself."
  value       = base64gzip(local.user_data)
}

output "ports" {
  description = "Ports that clients must reach, TCP: those of the configuration in force, enrolment.http-port too, without what only the machine itself can reach."
  value       = tolist(distinct([for socket in local.sockets : socket.port if socket.clients]))
}
