package provider

import (
	"math"
	"math/big"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

type everyKind struct {
	inner
	Text types.String `tfsdk:"text"`
	Map  types.Map    `tfsdk:"map"`
	Set  types.Set    `tfsdk:"set"`
}

type inner struct {
	Flag   types.Bool  `tfsdk:"flag"`
	Number types.Int64 `tfsdk:"number"`
}

var (
	textSet = tftypes.Set{ElementType: tftypes.String}
	textMap = tftypes.Map{ElementType: tftypes.String}
	every   = tftypes.Object{AttributeTypes: map[string]tftypes.Type{"text": tftypes.String, "map": textMap, "set": textSet, "flag": tftypes.Bool,
		"number": tftypes.Number}}
)

// encoded has one attribute of another value, if a name is given.
func encoded(t *testing.T, name string, value any) *tfprotov6.DynamicValue {
	t.Helper()
	text := func(text string) tftypes.Value { return tftypes.NewValue(tftypes.String, text) }
	all := map[string]tftypes.Value{"text": text("some"), "map": tftypes.NewValue(textMap, map[string]tftypes.Value{"hall": text("7")}),
		"set": tftypes.NewValue(textSet, []tftypes.Value{text("a"), text("b")}), "flag": tftypes.NewValue(tftypes.Bool, true),
		"number": tftypes.NewValue(tftypes.Number, 7)}
	if name != "" {
		all[name] = tftypes.NewValue(every.AttributeTypes[name], value)
	}
	made, err := tfprotov6.NewDynamicValue(every, tftypes.NewValue(every, all))
	if err != nil {
		t.Fatal(err)
	}
	return &made
}

func TestAPlainValueIsReadAsTheFrameworkReadsIt(t *testing.T) {
	whole := everyKind{inner: inner{types.BoolValue(true), types.Int64Value(7)}, Text: types.StringValue("some"),
		Map: types.MapValueMust(types.StringType, map[string]attr.Value{"hall": types.StringValue("7")}),
		Set: types.SetValueMust(types.StringType, []attr.Value{types.StringValue("b"), types.StringValue("a")})}
	nulls := everyKind{inner: inner{types.BoolNull(), types.Int64Null()}, Text: types.StringNull(), Map: types.MapNull(types.StringType),
		Set: types.SetNull(types.StringType)}
	var read everyKind
	if !decodePlain(encoded(t, "", nil), &read) || !sameModel(&read, &whole) {
		t.Errorf("%v is read as %v", whole, read)
	}
	for name, null := range valuesOf(&nulls) {
		var read everyKind
		if !decodePlain(encoded(t, name, nil), &read) || !valuesOf(&read)[name].Equal(null) {
			t.Errorf("%s without a value is read as %v", name, valuesOf(&read)[name])
		}
		if sameModel(&read, &whole) {
			t.Errorf("a model without %s is taken for one with it", name)
		}
		if decodePlain(encoded(t, name, tftypes.UnknownValue), &read) {
			t.Errorf("%s is read although it is not known yet", name)
		}
	}
	for _, number := range []int64{math.MinInt64, -200, 1 << 40, math.MaxInt64} {
		if !decodePlain(encoded(t, "number", number), &read) || read.Number.ValueInt64() != number {
			t.Errorf("%d is read as %v", number, read.Number)
		}
	}
}

func TestAPlainValueThatDoesNotFitIsLeftToTheFramework(t *testing.T) {
	var read everyKind
	var less struct {
		Text types.String `tfsdk:"text"`
	}
	var more struct {
		everyKind
		Another types.String `tfsdk:"another"`
	}
	null, err := tfprotov6.NewDynamicValue(every, tftypes.NewValue(every, nil))
	if err != nil {
		t.Fatal(err)
	}
	for name, taken := range map[string]bool{
		"nothing":                 decodePlain(nil, &read),
		"no object":               decodePlain(&null, &read),
		"an unknown attribute":    decodePlain(encoded(t, "", nil), &less),
		"a missing attribute":     decodePlain(encoded(t, "", nil), &more),
		"no whole number":         decodePlain(encoded(t, "number", big.NewFloat(7.5)), &read),
		"a number out of range":   decodePlain(encoded(t, "number", new(big.Float).SetInt(new(big.Int).Lsh(big.NewInt(1), 63))), &read),
		"bytes of something else": decodePlain(&tfprotov6.DynamicValue{MsgPack: []byte{0xa1, 'x'}}, &read),
	} {
		if taken {
			t.Errorf("%s is read", name)
		}
	}
}
