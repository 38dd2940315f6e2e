package provider

import (
	"fmt"
	"math"
	"reflect"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/vmihailenco/msgpack/v5"
)

// decodePlain reads an object from Terraform's encoding into a model, a pointer to a struct with tags "tfsdk", without a schema. False
// says that it cannot: the value is unknown or null in whole or in part of a collection, or it is of a kind that no case here is for.
func decodePlain(value *tfprotov6.DynamicValue, model any) bool {
	if value == nil || len(value.MsgPack) == 0 {
		return false
	}
	var attributes map[string]any
	// An unknown value is an extension that this package does not know, which is an error.
	if msgpack.Unmarshal(value.MsgPack, &attributes) != nil || attributes == nil {
		return false
	}
	rest := len(attributes)
	for name, field := range fieldsByTag(model) {
		content, found := attributes[name]
		if !found || !setPlain(field, content) {
			return false
		}
		rest--
	}
	return rest == 0
}

// setPlain puts what the encoding has into a field; nil is null.
func setPlain(field reflect.Value, content any) bool {
	var made attr.Value
	var ok bool
	switch field.Interface().(type) {
	case types.String:
		made, ok = plainOf(content, types.StringNull(), types.StringValue)
	case types.Bool:
		made, ok = plainOf(content, types.BoolNull(), types.BoolValue)
	case types.Int64:
		if number := reflect.ValueOf(content); number.CanInt() {
			content = number.Int()
		} else if number.CanUint() && number.Uint() <= math.MaxInt64 {
			content = int64(number.Uint())
		}
		made, ok = plainOf(content, types.Int64Null(), types.Int64Value)
	case types.Map:
		elements := map[string]attr.Value{}
		entries, isMap := content.(map[string]any)
		for name, entry := range entries {
			if elements[name], ok = plainOf(entry, types.StringNull(), types.StringValue); !ok {
				return false
			}
		}
		if made, ok = types.MapNull(types.StringType), isMap || content == nil; isMap {
			made = types.MapValueMust(types.StringType, elements)
		}
	case types.Set:
		entries, isList := content.([]any)
		elements := make([]attr.Value, len(entries))
		for i, entry := range entries {
			if elements[i], ok = plainOf(entry, types.StringNull(), types.StringValue); !ok {
				return false
			}
		}
		if made, ok = types.SetNull(types.StringType), isList || content == nil; isList {
			made = types.SetValueMust(types.StringType, elements)
		}
	}
	if ok {
		field.Set(reflect.ValueOf(made))
	}
	return ok
}

// plainOf is null for nil; false says that the content is of another kind.
func plainOf[T any, V attr.Value](content any, null V, known func(T) V) (attr.Value, bool) {
	if content == nil {
		return null, true
	}
	value, ok := content.(T)
	if !ok {
		return null, false
	}
	return known(value), true
}

// fieldsByTag gives the fields of a model, those of embedded structs included.
func fieldsByTag(model any) map[string]reflect.Value {
	found := map[string]reflect.Value{}
	addFields(reflect.ValueOf(model).Elem(), found)
	return found
}

func addFields(model reflect.Value, found map[string]reflect.Value) {
	for i := range model.NumField() {
		if field := model.Type().Field(i); field.Anonymous {
			addFields(model.Field(i), found)
		} else {
			found[field.Tag.Get("tfsdk")] = model.Field(i)
		}
	}
}

// valuesOf gives a model's values by the names of the attributes.
func valuesOf(model any) map[string]attr.Value {
	values := map[string]attr.Value{}
	for name, field := range fieldsByTag(model) {
		value, ok := field.Interface().(attr.Value)
		if !ok {
			panic(fmt.Sprintf("%T has a field %q that is no value of Terraform", model, name))
		}
		values[name] = value
	}
	return values
}

// sameModel says that all values of two models are equal.
func sameModel(one, other any) bool {
	others := valuesOf(other)
	for name, value := range valuesOf(one) {
		if !value.Equal(others[name]) {
			return false
		}
	}
	return true
}
