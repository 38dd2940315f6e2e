package provider

import (
	"context"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// seen is a certificate that was not due when the state was refreshed, and is by now.
func seen() issued {
	return issued{CSRPEM: types.StringValue("request"), CA: types.StringValue("factory"), ValidityHours: types.Int64Value(48),
		RenewBeforeHours: types.Int64Value(24), ChainPEM: types.StringValue("chain"), Fingerprint: types.StringValue("f1"),
		NotAfter: types.StringValue(time.Now().Add(23 * time.Hour).Format(time.RFC3339)), ReadyForRenewal: types.BoolValue(false)}
}

// planned is what a resource plans of a state, when this is wanted and the configuration has nothing but a request.
func planned[M any](t *testing.T, r resource.ResourceWithModifyPlan, state, wanted, config M) (plan M) {
	t.Helper()
	ctx := context.Background()
	var described resource.SchemaResponse
	r.Schema(ctx, resource.SchemaRequest{}, &described)
	raw := func(of M) tfsdk.State {
		made := tfsdk.State{Schema: described.Schema}
		if found := made.Set(ctx, of); found.HasError() {
			t.Fatal(found)
		}
		return made
	}
	request := resource.ModifyPlanRequest{State: raw(state), Config: tfsdk.Config(raw(config)), Plan: tfsdk.Plan(raw(wanted))}
	response := &resource.ModifyPlanResponse{Plan: request.Plan}
	r.ModifyPlan(ctx, request, response)
	if response.Diagnostics.HasError() {
		t.Fatal(response.Diagnostics)
	}
	if found := response.Plan.Get(ctx, &plan); found.HasError() {
		t.Fatal(found)
	}
	return plan
}

func TestACertificateThatBecomesDueBetweenPlanAndApplyStays(t *testing.T) {
	asked := issued{CSRPEM: types.StringValue("request")}
	alone := certificate{issued: seen(), Device: types.StringValue("pump-1"), Name: types.StringValue("main"), Status: types.StringValue("active")}
	off := alone
	off.Status = types.StringValue("inactive")
	if plan := planned(t, newDeviceCertificate().(*deviceCertificate), alone, off, certificate{issued: asked}); plan.Fingerprint != alone.Fingerprint {
		t.Errorf("the plan has the certificate %v", plan.Fingerprint)
	}
	fleet := fleetDevice{device: pump("pump-1"), issued: seen(), Status: types.StringValue("active")}
	named := fleet
	named.DisplayName = types.StringValue("Pump 1")
	config := fleetDevice{device: device{Attributes: fleet.Attributes, Groups: fleet.Groups}, issued: asked}
	if plan := planned(t, newFleetDevice().(*fleetDevices), fleet, named, config); plan.Fingerprint != fleet.Fingerprint {
		t.Errorf("the plan for a fleet has the certificate %v", plan.Fingerprint)
	}
}

func TestACertificateIsDueForTheHoursThatThePlanSets(t *testing.T) {
	one := seen()
	for before, wanted := range map[types.Int64]bool{types.Int64Unknown(): true, types.Int64Value(22): false, types.Int64Value(24): false,
		types.Int64Value(25): true} {
		if found := one.mayBeDue(before, time.Now()); found != wanted {
			t.Errorf("with %v hours it is due: %v", before, found)
		}
	}
	if one.ReadyForRenewal = types.BoolValue(true); !one.mayBeDue(types.Int64Value(24), time.Now()) {
		t.Error("what the last refresh found due is not due")
	}
}

// keyed is a request and a certificate of one new key.
func keyed(t *testing.T) (request, chain string) {
	t.Helper()
	key, request := keyAndRequest(t)
	return request, certificateFor(t, key)
}

func TestACertificateOfAnotherKeyIsNotTheRequests(t *testing.T) {
	request, chain := keyed(t)
	_, other := keyed(t)
	imported, err := publicKeyOf(chain)
	if err != nil {
		t.Fatal(err)
	}
	for _, source := range []string{request, imported} {
		asked := issued{CSRPEM: types.StringValue(source)}
		for chainPEM, stays := range map[string]bool{chain: true, other: false} {
			present := seen()
			present.CSRPEM, present.ChainPEM = asked.CSRPEM, types.StringValue(chainPEM)
			alone := certificate{issued: present, Device: types.StringValue("pump-1"), Name: types.StringValue("main"), Status: types.StringValue("active")}
			if plan := planned(t, newDeviceCertificate().(*deviceCertificate), alone, alone, certificate{issued: asked}); plan.Fingerprint.IsUnknown() == stays {
				t.Errorf("the plan has the certificate %v, to stay: %t", plan.Fingerprint, stays)
			}
			fleet := fleetDevice{device: pump("pump-1"), issued: present, Status: types.StringValue("active")}
			config := fleetDevice{device: device{Attributes: fleet.Attributes, Groups: fleet.Groups}, issued: asked}
			if plan := planned(t, newFleetDevice().(*fleetDevices), fleet, fleet, config); plan.Fingerprint.IsUnknown() == stays {
				t.Errorf("the plan for a fleet has the certificate %v, to stay: %t", plan.Fingerprint, stays)
			}
			if _, changes := fleet.nextCertificate(&fleet, &config, time.Now()); changes == stays {
				t.Errorf("the short way changes it: %t", changes)
			}
		}
	}
}

func TestACertificateWhoseKeyIsNotSealedToItsReceiverIsNotItsOwn(t *testing.T) {
	present := certificate{issued: seen(), Device: types.StringValue("pump-1"), Name: types.StringValue("main"), Status: types.StringValue("active"),
		SealToPEM: types.StringValue("receiver"), KeyType: types.StringValue("ec-p256"), SealedPrivateKey: types.StringValue("sealed")}
	present.CSRPEM = types.StringNull()
	config := certificate{SealToPEM: present.SealToPEM}
	for _, sealed := range []types.String{present.SealedPrivateKey, types.StringNull()} {
		present.SealedPrivateKey = sealed
		plan := planned(t, newDeviceCertificate().(*deviceCertificate), present, present, config)
		if plan.Fingerprint.IsUnknown() != sealed.IsNull() {
			t.Errorf("the plan has the certificate %v, with a sealed key %v", plan.Fingerprint, sealed)
		}
	}
}
