package provider

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"signalbox.internal/terraform-provider-signalbox/internal/client"
)

// fleetDevices are devices with their certificates as one object each. Two objects that refer to each other cost Terraform time in
// the square of their number, which thousands of them cannot pay.
type fleetDevices struct{ base }

type fleetDevice struct {
	device
	issued
	Status types.String `tfsdk:"certificate_status"`
}

// certificateName is what the certificate of such a device is called.
const certificateName = "main"

// allOfFleetDevice are the certificates of such a device, what it got by itself included: it is the device that the resource stands for.
var allOfFleetDevice = ofName(certificateName).orByEst()

func newFleetDevice() resource.Resource {
	return &fleetDevices{base{kind: "fleet_device", endsForGood: true, schema: fleetDeviceSchema()}}
}

func (d *fleetDevice) certificatePath() string {
	return at("devices", d.ID.ValueString(), "certificates", certificateName)
}

// decodeCertificate writes what the API shows of the certificate; nil: there is none that could be used.
func (d *fleetDevice) decodeCertificate(a *client.Certificate) {
	if a == nil {
		d.ChainPEM, d.Fingerprint, d.NotAfter = types.StringNull(), types.StringNull(), types.StringNull()
		d.ReadyForRenewal = types.BoolValue(false)
		if d.CA.IsUnknown() {
			d.CA = types.StringNull()
		}
		if d.ValidityHours.IsUnknown() {
			d.ValidityHours = types.Int64Null()
		}
		return
	}
	d.issued.decode(a)
	d.Status = statusOf(a, d.Status)
}

func (f *fleetDevices) Create(ctx context.Context, request resource.CreateRequest, response *resource.CreateResponse) {
	var plan, config fleetDevice
	response.Diagnostics.Append(request.Plan.Get(ctx, &plan)...)
	response.Diagnostics.Append(request.Config.Get(ctx, &config)...)
	if response.Diagnostics.HasError() {
		return
	}
	err := f.certifying(&plan, &config, func() error { return f.make(ctx, &plan, &config, &response.Diagnostics) })
	if err != nil {
		// A device that is left is as it was wanted: the next apply finds it, and goes on from there.
		f.fail(&response.Diagnostics, "create", err)
		return
	}
	response.Diagnostics.Append(response.State.Set(ctx, &plan)...)
}

func (f *fleetDevices) make(ctx context.Context, plan, config *fleetDevice, diagnostics *diag.Diagnostics) error {
	wanted := encodeDevice(ctx, &plan.device, diagnostics)
	return f.handover.make(plan.device.path(), func() error {
		made, before, err := create(ctx, f.client, plan.device.path(), wanted)
		if err != nil {
			return err
		}
		decodeDevice(ctx, made, &plan.device, diagnostics)
		if err = f.certify(ctx, plan, config, "", diagnostics); err != nil && before == nil {
			err = f.undo(ctx, &plan.device, err)
		}
		return err
	}, membershipsOf(&plan.device, wanted)...)
}

// certifying has the turn of the certificate that the plan wants, so that a resource that had it up to now does not revoke it before this
// one has it, nor if this one fails.
func (f *fleetDevices) certifying(plan, config *fleetDevice, certify func() error) error {
	if config.CSRPEM.IsNull() {
		return certify()
	}
	return f.handover.make(plan.certificatePath(), certify)
}

// undoTimeout is less than Terraform, once it is stopped, leaves the provider.
const undoTimeout = 10 * time.Second

// undo deletes a device that was just made and got no certificate: a state would be one of an object to be replaced, and without one
// nothing would destroy the device. It gives the failure of the certificate, which may be that Terraform is stopped.
func (f *fleetDevices) undo(ctx context.Context, made *device, failure error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTimeout)
	defer cancel()
	if f.client.Delete(ctx, made.path()) != nil {
		return fmt.Errorf("%w\n%s is left, and could not be deleted; the next apply takes it", failure, made.path())
	}
	return failure
}

// certify makes sure that there is the certificate that the plan wants, and warns of one that each apply would renew; another one comes
// beside the one that it replaces. The caller has its turn.
func (f *fleetDevices) certify(ctx context.Context, plan, config *fleetDevice, replaces string, diagnostics *diag.Diagnostics) error {
	if config.CSRPEM.IsNull() {
		plan.decodeCertificate(nil)
		return nil
	}
	made, err := f.issue(ctx, plan.ID.ValueString(), certificateName, allOfFleetDevice, &client.CertificateRequest{
		CSRPEM:           config.CSRPEM.ValueString(),
		CA:               config.CA.ValueString(),
		ValidityHours:    config.ValidityHours.ValueInt64(),
		RenewBeforeHours: plan.RenewBeforeHours.ValueInt64(),
		Replaces:         replaces,
		Status:           plan.Status.ValueString(),
	})
	if err != nil {
		return err
	}
	plan.decodeCertificate(made)
	if plan.ReadyForRenewal.ValueBool() {
		plan.warnOfEachApply(diagnostics)
	}
	return nil
}

