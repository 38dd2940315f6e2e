package provider

import (
	"context"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework-validators/resourcevalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

var reasons = []string{"unspecified", "keyCompromise", "affiliationChanged", "superseded", "cessationOfOperation", "privilegeWithdrawn"}

func deviceCertificateSchema() schema.Schema {
	source := func(description string, checks ...validator.String) schema.StringAttribute {
		return schema.StringAttribute{Optional: true, MarkdownDescription: description, Validators: checks,
			PlanModifiers: []planmodifier.String{replaceUnlessSame{}}}
	}
	given := source("The certificate, PEM: either made elsewhere by a trusted authority and registered here, or what was issued.", notEmpty(), holdsNoKey{})
	given.Computed = true
	given.PlanModifiers = append(given.PlanModifiers, stringplanmodifier.UseStateForUnknown())
	name := nameAttribute("Tells several certificates of one device apart; `main` by default.")
	name.Required, name.Optional, name.Computed = false, true, true
	name.Default = stringdefault.StaticString("main")
	attributes := issuedAttributes()
	maps.Copy(attributes, map[string]schema.Attribute{
		"device": nameAttribute("The device."),
		"name":   name,
		"csr_pem": source("PKCS#10 request signed with the device's own key, whose common name is the device's id: `signalbox pki csr DEVICE` "+
			"makes one. After an import: the public key of the request, until the resource is replaced.", isRequest{}),
		"certificate_pem": given,
		"seal_to_pem": source("Certificate or public key (EC P-256, P-384 or RSA) to which the new private key is sealed. After an import: "+
			"`imported`, and another one is not seen until the next renewal seals to it; `-replace` seals to it at once.", notEmpty(), holdsNoKey{}),
		"key_type": schema.StringAttribute{Optional: true, Computed: true, Validators: []validator.String{stringvalidator.OneOf(keyTypes...),
			stringvalidator.AlsoRequires(path.MatchRoot("seal_to_pem"))},
			MarkdownDescription: "Kind of its key; for `seal_to_pem` the kind that the broker makes, `ec-p256` by default.",
			PlanModifiers:       []planmodifier.String{stringplanmodifier.UseStateForUnknown(), stringplanmodifier.RequiresReplaceIfConfigured()}},
		"ca": issuerAttribute(),
		"status": choiceAttribute("`inactive` is refused, as are those of the name from before a renewal, and their live connections end. `active` again switches on the newest alone: "+
			"the others stay off until they end. What the device got with it by EST has names of its own, and stays good.", "active", "active", "inactive"),
		"revocation_reason": choiceAttribute("What the revocation list says after it is destroyed. An import id ends in `/REASON` where it is another than the default.", "unspecified", reasons...),
		"sealed_private_key": fixed("The key for the receiver of `seal_to_pem`, CMS in PEM form. Opened with `openssl cms -decrypt -inform PEM " +
			"-inkey KEY`."),
		"serial":     fixed("Serial number, hexadecimal."),
		"not_before": fixed("From when it is good, RFC 3339."),
	})
	return schema.Schema{
		MarkdownDescription: "A certificate with which a device connects. Exactly one of `csr_pem`, `seal_to_pem` and `certificate_pem` says " +
			"where it comes from. No private key comes into the state: either the device has it and signed the request, or the broker makes " +
			"it, seals it for its receiver and forgets it.\n\n" +
			"A certificate that has less than `renew_before_hours` left is renewed in place by the next apply, and another `ca` issues another " +
			"one; the one before stays good until it ends. Destroying revokes all of this name, which ends their live connections. What the device got itself by EST has names of its own, " +
			"`est-` and twelve hexadecimal digits, and stays: disable or destroy the device to cut it off. With another `csr_pem`, `device` or " +
			"`name` the old one is revoked before the new one is issued; for an overlap make a second resource with another `name`. " +
			"What takes its place by `create_before_destroy` under the same `name` outlives it; from the same request it is the same certificate, " +
			"and from another the broker issues none while the old one is good and not due. If that apply ends before it has destroyed the old " +
			"one, the next does so with all of this name that it does not issue itself: run it with `-replace=ADDRESS`, by which the broker " +
			"gives the same certificate again and it stays; otherwise it is revoked, and the apply after that issues another. A certificate that was brought (`certificate_pem`) keeps its device and its name: revoked for the other's sake, it could not come back.",
		Attributes: attributes,
	}
}

func (d *deviceCertificate) ConfigValidators(context.Context) []resource.ConfigValidator {
	return []resource.ConfigValidator{
		resourcevalidator.ExactlyOneOf(path.MatchRoot("csr_pem"), path.MatchRoot("seal_to_pem"), path.MatchRoot("certificate_pem")),
	}
}
