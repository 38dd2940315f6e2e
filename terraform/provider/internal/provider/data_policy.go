package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"signalbox.internal/terraform-provider-signalbox/internal/client"
)

type policyData struct {
	Name        types.String `tfsdk:"name"`
	Ref         types.String `tfsdk:"ref"`
	Description types.String `tfsdk:"description"`
	Mode        types.String `tfsdk:"mode"`
	Document    types.String `tfsdk:"document"`
	JSON        types.String `tfsdk:"json"`
	Sha256      types.String `tfsdk:"sha256"`
	Revision    types.Int64  `tfsdk:"revision"`
}

func newPolicyData() datasource.DataSource {
	return &data[policyData]{
		kind: "policy",
		schema: schema.Schema{
			MarkdownDescription: "An access policy of the API that something else manages.",
			Attributes: map[string]schema.Attribute{
				"name":        schema.StringAttribute{Required: true, MarkdownDescription: "Name of the policy."},
				"ref":         schema.StringAttribute{Computed: true, MarkdownDescription: "`api:NAME`."},
				"description": schema.StringAttribute{Computed: true, MarkdownDescription: "For people."},
				"mode":        schema.StringAttribute{Computed: true, MarkdownDescription: "`enforce` or `observe`."},
				"document":    schema.StringAttribute{Computed: true, MarkdownDescription: "The policy as its author wrote it."},
				"json":        schema.StringAttribute{Computed: true, MarkdownDescription: "What it says, in one fixed form."},
				"sha256":      schema.StringAttribute{Computed: true, MarkdownDescription: "Hash of that form."},
				"revision":    schema.Int64Attribute{Computed: true, MarkdownDescription: "Grows with every change."},
			},
		},
		read: func(ctx context.Context, c *client.Client, m *policyData, _ *diag.Diagnostics) error {
			var found client.Policy
			if err := c.Get(ctx, at("policies", m.Name.ValueString()), &found); err != nil {
				return err
			}
			*m = policyData{m.Name, types.StringValue(found.Ref), types.StringValue(found.Description), types.StringValue(found.Mode),
				types.StringValue(found.Document), types.StringValue(string(found.Policy)), types.StringValue(found.Sha256),
				types.Int64Value(found.Revision)}
			return nil
		},
	}
}
