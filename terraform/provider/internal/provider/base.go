package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"signalbox.internal/terraform-provider-signalbox/internal/client"
)

// base is what every resource has: its name after "signalbox_", its schema, and the way to the broker once the provider is configured.
type base struct {
	kind   string
	schema schema.Schema
	client *client.Client
	// endsForGood says that what is destroyed cannot be made again: its certificates or its key are gone.
	endsForGood bool
	// handover is of the apply that the provider is configured for.
	handover *handover
}

// destroyedLast tells how an object goes that the broker keeps while others name it: Terraform destroys before it updates.
const destroyedLast = " To let it go in the apply in which they stop naming it, give it `lifecycle { create_before_destroy = true }` and " +
	"apply that first; Terraform then destroys it last."

func (b *base) Metadata(_ context.Context, request resource.MetadataRequest, response *resource.MetadataResponse) {
	response.TypeName = request.ProviderTypeName + "_" + b.kind
}

func (b *base) Schema(_ context.Context, _ resource.SchemaRequest, response *resource.SchemaResponse) {
	response.Schema = b.schema
}

func (b *base) Configure(_ context.Context, request resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	if given, ok := request.ProviderData.(*given); ok {
		b.client, b.handover = given.client, given.handover
	}
}

func (b *base) fail(diagnostics *diag.Diagnostics, verb string, err error) {
	diagnostics.AddError("Cannot "+verb+" signalbox_"+b.kind, err.Error())
}

// failImport says what an import id should have been.
func (b *base) failImport(diagnostics *diag.Diagnostics, err error) {
	diagnostics.AddError("Not an import id of signalbox_"+b.kind, err.Error())
}

// otherwise gives the value of one attribute, and that of its source where a plan could not know it; see defaultsTo.
func otherwise(value, source types.String) types.String {
	if value.IsUnknown() {
		return source
	}
	return value
}

// defaultsTo makes the default of one attribute, the value of another, known to the plan: leaving it out is no change, and a change
// behind Terraform's back is seen.
type defaultsTo struct{ source string }

func (d defaultsTo) Description(context.Context) string {
	return "the value of " + d.source + " by default"
}

func (d defaultsTo) MarkdownDescription(ctx context.Context) string { return d.Description(ctx) }

func (d defaultsTo) PlanModifyString(ctx context.Context, request planmodifier.StringRequest, response *planmodifier.StringResponse) {
	var source types.String
	response.Diagnostics.Append(request.Config.GetAttribute(ctx, path.Root(d.source), &source)...)
	if request.ConfigValue.IsNull() && !source.IsUnknown() {
		response.PlanValue = source
	}
}
