package acceptance

import (
	"crypto/tls"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
)

// renewsItself gets a certificate by EST as a device does that shows the one it has.
func (b *broker) renewsItself(t testing.TB, request string, shown tls.Certificate) {
	t.Helper()
	block, _ := pem.Decode([]byte(request))
	client := &http.Client{Timeout: packetTimeout, Transport: &http.Transport{DisableKeepAlives: true,
		TLSClientConfig: &tls.Config{RootCAs: b.authorities(t), Certificates: []tls.Certificate{shown}}}}
	answer, err := client.Post(b.endpoint()+"/.well-known/est/simplereenroll", "application/pkcs10",
		strings.NewReader(base64.StdEncoding.EncodeToString(block.Bytes)))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if body := must(io.ReadAll(answer.Body)); answer.StatusCode != http.StatusOK {
		t.Fatalf("the renewal is answered with %d: %s", answer.StatusCode, body)
	}
}

// ofEst are the statuses of what a device got by itself.
func (b *broker) ofEst(t testing.TB, device string) string {
	t.Helper()
	var found []string
	for _, item := range b.get(t, "/devices/"+device+"/certificates")["items"].([]any) {
		if one := item.(map[string]any); strings.HasPrefix(one["name"].(string), "est-") {
			found = append(found, one["status"].(string))
		}
	}
	slices.Sort(found)
	return strings.Join(found, " ")
}

func TestWhatAFleetDeviceGotByItselfEndsWithItsCertificate(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	w := newWorkspace(t, "").of(t, b)
	write := func(name, status string) {
		w.write(t, "main.tf", requirement+fmt.Sprintf(`
resource "signalbox_fleet_device" "one" {
  id                 = "self-1"
  display_name       = %q
  csr_pem            = file("self-1.csr")
  renew_before_hours = 24
  certificate_status = %q
}

output "chain" {
  value = signalbox_fleet_device.one.chain_pem
}
`, name, status))
	}
	wants := func(t *testing.T, wanted string) {
		t.Helper()
		w.hasNothingToDo(t)
		if found := b.ofEst(t, "self-1"); found != wanted {
			t.Errorf("what the device got by itself is %q, not %q", found, wanted)
		}
	}
	key, request := requestOf(t, "self-1")
	w.write(t, "self-1.csr", request)
	write("", "active")
	w.init(t).apply(t)
	b.renewsItself(t, request, certificateOf(w.run(t, "output", "-raw", "chain"), key))

	t.Run("not with a change of something else", func(t *testing.T) {
		write("Pump 1", "active")
		w.apply(t)
		wants(t, "active")
	})
	t.Run("not with a renewal", func(t *testing.T) {
		w.write(t, "main.tf", strings.Replace(string(must(os.ReadFile(w.file("main.tf")))), "= 24", "= 100000", 1)) // more than its life
		w.apply(t)
		write("Pump 1", "active")
		w.apply(t)
		wants(t, "active")
	})
	t.Run("while it is inactive", func(t *testing.T) {
		write("Pump 1", "inactive")
		w.apply(t)
		wants(t, "inactive")
	})
	t.Run("for good when there is another request", func(t *testing.T) {
		write("Pump 1", "active")
		w.apply(t)
		b.renewsItself(t, request, certificateOf(w.run(t, "output", "-raw", "chain"), key))
		_, request := requestOf(t, "self-1")
		w.write(t, "self-1.csr", request)
		w.apply(t)
		wants(t, "revoked revoked")
	})
	t.Run("not when Terraform leaves the device to itself", func(t *testing.T) {
		key, request := requestOf(t, "self-1")
		w.write(t, "self-1.csr", request)
		w.apply(t)
		b.renewsItself(t, request, certificateOf(w.run(t, "output", "-raw", "chain"), key))
		w.write(t, "main.tf", requirement+"resource \"signalbox_fleet_device\" \"one\" {\n  id = \"self-1\"\n}\n")
		w.apply(t)
		wants(t, "active revoked revoked")
	})
}
