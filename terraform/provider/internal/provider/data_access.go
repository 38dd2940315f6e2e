package provider

import (
	"context"
	"encoding/json"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework-validators/datasourcevalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"signalbox.internal/terraform-provider-signalbox/internal/client"
)

// access says which client is meant. A token would do too, but it would be in the state.
type access struct {
	Device         types.String `tfsdk:"device"`
	CertificatePEM types.String `tfsdk:"certificate_pem"`
	ClientJSON     types.String `tfsdk:"client_json"`
	ClientID       types.String `tfsdk:"client_id"`
	Source         types.String `tfsdk:"source"`
	Listener       types.String `tfsdk:"listener"`
	Transport      types.String `tfsdk:"transport"`
}

func accessAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"device":          optionalText("Id of a registered device: with its groups, its attributes and its newest certificate."),
		"certificate_pem": schema.StringAttribute{Optional: true, Validators: []validator.String{holdsNoKey{}}, MarkdownDescription: "A client certificate and what is between it and its authority, PEM."},
		"client_json": schema.StringAttribute{Optional: true, Validators: []validator.String{isClient{}},
			MarkdownDescription: "A client as tests of policies describe one, such as `jsonencode({ user = \"me\", groups = " +
				"[\"browsers\"] })`. Exactly one of these three is set."},
		"client_id": optionalText("Client Identifier. Left out: the device's id or the user's name."),
		"source":    optionalText("IP address that it comes from. Left out: `192.0.2.1`, which nobody has, unless `client_json` says one."),
		"listener":  optionalText("Name of the listener. Left out: `default`, unless `client_json` says one; another one than that is an error."),
		"transport": oneOf("`tls` if left out, unless `client_json` says one; another one than that is an error.", "tcp", "tls", "ws", "wss"),
	}
}

// isClient accepts a JSON object; what may be in it the broker says.
type isClient struct{}

func (isClient) Description(context.Context) string { return "a JSON object" }

func (c isClient) MarkdownDescription(ctx context.Context) string { return c.Description(ctx) }

func (isClient) ValidateString(_ context.Context, request validator.StringRequest, response *validator.StringResponse) {
	var described map[string]json.RawMessage
	if request.ConfigValue.IsNull() || request.ConfigValue.IsUnknown() {
		return
	}
	if json.Unmarshal([]byte(request.ConfigValue.ValueString()), &described) != nil || described == nil {
		response.Diagnostics.AddAttributeError(request.Path, "No description of a client", "client_json must be a JSON object, such as "+
			"jsonencode({ user = \"me\", groups = [\"browsers\"] }).")
	}
}

func oneClient() []datasource.ConfigValidator {
	return []datasource.ConfigValidator{datasourcevalidator.ExactlyOneOf(path.MatchRoot("device"), path.MatchRoot("certificate_pem"),
		path.MatchRoot("client_json"))}
}

type authorizationCheck struct {
	access
	Action       types.String `tfsdk:"action"`
	Topic        types.String `tfsdk:"topic"`
	Qos          types.Int64  `tfsdk:"qos"`
	Retain       types.Bool   `tfsdk:"retain"`
	PayloadBytes types.Int64  `tfsdk:"payload_bytes"`
	Allowed      types.Bool   `tfsdk:"allowed"`
	Reason       types.String `tfsdk:"reason"`
	Statement    types.String `tfsdk:"statement"`
	Text         types.String `tfsdk:"text"`
}

func newAuthorizationCheckData() datasource.DataSource {
	attributes := accessAttributes()
	maps.Copy(attributes, map[string]schema.Attribute{
		"action": schema.StringAttribute{Required: true, MarkdownDescription: "`connect`, `publish`, `subscribe` or `receive`.",
			Validators: []validator.String{stringvalidator.OneOf("connect", "publish", "subscribe", "receive")}},
		"topic": optionalText("Topic Name; for `subscribe` a Topic Filter, `$share/GROUP/` and all."),
		"qos": schema.Int64Attribute{Optional: true, Validators: []validator.Int64{int64validator.Between(0, 2)},
			MarkdownDescription: "QoS of it; 0 if left out."},
		"retain":        schema.BoolAttribute{Optional: true, MarkdownDescription: "Whether the message is retained."},
		"payload_bytes": schema.Int64Attribute{Optional: true, MarkdownDescription: "Size of the payload; 0 if left out."},
		"allowed":       schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether the client may."},
		"reason":        schema.StringAttribute{Computed: true, MarkdownDescription: "`allowed`, `explicit-deny`, `no-match`, `not-contained` and others."},
		"statement":     schema.StringAttribute{Computed: true, MarkdownDescription: "`NAMESPACE:POLICY#STATEMENT` that decided or came nearest to."},
		"text":          schema.StringAttribute{Computed: true, MarkdownDescription: "The decision in words."},
	})
	return &data[authorizationCheck]{
		kind: "authorization_check",
		schema: schema.Schema{
			MarkdownDescription: "Whether a client may do something by the policies in force, asked as if it were there. In a `check` block it is a " +
				"test of the fleet's access that each plan runs.",
			Attributes: attributes,
		},
		checks: oneClient(),
		read: func(ctx context.Context, c *client.Client, m *authorizationCheck, diagnostics *diag.Diagnostics) error {
			question := client.PolicyQuestion{
				Action: m.Action.ValueString(), Topic: m.Topic.ValueString(), Qos: m.Qos.ValueInt64(), Retain: m.Retain.ValueBool(),
				PayloadBytes: m.PayloadBytes.ValueInt64(), Device: m.Device.ValueString(), CertificatePEM: m.CertificatePEM.ValueString(),
				Client: json.RawMessage(m.ClientJSON.ValueString()), ClientID: m.ClientID.ValueString(), Source: m.Source.ValueString(),
				Listener: m.Listener.ValueString(), Transport: m.Transport.ValueString(),
			}
			var decision client.PolicyDecision
			if err := c.Post(ctx, at("policy-tools", "authorize"), question, &decision); err != nil {
				return err
			}
			for _, note := range decision.Notes {
				diagnostics.AddWarning("The broker may decide otherwise", note)
			}
			m.Allowed, m.Reason = types.BoolValue(decision.Allowed), types.StringValue(decision.Reason)
			m.Statement, m.Text = types.StringValue(decision.Statement), types.StringValue(decision.Text)
			return nil
		},
	}
}

type effectivePermissions struct {
	access
	JSON types.String `tfsdk:"json"`
}

func newEffectivePermissionsData() datasource.DataSource {
	attributes := accessAttributes()
	attributes["json"] = schema.StringAttribute{Computed: true, MarkdownDescription: "Object with the lists `grants` and `denials`, each with " +
		"`action`, `pattern`, `statement` and limits, and `notes`."}
	return &data[effectivePermissions]{
		kind: "effective_permissions",
		schema: schema.Schema{
			MarkdownDescription: "Everything that a client may do by the policies in force.",
			Attributes:          attributes,
		},
		checks: oneClient(),
		read: func(ctx context.Context, c *client.Client, m *effectivePermissions, _ *diag.Diagnostics) error {
			who := client.PolicyClient{
				Device: m.Device.ValueString(), CertificatePEM: m.CertificatePEM.ValueString(), Client: json.RawMessage(m.ClientJSON.ValueString()),
				ClientID: m.ClientID.ValueString(), Source: m.Source.ValueString(), Listener: m.Listener.ValueString(),
				Transport: m.Transport.ValueString(),
			}
			var rights string
			err := c.Post(ctx, at("policy-tools", "what-can"), who, &rights)
			m.JSON = types.StringValue(rights)
			return err
		},
	}
}
