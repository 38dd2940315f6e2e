package acceptance

import (
	"os"
	"strings"
	"testing"
)

func TestAnObservedPolicyComesWithTheOneThatItReplaces(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	w := newWorkspace(t, `
resource "signalbox_policy" "pump" {
  name = "pump"
  document = jsonencode({
    version    = 1
    name       = "pump"
    statements = [{ id = "data", effect = "allow", actions = ["publish"], topics = ["pump/#"] }]
  })
}

resource "signalbox_policy" "next" {
  name = "next-pump"
  document = jsonencode({
    version    = 1
    name       = "next-pump"
    mode       = "observe"
    replaces   = "pump"
    statements = [{ id = "data", effect = "allow", actions = ["publish"], topics = ["pump/data/#"] }]
  })

  depends_on = [signalbox_policy.pump]
}
`).of(t, b)
	before := b.inventory(t)
	w.init(t).apply(t)
	w.hasNothingToDo(t)
	w.run(t, "destroy", "-auto-approve", "-no-color")
	b.holdsWhatItHeld(t, before)
}

func TestAnAttachmentStaysWhenItsPolicyIsSpelledAnotherWay(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	w := newWorkspace(t, "").of(t, b)
	to := func(policy string) *workspace {
		w.write(t, "main.tf", requirement+`
resource "signalbox_policy" "one" {
  name     = "attached"
  document = "version: 1\nname: attached\nstatements:\n- {id: data, effect: allow, actions: [publish], topics: [a]}\n"
}

resource "signalbox_policy_attachment" "one" {
  policy = `+policy+`
  user   = "ann"

  lifecycle {
    create_before_destroy = true
  }
}
`)
		return w
	}
	to("signalbox_policy.one.name").init(t).apply(t)
	to("signalbox_policy.one.ref").hasNothingToDo(t)
	to("signalbox_policy.one.name").hasNothingToDo(t)
	to(`"shipped:browsers"`).apply(t)
	w.hasNothingToDo(t)
	var found []any
	for _, attachment := range b.list(t, "/attachments") {
		if attachment["target"] == "ann" {
			found = append(found, attachment["policy"])
		}
	}
	if len(found) != 1 || found[0] != "shipped:browsers" {
		t.Errorf("the attached policies are %v", found)
	}
}

func TestWarnsOfAnAttachmentThatBindsNobody(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	w := newWorkspace(t, `
resource "signalbox_policy_attachment" "one" {
  policy = "shipped:browsers"
  user   = "ann"
}
`).of(t, b)
	if output := w.init(t).apply(t); strings.Contains(output, "Warning:") {
		t.Errorf("the apply warns:\n%s", last(output, 2000))
	}
	b.kill()
	b.write(t, "signalbox.yaml", string(must(os.ReadFile(b.file("signalbox.yaml"))))+"policies: { shipped: [devices] }\n")
	b.start(t)
	output, code := w.try(t, "plan", "-detailed-exitcode", "-no-color")
	if code != 0 || !strings.Contains(output, "The attachment binds nobody") || !strings.Contains(output, "shipped:browsers") {
		t.Errorf("the plan exits with %d:\n%s", code, last(output, 2000))
	}
}
