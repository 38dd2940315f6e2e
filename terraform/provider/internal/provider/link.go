package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"signalbox.internal/terraform-provider-signalbox/internal/client"
)

// link is a resource that is there or not, such as a membership: it has nothing to change. M is its form in Terraform, A in the API.
type link[M, A any] struct {
	base
	// path is where the link lives. All attributes are in it.
	path func(m *M) string
	// named reads an import id.
	named func(id string) (*M, error)
	// identify writes what follows from the other attributes. Nil: nothing does.
	identify func(m *M)
	// warn says what is amiss with one that is there. Nil: nothing can be.
	warn func(a *A, diagnostics *diag.Diagnostics)
	// checks hold between attributes.
	checks []resource.ConfigValidator
}

func (l *link[M, A]) ConfigValidators(context.Context) []resource.ConfigValidator { return l.checks }

func (l *link[M, A]) Create(ctx context.Context, request resource.CreateRequest, response *resource.CreateResponse) {
	var plan M
	response.Diagnostics.Append(request.Plan.Get(ctx, &plan)...)
	if response.Diagnostics.HasError() {
		return
	}
	err := l.handover.make(l.path(&plan), func() error { return l.client.Put(ctx, l.path(&plan), client.Always, nil, nil) })
	if err != nil {
		l.fail(&response.Diagnostics, "create", err)
		return
	}
	response.Diagnostics.Append(response.State.Set(ctx, l.identified(&plan))...)
}

func (l *link[M, A]) identified(m *M) *M {
	if l.identify != nil {
		l.identify(m)
	}
	return m
}

func (l *link[M, A]) Read(ctx context.Context, request resource.ReadRequest, response *resource.ReadResponse) {
	var state M
	response.Diagnostics.Append(request.State.Get(ctx, &state)...)
	if response.Diagnostics.HasError() {
		return
	}
	present := new(A)
	err := l.client.Get(ctx, l.path(&state), present)
	switch {
	case client.IsNotFound(err):
		response.State.RemoveResource(ctx)
	case err != nil:
		l.fail(&response.Diagnostics, "read", err)
	default:
		if l.warn != nil {
			l.warn(present, &response.Diagnostics)
		}
		response.Diagnostics.Append(response.State.Set(ctx, l.identified(&state))...)
	}
}

func (l *link[M, A]) Update(_ context.Context, _ resource.UpdateRequest, response *resource.UpdateResponse) {
	response.Diagnostics.AddError("signalbox_"+l.kind+" cannot be changed",
		"This is a fault of the provider: every attribute asks for replacement.")
}

func (l *link[M, A]) Delete(ctx context.Context, request resource.DeleteRequest, response *resource.DeleteResponse) {
	var state M
	response.Diagnostics.Append(request.State.Get(ctx, &state)...)
	if response.Diagnostics.HasError() {
		return
	}
	if _, err := l.delete(ctx, l.path(&state)); err != nil {
		l.fail(&response.Diagnostics, "delete", err)
	}
}

func (l *link[M, A]) ImportState(ctx context.Context, request resource.ImportStateRequest, response *resource.ImportStateResponse) {
	named, err := l.named(request.ID)
	if err != nil {
		l.failImport(&response.Diagnostics, err)
		return
	}
	if err := l.client.Get(ctx, l.path(named), new(A)); err != nil {
		l.fail(&response.Diagnostics, "import", err)
		return
	}
	response.Diagnostics.Append(response.State.Set(ctx, l.identified(named))...)
}
