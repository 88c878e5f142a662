package recorder

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"parlor/internal/call"
	"parlor/internal/id"
)

// lines passes on what is logged.
type lines chan string

func (l lines) Write(b []byte) (int, error) {
	l <- string(b)
	return len(b), nil
}

// TestASilentCallGivesItsRoomBack: a call whose end was told nowhere near does not hold
// its place for ever.
func TestASilentCallGivesItsRoomBack(t *testing.T) {
	t.Parallel()
	said := make(lines, 8)
	r, err := Open(Options{Listen: "127.0.0.1:0", Dir: t.TempDir(), Most: 1, Idle: 20 * time.Millisecond, Log: slog.New(slog.NewTextHandler(said, nil)),
		Done: func(x call.Take) { t.Errorf("a file of nothing: %+v", x) }})
	if err != nil {
		t.Fatal(err)
	}
	c := call.Call{ID: id.Call(id.New()), Tenant: "main"}
	if !r.Begin(c) || r.Room() {
		t.Fatal("not begun")
	}
	if line := <-said; !strings.Contains(line, string(c.ID)) {
		t.Error(line)
	}
	if !r.Room() {
		t.Error("its place is taken still")
	}
	r.End(c.ID) // the end that comes late
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
}
