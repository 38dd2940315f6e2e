package acceptance

import (
	"fmt"
	"strings"
	"testing"
)

// idOfNoPlan is known to the apply alone.
const idOfNoPlan = `
resource "terraform_data" "id" {
  input = "moved-1"
}
`

// gate is destroyed before what it depends on, so that all that was at other addresses waits with it.
const gate = `
resource "signalbox_group" "gate" {
  name       = "gate"
  depends_on = [%s]
}
`

func TestADeviceThatBecomesOneOfAFleetKeepsItsCertificate(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	w := newWorkspace(t, "").of(t, b)
	_, request := requestOf(t, "moved-1")
	w.write(t, "moved-1.csr", request)
	const group = requirement + `
resource "signalbox_group" "pumps" {
  name = "pumps"
}
`
	const alone = group + `
resource "signalbox_device" "one" {
  id = "moved-1"
}

resource "signalbox_group_membership" "one" {
  group  = signalbox_group.pumps.name
  device = signalbox_device.one.id
}
`
	const apart = alone + `
resource "signalbox_device_certificate" "one" {
  device  = signalbox_device.one.id
  csr_pem = file("moved-1.csr")
}
`
	const asOne = group + `
resource "signalbox_fleet_device" "one" {
  id      = "moved-1"
  csr_pem = file("moved-1.csr")
  groups  = [signalbox_group.pumps.name]
}
`
	kept := func(t *testing.T, fingerprint string) {
		t.Helper()
		wantStatuses(t, b, "moved-1", map[string]string{fingerprint: "active"})
		if groups := fmt.Sprint(b.get(t, "/devices/moved-1")["groups"]); groups != "[pumps]" {
			t.Errorf("the device is in %s", groups)
		}
	}
	const pieces, device = "signalbox_device_certificate.one, signalbox_group_membership.one", "/api/v1/devices/moved-1"
	// move applies one configuration after another; what only the first one has is destroyed last.
	move := func(t *testing.T, from, last, to, until string, lost bool) *workspace {
		t.Helper()
		w.write(t, "main.tf", from+fmt.Sprintf(gate, last))
		w.init(t).apply(t)
		w.write(t, "main.tf", strings.Replace(to, `"moved-1"`, "terraform_data.id.output", 1)+idOfNoPlan)
		return w.through(t, newBetween(t, b).holds(t, "DELETE /api/v1/groups/gate", until, lost))
	}

	t.Run("by no plan that would destroy it", func(t *testing.T) {
		w.write(t, "main.tf", apart)
		w.init(t).apply(t)
		w.write(t, "main.tf", asOne)
		w.fails(t, []string{"/devices/moved-1 is destroyed at one address of the configuration and made or kept at another"}, "plan", "-no-color")
	})
	t.Run("when it could not become one yet", func(t *testing.T) {
		moving := move(t, apart, pieces, asOne, "PUT "+device+"/certificates/main", true)
		fingerprint, _ := b.newest(t, "moved-1")
		moving.fails(t, []string{"no answer from", "/devices/moved-1/certificates/main stays as it is", "/groups/pumps/members/moved-1 stays as it is"},
			"apply", "-auto-approve", "-no-color")
		kept(t, fingerprint)
	})
	t.Run("when it becomes one", func(t *testing.T) {
		moving := move(t, apart, pieces, asOne, "PUT "+device+"/certificates/main", false)
		fingerprint, _ := b.newest(t, "moved-1")
		moving.apply(t)
		w.hasNothingToDo(t)
		kept(t, fingerprint)
	})
	t.Run("and back again", func(t *testing.T) {
		moving := move(t, asOne, "signalbox_fleet_device.one", apart, "PUT "+device+"/certificates/main", false)
		fingerprint, _ := b.newest(t, "moved-1")
		moving.apply(t)
		w.hasNothingToDo(t)
		kept(t, fingerprint)
	})
	t.Run("by import", func(t *testing.T) {
		fingerprint, _ := b.newest(t, "moved-1")
		recipe := "import {\n  to = signalbox_fleet_device.one\n  id = \"moved-1\"\n}\n"
		for _, kind := range []string{"device", "device_certificate", "group_membership"} {
			recipe += "removed {\n  from = signalbox_" + kind + ".one\n  lifecycle {\n    destroy = false\n  }\n}\n"
		}
		w.write(t, "main.tf", asOne+recipe)
		w.apply(t)
		w.hasNothingToDo(t)
		kept(t, fingerprint)
	})
	t.Run("with a word about a certificate that nobody takes", func(t *testing.T) {
		moving := move(t, asOne, "signalbox_fleet_device.one", alone, "PUT "+device, false)
		fingerprint, _ := b.newest(t, "moved-1")
		output := moving.apply(t)
		said := strings.Join(strings.Fields(strings.NewReplacer("│", " ").Replace(output)), " ")
		if !strings.Contains(said, "certificate "+fingerprint+" too") || !strings.Contains(said, "Look at the next plan before you revoke it") ||
			strings.Contains(said, "signalbox cert revoke") {
			t.Errorf("there is no such warning:\n%s", last(output, 2000))
		}
		kept(t, fingerprint)
	})
}

