package provider

import (
	"bytes"
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/defaults"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"signalbox.internal/terraform-provider-signalbox/internal/client"
)

// shortcut answers by itself what Terraform asks most about a large fleet in which nothing has changed: read this state, plan this
// object. The framework takes a millisecond of processor time for each such answer, in which it takes a value apart several times to
// find it the same. Everything else goes on to the framework; both give the same answers.
type shortcut struct {
	tfprotov6.ProviderServer
	signalbox *signalbox
	defaults  map[string]attr.Value
}

// fleetDeviceType is the one resource that there are thousands of.
const fleetDeviceType = "signalbox_fleet_device"

// Server gives what makes a server of Terraform's protocol for a provider of this version.
func Server(version string) func() tfprotov6.ProviderServer {
	return func() tfprotov6.ProviderServer {
		made := &signalbox{version: version}
		return &shortcut{providerserver.NewProtocol6(made)(), made, defaultsOf(fleetDeviceSchema())}
	}
}

// defaultsOf gives what a plan puts in the place of attributes that the configuration leaves out.
func defaultsOf(described schema.Schema) map[string]attr.Value {
	ctx, found := context.Background(), map[string]attr.Value{}
	for name, attribute := range described.Attributes {
		switch attribute := attribute.(type) {
		case schema.StringAttribute:
			if attribute.Default != nil {
				var response defaults.StringResponse
				attribute.Default.DefaultString(ctx, defaults.StringRequest{}, &response)
				found[name] = response.PlanValue
			}
		case schema.BoolAttribute:
			if attribute.Default != nil {
				var response defaults.BoolResponse
				attribute.Default.DefaultBool(ctx, defaults.BoolRequest{}, &response)
				found[name] = response.PlanValue
			}
		case schema.Int64Attribute:
			if attribute.Default != nil {
				var response defaults.Int64Response
				attribute.Default.DefaultInt64(ctx, defaults.Int64Request{}, &response)
				found[name] = response.PlanValue
			}
		case schema.MapAttribute:
			if attribute.Default != nil {
				var response defaults.MapResponse
				attribute.Default.DefaultMap(ctx, defaults.MapRequest{}, &response)
				found[name] = response.PlanValue
			}
		}
	}
	return found
}

// UpgradeResourceState hands a state of the only version that there is back as it came: Terraform has taken out what the schema does
// not know, and puts in a null for what the state does not know.
func (s *shortcut) UpgradeResourceState(ctx context.Context, request *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	if request.TypeName != fleetDeviceType || request.Version != 0 || request.RawState == nil || len(request.RawState.JSON) == 0 {
		return s.ProviderServer.UpgradeResourceState(ctx, request)
	}
	return &tfprotov6.UpgradeResourceStateResponse{UpgradedState: &tfprotov6.DynamicValue{JSON: request.RawState.JSON}}, nil
}

// ReadResource hands the state back when the broker shows the same.
func (s *shortcut) ReadResource(ctx context.Context, request *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	var state fleetDevice
	if request.TypeName != fleetDeviceType || s.signalbox.client == nil || !decodePlain(request.CurrentState, &state) {
		return s.ProviderServer.ReadResource(ctx, request)
	}
	seen, diagnostics := state, diag.Diagnostics{}
	err := (&fleetDevices{base{client: s.signalbox.client}}).read(ctx, &seen, &diagnostics)
	switch {
	case err != nil && !client.IsNotFound(err):
		return &tfprotov6.ReadResourceResponse{NewState: request.CurrentState, Private: request.Private, Diagnostics: []*tfprotov6.Diagnostic{{
			Severity: tfprotov6.DiagnosticSeverityError, Summary: "Cannot read " + fleetDeviceType, Detail: err.Error()}}}, nil
	case err != nil || diagnostics.HasError() || !sameModel(&state, &seen):
		return s.ProviderServer.ReadResource(ctx, request)
	}
	return &tfprotov6.ReadResourceResponse{NewState: request.CurrentState, Private: request.Private}, nil
}

// PlanResourceChange plans nothing when what Terraform proposes is what there is, defaults included, and no certificate is wanted.
func (s *shortcut) PlanResourceChange(ctx context.Context, request *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	var state fleetDevice
	if request.TypeName != fleetDeviceType || !s.staysAsItIs(request, &state) {
		return s.ProviderServer.PlanResourceChange(ctx, request)
	}
	if h := s.signalbox.handover; h != nil {
		var diagnostics diag.Diagnostics
		h.foresee(state.device.path(), state.device.path(), &diagnostics)
		if diagnostics.HasError() { // the framework finds the same, and knows how to say it
			return s.ProviderServer.PlanResourceChange(ctx, request)
		}
	}
	return &tfprotov6.PlanResourceChangeResponse{PlannedState: request.ProposedNewState, PlannedPrivate: request.PriorPrivate}, nil
}

// staysAsItIs also gives the state.
func (s *shortcut) staysAsItIs(request *tfprotov6.PlanResourceChangeRequest, state *fleetDevice) bool {
	if request.PriorState == nil || request.ProposedNewState == nil || !bytes.Equal(request.PriorState.MsgPack, request.ProposedNewState.MsgPack) {
		return false
	}
	var config fleetDevice
	if !decodePlain(request.PriorState, state) || !decodePlain(request.Config, &config) {
		return false
	}
	left, present := valuesOf(&config), valuesOf(state)
	for name, value := range s.defaults {
		if left[name].IsNull() && !present[name].Equal(value) {
			return false
		}
	}
	if config.ClientIDPin.IsNull() && !state.ClientIDPin.Equal(state.ID) {
		return false
	}
	_, changes := state.nextCertificate(state, &config, time.Now())
	return !changes && !state.ReadyForRenewal.IsNull()
}
