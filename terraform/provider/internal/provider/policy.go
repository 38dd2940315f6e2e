package provider

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

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
	Name        types.String `tfsdk:"name"`
	Document    types.String `tfsdk:"document"`
	Description types.String `tfsdk:"description"`
	Ref         types.String `tfsdk:"ref"`
	Sha256      types.String `tfsdk:"sha256"`
	Warnings    types.List   `tfsdk:"warnings"`
	CreatedAt   types.String `tfsdk:"created_at"`
	Revision    types.Int64  `tfsdk:"revision"`
}

func newPolicy() resource.Resource {
	return &object[policy, client.Policy]{
		base: base{kind: "policy", schema: schema.Schema{
			MarkdownDescription: "An access policy. It binds whom its own `match` says and whom `signalbox_policy_attachment` names. A change is " +
				"in force for everybody who is connected before the apply goes on; one that is not valid changes nothing, and its faults are " +
				"reported with line and column. Where its `replaces` names a policy of the same configuration, give it `depends_on`: that one " +
				"has to be there first, and to go last. Policies in the broker's files are others, even with the same name.",
			Attributes: map[string]schema.Attribute{
				"name": nameAttribute("The policy's name, as in the document."),
				"document": schema.StringAttribute{Required: true, PlanModifiers: unchanged(samePolicy),
					Validators: []validator.String{stringvalidator.LengthBetween(1, documentCharsMax)},
					MarkdownDescription: "The policy, YAML or JSON: `file(\"pump.policy.yaml\")` or `data.signalbox_policy_document.NAME.json`. " +
						"Two ways to write the same are no change."},
				"description": computed("For people, as in the document."),
				"ref":         fixed("`api:NAME`, which is what decisions and logs call it."),
				"sha256":      computed("Hash of the policy, the same for every way to write it."),
				"warnings": schema.ListAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "What lint finds in the " +
					"policy, beside the policies in force at the last refresh: `RULE: NAME:LINE:COLUMN: MESSAGE`. Whom it binds is not looked at."},
				"created_at": createdAt(),
				"revision":   revision(),
			},
		}},
		path:  func(m *policy) string { return at("policies", m.Name.ValueString()) },
		named: func(id string) (*policy, error) { return &policy{Name: types.StringValue(id)}, nil },
		plan:  planPolicy,
		complete: func(ctx context.Context, c *client.Client, m *policy, diagnostics *diag.Diagnostics) {
			m.Warnings = warningsOf(ctx, c, m, diagnostics)
		},
		encode: func(_ context.Context, m, _ *policy, _ *diag.Diagnostics) *client.Policy {
			return &client.Policy{Document: m.Document.ValueString(), Revision: m.Revision.ValueInt64()}
		},
		decode: func(_ context.Context, a *client.Policy, m *policy, _ *diag.Diagnostics) {
			m.Name = types.StringValue(a.Name)
			m.Document = keep(m.Document, a.Document, samePolicy)
			m.Description = types.StringValue(a.Description)
			m.Ref = types.StringValue(a.Ref)
			m.Sha256 = types.StringValue(a.Sha256)
			m.CreatedAt = types.StringValue(a.CreatedAt)
			m.Revision = types.Int64Value(a.Revision)
		},
	}
}

// planPolicy finds before the apply what is wrong with a new document, and warns of what is probably not meant.
func planPolicy(ctx context.Context, c *client.Client, request resource.ModifyPlanRequest, response *resource.ModifyPlanResponse) {
	var name, document, before types.String
	response.Diagnostics.Append(request.Plan.GetAttribute(ctx, path.Root("name"), &name)...)
	response.Diagnostics.Append(request.Plan.GetAttribute(ctx, path.Root("document"), &document)...)
	if !request.State.Raw.IsNull() {
		response.Diagnostics.Append(request.State.GetAttribute(ctx, path.Root("document"), &before)...)
	}
	if response.Diagnostics.HasError() || name.IsUnknown() || document.IsUnknown() || document.Equal(before) {
		return
	}
	written, err := nameIn(document.ValueString())
	if err != nil {
		response.Diagnostics.AddAttributeError(path.Root("document"), "Not a policy", err.Error())
		return
	}
	if written != name.ValueString() {
		response.Diagnostics.AddAttributeError(path.Root("document"), "The document is of another policy",
			fmt.Sprintf("It says \"name: %s\", and the resource is %q. Make them the same.", written, name.ValueString()))
		return
	}
	if c != nil {
		response.Diagnostics.Append(validated(ctx, c, name.ValueString(), document.ValueString())...)
	}
}

// ofBindings are the warnings about whom a policy binds, which attachments of the same apply may answer.
var ofBindings = []string{"bound-to-nobody", "no-connect"}

