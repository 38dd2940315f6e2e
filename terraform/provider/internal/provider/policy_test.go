package provider

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"signalbox.internal/terraform-provider-signalbox/internal/client"
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

func TestAPolicyInJSONMayHaveWhatYAMLHasNot(t *testing.T) {
	escaped := `{"version":1,"name":"pump","description":"\ud83d\ude00","statements":[{"where":{"maxQos":1,"share":0.5}}]}`
	for _, same := range []string{
		`{"description":"😀","name":"pump","version":1,"statements":[{"where":{"share":0.5,"maxQos":1}}]}`,
		"version: 1\nname: pump\ndescription: 😀\nstatements:\n- where: { maxQos: 1, share: 0.5 }\n",
	} {
		if !samePolicy(escaped, same) {
			t.Errorf("not the same: %s", same)
		}
	}
	if name, err := nameIn(escaped); name != "pump" || err != nil {
		t.Errorf("its name is %q: %v", name, err)
	}
	if name, err := nameIn("name: 007\n"); name != "007" || err != nil {
		t.Errorf("a number that was to be a name is %q: %v", name, err)
	}
	for _, none := range []string{"[1]", "pump", "{"} {
		if name, err := nameIn(none); err == nil {
			t.Errorf("%q has the name %q", none, name)
		}
	}
}

func TestAPlanSaysWhereAPolicyIsWrongAndWhatItPerhapsDoesNotMean(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if body, _ := io.ReadAll(r.Body); string(body) != pumpYAML || r.Header.Get("Content-Type") != "application/yaml" {
			w.WriteHeader(http.StatusUnsupportedMediaType)
			return
		}
		_ = json.NewEncoder(w).Encode(client.PolicyValidation{
			Problems: []client.PolicyFault{{File: "api:.yaml", Line: 5, Column: 7, Message: "no such action"}, {File: "other.test.yaml", Message: "fails"},
				{File: "api:.yaml", Line: 3, Column: 1, Message: "\"replaces\" names policy \"next\", which is not there"}},
			Warnings: []client.PolicyWarning{{File: "api:.yaml", Line: 2, Column: 1, Rule: "bound-to-nobody"}, {File: "api:.yaml", Line: 6, Column: 3,
				Rule: "unreachable-allow", Message: "never decides"}},
		})
	}))
	t.Cleanup(server.Close)
	c, err := client.New(client.Config{Endpoint: server.URL, Token: "t"})
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, one := range validated(context.Background(), c, "pump", pumpYAML) {
		said = append(said, one.Severity().String()+" "+one.Detail())
	}
	const later = "\nIt has to when it is put; what else this apply changes may mend that, if it comes first."
	want := []string{"Error pump:5:7: no such action", "Warning other.test.yaml: fails" + later, "Warning pump:3:1: \"replaces\" names policy \"next\", which is not there" + later,
		"Warning pump:6:3: never decides"}
	if !slices.Equal(said, want) {
		t.Errorf("%q, not %q", said, want)
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
