package acceptance

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"signalbox.internal/terraform-provider-signalbox/internal/client"
	"signalbox.internal/terraform-provider-signalbox/internal/provider"
)

const fleetDevice = "signalbox_fleet_device"

// fleetServers are the provider twice, with its shortcut for fleets and without.
type fleetServers struct {
	short, long tfprotov6.ProviderServer
	broker      *broker
	attributes  map[string]*tfprotov6.SchemaAttribute
	kind        tftypes.Object
}

func newFleetServers(t testing.TB, b *broker) *fleetServers {
	t.Helper()
	s := &fleetServers{short: provider.Server("test")(), long: providerserver.NewProtocol6(provider.New("test")())(),
		broker: b, attributes: map[string]*tfprotov6.SchemaAttribute{}}
	s.configure(t)
	return s
}

// configure begins another walk of Terraform's: a provider is configured for each plan and each apply.
func (s *fleetServers) configure(t testing.TB) {
	t.Helper()
	b := s.broker
	for _, server := range []tfprotov6.ProviderServer{s.short, s.long} {
		all := must(server.GetProviderSchema(context.Background(), &tfprotov6.GetProviderSchemaRequest{}))
		kind := all.Provider.ValueType().(tftypes.Object)
		config := object(kind, map[string]tftypes.Value{"endpoint": quoted(b.endpoint()), "token": quoted(b.token(t)), "ca_file": quoted(b.caFile())})
		answer := must(server.ConfigureProvider(context.Background(), &tfprotov6.ConfigureProviderRequest{Config: dynamic(kind, config)}))
		if len(answer.Diagnostics) > 0 {
			t.Fatal(answer.Diagnostics[0].Summary, answer.Diagnostics[0].Detail)
		}
		s.kind = all.ResourceSchemas[fleetDevice].ValueType().(tftypes.Object)
		for _, attribute := range all.ResourceSchemas[fleetDevice].Block.Attributes {
			s.attributes[attribute.Name] = attribute
		}
	}
}

func quoted(text string) tftypes.Value { return tftypes.NewValue(tftypes.String, text) }

// object has some attributes; the others are null.
func object(kind tftypes.Object, some map[string]tftypes.Value) tftypes.Value {
	all := map[string]tftypes.Value{}
	for name, attribute := range kind.AttributeTypes {
		all[name] = tftypes.NewValue(attribute, nil)
	}
	maps.Copy(all, some)
	return tftypes.NewValue(kind, all)
}

func dynamic(kind tftypes.Type, value tftypes.Value) *tfprotov6.DynamicValue {
	made := must(tfprotov6.NewDynamicValue(kind, value))
	return &made
}

// proposed merges as Terraform does: what the configuration leaves out and the provider may choose stays as it was.
func (s *fleetServers) proposed(prior, config map[string]tftypes.Value) tftypes.Value {
	merged := map[string]tftypes.Value{}
	for name, attribute := range s.attributes {
		merged[name] = config[name]
		if was, found := prior[name]; found && config[name].IsNull() && attribute.Computed {
			merged[name] = was
		}
	}
	return tftypes.NewValue(s.kind, merged)
}

func (s *fleetServers) read(t testing.TB, value *tfprotov6.DynamicValue) map[string]tftypes.Value {
	t.Helper()
	var fields map[string]tftypes.Value
	if value == nil {
		return nil
	}
	if err := must(value.Unmarshal(s.kind)).As(&fields); err != nil {
		t.Fatal(err)
	}
	return fields
}

// made creates a device through the framework alone, and gives its state.
func (s *fleetServers) made(t testing.TB, config tftypes.Value) *tfprotov6.DynamicValue {
	t.Helper()
	var fields map[string]tftypes.Value
	if err := config.As(&fields); err != nil {
		t.Fatal(err)
	}
	none := dynamic(s.kind, tftypes.NewValue(s.kind, nil))
	planned := must(s.long.PlanResourceChange(context.Background(), &tfprotov6.PlanResourceChangeRequest{TypeName: fleetDevice, PriorState: none,
		ProposedNewState: dynamic(s.kind, s.proposed(nil, fields)), Config: dynamic(s.kind, config)}))
	applied := must(s.long.ApplyResourceChange(context.Background(), &tfprotov6.ApplyResourceChangeRequest{TypeName: fleetDevice, PriorState: none,
		PlannedState: planned.PlannedState, Config: dynamic(s.kind, config), PlannedPrivate: planned.PlannedPrivate}))
	if all := slices.Concat(planned.Diagnostics, applied.Diagnostics); len(all) > 0 {
		t.Fatal(all[0].Summary, all[0].Detail)
	}
	return applied.NewState
}

