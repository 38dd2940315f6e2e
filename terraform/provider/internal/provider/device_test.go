package provider

import (
	"context"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"signalbox.internal/terraform-provider-signalbox/internal/client"
)

// plannedPump is the plan for a device in the group "pumps" that has another pin than the configuration, which says nothing of it; only
// a plan modifier has found that, so that the framework has made nothing unknown.
func plannedPump(t *testing.T, groups types.Set) device {
	t.Helper()
	config := device{ID: types.StringValue("pump-1"), Attributes: types.MapNull(types.StringType), Groups: groups}
	return settled(t, newDevice().(*object[device, client.Device]), pump("elsewhere"), config, pump("pump-1"))
}

func pump(pin string) device {
	return device{ID: types.StringValue("pump-1"), DisplayName: types.StringValue(""), Attributes: types.MapValueMust(types.StringType, nil),
		Groups: pumps(), Enabled: types.BoolValue(true), PendingApproval: types.BoolValue(false), ClientIDPin: types.StringValue(pin),
		CreatedAt: types.StringValue("2027-01-31T12:00:00Z"), Revision: types.Int64Value(4)}
}

func pumps() types.Set {
	return types.SetValueMust(types.StringType, []attr.Value{types.StringValue("pumps")})
}

// TestAPlanThatSaysNothingOfGroupsSendsNone: the same apply may take the device out of one, and would then not find what it sends.
func TestAPlanThatSaysNothingOfGroupsSendsNone(t *testing.T) {
	planned := plannedPump(t, types.SetNull(types.StringType))
	var diagnostics diag.Diagnostics
	if sent := encodeDevice(context.Background(), &planned, &diagnostics).Groups; sent != nil {
		t.Errorf("groups %v are sent", *sent)
	}
}

func TestAPlanThatSaysGroupsSendsThem(t *testing.T) {
	planned := plannedPump(t, pumps())
	var diagnostics diag.Diagnostics
	if sent := encodeDevice(context.Background(), &planned, &diagnostics).Groups; sent == nil || len(*sent) != 1 {
		t.Errorf("groups %v are sent", sent)
	}
}
