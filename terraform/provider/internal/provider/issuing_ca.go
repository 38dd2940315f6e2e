package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/boolplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"signalbox.internal/terraform-provider-signalbox/internal/client"
)

type issuingCa struct {
	Name           types.String `tfsdk:"name"`
	CommonName     types.String `tfsdk:"common_name"`
	KeyType        types.String `tfsdk:"key_type"`
	Parent         types.String `tfsdk:"parent"`
	Offline        types.Bool   `tfsdk:"offline"`
	ValidityHours  types.Int64  `tfsdk:"validity_hours"`
	PathLength     types.Int64  `tfsdk:"path_length"`
	Enabled        types.Bool   `tfsdk:"enabled"`
	Successor      types.String `tfsdk:"successor"`
	State          types.String `tfsdk:"state"`
	CertificatePEM types.String `tfsdk:"certificate_pem"`
	ChainPEM       types.String `tfsdk:"chain_pem"`
	CSRPEM         types.String `tfsdk:"csr_pem"`
	Fingerprint    types.String `tfsdk:"fingerprint"`
	NotAfter       types.String `tfsdk:"not_after"`
	CreatedAt      types.String `tfsdk:"created_at"`
	Revision       types.Int64  `tfsdk:"revision"`
}

var keyTypes = []string{"ec-p256", "ec-p384", "rsa-2048", "rsa-3072", "rsa-4096", "ed25519"}

func newIssuingCa() resource.Resource {
	keyType := choiceAttribute("Kind of its key.", "ec-p256", keyTypes...)
	keyType.PlanModifiers = []planmodifier.String{stringplanmodifier.RequiresReplace()}
	offline := flagAttribute("`true`: only a key and a signing request are made; a root elsewhere signs `csr_pem`.", false)
	offline.PlanModifiers = []planmodifier.Bool{boolplanmodifier.RequiresReplace()}
	validity := numberAttribute("Life of its certificate; 87600 (ten years) by default.", 87_600, int64validator.Between(1, 876_000))
	validity.PlanModifiers = []planmodifier.Int64{int64planmodifier.RequiresReplace()}
	pathLength := numberAttribute("Levels of authorities below it; 0 by default.", 0, int64validator.Between(0, 4))
	pathLength.PlanModifiers = []planmodifier.Int64{int64planmodifier.RequiresReplace()}
	return &object[issuingCa, client.IssuingCa]{
		base: base{kind: "issuing_ca", schema: schema.Schema{
			MarkdownDescription: "An authority that issues certificates of devices. The broker makes its key, which never leaves it. Destroying " +
				"it ends the connections with its certificates. Only `enabled` and `successor` can be changed; anything else makes another authority.",
			Attributes: map[string]schema.Attribute{
				"name": nameAttribute("The authority's name."),
				"common_name": schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "Common name in its certificate; its " +
					"name by default.",
					Validators:    []validator.String{stringvalidator.LengthBetween(1, 64)},
					PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()}},
				"key_type": keyType,
				"parent": schema.StringAttribute{Optional: true, Validators: []validator.String{isName()},
					MarkdownDescription: "Issuing authority that signs it. Left out: it signs itself.",
					PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()}},
				"offline":        offline,
				"validity_hours": validity,
				"path_length":    pathLength,
				"enabled":        flagAttribute("`false`: it issues nothing, and its certificates are refused.", true),
				"successor": schema.StringAttribute{Optional: true, Validators: []validator.String{isName()},
					MarkdownDescription: "Issuing authority that issues in its place from now on; its own certificates stay good."},
				"state":           computed("`active`, `awaiting-certificate`, `expired` or `unavailable`."),
				"certificate_pem": computed("Its certificate, PEM."),
				"chain_pem":       computed("Its certificate and those above it, PEM."),
				"csr_pem":         computed("Its signing request while it awaits its certificate, PEM."),
				"fingerprint":     computed("SHA-256 of its certificate."),
				"not_after":       computed("End of its certificate, RFC 3339."),
				"created_at":      createdAt(),
				"revision":        revision(),
			},
		}},
		path:  func(m *issuingCa) string { return at("issuing-cas", m.Name.ValueString()) },
		named: func(id string) (*issuingCa, error) { return &issuingCa{Name: types.StringValue(id)}, nil },
		plan:  defaultTo("common_name", "name"),
		encode: func(_ context.Context, m, _ *issuingCa, _ *diag.Diagnostics) *client.IssuingCa {
			return &client.IssuingCa{
				CommonName:    m.CommonName.ValueString(),
				KeyType:       m.KeyType.ValueString(),
				Parent:        m.Parent.ValueString(),
				Offline:       m.Offline.ValueBool(),
				ValidityHours: m.ValidityHours.ValueInt64(),
				PathLength:    m.PathLength.ValueInt64(),
				Enabled:       m.Enabled.ValueBool(),
				Successor:     m.Successor.ValueString(),
				Revision:      m.Revision.ValueInt64(),
			}
		},
		decode: func(_ context.Context, a *client.IssuingCa, m *issuingCa, _ *diag.Diagnostics) {
			m.Name = types.StringValue(a.Name)
			m.CommonName = optional(a.CommonName)
			m.KeyType = types.StringValue(a.KeyType)
			m.Parent = optional(a.Parent)
			m.Offline = types.BoolValue(a.Offline)
			m.ValidityHours = types.Int64Value(a.ValidityHours)
			m.PathLength = types.Int64Value(a.PathLength)
			m.Enabled = types.BoolValue(a.Enabled)
			m.Successor = optional(a.Successor)
			m.State = optional(a.State)
			m.CertificatePEM = optional(a.CertificatePEM)
			m.ChainPEM = optional(a.ChainPEM)
			m.CSRPEM = optional(a.CSRPEM)
			m.Fingerprint = optional(a.Fingerprint)
			m.NotAfter = optional(a.NotAfter)
			m.CreatedAt = types.StringValue(a.CreatedAt)
			m.Revision = types.Int64Value(a.Revision)
		},
	}
}
