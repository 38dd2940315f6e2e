package provider

import (
	"context"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

func (f *fleetDevices) Schema(_ context.Context, _ resource.SchemaRequest, response *resource.SchemaResponse) {
	attributes := deviceAttributes()
	maps.Copy(attributes, map[string]schema.Attribute{
		"csr_pem": schema.StringAttribute{Optional: true, Validators: []validator.String{isRequest{}}, PlanModifiers: unchanged(sameSource),
			MarkdownDescription: "PKCS#10 request signed with the device's own key, whose common name is the device's id: `signalbox pki csr " +
				"DEVICE` makes one. Another one revokes the certificate and issues the next; without it there is no certificate."},
		"ca": schema.StringAttribute{Optional: true, Computed: true, Validators: []validator.String{isName()},
			MarkdownDescription: "Issuing authority; the broker's default one if left out. Another one issues another certificate.",
			PlanModifiers:       []planmodifier.String{stringplanmodifier.UseStateForUnknown()}},
		"validity_hours": schema.Int64Attribute{Optional: true, Computed: true, Validators: []validator.Int64{int64validator.Between(1, 876_000)},
			MarkdownDescription: "Life of certificates that are issued from now on; the broker's default if left out.",
			PlanModifiers:       []planmodifier.Int64{int64planmodifier.UseStateForUnknown()}},
		"renew_before_hours": numberAttribute("How long before its end an apply renews the certificate; 0, the default, never.", 0,
			int64validator.AtLeast(0)),
		"certificate_status": choiceAttribute("`inactive`: the certificate is refused, and its live connections end.", "active", "active", "inactive"),
		"chain_pem":          fixed("The certificate and the authorities above it, without the root: what the device presents."),
		"fingerprint_sha256": fixed("SHA-256 of the certificate, hexadecimal."),
		"not_after":          fixed("Until when the certificate is good, RFC 3339."),
	})
	response.Schema = schema.Schema{
		MarkdownDescription: "A device together with its certificate of the name `main`: `signalbox_device` and `signalbox_device_certificate` in " +
			"one, for fleets of thousands. Terraform needs time in the square of the number of objects that refer to each other, and these " +
			"need not. Use it through the module `fleet`, or in parts of some tens: for each object Terraform evaluates all of its " +
			"`for_each`. Destroying it revokes the certificate.",
		Attributes: attributes,
	}
}
