package acceptance

import (
	"crypto/tls"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
)

// The tokens go where ephemeral values may: to a program that the apply runs.
const tokens = `
variable "claim_secret" {
  type      = string
  ephemeral = true
}

resource "signalbox_group" "tokens" {
  name = "tokens"
}

resource "signalbox_device" "registered" {
  id = "token-1"
}

resource "signalbox_provisioning_template" "tokens" {
  name   = "tokens"
  groups = [signalbox_group.tokens.name]
}

resource "signalbox_claim_token" "tokens" {
  name              = "tokens"
  template          = signalbox_provisioning_template.tokens.name
  secret_wo         = var.claim_secret
  secret_wo_version = 1
}

ephemeral "signalbox_access_token" "page" {
  subject     = "page"
  groups      = ["browsers"]
  ttl_seconds = 600
}

ephemeral "signalbox_enrolment_token" "device" {
  device = signalbox_device.registered.revision > 0 ? signalbox_device.registered.id : ""
}

ephemeral "signalbox_enrolment_token" "template" {
  template    = signalbox_provisioning_template.tokens.revision > 0 ? signalbox_provisioning_template.tokens.name : ""
  ttl_seconds = 600
}

resource "terraform_data" "receiver" {
  provisioner "local-exec" {
    command = "umask 077 && printf %s \"$ACCESS\" > access.token && printf %s \"$DEVICE\" > device.token && printf %s \"$TEMPLATE\" > template.token"
    environment = {
      ACCESS   = ephemeral.signalbox_access_token.page.token
      DEVICE   = ephemeral.signalbox_enrolment_token.device.token
      TEMPLATE = ephemeral.signalbox_enrolment_token.template.token
    }
  }
}
`

var usedOnce = regexp.MustCompile(`\buses += 1\n`)

func TestTokensOfAnApplyAreGood(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	w := newWorkspace(t, tokens).of(t, b).set("TF_VAR_claim_secret", claimSecret).init(t)
	w.apply(t)
	received := map[string]string{}
	for _, name := range []string{"access", "device", "template"} {
		received[name] = string(must(os.ReadFile(w.file(name + ".token"))))
		if !signedToken.MatchString(received[name]) || strings.Contains(w.state(t), received[name]) {
			t.Errorf("the token %q is %q, and the state %v", name, received[name], strings.Contains(w.state(t), received[name]))
		}
	}

	t.Run("a page connects with an access token", func(t *testing.T) {
		if _, code, err := b.connectFromPage(t, b.endpoint(), "page:1", received["access"]); err != nil || code != 0 {
			t.Errorf("code %#x, %v", code, err)
		}
	})
	t.Run("a device enrols with its token, and no other does", func(t *testing.T) {
		b.enrols(t, "token-1", "Bearer "+received["device"], http.StatusOK)
		b.enrols(t, "token-2", "Bearer "+received["device"], http.StatusForbidden)
	})
	t.Run("a new device enrols by the template", func(t *testing.T) {
		b.enrols(t, "token-3", "Bearer "+received["template"], http.StatusOK)
		if groups := b.get(t, "/devices/token-3")["groups"].([]any); len(groups) != 1 || groups[0] != "tokens" {
			t.Errorf("the new device is in the groups %v", groups)
		}
	})
	t.Run("a claim token is used up", func(t *testing.T) {
		credential := "Basic " + base64.StdEncoding.EncodeToString([]byte("tokens:"+claimSecret))
		b.enrols(t, "token-4", credential, http.StatusOK)
		b.enrols(t, "token-5", credential, http.StatusForbidden)
		w.hasNothingToDo(t)
		w.run(t, "apply", "-refresh-only", "-auto-approve", "-no-color")
		if state := w.run(t, "state", "show", "signalbox_claim_token.tokens"); !usedOnce.MatchString(state) {
			t.Errorf("the state does not tell of the use:\n%s", state)
		}
	})
}

// enrols asks for a certificate over EST, and wants an answer with a status.
func (b *broker) enrols(t *testing.T, device, credential string, wanted int) {
	t.Helper()
	_, request := requestOf(t, device)
	block, _ := pem.Decode([]byte(request))
	asked := must(http.NewRequest(http.MethodPost, b.endpoint()+"/.well-known/est/simpleenroll",
		strings.NewReader(base64.StdEncoding.EncodeToString(block.Bytes))))
	asked.Header.Set("Content-Type", "application/pkcs10")
	asked.Header.Set("Authorization", credential)
	client := &http.Client{Timeout: packetTimeout, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: b.authorities(t)}, DisableKeepAlives: true}}
	answer, err := client.Do(asked)
	if err != nil {
		t.Error(err)
		return
	}
	defer answer.Body.Close()
	body := must(io.ReadAll(answer.Body))
	if answer.StatusCode != wanted {
		t.Errorf("the enrolment of %s is answered with %d, not %d: %s", device, answer.StatusCode, wanted, body)
		return
	}
	if wanted != http.StatusOK {
		return
	}
	made := b.get(t, "/devices/"+device+"/certificates")["items"].([]any)
	if text := fmt.Sprint(made...); len(made) != 1 || !strings.Contains(text, "status:active") || !strings.Contains(text, "subject:CN="+device) {
		t.Errorf("the certificates of %s are %v", device, made)
	}
}
