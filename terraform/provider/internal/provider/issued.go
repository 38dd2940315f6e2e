package provider

import (
	"context"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/boolplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"signalbox.internal/terraform-provider-signalbox/internal/client"
)

// issued is what signalbox_device_certificate and signalbox_fleet_device both have of a certificate.
type issued struct {
	CSRPEM           types.String `tfsdk:"csr_pem"`
	CA               types.String `tfsdk:"ca"`
	ValidityHours    types.Int64  `tfsdk:"validity_hours"`
	RenewBeforeHours types.Int64  `tfsdk:"renew_before_hours"`
	ChainPEM         types.String `tfsdk:"chain_pem"`
	Fingerprint      types.String `tfsdk:"fingerprint_sha256"`
	NotAfter         types.String `tfsdk:"not_after"`
	ReadyForRenewal  types.Bool   `tfsdk:"ready_for_renewal"`
}

// issuedAttributes are those of issued; a caller adds to some what is its own.
func issuedAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"validity_hours": schema.Int64Attribute{Optional: true, Computed: true, Validators: []validator.Int64{int64validator.Between(1, 876_000)},
			MarkdownDescription: "Life of certificates that are issued from now on; the broker's default if left out. It ends with the " +
				"authority's own.",
			PlanModifiers: []planmodifier.Int64{int64planmodifier.UseStateForUnknown()}},
		"renew_before_hours": numberAttribute("How long before its end an apply renews the certificate; 0, the default, never. "+
			"Less than `validity_hours`.", 0, int64validator.AtLeast(0), lessThanLife{}),
		"chain_pem":          fixed("The certificate and the authorities above it, without the root: what the device presents."),
		"fingerprint_sha256": fixed("SHA-256 of the certificate, hexadecimal."),
		"not_after":          fixed("Until when the certificate is good, RFC 3339."),
		"ready_for_renewal": schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether the next apply renews it, as of the last refresh " +
			"of the state.",
			PlanModifiers: []planmodifier.Bool{boolplanmodifier.UseStateForUnknown()}},
	}
}

// issuerAttribute chooses the authority.
func issuerAttribute() schema.StringAttribute {
	return schema.StringAttribute{Optional: true, Computed: true, Validators: []validator.String{isName()},
		MarkdownDescription: "Issuing authority. Another one issues another certificate beside the one before, which stays good until it ends. " +
			"Left out, or left out again: the broker's default one, when there is a certificate to issue; the one that is there stays. A `successor` that has issued in its place, as an import finds it, is not another.",
		PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()}}
}

// decode writes what the API shows.
func (i *issued) decode(a *client.Certificate) {
	if i.CA.IsNull() || i.CA.IsUnknown() {
		i.CA = optional(a.CA) // otherwise it is what was asked for, whose successor may have issued
	}
	if i.ValidityHours.IsNull() || i.ValidityHours.IsUnknown() {
		i.ValidityHours = hoursOf(a)
	}
	i.ChainPEM, i.Fingerprint, i.NotAfter = optional(a.ChainPEM), types.StringValue(a.Fingerprint), types.StringValue(a.NotAfter)
	i.ReadyForRenewal = types.BoolValue(a.Origin != "imported" && i.isDue(time.Now()))
}

// isDue says whether less time is left than renew_before_hours; 0 means that it is never renewed.
func (i *issued) isDue(now time.Time) bool {
	end, err := time.Parse(time.RFC3339, i.NotAfter.ValueString())
	before := i.RenewBeforeHours.ValueInt64()
	return err == nil && before > 0 && end.Sub(now) <= time.Duration(before)*time.Hour
}

// mayBeDue says whether a plan with these renew_before_hours renews the certificate of this state, or may while it does not know them yet.
// Terraform asks for the plan again when it applies it, perhaps hours later, and what was to stay must stay then: so the time of the last
// refresh counts, unless the plan changes the hours.
func (i *issued) mayBeDue(before types.Int64, now time.Time) bool {
	if before.IsUnknown() {
		return true
	}
	if before.Equal(i.RenewBeforeHours) {
		return i.ReadyForRenewal.ValueBool()
	}
	return (&issued{NotAfter: i.NotAfter, RenewBeforeHours: before}).isDue(now)
}

