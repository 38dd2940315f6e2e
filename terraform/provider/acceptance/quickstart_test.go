package acceptance

import (
	"crypto/tls"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// cutOffWithin is five times what is promised: a machine that builds other things too may be slow, a broker that forgets is not.
const cutOffWithin = 10 * time.Second

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
	w.set("TF_VAR_endpoint", b.endpoint()).set("TF_VAR_data_directory", b.file("data")).init(t).apply(t)
	w.hasNothingToDo(t)

	chains := asJSON(t, w.run(t, "output", "-json", "chain_pem"))
	pump := func(id string) tls.Certificate {
		chain := w.file("keys/" + id + ".crt")
		if err := os.WriteFile(chain, []byte(chains[id].(string)), 0o600); err != nil {
			t.Fatal(err)
		}
		return must(tls.LoadX509KeyPair(chain, w.file("keys/"+id+".key")))
	}
	first, code, err := b.connect(t, "pump-1", pump("pump-1"))
	if err != nil || code != 0 {
		t.Fatalf("pump-1 is refused: code %#x, %v", code, err)
	}
	if code := first.subscribe(t, "devices/pump-1/cmd/#"); code > 2 {
		t.Errorf("pump-1 cannot read its commands: %#x", code)
	}
	if code := first.subscribe(t, "devices/pump-2/cmd/#"); code != 0x87 {
		t.Errorf("pump-1 reads the commands of pump-2: %#x", code)
	}
	if code := first.publish(t, "devices/pump-2/data/level", "21"); code != 0x87 {
		t.Errorf("pump-1 publishes as pump-2: %#x", code)
	}

	token := strings.TrimSpace(b.command(t, "token", "issue", "--data", b.file("data"), "--subject", "viewer", "--group", "browsers"))
	t.Run("a browser sees what a real client publishes", func(t *testing.T) {
		pump("pump-2")
		seesInBrowser(t, b, w, token)
	})

	before := time.Now()
	w.run(t, "destroy", "-auto-approve", "-no-color")
	took := time.Since(before)
	if after, reason, err := first.ends(cutOffWithin); err != nil {
		t.Errorf("pump-1 is not cut off: %v", err)
	} else {
		t.Logf("cut off at most %v after a destroy that took %v, reason %#x", after.Round(time.Millisecond), took.Round(time.Millisecond), reason)
	}
	if _, code, err := b.connect(t, "pump-1", pump("pump-1")); err == nil && code == 0 {
		t.Error("pump-1 connects after the destroy")
	}
	for _, path := range []string{"/devices", "/groups", "/jwt-issuers", "/trusted-cas"} {
		if items := b.get(t, path)["items"].([]any); len(items) > 0 {
			t.Errorf("%s still holds %v", path, items)
		}
	}
}

// seesInBrowser publishes with mosquitto_pub, and looks at the page.
func seesInBrowser(t *testing.T, b *broker, w *workspace, token string) {
	publisher, err := exec.LookPath("mosquitto_pub")
	if err != nil {
		t.Skip("mosquitto_pub is not on this machine")
	}
	if !b.answersAt(t, "/") {
		t.Skip("this broker was built without its page")
	}
	page := b.openPage(t, b.endpoint()+"/#token="+token)
	page.await(t, "document.getElementById('status').dataset.state === 'online'")
	page.evaluate(t, "document.getElementById('filter').value = 'devices/+/data/#'; document.getElementById('subscribe').click()")
	page.await(t, "document.querySelectorAll('#subscriptions li').length === 1")
	output, err := exec.Command(publisher, "-h", "localhost", "-p", fmt.Sprint(b.mqtt), "--cafile", b.caFile(), "--cert", w.file("keys/pump-2.crt"),
		"--key", w.file("keys/pump-2.key"), "-i", "pump-2", "-q", "1", "-t", "devices/pump-2/data/level", "-m", "level 42").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	page.await(t, "[...document.querySelectorAll('#messages li')].some(li => li.innerText.includes('level 42'))")
}
