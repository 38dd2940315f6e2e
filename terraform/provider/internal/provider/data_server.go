package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"signalbox.internal/terraform-provider-signalbox/internal/client"
)

type endpointData struct {
	Listener types.String `tfsdk:"listener"`
	Type     types.String `tfsdk:"type"`
	Address  types.String `tfsdk:"address"`
	Port     types.Int64  `tfsdk:"port"`
	URL      types.String `tfsdk:"url"`
}

func newEndpointData() datasource.DataSource {
	return &data[endpointData]{
		kind: "endpoint",
		schema: schema.Schema{
			MarkdownDescription: "Where clients reach one of the broker's listeners.",
			Attributes: map[string]schema.Attribute{
				"listener": schema.StringAttribute{Required: true, MarkdownDescription: "Name of the listener in the broker's configuration, such as " +
					"`mqtts` or `wss`."},
				"type":    schema.StringAttribute{Computed: true, MarkdownDescription: "`tcp`, `tls`, `ws` or `wss`."},
				"address": schema.StringAttribute{Computed: true, MarkdownDescription: "Host name or address."},
				"port":    schema.Int64Attribute{Computed: true, MarkdownDescription: "Port."},
				"url":     schema.StringAttribute{Computed: true, MarkdownDescription: "Such as `mqtts://127.0.0.1:8883`."},
			},
		},
		read: func(ctx context.Context, c *client.Client, m *endpointData, _ *diag.Diagnostics) error {
			var all client.Page[client.Endpoint]
			if err := c.Get(ctx, at("endpoints"), &all); err != nil {
				return err
			}
			names := ""
			for _, found := range all.Items {
				if found.Listener == m.Listener.ValueString() {
					*m = endpointData{types.StringValue(found.Listener), types.StringValue(found.Type), types.StringValue(found.Address),
						types.Int64Value(found.Port), optional(found.URL)}
					return nil
				}
				names += " " + found.Listener
			}
			return fmt.Errorf("the broker has no listener %q; it has:%s", m.Listener.ValueString(), names)
		},
	}
}

type caBundleData struct {
	PEM types.String `tfsdk:"pem"`
}

func newCaBundleData() datasource.DataSource {
	return &data[caBundleData]{
		kind: "ca_bundle",
		schema: schema.Schema{
			MarkdownDescription: "Certificates that clients need to trust the broker's own certificate.",
			Attributes:          map[string]schema.Attribute{"pem": schema.StringAttribute{Computed: true, MarkdownDescription: "PEM, the root first."}},
		},
		read: func(ctx context.Context, c *client.Client, m *caBundleData, _ *diag.Diagnostics) error {
			var text string
			err := c.Get(ctx, at("ca-bundle"), &text)
			m.PEM = types.StringValue(text)
			return err
		},
	}
}

type serverInfoData struct {
	Version   types.String `tfsdk:"version"`
	StartedAt types.String `tfsdk:"started_at"`
	Actor     types.String `tfsdk:"actor"`
	Roles     types.Set    `tfsdk:"roles"`
	Counts    types.Map    `tfsdk:"counts"`
}

func newServerInfoData() datasource.DataSource {
	return &data[serverInfoData]{
		kind: "server_info",
		schema: schema.Schema{
			MarkdownDescription: "About the broker, and as whom it sees Terraform.",
			Attributes: map[string]schema.Attribute{
				"version":    schema.StringAttribute{Computed: true, MarkdownDescription: "Version of the broker."},
				"started_at": schema.StringAttribute{Computed: true, MarkdownDescription: "Since when it runs, RFC 3339."},
				"actor":      schema.StringAttribute{Computed: true, MarkdownDescription: "Who asks, as the audit log names it."},
				"roles": schema.SetAttribute{Computed: true, ElementType: types.StringType,
					MarkdownDescription: "Roles of the one who asks: `viewer`, `operator`, `admin`, `auditor`."},
				"counts": schema.MapAttribute{Computed: true, ElementType: types.Int64Type,
					MarkdownDescription: "Number of objects in the registry, by kind."},
			},
		},
		read: func(ctx context.Context, c *client.Client, m *serverInfoData, diagnostics *diag.Diagnostics) error {
			var info client.ServerInfo
			if err := c.Get(ctx, at("server-info"), &info); err != nil {
				return err
			}
			counts, found := types.MapValueFrom(ctx, types.Int64Type, info.Counts)
			diagnostics.Append(found...)
			*m = serverInfoData{types.StringValue(info.Version), types.StringValue(info.StartedAt), types.StringValue(info.You.Actor),
				setOf(ctx, info.You.Roles, diagnostics), counts}
			return nil
		},
	}
}
