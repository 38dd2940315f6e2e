package acceptance

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// cutOffWithin is many times what is promised: a machine that builds other things too may be slow, and a broker that forgets never does it.
const cutOffWithin = 60 * time.Second

// TestThePreparationOfTheQuickstartSaysWhyItFails with an openssl that fails, as an old one does, and with none.
func TestThePreparationOfTheQuickstartSaysWhyItFails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ openssl, says string }{
		"openssl fails": {"#!/bin/sh\necho \"unknown option $6\" >&2\nexit 1\n", "unknown option "},
		"no openssl":    {"", "prepare: needs the program openssl"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			programs, example := t.TempDir(), t.TempDir()
			if err := os.CopyFS(example, os.DirFS("../../examples/quickstart")); err != nil {
				t.Fatal(err)
			}
			if err := os.RemoveAll(filepath.Join(example, "keys")); err != nil { // of whoever has tried it here
				t.Fatal(err)
			}
			for _, program := range []string{"bash", "dirname", "mkdir", "mktemp", "mv", "rm"} {
				if err := os.Symlink(must(exec.LookPath(program)), filepath.Join(programs, program)); err != nil {
					t.Fatal(err)
				}
			}
			if c.openssl != "" {
				if err := os.WriteFile(filepath.Join(programs, "openssl"), []byte(c.openssl), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			prepare := exec.Command(filepath.Join(example, "prepare"))
			prepare.Env = []string{"PATH=" + programs, "SIGNALBOX=" + must(exec.LookPath("true"))}
			output, err := prepare.CombinedOutput()
			if err == nil || !strings.Contains(string(output), c.says) || !strings.Contains(string(output), "prepare: ") {
				t.Errorf("%v\n%s", err, output)
			}
		})
	}
}

// TestTheQuickstart does what the example's README tells people to do.
func TestTheQuickstart(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	w := newWorkspace(t, "")
	for _, folder := range []string{"examples/quickstart", "modules/fleet"} {
		if err := os.CopyFS(w.file("terraform/"+folder), os.DirFS(filepath.Join("../..", folder))); err != nil {
			t.Fatal(err)
		}
	}
	w.folder = w.file("terraform/examples/quickstart")
	prepare := exec.Command("./prepare")
	prepare.Dir = w.folder
	prepare.Env = append(os.Environ(), "SIGNALBOX="+signalbox(t), "SIGNALBOX_BUILD=never")
	if output, err := prepare.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	before := b.inventory(t)
	w.set("TF_VAR_endpoint", b.endpoint()).set("TF_VAR_data_directory", b.file("data")).init(t)
	w.traced(t, func() {
		w.apply(t)
		w.run(t, "plan", "-out=saved.plan", "-no-color")
	})
	w.hasNothingToDo(t)

	chains := asJSON(t, w.run(t, "output", "-json", "chain_pem"))
	pump := func(id string) tls.Certificate {
		chain := w.file("keys/" + id + ".crt")
		if err := os.WriteFile(chain, []byte(chains[id].(string)), 0o600); err != nil {
			t.Fatal(err)
		}
		return must(tls.LoadX509KeyPair(chain, w.file("keys/"+id+".key")))
	}
	first := b.connected(t, "pump-1", pump("pump-1"))
	if code := first.publish(t, "plant/north/pump-1/level", "21"); code >= 0x80 {
		t.Errorf("pump-1 cannot tell its level: %#x", code)
	}
	if code := first.publish(t, "plant/north/pump-2/level", "21"); code != 0x87 {
		t.Errorf("pump-1 publishes as pump-2: %#x", code)
	}
	if code := first.subscribe(t, "plant/#"); code != 0x87 {
		t.Errorf("pump-1 sees the whole plant: %#x", code)
	}
	if code := first.subscribe(t, "plant/north/orders/urgent/#"); code > 2 {
		t.Errorf("pump-1 cannot read urgent orders: %#x", code)
	}
	login := w.tokenOfTheLogin(t)
	page := b.isSeenFromPage(t, login, first)
	t.Run("a browser sees what a real client publishes", func(t *testing.T) {
		pump("pump-2")
		seesInBrowser(t, b, w, login)
	})
	t.Run("a change of a policy reaches live subscriptions", func(t *testing.T) {
		second := b.connected(t, "pump-2", pump("pump-2"))
		if code := second.subscribe(t, "plant/north/orders/#"); code > 2 {
			t.Errorf("pump-2 cannot read its orders: %#x", code)
		}
		text := string(must(os.ReadFile(w.file("policies/pumps.policy.yaml"))))
		w.write(t, "policies/pumps.policy.yaml", strings.Replace(text, "orders/#", "orders/urgent/#", 1))
		w.apply(t)
		if _, reason, err := second.ends(cutOffWithin); err != nil || reason != 0x87 {
			t.Errorf("pump-2 still reads all orders: reason %#x, %v", reason, err)
		}
		if code := first.publish(t, "plant/north/pump-1/level", "22"); code >= 0x80 {
			t.Errorf("pump-1, which reads nothing but urgent orders, is disturbed: %#x", code)
		}
		w.hasNothingToDo(t)
	})
	t.Run("no secret is in state, plan or log", func(t *testing.T) {
		w.holdsNoSecret(t, b, map[string]string{"the login's token": login}, "terraform.tfstate", "saved.plan", "trace.log")
	})

	begin := time.Now()
	w.run(t, "destroy", "-auto-approve", "-no-color")
	took := time.Since(begin)
	for name, client := range map[string]*mqtt{"pump-1": first, "the page": page} {
		after, reason, err := client.ends(cutOffWithin)
		if err != nil {
			t.Errorf("%s is not cut off: %v", name, err)
		}
		t.Logf("%s: cut off at most %v after a destroy that took %v, reason %#x", name, after.Round(time.Millisecond), took.Round(time.Millisecond), reason)
	}
	for _, id := range []string{"pump-1", "pump-2"} {
		if _, code, err := b.connect(t, id, pump(id)); err == nil && code == 0 {
			t.Errorf("%s connects after the destroy", id)
		}
	}
	b.refusesPage(t, login)
	b.holdsWhatItHeld(t, before)
}

