package embedded_test

import (
	"context"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"parlor/internal/bus"
	"parlor/internal/bus/bustest"
	"parlor/internal/bus/embedded"
	"parlor/internal/errs"
	"parlor/internal/event"
)

const secret = "0123456789abcdef"

func open(t *testing.T, name, key string, peers ...string) *embedded.Bus {
	t.Helper()
	b, err := embedded.Open(embedded.Options{Listen: "127.0.0.1:0", Peers: peers, Secret: key, Node: name}, bustest.Codec, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// met waits until an event of each bus arrives at the other.
func met(t *testing.T, one, two bus.Bus) {
	t.Helper()
	for _, way := range [][2]bus.Bus{{one, two}, {two, one}} {
		got := make(chan struct{}, 1024)
		cancel := way[1].Subscribe(func(e *event.Event) {
			if e.ID == "hello" {
				got <- struct{}{}
			}
		})
		deadline, tick := time.After(20*time.Second), time.NewTicker(20*time.Millisecond)
		for arrived := false; !arrived; {
			way[0].Publish(&event.Event{ID: "hello", Kind: "empty"})
			select {
			case <-got:
				arrived = true
			case <-tick.C:
			case <-deadline:
				t.Fatal("the nodes do not find each other")
			}
		}
		tick.Stop()
		cancel()
	}
	// What is still on its way is behind this: order is kept for one publisher.
	for _, way := range [][2]bus.Bus{{one, two}, {two, one}} {
		end := make(chan struct{})
		cancel := way[1].Subscribe(func(e *event.Event) {
			if e.ID == "met" {
				close(end)
			}
		})
		way[0].Publish(&event.Event{ID: "met", Kind: "empty"})
		<-end
		cancel()
	}
}

func TestBus(t *testing.T) {
	t.Parallel()
	bustest.Run(t, func(t *testing.T) (bus.Bus, bus.Bus) {
		one := open(t, "one", secret)
		two := open(t, "two", secret, one.Addr())
		met(t, one, two)
		return one, two
	})
}

func TestNodesTellEachOther(t *testing.T) {
	t.Parallel()
	one := open(t, "one", secret)
	two := open(t, "two", secret, one.Addr())
	three := open(t, "three", secret, one.Addr())
	met(t, two, three)
	if two.Peers() != 2 {
		t.Fatalf("%d peers", two.Peers())
	}
}

func TestWrongSecretIsTurnedAway(t *testing.T) {
	t.Parallel()
	one := open(t, "one", secret)
	got := make(chan *event.Event, 8)
	defer one.Subscribe(func(e *event.Event) { got <- e })()
	evil := open(t, "evil", "fedcba9876543210", one.Addr())
	two := open(t, "two", secret, one.Addr())
	evil.Publish(&event.Event{ID: "evil", Kind: "empty"})
	met(t, two, one) // by now the other one would have got in, too
	if evil.Peers() != 0 || one.Peers() != 1 {
		t.Fatalf("%d and %d peers", evil.Peers(), one.Peers())
	}
	for len(got) > 0 {
		if e := <-got; e.ID == "evil" {
			t.Fatal("an event of a stranger arrived")
		}
	}
}

func TestNobodyListensToClients(t *testing.T) {
	t.Parallel()
	one := open(t, "one", secret)
	c, err := net.Dial("tcp", one.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write([]byte("CONNECT {\"verbose\":true}\r\nSUB parlor.events 1\r\nPING\r\n")); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 4096)
	var said strings.Builder
	for {
		n, err := c.Read(buf)
		said.Write(buf[:n])
		if err != nil {
			break
		}
	}
	if strings.Contains(said.String(), "PONG") || !strings.Contains(said.String(), "Authorization") {
		t.Fatalf("a client without the secret is served: %q", said.String())
	}
}

func TestTakenAddressAndPeersThatAreAway(t *testing.T) {
	t.Parallel()
	one := open(t, "one", secret)
	_, err := embedded.Open(embedded.Options{Listen: one.Addr(), Secret: secret, Node: "two"}, bustest.Codec, slog.New(slog.DiscardHandler))
	if errs.ReasonOf(err) != "cluster_listen" {
		t.Fatalf("%v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := one.Ping(ctx); err != nil {
		t.Fatalf("a single node is at fault: %v", err)
	}
	if err := embedded.Reach(ctx, []string{one.Addr()}); err != nil {
		t.Fatal(err)
	}
	if err := embedded.Reach(ctx, []string{"127.0.0.1:1", one.Addr()}); errs.CodeOf(err) != errs.Unavailable || !strings.Contains(errs.MessageOf(err), "127.0.0.1:1") {
		t.Fatalf("%v", err)
	}
}
