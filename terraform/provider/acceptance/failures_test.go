package acceptance

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// manyDevices is a configuration with groups, devices and certificates that depend on each other.
func manyDevices(t testing.TB, w *workspace, count int) string {
	t.Helper()
	for i := range count {
		_, request := requestOf(t, fmt.Sprintf("many-%03d", i))
		w.write(t, fmt.Sprintf("many-%03d.csr", i), request)
	}
	return requirement + fmt.Sprintf(`
resource "signalbox_group" "many" {
  name = "many"
}

resource "signalbox_device" "many" {
  count  = %d
  id     = format("many-%%03d", count.index)
  groups = [signalbox_group.many.name]
}

resource "signalbox_device_certificate" "many" {
  count   = length(signalbox_device.many)
  device  = signalbox_device.many[count.index].id
  csr_pem = file(format("many-%%03d.csr", count.index))
}
`, count)
}

// cutter stands between terraform and a broker, and breaks the connection instead of every third answer to a PUT: the broker has
// done what it was asked, and nobody hears of it.
type cutter struct {
	*httptest.Server
	changes, cuts atomic.Int64
}

func newCutter(t testing.TB, b *broker) *cutter {
	t.Helper()
	proxy := httputil.NewSingleHostReverseProxy(must(url.Parse(b.endpoint())))
	proxy.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: b.authorities(t)}}
	c := &cutter{}
	proxy.ModifyResponse = func(answer *http.Response) error {
		if answer.Request.Method == http.MethodPut && c.changes.Add(1)%3 == 0 {
			c.cuts.Add(1)
			panic(http.ErrAbortHandler)
		}
		return nil
	}
	c.Server = httptest.NewTLSServer(proxy)
	t.Cleanup(c.Close)
	return c
}

// through lets the provider reach the broker by way of the cutter only.
func (w *workspace) through(t testing.TB, c *cutter) *workspace {
	t.Helper()
	w.write(t, "cutter.crt", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate().Raw})))
	other := *w
	other.environment = slices.Clone(w.environment)
	return other.set("SIGNALBOX_ENDPOINT", c.URL).set("SIGNALBOX_CA_FILE", w.file("cutter.crt"))
}

func TestConvergesWhenAnswersAreLost(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	w := newWorkspace(t, "")
	w.write(t, "main.tf", manyDevices(t, w, 12))
	w.of(t, b).init(t)
	cut := newCutter(t, b)

	t.Run("by another apply", func(t *testing.T) {
		if output, code := w.through(t, cut).try(t, "apply", "-auto-approve", "-no-color"); code == 0 || cut.cuts.Load() == 0 {
			t.Fatalf("%d answers were cut off, and the apply exits with %d:\n%s", cut.cuts.Load(), code, last(output, 4000))
		}
		w.apply(t)
		w.hasNothingToDo(t)
	})
	t.Run("by patience", func(t *testing.T) {
		w.run(t, "destroy", "-auto-approve", "-no-color")
		before := cut.cuts.Load()
		w.through(t, cut).set("SIGNALBOX_PATIENCE", "60s").apply(t)
		w.hasNothingToDo(t)
		if cut.cuts.Load() == before {
			t.Error("no answer was cut off")
		}
	})
}

func TestConvergesWhenTheBrokerIsKilledInMidApply(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	w := newWorkspace(t, "")
	w.write(t, "main.tf", manyDevices(t, w, 60))
	w.of(t, b).init(t)
	done := make(chan string)
	go func() {
		command := exec.Command("terraform", "apply", "-auto-approve", "-no-color")
		command.Dir, command.Env = w.folder, w.environment
		output, err := command.CombinedOutput()
		done <- fmt.Sprintf("%v\n%s", err, output)
	}()
	devices := func() int {
		var page struct {
			Items []any `json:"items"`
		}
		_ = b.api(t).Get(context.Background(), "/devices?limit=1000", &page)
		return len(page.Items)
	}
	for deadline := time.Now().Add(commandTimeout); devices() < 10; time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the apply makes no devices")
		}
	}
	b.kill()
	output := <-done
	b.start(t)
	if !strings.Contains(output, "no answer from") {
		t.Fatalf("the apply was through before the broker was killed:\n%s", last(output, 2000))
	}
	w.apply(t)
	w.hasNothingToDo(t)
	if count := devices(); count != 60 {
		t.Errorf("there are %d devices, not 60", count)
	}
}

