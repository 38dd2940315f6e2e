package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"signalbox.internal/terraform-provider-signalbox/internal/client"
)

type provisioningTemplate struct {
	Name             types.String `tfsdk:"name"`
	Description      types.String `tfsdk:"description"`
	DeviceIDTemplate types.String `tfsdk:"device_id_template"`
	Groups           types.Set    `tfsdk:"groups"`
	Attributes       types.Map    `tfsdk:"attributes"`
	Policies         types.Set    `tfsdk:"policies"`
	ClientIDPin      types.String `tfsdk:"client_id_pin"`
	Approval         types.String `tfsdk:"approval"`
	CA               types.String `tfsdk:"ca"`
	ValidityHours    types.Int64  `tfsdk:"validity_hours"`
	CSRRules         *csrRules    `tfsdk:"csr_rules"`
	Enabled          types.Bool   `tfsdk:"enabled"`
	CreatedAt        types.String `tfsdk:"created_at"`
	Revision         types.Int64  `tfsdk:"revision"`
}

type csrRules struct {
	KeyTypes            types.Set `tfsdk:"key_types"`
	OrganizationalUnits types.Set `tfsdk:"organizational_units"`
	DNSDomains          types.Set `tfsdk:"dns_domains"`
	URIPrefixes         types.Set `tfsdk:"uri_prefixes"`
}

func newProvisioningTemplate() resource.Resource {
	return &object[provisioningTemplate, client.ProvisioningTemplate]{
		base: base{kind: "provisioning_template", schema: provisioningTemplateSchema()},
		path: func(m *provisioningTemplate) string { return at("provisioning-templates", m.Name.ValueString()) },
		named: func(id string) (*provisioningTemplate, error) {
			return &provisioningTemplate{Name: types.StringValue(id)}, nil
		},
		encode: encodeProvisioningTemplate,
		decode: decodeProvisioningTemplate,
	}
}

func provisioningTemplateSchema() schema.Schema {
	return schema.Schema{
		MarkdownDescription: "What becomes of a device that enrols with a token, or connects for the first time with a certificate of a trusted " +
			"authority. One that a trusted authority or a claim token names cannot be destroyed." + destroyedLast,
		Attributes: map[string]schema.Attribute{
			"name":        nameAttribute("The template's name."),
			"description": textAttribute("For people."),
			"device_id_template": schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString("${id}"),
				Validators: []validator.String{stringvalidator.LengthBetween(1, 256)},
				MarkdownDescription: "Id of the new device: text with `${id}`. For devices that connect for the first time `${id}` is by the " +
					"authority's `identity_mapping`, and there are `${serial}` and `${fingerprint}` of the certificate. For devices that enrol " +
					"`${id}` is the request's common name, as which the id must come out, and there is `${claim}`, the claim token's name. " +
					"In Terraform write `$${id}`. `${id}` by default."},
			"groups":     setAttribute("Groups of the new device."),
			"attributes": mapAttribute("Attributes of the new device."),
			"policies":   setAttribute("Policies that are attached to each new device: `api:NAME` or `NAME`, `file:NAME`, `shipped:NAME`. One that is not there when a device comes refuses the device.", setvalidator.SizeAtMost(32)),
			"client_id_pin": schema.StringAttribute{Optional: true, Validators: []validator.String{stringvalidator.LengthBetween(1, 256)},
				MarkdownDescription: "Client Identifier of the new device. Left out: the device's id."},
			"approval": choiceAttribute("`manual`: the device waits until somebody approves it.", "automatic", "automatic", "manual"),
			"ca": schema.StringAttribute{Optional: true, Validators: []validator.String{isName()},
				MarkdownDescription: "Issuing authority for enrolment. Left out: the broker's default."},
			"validity_hours": schema.Int64Attribute{Optional: true, Validators: []validator.Int64{int64validator.Between(1, 876_000)},
				MarkdownDescription: "Life of certificates. Left out: the broker's default."},
			"csr_rules": schema.SingleNestedAttribute{Optional: true, MarkdownDescription: "What a signing request may hold.",
				Attributes: map[string]schema.Attribute{
					"key_types": setAttribute("Kinds of keys. Left out: all.",
						setvalidator.ValueStringsAre(stringvalidator.OneOf(keyTypes...))),
					"organizational_units": setAttribute("Allowed values. Left out: none."),
					"dns_domains":          setAttribute("A DNS name is allowed at or below one of these. Left out: none."),
					"uri_prefixes":         setAttribute("A URI is allowed below one of these; each ends with `/`. Left out: none."),
				}},
			"enabled":    flagAttribute("`false`: nothing is made by it.", true),
			"created_at": createdAt(),
			"revision":   revision(),
		},
	}
}

