package provider

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// The acceptance tests take everything through import, drift, lost answers and destruction; this holds them to everything.
func TestTheAcceptanceTestsHaveEverythingThatTheProviderHas(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../acceptance/testdata/everything.tf")
	if err != nil {
		t.Fatal(err)
	}
	metadata, err := providerserver.NewProtocol6(New("test")())().GetMetadata(context.Background(), &tfprotov6.GetMetadataRequest{})
	if err != nil {
		t.Fatal(err)
	}
	var wanted []string
	for _, one := range metadata.Resources {
		wanted = append(wanted, `resource "`+one.TypeName+`" "`)
	}
	for _, one := range metadata.DataSources {
		wanted = append(wanted, `data "`+one.TypeName+`" "`)
	}
	for _, one := range metadata.EphemeralResources {
		wanted = append(wanted, `ephemeral "`+one.TypeName+`" "`)
	}
	for _, one := range metadata.Functions {
		wanted = append(wanted, "provider::signalbox::"+one.Name+"(")
	}
	if len(wanted) < 26 {
		t.Errorf("the provider has only %v", wanted)
	}
	for _, one := range wanted {
		if !strings.Contains(string(text), one) {
			t.Errorf("everything.tf has no %s", one)
		}
	}
}
