package provider

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"signalbox.internal/terraform-provider-signalbox/internal/client"
)

// deviceCertificate is a certificate that the broker issues or registers, under a name that the caller chooses.
type deviceCertificate struct{ client *client.Client }

type certificate struct {
	Device           types.String `tfsdk:"device"`
	Name             types.String `tfsdk:"name"`
	CSRPEM           types.String `tfsdk:"csr_pem"`
	CertificatePEM   types.String `tfsdk:"certificate_pem"`
	SealToPEM        types.String `tfsdk:"seal_to_pem"`
	KeyType          types.String `tfsdk:"key_type"`
	CA               types.String `tfsdk:"ca"`
	ValidityHours    types.Int64  `tfsdk:"validity_hours"`
	RenewBeforeHours types.Int64  `tfsdk:"renew_before_hours"`
	Status           types.String `tfsdk:"status"`
	RevocationReason types.String `tfsdk:"revocation_reason"`
	ChainPEM         types.String `tfsdk:"chain_pem"`
	SealedPrivateKey types.String `tfsdk:"sealed_private_key"`
	Serial           types.String `tfsdk:"serial"`
	Fingerprint      types.String `tfsdk:"fingerprint_sha256"`
	NotBefore        types.String `tfsdk:"not_before"`
	NotAfter         types.String `tfsdk:"not_after"`
	ReadyForRenewal  types.Bool   `tfsdk:"ready_for_renewal"`
}

// importedSeal stands for the receiver of a sealed key that was imported: the broker forgets whom it was sealed to.
const importedSeal = "imported"

func newDeviceCertificate() resource.Resource { return &deviceCertificate{} }

func (d *deviceCertificate) Metadata(_ context.Context, request resource.MetadataRequest, response *resource.MetadataResponse) {
	response.TypeName = request.ProviderTypeName + "_device_certificate"
}

func (d *deviceCertificate) Configure(_ context.Context, request resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	d.client, _ = request.ProviderData.(*client.Client)
}

func (c *certificate) path() string {
	return at("devices", c.Device.ValueString(), "certificates", c.Name.ValueString())
}

// request is what the broker is asked for. The source comes from the configuration, because after an import the state holds
// only what stands for it.
func (c *certificate) request(config *certificate) client.CertificateRequest {
	return client.CertificateRequest{
		CSRPEM:           config.CSRPEM.ValueString(),
		CertificatePEM:   config.CertificatePEM.ValueString(),
		SealToPEM:        config.SealToPEM.ValueString(),
		KeyType:          config.KeyType.ValueString(),
		CA:               config.CA.ValueString(),
		ValidityHours:    config.ValidityHours.ValueInt64(),
		RenewBeforeHours: c.RenewBeforeHours.ValueInt64(),
		Status:           c.Status.ValueString(),
	}
}

func (c *certificate) decode(a *client.Certificate) {
	c.CertificatePEM = keepPem(c.CertificatePEM, a.CertificatePEM)
	c.KeyType = optional(keyTypeOf(a.CertificatePEM))
	if c.CA.IsNull() || c.CA.IsUnknown() {
		c.CA = optional(a.CA) // otherwise it is what was asked for, whose successor may have issued
	}
	if c.ValidityHours.IsNull() || c.ValidityHours.IsUnknown() {
		c.ValidityHours = hoursOf(a)
	}
	if a.Status != "expired" {
		c.Status = types.StringValue(a.Status)
	}
	c.ChainPEM = optional(a.ChainPEM)
	c.SealedPrivateKey = optional(a.SealedPrivateKey)
	c.Serial = types.StringValue(a.Serial)
	c.Fingerprint = types.StringValue(a.Fingerprint)
	c.NotBefore = types.StringValue(a.NotBefore)
	c.NotAfter = types.StringValue(a.NotAfter)
	c.ReadyForRenewal = types.BoolValue(a.Origin != "imported" && c.isDue(time.Now()))
}

