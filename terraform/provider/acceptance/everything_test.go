package acceptance

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"

	"signalbox.internal/terraform-provider-signalbox/internal/client"
)

// The secrets of the configuration; none may be found anywhere afterwards.
const (
	password    = "correct horse battery staple"
	claimSecret = "0123456789-claim-secret-0123456789"
	hmacSecret  = "c2lnbmFsYm94LWhtYWMtc2VjcmV0LTAxMjM0NTY3ODk="
)

const allPolicy = `# A comment is part of the document, and of no meaning.
version: 1
name: all-policy
statements:
  - {id: data, effect: allow, actions: [publish], topics: ["all/${device.id}/#"]}
`

// everything is a workspace with every resource, data source, function and ephemeral resource, applied.
func everything(t *testing.T, b *broker) *workspace {
	t.Helper()
	text, err := os.ReadFile("testdata/everything.tf")
	if err != nil {
		t.Fatal(err)
	}
	w := newWorkspace(t, string(text)).of(t, b)
	for _, device := range []string{"all-1", "all-2", "all-3", "all-4"} {
		_, request := requestOf(t, device)
		w.write(t, device+".csr", request)
	}
	w.write(t, "factory-ca.crt", authority(t, "Factory CA"))
	w.write(t, "receiver.pem", publicKey(t))
	w.write(t, "issuer.pem", publicKey(t))
	w.write(t, "all-policy.yaml", allPolicy)
	w.set("TF_VAR_password", password).set("TF_VAR_claim_secret", claimSecret).set("TF_VAR_hmac_secret", hmacSecret)
	w.init(t)
	return w
}

// addresses of everything that the state manages.
func (w *workspace) addresses(t testing.TB) []string {
	t.Helper()
	var found []string
	for _, address := range strings.Fields(w.run(t, "state", "list")) {
		if !strings.HasPrefix(address, "data.") {
			found = append(found, address)
		}
	}
	return found
}

// importIDs of everything, in the words of the documentation.
func importIDs(t testing.TB, w *workspace, b *broker) map[string]string {
	fingerprint := func(device, name string) string {
		return b.get(t, "/devices/"+device+"/certificates/"+name)["fingerprint"].(string)
	}
	ids := map[string]string{
		"signalbox_device.one":                    "all-1",
		"signalbox_device.two":                    "all-2",
		"signalbox_fleet_device.one":              "all-3/24",
		"signalbox_fleet_device.two":              "all-4",
		"signalbox_fleet_device.bare":             "all-5",
		"signalbox_group.one":                     "all-group",
		"signalbox_group.two":                     "all-other-group",
		"signalbox_group_membership.one":          "all-other-group/all-2",
		"signalbox_device_certificate.requested":  fingerprint("all-1", "main") + "/24",
		"signalbox_device_certificate.sealed":     fingerprint("all-2", "sealed"),
		"signalbox_jwt_issuer.keys":               "all-login",
		"signalbox_jwt_issuer.shared":             "all-service/1",
		"signalbox_trusted_ca.one":                "all-factory",
		"signalbox_issuing_ca.one":                "all-plant",
		"signalbox_issuing_ca.old":                "all-old-plant",
		"signalbox_device_certificate.succeeded":  fingerprint("all-2", "succeeded"),
		"signalbox_provisioning_template.one":     "all-template",
		"signalbox_claim_token.one":               "all-claim/1",
		"signalbox_user.one":                      "all-user/1",
		"signalbox_policy.rendered":               "pump",
		"signalbox_policy.written":                "all-policy",
		"signalbox_policy_attachment.group":       "pump/group/all-group",
		"signalbox_policy_attachment.device":      "api:all-policy/device/all-1",
		"signalbox_policy_attachment.user":        "shipped:browsers/user/all-user",
		"signalbox_policy_attachment.certificate": "all-policy/certificate/" + fingerprint("all-1", "main"),
		"signalbox_policy_attachment.issuer":      "all-policy/jwt_issuer/all-login",
	}
	return ids
}

