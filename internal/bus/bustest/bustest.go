// Package bustest is the suite that every bus passes.
package bustest

import (
	"testing"

	"parlor/internal/bus"
	"parlor/internal/event"
)

// Payload is the payload of the kind "test".
type Payload struct{ N int }

// Codec knows the kind "test".
func Codec(k event.Kind) any {
	if k == "test" {
		return &Payload{}
	}
	return nil
}

// Run tests a bus. open returns two ends: the same bus twice for one node, or
// two nodes that see each other.
func Run(t *testing.T, open func(*testing.T) (one, two bus.Bus)) {
	t.Run("EveryNodeGetsItOnceInOrder", func(t *testing.T) {
		t.Parallel()
		one, two := open(t)
		const n = 500
		a, b := make(chan *event.Event, 2*n), make(chan *event.Event, 2*n)
		defer one.Subscribe(func(e *event.Event) { a <- e })()
		defer two.Subscribe(func(e *event.Event) { b <- e })()
		for i := range n {
			one.Publish(&event.Event{ID: "x", Tenant: "main", Kind: "test", To: []event.Topic{"t/main"}, Data: &Payload{N: i}})
		}
		one.Publish(&event.Event{ID: "end", Kind: "empty"})
		for name, c := range map[string]chan *event.Event{"publisher": a, "other": b} {
			for i := range n {
				e := <-c
				if p, ok := e.Data.(*Payload); !ok || p.N != i || e.Tenant != "main" || len(e.To) != 1 {
					t.Fatalf("%s: event %d is %+v", name, i, e)
				}
			}
			if e := <-c; e.ID != "end" || e.Data != nil {
				t.Fatalf("%s: got %+v after the last event: one came twice", name, e)
			}
		}
	})
	t.Run("CancelEndsDelivery", func(t *testing.T) {
		t.Parallel()
		one, _ := open(t)
		first, second := make(chan *event.Event, 4), make(chan *event.Event, 4)
		cancel := one.Subscribe(func(e *event.Event) { first <- e })
		defer one.Subscribe(func(e *event.Event) { second <- e })()
		cancel()
		cancel()
		one.Publish(&event.Event{ID: "a", Kind: "test", Data: &Payload{}})
		<-second
		if len(first) != 0 {
			t.Fatal("a cancelled subscriber got an event")
		}
	})
	t.Run("PublishAfterCloseDoesNothing", func(t *testing.T) {
		t.Parallel()
		one, _ := open(t)
		got := make(chan *event.Event, 1)
		one.Subscribe(func(e *event.Event) { got <- e })
		if err := one.Close(); err != nil {
			t.Fatal(err)
		}
		if err := one.Close(); err != nil {
			t.Fatal("a second Close must be fine:", err)
		}
		one.Publish(&event.Event{Kind: "test"})
		if len(got) != 0 {
			t.Fatal("delivered after Close")
		}
	})
}
