package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// registry answers lookups of devices d-0 to d-499, of which those with even numbers have certificates. The display name says how many
// requests had come when it was read.
type registry struct {
	lookups, gets atomic.Int64
	most          atomic.Int64
	// before is called before each lookup is answered.
	before func(number int64)
	// refuses is a status that lookups get instead of an answer.
	refuses int
}

func (r *registry) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	path := strings.TrimPrefix(request.URL.Path, "/api/v1/devices/")
	if path == "lookup" {
		r.lookUp(w, request)
		return
	}
	r.gets.Add(1)
	id, of, named := strings.Cut(path, "/certificates/")
	device := r.find(id)
	switch {
	case device == nil || (named && (device.Certificate == nil || of != "main")):
		w.WriteHeader(http.StatusNotFound)
		_ = json.NewEncoder(w).Encode(Problem{Type: notFound, Status: 404, Detail: "there is no such thing"})
	case named:
		_ = json.NewEncoder(w).Encode(device.Certificate)
	default:
		_ = json.NewEncoder(w).Encode(device.Device)
	}
}

func (r *registry) lookUp(w http.ResponseWriter, request *http.Request) {
	number := r.lookups.Add(1)
	if r.before != nil {
		r.before(number)
	}
	if r.refuses != 0 {
		w.WriteHeader(r.refuses)
		_ = json.NewEncoder(w).Encode(Problem{Status: r.refuses, Detail: "no lookups"})
		return
	}
	var asked DeviceLookup
	_ = json.NewDecoder(request.Body).Decode(&asked)
	r.most.Store(max(r.most.Load(), int64(len(asked.IDs))))
	found := DevicesFound{Items: []DeviceFound{}}
	for _, id := range asked.IDs {
		if one := r.find(id); one != nil {
			one.Device.DisplayName = fmt.Sprint(number)
			found.Items = append(found.Items, *one)
		}
	}
	_ = json.NewEncoder(w).Encode(found)
}

func (r *registry) find(id string) *DeviceFound {
	var number int
	if _, err := fmt.Sscanf(id, "d-%d", &number); err != nil || number >= 500 {
		return nil
	}
	found := &DeviceFound{Device: Device{ID: id}}
	if number%2 == 0 {
		found.Certificate = &Certificate{Device: id, Name: "main"}
	}
	return found
}

// asksForAll asks for all devices of a registry and some that it does not have, all at the same time.
func asksForAll(t *testing.T, c *Client) {
	t.Helper()
	var all sync.WaitGroup
	for i := range 510 {
		all.Add(1)
		go func() {
			defer all.Done()
			id := fmt.Sprintf("d-%d", i)
			found, err := c.DeviceWith(context.Background(), id, "main")
			switch {
			case i >= 500:
				if !IsNotFound(err) {
					t.Errorf("%s: %v", id, err)
				}
			case err != nil || found.Device.ID != id || (found.Certificate != nil) != (i%2 == 0):
				t.Errorf("%s: %+v, %v", id, found, err)
			case found.Certificate != nil && found.Certificate.Device != id:
				t.Errorf("%s has the certificate of %s", id, found.Certificate.Device)
			}
		}()
	}
	all.Wait()
}

func TestGathersQuestionsThatComeAtTheSameTime(t *testing.T) {
	answered := &registry{}
	asksForAll(t, answering(t, 0, answered.ServeHTTP))
	if answered.gets.Load() != 0 || answered.lookups.Load() > 255 || answered.most.Load() > lookupMax {
		t.Errorf("%d lookups of %d devices at most, and %d other requests", answered.lookups.Load(), answered.most.Load(), answered.gets.Load())
	}
}

func TestAsksForEachWhereThereAreNoLookups(t *testing.T) {
	for _, status := range []int{http.StatusUnprocessableEntity, http.StatusMethodNotAllowed} {
		answered := &registry{refuses: status}
		asksForAll(t, answering(t, 0, answered.ServeHTTP))
		if answered.gets.Load() != 500+500+10 {
			t.Errorf("%d requests", answered.gets.Load())
		}
	}
}

func TestAnAnswerIsNeverOlderThanItsQuestion(t *testing.T) {
	arrived, goOn := make(chan struct{}), make(chan struct{})
	answered := &registry{before: func(number int64) {
		if number == 1 {
			close(arrived)
			<-goOn
		}
	}}
	c := answering(t, 0, answered.ServeHTTP)
	var seen []string
	var lock sync.Mutex
	var all sync.WaitGroup
	ask := func() {
		defer all.Done()
		found, err := c.DeviceWith(context.Background(), "d-1", "main")
		if err != nil {
			t.Error(err)
			return
		}
		lock.Lock()
		seen = append(seen, found.Device.DisplayName)
		lock.Unlock()
	}
	all.Add(2)
	go ask()
	<-arrived // the first request is at the broker: what is asked now has to be read anew, though it is of the same device
	go ask()
	for !c.lookupsOf("main").awaits("d-1") {
	}
	close(goOn)
	all.Wait()
	slices.Sort(seen)
	if !slices.Equal(seen, []string{"1", "2"}) {
		t.Errorf("the two questions were answered by the requests %v", seen)
	}
}

func (l *lookups) awaits(id string) bool {
	l.lock.Lock()
	defer l.lock.Unlock()
	return len(l.waiting[id]) > 0
}

func TestAFailureReachesAllWhoAsked(t *testing.T) {
	answered := &registry{refuses: http.StatusForbidden}
	c := answering(t, 0, answered.ServeHTTP)
	var all sync.WaitGroup
	for i := range 50 {
		all.Add(1)
		go func() {
			defer all.Done()
			if _, err := c.DeviceWith(context.Background(), fmt.Sprintf("d-%d", i), "main"); !hasStatus(err, http.StatusForbidden) {
				t.Errorf("%v", err)
			}
		}()
	}
	all.Wait()
}
