package provider

import (
	"context"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"signalbox.internal/terraform-provider-signalbox/internal/client"
)

// settled is what is planned in the end, when the framework has made this plan of a state and a configuration.
func settled[M, A any](t *testing.T, o *object[M, A], state, config, plan M) (planned M) {
	t.Helper()
	ctx := context.Background()
	raw := func(of M) tfsdk.State {
		made := tfsdk.State{Schema: o.schema}
		if found := made.Set(ctx, of); found.HasError() {
			t.Fatal(found)
		}
		return made
	}
	request := resource.ModifyPlanRequest{State: raw(state), Config: tfsdk.Config{Schema: o.schema, Raw: raw(config).Raw},
		Plan: tfsdk.Plan{Schema: o.schema, Raw: raw(plan).Raw}}
	response := &resource.ModifyPlanResponse{Plan: request.Plan}
	o.ModifyPlan(ctx, request, response)
	if found := response.Plan.Get(ctx, &planned); found.HasError() {
		t.Fatal(found)
	}
	return planned
}

// plannedGroup is what the plan says after it was settled, when the configuration has this description and the framework has made
// unknown what the API computes.
func plannedGroup(t *testing.T, description string) group {
	t.Helper()
	state := group{types.StringValue("pumps"), types.StringValue("before"), types.MapValueMust(types.StringType, nil),
		types.StringValue("2027-01-31T12:00:00Z"), types.Int64Value(4)}
	config := group{Name: state.Name, Description: types.StringValue(description), Attributes: types.MapNull(types.StringType)}
	plan := state
	plan.Description, plan.Revision = config.Description, types.Int64Unknown()
	return settled(t, newGroup().(*object[group, client.Group]), state, config, plan)
}

func TestAChangeLeavesUnknownWhatTheBrokerComputes(t *testing.T) {
	if planned := plannedGroup(t, "after"); !planned.Revision.IsUnknown() {
		t.Errorf("the plan foretells revision %v of an object that it changes", planned.Revision)
	}
}

func TestNothingIsPlannedWhenOnlyWhatTheBrokerComputesDiffers(t *testing.T) {
	if planned := plannedGroup(t, "before"); planned.Revision != types.Int64Value(4) {
		t.Errorf("revision %v is planned where nothing changes", planned.Revision)
	}
}