func TestAnObjectThatIsMadeAgainBeforeItIsDestroyedStays(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	w := newWorkspace(t, "").of(t, b)
	const user = requirement + `
resource "signalbox_user" "ann" {
  name                = "ann"
  password_wo         = "correct horse battery staple"
  password_wo_version = 1

  lifecycle {
    create_before_destroy = true
  }
}
`
	w.write(t, "main.tf", user)
	w.init(t).apply(t)
	made := b.get(t, "/users/ann")["createdAt"]
	same := func(t *testing.T) {
		t.Helper()
		w.hasNothingToDo(t)
		if now := b.get(t, "/users/ann")["createdAt"]; now != made {
			t.Errorf("the user is another, of %v", now)
		}
	}

	t.Run("made before the one that it replaces is destroyed", func(t *testing.T) {
		w.apply(t, "-replace=signalbox_user.ann")
		same(t)
	})
	t.Run("in another resource", func(t *testing.T) {
		w.write(t, "main.tf", user+fmt.Sprintf(gate, "signalbox_user.ann"))
		w.apply(t)
		w.write(t, "main.tf", strings.Replace(user, `"ann" {`, `"other" {`, 1))
		w.through(t, newBetween(t, b).holds(t, "DELETE /api/v1/groups/gate", "PUT /api/v1/users/ann", false)).apply(t)
		same(t)
	})
	t.Run("and goes with the last", func(t *testing.T) {
		w.run(t, "destroy", "-auto-approve", "-no-color")
		if users := b.list(t, "/users"); len(users) != 0 {
			t.Errorf("the users are %v", users)
		}
	})
}

func TestADeviceThatIsMadeAgainBeforeItIsDestroyedKeepsItsCertificate(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	w := newWorkspace(t, `
resource "signalbox_device" "apart" {
  id = "again-1"
}

resource "signalbox_device_certificate" "apart" {
  device  = signalbox_device.apart.id
  csr_pem = file("again-1.csr")

  lifecycle {
    create_before_destroy = true
  }
}

resource "signalbox_fleet_device" "whole" {
  id      = "again-2"
  csr_pem = file("again-2.csr")

  lifecycle {
    create_before_destroy = true
  }
}
`).of(t, b)
	for _, id := range []string{"again-1", "again-2"} {
		_, request := requestOf(t, id)
		w.write(t, id+".csr", request)
	}
	w.init(t).apply(t)
	before := w.state(t)
	apart, _ := b.newest(t, "again-1")
	whole, _ := b.newest(t, "again-2")
	kept := func(t *testing.T) {
		t.Helper()
		wantStatuses(t, b, "again-1", map[string]string{apart: "active"})
		wantStatuses(t, b, "again-2", map[string]string{whole: "active"})
	}

	t.Run("by the apply that makes it again", func(t *testing.T) {
		w.apply(t, "-replace=signalbox_device.apart", "-replace=signalbox_fleet_device.whole")
		w.hasNothingToDo(t)
		kept(t)
	})
	t.Run("by the one after an apply that ended before it had destroyed the old one", func(t *testing.T) {
		after := w.state(t)
		for _, address := range []string{"signalbox_device.apart", "signalbox_fleet_device.whole"} {
			w.write(t, "terraform.tfstate", after)
			w.leaveBehind(t, before, address)
			w.fails(t, []string{"is destroyed at one address of the configuration and made or kept at another", "terraform state rm"},
				"apply", "-auto-approve", "-no-color")
		}
		w.run(t, "state", "rm", "signalbox_fleet_device.whole")
		w.run(t, "import", "-no-color", "signalbox_fleet_device.whole", "again-2")
		w.hasNothingToDo(t)
		kept(t)
	})
}

