package provider

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"signalbox.internal/terraform-provider-signalbox/internal/client"
)

// shelf keeps one device as the API would: with a revision, and with the conditions of a PUT.
type shelf struct {
	device *client.Device
	puts   int
	// restless makes another revision after each read.
	restless bool
}

func (s *shelf) client(t *testing.T) *client.Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut {
			match := r.Header.Get("If-Match")
			if (r.Header.Get("If-None-Match") == "*" && s.device != nil) ||
				(match != "" && (s.device == nil || match != fmt.Sprintf("\"%d\"", s.device.Revision))) {
				w.WriteHeader(http.StatusPreconditionFailed)
				return
			}
			s.puts++
			s.put(r)
		}
		_ = json.NewEncoder(w).Encode(s.device)
		if s.restless {
			s.device.Revision++
		}
	}))
	t.Cleanup(server.Close)
	c, err := client.New(client.Config{Endpoint: server.URL, Token: "t"})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (s *shelf) put(r *http.Request) {
	before := s.device
	s.device = &client.Device{Revision: 1}
	_ = json.NewDecoder(r.Body).Decode(s.device)
	if before != nil {
		s.device.Revision = before.Revision + 1
		if s.device.Groups == nil {
			s.device.Groups = before.Groups
		}
	}
}

const onlyPath = "/devices/d"

func named(name string) *client.Device {
	return &client.Device{DisplayName: name, Attributes: map[string]string{}, Enabled: true}
}

func TestCreatesWhatIsNotThere(t *testing.T) {
	s := &shelf{}
	if made, before, err := create(context.Background(), s.client(t), onlyPath, named("pump")); err != nil || before != nil || made.Revision != 1 {
		t.Errorf("%+v, %+v, %v", made, before, err)
	}
}

func TestTakesOverWhatAnEarlierCreateHasMade(t *testing.T) {
	s := &shelf{device: named("pump")}
	s.device.Revision = 7
	if _, before, err := create(context.Background(), s.client(t), onlyPath, named("pump")); err != nil || before == nil {
		t.Error(before, err)
	}
}

func TestLeavesAloneWhatSomebodyElseHasMade(t *testing.T) {
	s := &shelf{device: named("somebody else's")}
	_, _, err := create(context.Background(), s.client(t), onlyPath, named("pump"))
	if err == nil || !strings.Contains(err.Error(), "displayName") || !strings.Contains(err.Error(), "import") || s.puts != 0 {
		t.Errorf("%d puts, %v", s.puts, err)
	}
}

func TestUpdatesAfterAChangeThatDoesNotMatter(t *testing.T) {
	s := &shelf{device: named("pump")}
	s.device.Revision, s.device.Groups = 8, &[]string{"added by a membership"}
	made, err := update(context.Background(), s.client(t), onlyPath, 7, named("pump"), named("new name"))
	if err != nil || made.DisplayName != "new name" || len(*made.Groups) != 1 {
		t.Errorf("%+v, %v", made, err)
	}
}

func TestUpdatesAgainAfterALostAnswer(t *testing.T) {
	s := &shelf{device: named("new name")}
	s.device.Revision = 8
	if made, err := update(context.Background(), s.client(t), onlyPath, 7, named("pump"), named("new name")); err != nil || made.DisplayName != "new name" {
		t.Errorf("%+v, %v", made, err)
	}
}

func TestDoesNotOverwriteAChangeThatNobodyHasSeen(t *testing.T) {
	s := &shelf{device: named("changed by hand")}
	s.device.Revision = 8
	_, err := update(context.Background(), s.client(t), onlyPath, 7, named("pump"), named("new name"))
	if err == nil || !strings.Contains(err.Error(), "plan again") || s.device.DisplayName != "changed by hand" {
		t.Errorf("%+v, %v", s.device, err)
	}
}

func TestGivesUpWhatNeverRests(t *testing.T) {
	for _, wanted := range []string{"pump", "new name"} {
		s := &shelf{device: named("pump"), restless: true}
		s.device.Revision = 8
		_, err := update(context.Background(), s.client(t), onlyPath, 7, named("pump"), named(wanted))
		if err == nil || !strings.Contains(err.Error(), "nothing of it that Terraform manages; apply again") {
			t.Errorf("%v", err)
		}
	}
}

