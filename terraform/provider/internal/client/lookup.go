package client

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"
)

const (
	// lookupMax is the most devices that one request asks for.
	lookupMax = 100
	// lookupPause is the least time between the beginnings of two requests. A device that is asked for alone does not wait.
	lookupPause = 25 * time.Millisecond
)

// lookups gathers questions for single devices that come at the same time into one request. It remembers nothing: an answer is always
// of a request that began after the question had come.
type lookups struct {
	lock    sync.Mutex
	waiting map[string][]chan<- looked
	busy    bool
}

type looked struct {
	found *DeviceFound
	err   error
}

// DeviceWith reads a device and the newest of its certificates of a name, nil if it has none. Of a device that does not exist the error
// is the same as that of Get.
func (c *Client) DeviceWith(ctx context.Context, id, certificate string) (*DeviceFound, error) {
	answer := make(chan looked, 1)
	l := c.lookupsOf(certificate)
	l.lock.Lock()
	l.waiting[id] = append(l.waiting[id], answer)
	starts := !l.busy
	l.busy = true
	l.lock.Unlock()
	if starts {
		go c.lookUp(context.WithoutCancel(ctx), l, certificate)
	}
	select {
	case one := <-answer:
		return one.found, one.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// lookupsOf gives those for certificates of one name.
func (c *Client) lookupsOf(certificate string) *lookups {
	made, _ := c.lookups.LoadOrStore(certificate, &lookups{waiting: map[string][]chan<- looked{}})
	return made.(*lookups)
}

// lookUp answers until nobody waits.
func (c *Client) lookUp(ctx context.Context, l *lookups, certificate string) {
	for {
		begin := time.Now()
		asked := l.take()
		if len(asked) == 0 {
			return
		}
		c.answer(ctx, asked, certificate)
		time.Sleep(time.Until(begin.Add(lookupPause)))
	}
}

// take gives those who wait; none: nobody looks after those who come from now on.
func (l *lookups) take() map[string][]chan<- looked {
	l.lock.Lock()
	defer l.lock.Unlock()
	taken := map[string][]chan<- looked{}
	for id, waiting := range l.waiting {
		if len(taken) == lookupMax {
			break
		}
		taken[id] = waiting
		delete(l.waiting, id)
	}
	l.busy = len(taken) > 0
	return taken
}

func (c *Client) answer(ctx context.Context, asked map[string][]chan<- looked, certificate string) {
	question := DeviceLookup{Certificate: certificate}
	for id := range asked {
		question.IDs = append(question.IDs, id)
	}
	var found DevicesFound
	err := c.Post(ctx, "/devices/lookup", question, &found)
	if hasStatus(err, http.StatusUnprocessableEntity) || hasStatus(err, http.StatusMethodNotAllowed) {
		c.answerEach(ctx, asked, certificate) // the broker allows fewer in a request, or does not know of this one
		return
	}
	devices := map[string]*DeviceFound{}
	for i := range found.Items {
		devices[found.Items[i].Device.ID] = &found.Items[i]
	}
	for id, waiting := range asked {
		one := looked{devices[id], err}
		if err == nil && one.found == nil {
			one.err = &Problem{Type: notFound, Status: http.StatusNotFound, Detail: fmt.Sprintf("there is no device %q", id)}
		}
		for _, answer := range waiting {
			answer <- one
		}
	}
}

// answerEach asks for one after the other.
func (c *Client) answerEach(ctx context.Context, asked map[string][]chan<- looked, certificate string) {
	for id, waiting := range asked {
		found := &DeviceFound{Certificate: new(Certificate)}
		err := c.Get(ctx, "/devices/"+url.PathEscape(id), &found.Device)
		if err == nil {
			err = c.Get(ctx, "/devices/"+url.PathEscape(id)+"/certificates/"+url.PathEscape(certificate), found.Certificate)
			if IsNotFound(err) {
				found.Certificate, err = nil, nil
			}
		}
		for _, answer := range waiting {
			answer <- looked{found, err}
		}
	}
}
