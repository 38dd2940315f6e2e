package client

import (
	"encoding/json"
	"os"
	"path"
	"reflect"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

type schema struct {
	Type       string            `yaml:"type"`
	Ref        string            `yaml:"$ref"`
	Properties map[string]schema `yaml:"properties"`
	Items      *schema           `yaml:"items"`
	ReadOnly   bool              `yaml:"readOnly"`
	WriteOnly  bool              `yaml:"writeOnly"`
}

// shapes are the types here and the schemas of the contract that they are.
var shapes = map[string]any{
	"Device": Device{}, "CertificateRequest": CertificateRequest{}, "Certificate": Certificate{}, "CertificateChange": CertificateChange{},
	"Revoke": Revoke{}, "Group": Group{}, "Member": Member{}, "JwtIssuer": JwtIssuer{}, "TrustedCa": TrustedCa{}, "IssuingCa": IssuingCa{},
	"ProvisioningTemplate": ProvisioningTemplate{}, "ClaimToken": ClaimToken{}, "User": User{}, "AccessTokenRequest": AccessTokenRequest{},
	"EnrolmentTokenRequest": EnrolmentTokenRequest{}, "Token": Token{}, "ServerInfo": ServerInfo{}, "Problem": Problem{}, "Policy": Policy{}, "Attachment": Attachment{},
	"PolicyValidation": PolicyValidation{}, "PolicyClient": PolicyClient{}, "PolicyQuestion": PolicyQuestion{}, "PolicyDecision": PolicyDecision{},
	"DevicePage": Page[Device]{}, "DeviceLookup": DeviceLookup{}, "DevicesFound": DevicesFound{}, "DeviceFound": DeviceFound{},
}

func TestTypesAreThoseOfTheContract(t *testing.T) {
	schemas := contract(t)
	for name, shape := range shapes {
		compare(t, schemas, name, schemas[name], reflect.TypeOf(shape))
	}
}

// TestFieldsArePutAndShownAsTheContractSays leaves out policies, of which one field is put as the whole body.
func TestFieldsArePutAndShownAsTheContractSays(t *testing.T) {
	schemas := contract(t)
	for _, shape := range []any{Device{}, Group{}, JwtIssuer{}, TrustedCa{}, IssuingCa{}, ProvisioningTemplate{}, ClaimToken{}, User{}} {
		of := reflect.TypeOf(shape)
		for i := range of.NumField() {
			tag := of.Field(i).Tag
			name, _, _ := strings.Cut(tag.Get("json"), ",")
			want := schemas[of.Name()].Properties[name]
			want.ReadOnly = want.ReadOnly || schemas[path.Base(want.Ref)].ReadOnly
			if have := tag.Get("api"); want.ReadOnly != (have == "shown") || want.WriteOnly != (have == "secret") {
				t.Errorf("%s.%s is %q; the contract has readOnly: %t, writeOnly: %t", of.Name(), name, have, want.ReadOnly, want.WriteOnly)
			}
		}
	}
}

// contract gives the schemas of the API.
func contract(t *testing.T) map[string]schema {
	t.Helper()
	text, err := os.ReadFile("../../../../server/src/main/resources/io/signalbox/server/admin/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		Components struct {
			Schemas map[string]schema `yaml:"schemas"`
		} `yaml:"components"`
	}
	if err := yaml.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	return document.Components.Schemas
}

func compare(t *testing.T, all map[string]schema, at string, want schema, have reflect.Type) {
	t.Helper()
	if want.Ref != "" {
		want = all[want.Ref[strings.LastIndex(want.Ref, "/")+1:]]
	}
	if have.Kind() == reflect.Pointer {
		have = have.Elem()
	}
	if have == reflect.TypeFor[json.RawMessage]() {
		return // as it is written
	}
	kinds := map[string][]reflect.Kind{"string": {reflect.String}, "integer": {reflect.Int, reflect.Int64}, "boolean": {reflect.Bool},
		"array": {reflect.Slice}, "object": {reflect.Struct, reflect.Map}}
	if !slices.Contains(kinds[want.Type], have.Kind()) {
		t.Errorf("%s: the contract says %q, the type here is %v", at, want.Type, have)
		return
	}
	if want.Type == "array" && want.Items != nil {
		compare(t, all, at+"[]", *want.Items, have.Elem())
	}
	if have.Kind() != reflect.Struct {
		return
	}
	seen := map[string]bool{}
	for i := range have.NumField() {
		name, _, _ := strings.Cut(have.Field(i).Tag.Get("json"), ",")
		property, found := want.Properties[name]
		if !found {
			t.Errorf("%s has no field %q in the contract", at, name)
			continue
		}
		seen[name] = true
		compare(t, all, at+"."+name, property, have.Field(i).Type)
	}
	for name := range want.Properties {
		if !seen[name] {
			t.Errorf("%s lacks the field %q of the contract", at, name)
		}
	}
}
