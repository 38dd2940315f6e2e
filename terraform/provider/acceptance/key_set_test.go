package acceptance

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// keySet is a JSON Web Key Set with one new key.
func keySet(t testing.TB) string {
	t.Helper()
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	point := must(key.PublicKey.Bytes()) // 4, x, y
	text := base64.RawURLEncoding.EncodeToString
	return fmt.Sprintf(`{"keys":[{"kty":"EC","crv":"P-256","kid":"one","x":%q,"y":%q}]}`, text(point[1:33]), text(point[33:]))
}

func TestAnIssuerTellsWhetherItsKeySetWasFetched(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	var answer atomic.Pointer[string]
	keys := keySet(t)
	answer.Store(&keys)
	identity := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(*answer.Load())) }))
	t.Cleanup(identity.Close)
	configuration := requirement + `
resource "signalbox_jwt_issuer" "fetched" {
  name               = "fetched"
  issuer             = "https://fetched.example"
  audiences          = ["iot"]
  algorithms         = ["ES256"]
  jwks_uri           = "` + identity.URL + `/keys"
  clock_skew_seconds = 30
}

output "status" {
  value = signalbox_jwt_issuer.fetched.last_refresh_status
}
`
	w := newWorkspace(t, "").of(t, b)
	w.write(t, "main.tf", configuration)
	w.init(t)
	const warning = "The broker has no new keys of the issuer fetched"
	if output := w.apply(t); strings.Contains(output, warning) {
		t.Errorf("the broker has the keys, and the apply warns:\n%s", output)
	}
	if status := w.run(t, "output", "-raw", "status"); status != "ok" {
		t.Errorf("the key set was served, and the status is %q", status)
	}
	w.hasNothingToDo(t)

	nonsense := "<html>"
	answer.Store(&nonsense)
	w.write(t, "main.tf", strings.Replace(configuration, "= 30", "= 31", 1))
	if output := w.apply(t); !strings.Contains(output, warning) || !strings.Contains(output, "no JSON Web Key Set") {
		t.Errorf("the broker cannot read the key set, and the apply does not say so:\n%s", output)
	}
	if status := w.run(t, "output", "-raw", "status"); status != "failed" {
		t.Errorf("the key set was not to be read, and the status is %q", status)
	}
	w.hasNothingToDo(t)
}
