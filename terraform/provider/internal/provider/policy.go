package provider

import (
	"context"
	"fmt"
	"reflect"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"go.yaml.in/yaml/v3"

	"signalbox.internal/terraform-provider-signalbox/internal/client"
)

// documentCharsMax is the longest policy that the API takes.
const documentCharsMax = 1 << 20

type policy struct {
	Name      types.String `tfsdk:"name"`
	Document  types.String `tfsdk:"document"`
	Ref       types.String `tfsdk:"ref"`
	Sha256    types.String `tfsdk:"sha256"`
	CreatedAt types.String `tfsdk:"created_at"`
	Revision  types.Int64  `tfsdk:"revision"`
}

func newPolicy() resource.Resource {
	return &object[policy, client.Policy]{
		kind: "policy",
		schema: schema.Schema{
			MarkdownDescription: "An access policy. It binds whom its own `match` says and whom `signalbox_policy_attachment` names. A change is " +
				"in force for everybody who is connected before the apply goes on; one that is not valid changes nothing, and its faults are " +
				"reported with line and column. Policies in the broker's files are others, even with the same name.",
			Attributes: map[string]schema.Attribute{
				"name": nameAttribute("The policy's name, as in the document."),
				"document": schema.StringAttribute{Required: true, PlanModifiers: unchanged(samePolicy),
					Validators: []validator.String{stringvalidator.LengthBetween(1, documentCharsMax)},
					MarkdownDescription: "The policy, YAML or JSON: `file(\"pump.policy.yaml\")` or `data.signalbox_policy_document.NAME.json`. " +
						"Two ways to write the same are no change."},
				"ref":        fixed("`api:NAME`, which is what decisions and logs call it."),
				"sha256":     computed("Hash of the policy, the same for every way to write it."),
				"created_at": createdAt(),
				"revision":   revision(),
			},
		},
		path:  func(m *policy) string { return at("policies", m.Name.ValueString()) },
		named: func(id string) (*policy, error) { return &policy{Name: types.StringValue(id)}, nil },
		plan:  planPolicy,
		encode: func(_ context.Context, m, _ *policy, _ *diag.Diagnostics) *client.Policy {
			return &client.Policy{Document: m.Document.ValueString(), Revision: m.Revision.ValueInt64()}
		},
		decode: func(_ context.Context, a *client.Policy, m *policy, _ *diag.Diagnostics) {
			m.Name = types.StringValue(a.Name)
			m.Document = keep(m.Document, a.Document, samePolicy)
			m.Ref = types.StringValue(a.Ref)
			m.Sha256 = types.StringValue(a.Sha256)
			m.CreatedAt = types.StringValue(a.CreatedAt)
			m.Revision = types.Int64Value(a.Revision)
		},
	}
}

// planPolicy finds before the apply what needs no broker to be found: a document that is no YAML, and one of another name.
func planPolicy(ctx context.Context, _ *client.Client, request resource.ModifyPlanRequest, response *resource.ModifyPlanResponse) {
	var name, document types.String
	response.Diagnostics.Append(request.Plan.GetAttribute(ctx, path.Root("name"), &name)...)
	response.Diagnostics.Append(request.Plan.GetAttribute(ctx, path.Root("document"), &document)...)
	if response.Diagnostics.HasError() || name.IsUnknown() || document.IsUnknown() {
		return
	}
	var read struct {
		Name string `yaml:"name"`
	}
	if err := yaml.Unmarshal([]byte(document.ValueString()), &read); err != nil {
		response.Diagnostics.AddAttributeError(path.Root("document"), "Not a policy", err.Error())
	} else if read.Name != name.ValueString() {
		response.Diagnostics.AddAttributeError(path.Root("document"), "The document is of another policy",
			fmt.Sprintf("It says \"name: %s\", and the resource is %q. Make them the same.", read.Name, name.ValueString()))
	}
}

// samePolicy says that two documents hold the same, whatever way they are written. JSON is YAML too.
func samePolicy(one, other string) bool {
	var first, second any
	return yaml.Unmarshal([]byte(one), &first) == nil && yaml.Unmarshal([]byte(other), &second) == nil && reflect.DeepEqual(first, second)
}
