package acceptance

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"signalbox.internal/terraform-provider-signalbox/internal/client"
)

// manyDevices is a configuration with a group, devices with certificates that depend on each other, and as many that are one object each.
func manyDevices(t testing.TB, w *workspace, count int) string {
	t.Helper()
	for i := range count {
		for _, kind := range []string{"many", "single"} {
			id := fmt.Sprintf("%s-%03d", kind, i)
			_, request := requestOf(t, id)
			w.write(t, id+".csr", request)
		}
	}
	return requirement + fmt.Sprintf(`
resource "signalbox_group" "many" {
  name = "many"
}

resource "signalbox_device" "many" {
  count  = %[1]d
  id     = format("many-%%03d", count.index)
  groups = [signalbox_group.many.name]
}

resource "signalbox_device_certificate" "many" {
  count   = length(signalbox_device.many)
  device  = signalbox_device.many[count.index].id
  csr_pem = file(format("many-%%03d.csr", count.index))
}

resource "signalbox_fleet_device" "many" {
  count   = %[1]d
  id      = format("single-%%03d", count.index)
  groups  = [signalbox_group.many.name]
  csr_pem = file(format("single-%%03d.csr", count.index))
}
`, count)
}

// between is a proxy between terraform and a broker, to which things happen when an answer to a change comes by: the broker has done
// what it was asked, and nobody hears of it.
type between struct {
	*httptest.Server
	// changed gets the number of an answer to a PUT or DELETE, from 1, and what was asked for, and says whether the connection breaks
	// instead.
	changed atomic.Pointer[func(number int64, what string) bool]
	changes atomic.Int64
	// asking gets what is asked for, before the broker does. Nil: nothing happens.
	asking atomic.Pointer[func(what string)]
}

func newBetween(t testing.TB, b *broker) *between {
	t.Helper()
	proxy := httputil.NewSingleHostReverseProxy(must(url.Parse(b.endpoint())))
	proxy.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: b.authorities(t)}}
	p := &between{}
	proxy.ModifyResponse = func(answer *http.Response) error {
		method := answer.Request.Method
		if method != http.MethodPut && method != http.MethodDelete {
			return nil
		}
		if number := p.changes.Add(1); (*p.changed.Load())(number, method+" "+answer.Request.URL.Path) {
			panic(http.ErrAbortHandler)
		}
		return nil
	}
	// A broker that is away is as if there were no proxy: a broken connection, and not the status 502.
	proxy.ErrorHandler = func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) }
	p.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asking := p.asking.Load(); asking != nil {
			(*asking)(r.Method + " " + r.URL.Path)
		}
		proxy.ServeHTTP(w, r)
	}))
	p.Config.ErrorLog = log.New(io.Discard, "", 0)
	p.StartTLS()
	t.Cleanup(p.Close)
	return p
}

// when sets what happens from now on, and counts from 1 again.
func (p *between) when(changed func(number int64, what string) bool) *between {
	p.changed.Store(&changed)
	p.changes.Store(0)
	return p
}

// holds keeps one request from the broker until it has answered another, whose answer may be lost.
func (p *between) holds(t testing.TB, held, until string, lost bool) *between {
	answered, once := make(chan struct{}), sync.Once{}
	p.when(func(_ int64, what string) bool {
		if what == until {
			once.Do(func() { close(answered) })
		}
		return lost && what == until
	})
	asking := func(what string) {
		if what != held {
			return
		}
		select {
		case <-answered:
		case <-time.After(packetTimeout):
			t.Errorf("there is no %s", until)
		}
	}
	p.asking.Store(&asking)
	return p
}

// through lets the provider reach the broker by way of a proxy only.
func (w *workspace) through(t testing.TB, p *between) *workspace {
	t.Helper()
	w.write(t, "proxy.crt", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.Certificate().Raw})))
	other := *w
	other.environment = slices.Clone(w.environment)
	return other.set("SIGNALBOX_ENDPOINT", p.URL).set("SIGNALBOX_CA_FILE", w.file("proxy.crt"))
}

func TestConvergesWhenAnswersAreLost(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	w := everything(t, b)
	proxy := newBetween(t, b)

	t.Run("by another apply", func(t *testing.T) {
		var cuts atomic.Int64
		proxy.when(func(number int64, _ string) bool {
			if number%3 == 0 {
				cuts.Add(1)
			}
			return number%3 == 0
		})
		if output, code := w.through(t, proxy).try(t, "apply", "-auto-approve", "-no-color"); code == 0 || cuts.Load() == 0 {
			t.Fatalf("%d answers were cut off, and the apply exits with %d:\n%s", cuts.Load(), code, last(output, 4000))
		}
		w.apply(t)
		w.hasNothingToDo(t)
	})
	t.Run("by patience", func(t *testing.T) {
		var asked sync.Map // the first answer of each object is lost
		proxy.when(func(_ int64, what string) bool {
			_, again := asked.LoadOrStore(what, true)
			return !again
		})
		objects := len(w.addresses(t))
		for _, command := range []string{"destroy", "apply"} {
			asked.Clear()
			w.through(t, proxy).set("SIGNALBOX_PATIENCE", "120s").run(t, command, "-auto-approve", "-no-color")
			cuts := 0
			asked.Range(func(any, any) bool { cuts++; return true })
			if cuts < objects-4 { // a certificate is revoked by a POST
				t.Errorf("only %d answers for %d objects were cut off in %s", cuts, objects, command)
			}
		}
		w.hasNothingToDo(t)
	})
}

