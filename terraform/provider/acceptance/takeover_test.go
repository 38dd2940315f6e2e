package acceptance

import (
	"os"
	"strings"
	"testing"
)

// bare has one object of each kind that is put, with what it must have and nothing else, but for lists beside secrets. Their ids are known
// to no plan.
const bare = `
resource "terraform_data" "id" {
  input = "bare"
}

resource "signalbox_group" "one" {
  name = terraform_data.id.output
}

resource "signalbox_device" "one" {
  id = terraform_data.id.output
}

resource "signalbox_fleet_device" "one" {
  id = "${terraform_data.id.output}-1"
}

resource "signalbox_trusted_ca" "one" {
  name            = terraform_data.id.output
  certificate_pem = file("factory-ca.crt")
}

resource "signalbox_issuing_ca" "one" {
  name = "${terraform_data.id.output}-plant"
}

resource "signalbox_provisioning_template" "one" {
  name = terraform_data.id.output
}

resource "signalbox_claim_token" "one" {
  name              = terraform_data.id.output
  template          = signalbox_provisioning_template.one.name
  secret_wo         = "0123456789-claim-secret-0123456789"
  secret_wo_version = 1
  allowed_cidrs     = ["10.1.0.0/16", "10.2.0.0/16"]
}

resource "signalbox_jwt_issuer" "one" {
  name            = terraform_data.id.output
  issuer          = "login"
  audiences       = ["iot"]
  algorithms      = ["ES256"]
  public_keys_pem = [file("issuer.pem")]
}

resource "signalbox_user" "one" {
  name                = terraform_data.id.output
  password_wo         = "correct horse battery staple"
  password_wo_version = 1
  groups              = ["first", "second"]
}
`

func TestTakesOverWhatWasWantedAndNothingElse(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	w := newWorkspace(t, bare).of(t, b)
	w.write(t, "factory-ca.crt", authority(t, "Factory CA"))
	w.write(t, "issuer.pem", publicKey(t))
	w.init(t).apply(t)
	forget := func() {
		if err := os.Remove(w.file("terraform.tfstate")); err != nil {
			t.Fatal(err)
		}
	}

	t.Run("what the configuration would make", func(t *testing.T) {
		forget()
		if output := w.apply(t); strings.Contains(output, "Warning:") {
			t.Errorf("the apply warns:\n%s", last(output, 2000))
		}
		w.hasNothingToDo(t)
	})
	t.Run("what has changed since in something else than its secret", func(t *testing.T) {
		forget()
		b.change(t, "/users/bare", map[string]any{"groups": []string{"second", "first"}})
		b.change(t, "/claim-tokens/bare", map[string]any{"allowedCidrs": []string{"10.2.0.0/16", "10.1.0.0/16"}})
		if output := w.apply(t); strings.Contains(output, "another secret") {
			t.Errorf("the apply warns:\n%s", last(output, 2000))
		}
		w.hasNothingToDo(t)
	})
	t.Run("what has another secret, with a warning", func(t *testing.T) {
		b.change(t, "/users/bare", map[string]any{"password": "somebody else's"})
		b.change(t, "/claim-tokens/bare", map[string]any{"secret": "somebody-else-s-9876543210"})
		for _, one := range []string{"signalbox_user.one", "signalbox_claim_token.one"} { // Terraform may show one of two alike
			w.run(t, "state", "rm", one)
			if output := w.apply(t, "-target="+one); !strings.Contains(output, "existed already, with another secret") {
				t.Errorf("there is no warning for %s:\n%s", one, last(output, 2000))
			}
		}
		w.hasNothingToDo(t)
	})
	t.Run("what differs in something that the configuration leaves out", func(t *testing.T) {
		forget()
		b.change(t, "/trusted-cas/bare", map[string]any{"crlUrl": "http://crl.example/factory.crl", "ocsp": map[string]any{"mode": "hard"}})
		b.change(t, "/jwt-issuers/bare", map[string]any{"claimMapping": map[string]any{"device": "device"}})
		b.change(t, "/provisioning-templates/bare", map[string]any{"validityHours": 7})
		w.fails(t, []string{
			"/trusted-cas/bare exists already and is different in crlUrl, ocsp;",
			"/jwt-issuers/bare exists already and is different in claimMapping;",
			"/provisioning-templates/bare exists already and is different in validityHours;",
		}, "apply", "-auto-approve", "-no-color")
		if ca := b.get(t, "/trusted-cas/bare"); ca["crlUrl"] == nil || ca["ocsp"].(map[string]any)["mode"] != "hard" {
			t.Errorf("the apply has changed the authority: %v", ca)
		}
	})
}