// validated asks the broker about a document. That there is no answer is for the apply to say.
func validated(ctx context.Context, c *client.Client, name, document string) (found diag.Diagnostics) {
	answer, err := lint(ctx, c, document)
	if err != nil {
		found.AddAttributeWarning(path.Root("document"), "The policy could not be checked before the apply", err.Error())
		return found
	}
	for _, fault := range answer.Problems {
		where := placed(name, fault.File, fault.Line, fault.Column, fault.Message)
		if isOfOthers(fault) {
			found.AddAttributeWarning(path.Root("document"), "The policy does not fit what is in force now", where+
				"\nIt has to when it is put; what else this apply changes may mend that, if it comes first.")
		} else {
			found.AddAttributeError(path.Root("document"), "The policy is not valid", where)
		}
	}
	for _, warning := range answer.Warnings {
		found.AddAttributeWarning(path.Root("document"), "The policy is valid and perhaps not meant ("+warning.Rule+")",
			placed(name, warning.File, warning.Line, warning.Column, warning.Message))
	}
	return found
}

// isOfOthers says whether a document is good in itself, and a fault only beside the policies and tests that are in force: the same
// apply may make another policy that it names, or change one that a test is about.
func isOfOthers(fault client.PolicyFault) bool {
	return !isOfDocument(fault.File) || strings.HasPrefix(fault.Message, "\"replaces\" names policy ")
}

// isOfDocument says whether a place is in the document that is looked at, for whose name the broker does not ask.
func isOfDocument(file string) bool { return strings.HasPrefix(file, "api:.") }

// lint asks the broker about a document, and leaves out what attachments may answer.
func lint(ctx context.Context, c *client.Client, document string) (answer client.PolicyValidation, err error) {
	err = c.Post(ctx, at("policy-tools", "validate"), &client.Policy{Document: document}, &answer)
	answer.Warnings = slices.DeleteFunc(answer.Warnings, func(warning client.PolicyWarning) bool { return slices.Contains(ofBindings, warning.Rule) })
	return answer, err
}

// placed says where in the document something is.
func placed(name, file string, line, column int64, message string) string {
	if isOfDocument(file) {
		file = name
	}
	if line == 0 {
		return file + ": " + message
	}
	return fmt.Sprintf("%s:%d:%d: %s", file, line, column, message)
}

// warningsOf is what the state holds of lint's; what it held already if the broker does not say.
func warningsOf(ctx context.Context, c *client.Client, m *policy, diagnostics *diag.Diagnostics) types.List {
	answer, err := lint(ctx, c, m.Document.ValueString())
	if err != nil {
		diagnostics.AddAttributeWarning(path.Root("warnings"), "The policy could not be checked", err.Error())
		if !m.Warnings.IsUnknown() && !m.Warnings.IsNull() {
			return m.Warnings
		}
	}
	texts := []string{}
	for _, warning := range answer.Warnings {
		texts = append(texts, warning.Rule+": "+placed(m.Name.ValueString(), warning.File, warning.Line, warning.Column, warning.Message))
	}
	list, found := types.ListValueFrom(ctx, types.StringType, texts)
	diagnostics.Append(found...)
	return list
}

// samePolicy says that two documents hold the same, whatever way they are written.
func samePolicy(one, other string) bool {
	first, errFirst := contentOf(one)
	second, errSecond := contentOf(other)
	return errFirst == nil && errSecond == nil && reflect.DeepEqual(first, second)
}

// nameIn is what a document says that its policy is called, as it is written; empty if it says nothing.
func nameIn(document string) (string, error) {
	var read struct {
		Name string `json:"name" yaml:"name"`
	}
	if json.Valid([]byte(document)) {
		err := json.Unmarshal([]byte(document), &read)
		return read.Name, err
	}
	err := yaml.Unmarshal([]byte(document), &read)
	return read.Name, err
}

// contentOf reads a document as the broker does: as JSON if it is that, where a character may be two escapes, as YAML does not have it.
func contentOf(document string) (content any, err error) {
	if !json.Valid([]byte(document)) {
		err = yaml.Unmarshal([]byte(document), &content)
		return content, err
	}
	reader := json.NewDecoder(strings.NewReader(document))
	reader.UseNumber()
	err = reader.Decode(&content)
	return likeYAML(content), err
}

// likeYAML has numbers as YAML has them.
func likeYAML(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for name, field := range value {
			value[name] = likeYAML(field)
		}
	case []any:
		for i, item := range value {
			value[i] = likeYAML(item)
		}
	case json.Number:
		if whole, err := strconv.Atoi(value.String()); err == nil {
			return whole
		}
		broken, _ := value.Float64()
		return broken
	}
	return value
}
