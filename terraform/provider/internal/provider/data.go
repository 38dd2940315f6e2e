package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"

	"signalbox.internal/terraform-provider-signalbox/internal/client"
)

// data is a data source: M is its form in Terraform, read completes it.
type data[M any] struct {
	kind   string
	schema schema.Schema
	// checks hold between attributes.
	checks []datasource.ConfigValidator
	read   func(ctx context.Context, c *client.Client, m *M, diagnostics *diag.Diagnostics) error

	client *client.Client
}

var _ datasource.DataSourceWithConfigure = (*data[struct{}])(nil)

func (d *data[M]) Metadata(_ context.Context, request datasource.MetadataRequest, response *datasource.MetadataResponse) {
	response.TypeName = request.ProviderTypeName + "_" + d.kind
}

func (d *data[M]) Schema(_ context.Context, _ datasource.SchemaRequest, response *datasource.SchemaResponse) {
	response.Schema = d.schema
}

func (d *data[M]) Configure(_ context.Context, request datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	d.client, _ = request.ProviderData.(*client.Client)
}

func (d *data[M]) ConfigValidators(context.Context) []datasource.ConfigValidator { return d.checks }

func (d *data[M]) Read(ctx context.Context, request datasource.ReadRequest, response *datasource.ReadResponse) {
	var m M
	response.Diagnostics.Append(request.Config.Get(ctx, &m)...)
	if response.Diagnostics.HasError() {
		return
	}
	if err := d.read(ctx, d.client, &m, &response.Diagnostics); err != nil {
		response.Diagnostics.AddError("Cannot read data.signalbox_"+d.kind, err.Error())
	}
	if response.Diagnostics.HasError() {
		return
	}
	response.Diagnostics.Append(response.State.Set(ctx, &m)...)
}
