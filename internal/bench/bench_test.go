package bench

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"math"
	"os"
	"strings"
	"testing"

	"parlor/internal/account"
	"parlor/internal/errs"
	"parlor/internal/server/servertest"
)

// The idle phase against a server in this process: everybody connects, and the
// memory is the server's after a garbage collection.
func TestIdlePhase(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, map[string]string{"metrics-token": "meter"})
	s.Agent("lin@example.com", account.Member)
	var out bytes.Buffer
	err := Run(t.Context(), Options{URL: s.URL, Tokens: []string{s.Token("lin@example.com")}, Idle: 60, Pid: os.Getpid(), Meter: "meter", JSON: true}, &out)
	var r Result
	if err != nil || json.Unmarshal(out.Bytes(), &r) != nil || r.Idle == nil || r.Idle.Connections != 60 || r.Idle.LiveKBEach == 0 || math.Abs(r.Idle.LiveKBEach) > 4096 {
		t.Fatalf("%v %s", err, &out)
	}
	err = Run(t.Context(), Options{URL: s.URL, Idle: 20, Meter: "wrong"}, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "metrics: 401") {
		t.Fatal(err)
	}
	err = Run(t.Context(), Options{URL: s.URL, Idle: math.MaxInt32}, io.Discard)
	if errs.ReasonOf(err) != "too_few_files" {
		t.Fatal(err)
	}
}

func TestSumOfMetrics(t *testing.T) {
	t.Parallel()
	text := "# HELP a b\na 1024\nab 5\nb 2.048e+03\n"
	for names, want := range map[string]float64{"a": 1, "a b": 3, "b": 2} {
		if got, err := sum(bufio.NewScanner(strings.NewReader(text)), strings.Fields(names)...); err != nil || got != want {
			t.Errorf("%s: %v %v", names, got, err)
		}
	}
	if _, err := sum(bufio.NewScanner(strings.NewReader(text)), "a", "c"); err == nil {
		t.Error("a value that is not there counts as nothing")
	}
}

func TestSources(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{"http://127.0.0.1:8080": "127.0.0.4", "http://192.0.2.1": "<nil>", "http://chat.example": "<nil>"} {
		b := &bench{Options: Options{URL: address, Idle: 50_000}}
		if got := b.source(49_999).String(); got != want {
			t.Errorf("%s: %s", address, got)
		}
	}
	if got := (&bench{Options: Options{URL: "http://127.0.0.1", Idle: perAddress}}).source(0); got != nil {
		t.Error("few connections need no address of their own:", got)
	}
}