func encodeProvisioningTemplate(ctx context.Context, m, _ *provisioningTemplate, diagnostics *diag.Diagnostics) *client.ProvisioningTemplate {
	wanted := &client.ProvisioningTemplate{
		Description:      m.Description.ValueString(),
		DeviceIDTemplate: m.DeviceIDTemplate.ValueString(),
		Groups:           elementsOf(ctx, m.Groups, diagnostics),
		Attributes:       entriesOf(ctx, m.Attributes, diagnostics),
		Policies:         elementsOf(ctx, m.Policies, diagnostics),
		ClientIDPin:      m.ClientIDPin.ValueString(),
		Approval:         m.Approval.ValueString(),
		CA:               m.CA.ValueString(),
		ValidityHours:    m.ValidityHours.ValueInt64(),
		CSRRules:         &client.CSRRules{},
		Enabled:          m.Enabled.ValueBool(),
		Revision:         m.Revision.ValueInt64(),
	}
	if rules := m.CSRRules; rules != nil {
		wanted.CSRRules = &client.CSRRules{
			KeyTypes:            elementsOf(ctx, rules.KeyTypes, diagnostics),
			OrganizationalUnits: elementsOf(ctx, rules.OrganizationalUnits, diagnostics),
			DNSDomains:          elementsOf(ctx, rules.DNSDomains, diagnostics),
			URIPrefixes:         elementsOf(ctx, rules.URIPrefixes, diagnostics),
		}
	}
	return wanted
}

func decodeProvisioningTemplate(ctx context.Context, a *client.ProvisioningTemplate, m *provisioningTemplate, diagnostics *diag.Diagnostics) {
	m.Name = types.StringValue(a.Name)
	m.Description = types.StringValue(a.Description)
	m.DeviceIDTemplate = types.StringValue(a.DeviceIDTemplate)
	m.Groups = setOf(ctx, a.Groups, diagnostics)
	m.Attributes = mapOf(ctx, a.Attributes, diagnostics)
	m.Policies = setOf(ctx, a.Policies, diagnostics)
	m.ClientIDPin = optional(a.ClientIDPin)
	m.Approval = types.StringValue(a.Approval)
	m.CA = optional(a.CA)
	m.ValidityHours = optionalNumber(a.ValidityHours)
	m.CSRRules = decodeCSRRules(ctx, a.CSRRules, m.CSRRules, diagnostics)
	m.Enabled = types.BoolValue(a.Enabled)
	m.CreatedAt = types.StringValue(a.CreatedAt)
	m.Revision = types.Int64Value(a.Revision)
}

// decodeCSRRules stays null while the API shows nothing but defaults.
func decodeCSRRules(ctx context.Context, a *client.CSRRules, mine *csrRules, diagnostics *diag.Diagnostics) *csrRules {
	if a == nil {
		a = &client.CSRRules{}
	}
	if mine == nil && len(a.KeyTypes)+len(a.OrganizationalUnits)+len(a.DNSDomains)+len(a.URIPrefixes) == 0 {
		return nil
	}
	return &csrRules{
		KeyTypes:            setOf(ctx, a.KeyTypes, diagnostics),
		OrganizationalUnits: setOf(ctx, a.OrganizationalUnits, diagnostics),
		DNSDomains:          setOf(ctx, a.DNSDomains, diagnostics),
		URIPrefixes:         setOf(ctx, a.URIPrefixes, diagnostics),
	}
}