// isOfAnotherKey says whether somebody else has had a certificate issued in this one's place, for another key than the configured request has.
func (i *issued) isOfAnotherKey(config *issued) bool {
	return !certifies(i.ChainPEM.ValueString(), config.CSRPEM.ValueString())
}

// warnOfAnotherKey is for a plan that goes back to the key of the request: perhaps the other one took its place on purpose.
func (i *issued) warnOfAnotherKey(config *issued, diagnostics *diag.Diagnostics) {
	if i.isOfAnotherKey(config) && sameSource(i.CSRPEM.ValueString(), config.CSRPEM.ValueString()) {
		diagnostics.AddAttributeWarning(path.Root("csr_pem"), "The newest certificate is for another key",
			"Somebody else has had certificate "+i.Fingerprint.ValueString()+" issued, whose key is not that of csr_pem. This plan has one issued "+
				"for the key of csr_pem again, and leaves the other. If the device has a new key now, put its request here; if the key before "+
				"is known to others, revoke its certificates for keyCompromise, so that the broker certifies it no more.")
	}
}

// warnOfEachApply is for a certificate that was due when it was issued.
func (i *issued) warnOfEachApply(diagnostics *diag.Diagnostics) {
	diagnostics.AddAttributeWarning(path.Root("renew_before_hours"), "The new certificate is due for renewal already",
		fmt.Sprintf("It ends at %s, which is within renew_before_hours, so that each apply would renew it. The authority's own end may "+
			"have cut it short.", i.NotAfter.ValueString()))
}

// lessThanLife refuses a renewal that is due from the beginning, so that each apply would issue anew.
type lessThanLife struct{}

func (lessThanLife) Description(context.Context) string { return "less than validity_hours" }

func (l lessThanLife) MarkdownDescription(ctx context.Context) string { return l.Description(ctx) }

func (lessThanLife) ValidateInt64(ctx context.Context, request validator.Int64Request, response *validator.Int64Response) {
	before := request.ConfigValue.ValueInt64()
	if before == 0 {
		return
	}
	var life types.Int64
	response.Diagnostics.Append(request.Config.GetAttribute(ctx, path.Root("validity_hours"), &life)...)
	if !life.IsNull() && !life.IsUnknown() && before >= life.ValueInt64() {
		response.Diagnostics.AddAttributeError(request.Path, "A certificate would be due for renewal at once",
			fmt.Sprintf("Each apply would renew it: renew_before_hours is %d, which must be less than validity_hours, %d.", before, life.ValueInt64()))
	}
}

// importRequest puts the public key of a certificate from a request in the request's place: the broker keeps no requests.
func (i *issued) importRequest(a *client.Certificate) error {
	if a.Origin != "csr" {
		return nil
	}
	key, err := publicKeyOf(a.CertificatePEM)
	i.CSRPEM = optional(key)
	return err
}

func hoursOf(a *client.Certificate) types.Int64 {
	begin, errBegin := time.Parse(time.RFC3339, a.NotBefore)
	end, errEnd := time.Parse(time.RFC3339, a.NotAfter)
	if errBegin != nil || errEnd != nil {
		return types.Int64Null()
	}
	return types.Int64Value(int64(math.Round(end.Sub(begin).Hours())))
}

// statusOf is what the state says of a certificate; one that has expired stays what it was.
func statusOf(a *client.Certificate, before types.String) types.String {
	if a.Status == "expired" {
		return before
	}
	return types.StringValue(a.Status)
}

// ours says which certificates of a device a resource stands for, by their names.
type ours func(name string) bool

// ofName are the certificates of a name, those from before a renewal included.
func ofName(name string) ours { return func(other string) bool { return other == name } }

