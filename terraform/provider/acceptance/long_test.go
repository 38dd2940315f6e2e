//go:build long

package acceptance

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"
)

// The fleet of a plant in one apply, by hand because it takes minutes:
//
//	cd terraform/provider && go test -tags long -run TenThousand -v -timeout 1h ./acceptance
//
// FLEET_DEVICES makes it another number.
func TestProvisionsTenThousandDevicesInOneApply(t *testing.T) {
	count := 10_000
	if text := os.Getenv("FLEET_DEVICES"); text != "" {
		count, _ = strconv.Atoi(text)
	}
	b := startBroker(t)
	w := newWorkspace(t, "")
	w.timeout = time.Hour
	if err := os.CopyFS(w.file("fleet"), os.DirFS("../../modules/fleet")); err != nil {
		t.Fatal(err)
	}
	for i := range count {
		id := fmt.Sprintf("fleet-%05d", i)
		_, request := requestOf(t, id)
		w.write(t, "csr/"+id+".csr", request)
	}
	w.write(t, "main.tf", requirement+fmt.Sprintf(`
terraform {
  backend "http" {
    address = %q
  }
}

module "fleet" {
  source  = "./fleet"
  groups  = { fleet = {} }
  devices = {
    for file in fileset("csr", "*.csr") : trimsuffix(file, ".csr") => { groups = ["fleet"], csr_pem = file("csr/${file}") }
  }
}
`, keepState(t)))
	w.of(t, b).set("SIGNALBOX_PATIENCE", "60s").set("GOGC", "400").init(t)
	plugins, err := mirror()
	if err != nil {
		t.Fatal(err)
	}
	timed := func(what string, run func()) {
		begin, brokers, own, providers := time.Now(), b.cpu(t), w.cpu, watchProviders(plugins)
		run()
		wall, provider := time.Since(begin), providers()
		t.Logf("%s: %.1f s; CPU: terraform %.1f s, provider %.1f s, broker %.1f s", what, wall.Seconds(),
			(w.cpu - own - provider).Seconds(), provider.Seconds(), (b.cpu(t) - brokers).Seconds())
	}
	timed("apply -parallelism=50", func() { w.apply(t, "-parallelism=50") })
	timed("plan with refresh", func() { w.hasNothingToDo(t, "-parallelism=50") })
	timed("destroy", func() { w.run(t, "destroy", "-auto-approve", "-no-color", "-parallelism=50") })
}

// keepState is a place for the state elsewhere. With a local file Terraform writes all of it after each object, several times, so
// that an apply of twenty thousand objects takes hours; other backends write every twenty seconds.
func keepState(t testing.TB) string {
	t.Helper()
	var state []byte
	var lock sync.Mutex
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		lock.Lock()
		defer lock.Unlock()
		switch {
		case r.Method == http.MethodPost:
			state, _ = io.ReadAll(r.Body)
		case state == nil:
			w.WriteHeader(http.StatusNotFound)
		default:
			_, _ = w.Write(state)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}
