package acceptance

import "testing"

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
