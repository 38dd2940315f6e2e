package acceptance

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"signalbox.internal/terraform-provider-signalbox/internal/client"
)

// makeAuthorities makes "factory" and "factory-2", and "offline", which awaits its certificate and signs nothing.
func (b *broker) makeAuthorities(t testing.TB) {
	t.Helper()
	for name, more := range map[string]client.IssuingCa{"factory": {}, "factory-2": {}, "offline": {Offline: true}} {
		more.KeyType, more.CommonName, more.Enabled = "ec-p256", name, true
		if err := b.api(t).Put(context.Background(), "/issuing-cas/"+name, client.Always, more, nil); err != nil {
			t.Fatal(err)
		}
	}
}

// certified is a configuration with one certificate of each kind of resource, "fleet-1" and "alone-1".
func certified(t testing.TB, w *workspace, ca string) {
	t.Helper()
	w.write(t, "main.tf", requirement+fmt.Sprintf(`
resource "signalbox_fleet_device" "one" {
  id      = "fleet-1"
  csr_pem = file("fleet-1.csr")
  ca      = %[1]q
}

resource "signalbox_device" "two" {
  id = "alone-1"
}

resource "signalbox_device_certificate" "two" {
  device  = signalbox_device.two.id
  csr_pem = file("alone-1.csr")
  ca      = %[1]q
}
`, ca))
}

// statuses are those of all certificates of a device by fingerprint.
func (b *broker) statuses(t testing.TB, device string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, item := range b.get(t, "/devices/"+device+"/certificates")["items"].([]any) {
		certificate := item.(map[string]any)
		found[certificate["fingerprint"].(string)] = certificate["status"].(string)
	}
	return found
}

func (b *broker) newest(t testing.TB, device string) (fingerprint, ca string) {
	t.Helper()
	certificate := b.get(t, "/devices/"+device+"/certificates/main")
	return certificate["fingerprint"].(string), certificate["ca"].(string)
}

func wantStatuses(t testing.TB, b *broker, device string, wanted map[string]string) {
	t.Helper()
	if found := b.statuses(t, device); fmt.Sprint(found) != fmt.Sprint(wanted) {
		t.Errorf("the certificates of %s are %v, not %v", device, found, wanted)
	}
}

