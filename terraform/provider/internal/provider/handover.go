package provider

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"signalbox.internal/terraform-provider-signalbox/internal/client"
)

// given is what resources get of a provider that is configured.
type given struct {
	client   *client.Client
	handover *handover
}

// handover knows what the resources of one apply have made or taken over, by the path of the API. An object that goes to another address of
// the configuration, in a resource of another type perhaps, has two resources for as long as the apply takes: one that takes it over and
// one that is destroyed. It must outlive the second. The provider is configured for each apply, and has a new one then. Any number of
// goroutines may use it.
type handover struct {
	turns sync.Map // path to *turn
	plans sync.Map // path to *plans
	// applying says that this is an apply, in which Terraform plans again what it makes and what it destroys last.
	applying atomic.Bool
}

// plans are what one plan does with the object at a path, at whatever addresses.
type plans struct{ creates, keeps, destroys atomic.Bool }

// turn is of those who make or delete what is at one path: one after the other, so that none deletes what another has just found.
type turn struct {
	sync.Mutex
	// made says that a resource has made what is there, or has taken it over.
	made bool
	// failure is why the resource that was to have it could not.
	failure error
}

// differentError says that what is there is not what a resource was to make. It would be so again in the next apply, unless what is there
// is deleted.
type differentError struct{ error }

func (h *handover) turn(path string) *turn {
	found, _ := h.turns.LoadOrStore(path, &turn{})
	return found.(*turn)
}

// make lets a resource make what is at a path, or take it over, and with it what is at the paths of its parts.
func (h *handover) make(path string, make func() error, parts ...string) error {
	h.applying.Store(true)
	one := h.turn(path)
	one.Lock()
	defer one.Unlock()
	h.mark(nil, parts...) // before the broker is asked: a part that is destroyed meanwhile would make the whole another
	err := make()
	one.made, one.failure = err == nil, err
	if err != nil {
		h.mark(err, parts...)
	}
	return err
}

// mark says that a resource has what is at these paths, or why it could not have it.
func (h *handover) mark(failure error, paths ...string) {
	for _, path := range paths {
		one := h.turn(path)
		one.Lock()
		one.made, one.failure = failure == nil, failure
		one.Unlock()
	}
}

// has says whether a resource has made what is at a path, or has taken it over.
func (h *handover) has(path string) bool {
	one := h.turn(path)
	one.Lock()
	defer one.Unlock()
	return one.made
}

// end lets a resource delete what is at a path. If another was to take it over and could not, it stays, so that the next apply can try
// again. What that found different goes, so that the next can make it, unless its end is for good.
func (h *handover) end(path string, forGood bool, end func(made bool) error) error {
	h.applying.Store(true)
	one := h.turn(path)
	one.Lock()
	defer one.Unlock()
	var different differentError
	differs := errors.As(one.failure, &different)
	switch {
	case one.failure != nil && !differs:
		return fmt.Errorf("%s stays as it is: another resource was to take it over in this apply, and failed. Mend that and apply again", path)
	case differs && forGood:
		return fmt.Errorf("%s stays as it is: another resource was to take it over in this apply, and wants it different; destroyed it could not "+
			"come back. %s The next apply changes it there", path, letGo)
	}
	return end(one.made)
}

// delete deletes what is at a path, unless another resource has it now, and says whether that is so.
func (b *base) delete(ctx context.Context, path string) (stays bool, err error) {
	err = b.handover.end(path, b.endsForGood, func(made bool) error {
		stays = made
		if made {
			return nil
		}
		return b.client.Delete(ctx, path)
	})
	return stays, err
}

// foresee refuses a plan that destroys a device at one address and makes or keeps it at another: Terraform may well destroy it first or
// last, and its certificates would be revoked for good. The paths are those of the state and of the plan of one address; empty: there is
// none, or the plan does not know the id. Then it passes, and it is the apply that hands the device over. What an apply has left to be
// destroyed (deposed) counts as another address.
func (h *handover) foresee(before, after string, diagnostics *diag.Diagnostics) {
	if h.applying.Load() {
		return
	}
	if before != "" {
		planned := h.planned(before)
		if before == after {
			planned.keeps.Store(true)
		} else {
			planned.destroys.Store(true)
		}
		planned.check(before, diagnostics)
	}
	if after != "" && after != before {
		planned := h.planned(after)
		planned.creates.Store(true)
		planned.check(after, diagnostics)
	}
}

func (h *handover) planned(path string) *plans {
	found, isThere := h.plans.Load(path)
	if !isThere {
		found, _ = h.plans.LoadOrStore(path, &plans{})
	}
	return found.(*plans)
}

func (p *plans) check(path string, diagnostics *diag.Diagnostics) {
	if p.destroys.Load() && (p.creates.Load() || p.keeps.Load()) {
		diagnostics.AddError("A device would be destroyed that stays elsewhere", path+" is destroyed at one address of the configuration and made "+
			"or kept at another. Terraform may destroy it first, or last, which revokes its certificates for good. "+letGo+" If it really is to be "+
			"made anew, take it out in one apply and put it in in the next.")
	}
}

// letGo tells how an object comes to another address without being destroyed. A block "removed" takes no instance of count or for_each.
const letGo = "If the type of the resource stays, say where it goes: by a block \"moved\", or by terraform state mv 'OLD' 'NEW', the last first where " +
	"several change places. If not, or if an apply has left it to be destroyed (deposed), let the old address go: by terraform state rm 'OLD', " +
	"or a block \"removed\" with \"destroy = false\" where it is not one instance of count or for_each; and those of its certificates and " +
	"memberships too. Then import it: terraform import 'NEW' ID, or a block \"import\". README.md in Signalbox's folder \"terraform\" has an example."
