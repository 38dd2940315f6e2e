package provider

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func keyAndRequest(t *testing.T) (*ecdsa.PrivateKey, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: "d"}}, key)
	if err != nil {
		t.Fatal(err)
	}
	return key, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}))
}

func certificateFor(t *testing.T, key *ecdsa.PrivateKey) string {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func refuses(check validator.String, text string) bool {
	response := &validator.StringResponse{}
	check.ValidateString(context.Background(), validator.StringRequest{Path: path.Root("x"), ConfigValue: types.StringValue(text)}, response)
	for _, found := range response.Diagnostics {
		if strings.Contains(found.Detail(), "c2VjcmV0") {
			return false // it shows what it must not
		}
	}
	return response.Diagnostics.HasError()
}

func TestRefusesPrivateKeysInEveryForm(t *testing.T) {
	for _, text := range []string{
		"-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----",
		"-----BEGIN EC PRIVATE KEY-----\nc2VjcmV0",
		"-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n-----BEGIN ENCRYPTED PRIVATE KEY-----\nc2VjcmV0",
		`{"keys": [{"kty": "EC", "x": "a", "y": "b", "d": "c2VjcmV0"}]}`,
		`{"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}`,
	} {
		if !refuses(holdsNoKey{}, text) {
			t.Errorf("%.40q is accepted", text)
		}
	}
	for _, text := range []string{"-----BEGIN PUBLIC KEY-----\nAA==", `{"keys": [{"kty": "EC", "x": "a", "y": "b"}]}`, ""} {
		if refuses(holdsNoKey{}, text) {
			t.Errorf("%.40q is refused", text)
		}
	}
}

func TestChecksTheSignatureOfARequest(t *testing.T) {
	_, request := keyAndRequest(t)
	if refuses(isRequest{}, request) {
		t.Error("a good request is refused")
	}
	block, _ := pem.Decode([]byte(request))
	block.Bytes[len(block.Bytes)-1] ^= 1
	if !refuses(isRequest{}, string(pem.EncodeToMemory(block))) {
		t.Error("a damaged request is accepted")
	}
	key, _ := keyAndRequest(t)
	if !refuses(isRequest{}, certificateFor(t, key)) {
		t.Error("a certificate is taken for a request")
	}
}

func TestAnImportedKeyStandsForItsRequest(t *testing.T) {
	key, request := keyAndRequest(t)
	stands, err := publicKeyOf(certificateFor(t, key))
	if err != nil || !sameSource(stands, request) {
		t.Errorf("the request is not recognised: %v", err)
	}
	if _, another := keyAndRequest(t); sameSource(stands, another) || sameSource(request, another) {
		t.Error("a request of another key is taken for the same")
	}
	if !sameSource(request, "\n"+request+"\n") {
		t.Error("white space makes another request")
	}
}

func TestARenewalIsDueBeforeTheEndAndNeverByDefault(t *testing.T) {
	end := time.Date(2027, 1, 31, 12, 0, 0, 0, time.UTC)
	c := &issued{NotAfter: types.StringValue(end.Format(time.RFC3339)), RenewBeforeHours: types.Int64Value(24)}
	for at, want := range map[time.Time]bool{end.Add(-25 * time.Hour): false, end.Add(-24 * time.Hour): true, end.Add(time.Hour): true} {
		if got := c.isDue(at); got != want {
			t.Errorf("at %v: %v, want %v", at, got, want)
		}
	}
	c.RenewBeforeHours = types.Int64Value(0)
	if c.isDue(end.Add(time.Hour)) {
		t.Error("a certificate is renewed although nobody asked for it")
	}
}