func TestACertificateStaysGoodUntilThereIsAnother(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	b.makeAuthorities(t)
	w := newWorkspace(t, "").of(t, b)
	devices := []string{"fleet-1", "alone-1"}
	first := map[string]string{}
	for _, device := range devices {
		_, request := requestOf(t, device)
		w.write(t, device+".csr", request)
	}
	certified(t, w, "factory")
	w.init(t).apply(t)
	for _, device := range devices {
		first[device], _ = b.newest(t, device)
	}

	t.Run("from an authority that signs nothing", func(t *testing.T) {
		certified(t, w, "offline")
		w.fails(t, []string{"awaiting certificate"}, "apply", "-auto-approve", "-no-color")
		for _, device := range devices {
			wantStatuses(t, b, device, map[string]string{first[device]: "active"})
		}
	})
	t.Run("from another authority, and then until it ends", func(t *testing.T) {
		certified(t, w, "factory-2")
		w.apply(t)
		w.hasNothingToDo(t)
		for _, device := range devices {
			second, ca := b.newest(t, device)
			if ca != "factory-2" {
				t.Errorf("the certificate of %s is of %s", device, ca)
			}
			wantStatuses(t, b, device, map[string]string{first[device]: "active", second: "active"})
		}
	})
	t.Run("for another request", func(t *testing.T) {
		second, _ := b.newest(t, "fleet-1")
		_, wrong := requestOf(t, "somebody-else")
		w.write(t, "fleet-1.csr", wrong)
		w.fails(t, []string{"somebody-else"}, "apply", "-auto-approve", "-no-color")
		wantStatuses(t, b, "fleet-1", map[string]string{first["fleet-1"]: "active", second: "active"})

		_, right := requestOf(t, "fleet-1")
		w.write(t, "fleet-1.csr", right)
		w.apply(t)
		w.hasNothingToDo(t)
		third, _ := b.newest(t, "fleet-1")
		wantStatuses(t, b, "fleet-1", map[string]string{first["fleet-1"]: "revoked", second: "revoked", third: "active"})
	})
	t.Run("for another request, the answer to which is lost", func(t *testing.T) {
		third, _ := b.newest(t, "fleet-1")
		_, request := requestOf(t, "fleet-1")
		w.write(t, "fleet-1.csr", request)
		proxy := newBetween(t, b).when(func(_ int64, what string) bool { return strings.HasSuffix(what, "/certificates/main") })
		w.through(t, proxy).fails(t, []string{"no answer"}, "apply", "-auto-approve", "-no-color")
		fourth, _ := b.newest(t, "fleet-1")
		if found := b.statuses(t, "fleet-1"); found[third] != "active" || found[fourth] != "active" || third == fourth {
			t.Errorf("the certificates are %v", found)
		}
		w.apply(t)
		w.hasNothingToDo(t)
		if found := b.statuses(t, "fleet-1"); found[third] != "revoked" || found[fourth] != "active" || len(found) != 4 {
			t.Errorf("the certificates are %v", found)
		}
	})
	t.Run("for a key that somebody else has replaced, as it was known to others", func(t *testing.T) {
		api := b.api(t)
		for _, device := range devices {
			leaked, _ := b.newest(t, device)
			_, request := requestOf(t, device)
			err := api.Post(t.Context(), "/certificates/"+leaked+"/revoke", client.Revoke{Reason: "keyCompromise"}, nil)
			if err == nil {
				wanted := client.CertificateRequest{CSRPEM: request, CA: "factory-2", Status: "active"}
				err = api.Put(t.Context(), "/devices/"+device+"/certificates/main", client.Always, wanted, nil)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		w.fails(t, []string{"The newest certificate is for another key", "the key is compromised"}, "apply", "-auto-approve", "-no-color")
		for _, device := range devices {
			_, request := requestOf(t, device)
			w.write(t, device+".csr", request)
		}
		w.apply(t)
		w.hasNothingToDo(t)
	})
}

func TestTheStateSaysWhoRenewedWhatNoAuthorityIsNamedForAnyMore(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	b.makeAuthorities(t)
	w := newWorkspace(t, "").of(t, b)
	for _, device := range []string{"fleet-1", "alone-1"} {
		_, request := requestOf(t, device)
		w.write(t, device+".csr", request)
	}
	certified(t, w, "factory")
	named := string(must(os.ReadFile(w.file("main.tf"))))
	w.write(t, "outputs.tf", `
output "chosen" {
  value = [for one in [signalbox_fleet_device.one, signalbox_device_certificate.two] : "${one.ca} ${one.validity_hours}"]
}
`)
	w.write(t, "main.tf", strings.ReplaceAll(named, `ca      = "factory"`, "ca = \"factory\"\n validity_hours = 48"))
	w.init(t).apply(t)
	w.write(t, "main.tf", strings.ReplaceAll(named, `ca      = "factory"`, ""))
	w.hasNothingToDo(t)
	w.write(t, "main.tf", strings.ReplaceAll(named, `ca      = "factory"`, "renew_before_hours = 100000"))
	if plan := w.run(t, "plan", "-no-color"); len(regexp.MustCompile(`ca +=.*"factory" -> \(known after apply\)`).FindAllString(plan, -1)) != 2 {
		t.Errorf("the plan does not say that another authority may issue:\n%s", plan)
	}
	w.apply(t)
	certificate := b.get(t, "/devices/alone-1/certificates/main")
	begin, end := must(time.Parse(time.RFC3339, certificate["notBefore"].(string))), must(time.Parse(time.RFC3339, certificate["notAfter"].(string)))
	chosen := fmt.Sprintf("%v %.0f", certificate["ca"], end.Sub(begin).Hours())
	if told := asList(t, w.run(t, "output", "-json", "chosen")); certificate["ca"] == "factory" || !slices.Equal(told, []string{chosen, chosen}) {
		t.Errorf("the state says %q of certificates of %q", told, chosen)
	}
}

func asList(t testing.TB, text string) (list []string) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		t.Fatal(err)
	}
	return list
}

func TestAnImportAfterARotationPlansNothing(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	b.makeAuthorities(t)
	b.change(t, "/issuing-cas/factory", map[string]any{"successor": "factory-2"})
	w := newWorkspace(t, "").of(t, b)
	for _, device := range []string{"fleet-1", "alone-1"} {
		_, request := requestOf(t, device)
		w.write(t, device+".csr", request)
	}
	certified(t, w, "factory")
	w.init(t).apply(t)
	fingerprint, ca := b.newest(t, "alone-1")
	if ca != "factory-2" {
		t.Fatalf("the successor has not issued, but %s", ca)
	}
	w.imports(t, map[string]string{"signalbox_fleet_device.one": "fleet-1", "signalbox_device.two": "alone-1",
		"signalbox_device_certificate.two": fingerprint})
	if second, _ := b.newest(t, "alone-1"); second != fingerprint {
		t.Error("the import brought another certificate")
	}
}

