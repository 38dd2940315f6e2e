package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"signalbox.internal/terraform-provider-signalbox/internal/client"
)

type trustedCa struct {
	Name                 types.String     `tfsdk:"name"`
	CertificatePEM       types.String     `tfsdk:"certificate_pem"`
	Enabled              types.Bool       `tfsdk:"enabled"`
	AutoRegister         types.Bool       `tfsdk:"auto_register"`
	ProvisioningTemplate types.String     `tfsdk:"provisioning_template"`
	CrlPEM               types.String     `tfsdk:"crl_pem"`
	CrlURL               types.String     `tfsdk:"crl_url"`
	Ocsp                 *ocsp            `tfsdk:"ocsp"`
	IdentityMapping      *identityMapping `tfsdk:"identity_mapping"`
	Fingerprint          types.String     `tfsdk:"fingerprint"`
	Subject              types.String     `tfsdk:"subject"`
	NotAfter             types.String     `tfsdk:"not_after"`
	CreatedAt            types.String     `tfsdk:"created_at"`
	Revision             types.Int64      `tfsdk:"revision"`
}

type ocsp struct {
	Mode types.String `tfsdk:"mode"`
	URL  types.String `tfsdk:"url"`
}

type identityMapping struct {
	Source types.String `tfsdk:"source"`
	Prefix types.String `tfsdk:"prefix"`
	Suffix types.String `tfsdk:"suffix"`
}

func newTrustedCa() resource.Resource {
	return &object[trustedCa, client.TrustedCa]{
		base: base{kind: "trusted_ca", schema: schema.Schema{
			MarkdownDescription: "An authority of somebody else whose client certificates the broker accepts. Destroying it ends the connections " +
				"with its certificates. One that is enabled vouches for any device, so that it takes a credential with every role, such as the " +
				"first administrator's token.",
			Attributes: map[string]schema.Attribute{
				"name": nameAttribute("Policies call the authority by it."),
				"certificate_pem": schema.StringAttribute{Required: true, Validators: []validator.String{holdsNoKey{}}, PlanModifiers: unchanged(samePem),
					MarkdownDescription: "One or more CA certificates, PEM."},
				"enabled": flagAttribute("`false` refuses its certificates.", true),
				"auto_register": flagAttribute("`true`: a device that is not known yet is registered at its first connection, by "+
					"`provisioning_template`.", false),
				"provisioning_template": schema.StringAttribute{Optional: true, Validators: []validator.String{isName()},
					MarkdownDescription: "Template that makes the devices of `auto_register`; its `device_id_template` names the authority's devices in any case."},
				"crl_pem": schema.StringAttribute{Optional: true, Validators: []validator.String{notEmpty()}, PlanModifiers: unchanged(samePem), MarkdownDescription: "Revocation list, PEM."},
				"crl_url": schema.StringAttribute{Optional: true, Validators: []validator.String{notEmpty()},
					MarkdownDescription: "Where the revocation list is fetched from."},
				"ocsp": schema.SingleNestedAttribute{Optional: true, MarkdownDescription: "Whether the authority is asked about each certificate.",
					Attributes: map[string]schema.Attribute{
						"mode": choiceAttribute("`soft`: no answer is as good as a good one; `hard`: no answer refuses.", "off", "off", "soft", "hard"),
						"url": schema.StringAttribute{Optional: true, Validators: []validator.String{notEmpty()},
							MarkdownDescription: "Left out: the one in the certificate."},
					}},
				"identity_mapping": schema.SingleNestedAttribute{Optional: true,
					MarkdownDescription: "Where in a certificate the device's id stands. Left out: the common name is the id.",
					Attributes: map[string]schema.Attribute{
						"source": choiceAttribute("Which field.", "cn", "cn", "dns", "uri", "email", "serial", "fingerprint"),
						"prefix": textAttribute("What stands before the id, such as `spiffe://acme.example/pump/`."),
						"suffix": textAttribute("What stands behind the id."),
					}},
				"fingerprint": computed("SHA-256 of the first certificate."),
				"subject":     computed("Subject of the first certificate."),
				"not_after":   computed("End of the first certificate, RFC 3339."),
				"created_at":  createdAt(),
				"revision":    revision(),
			},
		}},
		path:  func(m *trustedCa) string { return at("trusted-cas", m.Name.ValueString()) },
		named: func(id string) (*trustedCa, error) { return &trustedCa{Name: types.StringValue(id)}, nil },
		encode: func(_ context.Context, m, _ *trustedCa, _ *diag.Diagnostics) *client.TrustedCa {
			wanted := &client.TrustedCa{
				CertificatePEM:       m.CertificatePEM.ValueString(),
				Enabled:              m.Enabled.ValueBool(),
				AutoRegister:         m.AutoRegister.ValueBool(),
				ProvisioningTemplate: m.ProvisioningTemplate.ValueString(),
				CrlPEM:               m.CrlPEM.ValueString(),
				CrlURL:               m.CrlURL.ValueString(),
				Ocsp:                 &client.Ocsp{Mode: "off"},
				IdentityMapping:      &client.IdentityMapping{Source: "cn"},
				Revision:             m.Revision.ValueInt64(),
			}
			if m.Ocsp != nil {
				wanted.Ocsp = &client.Ocsp{Mode: m.Ocsp.Mode.ValueString(), URL: m.Ocsp.URL.ValueString()}
			}
			if mapping := m.IdentityMapping; mapping != nil {
				wanted.IdentityMapping = &client.IdentityMapping{Source: mapping.Source.ValueString(), Prefix: mapping.Prefix.ValueString(),
					Suffix: mapping.Suffix.ValueString()}
			}
			return wanted
		},
		decode: decodeTrustedCa,
	}
}

