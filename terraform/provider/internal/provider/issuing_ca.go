package provider

import (
	"context"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/boolplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/objectplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"signalbox.internal/terraform-provider-signalbox/internal/client"
)

type issuingCa struct {
	Name               types.String     `tfsdk:"name"`
	CommonName         types.String     `tfsdk:"common_name"`
	KeyType            types.String     `tfsdk:"key_type"`
	AlternativeKeyType types.String     `tfsdk:"alternative_key_type"`
	KeyStore           types.String     `tfsdk:"key_store"`
	Parent             types.String     `tfsdk:"parent"`
	Offline            types.Bool       `tfsdk:"offline"`
	ValidityHours      types.Int64      `tfsdk:"validity_hours"`
	PathLength         types.Int64      `tfsdk:"path_length"`
	NameConstraints    *nameConstraints `tfsdk:"name_constraints"`
	Enabled            types.Bool       `tfsdk:"enabled"`
	Successor          types.String     `tfsdk:"successor"`
	State              types.String     `tfsdk:"state"`
	CertificatePEM     types.String     `tfsdk:"certificate_pem"`
	ChainPEM           types.String     `tfsdk:"chain_pem"`
	CSRPEM             types.String     `tfsdk:"csr_pem"`
	Fingerprint        types.String     `tfsdk:"fingerprint"`
	NotAfter           types.String     `tfsdk:"not_after"`
	CreatedAt          types.String     `tfsdk:"created_at"`
	Revision           types.Int64      `tfsdk:"revision"`
}

type nameConstraints struct {
	PermittedDNS      types.Set `tfsdk:"permitted_dns"`
	ExcludedDNS       types.Set `tfsdk:"excluded_dns"`
	PermittedIP       types.Set `tfsdk:"permitted_ip"`
	ExcludedIP        types.Set `tfsdk:"excluded_ip"`
	PermittedURIHosts types.Set `tfsdk:"permitted_uri_hosts"`
	ExcludedURIHosts  types.Set `tfsdk:"excluded_uri_hosts"`
	PermittedEmails   types.Set `tfsdk:"permitted_emails"`
	ExcludedEmails    types.Set `tfsdk:"excluded_emails"`
}

// Post-quantum kinds, which the broker's configuration must allow.
var experimentalKeyTypes = []string{"ml-dsa-44", "ml-dsa-65"}

var keyTypes = []string{"ec-p256", "ec-p384", "rsa-2048", "rsa-3072", "rsa-4096", "ed25519"}