func TestADeviceGetsItsFirstCertificateLater(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	w := newWorkspace(t, "").of(t, b)
	_, request := requestOf(t, "later-1")
	w.write(t, "later-1.csr", request)
	const without = requirement + "resource \"signalbox_fleet_device\" \"one\" {\n  id = \"later-1\"\n}\n"
	with := strings.Replace(without, "id = ", "csr_pem = file(\"later-1.csr\")\n  id = ", 1)
	certify := func(t *testing.T) {
		w.write(t, "main.tf", with)
		w.apply(t)
		w.hasNothingToDo(t)
		if _, ca := b.newest(t, "later-1"); ca == "" {
			t.Error("the certificate has no authority")
		}
	}

	t.Run("after an apply without", func(t *testing.T) {
		w.write(t, "main.tf", without)
		w.init(t).apply(t)
		certify(t)
	})
	t.Run("after it had one and lost it", func(t *testing.T) {
		w.write(t, "main.tf", without)
		w.apply(t)
		certify(t)
	})
	t.Run("after an import", func(t *testing.T) {
		w.run(t, "destroy", "-auto-approve", "-no-color")
		if err := b.api(t).Put(context.Background(), "/devices/later-1", client.Always, client.Device{Enabled: true}, nil); err != nil {
			t.Fatal(err)
		}
		w.write(t, "main.tf", without)
		w.run(t, "import", "-no-color", "signalbox_fleet_device.one", "later-1")
		certify(t)
	})
}

// short has an authority whose certificates are due for renewal as soon as they are issued: its own end comes before.
const short = `
resource "signalbox_issuing_ca" "short" {
  name           = "short"
  validity_hours = 2
}
`

func TestSaysWhenEachApplyWouldRenewACertificate(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	w := newWorkspace(t, "").of(t, b)
	for _, id := range []string{"due-1", "due-2"} {
		_, request := requestOf(t, id)
		w.write(t, id+".csr", request)
	}
	due := func(more string) {
		w.write(t, "main.tf", requirement+short+fmt.Sprintf(`
resource "signalbox_fleet_device" "one" {
  id                 = "due-1"
  csr_pem            = file("due-1.csr")
  ca                 = signalbox_issuing_ca.short.name
  renew_before_hours = 3
  %[1]s
}

resource "signalbox_fleet_device" "two" {
  id = "due-2"
}

resource "signalbox_device_certificate" "two" {
  device             = signalbox_fleet_device.two.id
  csr_pem            = file("due-2.csr")
  ca                 = signalbox_issuing_ca.short.name
  renew_before_hours = 3
  %[1]s
}
`, more))
	}

	due("validity_hours = 3")
	w.init(t).fails(t, []string{"with signalbox_fleet_device.one", "with signalbox_device_certificate.two",
		"renew_before_hours is 3, which must be less than validity_hours, 3"}, "plan", "-no-color")
	due("validity_hours = 4")
	for _, why := range []string{"made", "renewed"} {
		for _, one := range []string{"signalbox_fleet_device.one", "signalbox_device_certificate.two"} { // Terraform shows one of two warnings
			if output := w.apply(t, "-target="+one); !strings.Contains(output, "The new certificate is due for renewal already") {
				t.Errorf("there is no warning when %s is %s:\n%s", one, why, last(output, 2000))
			}
		}
	}
}

