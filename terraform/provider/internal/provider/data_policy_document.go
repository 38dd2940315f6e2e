package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"signalbox.internal/terraform-provider-signalbox/internal/client"
)

// The policy language, with a field for each key of its schema. The tag tfsdk is its name here, the tag json its name there.

type policyDocument struct {
	Version     int64             `tfsdk:"-" json:"version"`
	Name        string            `tfsdk:"name" json:"name"`
	Description *string           `tfsdk:"description" json:"description,omitempty"`
	Mode        *string           `tfsdk:"mode" json:"mode,omitempty"`
	Replaces    *string           `tfsdk:"replaces" json:"replaces,omitempty"`
	Match       *policyMatch      `tfsdk:"match" json:"match,omitempty"`
	OnDenied    *string           `tfsdk:"on_denied" json:"onDenied,omitempty"`
	OnRevoke    *string           `tfsdk:"on_revoke" json:"onRevoke,omitempty"`
	Statements  []policyStatement `tfsdk:"statements" json:"statements"`
	JSON        types.String      `tfsdk:"json" json:"-"`
}

type policyMatch struct {
	All []policyCondition `tfsdk:"all" json:"all,omitempty"`
	Any []policyCondition `tfsdk:"any" json:"any,omitempty"`
	Not []policyCondition `tfsdk:"not" json:"not,omitempty"`
}

type policyCondition struct {
	Everyone  *bool         `tfsdk:"everyone" json:"everyone,omitempty"`
	Cert      *policyCert   `tfsdk:"cert" json:"cert,omitempty"`
	Jwt       *policyJwt    `tfsdk:"jwt" json:"jwt,omitempty"`
	Device    *policyDevice `tfsdk:"device" json:"device,omitempty"`
	Group     []string      `tfsdk:"group" json:"group,omitempty"`
	User      []string      `tfsdk:"user" json:"user,omitempty"`
	Listener  []string      `tfsdk:"listener" json:"listener,omitempty"`
	Transport []string      `tfsdk:"transport" json:"transport,omitempty"`
	Auth      []string      `tfsdk:"auth" json:"auth,omitempty"`
}

type policyCert struct {
	CA          []string `tfsdk:"ca" json:"ca,omitempty"`
	CN          []string `tfsdk:"cn" json:"cn,omitempty"`
	Serial      []string `tfsdk:"serial" json:"serial,omitempty"`
	Fingerprint []string `tfsdk:"fingerprint" json:"fingerprint,omitempty"`
	IssuerCN    []string `tfsdk:"issuer_cn" json:"issuerCn,omitempty"`
	OU          []string `tfsdk:"ou" json:"ou,omitempty"`
	DNSSan      []string `tfsdk:"dns_san" json:"dnsSan,omitempty"`
	URISan      []string `tfsdk:"uri_san" json:"uriSan,omitempty"`
	EmailSan    []string `tfsdk:"email_san" json:"emailSan,omitempty"`
}

type policyJwt struct {
	Issuer []string            `tfsdk:"issuer" json:"issuer,omitempty"`
	Sub    []string            `tfsdk:"sub" json:"sub,omitempty"`
	Aud    []string            `tfsdk:"aud" json:"aud,omitempty"`
	Claims map[string][]string `tfsdk:"claims" json:"claims,omitempty"`
}

type policyDevice struct {
	ID   []string            `tfsdk:"id" json:"id,omitempty"`
	Attr map[string][]string `tfsdk:"attr" json:"attr,omitempty"`
}

type policyStatement struct {
	ID             string       `tfsdk:"id" json:"id"`
	Description    *string      `tfsdk:"description" json:"description,omitempty"`
	Effect         string       `tfsdk:"effect" json:"effect"`
	Actions        []string     `tfsdk:"actions" json:"actions"`
	ClientIDs      []string     `tfsdk:"client_ids" json:"clientIds,omitempty"`
	Topics         []string     `tfsdk:"topics" json:"topics,omitempty"`
	LiteralFilters []string     `tfsdk:"literal_filters" json:"literalFilters,omitempty"`
	ShareGroups    []string     `tfsdk:"share_groups" json:"shareGroups,omitempty"`
	Overlap        *string      `tfsdk:"overlap" json:"overlap,omitempty"`
	Where          *policyWhere `tfsdk:"where" json:"where,omitempty"`
}