// refusesPage: a removed issuer is looked for several times a second; whom it lets in before that is cut off then.
func (b *broker) refusesPage(t *testing.T, token string) {
	t.Helper()
	for begin := time.Now(); ; {
		late, code, err := b.connectFromPage(t, b.endpoint(), "me:page", token)
		if err == nil && code >= 0x80 {
			return
		}
		if err != nil || time.Since(begin) > cutOffWithin {
			t.Errorf("a token of the issuer that was removed is not refused: code %#x, %v", code, err)
			return
		}
		if _, _, err := late.ends(cutOffWithin); err != nil {
			t.Errorf("a page with a token of the issuer that was removed stays connected: %v", err)
			return
		}
	}
}

// isSeenFromPage is what a page with the login's token may do, and what it may not: it sees the level that a device tells. The
// connection stays.
func (b *broker) isSeenFromPage(t *testing.T, token string, device *mqtt) *mqtt {
	t.Helper()
	page, code, err := b.connectFromPage(t, b.endpoint(), "me:page", token)
	if err != nil || code != 0 {
		t.Fatalf("a page with a token of the provisioned issuer is refused: code %#x, %v", code, err)
	}
	if code := page.subscribe(t, "plant/north/+/level"); code > 2 {
		t.Errorf("the page does not see levels: %#x", code)
	}
	if code := page.subscribe(t, "#"); code != 0x87 {
		t.Errorf("the page sees everything: %#x", code)
	}
	if code := page.publish(t, "plant/north/orders/stop", "now"); code != 0x87 {
		t.Errorf("the page gives orders: %#x", code)
	}
	if code := device.publish(t, "plant/north/pump-1/level", "37"); code >= 0x80 {
		t.Errorf("pump-1 cannot tell its level: %#x", code)
	}
	if topic, payload := page.message(t); topic != "plant/north/pump-1/level" || payload != "37" {
		t.Errorf("the page sees %q on %q", payload, topic)
	}
	var refused refusedUpgrade
	if _, code, err := b.connectFromPage(t, "https://elsewhere.example", "me:other-page", token); !errors.As(err, &refused) || refused.status != http.StatusForbidden {
		t.Errorf("a page of another origin is not refused: code %#x, %v", code, err)
	}
	if _, code, err := b.connectFromPage(t, b.endpoint(), "me:forged", token[:len(token)-8]+"AAAAAAAA"); err != nil || code < 0x80 {
		t.Errorf("a token with another signature is not refused: code %#x, %v", code, err)
	}
	return page
}

// tokenOfTheLogin is a token as the login service of the example would sign it.
func (w *workspace) tokenOfTheLogin(t testing.TB) string {
	t.Helper()
	block, _ := pem.Decode(must(os.ReadFile(w.file("keys/login.key"))))
	key := must(x509.ParsePKCS8PrivateKey(block.Bytes)).(*ecdsa.PrivateKey)
	claims := fmt.Sprintf(`{"iss": "https://login.example", "aud": "signalbox", "sub": "me", "groups": ["browsers"], "exp": %d}`,
		time.Now().Add(time.Hour).Unix())
	signed := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"ES256"}`)) + "." + base64.RawURLEncoding.EncodeToString([]byte(claims))
	hash := sha256.Sum256([]byte(signed))
	r, s, err := ecdsa.Sign(rand.Reader, key, hash[:])
	if err != nil {
		t.Fatal(err)
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// seesInBrowser publishes with mosquitto_pub, and looks at the page.
func seesInBrowser(t *testing.T, b *broker, w *workspace, token string) {
	publisher, err := exec.LookPath("mosquitto_pub")
	if err != nil {
		lacks(t, "mosquitto_pub is not on this machine")
	}
	if !b.hasPage(t) {
		lacks(t, "this broker was built without its page")
	}
	page := b.openPage(t, b.endpoint()+"/#token="+token)
	page.await(t, "document.getElementById('status').dataset.state === 'online'")
	page.evaluate(t, "document.getElementById('filter').value = 'plant/#'; document.getElementById('subscribe').click()")
	page.await(t, "document.querySelectorAll('#subscriptions li').length === 1")
	output, err := exec.Command(publisher, "-h", "localhost", "-p", fmt.Sprint(b.mqtt), "--cafile", b.caFile(), "--cert", w.file("keys/pump-2.crt"),
		"--key", w.file("keys/pump-2.key"), "-i", "pump-2", "-q", "1", "-t", "plant/north/pump-2/level", "-m", "level 42").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	page.evaluate(t, "document.getElementById('topic').value = 'plant/north/orders/stop'; document.getElementById('publish').click()")
	page.await(t, "document.getElementById('published').innerText.startsWith('Not published to plant/north/orders/stop')")
	page.await(t, "[...document.querySelectorAll('#messages li')].some(li => li.innerText.includes('level 42'))")
}
