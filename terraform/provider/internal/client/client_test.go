package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// answering starts a server, and a client of it that has so much patience.
func answering(t *testing.T, patience time.Duration, handler http.HandlerFunc) *Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	made, err := New(Config{Endpoint: server.URL, Token: "the-token", Patience: patience, Timeout: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestRepeatsWhatWasNotAnswered(t *testing.T) {
	var requests atomic.Int32
	c := answering(t, time.Minute, func(w http.ResponseWriter, r *http.Request) {
		switch requests.Add(1) {
		case 1:
			panic(http.ErrAbortHandler) // the connection ends without an answer
		case 2:
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			_, _ = w.Write([]byte(`{"group": "g", "device": "d"}`))
		}
	})
	var member Member
	if err := c.Put(context.Background(), "/groups/g/members/d", Always, nil, &member); err != nil || member.Device != "d" {
		t.Errorf("%+v, %v", member, err)
	}
	if requests.Load() != 3 {
		t.Errorf("%d requests, not 3", requests.Load())
	}
}

func TestGivesUpWhenPatienceEnds(t *testing.T) {
	var requests atomic.Int32
	c := answering(t, 0, func(http.ResponseWriter, *http.Request) {
		requests.Add(1)
		panic(http.ErrAbortHandler)
	})
	err := c.Put(context.Background(), "/devices/d", Always, Device{}, nil)
	if err == nil || !strings.Contains(err.Error(), "no answer from") {
		t.Errorf("%v", err)
	}
}

func TestDoesNotRepeatWhatWasRefused(t *testing.T) {
	var requests atomic.Int32
	c := answering(t, time.Minute, func(w http.ResponseWriter, _ *http.Request) {
		requests.Add(1)
		w.WriteHeader(http.StatusConflict)
		_ = json.NewEncoder(w).Encode(Problem{Status: 409, Detail: "the group has members", Errors: []ProblemField{{Pointer: "/name", Detail: "still used"}}})
	})
	err := c.Delete(context.Background(), "/groups/g")
	if !IsConflict(err) || err.Error() != "the group has members\n/name: still used" || requests.Load() != 1 {
		t.Errorf("%d requests, %v", requests.Load(), err)
	}
}

func TestSendsCredentialConditionAndBody(t *testing.T) {
	c := answering(t, 0, func(w http.ResponseWriter, r *http.Request) {
		var device Device
		if err := json.NewDecoder(r.Body).Decode(&device); err != nil || device.DisplayName != "Pump" {
			t.Errorf("body %+v, %v", device, err)
		}
		for name, want := range map[string]string{"Authorization": "Bearer the-token", "If-Match": `"42"`, "Content-Type": "application/json"} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("%s is %q, not %q", name, got, want)
			}
		}
		if r.URL.EscapedPath() != "/api/v1/devices/a%2Fb" {
			t.Errorf("path %s", r.URL.EscapedPath())
		}
	})
	if err := c.Put(context.Background(), "/devices/a%2Fb", OnlyRevision(42), Device{DisplayName: "Pump"}, nil); err != nil {
		t.Error(err)
	}
}

func TestFollowsNoRedirectWithTheToken(t *testing.T) {
	c := answering(t, 0, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "elsewhere") {
			t.Error("the redirect is followed")
		}
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
	})
	if err := c.Get(context.Background(), "/devices/d", &Device{}); err == nil {
		t.Error("a redirect is taken for an answer")
	}
}

func TestDeletesWhatIsGoneAlready(t *testing.T) {
	c := answering(t, 0, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		_ = json.NewEncoder(w).Encode(Problem{Type: "urn:signalbox:problem:not-found", Status: 404, Detail: "there is no device \"d\""})
	})
	if err := c.Delete(context.Background(), "/devices/d"); err != nil {
		t.Error(err)
	}
}

func TestTakesNobodyElsesWordThatSomethingIsGone(t *testing.T) {
	for name, body := range map[string]string{
		"nothing":                   "",
		"a proxy":                   "404 page not found\n",
		"a problem of another kind": `{"type": "about:blank", "title": "Not Found", "status": 404, "detail": "nothing is here"}`,
		"a problem without a type":  `{"title": "Not Found", "status": 404, "detail": "nothing is here"}`,
		"the broker, elsewhere":     `{"type": "urn:signalbox:problem:no-such-operation", "status": 404, "detail": "nothing is here"}`,
	} {
		c := answering(t, 0, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNotFound)
			_, _ = w.Write([]byte(body))
		})
		_, found := c.DeviceWith(context.Background(), "d", "main")
		for _, err := range []error{c.Delete(context.Background(), "/devices/d"), c.Get(context.Background(), "/devices/d", &Device{}), found} {
			if err == nil || IsNotFound(err) || !strings.Contains(err.Error(), "404 Not Found") || !strings.Contains(err.Error(), "endpoint") {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func TestTakesNoPageOfAProxyForDone(t *testing.T) {
	c := answering(t, 0, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>back in a minute</html>")) })
	for what, err := range map[string]error{
		"a deletion": c.Delete(context.Background(), "/devices/d"),
		"a change":   c.Put(context.Background(), "/groups/g/members/d", Always, nil, nil),
	} {
		if err == nil || !strings.Contains(err.Error(), "not what the API promises") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestListsAllPagesUpToABound(t *testing.T) {
	c := answering(t, 0, func(w http.ResponseWriter, r *http.Request) {
		page := Page[Device]{Items: []Device{{ID: "a" + r.URL.Query().Get("cursor")}, {ID: "b"}}, Next: "x"}
		if r.URL.Query().Get("cursor") == "x" {
			page.Next = ""
		}
		_ = json.NewEncoder(w).Encode(page)
	})
	if all, complete, err := List[Device](context.Background(), c, "/devices", nil, 4); len(all) != 4 || !complete || err != nil {
		t.Errorf("%v, %v, %v", all, complete, err)
	}
	if all, complete, err := List[Device](context.Background(), c, "/devices", nil, 3); len(all) != 3 || complete || err != nil {
		t.Errorf("%v, %v, %v", all, complete, err)
	}
}

func TestRefusesAConfigurationThatCannotBeSafe(t *testing.T) {
	for _, config := range []Config{
		{Endpoint: ""},
		{Endpoint: "localhost:8443"},
		{Endpoint: "http://broker.example"},
		{Endpoint: "https://user:password@broker.example"},
		{Endpoint: "https://broker.example?x=y"},
		{Endpoint: "https://broker.example", CAPEM: "no certificate"},
		{Endpoint: "https://broker.example", CertificatePEM: "without a key"},
	} {
		if _, err := New(config); err == nil {
			t.Errorf("%+v is accepted", config)
		}
	}
}
