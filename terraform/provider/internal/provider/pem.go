package provider

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

// holdsNoKey refuses texts with a private key, which would end up in the state for everyone to read who can read that. The value
// itself is never shown.
type holdsNoKey struct{}

func (holdsNoKey) Description(context.Context) string { return "holds no private key" }

func (h holdsNoKey) MarkdownDescription(ctx context.Context) string { return h.Description(ctx) }

func (holdsNoKey) ValidateString(_ context.Context, request validator.StringRequest, response *validator.StringResponse) {
	text := request.ConfigValue.ValueString()
	if strings.Contains(text, "PRIVATE KEY") || hasPrivateJwk(text) {
		response.Diagnostics.AddAttributeError(request.Path, "A private key does not belong here",
			"This value is kept in the state, and anyone who reads the state could use the key. Give the public part only.")
	}
}

// hasPrivateJwk finds the members that only private and symmetric keys have (RFC 7518 section 6).
func hasPrivateJwk(text string) bool {
	var set struct {
		Keys []map[string]any `json:"keys"`
	}
	if json.Unmarshal([]byte(text), &set) != nil {
		return false
	}
	for _, key := range set.Keys {
		for _, member := range []string{"d", "k", "p", "q"} {
			if _, found := key[member]; found {
				return true
			}
		}
	}
	return false
}

// isRequest checks what can be checked of a PKCS#10 request before the broker sees it.
type isRequest struct{ holdsNoKey }

func (isRequest) Description(context.Context) string {
	return "a certificate signing request in PEM form"
}

func (r isRequest) MarkdownDescription(ctx context.Context) string { return r.Description(ctx) }

func (r isRequest) ValidateString(ctx context.Context, request validator.StringRequest, response *validator.StringResponse) {
	r.holdsNoKey.ValidateString(ctx, request, response)
	if response.Diagnostics.HasError() || request.ConfigValue.IsNull() || request.ConfigValue.IsUnknown() {
		return
	}
	if err := checkRequest(request.ConfigValue.ValueString()); err != nil {
		response.Diagnostics.AddAttributeError(request.Path, "The certificate signing request cannot be used", err.Error()+
			"\nMake one with: signalbox pki csr DEVICE")
	}
}

func checkRequest(text string) error {
	block := blockOf(text)
	if block == nil || !strings.HasSuffix(block.Type, "CERTIFICATE REQUEST") {
		return fmt.Errorf("it does not begin with -----BEGIN CERTIFICATE REQUEST-----")
	}
	parsed, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		return fmt.Errorf("it cannot be read: %w", err)
	}
	if parsed.PublicKeyAlgorithm == x509.UnknownPublicKeyAlgorithm || parsed.SignatureAlgorithm == x509.UnknownSignatureAlgorithm {
		return nil // newer than this provider; the broker knows
	}
	if err := parsed.CheckSignature(); err != nil {
		return fmt.Errorf("its signature does not fit its key, so it has been damaged, or its key is not the requester's: %w", err)
	}
	return nil
}

func blockOf(text string) *pem.Block {
	block, _ := pem.Decode([]byte(text))
	return block
}

// sameSource says whether two texts ask for a certificate of the same key: equal but for white space, or, after an import, a
// public key and a request made with it.
func sameSource(one, other string) bool {
	first, second := blockOf(one), blockOf(other)
	if first == nil || second == nil {
		return strings.TrimSpace(one) == strings.TrimSpace(other)
	}
	if first.Type == publicKeyBlock && second.Type != publicKeyBlock {
		request, err := x509.ParseCertificateRequest(second.Bytes)
		return err == nil && bytes.Equal(request.RawSubjectPublicKeyInfo, first.Bytes)
	}
	return bytes.Equal(first.Bytes, second.Bytes)
}

const publicKeyBlock = "PUBLIC KEY"

// publicKeyOf stands for the request of a certificate that was imported.
func publicKeyOf(certificate string) (string, error) {
	block := blockOf(certificate)
	if block == nil {
		return "", fmt.Errorf("the broker shows no certificate")
	}
	parsed, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return "", err
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: publicKeyBlock, Bytes: parsed.RawSubjectPublicKeyInfo})), nil
}

// certifies says whether the certificate at the beginning of a chain is for the key of a request, or for the public key in its place; true
// if that cannot be told.
func certifies(chain, source string) bool {
	leaf, asked := blockOf(chain), blockOf(source)
	if leaf == nil || asked == nil {
		return true
	}
	certificate, err := x509.ParseCertificate(leaf.Bytes)
	if err != nil {
		return true
	}
	key := asked.Bytes
	if asked.Type != publicKeyBlock {
		request, err := x509.ParseCertificateRequest(asked.Bytes)
		if err != nil {
			return true
		}
		key = request.RawSubjectPublicKeyInfo
	}
	return bytes.Equal(certificate.RawSubjectPublicKeyInfo, key)
}

// keyTypeOf names the kind of a certificate's key as the API does; empty if it has no name for it.
func keyTypeOf(certificate string) string {
	block := blockOf(certificate)
	if block == nil {
		return ""
	}
	parsed, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return ""
	}
	switch key := parsed.PublicKey.(type) {
	case *ecdsa.PublicKey:
		return fmt.Sprintf("ec-p%d", key.Curve.Params().BitSize)
	case *rsa.PublicKey:
		return fmt.Sprintf("rsa-%d", key.N.BitLen())
	case ed25519.PublicKey:
		return "ed25519"
	}
	return ""
}

// replaceUnlessSame replaces the resource when the text changes its meaning, and plans no change when it does not.
type replaceUnlessSame struct{}

func (replaceUnlessSame) Description(context.Context) string {
	return "another value makes another certificate"
}

func (r replaceUnlessSame) MarkdownDescription(ctx context.Context) string { return r.Description(ctx) }

func (replaceUnlessSame) PlanModifyString(_ context.Context, request planmodifier.StringRequest, response *planmodifier.StringResponse) {
	if request.State.Raw.IsNull() || request.Plan.Raw.IsNull() || request.PlanValue.Equal(request.StateValue) {
		return // what the configuration leaves out to be computed is planned as it was where nothing else changes
	}
	if request.ConfigValue.IsNull() && request.PlanValue.IsUnknown() {
		return // computed, and something else changes
	}
	before := request.StateValue.ValueString()
	if !request.ConfigValue.IsUnknown() && !request.ConfigValue.IsNull() && !request.StateValue.IsNull() &&
		(before == importedSeal || sameSource(before, request.ConfigValue.ValueString())) {
		response.PlanValue = request.StateValue
		return
	}
	response.RequiresReplace = true
}
