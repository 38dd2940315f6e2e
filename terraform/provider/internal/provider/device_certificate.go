package provider

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"signalbox.internal/terraform-provider-signalbox/internal/client"
)

// deviceCertificate is a certificate that the broker issues or registers, under a name that the caller chooses.
type deviceCertificate struct{ base }

type certificate struct {
	issued
	Device           types.String `tfsdk:"device"`
	Name             types.String `tfsdk:"name"`
	CertificatePEM   types.String `tfsdk:"certificate_pem"`
	SealToPEM        types.String `tfsdk:"seal_to_pem"`
	KeyType          types.String `tfsdk:"key_type"`
	Status           types.String `tfsdk:"status"`
	RevocationReason types.String `tfsdk:"revocation_reason"`
	SealedPrivateKey types.String `tfsdk:"sealed_private_key"`
	Serial           types.String `tfsdk:"serial"`
	NotBefore        types.String `tfsdk:"not_before"`
}

// importedSeal stands for the receiver of a sealed key that was imported: the broker forgets whom it was sealed to.
const importedSeal = "imported"

func newDeviceCertificate() resource.Resource {
	return &deviceCertificate{base{kind: "device_certificate", endsForGood: true, schema: deviceCertificateSchema()}}
}

func (c *certificate) path() string {
	return at("devices", c.Device.ValueString(), "certificates", c.Name.ValueString())
}

// request is what the broker is asked for. The source comes from the configuration, because after an import the state holds
// only what stands for it.
func (c *certificate) request(config *certificate, replaces string) *client.CertificateRequest {
	return &client.CertificateRequest{
		CSRPEM:           config.CSRPEM.ValueString(),
		CertificatePEM:   config.CertificatePEM.ValueString(),
		SealToPEM:        config.SealToPEM.ValueString(),
		KeyType:          config.KeyType.ValueString(),
		CA:               config.CA.ValueString(),
		ValidityHours:    config.ValidityHours.ValueInt64(),
		RenewBeforeHours: c.RenewBeforeHours.ValueInt64(),
		Replaces:         replaces,
		Status:           c.Status.ValueString(),
	}
}

func (c *certificate) decode(a *client.Certificate) {
	c.issued.decode(a)
	c.CertificatePEM = keep(c.CertificatePEM, a.CertificatePEM, sameSource) // without text and chain around it
	c.KeyType = optional(keyTypeOf(a.CertificatePEM))
	c.Status = statusOf(a, c.Status)
	c.SealedPrivateKey = optional(a.SealedPrivateKey)
	c.Serial = types.StringValue(a.Serial)
	c.NotBefore = types.StringValue(a.NotBefore)
}

func (d *deviceCertificate) Create(ctx context.Context, request resource.CreateRequest, response *resource.CreateResponse) {
	var plan, config certificate
	response.Diagnostics.Append(request.Plan.Get(ctx, &plan)...)
	response.Diagnostics.Append(request.Config.Get(ctx, &config)...)
	if response.Diagnostics.HasError() {
		return
	}
	if err := d.put(ctx, &plan, &config, "", &response.Diagnostics); err != nil {
		d.fail(&response.Diagnostics, "create", err)
		return
	}
	response.Diagnostics.Append(response.State.Set(ctx, &plan)...)
}

// put makes sure that there is such a certificate, beside the one that it replaces, and warns of one that each apply would renew.
func (d *deviceCertificate) put(ctx context.Context, plan, config *certificate, replaces string, diagnostics *diag.Diagnostics) error {
	var made *client.Certificate
	err := d.handover.make(plan.path(), func() (err error) {
		made, err = d.issue(ctx, plan.Device.ValueString(), plan.Name.ValueString(), ofName(plan.Name.ValueString()), plan.request(config, replaces))
		return err
	})
	if err != nil {
		return err
	}
	plan.decode(made)
	if plan.ReadyForRenewal.ValueBool() {
		plan.warnOfEachApply(diagnostics)
	}
	return nil
}

func (d *deviceCertificate) Read(ctx context.Context, request resource.ReadRequest, response *resource.ReadResponse) {
	var state certificate
	response.Diagnostics.Append(request.State.Get(ctx, &state)...)
	if response.Diagnostics.HasError() {
		return
	}
	var present client.Certificate
	err := d.client.Get(ctx, state.path(), &present)
	if client.IsNotFound(err) || (err == nil && present.Status == "revoked") {
		response.State.RemoveResource(ctx)
		return
	}
	if err != nil {
		d.fail(&response.Diagnostics, "read", err)
		return
	}
	state.decode(&present)
	response.Diagnostics.Append(response.State.Set(ctx, &state)...)
}

