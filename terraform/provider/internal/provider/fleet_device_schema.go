package provider

import (
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

func fleetDeviceSchema() schema.Schema {
	attributes := deviceAttributes()
	maps.Copy(attributes, issuedAttributes())
	maps.Copy(attributes, map[string]schema.Attribute{
		"csr_pem": schema.StringAttribute{Optional: true, Validators: []validator.String{isRequest{}}, PlanModifiers: unchanged(sameSource),
			MarkdownDescription: "PKCS#10 request signed with the device's own key, whose common name is the device's id: `signalbox pki csr " +
				"DEVICE` makes one. Another one issues the next certificate, and then revokes those before it, with what the device got itself by " +
				"EST. Without it there is no certificate of the name `main`, and what the device gets by EST is its own affair: disable it " +
				"(`enabled`) or destroy it to cut it off."},
		"ca": issuerAttribute(),
		"certificate_status": choiceAttribute("`inactive`: the certificate is refused, as are those from before a "+
			"renewal and what the device got itself by EST, and their live connections end. `active` again switches on the newest of the "+
			"name `main` alone: the others stay off until they end.", "active", "active", "inactive"),
	})
	return schema.Schema{
		MarkdownDescription: "A device together with its certificate of the name `main`: `signalbox_device` and `signalbox_device_certificate` in " +
			"one, for fleets of thousands. Terraform needs time in the square of the number of objects that refer to each other, and these " +
			"need not. Use it through the module `fleet`, or in parts of some tens: for each object Terraform evaluates all of its " +
			"`for_each`. Destroying it revokes the certificate.",
		Attributes: attributes,
	}
}
