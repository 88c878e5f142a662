package socketio

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"testing"
	"time"
)

// clientApp is the application that clienttest/client.mjs talks to.
func clientApp(t *testing.T, recovery time.Duration) *Server {
	srv := New(Options{
		RecoveryWindow: recovery, PingInterval: 5 * time.Second, PingTimeout: 5 * time.Second,
		AllowOrigin: func(*http.Request, string) bool { return true }, MaxConnsPerIP: -1,
	})
	n := srv.Of("/im/user", "/im/visitor")
	n.OnConnected(func(s *Socket) {
		q := s.Query()
		check(t, s.Emit("hello", map[string]any{
			"userid": q.Get("userid"), "orgi": q.Get("orgi"), "protocol": s.Protocol(), "name": s.Namespace(),
		}))
	})
	clientEvents(t, n)
	srv.Of("/closed").OnConnect(func(*Socket) error { return &ConnectError{Message: "not today"} })
	return srv
}

func clientEvents(t *testing.T, n *Namespace) {
	type args = []json.RawMessage
	n.On("echo", func(s *Socket, a args, _ func(...any)) { check(t, s.Emit("echo-back", Raw(a)...)) })
	n.On("ask", func(_ *Socket, a args, answer func(...any)) { answer(Raw(a)...) })
	n.On("transport", func(s *Socket, _ args, answer func(...any)) { answer(s.Transport()) })
	n.On("rooms", func(s *Socket, _ args, answer func(...any)) { answer(s.Rooms()) })
	n.On("call-me", func(s *Socket, a args, _ func(...any)) {
		out, err := s.EmitAck(context.Background(), "question", a[0])
		check(t, err)
		check(t, s.Emit("answered", Raw(out)...))
	})
	n.On("room", func(s *Socket, a args, _ func(...any)) {
		check(t, s.Join("lobby"))
		check(t, n.To("lobby", s.ID()).Emit("in-room", a[0]))
		s.Leave("lobby")
	})
	n.On("kick", func(s *Socket, _ args, _ func(...any)) { s.Disconnect(true) })
	n.On("drop", func(s *Socket, _ args, _ func(...any)) { s.client.conn.Close("dropped") })
	n.On("drop-and-miss", func(s *Socket, _ args, _ func(...any)) {
		check(t, s.Join("desk"))
		s.client.conn.Close("dropped")
		for i := 1; i <= 3; i++ {
			check(t, n.To("desk").Emit("missed", i))
			check(t, n.To("elsewhere").Emit("missed", -i))
		}
	})
}

func check(t *testing.T, err error) {
	if err != nil && err != ErrClosed { //nolint:errorlint // returned bare
		t.Errorf("server: %v", err)
	}
}

func TestOriginalClients(t *testing.T) {
	t.Parallel()
	if os.Getenv("PARLOR_TEST_NO_CLIENTS") == "1" {
		t.Skip("PARLOR_TEST_NO_CLIENTS=1: the original clients are not run")
	}
	if _, err := os.Stat("clienttest/node_modules"); err != nil {
		t.Fatal("clienttest/node_modules is missing: run `make deps`, or set PARLOR_TEST_NO_CLIENTS=1")
	}
	for _, lib := range []string{"sio1", "sio2", "sio4"} {
		for _, mode := range []string{"polling", "websocket", "upgrade"} {
			t.Run(lib+"/"+mode, func(t *testing.T) {
				t.Parallel()
				srv, recovering := clientApp(t, 0), clientApp(t, time.Minute)
				web, web2 := httptest.NewServer(srv), httptest.NewServer(recovering)
				defer web.Close()
				defer web2.Close()
				ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
				defer cancel()
				cmd := exec.CommandContext(ctx, "node", "client.mjs", lib, mode, web.URL, web2.URL)
				cmd.Dir = "clienttest"
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Errorf("%v\n%s", err, out)
				}
				if err := errors.Join(srv.Shutdown(ctx), recovering.Shutdown(ctx)); err != nil {
					t.Errorf("shutdown: %v", err)
				}
			})
		}
	}
}
