package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/ephemeralvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"signalbox.internal/terraform-provider-signalbox/internal/client"
)

// token is an ephemeral resource: what the broker signs and keeps nowhere, so that opening one in a plan leaves nothing behind.
type token[M any] struct {
	kind       string
	schema     schema.Schema
	collection string
	checks     []ephemeral.ConfigValidator
	encode     func(ctx context.Context, m *M, diagnostics *diag.Diagnostics) any
	decode     func(made *client.Token, m *M)

	client *client.Client
}

func (t *token[M]) Metadata(_ context.Context, request ephemeral.MetadataRequest, response *ephemeral.MetadataResponse) {
	response.TypeName = request.ProviderTypeName + "_" + t.kind
}

func (t *token[M]) Schema(_ context.Context, _ ephemeral.SchemaRequest, response *ephemeral.SchemaResponse) {
	response.Schema = t.schema
}

func (t *token[M]) ConfigValidators(context.Context) []ephemeral.ConfigValidator { return t.checks }

func (t *token[M]) Configure(_ context.Context, request ephemeral.ConfigureRequest, _ *ephemeral.ConfigureResponse) {
	t.client, _ = request.ProviderData.(*client.Client)
}

func (t *token[M]) Open(ctx context.Context, request ephemeral.OpenRequest, response *ephemeral.OpenResponse) {
	var m M
	response.Diagnostics.Append(request.Config.Get(ctx, &m)...)
	if response.Diagnostics.HasError() {
		return
	}
	var made client.Token
	if err := t.client.Post(ctx, at(t.collection), t.encode(ctx, &m, &response.Diagnostics), &made); err != nil {
		response.Diagnostics.AddError("Cannot open signalbox_"+t.kind, err.Error())
		return
	}
	t.decode(&made, &m)
	response.Diagnostics.Append(response.Result.Set(ctx, &m)...)
}

func ttl() schema.Int64Attribute {
	return schema.Int64Attribute{Optional: true, Validators: []validator.Int64{int64validator.AtLeast(1)},
		MarkdownDescription: "For how long it is good; 900 by default."}
}

func tokenAttributes(attributes map[string]schema.Attribute) map[string]schema.Attribute {
	attributes["ttl_seconds"] = ttl()
	attributes["token"] = schema.StringAttribute{Computed: true, Sensitive: true, MarkdownDescription: "The token, a JWT."}
	attributes["expires_at"] = schema.StringAttribute{Computed: true, MarkdownDescription: "Until when it is good, RFC 3339."}
	return attributes
}

type accessToken struct {
	Subject    types.String `tfsdk:"subject"`
	Groups     types.Set    `tfsdk:"groups"`
	TTLSeconds types.Int64  `tfsdk:"ttl_seconds"`
	Token      types.String `tfsdk:"token"`
	ExpiresAt  types.String `tfsdk:"expires_at"`
}

func newAccessToken() ephemeral.EphemeralResource {
	return &token[accessToken]{
		kind:       "access_token",
		collection: "access-tokens",
		schema: schema.Schema{
			MarkdownDescription: "A short-lived token with which a client connects or a program calls the admin API. It is in no state and no " +
				"plan, and the broker keeps nothing of it.",
			Attributes: tokenAttributes(map[string]schema.Attribute{
				"subject": schema.StringAttribute{Required: true, MarkdownDescription: "User that the token is for."},
				"groups": schema.SetAttribute{Optional: true, ElementType: types.StringType, Validators: []validator.Set{setvalidator.NoNullValues()},
					MarkdownDescription: "Groups that the token gives. " +
						"Not those that give a role which the caller does not have."},
			}),
		},
		encode: func(ctx context.Context, m *accessToken, diagnostics *diag.Diagnostics) any {
			return client.AccessTokenRequest{Subject: m.Subject.ValueString(), Groups: elementsOf(ctx, m.Groups, diagnostics),
				TTLSeconds: m.TTLSeconds.ValueInt64()}
		},
		decode: func(made *client.Token, m *accessToken) {
			m.Token, m.ExpiresAt = types.StringValue(made.Token), types.StringValue(made.ExpiresAt)
		},
	}
}

type enrolmentToken struct {
	Device     types.String `tfsdk:"device"`
	Template   types.String `tfsdk:"template"`
	TTLSeconds types.Int64  `tfsdk:"ttl_seconds"`
	Token      types.String `tfsdk:"token"`
	ExpiresAt  types.String `tfsdk:"expires_at"`
}

func newEnrolmentToken() ephemeral.EphemeralResource {
	return &token[enrolmentToken]{
		kind:       "enrolment_token",
		collection: "enrolment-tokens",
		schema: schema.Schema{
			MarkdownDescription: "A short-lived token with which one device, or any that a template takes, enrols. It is in no state and no " +
				"plan, and the broker keeps nothing of it. The device or template must be there when the token is opened, which Terraform " +
				"does while it plans unless something is not known yet: for one that the same apply makes, refer to an attribute that is " +
				"known afterwards only, as the example does.",
			Attributes: tokenAttributes(map[string]schema.Attribute{
				"device":   schema.StringAttribute{Optional: true, MarkdownDescription: "Device that enrols. Either this or `template`."},
				"template": schema.StringAttribute{Optional: true, MarkdownDescription: "Provisioning template. Either this or `device`."},
			}),
		},
		checks: []ephemeral.ConfigValidator{ephemeralvalidator.ExactlyOneOf(path.MatchRoot("device"), path.MatchRoot("template"))},
		encode: func(_ context.Context, m *enrolmentToken, _ *diag.Diagnostics) any {
			return client.EnrolmentTokenRequest{Device: m.Device.ValueString(), Template: m.Template.ValueString(),
				TTLSeconds: m.TTLSeconds.ValueInt64()}
		},
		decode: func(made *client.Token, m *enrolmentToken) {
			m.Token, m.ExpiresAt = types.StringValue(made.Token), types.StringValue(made.ExpiresAt)
		},
	}
}