func TestACertificateThatIsDueByTimeAloneIsRenewedInPlace(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	w := newWorkspace(t, short+`
resource "signalbox_device" "all" {
  for_each = toset(["in-place-1", "in-place-2"])
  id       = each.key
}

resource "signalbox_device_certificate" "requested" {
  device             = signalbox_device.all["in-place-1"].id
  csr_pem            = file("in-place-1.csr")
  ca                 = signalbox_issuing_ca.short.name
  renew_before_hours = 3
}

resource "signalbox_device_certificate" "sealed" {
  device             = signalbox_device.all["in-place-2"].id
  seal_to_pem        = file("receiver.pem")
  ca                 = signalbox_issuing_ca.short.name
  renew_before_hours = 3
}
`).of(t, b)
	_, request := requestOf(t, "in-place-1")
	w.write(t, "in-place-1.csr", request)
	w.write(t, "receiver.pem", publicKey(t))
	w.init(t).apply(t)

	planned := w.planned(t)
	for _, address := range []string{"signalbox_device_certificate.requested", "signalbox_device_certificate.sealed"} {
		if !strings.HasPrefix(planned[address], "update") {
			t.Errorf("the plan for %s is %q", address, planned[address])
		}
	}
	w.run(t, "apply", "-no-color", "the.plan")
	for _, device := range []string{"in-place-1", "in-place-2"} {
		if found := b.statuses(t, device); len(found) != 2 || strings.Contains(fmt.Sprint(found), ":revoked") {
			t.Errorf("the certificates of %s are %v", device, found)
		}
	}
}

func TestRenewsByHoursThatNoPlanKnows(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	w := newWorkspace(t, "").of(t, b)
	ids := []string{"when-1", "when-2"}
	for _, id := range ids {
		_, request := requestOf(t, id)
		w.write(t, id+".csr", request)
	}
	before := func(hours int) {
		w.write(t, "main.tf", requirement+fmt.Sprintf(`
resource "terraform_data" "hours" {
  input = %d
}

resource "signalbox_fleet_device" "one" {
  id                 = "when-1"
  csr_pem            = file("when-1.csr")
  renew_before_hours = terraform_data.hours.output
}

resource "signalbox_device" "two" {
  id = "when-2"
}

resource "signalbox_device_certificate" "two" {
  device             = signalbox_device.two.id
  csr_pem            = file("when-2.csr")
  renew_before_hours = terraform_data.hours.output
}
`, hours))
		w.init(t).apply(t)
	}

	var first []string
	before(24)
	for _, id := range ids {
		fingerprint, _ := b.newest(t, id)
		first = append(first, fingerprint)
	}
	before(48)
	w.hasNothingToDo(t)
	for i, id := range ids {
		if now, _ := b.newest(t, id); now != first[i] {
			t.Errorf("the certificate of %s is renewed before it is due", id)
		}
	}
	before(100_000) // more than its life
	for i, id := range ids {
		if now, _ := b.newest(t, id); now == first[i] {
			t.Errorf("the certificate of %s is due and not renewed", id)
		}
	}
}

func TestAnUpdateLeavesACertificateOffThatWasSwitchedOffMeanwhile(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	w := newWorkspace(t, "").of(t, b)
	_, request := requestOf(t, "off-1")
	w.write(t, "off-1.csr", request)
	before := func(hours int) {
		w.write(t, "main.tf", requirement+fmt.Sprintf(`
resource "signalbox_device" "one" {
  id = "off-1"
}

resource "signalbox_device_certificate" "one" {
  device             = signalbox_device.one.id
  csr_pem            = file("off-1.csr")
  renew_before_hours = %d
}
`, hours))
	}

	before(24)
	w.init(t).apply(t)
	fingerprint, _ := b.newest(t, "off-1")
	before(48)
	w.run(t, "plan", "-out=the.plan", "-no-color")
	if err := b.api(t).Put(context.Background(), "/certificates/"+fingerprint, client.Always, client.CertificateChange{Status: "inactive"}, nil); err != nil {
		t.Fatal(err)
	}
	w.run(t, "apply", "-no-color", "the.plan")
	if status := b.statuses(t, "off-1")[fingerprint]; status != "inactive" {
		t.Errorf("an apply that was to change renew_before_hours has made the certificate %s", status)
	}
	if planned := w.planned(t)["signalbox_device_certificate.one"]; !strings.Contains(planned, "status: inactive -> active") {
		t.Errorf("the next plan says %q", planned)
	}
}

