package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"signalbox.internal/terraform-provider-signalbox/internal/client"
)

type group struct {
	Name        types.String `tfsdk:"name"`
	Description types.String `tfsdk:"description"`
	Attributes  types.Map    `tfsdk:"attributes"`
	CreatedAt   types.String `tfsdk:"created_at"`
	Revision    types.Int64  `tfsdk:"revision"`
}

func newGroup() resource.Resource {
	return &object[group, client.Group]{
		base: base{kind: "group", schema: schema.Schema{
			MarkdownDescription: "A set of devices, to which policies can be bound. One that devices or templates name cannot be destroyed." +
				destroyedLast,
			Attributes: map[string]schema.Attribute{
				"name":        nameAttribute("The group's name."),
				"description": textAttribute("For people."),
				"attributes":  mapAttribute("Text by name."),
				"created_at":  createdAt(),
				"revision":    revision(),
			},
		}},
		path:  func(m *group) string { return at("groups", m.Name.ValueString()) },
		named: func(id string) (*group, error) { return &group{Name: types.StringValue(id)}, nil },
		encode: func(ctx context.Context, m, _ *group, diagnostics *diag.Diagnostics) *client.Group {
			return &client.Group{
				Description: m.Description.ValueString(),
				Attributes:  entriesOf(ctx, m.Attributes, diagnostics),
				Revision:    m.Revision.ValueInt64(),
			}
		},
		decode: func(ctx context.Context, a *client.Group, m *group, diagnostics *diag.Diagnostics) {
			m.Name = types.StringValue(a.Name)
			m.Description = types.StringValue(a.Description)
			m.Attributes = mapOf(ctx, a.Attributes, diagnostics)
			m.CreatedAt = types.StringValue(a.CreatedAt)
			m.Revision = types.Int64Value(a.Revision)
		},
	}
}
