package provider

import (
	"context"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"signalbox.internal/terraform-provider-signalbox/internal/client"
)

// replaces says whether other name constraints replace an authority that exists.
func replaces(t *testing.T, before, after types.Object) bool {
	t.Helper()
	described := newIssuingCa().(*object[issuingCa, client.IssuingCa]).schema
	exists := tftypes.NewValue(described.Type().TerraformType(context.Background()), tftypes.UnknownValue)
	request := planmodifier.ObjectRequest{StateValue: before, PlanValue: after, ConfigValue: after, State: tfsdk.State{Schema: described, Raw: exists},
		Plan: tfsdk.Plan{Schema: described, Raw: exists}}
	var response planmodifier.ObjectResponse
	for _, modifier := range described.Attributes["name_constraints"].(schema.SingleNestedAttribute).PlanModifiers {
		modifier.PlanModifyObject(context.Background(), request, &response)
	}
	return response.RequiresReplace
}

func TestConstraintsThatConstrainNothingAreThoseThatAreLeftOut(t *testing.T) {
	ctx := context.Background()
	var diagnostics diag.Diagnostics
	kinds := newIssuingCa().(*object[issuingCa, client.IssuingCa]).schema.Attributes["name_constraints"].GetType().(types.ObjectType).AttrTypes
	of := func(shown client.NameConstraints) types.Object {
		made, found := types.ObjectValueFrom(ctx, kinds, decodeNameConstraints(ctx, &shown, nil, &diagnostics))
		if diagnostics.Append(found...); diagnostics.HasError() {
			t.Fatal(diagnostics)
		}
		return made
	}
	none, empty, pumps := types.ObjectNull(kinds), of(client.NameConstraints{}), of(client.NameConstraints{PermittedDNS: []string{"pumps.example"}})
	if replaces(t, none, empty) || replaces(t, empty, none) {
		t.Error("constraints of nothing replace an authority without any")
	}
	for _, one := range [][2]types.Object{{none, pumps}, {pumps, none}, {pumps, empty}, {none, types.ObjectUnknown(kinds)}} {
		if !replaces(t, one[0], one[1]) {
			t.Errorf("%v stay although %v are wanted", one[0], one[1])
		}
	}
}