type policyWhere struct {
	Transport  []string `tfsdk:"transport" json:"transport,omitempty"`
	Listener   []string `tfsdk:"listener" json:"listener,omitempty"`
	Source     []string `tfsdk:"source" json:"source,omitempty"`
	TLSVersion []string `tfsdk:"tls_version" json:"tlsVersion,omitempty"`
	Auth       []string `tfsdk:"auth" json:"auth,omitempty"`
	Retain     *string  `tfsdk:"retain" json:"retain,omitempty"`
	MaxQos     *int64   `tfsdk:"max_qos" json:"maxQos,omitempty"`
	MaxPayload *string  `tfsdk:"max_payload" json:"maxPayload,omitempty"`
}

func newPolicyDocumentData() datasource.DataSource {
	return &data[policyDocument]{
		kind:   "policy_document",
		schema: policyDocumentSchema(),
		read: func(_ context.Context, _ *client.Client, m *policyDocument, _ *diag.Diagnostics) error {
			m.Version = 1
			var text bytes.Buffer
			encoder := json.NewEncoder(&text)
			encoder.SetEscapeHTML(false)
			encoder.SetIndent("", "  ")
			err := encoder.Encode(m)
			m.JSON = types.StringValue(text.String())
			return err
		},
	}
}

func policyDocumentSchema() schema.Schema {
	return schema.Schema{
		MarkdownDescription: "Renders a policy as JSON, on this machine: what a `*.policy.yaml` file holds in YAML. Write `$${device.id}` for the " +
			"policy's variable `${device.id}`.",
		Attributes: map[string]schema.Attribute{
			"name":        schema.StringAttribute{Required: true, MarkdownDescription: "Name of the policy."},
			"description": optionalText("For people."),
			"mode":        oneOf("`observe`: evaluated beside the policies in force, decides nothing.", "enforce", "observe"),
			"replaces":    optionalText("With mode `observe`: the policy whose place this one would take."),
			"match": schema.SingleNestedAttribute{Optional: true, MarkdownDescription: "Whom the policy binds to. Left out: only explicit " +
				"attachment does.", Attributes: map[string]schema.Attribute{
				"all": conditions("All of these hold."),
				"any": conditions("One of these holds."),
				"not": conditions("None of these holds."),
			}},
			"on_denied": oneOf("What a denied PUBLISH does where the protocol cannot say no.", "drop", "disconnect"),
			"on_revoke": oneOf("What happens to a subscription that a change no longer allows.", "filter", "disconnect"),
			"statements": schema.ListNestedAttribute{Required: true, MarkdownDescription: "What is allowed and denied; their order does not matter.",
				Validators:   []validator.List{listvalidator.SizeAtLeast(1), listvalidator.NoNullValues()},
				NestedObject: schema.NestedAttributeObject{Attributes: statementAttributes()}},
			"json": schema.StringAttribute{Computed: true, MarkdownDescription: "The policy, JSON."},
		},
	}
}

