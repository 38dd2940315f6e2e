package provider

import (
	"context"
	"fmt"
	"net/url"
	"strconv"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"signalbox.internal/terraform-provider-signalbox/internal/client"
)

// devicesMax bounds what one data source puts into the state.
const devicesMax = 100_000

func newDeviceData() datasource.DataSource {
	return &data[device]{
		kind: "device",
		schema: schema.Schema{
			MarkdownDescription: "A device that something else manages.",
			Attributes:          deviceDataAttributes(true),
		},
		read: func(ctx context.Context, c *client.Client, m *device, diagnostics *diag.Diagnostics) error {
			var found client.Device
			if err := c.Get(ctx, at("devices", m.ID.ValueString()), &found); err != nil {
				return err
			}
			decodeDevice(ctx, &found, m, diagnostics)
			return nil
		},
	}
}

func deviceDataAttributes(idIsGiven bool) map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"id":               schema.StringAttribute{Required: idIsGiven, Computed: !idIsGiven, MarkdownDescription: "Id of the device."},
		"display_name":     schema.StringAttribute{Computed: true, MarkdownDescription: "For people."},
		"attributes":       schema.MapAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "Text by name."},
		"groups":           schema.SetAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "Groups that it is in."},
		"enabled":          schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether it may connect."},
		"pending_approval": schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether it waits for approval."},
		"client_id_pin":    schema.StringAttribute{Computed: true, MarkdownDescription: "Client Identifier that it must use."},
		"created_at":       schema.StringAttribute{Computed: true, MarkdownDescription: "When it was made, RFC 3339."},
		"revision":         schema.Int64Attribute{Computed: true, MarkdownDescription: "Grows with every change."},
	}
}

type devicesData struct {
	Prefix          types.String `tfsdk:"prefix"`
	Group           types.String `tfsdk:"group"`
	Enabled         types.Bool   `tfsdk:"enabled"`
	PendingApproval types.Bool   `tfsdk:"pending_approval"`
	IDs             []string     `tfsdk:"ids"`
	Devices         []device     `tfsdk:"devices"`
}

func newDevicesData() datasource.DataSource {
	return &data[devicesData]{
		kind: "devices",
		schema: schema.Schema{
			MarkdownDescription: fmt.Sprintf("Devices that fit all that is given, by id; at most %d.", devicesMax),
			Attributes: map[string]schema.Attribute{
				"prefix":           schema.StringAttribute{Optional: true, MarkdownDescription: "Beginning of the id."},
				"group":            schema.StringAttribute{Optional: true, MarkdownDescription: "A group that they are in."},
				"enabled":          schema.BoolAttribute{Optional: true, MarkdownDescription: "Whether they may connect."},
				"pending_approval": schema.BoolAttribute{Optional: true, MarkdownDescription: "Whether they wait for approval."},
				"ids":              schema.ListAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "Their ids."},
				"devices": schema.ListNestedAttribute{Computed: true, MarkdownDescription: "The devices.",
					NestedObject: schema.NestedAttributeObject{Attributes: deviceDataAttributes(false)}},
			},
		},
		read: readDevices,
	}
}

func readDevices(ctx context.Context, c *client.Client, m *devicesData, diagnostics *diag.Diagnostics) error {
	filter := url.Values{}
	if !m.Prefix.IsNull() {
		filter.Set("prefix", m.Prefix.ValueString())
	}
	if !m.Group.IsNull() {
		filter.Set("group", m.Group.ValueString())
	}
	if !m.Enabled.IsNull() {
		filter.Set("enabled", strconv.FormatBool(m.Enabled.ValueBool()))
	}
	if !m.PendingApproval.IsNull() {
		filter.Set("pendingApproval", strconv.FormatBool(m.PendingApproval.ValueBool()))
	}
	found, complete, err := client.List[client.Device](ctx, c, at("devices"), filter, devicesMax)
	if err != nil {
		return err
	}
	if !complete {
		return fmt.Errorf("more than %d devices fit; narrow it down with prefix or group", devicesMax)
	}
	m.IDs, m.Devices = make([]string, len(found)), make([]device, len(found))
	for i := range found {
		m.IDs[i] = found[i].ID
		decodeDevice(ctx, &found[i], &m.Devices[i], diagnostics)
	}
	return nil
}
