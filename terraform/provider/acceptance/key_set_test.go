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
	"time"
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
	// Each change has the broker fetch anew. On a machine that is busy it may take longer than the apply waits, or fail for that alone.
	applied := func(wanted, word string) (output string) {
		deadline := time.Now().Add(packetTimeout)
		for skew := 30; ; skew++ {
			w.write(t, "main.tf", strings.Replace(configuration, "= 30", fmt.Sprint("= ", skew), 1))
			output = w.apply(t)
			status := w.run(t, "output", "-raw", "status")
			if status == wanted && strings.Contains(output, word) {
				return output
			}
			if time.Now().After(deadline) {
				t.Fatalf("the status stays %q, and should be %q, with the word %q:\n%s", status, wanted, word, output)
			}
		}
	}
	if output := applied("ok", ""); strings.Contains(output, warning) {
		t.Errorf("the broker has the keys, and the apply warns:\n%s", output)
	}
	w.hasNothingToDo(t)

	nonsense := "<html>"
	answer.Store(&nonsense)
	if output := applied("failed", "no JSON Web Key Set"); !strings.Contains(output, warning) {
		t.Errorf("the broker cannot read the key set, and the apply does not say so:\n%s", output)
	}
	w.hasNothingToDo(t)
}
