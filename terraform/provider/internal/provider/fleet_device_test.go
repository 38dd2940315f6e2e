package provider

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"signalbox.internal/terraform-provider-signalbox/internal/client"
)

// uncertified makes a device through an API that refuses its certificate, at which Terraform is stopped if stop says so, and that
// answers a DELETE with this status. It gives what was deleted, and what Terraform says.
func uncertified(t *testing.T, stop bool, status int) (deleted, said string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodDelete:
			deleted = r.URL.Path
			w.WriteHeader(status)
		case strings.HasSuffix(r.URL.Path, "/certificates/main"):
			if stop {
				cancel()
			}
			w.WriteHeader(http.StatusConflict)
		default:
			_, _ = w.Write([]byte(`{"id":"pump-1","revision":1}`))
		}
	}))
	defer server.Close()
	c, err := client.New(client.Config{Endpoint: server.URL, Token: "t"})
	if err != nil {
		t.Fatal(err)
	}
	devices := newFleetDevice().(*fleetDevices)
	devices.client, devices.handover = c, &handover{}
	made := tfsdk.State{Schema: devices.schema}
	wanted := fleetDevice{device: pump("pump-1"), issued: issued{CSRPEM: types.StringValue("request")}, Status: types.StringValue("active")}
	if found := made.Set(ctx, wanted); found.HasError() {
		t.Fatal(found)
	}
	var response resource.CreateResponse
	devices.Create(ctx, resource.CreateRequest{Plan: tfsdk.Plan(made), Config: tfsdk.Config{Schema: made.Schema, Raw: made.Raw}}, &response)
	if response.Diagnostics.ErrorsCount() != 1 {
		t.Fatal(response.Diagnostics)
	}
	return deleted, response.Diagnostics.Errors()[0].Detail()
}

func TestNoDeviceIsLeftWhenTerraformIsStoppedAtItsCertificate(t *testing.T) {
	if deleted, said := uncertified(t, true, http.StatusNoContent); !strings.HasSuffix(deleted, "/devices/pump-1") {
		t.Errorf("%q is deleted: %s", deleted, said)
	}
}

func TestSaysOnceWhyADeviceIsLeft(t *testing.T) {
	_, said := uncertified(t, false, http.StatusForbidden)
	if !strings.Contains(said, "409 Conflict") || strings.Contains(said, "403 Forbidden") || !strings.Contains(said, "/devices/pump-1 is left") {
		t.Errorf("it says: %s", said)
	}
}