func TestACertificateThatWasBroughtKeepsItsName(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	w := newWorkspace(t, "").of(t, b)
	brought, _ := w.factory(t, "brought-1")
	_, request := requestOf(t, "brought-1")
	w.write(t, "brought-1.csr", request)
	w.write(t, "brought.crt", brought)
	of := func(device, name, source string) {
		w.write(t, "main.tf", requirement+fmt.Sprintf(`
resource "signalbox_trusted_ca" "factory" {
  name            = "factory"
  certificate_pem = file("factory.crt")
}

resource "signalbox_device" "all" {
  for_each = toset(["brought-1", "brought-2"])
  id       = each.key
}

resource "signalbox_device_certificate" "one" {
  device = signalbox_device.all[%q].id
  name   = %q
  %s

  depends_on = [signalbox_trusted_ca.factory]
}
`, device, name, source))
	}
	const given = `certificate_pem = file("brought.crt")`
	of("brought-1", "main", given)
	w.init(t).apply(t)

	for _, one := range []struct{ device, name, attribute string }{{"brought-1", "first", "name"}, {"brought-2", "main", "device"}} {
		of(one.device, one.name, given)
		w.fails(t, []string{"keeps its device and its name", "Leave " + one.attribute + " as it is"}, "apply", "-auto-approve", "-no-color")
	}
	of("brought-1", "main", given)
	w.hasNothingToDo(t)
	if statuses := b.statuses(t, "brought-1"); len(statuses) != 1 || !strings.Contains(fmt.Sprint(statuses), ":active") {
		t.Errorf("the certificates are %v", statuses)
	}

	of("brought-1", "first", `csr_pem = file("brought-1.csr")`)
	w.apply(t)
	w.hasNothingToDo(t)
}

func TestCertificatesFromBeforeARenewalAreSwitchedOffToo(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	w := newWorkspace(t, "").of(t, b)
	devices := []string{"old-1", "old-2"}
	for _, device := range devices {
		_, request := requestOf(t, device)
		w.write(t, device+".csr", request)
	}
	with := func(hours int, status string) {
		w.write(t, "main.tf", requirement+fmt.Sprintf(`
resource "signalbox_fleet_device" "one" {
  id                 = "old-1"
  csr_pem            = file("old-1.csr")
  renew_before_hours = %[1]d
  certificate_status = %[2]q
}

resource "signalbox_fleet_device" "two" {
  id = "old-2"
}

resource "signalbox_device_certificate" "two" {
  device             = signalbox_fleet_device.two.id
  csr_pem            = file("old-2.csr")
  renew_before_hours = %[1]d
  status             = %[2]q
}
`, hours, status))
		w.apply(t)
	}
	all := func(status string) {
		t.Helper()
		for _, device := range devices {
			for fingerprint, found := range b.statuses(t, device) {
				if found != status {
					t.Errorf("the certificate %s of %s is %s, not %s", fingerprint, device, found, status)
				}
			}
		}
	}
	onlyTheNewest := func() {
		t.Helper()
		for _, device := range devices {
			newest, _ := b.newest(t, device)
			for fingerprint, status := range b.statuses(t, device) {
				if (status == "active") != (fingerprint == newest) {
					t.Errorf("the certificate %s of %s, whose newest is %s, is %s", fingerprint, device, newest, status)
				}
			}
		}
	}

	w.write(t, "main.tf", requirement)
	w.init(t)
	with(0, "active")
	with(100_000, "active") // more than its life
	for _, device := range devices {
		if found := b.statuses(t, device); len(found) != 2 {
			t.Errorf("the certificates of %s are %v", device, found)
		}
	}
	with(0, "inactive")
	w.hasNothingToDo(t)
	all("inactive")
	with(0, "active")
	w.hasNothingToDo(t)
	onlyTheNewest()
	with(100_000, "inactive")
	all("inactive")
	with(100_000, "active") // issues another one
	onlyTheNewest()
}

func TestWhatIsMadeInactiveHasNoOtherCertificateThatIsGood(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	w := newWorkspace(t, `
resource "signalbox_fleet_device" "one" {
  id                 = "made-1"
  csr_pem            = file("made-1.csr")
  certificate_status = "inactive"
}

resource "signalbox_fleet_device" "two" {
  id = "made-2"
}

resource "signalbox_device_certificate" "two" {
  device  = signalbox_fleet_device.two.id
  csr_pem = file("made-2.csr")
  status  = "inactive"
}
`).of(t, b)
	ctx := context.Background()
	for _, device := range []string{"made-1", "made-2"} {
		if err := b.api(t).Put(ctx, "/devices/"+device, client.OnlyCreate, client.Device{Enabled: true, ClientIDPin: device}, nil); err != nil {
			t.Fatal(err)
		}
		var made client.Certificate
		for range 2 { // both stay good, and the second is from the request that is wanted
			_, request := requestOf(t, device)
			w.write(t, device+".csr", request)
			asked := client.CertificateRequest{CSRPEM: request, Replaces: made.Fingerprint}
			if err := b.api(t).Put(ctx, "/devices/"+device+"/certificates/main", client.Always, asked, &made); err != nil {
				t.Fatal(err)
			}
		}
	}
	w.init(t).apply(t)
	w.hasNothingToDo(t)
	for _, device := range []string{"made-1", "made-2"} {
		if found := b.statuses(t, device); len(found) != 2 || strings.Contains(fmt.Sprint(found), ":active") {
			t.Errorf("the certificates of %s are %v", device, found)
		}
	}
}

