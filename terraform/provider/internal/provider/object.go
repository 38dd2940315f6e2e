package provider

import (
	"context"
	"maps"
	"net/url"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"signalbox.internal/terraform-provider-signalbox/internal/client"
)

// object is a resource for one kind of named object of the API: M is its form in Terraform, A in the API.
type object[M, A any] struct {
	base
	// path is where the object lives.
	path func(m *M) string
	// encode gives what is put. The configuration holds what no plan and no state do: the secrets.
	encode func(ctx context.Context, m, config *M, diagnostics *diag.Diagnostics) *A
	// decode writes what the API shows into m, and leaves alone what means the same.
	decode func(ctx context.Context, a *A, m *M, diagnostics *diag.Diagnostics)
	// secretChanged says whether an update has to send the secret. Nil: there is none.
	secretChanged func(before, after *M) bool
	// secretReplaced says whether a take-over, with what was there before, has replaced another secret. Nil: it has if it made another
	// revision, which it also does where a list came in another order.
	secretReplaced func(before, made *A) bool
	// named makes what an import starts from.
	named func(id string) (*M, error)
	// plan completes or checks a plan. Nil: nothing to do.
	plan func(ctx context.Context, c *client.Client, request resource.ModifyPlanRequest, response *resource.ModifyPlanResponse)
	// foresee refuses a plan that does harm at another address. Nil: none does.
	foresee func(ctx context.Context, h *handover, request resource.ModifyPlanRequest, response *resource.ModifyPlanResponse)
	// settled reads an object again that was just written, if it takes the broker a moment to tell all of it. Nil: it does not.
	settled func(ctx context.Context, c *client.Client, path string, made *A) *A
	// complete writes what the object itself does not show, after decode. Nil: it shows everything.
	complete func(ctx context.Context, c *client.Client, m *M, diagnostics *diag.Diagnostics)
	// parts are the paths of what is made with the object and has resources of its own. Nil: there is nothing.
	parts func(m *M, wanted *A) []string
	// kept are the attributes that the API leaves as they are where the configuration leaves them out. Nil: there is none.
	kept []string
	// checks hold between attributes.
	checks []resource.ConfigValidator
}

func (o *object[M, A]) ConfigValidators(context.Context) []resource.ConfigValidator { return o.checks }

func (o *object[M, A]) ModifyPlan(ctx context.Context, request resource.ModifyPlanRequest, response *resource.ModifyPlanResponse) {
	if o.foresee != nil && o.handover != nil {
		o.foresee(ctx, o.handover, request, response)
	}
	if request.Plan.Raw.IsNull() {
		return
	}
	if o.plan != nil {
		o.plan(ctx, o.client, request, response)
	}
	settle(request, response, o.kept...)
}

// settle plans nothing when all that differs is what the API computes: the framework has made that unknown because a text
// differed, and a plan modifier has found since that the text means the same. Where something else differs the revision is not known, nor
// is what the API keeps: the framework leaves both as they were when only a plan modifier has found that.
func settle(request resource.ModifyPlanRequest, response *resource.ModifyPlanResponse, kept ...string) {
	var planned, state, config map[string]tftypes.Value
	if request.State.Raw.IsNull() || response.Plan.Raw.As(&planned) != nil || request.State.Raw.As(&state) != nil || request.Config.Raw.As(&config) != nil {
		return
	}
	plan := maps.Clone(planned) // what As gives is the planned object itself, which must keep its unknowns if this is a change
	for name, value := range planned {
		if !value.IsKnown() && config[name].IsNull() {
			plan[name] = state[name]
		}
	}
	if settled := tftypes.NewValue(response.Plan.Raw.Type(), plan); settled.Equal(request.State.Raw) {
		response.Plan.Raw = settled
		return
	}
	changed := maps.Clone(planned)
	for _, name := range append(kept, "revision") {
		if config[name].IsNull() {
			changed[name] = tftypes.NewValue(planned[name].Type(), tftypes.UnknownValue)
		}
	}
	response.Plan.Raw = tftypes.NewValue(response.Plan.Raw.Type(), changed)
}