func (f *fleetDevices) Read(ctx context.Context, request resource.ReadRequest, response *resource.ReadResponse) {
	var state fleetDevice
	response.Diagnostics.Append(request.State.Get(ctx, &state)...)
	if response.Diagnostics.HasError() {
		return
	}
	err := f.read(ctx, &state, &response.Diagnostics)
	switch {
	case client.IsNotFound(err):
		response.State.RemoveResource(ctx)
	case err != nil:
		f.fail(&response.Diagnostics, "read", err)
	default:
		response.Diagnostics.Append(response.State.Set(ctx, &state)...)
	}
}

func (f *fleetDevices) read(ctx context.Context, state *fleetDevice, diagnostics *diag.Diagnostics) error {
	found, err := f.client.DeviceWith(ctx, state.ID.ValueString(), certificateName)
	if err != nil {
		return err
	}
	decodeDevice(ctx, &found.Device, &state.device, diagnostics)
	ours := found.Certificate
	if state.CSRPEM.IsNull() || (ours != nil && ours.Status == "revoked") {
		ours = nil
	}
	state.decodeCertificate(ours)
	return nil
}

func (f *fleetDevices) Update(ctx context.Context, request resource.UpdateRequest, response *resource.UpdateResponse) {
	var plan, state, config fleetDevice
	response.Diagnostics.Append(request.Plan.Get(ctx, &plan)...)
	response.Diagnostics.Append(request.State.Get(ctx, &state)...)
	response.Diagnostics.Append(request.Config.Get(ctx, &config)...)
	if response.Diagnostics.HasError() {
		return
	}
	err := f.updateDevice(ctx, &plan.device, &state.device, &response.Diagnostics)
	if err == nil {
		err = f.updateCertificate(ctx, &plan, &state, &config, &response.Diagnostics)
	}
	if err != nil {
		f.fail(&response.Diagnostics, "change", err)
		return
	}
	response.Diagnostics.Append(response.State.Set(ctx, &plan)...)
}

func (f *fleetDevices) updateDevice(ctx context.Context, plan, state *device, diagnostics *diag.Diagnostics) error {
	if plan.isOf(state) {
		*plan = *state
		return nil
	}
	prior, wanted := encodeDevice(ctx, state, diagnostics), encodeDevice(ctx, plan, diagnostics)
	made, err := update(ctx, f.client, plan.path(), prior.Revision, prior, wanted)
	if err == nil {
		decodeDevice(ctx, made, plan, diagnostics)
	}
	return err
}

// updateCertificate switches certificates on or off and issues another one when the plan says so. Those before it are revoked if it comes
// from another request, and only when it is there; otherwise they are good until they end, as after a renewal, and so is what the device
// got by itself.
func (f *fleetDevices) updateCertificate(ctx context.Context, plan, state, config *fleetDevice, diagnostics *diag.Diagnostics) error {
	var switched *client.Certificate
	var err error
	if !config.CSRPEM.IsNull() && !state.CSRPEM.IsNull() && plan.switches(state.Status, plan.Status) {
		switched, err = switchSome(ctx, f.client, plan.ID.ValueString(), allOfFleetDevice, state.Fingerprint.ValueString(), plan.Status.ValueString())
	}
	switch {
	case err != nil:
	case config.CSRPEM.IsNull() || plan.Fingerprint.IsUnknown():
		err = f.certifying(plan, config, func() error { return f.certify(ctx, plan, config, state.Fingerprint.ValueString(), diagnostics) })
		if err == nil && !state.CSRPEM.IsNull() && !state.CSRPEM.Equal(plan.CSRPEM) {
			before := allOfFleetDevice
			if config.CSRPEM.IsNull() {
				before = ofName(certificateName) // from now on the device may enrol by itself, as it may have done already
			}
			stays := func(fingerprint string) bool { return fingerprint == plan.Fingerprint.ValueString() }
			err = revokeAll(ctx, f.client, plan.ID.ValueString(), before, stays, "superseded")
		}
	case switched != nil:
		foretold := plan.ReadyForRenewal
		plan.decodeCertificate(switched)
		plan.ReadyForRenewal = foretold // the time may have come since the plan; the next one sees it
	}
	return err
}

