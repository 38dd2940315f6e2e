package provider

import (
	"context"
	"encoding/json"
	"reflect"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// optional is null for what the API leaves out.
func optional(text string) types.String {
	if text == "" {
		return types.StringNull()
	}
	return types.StringValue(text)
}

func optionalNumber(number int64) types.Int64 {
	if number == 0 {
		return types.Int64Null()
	}
	return types.Int64Value(number)
}

// samePem says that two texts differ in line ends and white space around them at most.
func samePem(one, other string) bool { return plainPem(one) == plainPem(other) }

func plainPem(text string) string { return strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n")) }

// sameJSON says that two texts are the same value.
func sameJSON(one, other string) bool {
	var first, second any
	return json.Unmarshal([]byte(one), &first) == nil && json.Unmarshal([]byte(other), &second) == nil && reflect.DeepEqual(first, second)
}

// sameTime says that two texts are the same instant, to the millisecond: the API keeps no more.
func sameTime(one, other string) bool {
	first, errFirst := time.Parse(time.RFC3339, one)
	second, errSecond := time.Parse(time.RFC3339, other)
	return errFirst == nil && errSecond == nil && first.UnixMilli() == second.UnixMilli()
}

// keep stays with the text in Terraform when the API shows the same.
func keep(mine types.String, api string, same func(one, other string) bool) types.String {
	if !mine.IsNull() && !mine.IsUnknown() && same(mine.ValueString(), api) {
		return mine
	}
	return optional(api)
}

func keepPem(mine types.String, api string) types.String { return keep(mine, api, samePem) }

// unchangedIf plans no change for another text that means the same, which an import may have brought into the state.
type unchangedIf struct{ same func(one, other string) bool }

func (unchangedIf) Description(context.Context) string { return "compared by meaning" }

func (u unchangedIf) MarkdownDescription(ctx context.Context) string { return u.Description(ctx) }

func (u unchangedIf) PlanModifyString(_ context.Context, request planmodifier.StringRequest, response *planmodifier.StringResponse) {
	if !request.StateValue.IsNull() && !request.ConfigValue.IsNull() && !request.ConfigValue.IsUnknown() &&
		u.same(request.StateValue.ValueString(), request.ConfigValue.ValueString()) {
		response.PlanValue = request.StateValue
	}
}

func unchanged(same func(one, other string) bool) []planmodifier.String {
	return []planmodifier.String{unchangedIf{same}}
}

// keepPems is keepPem for a list.
func keepPems(ctx context.Context, mine types.List, api []string, diagnostics *diag.Diagnostics) types.List {
	var texts []types.String
	if !mine.IsNull() && !mine.IsUnknown() {
		diagnostics.Append(mine.ElementsAs(ctx, &texts, false)...)
	}
	if len(api) == 0 {
		return types.ListNull(types.StringType)
	}
	kept := make([]types.String, len(api))
	for i, text := range api {
		kept[i] = types.StringValue(text)
		if i < len(texts) {
			kept[i] = keepPem(texts[i], text)
		}
	}
	list, found := types.ListValueFrom(ctx, types.StringType, kept)
	diagnostics.Append(found...)
	return list
}

func setOf(ctx context.Context, elements []string, diagnostics *diag.Diagnostics) types.Set {
	if elements == nil {
		elements = []string{}
	}
	set, found := types.SetValueFrom(ctx, types.StringType, elements)
	diagnostics.Append(found...)
	return set
}

func elementsOf(ctx context.Context, set types.Set, diagnostics *diag.Diagnostics) []string {
	elements := []string{}
	if !set.IsNull() && !set.IsUnknown() {
		diagnostics.Append(set.ElementsAs(ctx, &elements, false)...)
	}
	return elements
}

func mapOf(ctx context.Context, entries map[string]string, diagnostics *diag.Diagnostics) types.Map {
	if entries == nil {
		entries = map[string]string{}
	}
	value, found := types.MapValueFrom(ctx, types.StringType, entries)
	diagnostics.Append(found...)
	return value
}

func entriesOf(ctx context.Context, value types.Map, diagnostics *diag.Diagnostics) map[string]string {
	entries := map[string]string{}
	if !value.IsNull() && !value.IsUnknown() {
		diagnostics.Append(value.ElementsAs(ctx, &entries, false)...)
	}
	return entries
}
