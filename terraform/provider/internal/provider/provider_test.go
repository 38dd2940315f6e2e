package provider

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
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
}

func takesNoNull(t *testing.T, at path.Path, attributes map[string]schema.Attribute) {
	t.Helper()
	for name, attribute := range attributes {
		var found diag.Diagnostics
		switch attribute := attribute.(type) {
		case schema.SingleNestedAttribute:
			takesNoNull(t, at.AtName(name), attribute.Attributes)
			continue
		case schema.SetAttribute:
			found = nullInSet(attribute)
		case schema.ListAttribute:
			found = nullInList(attribute)
		case schema.MapAttribute:
			found = nullInMap(attribute)
		default:
			continue
		}
		if (attribute.IsOptional() || attribute.IsRequired()) && !found.HasError() {
			t.Errorf("%s may hold a null", at.AtName(name))
		}
	}
}

func nullInSet(attribute schema.SetAttribute) (found diag.Diagnostics) {
	value := types.SetValueMust(types.StringType, []attr.Value{types.StringNull()})
	for _, check := range attribute.Validators {
		var response validator.SetResponse
		check.ValidateSet(context.Background(), validator.SetRequest{ConfigValue: value}, &response)
		found.Append(response.Diagnostics...)
	}
	return found
}

func nullInList(attribute schema.ListAttribute) (found diag.Diagnostics) {
	value := types.ListValueMust(types.StringType, []attr.Value{types.StringNull()})
	for _, check := range attribute.Validators {
		var response validator.ListResponse
		check.ValidateList(context.Background(), validator.ListRequest{ConfigValue: value}, &response)
		found.Append(response.Diagnostics...)
	}
	return found
}

func nullInMap(attribute schema.MapAttribute) (found diag.Diagnostics) {
	value := types.MapValueMust(types.StringType, map[string]attr.Value{"hall": types.StringNull()})
	for _, check := range attribute.Validators {
		var response validator.MapResponse
		check.ValidateMap(context.Background(), validator.MapRequest{ConfigValue: value}, &response)
		found.Append(response.Diagnostics...)
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