func TestEverything(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	w := everything(t, b)
	before := b.inventory(t)
	w.traced(t, func() {
		// A check that fails is only a warning.
		if output := w.apply(t); strings.Contains(output, "Warning:") {
			t.Errorf("the apply warns:\n%s", last(output, 4000))
		}
		w.run(t, "plan", "-out=saved.plan", "-no-color")
	})

	t.Run("there is something of every kind", func(t *testing.T) {
		now := b.inventory(t)
		for _, collection := range collections {
			if !slices.ContainsFunc(now, func(one string) bool { return strings.HasPrefix(one, collection+": ") && !slices.Contains(before, one) }) {
				t.Errorf("the apply has made nothing of %s", collection)
			}
		}
	})
	t.Run("the plan after an apply is empty", func(t *testing.T) { w.hasNothingToDo(t) })
	t.Run("no secret is in state, plan or log", func(t *testing.T) {
		w.holdsNoSecret(t, b, map[string]string{"the password": password, "the claim secret": claimSecret, "the HMAC secret": hmacSecret},
			"terraform.tfstate", "saved.plan", "trace.log")
	})
	t.Run("an import of everything is followed by an empty plan", func(t *testing.T) { w.imports(t, importIDs(t, w, b)) })
	t.Run("what was changed behind Terraform's back is mended", func(t *testing.T) { mendsChanges(t, w, b) })
	t.Run("another request ends one certificate and brings the next", func(t *testing.T) { requestsAnother(t, w, b) })
	t.Run("what was deleted behind Terraform's back is mended", func(t *testing.T) { mendsDeletions(t, w, b) })
	t.Run("an error says what to do", func(t *testing.T) { explainsErrors(t, b) })
	t.Run("a destroy leaves nothing but what others hold on to", func(t *testing.T) {
		const held = "/attachments/api:pump/group/others"
		if err := b.api(t).Put(context.Background(), "/groups/others", client.Always, client.Group{}, nil); err != nil {
			t.Fatal(err)
		}
		if err := b.api(t).Put(context.Background(), held, client.Always, nil, nil); err != nil {
			t.Fatal(err)
		}
		w.fails(t, []string{"Cannot delete signalbox_policy", "group/others"}, "destroy", "-auto-approve", "-no-color")
		for _, path := range []string{held, "/groups/others"} {
			if err := b.api(t).Delete(context.Background(), path); err != nil {
				t.Fatal(err)
			}
		}
		w.run(t, "destroy", "-auto-approve", "-no-color")
		b.holdsWhatItHeld(t, before)
	})
}

// imports wants a plan without changes from an import of all that the state holds into another one, and after it.
func (w *workspace) imports(t *testing.T, ids map[string]string) {
	t.Helper()
	for _, address := range w.addresses(t) {
		if ids[address] == "" {
			t.Errorf("%s is in the configuration, and this test does not know how to import it", address)
		}
	}
	imports := ""
	for address, id := range ids {
		imports += "import {\n  to = " + address + "\n  id = \"" + id + "\"\n}\n"
	}
	other := *w
	other.folder = w.file("imported")
	for _, file := range must(os.ReadDir(w.folder)) {
		if name := file.Name(); file.Type().IsRegular() && !strings.HasPrefix(name, ".") && !strings.Contains(name, ".tfstate") {
			other.write(t, name, string(must(os.ReadFile(w.file(name)))))
		}
	}
	other.write(t, "imports.tf", imports)
	other.init(t)
	if planned := other.planned(t); len(planned) > 0 {
		t.Fatalf("an import wants to change something: %v", planned)
	}
	other.run(t, "apply", "-no-color", "the.plan")
	other.hasNothingToDo(t)
}