// Delete needs no word about the certificate where the device goes: with it, it is revoked.
func (f *fleetDevices) Delete(ctx context.Context, request resource.DeleteRequest, response *resource.DeleteResponse) {
	var state fleetDevice
	response.Diagnostics.Append(request.State.Get(ctx, &state)...)
	if response.Diagnostics.HasError() {
		return
	}
	stays, err := f.delete(ctx, state.device.path())
	if err != nil {
		f.fail(&response.Diagnostics, "delete", err)
	}
	if fingerprint := state.Fingerprint.ValueString(); stays && fingerprint != "" && !f.handover.has(at("certificates", fingerprint)) {
		response.Diagnostics.AddWarning("The device stays, and its certificate", state.device.path()+" is another resource's from this apply on. "+
			"Unless one has its certificate "+fingerprint+" too, or gets it later in this apply, nobody looks after that any more. Look at the next plan "+
			"before you revoke it.")
	}
}

// ModifyPlan plans another certificate where there is none, where one is due, where it is to come from another request or authority, and
// where somebody else has had one issued for another key.
func (f *fleetDevices) ModifyPlan(ctx context.Context, request resource.ModifyPlanRequest, response *resource.ModifyPlanResponse) {
	if f.handover != nil {
		foreseeDevice(ctx, f.handover, request, response)
	}
	if request.Plan.Raw.IsNull() {
		return
	}
	planAuthority(ctx, f.client, request, response)
	settle(request, response, keptOfDevice...)
	if request.State.Raw.IsNull() || response.Diagnostics.HasError() {
		return
	}
	var plan, state, config fleetDevice
	response.Diagnostics.Append(response.Plan.Get(ctx, &plan)...)
	response.Diagnostics.Append(request.State.Get(ctx, &state)...)
	response.Diagnostics.Append(request.Config.Get(ctx, &config)...)
	if response.Diagnostics.HasError() {
		return
	}
	next, changes := plan.nextCertificate(&state, &config, time.Now())
	ready := types.BoolValue(false)
	if next.IsUnknown() {
		ready = types.BoolUnknown()
	}
	response.Diagnostics.Append(response.Plan.SetAttribute(ctx, path.Root("ready_for_renewal"), ready)...)
	if !changes {
		return
	}
	for _, name := range []string{"chain_pem", "fingerprint_sha256", "not_after"} {
		response.Diagnostics.Append(response.Plan.SetAttribute(ctx, path.Root(name), next)...)
	}
	if next.IsUnknown() {
		planChoices(ctx, &config.issued, response)
		state.warnOfAnotherKey(&config.issued, &response.Diagnostics)
	}
}

// nextCertificate says whether there is to be another certificate than in the state, unknown, or none, null.
func (d *fleetDevice) nextCertificate(state, config *fleetDevice, now time.Time) (next types.String, changes bool) {
	switch {
	case config.CSRPEM.IsNull():
		return types.StringNull(), !state.Fingerprint.IsNull()
	case state.Fingerprint.IsNull() || state.mayBeDue(d.RenewBeforeHours, now) || !d.CSRPEM.Equal(state.CSRPEM) || !d.CA.Equal(state.CA) ||
		state.isOfAnotherKey(&config.issued):
		return types.StringUnknown(), true
	}
	return types.StringNull(), false
}

// ImportState reads ID or ID/RENEW_BEFORE_HOURS.
func (f *fleetDevices) ImportState(ctx context.Context, request resource.ImportStateRequest, response *resource.ImportStateResponse) {
	id, before, err := importWithRenewal(request.ID, "ID")
	if err != nil {
		f.failImport(&response.Diagnostics, err)
		return
	}
	state := fleetDevice{device: device{ID: types.StringValue(id)}, issued: issued{RenewBeforeHours: before}, Status: types.StringValue("active")}
	var certificate client.Certificate
	err = f.client.Get(ctx, state.certificatePath(), &certificate)
	if err == nil && certificate.Status != "revoked" {
		err = state.importRequest(&certificate)
	}
	if err == nil || client.IsNotFound(err) {
		err = f.read(ctx, &state, &response.Diagnostics)
	}
	if err != nil {
		f.fail(&response.Diagnostics, "import", err)
		return
	}
	response.Diagnostics.Append(response.State.Set(ctx, &state)...)
}
