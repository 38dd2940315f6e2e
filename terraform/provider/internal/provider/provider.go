// Package provider describes the objects of a Signalbox broker to Terraform.
package provider

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"signalbox.internal/terraform-provider-signalbox/internal/client"
)

// Address is the provider's name in required_providers. The host exists in no public name system, so nobody else can publish
// under it.
const Address = "signalbox.internal/signalbox/signalbox"

// New gives what makes a provider of this version.
func New(version string) func() provider.Provider {
	return func() provider.Provider { return &signalbox{version: version} }
}

type signalbox struct {
	version string
	// from Configure on
	client   *client.Client
	handover *handover
}

var (
	_ provider.ProviderWithFunctions          = (*signalbox)(nil)
	_ provider.ProviderWithEphemeralResources = (*signalbox)(nil)
)

type configuration struct {
	Endpoint        types.String `tfsdk:"endpoint"`
	Token           types.String `tfsdk:"token"`
	TokenFile       types.String `tfsdk:"token_file"`
	CertificateFile types.String `tfsdk:"certificate_file"`
	PrivateKeyFile  types.String `tfsdk:"private_key_file"`
	CAFile          types.String `tfsdk:"ca_file"`
	CAPEM           types.String `tfsdk:"ca_pem"`
	RequestTimeout  types.String `tfsdk:"request_timeout"`
	Patience        types.String `tfsdk:"patience"`
}

func (p *signalbox) Metadata(_ context.Context, _ provider.MetadataRequest, response *provider.MetadataResponse) {
	response.TypeName = "signalbox"
	response.Version = p.version
}

func (p *signalbox) Schema(_ context.Context, _ provider.SchemaRequest, response *provider.SchemaResponse) {
	response.Schema = schema.Schema{
		MarkdownDescription: "Provisions a Signalbox broker through its admin API: devices and their certificates, groups, access policies, authorities, " +
			"token issuers, users and enrolment. No private key, password or token is kept in the state.",
		Attributes: map[string]schema.Attribute{
			"endpoint": schema.StringAttribute{Optional: true, MarkdownDescription: "Address of one of the broker's wss listeners, such as " +
				"`https://localhost:8443`, which is the default. From the environment: `SIGNALBOX_ENDPOINT`."},
			"token": schema.StringAttribute{Optional: true, Sensitive: true, MarkdownDescription: "Token of an administrator or operator. " +
				"Better from the environment: `SIGNALBOX_TOKEN`, which is left aside, with a warning, where `certificate_file` is configured; " +
				"`token_file` gives a token beside that."},
			"token_file": schema.StringAttribute{Optional: true, MarkdownDescription: "File that holds the token, such as `admin.token` of the " +
				"broker's data directory. From the environment: `SIGNALBOX_TOKEN_FILE`, of which the same holds."},
			"certificate_file": schema.StringAttribute{Optional: true, MarkdownDescription: "Client certificate (PEM) instead of a token: where it is configured, " +
				"none is taken from the environment. With a token that is configured too the broker goes by that, and the certificate only opens " +
				"the connection, as `client-certificate: required` of a listener wants it. From the environment: `SIGNALBOX_CERTIFICATE_FILE`."},
			"private_key_file": schema.StringAttribute{Optional: true, MarkdownDescription: "Private key (PEM) of the client certificate. From " +
				"the environment: `SIGNALBOX_PRIVATE_KEY_FILE`."},
			"ca_file": schema.StringAttribute{Optional: true, MarkdownDescription: "Authorities (PEM) that the broker's own certificate may come " +
				"from; without it those of the system. From the environment: `SIGNALBOX_CA_FILE`."},
			"ca_pem": schema.StringAttribute{Optional: true, MarkdownDescription: "The same as text. From the environment: `SIGNALBOX_CA_PEM`."},
			"request_timeout": schema.StringAttribute{Optional: true, MarkdownDescription: "For how long one request may take. `30s` by " +
				"default. From the environment: `SIGNALBOX_REQUEST_TIMEOUT`."},
			"patience": schema.StringAttribute{Optional: true, MarkdownDescription: "For how long a request is repeated while the broker cannot " +
				"be reached or is busy, for instance while it restarts. `30s` by default; `0s` never repeats. From the environment: " +
				"`SIGNALBOX_PATIENCE`."},
		},
	}
}

