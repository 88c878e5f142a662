package contracttest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// Receiver takes webhooks.
type Receiver struct {
	t    *testing.T
	URL  string
	got  chan Answer
	last http.Header
}

// NewReceiver starts one.
func NewReceiver(t *testing.T) *Receiver {
	r := &Receiver{t: t, got: make(chan Answer, 100)}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, err := io.ReadAll(q.Body)
		if err != nil {
			t.Error(err)
		}
		_, _ = io.WriteString(w, "crm says hello") // the client may have gone
		r.got <- Answer{t, 0, string(body), q.Header}
	}))
	t.Cleanup(s.Close)
	r.URL = s.URL
	return r
}

// Next waits for the next webhook.
func (r *Receiver) Next(kind string) Answer {
	r.t.Helper()
	select {
	case a := <-r.got:
		if a.Get("type") != kind {
			r.t.Fatalf("got %s, want %s", a.Text, kind)
		}
		return a
	case <-time.After(20 * time.Second):
		r.t.Fatal("no webhook of type " + kind)
		return Answer{}
	}
}
