package acceptance

import (
	"fmt"
	"strings"
	"testing"
)

// pinned has what has another attribute's value by default, with lines of their own.
func pinned(t testing.TB, w *workspace, pin, commonName string) {
	t.Helper()
	w.write(t, "main.tf", requirement+fmt.Sprintf(`
resource "signalbox_device" "one" {
  id = "pin-1"
  %[1]s
}

resource "signalbox_fleet_device" "two" {
  id = "pin-2"
  %[1]s
}

resource "signalbox_issuing_ca" "three" {
  name = "pin-3"
  %[2]s
}
`, pin, commonName))
}

func TestWhatIsLeftOutAgainIsAsAnotherAttributeSays(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	w := newWorkspace(t, "").of(t, b)
	devices := map[string]string{"signalbox_device.one": "/devices/pin-1", "signalbox_fleet_device.two": "/devices/pin-2"}
	pinned(t, w, `client_id_pin = "*"`, `common_name = "Plant"`)
	w.init(t).apply(t)

	t.Run("what can be changed", func(t *testing.T) {
		pinned(t, w, "", `common_name = "Plant"`)
		w.apply(t)
		w.hasNothingToDo(t)
	})
	t.Run("what somebody else has changed, and nothing besides", func(t *testing.T) {
		for _, path := range devices {
			b.change(t, path, map[string]any{"clientIdPin": "*"})
		}
		w.apply(t)
		w.hasNothingToDo(t)
	})
	t.Run("what makes another object", func(t *testing.T) {
		pinned(t, w, "", "")
		if planned := w.planned(t)["signalbox_issuing_ca.three"]; !strings.HasPrefix(planned, "delete-create common_name: Plant -> pin-3") {
			t.Errorf("the plan says %q", planned)
		}
		w.apply(t)
		w.hasNothingToDo(t)
	})
	for _, path := range devices {
		if pin := b.get(t, path)["clientIdPin"]; "/devices/"+fmt.Sprint(pin) != path {
			t.Errorf("%s is pinned to %v", path, pin)
		}
	}
}

func TestAnAuthorityStaysWhenItIsWrittenThatNothingConstrainsIt(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	b.makeAuthorities(t)
	before := b.get(t, "/issuing-cas/factory")["fingerprint"]
	w := newWorkspace(t, `
resource "signalbox_issuing_ca" "one" {
  name             = "factory"
  name_constraints = {}
}
`).of(t, b).init(t)
	w.run(t, "import", "-no-color", "signalbox_issuing_ca.one", "factory")
	if planned := w.planned(t)["signalbox_issuing_ca.one"]; !strings.HasPrefix(planned, "update") {
		t.Errorf("the plan says %q", planned)
	}
	w.apply(t)
	w.hasNothingToDo(t)
	if after := b.get(t, "/issuing-cas/factory")["fingerprint"]; after != before {
		t.Errorf("%v has taken the place of the authority %v", after, before)
	}
}

func TestADeviceIsPutWhenTerraformSeesAnotherTextThatMeansTheSame(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	w := newWorkspace(t, "").of(t, b)
	for i, more := range []string{"{}", `{ note = "" }`, "{}", `{ cfg = "{\"a\":1}" }`, `{ cfg = "{ \"a\": 1 }" }`, `{ cfg = " { \"a\": 1 }" }`} {
		w.write(t, "main.tf", requirement+`
resource "signalbox_fleet_device" "one" {
  id           = "same-1"
  display_name = "`+strings.Repeat(" ", i%2)+`Pump"
  attributes   = `+more+`
}
`)
		if i == 0 {
			w.init(t)
		}
		w.apply(t)
		w.hasNothingToDo(t)
	}
}
