package provider

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/resourcevalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"signalbox.internal/terraform-provider-signalbox/internal/client"
)

type jwtIssuer struct {
	Name                types.String  `tfsdk:"name"`
	Issuer              types.String  `tfsdk:"issuer"`
	Audiences           types.Set     `tfsdk:"audiences"`
	JwksURI             types.String  `tfsdk:"jwks_uri"`
	JwksJSON            types.String  `tfsdk:"jwks_json"`
	PublicKeysPEM       types.List    `tfsdk:"public_keys_pem"`
	HmacSecretWO        types.String  `tfsdk:"hmac_secret_wo"`
	HmacSecretWOVersion types.Int64   `tfsdk:"hmac_secret_wo_version"`
	Algorithms          types.Set     `tfsdk:"algorithms"`
	ClaimMapping        *claimMapping `tfsdk:"claim_mapping"`
	ClockSkewSeconds    types.Int64   `tfsdk:"clock_skew_seconds"`
	MaxLifetimeSeconds  types.Int64   `tfsdk:"max_lifetime_seconds"`
	AclClaim            types.String  `tfsdk:"acl_claim"`
	Enabled             types.Bool    `tfsdk:"enabled"`
	LastRefreshStatus   types.String  `tfsdk:"last_refresh_status"`
	CreatedAt           types.String  `tfsdk:"created_at"`
	Revision            types.Int64   `tfsdk:"revision"`
}

type claimMapping struct {
	User       types.String `tfsdk:"user"`
	Device     types.String `tfsdk:"device"`
	Groups     types.String `tfsdk:"groups"`
	Attributes types.Map    `tfsdk:"attributes"`
}

