package provider

import (
	"fmt"
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
	switch field.Interface().(type) {
	case types.String:
		text, ok := content.(string)
		if content != nil && !ok {
			return false
		}
		made = types.StringNull()
		if ok {
			made = types.StringValue(text)
		}
	case types.Bool:
		flag, ok := content.(bool)
		if content != nil && !ok {
			return false
		}
		made = types.BoolNull()
		if ok {
			made = types.BoolValue(flag)
		}
	case types.Int64:
		number := reflect.ValueOf(content)
		switch {
		case content == nil:
			made = types.Int64Null()
		case number.CanInt():
			made = types.Int64Value(number.Int())
		case number.CanUint() && number.Uint() < 1<<63:
			made = types.Int64Value(int64(number.Uint()))
		default:
			return false
		}
	case types.Map:
		entries, ok := content.(map[string]any)
		if !ok && content != nil {
			return false
		}
		made = types.MapNull(types.StringType)
		if ok {
			elements := make(map[string]attr.Value, len(entries))
			for name, entry := range entries {
				text, ok := entry.(string)
				if !ok {
					return false
				}
				elements[name] = types.StringValue(text)
			}
			made = types.MapValueMust(types.StringType, elements)
		}
	case types.Set:
		entries, ok := content.([]any)
		if !ok && content != nil {
			return false
		}
		made = types.SetNull(types.StringType)
		if ok {
			elements := make([]attr.Value, len(entries))
			for i, entry := range entries {
				text, ok := entry.(string)
				if !ok {
					return false
				}
				elements[i] = types.StringValue(text)
			}
			made = types.SetValueMust(types.StringType, elements)
		}
	default:
		return false
	}
	field.Set(reflect.ValueOf(made))
	return true
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
