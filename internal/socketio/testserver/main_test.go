package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"parlor/internal/socketio/engineio"
	"parlor/internal/wsconn/wstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestBothServers drives each server once over WebSocket, the way the suites do.
func TestBothServers(t *testing.T) {
	t.Parallel()
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	eio, sio := engineio.NewServer(engineOptions(log), echo{}), socketServer(log)
	cases := []struct {
		name     string
		handler  http.Handler
		shutdown func(context.Context) error
		path     string
		talk     []string // sent and expected in turn; - for nothing to send
	}{
		{"Engine", eio, eio.Shutdown, "/engine.io/?EIO=4&transport=websocket", []string{"4hello", "4hello"}},
		{"Socket", sio, sio.Shutdown, "/socket.io/?EIO=4&transport=websocket", []string{
			`40/custom,{"token":"abc"}`, "40/custom,{", "-", `42/custom,["auth",{"token":"abc"}]`,
			`42/custom,["message",1,[true]]`, `42/custom,["message-back",1,[true]]`,
			`42/custom,7["message-with-ack","x"]`, `43/custom,7["x"]`,
		}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			web := httptest.NewServer(tc.handler)
			defer web.Close()
			c, _, err := wstest.Dial("ws"+strings.TrimPrefix(web.URL, "http")+tc.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if open, err := c.ReadText(); err != nil || !strings.Contains(open, `"pingInterval":300,"pingTimeout":200,"maxPayload":1000000`) {
				t.Fatalf("open packet %q %v", open, err)
			}
			for i := 0; i < len(tc.talk); i += 2 {
				if tc.talk[i] != "-" {
					if err := c.Text(tc.talk[i]); err != nil {
						t.Fatal(err)
					}
				}
				got, err := c.ReadText()
				for err == nil && got == "2" { // a heartbeat
					got, err = c.ReadText()
				}
				if err != nil || !strings.HasPrefix(got, tc.talk[i+1]) {
					t.Fatalf("got %q %v, want %q", got, err, tc.talk[i+1])
				}
			}
			_ = c.Close()
			if err := tc.shutdown(t.Context()); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := run(ctx, "127.0.0.1:0", ""); err != nil {
		t.Fatal(err)
	}
	if err := run(ctx, "not an address", ""); err == nil {
		t.Fatal("a bad address was accepted")
	}
}

// TestHandshakeAnswerTravelsAlone holds the server in the gap: the answer has arrived by then, the open packet has not.
func TestHandshakeAnswerTravelsAlone(t *testing.T) {
	t.Parallel()
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	eio := engineio.NewServer(engineOptions(log), echo{})
	answered, release := make(chan struct{}), make(chan struct{})
	web := httptest.NewServer(apart(eio, func() { close(answered); <-release }))
	defer web.Close()
	c, _, err := wstest.Dial("ws"+strings.TrimPrefix(web.URL, "http")+"/engine.io/?EIO=3&transport=websocket", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	<-answered
	if n := c.Reader.Buffered(); n != 0 {
		t.Fatalf("%d bytes came with the answer", n)
	}
	close(release)
	if open, err := c.ReadText(); err != nil || !strings.HasPrefix(open, "0{") {
		t.Fatalf("open packet %q %v", open, err)
	}
	_ = c.Close()
	if err := eio.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestUpgradeIsNotHeldUp checks that only new sessions get the gap: in an upgrade the client speaks first, and what it
// sends must not wait.
func TestUpgradeIsNotHeldUp(t *testing.T) {
	t.Parallel()
	eio := engineio.NewServer(engineOptions(slog.New(slog.DiscardHandler)), echo{})
	web := httptest.NewServer(apart(eio, func() { t.Error("paused") }))
	defer web.Close()
	resp, err := http.Get(web.URL + "/engine.io/?EIO=4&transport=polling")
	if err != nil {
		t.Fatal(err)
	}
	var open struct{ SID string }
	body, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(body[1:], &open); err != nil {
		t.Fatalf("%v in %q", err, body)
	}
	c, _, err := wstest.Dial("ws"+strings.TrimPrefix(web.URL, "http")+
		"/engine.io/?EIO=4&transport=websocket&sid="+open.SID, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Text("2probe"); err != nil {
		t.Fatal(err)
	}
	if got, err := c.ReadText(); err != nil || got != "3probe" {
		t.Fatalf("got %q %v", got, err)
	}
	_ = c.Close()
	if err := eio.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
}