func decodeTrustedCa(_ context.Context, a *client.TrustedCa, m *trustedCa, _ *diag.Diagnostics) {
	m.Name = types.StringValue(a.Name)
	m.CertificatePEM = keepPem(m.CertificatePEM, a.CertificatePEM)
	m.Enabled = types.BoolValue(a.Enabled)
	m.AutoRegister = types.BoolValue(a.AutoRegister)
	m.ProvisioningTemplate = optional(a.ProvisioningTemplate)
	m.CrlPEM = keepPem(m.CrlPEM, a.CrlPEM)
	m.CrlURL = optional(a.CrlURL)
	m.Ocsp = decodeOcsp(a.Ocsp, m.Ocsp)
	m.IdentityMapping = decodeIdentityMapping(a.IdentityMapping, m.IdentityMapping)
	m.Fingerprint = optional(a.Fingerprint)
	m.Subject = optional(a.Subject)
	m.NotAfter = optional(a.NotAfter)
	m.CreatedAt = types.StringValue(a.CreatedAt)
	m.Revision = types.Int64Value(a.Revision)
}

// decodeOcsp stays null while the API shows nothing but defaults.
func decodeOcsp(a *client.Ocsp, mine *ocsp) *ocsp {
	if a == nil || a.Mode == "" {
		a = &client.Ocsp{Mode: "off"}
	}
	if mine == nil && a.Mode == "off" && a.URL == "" {
		return nil
	}
	return &ocsp{types.StringValue(a.Mode), optional(a.URL)}
}

// decodeIdentityMapping stays null while the API shows nothing but defaults.
func decodeIdentityMapping(a *client.IdentityMapping, mine *identityMapping) *identityMapping {
	if a == nil || a.Source == "" {
		a = &client.IdentityMapping{Source: "cn"}
	}
	if mine == nil && *a == (client.IdentityMapping{Source: "cn"}) {
		return nil
	}
	return &identityMapping{types.StringValue(a.Source), types.StringValue(a.Prefix), types.StringValue(a.Suffix)}
}
