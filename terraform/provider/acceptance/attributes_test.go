package acceptance

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

const attributesPolicy = `version: 1
name: attr-policy
description: Denies what nothing allows.
statements:
  - {id: data, effect: allow, actions: [publish], topics: ["attr/${device.id}/#"]}
  - {id: nothing, effect: deny, actions: [subscribe], topics: ["elsewhere/#"]}
`

// notHere are attributes that need what a broker of these tests does not have.
var notHere = []string{
	"signalbox_issuing_ca.alternative_key_type", // an experiment that its configuration has to allow
}

func TestEveryAttributeIsSetImportedAndWithoutDrift(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	w := newWorkspace(t, string(must(os.ReadFile("testdata/attributes.tf")))).of(t, b)
	brought, revocations := w.factory(t, "attr-1")
	w.write(t, "brought.crt", "Certificate:\n    Data: as openssl writes it before the PEM\n"+brought)
	w.write(t, "factory.crl", revocations)
	w.write(t, "other-factory.crt", authority(t, "Other Factory"))
	for _, device := range []string{"attr-2", "attr-3"} {
		_, request := requestOf(t, device)
		w.write(t, device+".csr", request)
	}
	w.write(t, "receiver.pem", publicKey(t))
	w.write(t, "issuer.pem", publicKey(t))
	w.write(t, "keys.json", keySet(t))
	w.write(t, "attr-policy.yaml", attributesPolicy)
	before := b.inventory(t)
	w.init(t).apply(t)
	w.hasNothingToDo(t)

	t.Run("all are set", func(t *testing.T) { setsEveryAttribute(t, w) })
	t.Run("what the broker computes is in the state", func(t *testing.T) { holdsWhatIsComputed(t, w, b) })
	t.Run("all are imported", func(t *testing.T) { w.imports(t, attributesIDs(b, t)) })
	t.Run("a destroy leaves nothing", func(t *testing.T) {
		w.run(t, "destroy", "-auto-approve", "-no-color")
		b.holdsWhatItHeld(t, before)
	})
}

// setsEveryAttribute compares the provider's schema with the configuration.
func setsEveryAttribute(t *testing.T, w *workspace) {
	type block struct {
		Attributes map[string]struct {
			Required, Optional bool
			Nested             *struct {
				Attributes map[string]json.RawMessage `json:"attributes"`
			} `json:"nested_type"`
		} `json:"attributes"`
	}
	var schemas struct {
		Providers map[string]struct {
			Resources map[string]struct{ Block block } `json:"resource_schemas"`
		} `json:"provider_schemas"`
	}
	var plan struct {
		Configuration struct {
			Root struct {
				Resources []struct {
					Type        string
					Expressions map[string]json.RawMessage
				}
			} `json:"root_module"`
		}
	}
	w.run(t, "plan", "-out=the.plan", "-no-color")
	if err := json.Unmarshal([]byte(w.run(t, "show", "-json", "the.plan")), &plan); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(w.run(t, "providers", "schema", "-json")), &schemas); err != nil {
		t.Fatal(err)
	}
	set := map[string]string{}
	for _, resource := range plan.Configuration.Root.Resources {
		for name, expression := range resource.Expressions {
			set[resource.Type+"."+name] += string(expression)
		}
	}
	count := 0
	for _, provider := range schemas.Providers {
		for kind, resource := range provider.Resources {
			for name, attribute := range resource.Block.Attributes {
				at := kind + "." + name
				if (!attribute.Required && !attribute.Optional) || slices.Contains(notHere, at) {
					continue
				}
				count++
				if set[at] == "" {
					t.Errorf("testdata/attributes.tf does not set %s", at)
				}
				if attribute.Nested == nil {
					continue
				}
				for inner := range attribute.Nested.Attributes {
					if !strings.Contains(set[at], `"`+inner+`"`) {
						t.Errorf("testdata/attributes.tf does not set %s.%s", at, inner)
					}
				}
			}
		}
	}
	if count < 80 {
		t.Errorf("the schema has only %d attributes to set", count)
	}
}

// attributesIDs are the import ids of everything in the configuration.
func attributesIDs(b *broker, t *testing.T) map[string]string {
	fingerprint := func(device, name string) string {
		return b.get(t, "/devices/"+device+"/certificates/"+name)["fingerprint"].(string)
	}
	return map[string]string{
		"signalbox_group.one":                     "attr-group",
		"signalbox_device.one":                    "attr-1",
		"signalbox_device.two":                    "attr-2",
		"signalbox_group_membership.one":          "attr-group/attr-2",
		"signalbox_fleet_device.one":              "attr-3/24",
		"signalbox_device_certificate.brought":    fingerprint("attr-1", "brought") + "/keyCompromise",
		"signalbox_device_certificate.requested":  fingerprint("attr-2", "main") + "/24",
		"signalbox_device_certificate.sealed":     fingerprint("attr-2", "sealed"),
		"signalbox_jwt_issuer.set":                "attr-set",
		"signalbox_jwt_issuer.fetched":            "attr-fetched",
		"signalbox_jwt_issuer.keys":               "attr-keys",
		"signalbox_jwt_issuer.shared":             "attr-shared/3",
		"signalbox_trusted_ca.one":                "attr-factory",
		"signalbox_trusted_ca.two":                "attr-other-factory",
		"signalbox_issuing_ca.root":               "attr-root",
		"signalbox_issuing_ca.below":              "attr-below",
		"signalbox_issuing_ca.offline":            "attr-offline",
		"signalbox_issuing_ca.succeeded":          "attr-succeeded",
		"signalbox_provisioning_template.one":     "attr-template",
		"signalbox_claim_token.one":               "attr-claim/2",
		"signalbox_user.one":                      "attr-user/4",
		"signalbox_policy.one":                    "attr-policy",
		"signalbox_policy_attachment.device":      "attr-policy/device/attr-1",
		"signalbox_policy_attachment.group":       "attr-policy/group/attr-group",
		"signalbox_policy_attachment.user":        "attr-policy/user/attr-user",
		"signalbox_policy_attachment.certificate": "attr-policy/certificate/" + fingerprint("attr-2", "main"),
		"signalbox_policy_attachment.issuer":      "attr-policy/jwt_issuer/attr-keys",
	}
}

