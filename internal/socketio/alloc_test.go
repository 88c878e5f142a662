package socketio

import (
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"

	"parlor/internal/wsconn"
	"parlor/internal/wsconn/wstest"
)

// serveOn serves until the returned function is called.
func serveOn(l net.Listener, srv *Server) (stop func()) {
	web := &http.Server{Handler: srv}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = web.Serve(l) // always ends with an error
	}()
	return func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = srv.Shutdown(ctx)
		_ = web.Close()
		<-done
	}
}

// TestAllocationsOfARelayedMessage counts in a process of its own, where no other test allocates.
func TestAllocationsOfARelayedMessage(t *testing.T) {
	t.Parallel()
	if os.Getenv("SOCKETIO_COUNT") == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^TestAllocationsOfARelayedMessage$", "-test.v")
		cmd.Env = append(os.Environ(), "SOCKETIO_COUNT=1")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		t.Logf("%s", out)
		return
	}
	from, to, stop := relayPair(t)
	defer stop()
	for event, limit := range map[string]float64{"relay": 4, "room": 4} {
		frame := wstest.AppendFrame(nil, true, wsconn.OpText, []byte(`42["`+event+`",`+chat+`]`))
		buf := make([]byte, 512)
		const runs = 5000
		var before, after runtime.MemStats
		for i := range 2 * runs { // the first half warms the pools
			if i == runs {
				runtime.ReadMemStats(&before)
			}
			if _, err := from.Conn.Write(frame); err != nil {
				t.Fatal(err)
			}
			if _, _, err := to.ReadFrame(buf); err != nil {
				t.Fatal(err)
			}
		}
		runtime.ReadMemStats(&after)
		allocs := float64(after.Mallocs-before.Mallocs) / runs
		t.Logf("%s: %.2f allocations a message", event, allocs)
		if allocs > limit+0.2 && !raceEnabled {
			t.Errorf("%s: %.2f allocations a message, want at most %.0f", event, allocs, limit)
		}
	}
}