func mendsChanges(t *testing.T, w *workspace, b *broker) {
	b.change(t, "/devices/all-1", map[string]any{"clientIdPin": "*", "attributes": map[string]any{"hall": "8"}})
	b.change(t, "/devices/all-2", map[string]any{"enabled": false})
	b.change(t, "/devices/all-5", map[string]any{"displayName": "changed"})
	b.change(t, "/groups/all-group", map[string]any{"description": "changed"})
	b.change(t, "/groups/all-other-group", map[string]any{"attributes": map[string]any{"a": "b"}})
	b.change(t, "/jwt-issuers/all-login", map[string]any{"audiences": []any{"elsewhere"}})
	b.change(t, "/jwt-issuers/all-service", map[string]any{"jwksJson": keySet(t), "algorithms": []string{"ES256"}})
	b.change(t, "/trusted-cas/all-factory", map[string]any{"autoRegister": false, "ocsp": map[string]any{"mode": "hard"}})
	b.change(t, "/issuing-cas/all-old-plant", map[string]any{"enabled": false})
	b.change(t, "/issuing-cas/all-plant", map[string]any{"enabled": false})
	b.change(t, "/provisioning-templates/all-template", map[string]any{"approval": "automatic", "groups": []any{}})
	b.change(t, "/claim-tokens/all-claim", map[string]any{"maxUses": 7})
	b.change(t, "/users/all-user", map[string]any{"groups": []any{}})
	for _, certificate := range []string{"/devices/all-1/certificates/main", "/devices/all-2/certificates/sealed", "/devices/all-3/certificates/main",
		"/devices/all-2/certificates/succeeded"} {
		path := "/certificates/" + b.get(t, certificate)["fingerprint"].(string)
		if err := b.api(t).Put(context.Background(), path, client.Always, map[string]string{"status": "inactive"}, nil); err != nil {
			t.Fatal(err)
		}
	}
	revoked := "/certificates/" + b.get(t, "/devices/all-4/certificates/main")["fingerprint"].(string) + "/revoke"
	if err := b.api(t).Post(context.Background(), revoked, map[string]string{}, nil); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/policies/all-policy", "/policies/pump"} {
		changed := client.Policy{Document: strings.ReplaceAll(b.get(t, path)["document"].(string), "publish", "subscribe")}
		if err := b.api(t).Put(context.Background(), path, client.Always, &changed, nil); err != nil {
			t.Fatal(err)
		}
	}
	expectPlan(t, w, "update", "signalbox_group_membership.one", "signalbox_policy_attachment.group", "signalbox_policy_attachment.device",
		"signalbox_policy_attachment.user", "signalbox_policy_attachment.certificate", "signalbox_policy_attachment.issuer")
	w.apply(t)
	w.hasNothingToDo(t)
}

func requestsAnother(t *testing.T, w *workspace, b *broker) {
	before := b.get(t, "/devices/all-4/certificates/main")["fingerprint"].(string)
	_, request := requestOf(t, "all-4")
	w.write(t, "all-4.csr", request)
	w.apply(t)
	if after := b.get(t, "/devices/all-4/certificates/main"); after["fingerprint"] == before || after["status"] != "active" {
		t.Errorf("there is no other certificate but %v, which is %v", after["fingerprint"], after["status"])
	}
	if status := b.get(t, "/certificates/"+before)["status"]; status != "revoked" {
		t.Errorf("the certificate of the earlier request is %v", status)
	}
	w.hasNothingToDo(t)
}

func mendsDeletions(t *testing.T, w *workspace, b *broker) {
	ctx, api := context.Background(), b.api(t)
	fingerprint := b.get(t, "/devices/all-1/certificates/main")["fingerprint"].(string)
	for address, id := range importIDs(t, w, b) {
		if strings.HasPrefix(address, "signalbox_device_certificate.") {
			fingerprint, _, _ := strings.Cut(id, "/")
			if err := api.Post(ctx, "/certificates/"+fingerprint+"/revoke", map[string]string{}, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, path := range []string{"/attachments/api:pump/group/all-group", "/attachments/api:all-policy/device/all-1",
		"/attachments/shipped:browsers/user/all-user", "/attachments/api:all-policy/jwt-issuer/all-login",
		"/attachments/api:all-policy/certificate/" + fingerprint, "/policies/pump", "/policies/all-policy",
		"/groups/all-other-group/members/all-2", "/devices/all-1", "/devices/all-2", "/devices/all-3", "/devices/all-4", "/devices/all-5", "/claim-tokens/all-claim",
		"/trusted-cas/all-factory", "/provisioning-templates/all-template", "/groups/all-group", "/groups/all-other-group",
		"/jwt-issuers/all-login", "/jwt-issuers/all-service", "/issuing-cas/all-old-plant", "/issuing-cas/all-plant", "/users/all-user"} {
		if err := api.Delete(ctx, path); err != nil {
			t.Fatal(err)
		}
	}
	expectPlan(t, w, "create")
	w.apply(t)
	w.hasNothingToDo(t)
}

// expectPlan wants the same action for all that the state held, but for the exceptions.
func expectPlan(t *testing.T, w *workspace, action string, but ...string) {
	t.Helper()
	planned := w.planned(t)
	for _, address := range w.addresses(t) {
		if !strings.HasPrefix(planned[address], action) && !slices.Contains(but, address) {
			t.Errorf("%s: the plan says %q, not %q", address, planned[address], action)
		}
	}
}