func TestADeviceThatGetsNoCertificateIsNotLeftBehind(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	w := newWorkspace(t, `
resource "signalbox_group" "one" {
  name = "left"
}

resource "signalbox_fleet_device" "all" {
  for_each = toset(["left-1", "left-2"])
  id       = each.key
  groups   = [signalbox_group.one.name]
  csr_pem  = file("${each.key}.csr")
  ca       = "no-such-ca"
}
`).of(t, b)
	for _, device := range []string{"left-1", "left-2"} {
		_, request := requestOf(t, device)
		w.write(t, device+".csr", request)
	}
	before := b.inventory(t)
	w.init(t).apply(t, "-target=signalbox_group.one")
	theirs := client.Device{Enabled: true, ClientIDPin: "left-2", Groups: &[]string{"left"}}
	if err := b.api(t).Put(context.Background(), "/devices/left-2", client.OnlyCreate, theirs, nil); err != nil {
		t.Fatal(err)
	}

	w.fails(t, []string{"no-such-ca"}, "apply", "-auto-approve", "-no-color")
	if devices := b.list(t, "/devices"); len(devices) != 1 || devices[0]["id"] != "left-2" {
		t.Errorf("the devices are %v, and should be the one of somebody else", devices)
	}
	if err := b.api(t).Delete(context.Background(), "/devices/left-2"); err != nil {
		t.Fatal(err)
	}
	w.run(t, "destroy", "-auto-approve", "-no-color")
	b.holdsWhatItHeld(t, before)
}

func TestARenewedKeyIsOfTheDefaultKindWhereNoneIsNamedAnyMore(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	w := newWorkspace(t, "").of(t, b)
	w.write(t, "receiver.pem", publicKey(t))
	with := func(more string) {
		w.write(t, "main.tf", requirement+`
resource "signalbox_device" "one" {
  id = "sealed-1"
}

resource "signalbox_device_certificate" "one" {
  device      = signalbox_device.one.id
  seal_to_pem = file("receiver.pem")
  `+more+`
}

output "kind" {
  value = signalbox_device_certificate.one.key_type
}
`)
	}
	with(`key_type = "ec-p384"`)
	w.init(t).apply(t)
	with("")
	w.hasNothingToDo(t)
	with("renew_before_hours = 100000") // more than its life
	w.apply(t)
	if kind := w.run(t, "output", "-raw", "kind"); kind != "ec-p256" {
		t.Errorf("the key is %s", kind)
	}
}