func holdsWhatIsComputed(t *testing.T, w *workspace, b *broker) {
	var state struct {
		Values struct {
			Root struct {
				Resources []struct {
					Address string
					Values  map[string]any
				}
			} `json:"root_module"`
		}
	}
	if err := json.Unmarshal([]byte(w.run(t, "show", "-json")), &state); err != nil {
		t.Fatal(err)
	}
	values := map[string]map[string]any{}
	for _, resource := range state.Values.Root.Resources {
		values[resource.Address] = resource.Values
	}
	is := func(address, attribute string, wanted any) {
		t.Helper()
		if have := values[address][attribute]; have != wanted {
			t.Errorf("%s.%s is %v, not %v", address, attribute, have, wanted)
		}
	}
	is("signalbox_policy.one", "description", "Denies what nothing allows.")
	is("signalbox_policy.one", "ref", "api:attr-policy")
	if warnings, _ := values["signalbox_policy.one"]["warnings"].([]any); len(warnings) != 1 ||
		!strings.HasPrefix(warnings[0].(string), "deny-of-nothing: attr-policy:6:") {
		t.Errorf("the warnings of the policy are %v", warnings)
	}
	is("signalbox_policy_attachment.issuer", "id", "attr-policy/jwt_issuer/attr-keys")
	is("signalbox_policy_attachment.group", "id", "attr-policy/group/attr-group")
	is("signalbox_issuing_ca.offline", "state", "awaiting-certificate")
	if request, _ := values["signalbox_issuing_ca.offline"]["csr_pem"].(string); !strings.Contains(request, "BEGIN CERTIFICATE REQUEST") {
		t.Errorf("the offline authority's request is %q", request)
	}
	is("signalbox_trusted_ca.one", "subject", "CN=Factory")
	is("signalbox_claim_token.one", "hint", "6789")
	is("signalbox_claim_token.one", "uses", 0.0)
	is("signalbox_jwt_issuer.fetched", "last_refresh_status", "pending") // it is disabled
	is("signalbox_jwt_issuer.set", "last_refresh_status", nil)
	is("signalbox_device_certificate.brought", "ready_for_renewal", false)
	is("signalbox_device_certificate.requested", "fingerprint_sha256", b.get(t, "/devices/attr-2/certificates/main")["fingerprint"])
	if sealed, _ := values["signalbox_device_certificate.sealed"]["sealed_private_key"].(string); !strings.Contains(sealed, "BEGIN CMS") {
		t.Errorf("the sealed key is %q", sealed)
	}
}

// factory writes the certificate of an authority of somebody else, and gives one that it has issued for a device, and its revocation list.
func (w *workspace) factory(t *testing.T, device string) (certificate, revocations string) {
	t.Helper()
	begin, end := time.Now().Add(-time.Hour), time.Now().AddDate(1, 0, 0)
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	root := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Factory"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, SubjectKeyId: []byte{1, 2, 3}, NotBefore: begin, NotAfter: end}
	der := must(x509.CreateCertificate(rand.Reader, root, root, key.Public(), key))
	w.write(t, "factory.crt", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: device}, NotBefore: begin, NotAfter: end,
		DNSNames: []string{"id-" + device + ".acme.example"}, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	own := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	der = must(x509.CreateCertificate(rand.Reader, leaf, root, own.Public(), key))
	list := must(x509.CreateRevocationList(rand.Reader, &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: begin, NextUpdate: end}, root, key))
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), string(pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: list}))
}

// TestADeviceLeavesAGroupInTheApplyThatSetsItsPinBack: only the plan of the pin differs, and the membership goes before the device changes.
func TestADeviceLeavesAGroupInTheApplyThatSetsItsPinBack(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	w := newWorkspace(t, "").of(t, b)
	with := func(pin, members string) {
		w.write(t, "main.tf", requirement+fmt.Sprintf(`
resource "signalbox_group" "one" {
  name = "pumps"
}

resource "signalbox_device" "one" {
  id = "pump-1"
  %[1]s
}

resource "signalbox_fleet_device" "two" {
  id = "pump-2"
  %[1]s
}

resource "signalbox_group_membership" "all" {
  for_each = toset(%[2]s)
  group    = signalbox_group.one.name
  device   = each.key

  depends_on = [signalbox_device.one, signalbox_fleet_device.two]
}
`, pin, members))
	}
	with(`client_id_pin = "elsewhere"`, `["pump-1", "pump-2"]`)
	w.init(t).apply(t)
	w.run(t, "apply", "-refresh-only", "-auto-approve", "-no-color") // the state has the groups only now
	with("", "[]")
	w.apply(t)
	w.hasNothingToDo(t)
	for _, id := range []string{"pump-1", "pump-2"} {
		if device := b.get(t, "/devices/"+id); device["clientIdPin"] != id || len(device["groups"].([]any)) != 0 {
			t.Errorf("the device is %v", device)
		}
	}
}
