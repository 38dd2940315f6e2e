output "chain_pem" {
  description = "What each device presents, with its key from the folder keys."
  value       = { for id, certificate in module.pumps.certificates : id => certificate.chain_pem }
}