var algorithms = []string{"HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}

func newJwtIssuer() resource.Resource {
	return &object[jwtIssuer, client.JwtIssuer]{
		base: base{kind: "jwt_issuer", schema: jwtIssuerSchema()},
		path: func(m *jwtIssuer) string { return at("jwt-issuers", m.Name.ValueString()) },
		named: func(id string) (*jwtIssuer, error) {
			name, version, err := withVersion(id)
			return &jwtIssuer{Name: types.StringValue(name), HmacSecretWOVersion: version}, err
		},
		secretChanged: func(before, after *jwtIssuer) bool {
			return !before.HmacSecretWOVersion.Equal(after.HmacSecretWOVersion) || before.showsKeys()
		},
		encode: encodeJwtIssuer,
		decode: decodeJwtIssuer,
		settled: func(ctx context.Context, c *client.Client, path string, made *client.JwtIssuer) *client.JwtIssuer {
			return afterRefresh(ctx, made, func(again *client.JwtIssuer) error { return c.Get(ctx, path, again) })
		},
		checks: []resource.ConfigValidator{
			resourcevalidator.ExactlyOneOf(path.MatchRoot("jwks_uri"), path.MatchRoot("jwks_json"), path.MatchRoot("public_keys_pem"),
				path.MatchRoot("hmac_secret_wo")),
			resourcevalidator.RequiredTogether(path.MatchRoot("hmac_secret_wo"), path.MatchRoot("hmac_secret_wo_version")),
		},
	}
}

// showsKeys says whether the broker has keys that it shows: then it has no secret, whatever version of one was sent before.
func (m *jwtIssuer) showsKeys() bool {
	return !m.JwksURI.IsNull() || !m.JwksJSON.IsNull() || !m.PublicKeysPEM.IsNull()
}

func jwtIssuerSchema() schema.Schema {
	claim := func(description, fallback string) schema.StringAttribute {
		return schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString(fallback),
			Validators: []validator.String{stringvalidator.LengthBetween(1, 256)}, MarkdownDescription: description + " `" + fallback + "` by default."}
	}
	return schema.Schema{
		MarkdownDescription: "A signer of JSON Web Tokens that the broker accepts: an identity provider, or a program of yours. Destroying it " +
			"ends the connections that rest on its tokens. Exactly one of `jwks_uri`, `jwks_json`, `public_keys_pem` and `hmac_secret_wo` says " +
			"how its signatures are checked. One that is enabled may name any group in its tokens, so that it takes a credential with every " +
			"role, such as the first administrator's token.",
		Attributes: map[string]schema.Attribute{
			"name": nameAttribute("Policies call the issuer by it."),
			"issuer": schema.StringAttribute{Required: true, Validators: []validator.String{stringvalidator.LengthBetween(1, 1024)},
				MarkdownDescription: "The exact claim `iss`."},
			"audiences": schema.SetAttribute{Required: true, ElementType: types.StringType,
				Validators:          []validator.Set{setvalidator.SizeBetween(1, 32), setvalidator.NoNullValues()},
				MarkdownDescription: "A token's `aud` must hold one of them."},
			"jwks_uri": schema.StringAttribute{Optional: true, Validators: []validator.String{notEmpty()},
				MarkdownDescription: "Address of the issuer's key set; https, or http on the broker's own machine."},
			"jwks_json": schema.StringAttribute{Optional: true, Validators: []validator.String{notEmpty(), holdsNoKey{}}, PlanModifiers: unchanged(sameJSON),
				MarkdownDescription: "The key set itself, JSON."},
			"public_keys_pem": schema.ListAttribute{Optional: true, ElementType: types.StringType,
				Validators: []validator.List{listvalidator.SizeBetween(1, 32), listvalidator.NoNullValues(),
					listvalidator.ValueStringsAre(holdsNoKey{})},
				MarkdownDescription: "Public keys or certificates in PEM form."},
			"hmac_secret_wo": schema.StringAttribute{Optional: true, WriteOnly: true, Sensitive: true, Validators: []validator.String{notEmpty()},
				MarkdownDescription: "Secret shared with the issuer, base64; sent when the issuer is made and when `hmac_secret_wo_version` changes."},
			"hmac_secret_wo_version": schema.Int64Attribute{Optional: true, MarkdownDescription: secretVersion},
			"algorithms": schema.SetAttribute{Required: true, ElementType: types.StringType,
				Validators: []validator.Set{setvalidator.SizeAtLeast(1), setvalidator.NoNullValues(),
					setvalidator.ValueStringsAre(stringvalidator.OneOf(algorithms...))},
				MarkdownDescription: "The only ones that its tokens may have: HS, RS, PS or ES with 256, 384 or 512, or EdDSA."},
			"claim_mapping": schema.SingleNestedAttribute{Optional: true, MarkdownDescription: "Paths of claims, such as `realm_access.roles`.",
				Attributes: map[string]schema.Attribute{
					"user": claim("Claim with the user's name.", "sub"),
					"device": schema.StringAttribute{Optional: true, Validators: []validator.String{stringvalidator.LengthBetween(1, 256)},
						MarkdownDescription: "Claim with a device's id. Left out: tokens are of users."},
					"groups":     claim("Claim that lists groups.", "groups"),
					"attributes": mapAttribute("Claim by attribute."),
				}},
			"clock_skew_seconds": numberAttribute("By how much its clock may differ; 30 by default.", 30, int64validator.Between(0, 3600)),
			"max_lifetime_seconds": numberAttribute("Most time that a token may have left; 86400 by default.", 86_400,
				int64validator.Between(60, 31_622_400)),
			"acl_claim": choiceAttribute("Whether a claim `acl` narrows what policies allow, or grants by itself.", "narrow", "narrow", "grant"),
			"enabled":   flagAttribute("`false` refuses its tokens.", true),
			"last_refresh_status": computed("How the broker's last fetch of `jwks_uri` ended, as of the last refresh of the state: `ok`; `failed`, " +
				"which is a warning too that says why; `pending` when there was none yet. Null without `jwks_uri`."),
			"created_at": createdAt(),
			"revision":   revision(),
		},
	}
}