// isDue says whether less time is left than renew_before_hours; 0 means that it is never renewed.
func (c *certificate) isDue(now time.Time) bool {
	end, err := time.Parse(time.RFC3339, c.NotAfter.ValueString())
	before := c.RenewBeforeHours.ValueInt64()
	return err == nil && before > 0 && end.Sub(now) <= time.Duration(before)*time.Hour
}

func hoursOf(a *client.Certificate) types.Int64 {
	begin, errBegin := time.Parse(time.RFC3339, a.NotBefore)
	end, errEnd := time.Parse(time.RFC3339, a.NotAfter)
	if errBegin != nil || errEnd != nil {
		return types.Int64Null()
	}
	return types.Int64Value(int64(math.Round(end.Sub(begin).Hours())))
}

func (d *deviceCertificate) Create(ctx context.Context, request resource.CreateRequest, response *resource.CreateResponse) {
	var plan, config certificate
	response.Diagnostics.Append(request.Plan.Get(ctx, &plan)...)
	response.Diagnostics.Append(request.Config.Get(ctx, &config)...)
	if response.Diagnostics.HasError() {
		return
	}
	if err := d.put(ctx, &plan, &config, &response.Diagnostics); err != nil {
		response.Diagnostics.AddError("Cannot create signalbox_device_certificate", err.Error())
		return
	}
	response.Diagnostics.Append(response.State.Set(ctx, &plan)...)
}

// put makes sure that there is such a certificate; one that is there already from the same request is taken.
func (d *deviceCertificate) put(ctx context.Context, plan, config *certificate, diagnostics *diag.Diagnostics) error {
	var made client.Certificate
	if err := d.client.Put(ctx, plan.path(), client.Always, plan.request(config), &made); err != nil {
		return err
	}
	if wanted := plan.Status.ValueString(); made.Status != wanted && made.Status != "expired" {
		change := client.CertificateChange{Status: wanted}
		if err := d.client.Put(ctx, at("certificates", made.Fingerprint), client.Always, change, &made); err != nil {
			return err
		}
	}
	plan.decode(&made)
	if plan.ReadyForRenewal.ValueBool() {
		diagnostics.AddAttributeWarning(path.Root("renew_before_hours"), "The new certificate is due for renewal already",
			fmt.Sprintf("It ends at %s, which is within renew_before_hours, so that each apply would renew it. The authority's own end may "+
				"have cut it short.", made.NotAfter))
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
		response.Diagnostics.AddError("Cannot read signalbox_device_certificate", err.Error())
		return
	}
	state.decode(&present)
	response.Diagnostics.Append(response.State.Set(ctx, &state)...)
}

// Update asks for a new certificate only when the plan says so: the broker refuses another request while the one before is good.
func (d *deviceCertificate) Update(ctx context.Context, request resource.UpdateRequest, response *resource.UpdateResponse) {
	var plan, config certificate
	response.Diagnostics.Append(request.Plan.Get(ctx, &plan)...)
	response.Diagnostics.Append(request.Config.Get(ctx, &config)...)
	if response.Diagnostics.HasError() {
		return
	}
	var err error
	if plan.Fingerprint.IsUnknown() {
		err = d.put(ctx, &plan, &config, &response.Diagnostics)
	} else {
		var changed client.Certificate
		change := client.CertificateChange{Status: plan.Status.ValueString()}
		err = d.client.Put(ctx, at("certificates", plan.Fingerprint.ValueString()), client.Always, change, &changed)
		if err == nil {
			plan.decode(&changed)
		}
	}
	if err != nil {
		response.Diagnostics.AddError("Cannot change signalbox_device_certificate", err.Error())
		return
	}
	response.Diagnostics.Append(response.State.Set(ctx, &plan)...)
}

