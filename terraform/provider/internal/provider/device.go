package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"signalbox.internal/terraform-provider-signalbox/internal/client"
)

type device struct {
	ID              types.String `tfsdk:"id"`
	DisplayName     types.String `tfsdk:"display_name"`
	Attributes      types.Map    `tfsdk:"attributes"`
	Groups          types.Set    `tfsdk:"groups"`
	Enabled         types.Bool   `tfsdk:"enabled"`
	PendingApproval types.Bool   `tfsdk:"pending_approval"`
	ClientIDPin     types.String `tfsdk:"client_id_pin"`
	CreatedAt       types.String `tfsdk:"created_at"`
	Revision        types.Int64  `tfsdk:"revision"`
}

func newDevice() resource.Resource {
	return &object[device, client.Device]{
		base: base{kind: "device", endsForGood: true, schema: schema.Schema{
			MarkdownDescription: "A device of the registry. Disabling it ends its live connections; destroying it revokes its certificates too.",
			Attributes:          deviceAttributes(),
		}},
		path:  (*device).path,
		named: func(id string) (*device, error) { return &device{ID: types.StringValue(id)}, nil },
		encode: func(ctx context.Context, m, _ *device, diagnostics *diag.Diagnostics) *client.Device {
			return encodeDevice(ctx, m, diagnostics)
		},
		decode:  decodeDevice,
		kept:    keptOfDevice,
		parts:   membershipsOf,
		foresee: foreseeDevice,
	}
}

func deviceAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"id":           nameAttribute("The device's id: policies know it as `${device.id}`."),
		"display_name": textAttribute("For people."),
		"attributes":   mapAttribute("Text by name; policies know them as `${device.attr.NAME}`."),
		"groups": schema.SetAttribute{Optional: true, Computed: true, ElementType: types.StringType,
			Validators: []validator.Set{setvalidator.NoNullValues()},
			MarkdownDescription: "Groups that it is in, exactly. Left out, memberships are not managed here but by " +
				"`signalbox_group_membership`; do not use both for one device."},
		"enabled":          flagAttribute("`false` refuses its connections and ends those that are open.", true),
		"pending_approval": flagAttribute("`true`: refused until it is `false`. Just-in-time provisioning makes such devices.", false),
		"client_id_pin": schema.StringAttribute{Optional: true, Computed: true,
			Validators:    []validator.String{stringvalidator.LengthBetween(1, 256)},
			PlanModifiers: []planmodifier.String{defaultsTo{"id"}},
			MarkdownDescription: "The Client Identifier that it must use; with a `*` at the end the beginning of it; `*` alone: any. " +
				"Its id by default."},
		"created_at": createdAt(),
		"revision":   revision(),
	}
}

// keptOfDevice are memberships: somebody else may manage them, and in the same apply.
var keptOfDevice = []string{"groups"}

func (d *device) path() string { return at("devices", d.ID.ValueString()) }

// foreseeDevice is for all resources that are devices.
func foreseeDevice(ctx context.Context, h *handover, request resource.ModifyPlanRequest, response *resource.ModifyPlanResponse) {
	var before, after device
	if !request.State.Raw.IsNull() {
		response.Diagnostics.Append(request.State.GetAttribute(ctx, path.Root("id"), &before.ID)...)
	}
	if !request.Plan.Raw.IsNull() {
		response.Diagnostics.Append(request.Plan.GetAttribute(ctx, path.Root("id"), &after.ID)...)
	}
	if !response.Diagnostics.HasError() {
		h.foresee(before.knownPath(), after.knownPath(), &response.Diagnostics)
	}
}

// knownPath is empty where there is no id, or none yet.
func (d *device) knownPath() string {
	if d.ID.ValueString() == "" {
		return ""
	}
	return d.path()
}

// isOf says that a plan is of a device as it is in the state. Terraform is told what it has planned, so that a text is another where the
// API means the same. What a plan does not know the broker decides.
func (d *device) isOf(state *device) bool {
	present := valuesOf(state)
	for name, value := range valuesOf(d) {
		if !value.IsUnknown() && !value.Equal(present[name]) {
			return false
		}
	}
	return true
}

// membershipsOf are the paths of the memberships that a device is put with.
func membershipsOf(m *device, wanted *client.Device) (paths []string) {
	if wanted.Groups != nil {
		for _, group := range *wanted.Groups {
			paths = append(paths, (&membership{types.StringValue(group), m.ID}).path())
		}
	}
	return paths
}

func encodeDevice(ctx context.Context, m *device, diagnostics *diag.Diagnostics) *client.Device {
	wanted := &client.Device{
		DisplayName:     m.DisplayName.ValueString(),
		Attributes:      entriesOf(ctx, m.Attributes, diagnostics),
		Enabled:         m.Enabled.ValueBool(),
		PendingApproval: m.PendingApproval.ValueBool(),
		ClientIDPin:     otherwise(m.ClientIDPin, m.ID).ValueString(),
		Revision:        m.Revision.ValueInt64(),
	}
	if !m.Groups.IsNull() && !m.Groups.IsUnknown() {
		groups := elementsOf(ctx, m.Groups, diagnostics)
		wanted.Groups = &groups
	}
	return wanted
}

func decodeDevice(ctx context.Context, a *client.Device, m *device, diagnostics *diag.Diagnostics) {
	var groups []string
	if a.Groups != nil {
		groups = *a.Groups
	}
	m.ID = types.StringValue(a.ID)
	m.DisplayName = types.StringValue(a.DisplayName)
	m.Attributes = mapOf(ctx, a.Attributes, diagnostics)
	m.Groups = setOf(ctx, groups, diagnostics)
	m.Enabled = types.BoolValue(a.Enabled)
	m.PendingApproval = types.BoolValue(a.PendingApproval)
	m.ClientIDPin = types.StringValue(a.ClientIDPin)
	m.CreatedAt = types.StringValue(a.CreatedAt)
	m.Revision = types.Int64Value(a.Revision)
}
