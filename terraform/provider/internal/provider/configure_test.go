package provider

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// configured is the provider with some attributes set, and the others left out, and what it warns of.
func configured(t *testing.T, given map[string]string) (made *signalbox, warnings string) {
	t.Helper()
	ctx := context.Background()
	made = &signalbox{}
	var described provider.SchemaResponse
	made.Schema(ctx, provider.SchemaRequest{}, &described)
	kind := described.Schema.Type().TerraformType(ctx).(tftypes.Object)
	values := map[string]tftypes.Value{}
	for name := range kind.AttributeTypes {
		values[name] = tftypes.NewValue(tftypes.String, nil)
		if text, found := given[name]; found {
			values[name] = tftypes.NewValue(tftypes.String, text)
		}
	}
	var response provider.ConfigureResponse
	made.Configure(ctx, provider.ConfigureRequest{Config: tfsdk.Config{Raw: tftypes.NewValue(kind, values), Schema: described.Schema}}, &response)
	if response.Diagnostics.HasError() {
		t.Fatal(response.Diagnostics.Errors()[0].Summary(), response.Diagnostics.Errors()[0].Detail())
	}
	for _, one := range response.Diagnostics.Warnings() {
		warnings += one.Summary() + ": " + one.Detail()
	}
	return made, warnings
}

func TestWhatIsConfiguredCountsMoreThanTheEnvironment(t *testing.T) {
	var credential string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		credential = r.Header.Get("Authorization")
		_, _ = w.Write([]byte("{}"))
	}))
	t.Cleanup(server.Close)
	files := t.TempDir()
	for name, text := range map[string]string{"configured": "of the file\n", "environment": "of the environment's file\n"} {
		if err := os.WriteFile(filepath.Join(files, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	certificate, key := clientCertificate(t, files)
	t.Setenv("SIGNALBOX_TOKEN", "of the environment")
	t.Setenv("SIGNALBOX_TOKEN_FILE", filepath.Join(files, "environment"))
	for _, one := range []struct {
		given  map[string]string
		want   string
		warned bool
	}{
		{map[string]string{}, "Bearer of the environment", false},
		{map[string]string{"token_file": filepath.Join(files, "configured")}, "Bearer of the file", false},
		{map[string]string{"token_file": filepath.Join(files, "configured"), "token": "of the configuration"}, "Bearer of the configuration", false},
		{map[string]string{"certificate_file": certificate, "private_key_file": key}, "", true},
		{map[string]string{"certificate_file": certificate, "private_key_file": key, "token": "of the configuration"}, "Bearer of the configuration", false},
		{map[string]string{"certificate_file": certificate, "private_key_file": key, "token_file": filepath.Join(files, "configured")}, "Bearer of the file", false},
	} {
		one.given["endpoint"] = server.URL
		made, warnings := configured(t, one.given)
		if err := made.client.Get(context.Background(), "/server-info", &struct{}{}); err != nil || credential != one.want {
			t.Errorf("%v: %q, %v", one.given, credential, err)
		}
		if warned := strings.Contains(warnings, "token_file"); warned != one.warned {
			t.Errorf("%v: the warnings are %q", one.given, warnings)
		}
	}
	t.Run("but a private key alone is no certificate", func(t *testing.T) {
		t.Setenv("SIGNALBOX_CERTIFICATE_FILE", certificate)
		made, warnings := configured(t, map[string]string{"endpoint": server.URL, "private_key_file": key})
		if err := made.client.Get(context.Background(), "/server-info", &struct{}{}); err != nil || credential != "Bearer of the environment" || warnings != "" {
			t.Errorf("%q, %q, %v", credential, warnings, err)
		}
	})
}

// clientCertificate writes a certificate and its key, and gives the names of the files.
func clientCertificate(t *testing.T, folder string) (certificate, key string) {
	t.Helper()
	made, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, made.Public(), made)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(made)
	if err != nil {
		t.Fatal(err)
	}
	certificate, key = filepath.Join(folder, "client.crt"), filepath.Join(folder, "client.key")
	for name, block := range map[string]*pem.Block{certificate: {Type: "CERTIFICATE", Bytes: signed}, key: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certificate, key
}