// Delete revokes all certificates of the name that could still be used, those from before a renewal included.
func (d *deviceCertificate) Delete(ctx context.Context, request resource.DeleteRequest, response *resource.DeleteResponse) {
	var state certificate
	response.Diagnostics.Append(request.State.Get(ctx, &state)...)
	if response.Diagnostics.HasError() {
		return
	}
	var all client.Page[client.Certificate]
	err := d.client.Get(ctx, at("devices", state.Device.ValueString(), "certificates"), &all)
	if client.IsNotFound(err) {
		return // with the device its certificates were revoked
	}
	for _, present := range all.Items {
		if err == nil && present.Name == state.Name.ValueString() && (present.Status == "active" || present.Status == "inactive") {
			revoke := client.Revoke{Reason: state.RevocationReason.ValueString()}
			err = d.client.Post(ctx, at("certificates", present.Fingerprint)+"/revoke", revoke, nil)
		}
	}
	if err != nil {
		response.Diagnostics.AddError("Cannot revoke signalbox_device_certificate", err.Error())
	}
}

// ModifyPlan plans a renewal when one is due: the resource stays, and so does the old certificate until it ends, so that a
// device that has not fetched the new one yet stays connected.
func (d *deviceCertificate) ModifyPlan(ctx context.Context, request resource.ModifyPlanRequest, response *resource.ModifyPlanResponse) {
	if request.Plan.Raw.IsNull() || request.State.Raw.IsNull() {
		return
	}
	var state certificate
	var renewBefore types.Int64
	var given types.String
	response.Diagnostics.Append(request.State.Get(ctx, &state)...)
	response.Diagnostics.Append(request.Plan.GetAttribute(ctx, path.Root("renew_before_hours"), &renewBefore)...)
	response.Diagnostics.Append(request.Config.GetAttribute(ctx, path.Root("certificate_pem"), &given)...)
	if response.Diagnostics.HasError() || !given.IsNull() {
		return
	}
	state.RenewBeforeHours = renewBefore
	if !state.isDue(time.Now()) {
		response.Diagnostics.Append(response.Plan.SetAttribute(ctx, path.Root("ready_for_renewal"), false)...)
		return
	}
	for _, name := range []string{"certificate_pem", "chain_pem", "sealed_private_key", "serial", "fingerprint_sha256", "not_before",
		"not_after"} {
		response.Diagnostics.Append(response.Plan.SetAttribute(ctx, path.Root(name), types.StringUnknown())...)
	}
	response.Diagnostics.Append(response.Plan.SetAttribute(ctx, path.Root("ready_for_renewal"), types.BoolUnknown())...)
}

// ImportState reads FINGERPRINT or FINGERPRINT/RENEW_BEFORE_HOURS.
func (d *deviceCertificate) ImportState(ctx context.Context, request resource.ImportStateRequest, response *resource.ImportStateResponse) {
	fingerprint, hours, _ := strings.Cut(request.ID, "/")
	renewBefore, err := strconv.ParseInt("0"+hours, 10, 64)
	if err != nil {
		response.Diagnostics.AddError("Not an import id of signalbox_device_certificate",
			fmt.Sprintf("%q reads neither FINGERPRINT nor FINGERPRINT/RENEW_BEFORE_HOURS.", request.ID))
		return
	}
	var present client.Certificate
	if err := d.client.Get(ctx, at("certificates", strings.ToLower(strings.ReplaceAll(fingerprint, ":", ""))), &present); err != nil {
		response.Diagnostics.AddError("Cannot import signalbox_device_certificate", err.Error())
		return
	}
	if present.Status == "revoked" {
		response.Diagnostics.AddError("Cannot import signalbox_device_certificate", "This certificate is revoked, which cannot be undone.")
		return
	}
	state := certificate{
		Device:           types.StringValue(present.Device),
		Name:             types.StringValue(present.Name),
		RenewBeforeHours: types.Int64Value(renewBefore),
		RevocationReason: types.StringValue("unspecified"),
		Status:           types.StringValue("active"),
	}
	switch present.Origin {
	case "csr":
		key, err := publicKeyOf(present.CertificatePEM)
		if err != nil {
			response.Diagnostics.AddError("Cannot import signalbox_device_certificate", err.Error())
			return
		}
		state.CSRPEM = types.StringValue(key)
	case "generated":
		state.SealToPEM = types.StringValue(importedSeal)
	}
	state.decode(&present)
	response.Diagnostics.Append(response.State.Set(ctx, &state)...)
}
