package provider

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"signalbox.internal/terraform-provider-signalbox/internal/client"
)

// sharedIssuer is what the state has of an issuer with a secret, whose keys are of this kind now.
func sharedIssuer(t *testing.T, keys client.JwtIssuer) (made jwtIssuer) {
	t.Helper()
	made.HmacSecretWOVersion = types.Int64Value(1)
	keys.Name, keys.Issuer, keys.Audiences, keys.Algorithms, keys.AclClaim = "service", "service", []string{"iot"}, []string{"HS256"}, "narrow"
	var diagnostics diag.Diagnostics
	if decodeJwtIssuer(context.Background(), &keys, &made, &diagnostics); diagnostics.HasError() {
		t.Fatal(diagnostics)
	}
	return made
}

// sentSecret is what an update sends as the secret, when the state has such keys.
func sentSecret(t *testing.T, keys client.JwtIssuer) string {
	t.Helper()
	ctx := context.Background()
	var sent client.JwtIssuer
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
			t.Error(err)
		}
		_, _ = w.Write([]byte(`{"name":"service","issuer":"service","audiences":["iot"],"algorithms":["HS256"],"aclClaim":"narrow","revision":2}`))
	}))
	defer server.Close()
	issuers := newJwtIssuer().(*object[jwtIssuer, client.JwtIssuer])
	var err error
	if issuers.client, err = client.New(client.Config{Endpoint: server.URL, Token: "t"}); err != nil {
		t.Fatal(err)
	}
	raw := func(of jwtIssuer) tfsdk.State {
		made := tfsdk.State{Schema: issuers.schema}
		if found := made.Set(ctx, of); found.HasError() {
			t.Fatal(found)
		}
		return made
	}
	plan := sharedIssuer(t, client.JwtIssuer{ClockSkewSeconds: 30})
	config := plan
	config.HmacSecretWO = types.StringValue("c2VjcmV0")
	response := resource.UpdateResponse{State: raw(plan)}
	issuers.Update(ctx, resource.UpdateRequest{State: raw(sharedIssuer(t, keys)), Plan: tfsdk.Plan(raw(plan)), Config: tfsdk.Config(raw(config))}, &response)
	if response.Diagnostics.HasError() {
		t.Fatal(response.Diagnostics)
	}
	return sent.HmacSecret
}

func TestSaysWhenKeysThatCouldNotBeFetchedAreAskedForAgain(t *testing.T) {
	var issuer jwtIssuer
	var diagnostics diag.Diagnostics
	decodeJwtIssuer(context.Background(), &client.JwtIssuer{LastRefreshStatus: "failed", LastRefreshProblem: "no route"}, &issuer, &diagnostics)
	if said := diagnostics.Warnings(); len(said) != 1 || !strings.Contains(said[0].Detail(), "every jwks-pause-seconds") {
		t.Errorf("it says %v", said)
	}
}

func TestASecretIsSentAgainWhereSomebodyElseHasPutOtherKeys(t *testing.T) {
	for name, keys := range map[string]client.JwtIssuer{"an address": {JwksURI: "https://login.example/keys"}, "a set": {JwksJSON: `{"keys":[]}`},
		"keys": {PublicKeysPEM: []string{"key"}}} {
		if sent := sentSecret(t, keys); sent != "c2VjcmV0" {
			t.Errorf("where there is %s, %q is sent", name, sent)
		}
	}
	if sent := sentSecret(t, client.JwtIssuer{ClockSkewSeconds: 3}); sent != "" {
		t.Errorf("%q is sent for a change of something else", sent)
	}
}
