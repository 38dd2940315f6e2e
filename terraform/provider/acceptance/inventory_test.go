package acceptance

import (
	"fmt"
	"net/url"
	"slices"
	"testing"
)

// collections are all that Terraform may make objects in.
var collections = []string{"/devices", "/groups", "/certificates", "/jwt-issuers", "/trusted-cas", "/issuing-cas", "/provisioning-templates",
	"/claim-tokens", "/users", "/policies", "/attachments"}

// inventory names everything that the broker holds and that is of use. A revoked certificate is not: it stays until it ends, so that
// its revocation is known.
func (b *broker) inventory(t testing.TB) []string {
	t.Helper()
	var found []string
	for _, collection := range collections {
		for _, item := range b.list(t, collection) {
			if item["status"] != "revoked" {
				found = append(found, fmt.Sprint(collection, ": ", item["id"], item["name"], item["fingerprint"], item["policy"], item["target"]))
			}
		}
	}
	return found
}

// list reads all pages of a collection.
func (b *broker) list(t testing.TB, collection string) []map[string]any {
	t.Helper()
	var found []map[string]any
	for cursor := ""; ; {
		page := b.get(t, collection+"?limit=1000"+cursor)
		for _, item := range page["items"].([]any) {
			found = append(found, item.(map[string]any))
		}
		next, more := page["next"].(string)
		if !more {
			return found
		}
		cursor = "&cursor=" + url.QueryEscape(next)
	}
}

// holdsWhatItHeld wants that nothing has come and nothing has gone since an inventory was taken, and that of the certificates that
// were made since none is good.
func (b *broker) holdsWhatItHeld(t testing.TB, before []string) {
	t.Helper()
	after := b.inventory(t)
	for _, one := range after {
		if !slices.Contains(before, one) {
			t.Errorf("there still is %s", one)
		}
	}
	for _, one := range before {
		if !slices.Contains(after, one) {
			t.Errorf("somebody else's object is gone: %s", one)
		}
	}
}