// planned lets both read a state and plan a configuration for it, wants the same of both, and says whether the shortcut was one.
func (s *fleetServers) planned(t *testing.T, state *tfprotov6.DynamicValue, config tftypes.Value) (readShort, planShort bool) {
	t.Helper()
	s.configure(t)
	ctx, private := context.Background(), []byte(`{"kept":"InllcyI="}`)
	reading := &tfprotov6.ReadResourceRequest{TypeName: fleetDevice, CurrentState: state, Private: private}
	short, long := must(s.short.ReadResource(ctx, reading)), must(s.long.ReadResource(ctx, reading))
	sameText(t, "diagnostics of the read", words(short.Diagnostics), words(long.Diagnostics))
	s.same(t, "state that was read", short.NewState, long.NewState)
	sameText(t, "private part that was read", string(short.Private), string(long.Private))
	prior, fields := s.read(t, long.NewState), map[string]tftypes.Value{}
	if err := config.As(&fields); err != nil {
		t.Fatal(err)
	}
	if prior == nil {
		return short.NewState == state, false
	}
	planning := &tfprotov6.PlanResourceChangeRequest{TypeName: fleetDevice, PriorState: long.NewState,
		ProposedNewState: dynamic(s.kind, s.proposed(prior, fields)), Config: dynamic(s.kind, config), PriorPrivate: private}
	shortPlan, longPlan := must(s.short.PlanResourceChange(ctx, planning)), must(s.long.PlanResourceChange(ctx, planning))
	s.same(t, "planned state", shortPlan.PlannedState, longPlan.PlannedState)
	sameText(t, "planned private part", string(shortPlan.PlannedPrivate), string(longPlan.PlannedPrivate))
	sameText(t, "diagnostics of the plan", words(shortPlan.Diagnostics), words(longPlan.Diagnostics))
	if len(shortPlan.RequiresReplace) != len(longPlan.RequiresReplace) {
		t.Errorf("one would replace for %v, the other for %v", shortPlan.RequiresReplace, longPlan.RequiresReplace)
	}
	return short.NewState == state, shortPlan.PlannedState == planning.ProposedNewState
}

func (s *fleetServers) same(t testing.TB, what string, one, other *tfprotov6.DynamicValue) {
	t.Helper()
	if one == nil || other == nil {
		t.Fatalf("%s: there is none", what)
	}
	first, second := must(one.Unmarshal(s.kind)), must(other.Unmarshal(s.kind))
	if differences := must(first.Diff(second)); len(differences) > 0 {
		t.Errorf("%s: %v", what, differences)
	}
}

func sameText(t testing.TB, what, one, other string) {
	t.Helper()
	if one != other {
		t.Errorf("%s: %q and %q", what, one, other)
	}
}

func words(diagnostics []*tfprotov6.Diagnostic) string {
	text, _ := json.Marshal(diagnostics)
	return string(text)
}

