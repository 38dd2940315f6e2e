package provider

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"
)

const pumpYAML = "# Pumps\nversion: 1\nname: pump\nstatements:\n  - {id: data, effect: allow, actions: [publish], topics: [\"pump/#\"], where: {maxQos: 1}}\n"

func TestTwoWaysToWriteAPolicyAreTheSame(t *testing.T) {
	asJSON := `{"name":"pump","version":1,"statements":[{"id":"data","effect":"allow","actions":["publish"],"topics":["pump/#"],"where":{"maxQos":1}}]}`
	if !samePolicy(pumpYAML, asJSON) {
		t.Error("YAML and JSON of the same policy differ")
	}
	for _, other := range []string{
		`{"name":"pump","version":1,"statements":[{"id":"data","effect":"deny","actions":["publish"],"topics":["pump/#"],"where":{"maxQos":1}}]}`,
		"name: [", "",
	} {
		if samePolicy(pumpYAML, other) {
			t.Errorf("the same as %s", other)
		}
	}
}

func TestAnAttachmentIsWhereItsImportIDSays(t *testing.T) {
	for id, want := range map[string]string{
		"pump/group/pumps":                 "/attachments/api:pump/group/pumps",
		"shipped:devices/user/a b":         "/attachments/shipped:devices/user/a%20b",
		"file:pump/jwt_issuer/login/other": "/attachments/file:pump/jwt-issuer/login%2Fother",
	} {
		named, err := attachmentNamed(id)
		if err != nil || named.path() != want {
			t.Errorf("%s: %v, %v, not %s", id, named, err, want)
		}
	}
	for _, id := range []string{"pump", "pump/group", "pump/group/", "/group/pumps", "pump/flock/pumps"} {
		if named, err := attachmentNamed(id); err == nil {
			t.Errorf("%q is taken for %+v", id, named)
		}
	}
	certificate := &attachment{Policy: types.StringValue("pump"), Certificate: types.StringValue("ab")}
	if path := certificate.path(); path != "/attachments/api:pump/certificate/ab" {
		t.Errorf("a certificate's is at %s", path)
	}
}