// byEst matches the names that the broker gives to what devices get by EST.
var byEst = regexp.MustCompile(`^est-[0-9a-f]{12}$`)

// orByEst adds what the device got by itself, with the certificate of the name for instance.
func (o ours) orByEst() ours {
	return func(name string) bool { return o(name) || byEst.MatchString(name) }
}

// issue makes sure that there is such a certificate, of such a status; one that is there already from the same request is taken. Beside an
// inactive one no other of ours stays active, whoever made it.
func (b *base) issue(ctx context.Context, device, name string, all ours, wanted *client.CertificateRequest) (*client.Certificate, error) {
	place, made := at("devices", device, "certificates", name), new(client.Certificate)
	err := b.client.Put(ctx, place, client.Always, wanted, made)
	if client.IsConflict(err) && wanted.Replaces == "" {
		err = b.explainOther(ctx, device, place, err)
	}
	if err == nil && wanted.Status == "inactive" {
		err = switchOffBut(ctx, b.client, device, all, made.Fingerprint)
	}
	if err == nil && made.Status != wanted.Status && made.Status != "expired" {
		made, err = switchCertificate(ctx, b.client, made.Fingerprint, wanted.Status)
	}
	if err == nil {
		b.handover.mark(nil, at("certificates", made.Fingerprint))
	}
	return made, err
}

// explainOther says how Terraform comes by a certificate that is there already from another request: only one in the state is replaced.
func (b *base) explainOther(ctx context.Context, device, place string, conflict error) error {
	var present client.Certificate
	if !strings.Contains(conflict.Error(), "from another request") || b.client.Get(ctx, place, &present) != nil {
		return conflict
	}
	id, otherwise := present.Fingerprint, "; if at this one (create_before_destroy), take that out, or use another name"
	if b.kind == "fleet_device" { // which replaces in place
		id, otherwise = device, ""
	}
	return differentError{fmt.Errorf("%w\nTo have Terraform replace it, import it first: terraform import ADDRESS %s. If it is in the state already, at "+
		"another address, let that go before, by terraform state rm 'OLD'%s. Or revoke it at the broker, and apply again: signalbox cert revoke %s",
		conflict, id, otherwise, present.Fingerprint)}
}

// usable are those of a device's certificates that could still be used.
func usable(ctx context.Context, c *client.Client, device string, some ours) ([]client.Certificate, error) {
	var all client.Page[client.Certificate]
	err := c.Get(ctx, at("devices", device, "certificates"), &all)
	if client.IsNotFound(err) {
		return nil, nil // with the device its certificates were revoked
	}
	return slices.DeleteFunc(all.Items, func(one client.Certificate) bool {
		return !some(one.Name) || (one.Status != "active" && one.Status != "inactive")
	}), err
}

// revokeAll revokes the usable certificates of some, but for those that stay.
func revokeAll(ctx context.Context, c *client.Client, device string, some ours, stays func(fingerprint string) bool, reason string) error {
	all, err := usable(ctx, c, device, some)
	for _, present := range all {
		if err == nil && !stays(present.Fingerprint) {
			err = c.Post(ctx, at("certificates", present.Fingerprint)+"/revoke", client.Revoke{Reason: reason}, nil)
		}
	}
	return err
}

// switchSome makes all usable certificates of some inactive, or the newest one of the resource active: another may be off because its key
// is known to somebody. The newest one, empty if there is none, comes last: what the state shows is its status, so that an apply that
// ended before is repeated.
func switchSome(ctx context.Context, c *client.Client, device string, some ours, newest, status string) (*client.Certificate, error) {
	if status == "inactive" {
		if err := switchOffBut(ctx, c, device, some, newest); err != nil {
			return nil, err
		}
	}
	if newest == "" {
		return nil, nil
	}
	return switchCertificate(ctx, c, newest, status)
}