func (o *object[M, A]) Create(ctx context.Context, request resource.CreateRequest, response *resource.CreateResponse) {
	var plan, config M
	response.Diagnostics.Append(request.Plan.Get(ctx, &plan)...)
	response.Diagnostics.Append(request.Config.Get(ctx, &config)...)
	if response.Diagnostics.HasError() {
		return
	}
	wanted := o.encode(ctx, &plan, &config, &response.Diagnostics)
	if response.Diagnostics.HasError() {
		return
	}
	var parts []string
	if o.parts != nil {
		parts = o.parts(&plan, wanted)
	}
	var made, before *A
	err := o.handover.make(o.path(&plan), func() (err error) {
		made, before, err = create(ctx, o.client, o.path(&plan), wanted)
		return err
	}, parts...)
	if err != nil {
		o.fail(&response.Diagnostics, "create", err)
		return
	}
	if before != nil && holdsSecret(wanted) && o.hasReplacedSecret(before, made) {
		response.Diagnostics.AddWarning("signalbox_"+o.kind+" existed already, with another secret", o.path(&plan)+" was as it was wanted but "+
			"for its secret, which the broker does not show. It has the configuration's now: whoever used the one before is refused.")
	}
	o.show(ctx, o.whole(ctx, o.path(&plan), made), &plan, &response.Diagnostics)
	response.Diagnostics.Append(response.State.Set(ctx, &plan)...)
}

func (o *object[M, A]) hasReplacedSecret(before, made *A) bool {
	if o.secretReplaced == nil {
		return revisionOf(made) != revisionOf(before)
	}
	return o.secretReplaced(before, made)
}

// show writes all that the broker tells of an object into m.
func (o *object[M, A]) show(ctx context.Context, a *A, m *M, diagnostics *diag.Diagnostics) {
	o.decode(ctx, a, m, diagnostics)
	if o.complete != nil {
		o.complete(ctx, o.client, m, diagnostics)
	}
}

func (o *object[M, A]) whole(ctx context.Context, path string, made *A) *A {
	if o.settled == nil {
		return made
	}
	return o.settled(ctx, o.client, path, made)
}

func (o *object[M, A]) Read(ctx context.Context, request resource.ReadRequest, response *resource.ReadResponse) {
	var state M
	response.Diagnostics.Append(request.State.Get(ctx, &state)...)
	if response.Diagnostics.HasError() {
		return
	}
	present := new(A)
	err := o.client.Get(ctx, o.path(&state), present)
	if client.IsNotFound(err) {
		response.State.RemoveResource(ctx)
		return
	}
	if err != nil {
		o.fail(&response.Diagnostics, "read", err)
		return
	}
	o.show(ctx, present, &state, &response.Diagnostics)
	response.Diagnostics.Append(response.State.Set(ctx, &state)...)
}

func (o *object[M, A]) Update(ctx context.Context, request resource.UpdateRequest, response *resource.UpdateResponse) {
	var plan, state, config, none M
	response.Diagnostics.Append(request.Plan.Get(ctx, &plan)...)
	response.Diagnostics.Append(request.State.Get(ctx, &state)...)
	response.Diagnostics.Append(request.Config.Get(ctx, &config)...)
	if response.Diagnostics.HasError() {
		return
	}
	given := &none
	if o.secretChanged != nil && o.secretChanged(&state, &plan) {
		given = &config
	}
	wanted := o.encode(ctx, &plan, given, &response.Diagnostics)
	prior := o.encode(ctx, &state, &none, &response.Diagnostics)
	if response.Diagnostics.HasError() {
		return
	}
	made, err := update(ctx, o.client, o.path(&plan), revisionOf(prior), prior, wanted)
	if err != nil {
		o.fail(&response.Diagnostics, "change", err)
		return
	}
	o.show(ctx, o.whole(ctx, o.path(&plan), made), &plan, &response.Diagnostics)
	response.Diagnostics.Append(response.State.Set(ctx, &plan)...)
}

func (o *object[M, A]) Delete(ctx context.Context, request resource.DeleteRequest, response *resource.DeleteResponse) {
	var state M
	response.Diagnostics.Append(request.State.Get(ctx, &state)...)
	if response.Diagnostics.HasError() {
		return
	}
	if _, err := o.delete(ctx, o.path(&state)); err != nil {
		o.fail(&response.Diagnostics, "delete", err)
	}
}

func (o *object[M, A]) ImportState(ctx context.Context, request resource.ImportStateRequest, response *resource.ImportStateResponse) {
	named, err := o.named(request.ID)
	if err != nil {
		o.failImport(&response.Diagnostics, err)
		return
	}
	// Read writes over it; what is not there is said here, because Terraform's own words would not tell what was looked for.
	present := new(A)
	if err := o.client.Get(ctx, o.path(named), present); err != nil {
		o.fail(&response.Diagnostics, "import", err)
		return
	}
	o.show(ctx, present, named, &response.Diagnostics)
	response.Diagnostics.Append(response.State.Set(ctx, named)...)
}

// at joins a path of the API; what comes from outside is escaped.
func at(collection string, names ...string) string {
	path := "/" + collection
	for _, name := range names {
		path += "/" + url.PathEscape(name)
	}
	return path
}