func TestWhatTakesTheirPlaceOutlivesCertificatesThatAreDestroyedLast(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	w := newWorkspace(t, short+`
resource "signalbox_device" "all" {
  for_each = toset(["last-1", "last-2"])
  id       = each.key
}

resource "signalbox_device_certificate" "due" {
  device             = signalbox_device.all["last-1"].id
  csr_pem            = file("last-1.csr")
  ca                 = signalbox_issuing_ca.short.name
  renew_before_hours = 3

  lifecycle {
    create_before_destroy = true
  }
}

resource "signalbox_device_certificate" "good" {
  device  = signalbox_device.all["last-2"].id
  csr_pem = file("last-2.csr")

  lifecycle {
    create_before_destroy = true
  }
}
`).of(t, b)
	request := func(device string) {
		_, request := requestOf(t, device)
		w.write(t, device+".csr", request)
	}
	request("last-1")
	request("last-2")
	w.init(t).apply(t)
	first, _ := b.newest(t, "last-1")
	same, _ := b.newest(t, "last-2")

	t.Run("made from another request", func(t *testing.T) {
		request("last-1")
		w.apply(t, "-target=signalbox_device_certificate.due")
		second, _ := b.newest(t, "last-1")
		wantStatuses(t, b, "last-1", map[string]string{first: "revoked", second: "active"})
	})
	t.Run("the same one", func(t *testing.T) {
		w.apply(t, "-target=signalbox_device_certificate.good", "-replace=signalbox_device_certificate.good")
		wantStatuses(t, b, "last-2", map[string]string{same: "active"})
	})
	t.Run("renewed by the apply that destroys the old one, which another has left", func(t *testing.T) {
		before := w.state(t)
		request("last-1")
		w.apply(t, "-target=signalbox_device_certificate.due")
		second, _ := b.newest(t, "last-1")
		w.leaveBehind(t, before, "signalbox_device_certificate.due")
		w.apply(t, "-target=signalbox_device_certificate.due")
		third, _ := b.newest(t, "last-1")
		if found := b.statuses(t, "last-1"); found[second] != "revoked" || found[third] != "active" {
			t.Errorf("the certificates are %v", found)
		}
	})
	t.Run("asked for again by the apply that destroys the old one", func(t *testing.T) {
		w.leaveBehind(t, w.state(t), "signalbox_device_certificate.good")
		w.apply(t, "-target=signalbox_device_certificate.good", "-replace=signalbox_device_certificate.good")
		wantStatuses(t, b, "last-2", map[string]string{same: "active"})
	})
	t.Run("otherwise another takes its place by the apply after", func(t *testing.T) {
		w.leaveBehind(t, w.state(t), "signalbox_device_certificate.good")
		w.apply(t, "-target=signalbox_device_certificate.good")
		wantStatuses(t, b, "last-2", map[string]string{same: "revoked"})
		first := same
		w.apply(t, "-target=signalbox_device_certificate.good")
		same, _ = b.newest(t, "last-2")
		wantStatuses(t, b, "last-2", map[string]string{first: "revoked", same: "active"})
	})
	t.Run("and is destroyed like any other", func(t *testing.T) {
		w.run(t, "destroy", "-auto-approve", "-no-color", "-target=signalbox_device_certificate.good")
		if found := b.statuses(t, "last-2")[same]; found != "revoked" {
			t.Errorf("it is %s", found)
		}
	})
}

// leaveBehind adds to the state what an object was in an earlier one, as an apply does that ends before it has destroyed it.
func (w *workspace) leaveBehind(t testing.TB, earlier, address string) {
	t.Helper()
	kind, name, _ := strings.Cut(address, ".")
	var states [2]map[string]any
	var resources [2]map[string]any
	for i, text := range []string{earlier, w.state(t)} {
		if err := json.Unmarshal([]byte(text), &states[i]); err != nil {
			t.Fatal(err)
		}
		for _, one := range states[i]["resources"].([]any) {
			if one := one.(map[string]any); one["type"] == kind && one["name"] == name {
				resources[i] = one
			}
		}
	}
	left := resources[0]["instances"].([]any)[0].(map[string]any)
	left["deposed"] = "0123abcd"
	resources[1]["instances"] = append(resources[1]["instances"].([]any), left)
	text, err := json.Marshal(states[1])
	if err != nil {
		t.Fatal(err)
	}
	w.write(t, "terraform.tfstate", string(text))
}

func TestAReceiverIsKnownAgainWhenAnImportedCertificateIsRenewed(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	w := newWorkspace(t, "").of(t, b)
	with := func(hours int) {
		w.write(t, "main.tf", requirement+fmt.Sprintf(`
resource "signalbox_device" "one" {
  id = "sealed-1"
}

resource "signalbox_device_certificate" "one" {
  device             = signalbox_device.one.id
  seal_to_pem        = file("receiver.pem")
  renew_before_hours = %d
}
`, hours))
	}
	w.write(t, "receiver.pem", publicKey(t))
	with(0)
	w.init(t).apply(t)
	first, _ := b.newest(t, "sealed-1")
	w.run(t, "state", "rm", "signalbox_device_certificate.one")
	w.run(t, "import", "-no-color", "signalbox_device_certificate.one", first)
	w.hasNothingToDo(t)

	with(100_000) // more than its life
	w.apply(t)
	with(0)
	w.apply(t)
	w.hasNothingToDo(t)
	w.write(t, "receiver.pem", publicKey(t))
	if planned := w.planned(t)["signalbox_device_certificate.one"]; !strings.HasPrefix(planned, "delete-create") {
		t.Errorf("another receiver is planned as %q", planned)
	}
}
