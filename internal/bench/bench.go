// Package bench measures a running Parlor through its real protocols: visitors
// and agents on Socket.IO, log-ins over REST. Latencies are counted from the
// time a message was due, not from when it could be sent, so that a slow server
// cannot hide what it delays.
package bench

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"parlor/internal/errs"
)

// Options say what is measured where.
type Options struct {
	// URL is the server, http://host:port.
	URL string
	// Tokens are access tokens of agents who may take many conversations.
	Tokens []string
	// Idle is how many visitor connections are held without traffic.
	Idle int
	// Hold is how many seconds they are held after they were measured.
	Hold int
	// Visitors is how many visitors talk.
	Visitors int
	// Seconds is the length of each relay phase.
	Seconds int
	// Rate is the messages a second of the latency phase; 0 takes half of what
	// the throughput phase reached.
	Rate int
	// Routed is how many visitors start at once in the routing phase.
	Routed int
	// Pid is the server's process, for its memory; 0 leaves memory out.
	Pid int
	// Meter is the server's metrics token. With it the server collects its garbage
	// before each look at its memory, without which growth hides in free heap.
	Meter string
	// JSON prints one object instead of lines.
	JSON bool
}

// Flags reads the command line of `parlor bench`.
func Flags(args []string, out io.Writer) (Options, error) {
	var o Options
	fs := flag.NewFlagSet("parlor bench", flag.ContinueOnError)
	fs.SetOutput(out)
	fs.StringVar(&o.URL, "url", "http://127.0.0.1:8080", "server to measure; it should run with --rate-limits off")
	fs.Func("token", "access token of an agent (parlor token add); may be repeated", func(v string) error { o.Tokens = append(o.Tokens, v); return nil })
	fs.IntVar(&o.Idle, "idle", 5000, "visitor connections held without traffic")
	fs.IntVar(&o.Hold, "hold", 0, "seconds for which the idle connections stay after they were measured, so that several programs can hold theirs at once")
	fs.IntVar(&o.Visitors, "visitors", 500, "visitors who talk")
	fs.IntVar(&o.Seconds, "seconds", 10, "length of each relay phase")
	fs.IntVar(&o.Rate, "rate", 0, "messages a second of the latency phase; 0: half of the throughput reached")
	fs.IntVar(&o.Routed, "routed", 2000, "visitors who start at once in the routing phase")
	fs.IntVar(&o.Pid, "pid", 0, "process of the server, to read its memory")
	fs.StringVar(&o.Meter, "metrics-token", "", "the server's metrics-token: its memory is then read after a garbage collection")
	fs.BoolVar(&o.JSON, "json", false, "print one JSON object")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	if len(o.Tokens) == 0 || fs.NArg() > 0 {
		fmt.Fprintln(out, "parlor bench: at least one --token is needed, and nothing but flags")
		return o, flag.ErrHelp
	}
	return o, nil
}

// Result is everything that was measured.
type Result struct {
	Idle    *IdleResult    `json:"idle,omitempty"`
	Relay   *RelayResult   `json:"relay,omitempty"`
	Latency *LatencyResult `json:"latency,omitempty"`
	Routing *RoutingResult `json:"routing,omitempty"`
}

// IdleResult is what silent connections cost.
type IdleResult struct {
	Connections int `json:"connections"`
	// Seconds is how long it took to connect them.
	Seconds float64 `json:"seconds"`
	// KBEach is the growth of the server's resident memory for each connection, 0
	// without Pid. LiveKBEach is that of live heap and stacks, 0 without Meter. Both
	// are counted from the first twentieth of the connections on, behind which the
	// server has made what it makes once.
	KBEach     float64 `json:"kbEach,omitempty"`
	LiveKBEach float64 `json:"liveKbEach,omitempty"`
}

// RelayResult is how much goes through when everybody writes as fast as
// acknowledgements come.
type RelayResult struct {
	Visitors int     `json:"visitors"`
	Messages int     `json:"messages"`
	PerSec   float64 `json:"perSecond"`
	// CPUMicros is the server's processor time for each message, which does not
	// depend on what else the machine does; 0 without Pid.
	CPUMicros float64 `json:"cpuMicros,omitempty"`
}

// LatencyResult is how long a message takes from the time it was due until the
// agent has it, at a fixed rate.
type LatencyResult struct {
	Rate     int     `json:"rate"`
	Messages int     `json:"messages"`
	P50      float64 `json:"p50ms"`
	P99      float64 `json:"p99ms"`
	P999     float64 `json:"p999ms"`
	Max      float64 `json:"maxms"`
}

