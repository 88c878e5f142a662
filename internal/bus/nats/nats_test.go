package nats_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	natsclient "github.com/nats-io/nats.go"

	"parlor/internal/bus"
	"parlor/internal/bus/bustest"
	"parlor/internal/bus/nats"
	"parlor/internal/errs"
	"parlor/internal/event"
)

func start(t *testing.T) string {
	t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, NoLog: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("the NATS server did not start")
	}
	return s.ClientURL()
}

func open(t *testing.T, url, node string) *nats.Bus {
	t.Helper()
	b, err := nats.Open(url, node, bustest.Codec, slog.New(slog.DiscardHandler))
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

func TestBus(t *testing.T) {
	t.Parallel()
	bustest.Run(t, func(t *testing.T) (bus.Bus, bus.Bus) {
		url := start(t)
		return open(t, url, "one"), open(t, url, "two")
	})
}

func TestForeignGarbageIsIgnored(t *testing.T) {
	t.Parallel()
	url := start(t)
	b := open(t, url, "one")
	raw, err := natsclient.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	got := make(chan *event.Event, 8)
	defer b.Subscribe(func(e *event.Event) { got <- e })()
	for _, s := range []string{"", "not json", `{"n":"x","k":"nobody.knows","d":{}}`, `{"n":"x","k":"test","d":[1]}`} {
		if err := raw.Publish("parlor.events", []byte(s)); err != nil {
			t.Fatal(err)
		}
	}
	ok, _ := json.Marshal(map[string]any{"n": "x", "i": "last", "k": "test", "d": map[string]any{"N": 7}})
	if err := raw.Publish("parlor.events", ok); err != nil {
		t.Fatal(err)
	}
	if err := raw.Flush(); err != nil {
		t.Fatal(err)
	}
	if e := <-got; e.ID != "last" || e.Data.(*bustest.Payload).N != 7 {
		t.Fatalf("got %+v", e)
	}
}

func TestUnreachable(t *testing.T) {
	t.Parallel()
	_, err := nats.Open("nats://127.0.0.1:1", "one", bustest.Codec, slog.New(slog.DiscardHandler))
	if errs.CodeOf(err) != errs.Unavailable {
		t.Fatalf("got %v, want unavailable", err)
	}
}

func TestPing(t *testing.T) {
	t.Parallel()
	b := open(t, start(t), "one")
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := b.Ping(ctx); err != nil {
		t.Fatal(err)
	}
}