func encodeJwtIssuer(ctx context.Context, m, config *jwtIssuer, diagnostics *diag.Diagnostics) *client.JwtIssuer {
	wanted := &client.JwtIssuer{
		Issuer:             m.Issuer.ValueString(),
		Audiences:          elementsOf(ctx, m.Audiences, diagnostics),
		JwksURI:            m.JwksURI.ValueString(),
		JwksJSON:           m.JwksJSON.ValueString(),
		HmacSecret:         config.HmacSecretWO.ValueString(),
		Algorithms:         elementsOf(ctx, m.Algorithms, diagnostics),
		ClockSkewSeconds:   m.ClockSkewSeconds.ValueInt64(),
		MaxLifetimeSeconds: m.MaxLifetimeSeconds.ValueInt64(),
		AclClaim:           m.AclClaim.ValueString(),
		ClaimMapping:       &client.ClaimMapping{User: "sub", Groups: "groups"},
		Enabled:            m.Enabled.ValueBool(),
		Revision:           m.Revision.ValueInt64(),
	}
	if !m.PublicKeysPEM.IsNull() {
		diagnostics.Append(m.PublicKeysPEM.ElementsAs(ctx, &wanted.PublicKeysPEM, false)...)
	}
	if mapping := m.ClaimMapping; mapping != nil {
		wanted.ClaimMapping = &client.ClaimMapping{
			User:       mapping.User.ValueString(),
			Device:     mapping.Device.ValueString(),
			Groups:     mapping.Groups.ValueString(),
			Attributes: entriesOf(ctx, mapping.Attributes, diagnostics),
		}
	}
	return wanted
}

func decodeJwtIssuer(ctx context.Context, a *client.JwtIssuer, m *jwtIssuer, diagnostics *diag.Diagnostics) {
	m.Name = types.StringValue(a.Name)
	m.Issuer = types.StringValue(a.Issuer)
	m.Audiences = setOf(ctx, a.Audiences, diagnostics)
	m.JwksURI = optional(a.JwksURI)
	m.JwksJSON = keep(m.JwksJSON, a.JwksJSON, sameJSON)
	m.PublicKeysPEM = keepPems(ctx, m.PublicKeysPEM, a.PublicKeysPEM, diagnostics)
	m.HmacSecretWO = types.StringNull()
	m.Algorithms = setOf(ctx, a.Algorithms, diagnostics)
	m.ClaimMapping = decodeClaimMapping(ctx, a.ClaimMapping, m.ClaimMapping, diagnostics)
	m.ClockSkewSeconds = types.Int64Value(a.ClockSkewSeconds)
	m.MaxLifetimeSeconds = types.Int64Value(a.MaxLifetimeSeconds)
	m.AclClaim = types.StringValue(a.AclClaim)
	m.Enabled = types.BoolValue(a.Enabled)
	m.LastRefreshStatus = optional(a.LastRefreshStatus)
	if a.LastRefreshStatus == "failed" {
		diagnostics.AddAttributeWarning(path.Root("jwks_uri"), "The broker has no new keys of the issuer "+a.Name, a.LastRefreshProblem+
			". Tokens count that are signed with keys of an earlier fetch, if there was one, and no others. "+
			"See to it that the broker's machine reaches the address; it asks again every jwks-pause-seconds, though where it never had a set not "+
			"before the next token comes.")
	}
	m.CreatedAt = types.StringValue(a.CreatedAt)
	m.Revision = types.Int64Value(a.Revision)
}

// decodeClaimMapping stays null while the API shows nothing but defaults.
func decodeClaimMapping(ctx context.Context, a *client.ClaimMapping, mine *claimMapping, diagnostics *diag.Diagnostics) *claimMapping {
	if a == nil {
		a = &client.ClaimMapping{}
	}
	if a.User == "" {
		a.User = "sub"
	}
	if a.Groups == "" {
		a.Groups = "groups"
	}
	if mine == nil && a.User == "sub" && a.Groups == "groups" && a.Device == "" && len(a.Attributes) == 0 {
		return nil
	}
	return &claimMapping{types.StringValue(a.User), optional(a.Device), types.StringValue(a.Groups), mapOf(ctx, a.Attributes, diagnostics)}
}

const (
	// refreshWait is a little longer than the broker waits for a key set.
	refreshWait = 12 * time.Second
	refreshPoll = 100 * time.Millisecond
)

// afterRefresh waits until the broker has tried to fetch the keys of an issuer that was just written, so that the apply says whether it
// can; not for ever, and not for one that it does not believe.
func afterRefresh(ctx context.Context, made *client.JwtIssuer, read func(again *client.JwtIssuer) error) *client.JwtIssuer {
	for deadline := time.Now().Add(refreshWait); made.LastRefreshStatus == "pending" && made.Enabled && time.Now().Before(deadline); {
		select {
		case <-ctx.Done():
			return made
		case <-time.After(refreshPoll):
		}
		again := new(client.JwtIssuer)
		if err := read(again); err != nil || again.Revision != made.Revision {
			return made // somebody else's change is for the next plan
		}
		made = again
	}
	return made
}
