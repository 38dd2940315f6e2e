package provider

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/resourcevalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"signalbox.internal/terraform-provider-signalbox/internal/client"
)

type attachment struct {
	ID          types.String `tfsdk:"id"`
	Policy      types.String `tfsdk:"policy"`
	Device      types.String `tfsdk:"device"`
	Group       types.String `tfsdk:"group"`
	User        types.String `tfsdk:"user"`
	Certificate types.String `tfsdk:"certificate"`
	JwtIssuer   types.String `tfsdk:"jwt_issuer"`
}

var policyRefPattern = regexp.MustCompile(`^((api|file|shipped):)?[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`)

// target is one of the attributes that say whom a policy is attached to.
type target struct {
	kind  string // as the API calls it
	value *types.String
}

func (a *attachment) targets() []target {
	return []target{{"device", &a.Device}, {"group", &a.Group}, {"user", &a.User}, {"certificate", &a.Certificate},
		{"jwt-issuer", &a.JwtIssuer}}
}

func newPolicyAttachment() resource.Resource {
	to := func(description string, checks ...validator.String) schema.StringAttribute {
		return schema.StringAttribute{Optional: true, MarkdownDescription: description,
			Validators:    append(checks, stringvalidator.LengthBetween(1, 256)),
			PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()}}
	}
	return &link[attachment, client.Attachment]{
		base: base{kind: "policy_attachment", schema: schema.Schema{
			MarkdownDescription: "Binds a policy to somebody by name, beside those whom its own `match` binds. Exactly one of the attributes but " +
				"`policy` says to whom. They need not be registered: a user may come from a file, a group from a token.",
			Attributes: map[string]schema.Attribute{
				"id": fixed("`POLICY/KIND/TARGET`, by which it is imported."),
				"policy": schema.StringAttribute{Required: true,
					PlanModifiers: append(unchanged(samePolicyRef), stringplanmodifier.RequiresReplace()),
					Validators: []validator.String{stringvalidator.RegexMatches(policyRefPattern, "must be the name of a policy, alone or as "+
						"api:NAME, file:NAME or shipped:NAME")},
					MarkdownDescription: "The policy's name, which is the same as `api:NAME`; one of the broker's files as `file:NAME` or " +
						"`shipped:NAME`, and a refresh warns when the file is gone. Another one makes another object."},
				"device": to("Id of a device."),
				"group":  to("A group."),
				"user":   to("Name of a user."),
				"certificate": to("SHA-256 fingerprint of a certificate, hexadecimal: of this one alone. After a renewal "+
					"`fingerprint_sha256` is another one, to which the attachment goes in the same apply, while the device uses the one before until "+
					"it has fetched the next. For certificates that are renewed give `device`.", stringvalidator.RegexMatches(
					regexp.MustCompile(`^[0-9a-f]{64}$`), "must be 64 lower-case hexadecimal digits, as fingerprint_sha256 of a certificate is")),
				"jwt_issuer": to("Name of a token issuer at the broker: everybody who shows a token of it."),
			},
		}},
		checks: []resource.ConfigValidator{resourcevalidator.ExactlyOneOf(path.MatchRoot("device"), path.MatchRoot("group"),
			path.MatchRoot("user"), path.MatchRoot("certificate"), path.MatchRoot("jwt_issuer"))},
		path:     (*attachment).path,
		named:    attachmentNamed,
		identify: (*attachment).identify,
		warn:     warnOfNoEffect,
	}
}

// warnOfNoEffect is for a policy of a file, or one of the broker's own, that was there when it was attached.
func warnOfNoEffect(a *client.Attachment, diagnostics *diag.Diagnostics) {
	if !a.Effective {
		diagnostics.AddAttributeWarning(path.Root("policy"), "The attachment binds nobody", fmt.Sprintf("The broker has no policy %s any more, "+
			"so that nothing of it holds for the %s %s until it is back. The attachment stays.", a.Policy, a.Kind, a.Target))
	}
}

// policyRef says where a policy comes from too, as the API does.
func policyRef(policy string) string {
	if strings.Contains(policy, ":") {
		return policy
	}
	return "api:" + policy
}

func samePolicyRef(one, other string) bool { return policyRef(one) == policyRef(other) }

func (a *attachment) path() string {
	policy := policyRef(a.Policy.ValueString())
	for _, to := range a.targets() {
		if !to.value.IsNull() {
			return at("attachments", policy, to.kind, to.value.ValueString())
		}
	}
	return at("attachments", policy) // the checks of the schema let nothing come here
}

// identify is the reverse of attachmentNamed.
func (a *attachment) identify() {
	for _, to := range a.targets() {
		if !to.value.IsNull() {
			a.ID = types.StringValue(a.Policy.ValueString() + "/" + strings.ReplaceAll(to.kind, "-", "_") + "/" + to.value.ValueString())
		}
	}
}

// attachmentNamed reads POLICY/KIND/TARGET.
func attachmentNamed(id string) (*attachment, error) {
	parts := strings.SplitN(id, "/", 3)
	if len(parts) == 3 && parts[0] != "" && parts[2] != "" {
		named := &attachment{Policy: types.StringValue(parts[0])}
		for _, to := range named.targets() {
			if to.kind == strings.ReplaceAll(parts[1], "_", "-") {
				*to.value = types.StringValue(parts[2])
				return named, nil
			}
		}
	}
	return nil, fmt.Errorf("%q does not read POLICY/KIND/TARGET, where KIND is device, group, user, certificate or jwt_issuer", id)
}