func TestThePlanRefusesWhatWouldDestroyADeviceThatStaysElsewhere(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	w := newWorkspace(t, "").of(t, b)
	_, request := requestOf(t, "whole-1")
	w.write(t, "whole-1.csr", request)
	const separate = `
resource "signalbox_device" "all" {
  count = length(local.ids)
  id    = local.ids[count.index]
}

locals {
  ids = [%s]
}
`
	const whole = `
resource "signalbox_fleet_device" %q {
  id      = "whole-1"
  csr_pem = file("whole-1.csr")
}
`
	const imported = "import {\n  to = %s\n  id = %q\n}\n"
	write := func(parts ...string) { w.write(t, "main.tf", requirement+strings.Join(parts, "")) }
	first := fmt.Sprintf(separate, `"count-1", "count-2"`)
	write(first, fmt.Sprintf(whole, "one"))
	w.init(t).apply(t)

	for _, one := range []struct {
		name, device string
		parts        []string
	}{
		{"a new first element of a count", "count-1", []string{fmt.Sprintf(separate, `"count-0", "count-1", "count-2"`), fmt.Sprintf(whole, "one")}},
		{"two that change places", "count-1", []string{fmt.Sprintf(separate, `"count-2", "count-1"`), fmt.Sprintf(whole, "one")}},
		{"another of the fleet that is imported", "whole-1", []string{first, fmt.Sprintf(whole, "two"),
			fmt.Sprintf(imported, "signalbox_fleet_device.two", "whole-1")}},
		{"another type that is imported", "whole-1", []string{first, "resource \"signalbox_device\" \"two\" {\n  id = \"whole-1\"\n}\n",
			fmt.Sprintf(imported, "signalbox_device.two", "whole-1")}},
	} {
		t.Run(one.name, func(t *testing.T) {
			write(one.parts...)
			w.fails(t, []string{"/devices/" + one.device + " is destroyed at one address of the configuration and made or kept at another",
				"terraform state mv 'OLD' 'NEW'", "terraform state rm 'OLD'"}, "plan", "-no-color")
		})
	}
	t.Run("but not a new id", func(t *testing.T) {
		write(fmt.Sprintf(separate, `"count-3", "count-2"`), fmt.Sprintf(whole, "one"))
		w.apply(t)
		w.hasNothingToDo(t)
	})
	t.Run("nor what has been let go of and imported as it says", func(t *testing.T) {
		w.run(t, "state", "mv", "signalbox_device.all[1]", "signalbox_device.all[2]")
		w.run(t, "state", "mv", "signalbox_device.all[0]", "signalbox_device.all[1]")
		w.run(t, "state", "rm", "signalbox_fleet_device.one")
		write(fmt.Sprintf(separate, `"count-0", "count-3", "count-2"`), fmt.Sprintf(whole, "two"),
			fmt.Sprintf(imported, "signalbox_fleet_device.two", "whole-1"))
		fingerprint, _ := b.newest(t, "whole-1")
		w.apply(t)
		w.hasNothingToDo(t)
		wantStatuses(t, b, "whole-1", map[string]string{fingerprint: "active"})
	})
}

func TestADeviceThatIsToBeDifferentElsewhereStays(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	w := newWorkspace(t, "").of(t, b)
	_, request := requestOf(t, "moved-1")
	w.write(t, "moved-1.csr", request)
	const device = `
resource "signalbox_device" "one" {
  id = "moved-1"
}
`
	const certificate = `
resource "signalbox_device_certificate" "one" {
  device  = signalbox_device.one.id
  csr_pem = file("moved-1.csr")
}
`
	const whole = `
resource "signalbox_fleet_device" "one" {
  id           = terraform_data.id.output
  display_name = "Another"
  csr_pem      = file("moved-1.csr")
}
`
	for _, one := range []struct {
		name, from, last, stays string
		addresses               []string
	}{
		{"alone", device, "signalbox_device.one", "/devices/moved-1", []string{"signalbox_device.one"}},
		{"with its certificate", device + certificate, "signalbox_device_certificate.one", "/devices/moved-1/certificates/main",
			[]string{"signalbox_device.one", "signalbox_device_certificate.one"}},
	} {
		t.Run(one.name, func(t *testing.T) {
			w.write(t, "main.tf", requirement+one.from+fmt.Sprintf(gate, one.last))
			w.init(t).apply(t)
			made, statuses := b.get(t, "/devices/moved-1")["createdAt"], b.statuses(t, "moved-1")
			w.write(t, "main.tf", requirement+whole+idOfNoPlan)
			w.through(t, newBetween(t, b).holds(t, "DELETE /api/v1/groups/gate", "PUT /api/v1/devices/moved-1", false)).fails(t,
				[]string{"/devices/moved-1 exists already and is different in displayName", one.stays + " stays as it is", "terraform state rm 'OLD'"},
				"apply", "-auto-approve", "-no-color")

			w.run(t, append([]string{"state", "rm"}, one.addresses...)...)
			w.run(t, "import", "-no-color", "signalbox_fleet_device.one", "moved-1")
			w.apply(t)
			w.hasNothingToDo(t)
			if now := b.get(t, "/devices/moved-1")["createdAt"]; now != made {
				t.Errorf("the device is another, of %v", now)
			}
			now := b.statuses(t, "moved-1")
			for fingerprint, status := range statuses {
				if now[fingerprint] != status {
					t.Errorf("the certificate is %s, and was %s", now[fingerprint], status)
				}
			}
			w.run(t, "destroy", "-auto-approve", "-no-color")
		})
	}
}
