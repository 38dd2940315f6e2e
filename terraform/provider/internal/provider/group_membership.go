package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"signalbox.internal/terraform-provider-signalbox/internal/client"
)

// groupMembership is there or not; it has nothing to change.
type groupMembership struct{ client *client.Client }

type membership struct {
	Group  types.String `tfsdk:"group"`
	Device types.String `tfsdk:"device"`
}

func newGroupMembership() resource.Resource { return &groupMembership{} }

func (g *groupMembership) Metadata(_ context.Context, request resource.MetadataRequest, response *resource.MetadataResponse) {
	response.TypeName = request.ProviderTypeName + "_group_membership"
}

func (g *groupMembership) Schema(_ context.Context, _ resource.SchemaRequest, response *resource.SchemaResponse) {
	response.Schema = schema.Schema{
		MarkdownDescription: "Puts one device into one group. For a device whose `groups` are left out.",
		Attributes: map[string]schema.Attribute{
			"group":  nameAttribute("The group."),
			"device": nameAttribute("The device."),
		},
	}
}

func (g *groupMembership) Configure(_ context.Context, request resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	g.client, _ = request.ProviderData.(*client.Client)
}

func (m *membership) path() string {
	return at("groups", m.Group.ValueString(), "members", m.Device.ValueString())
}

func (g *groupMembership) Create(ctx context.Context, request resource.CreateRequest, response *resource.CreateResponse) {
	var plan membership
	response.Diagnostics.Append(request.Plan.Get(ctx, &plan)...)
	if response.Diagnostics.HasError() {
		return
	}
	if err := g.client.Put(ctx, plan.path(), client.Always, nil, nil); err != nil {
		response.Diagnostics.AddError("Cannot create signalbox_group_membership", err.Error())
		return
	}
	response.Diagnostics.Append(response.State.Set(ctx, &plan)...)
}

func (g *groupMembership) Read(ctx context.Context, request resource.ReadRequest, response *resource.ReadResponse) {
	var state membership
	response.Diagnostics.Append(request.State.Get(ctx, &state)...)
	if response.Diagnostics.HasError() {
		return
	}
	err := g.client.Get(ctx, state.path(), &client.Member{})
	switch {
	case client.IsNotFound(err):
		response.State.RemoveResource(ctx)
	case err != nil:
		response.Diagnostics.AddError("Cannot read signalbox_group_membership", err.Error())
	}
}

func (g *groupMembership) Update(_ context.Context, _ resource.UpdateRequest, response *resource.UpdateResponse) {
	response.Diagnostics.AddError("A membership cannot be changed", "This is a fault of the provider: every attribute asks for replacement.")
}

func (g *groupMembership) Delete(ctx context.Context, request resource.DeleteRequest, response *resource.DeleteResponse) {
	var state membership
	response.Diagnostics.Append(request.State.Get(ctx, &state)...)
	if response.Diagnostics.HasError() {
		return
	}
	if err := g.client.Delete(ctx, state.path()); err != nil {
		response.Diagnostics.AddError("Cannot delete signalbox_group_membership", err.Error())
	}
}

func (g *groupMembership) ImportState(ctx context.Context, request resource.ImportStateRequest, response *resource.ImportStateResponse) {
	group, device, err := twoParts(request.ID, "GROUP/DEVICE")
	if err != nil {
		response.Diagnostics.AddError("Not an import id of signalbox_group_membership", err.Error())
		return
	}
	response.Diagnostics.Append(response.State.SetAttribute(ctx, path.Root("group"), group)...)
	response.Diagnostics.Append(response.State.SetAttribute(ctx, path.Root("device"), device)...)
}