// Update asks for a new certificate only when the plan says so, and switches those of the name only when it does: somebody else may have
// switched one off since. Everything else is Terraform's alone.
func (d *deviceCertificate) Update(ctx context.Context, request resource.UpdateRequest, response *resource.UpdateResponse) {
	var plan, state, config certificate
	response.Diagnostics.Append(request.Plan.Get(ctx, &plan)...)
	response.Diagnostics.Append(request.State.Get(ctx, &state)...)
	response.Diagnostics.Append(request.Config.Get(ctx, &config)...)
	if response.Diagnostics.HasError() {
		return
	}
	var switched *client.Certificate
	var err error
	if plan.switches(state.Status, plan.Status) {
		switched, err = switchSome(ctx, d.client, state.Device.ValueString(), ofName(state.Name.ValueString()), state.Fingerprint.ValueString(),
			plan.Status.ValueString())
	}
	switch {
	case err != nil:
	case plan.Fingerprint.IsUnknown():
		err = d.put(ctx, &plan, &config, state.Fingerprint.ValueString(), &response.Diagnostics)
	case switched != nil:
		foretold := plan.ReadyForRenewal
		plan.decode(switched)
		plan.ReadyForRenewal = foretold // the time may have come since the plan; the next one sees it
	}
	if err != nil {
		d.fail(&response.Diagnostics, "change", err)
		return
	}
	response.Diagnostics.Append(response.State.Set(ctx, &plan)...)
}

// Delete revokes all certificates of the name that could still be used, those from before a renewal included; but not one that a resource
// got just now, which takes the place of this one (create_before_destroy). It may be the same: the broker answers the same request with
// the certificate that is there. What an earlier apply put in this one's place cannot be told from what somebody else has issued under the
// name, which is revoked too.
func (d *deviceCertificate) Delete(ctx context.Context, request resource.DeleteRequest, response *resource.DeleteResponse) {
	var state certificate
	response.Diagnostics.Append(request.State.Get(ctx, &state)...)
	if response.Diagnostics.HasError() {
		return
	}
	stays := func(fingerprint string) bool { return d.handover.has(at("certificates", fingerprint)) }
	err := d.handover.end(state.path(), d.endsForGood, func(bool) error {
		return revokeAll(ctx, d.client, state.Device.ValueString(), ofName(state.Name.ValueString()), stays, state.RevocationReason.ValueString())
	})
	if err != nil {
		d.fail(&response.Diagnostics, "revoke", err)
	}
}

// ModifyPlan plans another certificate when one is due, and when it is to come from another authority: the resource stays, and so does
// the old certificate until it ends, so that a device that has not fetched the new one yet stays connected.
func (d *deviceCertificate) ModifyPlan(ctx context.Context, request resource.ModifyPlanRequest, response *resource.ModifyPlanResponse) {
	if request.Plan.Raw.IsNull() || request.State.Raw.IsNull() {
		return
	}
	refuseToMove(ctx, request, response)
	planAuthority(ctx, d.client, request, response)
	var state, config certificate
	var renewBefore types.Int64
	var ca types.String
	response.Diagnostics.Append(request.State.Get(ctx, &state)...)
	response.Diagnostics.Append(request.Config.Get(ctx, &config)...)
	response.Diagnostics.Append(response.Plan.GetAttribute(ctx, path.Root("renew_before_hours"), &renewBefore)...)
	response.Diagnostics.Append(response.Plan.GetAttribute(ctx, path.Root("ca"), &ca)...)
	if response.Diagnostics.HasError() || !config.CertificatePEM.IsNull() {
		return
	}
	if !state.mayBeDue(renewBefore, time.Now()) && ca.Equal(state.CA) && !state.isOfAnotherSource(&config) {
		response.Diagnostics.Append(response.Plan.SetAttribute(ctx, path.Root("ready_for_renewal"), false)...)
		return
	}
	for _, name := range []string{"certificate_pem", "chain_pem", "sealed_private_key", "serial", "fingerprint_sha256", "not_before",
		"not_after"} {
		response.Diagnostics.Append(response.Plan.SetAttribute(ctx, path.Root(name), types.StringUnknown())...)
	}
	response.Diagnostics.Append(response.Plan.SetAttribute(ctx, path.Root("ready_for_renewal"), types.BoolUnknown())...)
	planChoices(ctx, &config.issued, response)
	state.warnOfAnotherKey(&config.issued, &response.Diagnostics)
	if state.SealToPEM.ValueString() == importedSeal { // from now on it is known whom the key is sealed to
		response.Diagnostics.Append(response.Plan.SetAttribute(ctx, path.Root("seal_to_pem"), config.SealToPEM)...)
	}
	if config.KeyType.IsNull() && !config.SealToPEM.IsNull() { // otherwise the key stays
		response.Diagnostics.Append(response.Plan.SetAttribute(ctx, path.Root("key_type"), types.StringUnknown())...)
	}
}

