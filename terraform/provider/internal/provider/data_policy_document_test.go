package provider

import (
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestThePolicyDocumentHasTheKeysOfTheLanguage(t *testing.T) {
	text, err := os.ReadFile("../../../../acl-policies/src/main/resources/io/signalbox/acl/parser/policy.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	type properties struct {
		Properties map[string]any `json:"properties"`
	}
	var schema struct {
		properties
		Defs map[string]properties `json:"$defs"`
	}
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	for name, shape := range map[string]any{"": policyDocument{}, "condition": policyCondition{}, "cert": policyCert{}, "jwt": policyJwt{},
		"device": policyDevice{}, "statement": policyStatement{}, "where": policyWhere{}} {
		want := schema.Properties
		if name != "" {
			want = schema.Defs[name].Properties
		}
		var have []string
		for i := range reflect.TypeOf(shape).NumField() {
			if key, _, _ := strings.Cut(reflect.TypeOf(shape).Field(i).Tag.Get("json"), ","); key != "-" {
				have = append(have, key)
			}
		}
		for key := range want {
			if !slices.Contains(have, key) {
				t.Errorf("%q lacks the key %q of the language", name, key)
			}
		}
		for _, key := range have {
			if _, found := want[key]; !found {
				t.Errorf("%q has the key %q, which the language does not have", name, key)
			}
		}
	}
}
