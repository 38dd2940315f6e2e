package provider

import (
	"context"
	"encoding/json"
	"reflect"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
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

// keepPem stays with the text in Terraform when the API shows the same but for white space at its ends.
func keepPem(mine types.String, api string) types.String {
	if strings.TrimSpace(strings.ReplaceAll(mine.ValueString(), "\r\n", "\n")) == strings.TrimSpace(api) && !mine.IsUnknown() {
		return mine
	}
	return optional(api)
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

// keepJSON stays with the text in Terraform when the API shows the same value.
func keepJSON(mine types.String, api string) types.String {
	var one, other any
	if json.Unmarshal([]byte(mine.ValueString()), &one) == nil && json.Unmarshal([]byte(api), &other) == nil && reflect.DeepEqual(one, other) {
		return mine
	}
	return optional(api)
}

// keepTime stays with the text in Terraform when the API shows the same instant.
func keepTime(mine types.String, api string) types.String {
	one, errOne := time.Parse(time.RFC3339, mine.ValueString())
	other, errOther := time.Parse(time.RFC3339, api)
	if errOne == nil && errOther == nil && one.Equal(other) {
		return mine
	}
	return optional(api)
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