// RoutingResult is how fast visitors who come at once are assigned.
type RoutingResult struct {
	Visitors int     `json:"visitors"`
	Seconds  float64 `json:"seconds"`
	PerSec   float64 `json:"perSecond"`
}

// Run measures and prints the result to out.
func Run(ctx context.Context, o Options, out io.Writer) (err error) {
	defer errs.Wrap(&err, "bench.Run")
	if err := checkFiles(o); err != nil {
		return err
	}
	b := &bench{Options: o, api: newAPI(o.URL)}
	var r Result
	say := func(format string, args ...any) {
		if !o.JSON {
			fmt.Fprintf(out, format+"\n", args...)
		}
	}
	if o.Idle > 0 {
		if r.Idle, err = b.idle(ctx); err != nil {
			return err
		}
		say("idle     %d connections in %.1f s; each %.1f kB of resident memory, %.1f kB of live heap and stacks (0: not asked for)",
			r.Idle.Connections, r.Idle.Seconds, r.Idle.KBEach, r.Idle.LiveKBEach)
	}
	if err := b.agents(ctx); err != nil {
		return err
	}
	defer b.close()
	if o.Routed > 0 {
		if r.Routing, err = b.routing(ctx); err != nil {
			return err
		}
		say("routing  %d visitors assigned in %.2f s, %.0f a second", r.Routing.Visitors, r.Routing.Seconds, r.Routing.PerSec)
	}
	if o.Visitors > 0 {
		if err := b.relays(ctx, &r, say); err != nil {
			return err
		}
	}
	if o.JSON {
		return json.NewEncoder(out).Encode(r)
	}
	return nil
}

// checkFiles raises the limit of open files as far as it can be, and says so if
// that is too low for what is asked for. The server needs as many.
func checkFiles(o Options) error {
	want := max(o.Idle, o.Routed, o.Visitors)
	most, err := raiseFiles(want)
	if err == nil && most < uint64(want+spareFiles) {
		err = errs.New(errs.Invalid, "too_few_files", "this system allows %d open files: at most %d connections; raise the hard limit (ulimit -Hn)", most, most-spareFiles)
	}
	return err
}

func (b *bench) relays(ctx context.Context, r *Result, say func(string, ...any)) (err error) {
	if err = b.visitors(ctx); err != nil {
		return err
	}
	if r.Relay, err = b.throughput(ctx); err != nil {
		return err
	}
	say("relay    %d visitors, %d messages, %.0f a second, %.0f µs of server time each (acknowledged after commit, delivered to the agent)",
		r.Relay.Visitors, r.Relay.Messages, r.Relay.PerSec, r.Relay.CPUMicros)
	rate := b.Rate
	if rate == 0 {
		rate = int(r.Relay.PerSec / 2)
	}
	if r.Latency, err = b.latency(ctx, rate); err != nil {
		return err
	}
	l := r.Latency
	say("latency  %d a second, %d messages: p50 %.2f ms, p99 %.2f ms, p99.9 %.2f ms, worst %.2f ms", l.Rate, l.Messages, l.P50, l.P99, l.P999, l.Max)
	return nil
}

// rss reads the memory of the server's process in kB, 0 if it is not known.
func (b *bench) rss() (float64, error) {
	if b.Pid == 0 {
		return 0, nil
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", b.Pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		var kb float64
		if _, err := fmt.Sscanf(line, "VmRSS: %f kB", &kb); err == nil {
			return kb, nil
		}
	}
	return 0, nil
}

// cpu reads the processor time that the server's process has used, 0 if it is not known.
func (b *bench) cpu() (time.Duration, error) {
	if b.Pid == 0 {
		return 0, nil
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", b.Pid))
	if err != nil {
		return 0, err
	}
	// The command's name, in parentheses, may hold blanks; times are fields 14
	// and 15, in hundredths of a second.
	_, rest, _ := strings.Cut(string(text), ") ")
	f := strings.Fields(rest)
	var user, system int64
	if len(f) > 12 {
		if _, err := fmt.Sscan(f[11]+" "+f[12], &user, &system); err != nil {
			return 0, err
		}
	}
	return time.Duration(user+system) * 10 * time.Millisecond, nil
}

// percentile of sorted durations, in milliseconds.
func percentile(sorted []time.Duration, p float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	i := min(int(float64(len(sorted))*p), len(sorted)-1)
	return float64(sorted[i].Microseconds()) / 1000
}

func summary(rate int, all []time.Duration) *LatencyResult {
	slices.Sort(all)
	return &LatencyResult{Rate: rate, Messages: len(all), P50: percentile(all, .5), P99: percentile(all, .99), P999: percentile(all, .999), Max: percentile(all, 1)}
}