func newIssuingCa() resource.Resource {
	keyType := choiceAttribute("Kind of its key; the ml-dsa kinds are an experiment, which the broker's configuration must allow.", "ec-p256",
		slices.Concat(keyTypes, experimentalKeyTypes)...)
	keyType.PlanModifiers = []planmodifier.String{stringplanmodifier.RequiresReplace()}
	keyStore := choiceAttribute("Where its key is made and stays: among the broker's files, or in its PKCS#11 token, which needs `parent` or "+
		"`offline`.", "file", "file", "token")
	keyStore.PlanModifiers = []planmodifier.String{stringplanmodifier.RequiresReplace()}
	offline := flagAttribute("`true`: only a key and a signing request are made; a root elsewhere signs `csr_pem`.", false)
	offline.PlanModifiers = []planmodifier.Bool{boolplanmodifier.RequiresReplace()}
	validity := numberAttribute("Life of its certificate; 87600 (ten years) by default.", 87_600, int64validator.Between(1, 876_000))
	validity.PlanModifiers = []planmodifier.Int64{int64planmodifier.RequiresReplace()}
	pathLength := numberAttribute("Levels of authorities below it; 0 by default.", 0, int64validator.Between(0, 4))
	pathLength.PlanModifiers = []planmodifier.Int64{int64planmodifier.RequiresReplace()}
	return &object[issuingCa, client.IssuingCa]{
		base: base{kind: "issuing_ca", endsForGood: true, schema: schema.Schema{
			MarkdownDescription: "An authority that issues certificates of devices. The broker makes its key, which never leaves it. Destroying " +
				"it ends the connections with its certificates. Only `enabled` and `successor` can be changed; anything else makes another authority. " +
				"One that another authority or a template names cannot be destroyed." + destroyedLast + " What takes its place needs another `name` then.",
			Attributes: map[string]schema.Attribute{
				"name": nameAttribute("The authority's name."),
				"common_name": schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "Common name in its certificate; its " +
					"name by default.",
					Validators:    []validator.String{stringvalidator.LengthBetween(1, 64)},
					PlanModifiers: []planmodifier.String{defaultsTo{"name"}, stringplanmodifier.RequiresReplace()}},
				"key_type": keyType,
				"alternative_key_type": schema.StringAttribute{Optional: true, Validators: []validator.String{stringvalidator.OneOf(experimentalKeyTypes...)},
					MarkdownDescription: "An experiment: kind of a second, post-quantum key, with which it signs a second time. One of `ml-dsa-44`, " +
						"`ml-dsa-65`. Left out: none.",
					PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()}},
				"key_store": keyStore,
				"parent": schema.StringAttribute{Optional: true, Validators: []validator.String{isName()},
					MarkdownDescription: "Issuing authority that signs it. Left out: it signs itself.",
					PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()}},
				"offline":        offline,
				"validity_hours": validity,
				"path_length":    pathLength,
				"name_constraints": schema.SingleNestedAttribute{Optional: true,
					MarkdownDescription: "Names that it and those below it may certify (RFC 5280 section 4.2.1.10). A kind of which nothing is permitted " +
						"is not limited. Not with `offline`.",
					PlanModifiers: []planmodifier.Object{objectplanmodifier.RequiresReplaceIf(constrainsOtherwise, otherConstraints, otherConstraints)},
					Attributes: map[string]schema.Attribute{
						"permitted_dns":       setAttribute("DNS names: each with all below it. A device id below such an authority is one of them."),
						"excluded_dns":        setAttribute("DNS names that are refused, permitted or not."),
						"permitted_ip":        setAttribute("Networks, as in `192.0.2.0/24`."),
						"excluded_ip":         setAttribute("Networks that are refused."),
						"permitted_uri_hosts": setAttribute("Hosts of URIs, or domains with a leading dot."),
						"excluded_uri_hosts":  setAttribute("Hosts of URIs that are refused."),
						"permitted_emails":    setAttribute("Mailboxes, hosts, or domains with a leading dot."),
						"excluded_emails":     setAttribute("Mailboxes, hosts or domains that are refused."),
					}},
				"enabled": flagAttribute("`false`: it issues nothing, and its certificates are refused.", true),
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
		encode: func(ctx context.Context, m, _ *issuingCa, diagnostics *diag.Diagnostics) *client.IssuingCa {
			return &client.IssuingCa{
				CommonName:         otherwise(m.CommonName, m.Name).ValueString(),
				KeyType:            m.KeyType.ValueString(),
				AlternativeKeyType: m.AlternativeKeyType.ValueString(),
				KeyStore:           m.KeyStore.ValueString(),
				NameConstraints:    encodeNameConstraints(ctx, m.NameConstraints, diagnostics),
				Parent:             m.Parent.ValueString(),
				Offline:            m.Offline.ValueBool(),
				ValidityHours:      m.ValidityHours.ValueInt64(),
				PathLength:         m.PathLength.ValueInt64(),
				Enabled:            m.Enabled.ValueBool(),
				Successor:          m.Successor.ValueString(),
				Revision:           m.Revision.ValueInt64(),
			}
		},
		decode: func(ctx context.Context, a *client.IssuingCa, m *issuingCa, diagnostics *diag.Diagnostics) {
			m.Name = types.StringValue(a.Name)
			m.CommonName = optional(a.CommonName)
			m.KeyType = types.StringValue(a.KeyType)
			m.AlternativeKeyType = optional(a.AlternativeKeyType)
			m.KeyStore = types.StringValue(a.KeyStore)
			m.NameConstraints = decodeNameConstraints(ctx, a.NameConstraints, m.NameConstraints, diagnostics)
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

const otherConstraints = "other names make another authority; none at all are as good as what is left out"

// constrainsOtherwise says whether a plan has other constraints, not only another way to say that there are none. Terraform wants what is
// written in the plan, so that the state changes in place.
func constrainsOtherwise(_ context.Context, request planmodifier.ObjectRequest, response *objectplanmodifier.RequiresReplaceIfFuncResponse) {
	response.RequiresReplace = constrains(request.StateValue) || constrains(request.PlanValue)
}

// constrains says whether constraints name anything, or may.
func constrains(constraints types.Object) bool {
	for _, names := range constraints.Attributes() {
		if names.IsUnknown() || len(names.(types.Set).Elements()) > 0 {
			return true
		}
	}
	return constraints.IsUnknown()
}

func encodeNameConstraints(ctx context.Context, m *nameConstraints, diagnostics *diag.Diagnostics) *client.NameConstraints {
	if m == nil {
		return nil
	}
	return &client.NameConstraints{
		PermittedDNS:      elementsOf(ctx, m.PermittedDNS, diagnostics),
		ExcludedDNS:       elementsOf(ctx, m.ExcludedDNS, diagnostics),
		PermittedIP:       elementsOf(ctx, m.PermittedIP, diagnostics),
		ExcludedIP:        elementsOf(ctx, m.ExcludedIP, diagnostics),
		PermittedURIHosts: elementsOf(ctx, m.PermittedURIHosts, diagnostics),
		ExcludedURIHosts:  elementsOf(ctx, m.ExcludedURIHosts, diagnostics),
		PermittedEmails:   elementsOf(ctx, m.PermittedEmails, diagnostics),
		ExcludedEmails:    elementsOf(ctx, m.ExcludedEmails, diagnostics),
	}
}

// decodeNameConstraints stays null while the API shows none.
func decodeNameConstraints(ctx context.Context, a *client.NameConstraints, mine *nameConstraints, diagnostics *diag.Diagnostics) *nameConstraints {
	if a == nil {
		if mine == nil {
			return nil
		}
		a = &client.NameConstraints{}
	}
	return &nameConstraints{
		PermittedDNS:      setOf(ctx, a.PermittedDNS, diagnostics),
		ExcludedDNS:       setOf(ctx, a.ExcludedDNS, diagnostics),
		PermittedIP:       setOf(ctx, a.PermittedIP, diagnostics),
		ExcludedIP:        setOf(ctx, a.ExcludedIP, diagnostics),
		PermittedURIHosts: setOf(ctx, a.PermittedURIHosts, diagnostics),
		ExcludedURIHosts:  setOf(ctx, a.ExcludedURIHosts, diagnostics),
		PermittedEmails:   setOf(ctx, a.PermittedEmails, diagnostics),
		ExcludedEmails:    setOf(ctx, a.ExcludedEmails, diagnostics),
	}
}