// isOfAnotherSource says whether somebody else has had a certificate issued in this one's place, for another key: one whose private key the
// broker has not made cannot be opened by whom it was to be sealed to.
func (c *certificate) isOfAnotherSource(config *certificate) bool {
	return c.isOfAnotherKey(&config.issued) || (!config.SealToPEM.IsNull() && c.SealedPrivateKey.IsNull())
}

// refuseToMove keeps a certificate that was brought where it is. Elsewhere it would be another resource, which begins with the end of this
// one; and the broker takes no certificate that it has revoked.
func refuseToMove(ctx context.Context, request resource.ModifyPlanRequest, response *resource.ModifyPlanResponse) {
	var plan, state, config certificate
	response.Diagnostics.Append(response.Plan.Get(ctx, &plan)...)
	response.Diagnostics.Append(request.State.Get(ctx, &state)...)
	response.Diagnostics.Append(request.Config.Get(ctx, &config)...)
	if response.Diagnostics.HasError() || config.CertificatePEM.IsNull() || !plan.CertificatePEM.Equal(state.CertificatePEM) {
		return
	}
	for _, one := range []struct {
		name          string
		before, after types.String
	}{{"device", state.Device, plan.Device}, {"name", state.Name, plan.Name}, {"csr_pem", state.CSRPEM, plan.CSRPEM},
		{"seal_to_pem", state.SealToPEM, plan.SealToPEM}} {
		if !one.after.Equal(one.before) {
			response.Diagnostics.AddAttributeError(path.Root(one.name), "A certificate that was brought keeps its device and its name",
				"With another one it would be revoked, which is for good: the broker would not take the same certificate again. Leave "+one.name+
					" as it is, or bring another certificate with it.")
		}
	}
}

// ImportState reads FINGERPRINT or FINGERPRINT/RENEW_BEFORE_HOURS, and /REVOCATION_REASON at the end of either.
func (d *deviceCertificate) ImportState(ctx context.Context, request resource.ImportStateRequest, response *resource.ImportStateResponse) {
	id, reason := request.ID, "unspecified"
	if slash := strings.LastIndexByte(id, '/'); slash >= 0 && slices.Contains(reasons, id[slash+1:]) {
		id, reason = id[:slash], id[slash+1:]
	}
	fingerprint, renewBefore, err := importWithRenewal(id, "FINGERPRINT")
	if err != nil {
		d.failImport(&response.Diagnostics, err)
		return
	}
	var present client.Certificate
	if err := d.client.Get(ctx, at("certificates", strings.ToLower(strings.ReplaceAll(fingerprint, ":", ""))), &present); err != nil {
		d.fail(&response.Diagnostics, "import", err)
		return
	}
	if present.Status == "revoked" {
		d.fail(&response.Diagnostics, "import", errors.New("this certificate is revoked, which cannot be undone"))
		return
	}
	state := certificate{
		issued:           issued{RenewBeforeHours: renewBefore},
		Device:           types.StringValue(present.Device),
		Name:             types.StringValue(present.Name),
		RevocationReason: types.StringValue(reason),
		Status:           types.StringValue("active"),
	}
	if err := state.importRequest(&present); err != nil {
		d.fail(&response.Diagnostics, "import", err)
		return
	}
	if present.Origin == "generated" {
		state.SealToPEM = types.StringValue(importedSeal)
	}
	state.decode(&present)
	response.Diagnostics.Append(response.State.Set(ctx, &state)...)
}