func (p *signalbox) Configure(ctx context.Context, request provider.ConfigureRequest, response *provider.ConfigureResponse) {
	var config configuration
	response.Diagnostics.Append(request.Config.Get(ctx, &config)...)
	if response.Diagnostics.HasError() {
		return
	}
	fail := func(attribute, summary, detail string) {
		response.Diagnostics.AddAttributeError(path.Root(attribute), summary, detail)
	}
	isGiven := func(value types.String) bool { return value.IsUnknown() || value.ValueString() != "" }
	// The broker goes by a token where there is one, so that one of the environment would count more than a certificate that is configured.
	leftAside := map[string]bool{}
	if isGiven(config.CertificateFile) {
		leftAside["token"], leftAside["token_file"] = true, true
		if os.Getenv("SIGNALBOX_TOKEN")+os.Getenv("SIGNALBOX_TOKEN_FILE") != "" && !isGiven(config.Token) && !isGiven(config.TokenFile) {
			response.Diagnostics.AddAttributeWarning(path.Root("certificate_file"), "The token of the environment is not used", "The broker goes "+
				"by the client certificate, because what is configured counts more than SIGNALBOX_TOKEN and SIGNALBOX_TOKEN_FILE. To have it go by "+
				"a token, configure \"token_file\" beside the certificate; otherwise unset them.")
		}
	}
	text := func(attribute string, value types.String) string {
		if value.IsUnknown() {
			fail(attribute, "Value is not known yet", fmt.Sprintf("The provider asks the broker while it plans, so %q must be known by then. "+
				"Take it from a variable, a file or the environment, not from a resource that the same apply makes.", attribute))
		}
		if value.ValueString() != "" {
			return value.ValueString()
		}
		if leftAside[attribute] {
			return ""
		}
		return os.Getenv("SIGNALBOX_" + strings.ToUpper(attribute))
	}
	content := func(attribute string, value types.String) string {
		name := text(attribute, value)
		if name == "" {
			return ""
		}
		bytes, err := os.ReadFile(name)
		if err != nil {
			fail(attribute, "File cannot be read", err.Error())
		}
		return string(bytes)
	}
	// What is configured counts more than the environment, be it the text or the file that holds it.
	textOrFile := func(attribute string, value types.String, fileAttribute string, file types.String) string {
		written := text(attribute, value)
		if written == "" || (value.ValueString() == "" && isGiven(file)) {
			return content(fileAttribute, file)
		}
		return written
	}
	duration := func(attribute string, value types.String, fallback time.Duration) time.Duration {
		written := text(attribute, value)
		if written == "" {
			return fallback
		}
		parsed, err := time.ParseDuration(written)
		if err != nil || parsed < 0 {
			fail(attribute, "No duration", fmt.Sprintf("%q is no duration such as 30s or 2m.", written))
		}
		return parsed
	}
	settings := client.Config{
		Endpoint:       text("endpoint", config.Endpoint),
		Token:          strings.TrimSpace(textOrFile("token", config.Token, "token_file", config.TokenFile)),
		CertificatePEM: content("certificate_file", config.CertificateFile),
		PrivateKeyPEM:  content("private_key_file", config.PrivateKeyFile),
		CAPEM:          textOrFile("ca_pem", config.CAPEM, "ca_file", config.CAFile),
		Timeout:        duration("request_timeout", config.RequestTimeout, 30*time.Second),
		Patience:       duration("patience", config.Patience, 30*time.Second),
		UserAgent:      "terraform-provider-signalbox/" + p.version,
	}
	if settings.Endpoint == "" {
		settings.Endpoint = "https://localhost:8443"
	}
	if response.Diagnostics.HasError() {
		return
	}
	if settings.Token == "" && settings.CertificatePEM == "" {
		response.Diagnostics.AddError("No credential", "The admin API answers nobody without one. Set \"token\" or \"token_file\" (or "+
			"SIGNALBOX_TOKEN, SIGNALBOX_TOKEN_FILE), or \"certificate_file\" and \"private_key_file\". The first administrator's token is "+
			"in the file admin.token of the broker's data directory.")
		return
	}
	made, err := client.New(settings)
	if err != nil {
		response.Diagnostics.AddError("The configuration of the provider cannot be used", err.Error())
		return
	}
	p.client, p.handover = made, &handover{}
	response.ResourceData = &given{made, p.handover}
	response.DataSourceData = made
	response.EphemeralResourceData = made
}

func (p *signalbox) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{
		newDevice, newFleetDevice, newGroup, newGroupMembership, newDeviceCertificate, newJwtIssuer, newTrustedCa, newIssuingCa,
		newProvisioningTemplate, newClaimToken, newUser, newPolicy, newPolicyAttachment,
	}
}

func (p *signalbox) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return []func() ephemeral.EphemeralResource{newAccessToken, newEnrolmentToken}
}

func (p *signalbox) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{
		newEndpointData, newCaBundleData, newDeviceData, newDevicesData, newServerInfoData, newPolicyData, newPolicyDocumentData,
		newAuthorizationCheckData, newEffectivePermissionsData,
	}
}

func (p *signalbox) Functions(context.Context) []func() function.Function {
	return []func() function.Function{newTopicMatches, newTopicContains}
}
