package provider

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"signalbox.internal/terraform-provider-signalbox/internal/client"
)

type claimToken struct {
	Name            types.String `tfsdk:"name"`
	Template        types.String `tfsdk:"template"`
	SecretWO        types.String `tfsdk:"secret_wo"`
	SecretWOVersion types.Int64  `tfsdk:"secret_wo_version"`
	MaxUses         types.Int64  `tfsdk:"max_uses"`
	ExpiresAt       types.String `tfsdk:"expires_at"`
	AllowedCidrs    types.Set    `tfsdk:"allowed_cidrs"`
	Enabled         types.Bool   `tfsdk:"enabled"`
	Hint            types.String `tfsdk:"hint"`
	Uses            types.Int64  `tfsdk:"uses"`
	CreatedAt       types.String `tfsdk:"created_at"`
	Revision        types.Int64  `tfsdk:"revision"`
}

func newClaimToken() resource.Resource {
	return &object[claimToken, client.ClaimToken]{
		base: base{kind: "claim_token", schema: schema.Schema{
			MarkdownDescription: "A secret with which devices enrol through a provisioning template. The broker keeps a hash of it only, " +
				"Terraform nothing of it.",
			Attributes: map[string]schema.Attribute{
				"name": nameAttribute("The token's name."),
				"template": schema.StringAttribute{Required: true, Validators: []validator.String{isName()},
					MarkdownDescription: "Provisioning template that makes the devices."},
				"secret_wo": schema.StringAttribute{Required: true, WriteOnly: true, Sensitive: true,
					Validators: []validator.String{stringvalidator.LengthBetween(24, 256)},
					MarkdownDescription: "The secret, 24 characters or more from a good source of randomness; sent when the token is made and " +
						"when `secret_wo_version` changes."},
				"secret_wo_version": schema.Int64Attribute{Required: true, MarkdownDescription: secretVersion},
				"max_uses":          numberAttribute("How many devices may enrol with it; 1 by default.", 1, int64validator.Between(1, 10_000_000)),
				"expires_at": schema.StringAttribute{Optional: true, Validators: []validator.String{isTime{}}, PlanModifiers: unchanged(sameTime),
					MarkdownDescription: "Until when it is good, RFC 3339. Left out: for ever."},
				"allowed_cidrs": setAttribute("Address blocks from which it may be used, such as `10.0.0.0/8`. Left out: everywhere."),
				"enabled":       flagAttribute("`false` refuses it.", true),
				"hint":          computed("The last four characters of the secret."),
				"uses":          schema.Int64Attribute{Computed: true, MarkdownDescription: "How many devices have enrolled with it."},
				"created_at":    createdAt(),
				"revision":      revision(),
			},
		}},
		path: func(m *claimToken) string { return at("claim-tokens", m.Name.ValueString()) },
		named: func(id string) (*claimToken, error) {
			name, version, err := withVersion(id)
			return &claimToken{Name: types.StringValue(name), SecretWOVersion: version}, err
		},
		secretChanged: func(before, after *claimToken) bool { return !before.SecretWOVersion.Equal(after.SecretWOVersion) },
		secretReplaced: func(before, made *client.ClaimToken) bool {
			return before.Hint != made.Hint // another revision may be of a use meanwhile
		},
		encode: func(ctx context.Context, m, config *claimToken, diagnostics *diag.Diagnostics) *client.ClaimToken {
			return &client.ClaimToken{
				Template:     m.Template.ValueString(),
				Secret:       config.SecretWO.ValueString(),
				MaxUses:      m.MaxUses.ValueInt64(),
				ExpiresAt:    m.ExpiresAt.ValueString(),
				AllowedCidrs: elementsOf(ctx, m.AllowedCidrs, diagnostics),
				Enabled:      m.Enabled.ValueBool(),
				Revision:     m.Revision.ValueInt64(),
			}
		},
		decode: func(ctx context.Context, a *client.ClaimToken, m *claimToken, diagnostics *diag.Diagnostics) {
			m.Name = types.StringValue(a.Name)
			m.Template = types.StringValue(a.Template)
			m.SecretWO = types.StringNull()
			m.MaxUses = types.Int64Value(a.MaxUses)
			m.ExpiresAt = keep(m.ExpiresAt, a.ExpiresAt, sameTime)
			m.AllowedCidrs = setOf(ctx, a.AllowedCidrs, diagnostics)
			m.Enabled = types.BoolValue(a.Enabled)
			m.Hint = types.StringValue(a.Hint)
			m.Uses = types.Int64Value(a.Uses)
			m.CreatedAt = types.StringValue(a.CreatedAt)
			m.Revision = types.Int64Value(a.Revision)
		},
	}
}

// isTime accepts RFC 3339.
type isTime struct{}

func (isTime) Description(context.Context) string { return "a time such as 2027-01-31T12:00:00Z" }

func (t isTime) MarkdownDescription(ctx context.Context) string { return t.Description(ctx) }

func (t isTime) ValidateString(ctx context.Context, request validator.StringRequest, response *validator.StringResponse) {
	if request.ConfigValue.IsNull() || request.ConfigValue.IsUnknown() {
		return
	}
	if _, err := time.Parse(time.RFC3339, request.ConfigValue.ValueString()); err != nil {
		response.Diagnostics.AddAttributeError(request.Path, "Not a time", "Must be "+t.Description(ctx)+", not \""+
			request.ConfigValue.ValueString()+"\".")
	}
}