func conditions(description string) schema.ListNestedAttribute {
	return schema.ListNestedAttribute{Optional: true, MarkdownDescription: description,
		Validators: []validator.List{listvalidator.SizeAtLeast(1), listvalidator.NoNullValues()},
		NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
			"everyone": schema.BoolAttribute{Optional: true, MarkdownDescription: "`true`: everyone."},
			"cert": schema.SingleNestedAttribute{Optional: true, MarkdownDescription: "Fields of the certificate; `*` stands for any characters.",
				Attributes: map[string]schema.Attribute{
					"ca":          texts("Name of the authority at the broker."),
					"cn":          texts("Common name."),
					"serial":      texts("Serial number."),
					"fingerprint": texts("SHA-256 fingerprint."),
					"issuer_cn":   texts("Common name of the issuer."),
					"ou":          texts("Organizational unit."),
					"dns_san":     texts("DNS name."),
					"uri_san":     texts("URI."),
					"email_san":   texts("E-mail address."),
				}},
			"jwt": schema.SingleNestedAttribute{Optional: true, MarkdownDescription: "Claims of the token.", Attributes: map[string]schema.Attribute{
				"issuer": texts("Name of the issuer at the broker."),
				"sub":    texts("Subject."),
				"aud":    texts("Audience."),
				"claims": textsByName("Values by path of the claim, such as `roles[]`."),
			}},
			"device": schema.SingleNestedAttribute{Optional: true, MarkdownDescription: "The device.", Attributes: map[string]schema.Attribute{
				"id":   texts("Id of the device."),
				"attr": textsByName("Values by attribute of the device."),
			}},
			"group":     texts("A group."),
			"user":      texts("User name."),
			"listener":  texts("Name of the listener."),
			"transport": texts("`mqtt`, `mqtts`, `ws` or `wss`."),
			"auth":      texts("`certificate`, `jwt`, `password`, `enhanced` or `anonymous`."),
		}}}
}

func statementAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"id":          schema.StringAttribute{Required: true, MarkdownDescription: "Name of the statement in decisions and logs."},
		"description": optionalText("For people."),
		"effect": schema.StringAttribute{Required: true, Validators: []validator.String{stringvalidator.OneOf("allow", "deny")},
			MarkdownDescription: "`allow` or `deny`; a deny wins."},
		"actions": schema.ListAttribute{Required: true, ElementType: types.StringType, MarkdownDescription: "`connect`, `publish`, `subscribe`, `receive`.",
			Validators: []validator.List{listvalidator.SizeAtLeast(1), listvalidator.NoNullValues(),
				listvalidator.ValueStringsAre(stringvalidator.OneOf("connect", "publish", "subscribe", "receive"))}},
		"client_ids":      texts("Client Identifiers; variables, and `*` at the end."),
		"topics":          texts("Topic Filters; levels may hold variables."),
		"literal_filters": texts("Exactly these Topic Filters, for `subscribe`."),
		"share_groups":    texts("Share Names that may be joined; `*` at the end."),
		"overlap":         oneOf("Of a deny of `subscribe`: what happens to a filter that it covers in part.", "refuse", "filter"),
		"where": schema.SingleNestedAttribute{Optional: true, MarkdownDescription: "Further conditions.", Attributes: map[string]schema.Attribute{
			"transport":   texts("`mqtt`, `mqtts`, `ws` or `wss`."),
			"listener":    texts("Name of the listener."),
			"source":      texts("Address blocks such as `10.0.0.0/8`."),
			"tls_version": texts("`TLSv1.2` or `TLSv1.3`."),
			"auth":        texts("`certificate`, `jwt`, `password`, `enhanced` or `anonymous`."),
			"retain":      oneOf("Whether a message may be retained.", "forbid", "allow", "only"),
			"max_qos": schema.Int64Attribute{Optional: true, MarkdownDescription: "Highest QoS.",
				Validators: []validator.Int64{int64validator.Between(0, 2)}},
			"max_payload": optionalText("Size such as `64KiB`."),
		}},
	}
}

func optionalText(description string) schema.StringAttribute {
	return schema.StringAttribute{Optional: true, MarkdownDescription: description}
}

func oneOf(description string, choices ...string) schema.StringAttribute {
	attribute := optionalText(description)
	attribute.Validators = []validator.String{stringvalidator.OneOf(choices...)}
	attribute.MarkdownDescription += " One of `" + strings.Join(choices, "`, `") + "`."
	return attribute
}

func texts(description string) schema.ListAttribute {
	return schema.ListAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: description,
		Validators: []validator.List{listvalidator.SizeAtLeast(1), listvalidator.NoNullValues()}}
}

func textsByName(description string) schema.MapAttribute {
	return schema.MapAttribute{Optional: true, ElementType: types.ListType{ElemType: types.StringType}, MarkdownDescription: description,
		Validators: []validator.Map{mapvalidator.NoNullValues(), mapvalidator.ValueListsAre(listvalidator.NoNullValues())}}
}