// switches says whether a plan changes the status of what is there. It switches nothing on where it has another certificate issued, which is
// the newest then: the one before stays off, whatever becomes of the other.
func (i *issued) switches(before, after types.String) bool {
	return !after.Equal(before) && (after.ValueString() == "inactive" || !i.Fingerprint.IsUnknown())
}

// switchOffBut makes the active certificates of some inactive, but for one.
func switchOffBut(ctx context.Context, c *client.Client, device string, some ours, but string) error {
	all, err := usable(ctx, c, device, some)
	for _, present := range all {
		if err == nil && present.Fingerprint != but && present.Status == "active" {
			_, err = switchCertificate(ctx, c, present.Fingerprint, "inactive")
		}
	}
	return err
}

// planAuthority keeps the authority of the state where the configured one has handed over to it: an import finds who has issued a
// certificate, which need not be who was asked.
func planAuthority(ctx context.Context, c *client.Client, request resource.ModifyPlanRequest, response *resource.ModifyPlanResponse) {
	var asked, issuer types.String
	if request.State.Raw.IsNull() {
		return
	}
	response.Diagnostics.Append(request.Config.GetAttribute(ctx, path.Root("ca"), &asked)...)
	response.Diagnostics.Append(request.State.GetAttribute(ctx, path.Root("ca"), &issuer)...)
	if response.Diagnostics.HasError() || asked.IsNull() || asked.IsUnknown() || issuer.IsNull() || asked.Equal(issuer) {
		return
	}
	succeeds, err := isSuccessor(ctx, c, issuer.ValueString(), asked.ValueString())
	if err != nil {
		response.Diagnostics.AddAttributeError(path.Root("ca"), "Cannot tell who issues for this authority", err.Error())
	} else if succeeds {
		response.Diagnostics.Append(response.Plan.SetAttribute(ctx, path.Root("ca"), issuer)...)
	}
}

// planChoices is for a plan of another certificate: what the configuration leaves out the broker chooses anew, whatever the state says of
// the certificate before.
func planChoices(ctx context.Context, config *issued, response *resource.ModifyPlanResponse) {
	if config.CA.IsNull() {
		response.Diagnostics.Append(response.Plan.SetAttribute(ctx, path.Root("ca"), types.StringUnknown())...)
	}
	if config.ValidityHours.IsNull() {
		response.Diagnostics.Append(response.Plan.SetAttribute(ctx, path.Root("validity_hours"), types.Int64Unknown())...)
	}
}

// successionsMax is how far the broker itself follows.
const successionsMax = 16

// isSuccessor says whether an authority issues in the place of an earlier one, or did before it handed over itself.
func isSuccessor(ctx context.Context, c *client.Client, name, earlier string) (bool, error) {
	for range successionsMax {
		var authority client.IssuingCa
		err := c.Get(ctx, at("issuing-cas", earlier), &authority)
		if client.IsNotFound(err) {
			return false, nil // the broker says so to who wants a certificate of it
		}
		if err != nil || authority.Successor == "" || authority.Successor == name {
			return err == nil && authority.Successor == name, err
		}
		earlier = authority.Successor
	}
	return false, nil
}

// switchCertificate makes a certificate active or inactive.
func switchCertificate(ctx context.Context, c *client.Client, fingerprint, status string) (*client.Certificate, error) {
	made := new(client.Certificate)
	return made, c.Put(ctx, at("certificates", fingerprint), client.Always, client.CertificateChange{Status: status}, made)
}

// importWithRenewal reads the import id NAME or NAME/RENEW_BEFORE_HOURS.
func importWithRenewal(id, name string) (string, types.Int64, error) {
	object, hours, _ := strings.Cut(id, "/")
	before, err := strconv.ParseInt("0"+hours, 10, 64)
	if err != nil {
		return "", types.Int64Null(), fmt.Errorf("%q reads neither %s nor %[2]s/RENEW_BEFORE_HOURS", id, name)
	}
	return object, types.Int64Value(before), nil
}
