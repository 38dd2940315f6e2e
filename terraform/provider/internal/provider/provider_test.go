package provider

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// The acceptance tests take everything through import, drift, lost answers and destruction; this holds them to everything.
func TestTheAcceptanceTestsHaveEverythingThatTheProviderHas(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../acceptance/testdata/everything.tf")
	if err != nil {
		t.Fatal(err)
	}
	metadata, err := providerserver.NewProtocol6(New("test")())().GetMetadata(context.Background(), &tfprotov6.GetMetadataRequest{})
	if err != nil {
		t.Fatal(err)
	}
	var wanted []string
	for _, one := range metadata.Resources {
		wanted = append(wanted, `resource "`+one.TypeName+`" "`)
	}
	for _, one := range metadata.DataSources {
		wanted = append(wanted, `data "`+one.TypeName+`" "`)
	}
	for _, one := range metadata.EphemeralResources {
		wanted = append(wanted, `ephemeral "`+one.TypeName+`" "`)
	}
	for _, one := range metadata.Functions {
		wanted = append(wanted, "provider::signalbox::"+one.Name+"(")
	}
	if len(wanted) < 26 {
		t.Errorf("the provider has only %v", wanted)
	}
	for _, one := range wanted {
		if !strings.Contains(string(text), one) {
			t.Errorf("everything.tf has no %s", one)
		}
	}
}

// TestRefusesAnEmptyTextWhereNullLeavesItOut: the API takes both for the same, and shows nothing, which is not what was planned.
func TestRefusesAnEmptyTextWhereNullLeavesItOut(t *testing.T) {
	ctx := context.Background()
	for _, made := range (&signalbox{}).Resources(ctx) {
		var of resource.MetadataResponse
		var described resource.SchemaResponse
		made().Metadata(ctx, resource.MetadataRequest{ProviderTypeName: "signalbox"}, &of)
		made().Schema(ctx, resource.SchemaRequest{}, &described)
		takesNoEmptyText(t, path.Root(of.TypeName), described.Schema.Attributes)
	}
}

func takesNoEmptyText(t *testing.T, at path.Path, attributes map[string]schema.Attribute) {
	t.Helper()
	for name, attribute := range attributes {
		switch attribute := attribute.(type) {
		case schema.SingleNestedAttribute:
			takesNoEmptyText(t, at.AtName(name), attribute.Attributes)
		case schema.StringAttribute:
			emptyByDefault := defaultsOf(schema.Schema{Attributes: map[string]schema.Attribute{name: attribute}})[name] == types.StringValue("")
			if attribute.Optional && !emptyByDefault && takes(attribute, "") {
				t.Errorf("%s may be empty", at.AtName(name))
			}
		}
	}
}

// TestRefusesANullAmongOtherValues: the API has no such thing, and no plan should show one.
func TestRefusesANullAmongOtherValues(t *testing.T) {
	ctx := context.Background()
	for _, made := range (&signalbox{}).Resources(ctx) {
		var of resource.MetadataResponse
		var described resource.SchemaResponse
		made().Metadata(ctx, resource.MetadataRequest{ProviderTypeName: "signalbox"}, &of)
		made().Schema(ctx, resource.SchemaRequest{}, &described)
		takesNoNull(t, path.Root(of.TypeName), described.Schema.Attributes)
	}
	for _, made := range (&signalbox{}).DataSources(ctx) {
		var of datasource.MetadataResponse
		var described datasource.SchemaResponse
		made().Metadata(ctx, datasource.MetadataRequest{ProviderTypeName: "signalbox"}, &of)
		made().Schema(ctx, datasource.SchemaRequest{}, &described)
		takesNoNull(t, path.Root("data").AtName(of.TypeName), described.Schema.Attributes)
	}
}

// takesNoNull is for the attributes of resources and of data sources, which have the same methods.
func takesNoNull[A schema.Attribute](t *testing.T, at path.Path, attributes map[string]A) {
	t.Helper()
	for name, attribute := range attributes {
		if !attribute.IsOptional() && !attribute.IsRequired() {
			continue
		}
		if nested, found := schema.Attribute(attribute).(schema.NestedAttribute); found {
			takesNoNull(t, at.AtName(name), nested.GetNestedObject().GetAttributes())
		}
		if of, found := attribute.GetType().(attr.TypeWithElementType); found && !nullIn(t, attribute, of.ElementType()).HasError() {
			t.Errorf("%s may hold a null", at.AtName(name))
		}
	}
}

// nullIn is what the validators of a list, set or map say of one that holds a null.
func nullIn(t *testing.T, attribute schema.Attribute, of attr.Type) (found diag.Diagnostics) {
	t.Helper()
	ctx := context.Background()
	null, err := of.ValueFromTerraform(ctx, tftypes.NewValue(of.TerraformType(ctx), nil))
	if err != nil {
		t.Fatal(err)
	}
	switch attribute := attribute.(type) {
	case interface{ ListValidators() []validator.List }:
		value := types.ListValueMust(of, []attr.Value{null})
		for _, check := range attribute.ListValidators() {
			var response validator.ListResponse
			check.ValidateList(ctx, validator.ListRequest{ConfigValue: value}, &response)
			found.Append(response.Diagnostics...)
		}
	case interface{ SetValidators() []validator.Set }:
		value := types.SetValueMust(of, []attr.Value{null})
		for _, check := range attribute.SetValidators() {
			var response validator.SetResponse
			check.ValidateSet(ctx, validator.SetRequest{ConfigValue: value}, &response)
			found.Append(response.Diagnostics...)
		}
	case interface{ MapValidators() []validator.Map }:
		value := types.MapValueMust(of, map[string]attr.Value{"hall": null})
		for _, check := range attribute.MapValidators() {
			var response validator.MapResponse
			check.ValidateMap(ctx, validator.MapRequest{ConfigValue: value}, &response)
			found.Append(response.Diagnostics...)
		}
	}
	return found
}

func takes(attribute schema.StringAttribute, text string) bool {
	for _, check := range attribute.Validators {
		var response validator.StringResponse
		check.ValidateString(context.Background(), validator.StringRequest{ConfigValue: types.StringValue(text)}, &response)
		if response.Diagnostics.HasError() {
			return false
		}
	}
	return true
}