// explainsErrors has one case for each thing that people get wrong.
func explainsErrors(t *testing.T, b *broker) {
	_, request := requestOf(t, "wrong-1")
	damaged := strings.Replace(request, request[len(request)-60:len(request)-50], strings.Repeat("A", 10), 1)
	device := "resource \"signalbox_device\" \"d\" {\n  id = \"wrong-1\"\n}\n"
	certificate := func(more string) string {
		return device + "resource \"signalbox_device_certificate\" \"c\" {\n  device = signalbox_device.d.id\n" + more + "}\n"
	}
	policy := func(name, actions string) string {
		document := "version: 1\nname: " + name + "\nstatements:\n- id: a\n  actions: " + actions + "\n  effect: allow\n  topics: [a]\n"
		return fmt.Sprintf("resource \"signalbox_policy\" \"p\" {\n  name = \"wrong-policy\"\n  document = %q\n}\n", document)
	}
	for _, one := range []struct {
		name, configuration string
		prepare             func(w *workspace)
		words               []string
	}{
		{"wrong credential", device, func(w *workspace) { w.set("SIGNALBOX_TOKEN", "wrong") }, []string{"SIGNALBOX_TOKEN", "admin.token"}},
		{"no credential", device, func(w *workspace) { w.set("SIGNALBOX_TOKEN", "") }, []string{"No credential", "SIGNALBOX_TOKEN"}},
		{"nobody listens", device, func(w *workspace) { w.set("SIGNALBOX_ENDPOINT", "https://localhost:1") },
			[]string{"no answer from https://localhost:1", "Is the broker running"}},
		{"not trusted", device, func(w *workspace) { w.set("SIGNALBOX_CA_FILE", "") }, []string{"authority that is not trusted", "SIGNALBOX_CA_FILE"}},
		{"no such authority", certificate("  ca = \"no-such-ca\"\n  csr_pem = file(\"x.csr\")\n"), nil, []string{"no-such-ca"}},
		{"damaged request", certificate("  csr_pem = file(\"damaged.csr\")\n"), nil, []string{"certificate signing request cannot be used",
			"signalbox pki csr"}},
		{"request of another device", strings.Replace(certificate("  csr_pem = file(\"x.csr\")\n"), "wrong-1", "wrong-2", 1), nil,
			[]string{"wrong-1", "wrong-2"}},
		{"private key for a request", certificate("  csr_pem = \"-----BEGIN PRIVATE KEY-----\"\n"), nil, []string{"private key does not belong here"}},
		{"unknown group", "resource \"signalbox_device\" \"d\" {\n  id = \"wrong-1\"\n  groups = [\"no-such-group\"]\n}\n", nil,
			[]string{"no-such-group"}},
		{"policy that is not valid", policy("wrong-policy", "[publish, shout]"), nil, []string{"wrong-policy:5:", "shout"}},
		{"policy of another name", policy("other-policy", "[publish]"), nil, []string{"name: other-policy", "wrong-policy"}},
		{"policy that is no YAML", policy("wrong-policy", "[publish"), nil, []string{"Not a policy", "line 4"}},
	} {
		t.Run(one.name, func(t *testing.T) {
			w := newWorkspace(t, one.configuration).of(t, b)
			w.write(t, "x.csr", request)
			w.write(t, "damaged.csr", damaged)
			if one.prepare != nil {
				one.prepare(w)
			}
			w.init(t).fails(t, one.words, "apply", "-auto-approve", "-no-color")
			if one.prepare == nil {
				_, _ = w.try(t, "destroy", "-auto-approve", "-no-color")
			}
		})
	}
}

func TestADeviceIsCutOffWhenItsCertificateIsDestroyed(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	w := newWorkspace(t, `
resource "signalbox_device" "live" {
  id = "live-1"
}

resource "signalbox_device_certificate" "live" {
  device  = signalbox_device.live.id
  csr_pem = file("live-1.csr")
}

output "chain" {
  value = signalbox_device_certificate.live.chain_pem
}
`).of(t, b)
	key, request := requestOf(t, "live-1")
	w.write(t, "live-1.csr", request)
	w.init(t).apply(t)
	certificate := certificateOf(w.run(t, "output", "-raw", "chain"), key)
	live, code, err := b.connect(t, "live-1", certificate)
	if err != nil || code != 0 {
		t.Fatalf("the device is refused: code %#x, %v", code, err)
	}
	if code := live.subscribe(t, "devices/live-1/cmd/#"); code > 2 {
		t.Errorf("the device's own topics are refused: %#x", code)
	}
	if code := live.subscribe(t, "devices/other/#"); code != 0x87 {
		t.Errorf("the topics of others are granted: %#x", code)
	}
	if code := live.publish(t, "devices/live-1/data", "21"); code >= 0x80 {
		t.Errorf("the device's own data is refused: %#x", code)
	}
	w.run(t, "destroy", "-auto-approve", "-no-color")
	after, reason, err := live.ends(10 * time.Second)
	if err != nil || (reason != 0x87 && reason != 0) {
		t.Errorf("reason %#x, %v", reason, err)
	}
	t.Logf("cut off %v after the destroy had ended", after.Round(time.Millisecond))
	if _, code, err := b.connect(t, "live-1", certificate); err == nil && code == 0 {
		t.Error("the device connects again")
	}
	if log, _ := os.ReadFile(b.file("broker.log")); strings.Contains(string(log), "PRIVATE KEY") {
		t.Error("the broker's log holds a key")
	}
}