func TestSeesAChangeOfWhatTheConfigurationLeavesOut(t *testing.T) {
	prior, wanted := &client.TrustedCa{Enabled: true}, &client.TrustedCa{Enabled: false}
	present := &client.TrustedCa{Enabled: true, CrlURL: "http://crl.example"}
	if found := changedElsewhere(prior, wanted, present); !slices.Equal(found, []string{"crlUrl"}) {
		t.Errorf("changed by somebody else are %v", found)
	}
	pump := named("pump")
	pump.Groups = &[]string{}
	if found := changedElsewhere(pump, named("new name"), &client.Device{DisplayName: "pump", Enabled: true, Groups: &[]string{"g"}}); len(found) > 0 {
		t.Errorf("memberships are not managed, and a change of them is one of %v", found)
	}
}

func TestComparesAsTheApiMeansIt(t *testing.T) {
	wanted := &client.ClaimToken{Template: "t", AllowedCidrs: []string{"b", "a"}, MaxUses: 1, Secret: "s", Enabled: false}
	if found := differences(wanted, &client.ClaimToken{Template: "t", AllowedCidrs: []string{"a", "b"}, MaxUses: 1}); len(found) > 0 {
		t.Errorf("these are the same: %v", found)
	}
	if found := differences(wanted, &client.ClaimToken{Template: "t", AllowedCidrs: []string{"a"}, MaxUses: 2}); len(found) != 2 {
		t.Errorf("two fields differ, not %v", found)
	}
	if found := differences(&client.Device{Attributes: map[string]string{}}, &client.Device{Attributes: map[string]string{"a": "b"}}); len(found) != 1 {
		t.Errorf("an attribute too many is a difference, not %v", found)
	}
	for _, one := range []struct {
		name         string
		wanted, have any
		same         bool
	}{
		{"one instant in two zones", &client.ClaimToken{ExpiresAt: "2099-01-31T12:00:00+01:00"}, &client.ClaimToken{ExpiresAt: "2099-01-31T11:00:00Z"}, true},
		{"two instants", &client.ClaimToken{ExpiresAt: "2099-01-31T12:00:00Z"}, &client.ClaimToken{ExpiresAt: "2099-01-31T12:00:01Z"}, false},
		{"a time finer than the API keeps it", &client.ClaimToken{ExpiresAt: "2099-01-31T12:00:00.1239Z"}, &client.ClaimToken{ExpiresAt: "2099-01-31T12:00:00.123Z"}, true},
		{"two milliseconds", &client.ClaimToken{ExpiresAt: "2099-01-31T12:00:00.124Z"}, &client.ClaimToken{ExpiresAt: "2099-01-31T12:00:00.123Z"}, false},
		{"two line ends", &client.TrustedCa{CertificatePEM: "a\r\nb\r\n"}, &client.TrustedCa{CertificatePEM: "a\nb"}, true},
		{"one key set in two forms", &client.JwtIssuer{JwksJSON: `{"keys": []}`}, &client.JwtIssuer{JwksJSON: `{"keys":[]}`}, true},
		{"no revocation list, and one", &client.TrustedCa{}, &client.TrustedCa{CrlURL: "http://crl.example"}, false},
		{"no question about certificates, and one", &client.TrustedCa{}, &client.TrustedCa{Ocsp: &client.Ocsp{Mode: "hard"}}, false},
		{"no end, and one", &client.ClaimToken{}, &client.ClaimToken{ExpiresAt: "2099-01-31T12:00:00Z"}, false},
		{"the default authority, and another", &client.ProvisioningTemplate{}, &client.ProvisioningTemplate{CA: "plant"}, false},
		{"the default life, and another", &client.ProvisioningTemplate{}, &client.ProvisioningTemplate{ValidityHours: 1}, false},
		{"no rules, and rules without a content", &client.ProvisioningTemplate{CSRRules: &client.CSRRules{}}, &client.ProvisioningTemplate{}, true},
		{"no successor, and one", &client.IssuingCa{}, &client.IssuingCa{Successor: "next"}, false},
		{"groups that are not managed", &client.Device{}, &client.Device{Groups: &[]string{"g"}}, true},
		{"no groups, and one", &client.Device{Groups: &[]string{}}, &client.Device{Groups: &[]string{"g"}}, false},
		{"what only the broker says", &client.Group{}, &client.Group{Name: "g", MemberCount: 3, Revision: 7}, true},
		{"two key sets", &client.JwtIssuer{JwksJSON: `{"keys": []}`}, &client.JwtIssuer{JwksJSON: `{"keys":[{}]}`}, false},
	} {
		if found := differences(one.wanted, one.have); (len(found) == 0) != one.same {
			t.Errorf("%s differ in %v", one.name, found)
		}
	}
}