func TestTheShortcutForFleetsAnswersAsTheFrameworkDoes(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	s := newFleetServers(t, b)
	if err := b.api(t).Put(context.Background(), "/groups/short", client.Always, client.Group{}, nil); err != nil {
		t.Fatal(err)
	}
	group := tftypes.NewValue(tftypes.Set{ElementType: tftypes.String}, []tftypes.Value{quoted("short")})
	hall := tftypes.NewValue(tftypes.Map{ElementType: tftypes.String}, map[string]tftypes.Value{"hall": quoted("7")})
	number := func(value int) tftypes.Value { return tftypes.NewValue(tftypes.Number, value) }
	none := tftypes.Value{}
	_, request := requestOf(t, "short-1")
	_, another := requestOf(t, "short-1")
	full := map[string]tftypes.Value{"id": quoted("short-1"), "display_name": quoted("First"), "attributes": hall, "groups": group,
		"client_id_pin": quoted("short-1-*"), "csr_pem": quoted(request), "validity_hours": number(48), "renew_before_hours": number(24)}
	with := func(fields map[string]tftypes.Value, name string, value tftypes.Value) tftypes.Value {
		changed := maps.Clone(fields)
		if changed[name] = value; value.Type() == nil {
			delete(changed, name)
		}
		return object(s.kind, changed)
	}
	first := s.made(t, object(s.kind, full))
	bare := map[string]tftypes.Value{"id": quoted("short-2")}
	second := s.made(t, object(s.kind, bare))

	t.Run("a state is handed back", func(t *testing.T) {
		text := `{"id":"short-1","groups":["b","a"],"attributes":{"hall":"7"},"enabled":true,"revision":12,"csr_pem":null}`
		upgrade := &tfprotov6.UpgradeResourceStateRequest{TypeName: fleetDevice, RawState: &tfprotov6.RawState{JSON: []byte(text)}}
		short := must(s.short.UpgradeResourceState(context.Background(), upgrade))
		if string(short.UpgradedState.JSON) != text || len(short.Diagnostics) > 0 {
			t.Errorf("%s came back as %s with %s", text, short.UpgradedState.JSON, words(short.Diagnostics))
		}
		schema := must(s.long.GetProviderSchema(context.Background(), &tfprotov6.GetProviderSchemaRequest{})).ResourceSchemas[fleetDevice]
		if schema.Version != 0 {
			t.Errorf("the schema has version %d; the shortcut knows version 0 alone", schema.Version)
		}
	})
	for _, one := range []struct {
		name   string
		state  *tfprotov6.DynamicValue
		config tftypes.Value
		short  bool
	}{
		{"everything is as it was", first, object(s.kind, full), true},
		{"almost everything is left out", second, object(s.kind, bare), true},
		{"what is the default is written", second, with(bare, "client_id_pin", quoted("short-2")), true},
		{"another name", first, with(full, "display_name", quoted("Other")), false},
		{"another id", second, with(bare, "id", quoted("short-3")), false},
		{"a name that is left out from now on", first, with(full, "display_name", none), false},
		{"attributes that are left out from now on", first, with(full, "attributes", none), false},
		{"groups that are not managed from now on", first, with(full, "groups", none), true},
		{"a pin that is left out from now on", first, with(full, "client_id_pin", none), false},
		{"renewals that are left out from now on", first, with(full, "renew_before_hours", none), false},
		{"a life that is left out from now on", first, with(full, "validity_hours", none), true},
		{"a value that is not known yet", first, with(full, "display_name", tftypes.NewValue(tftypes.String, tftypes.UnknownValue)), false},
		{"a certificate that is due", first, with(full, "renew_before_hours", number(47)), false},
		{"another request", first, with(full, "csr_pem", quoted(another)), false},
		{"a request with other line ends", first, with(full, "csr_pem", quoted(request+"\n")), false},
		{"no request from now on", first, with(full, "csr_pem", none), false},
		{"a request from now on", second, with(bare, "csr_pem", quoted(another)), false},
		{"another authority", first, with(full, "ca", quoted("other-ca")), false},
	} {
		t.Run(one.name, func(t *testing.T) {
			if read, plan := s.planned(t, one.state, one.config); !read || plan != one.short {
				t.Errorf("the shortcut answers a read: %v, and a plan: %v, which should be %v", read, plan, one.short)
			}
		})
	}
	drift := func(name string, state *tfprotov6.DynamicValue, config tftypes.Value, change func()) {
		t.Run(name, func(t *testing.T) {
			change()
			if read, plan := s.planned(t, state, config); read || plan {
				t.Errorf("the shortcut answers a read: %v, and a plan: %v, although there is something to do", read, plan)
			}
		})
	}
	drift("changed by somebody else", first, object(s.kind, full), func() { b.change(t, "/devices/short-1", map[string]any{"enabled": false}) })
	drift("revoked by somebody else", first, object(s.kind, full), func() {
		path := "/certificates/" + b.get(t, "/devices/short-1/certificates/main")["fingerprint"].(string) + "/revoke"
		if err := b.api(t).Post(context.Background(), path, client.Revoke{}, nil); err != nil {
			t.Fatal(err)
		}
	})
	drift("deleted by somebody else", second, object(s.kind, bare), func() {
		if err := b.api(t).Delete(context.Background(), "/devices/short-2"); err != nil {
			t.Fatal(err)
		}
	})
}