func TestConvergesWhenTheBrokerIsKilledInMidApply(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	w := newWorkspace(t, "")
	w.write(t, "main.tf", manyDevices(t, w, 20))
	w.timeout = 2 * startTimeout // an apply that waits for a start
	w.of(t, b).init(t)
	killed := func(number int64, _ string) bool {
		if number == 15 {
			b.kill()
		}
		return number >= 15
	}
	proxy := newBetween(t, b).when(killed)
	complete := func(t *testing.T) {
		w.hasNothingToDo(t)
		if count := len(b.list(t, "/devices")); count != 40 {
			t.Errorf("there are %d devices, not 40", count)
		}
	}

	t.Run("by another apply", func(t *testing.T) {
		w.through(t, proxy).fails(t, []string{"no answer from"}, "apply", "-auto-approve", "-no-color")
		b.start(t)
		w.apply(t)
		complete(t)
	})
	t.Run("by patience", func(t *testing.T) {
		w.run(t, "destroy", "-auto-approve", "-no-color")
		restarted := make(chan struct{})
		proxy.when(func(number int64, _ string) bool {
			if number != 15 {
				return false
			}
			b.kill()
			go func() {
				defer close(restarted)
				b.start(t)
			}()
			return true
		})
		w.through(t, proxy).set("SIGNALBOX_PATIENCE", startTimeout.String()).apply(t)
		<-restarted
		complete(t)
	})
}

func TestForgetsNothingWhenSomethingElseAnswers(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	w := newWorkspace(t, `
resource "signalbox_group" "kept" {
  name = "kept"
}

resource "signalbox_group_membership" "kept" {
  group  = signalbox_group.kept.name
  device = signalbox_fleet_device.kept.id
}

resource "signalbox_fleet_device" "kept" {
  id = "kept-1"
}
`).of(t, b)
	w.init(t).apply(t)
	proxy := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(proxy.Close)
	w.write(t, "proxy.crt", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: proxy.Certificate().Raw})))

	for name, elsewhere := range map[string]func(w *workspace){
		"another path":      func(w *workspace) { w.set("SIGNALBOX_ENDPOINT", b.endpoint()+"/signalbox") },
		"the API's address": func(w *workspace) { w.set("SIGNALBOX_ENDPOINT", b.endpoint()+"/api/v1") },
		"a proxy": func(w *workspace) {
			w.set("SIGNALBOX_ENDPOINT", proxy.URL).set("SIGNALBOX_CA_FILE", w.file("proxy.crt"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			other := *w
			other.environment = slices.Clone(w.environment)
			elsewhere(&other)
			words := []string{"Check \"endpoint\""}
			other.fails(t, words, "plan", "-no-color")
			other.fails(t, words, "destroy", "-refresh=false", "-auto-approve", "-no-color")
			w.hasNothingToDo(t)
		})
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
	asOther := func(*workspace) {
		ctx, api := context.Background(), b.api(t)
		if err := api.Put(ctx, "/devices/wrong-1", client.Always, client.Device{Enabled: true, ClientIDPin: "wrong-1"}, nil); err != nil {
			t.Fatal(err)
		}
		_, other := requestOf(t, "wrong-1")
		if err := api.Put(ctx, "/devices/wrong-1/certificates/main", client.Always, client.CertificateRequest{CSRPEM: other}, nil); err != nil {
			t.Fatal(err)
		}
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
		{"request beside another certificate", certificate("  csr_pem = file(\"x.csr\")\n"), asOther, []string{"made from another request",
			"terraform import ADDRESS", "(create_before_destroy), take that out, or use another name", "signalbox cert revoke"}},
		{"request of a fleet beside another certificate", "resource \"signalbox_fleet_device\" \"d\" {\n  id = \"wrong-1\"\n  csr_pem = file(\"x.csr\")\n}\n",
			asOther, []string{"made from another request", "terraform import ADDRESS wrong-1"}},
		{"private key for a request", certificate("  csr_pem = \"-----BEGIN PRIVATE KEY-----\"\n"), nil, []string{"private key does not belong here"}},
		{"unknown group", "resource \"signalbox_device\" \"d\" {\n  id = \"wrong-1\"\n  groups = [\"no-such-group\"]\n}\n", nil,
			[]string{"no-such-group"}},
		{"client that is no JSON", "data \"signalbox_authorization_check\" \"c\" {\n  client_json = \"user=me\"\n  action = \"connect\"\n}\n", nil,
			[]string{"client_json", "jsonencode("}},
		{"permissions of a client that is no object", "data \"signalbox_effective_permissions\" \"c\" {\n  client_json = jsonencode(\"me\")\n}\n", nil,
			[]string{"client_json", "jsonencode("}},
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
			if err := b.api(t).Delete(context.Background(), "/devices/wrong-1"); err != nil {
				t.Error(err)
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
	after, reason, err := live.ends(cutOffWithin)
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
