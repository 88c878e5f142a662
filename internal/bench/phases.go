package bench

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// bench is a measurement under way.
type bench struct {
	Options
	api *api

	team []*socket
	// lost counts idle connections that ended.
	lost atomic.Int64
	// seen counts the messages that agents got; due holds when message n of
	// visitor v was due, and took what it took.
	seen    atomic.Int64
	talkers []*talker
}

// talker is a visitor who talks.
type talker struct {
	s     *socket
	name  string
	start time.Time
	every time.Duration
	// sent and acked count messages; window bounds what is under way.
	sent, acked atomic.Int64
	slots       chan struct{}

	mu   sync.Mutex
	took []time.Duration
}

const parallel = 32

// each runs fn for 0 ≤ i < n, `parallel` at a time, and returns the first error.
func each(n int, fn func(i int) error) error {
	var next atomic.Int64
	var wg sync.WaitGroup
	failed := make(chan error, parallel)
	for range parallel {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if err := fn(i); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	wg.Wait()
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}

func (b *bench) token(ctx context.Context) (string, error) {
	var out struct{ Token string }
	err := b.api.call(ctx, "POST", "/visitor/session", "", map[string]any{"inbox": "main", "locale": "en"}, &out)
	return out.Token, err
}

// agents connects the agents and makes them ready.
func (b *bench) agents(ctx context.Context) error {
	for _, token := range b.Tokens {
		s, err := b.api.dial("/parlor/agent", token, 64<<10)
		if err != nil {
			return err
		}
		b.team = append(b.team, s)
		go b.listen(s)
		if err := b.api.call(ctx, "PUT", "/me/state", token, map[string]string{"state": "ready"}, nil); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) close() {
	for _, s := range b.team {
		_ = s.c.Close() // the measurement is over
	}
	for _, t := range b.talkers {
		_ = t.s.c.Close()
	}
}

// listen counts what an agent gets. A message's client id says whose it is and
// which: "v-n".
func (b *bench) listen(s *socket) {
	for {
		text, err := s.read()
		if err != nil {
			return
		}
		_, rest, ok := strings.Cut(text, `"clientId":"`)
		if !ok || !strings.HasPrefix(text, `42/parlor/agent,["message"`) {
			continue
		}
		now := time.Now()
		id, _, _ := strings.Cut(rest, `"`)
		who, number, _ := strings.Cut(id, "-")
		v, err1 := strconv.Atoi(who)
		n, err2 := strconv.Atoi(number)
		if err1 != nil || err2 != nil || v >= len(b.talkers) {
			continue
		}
		b.seen.Add(1)
		if t := b.talkers[v]; t.every > 0 {
			t.mu.Lock()
			t.took = append(t.took, now.Sub(t.start.Add(time.Duration(n)*t.every)))
			t.mu.Unlock()
		}
	}
}

// routing lets visitors start at once and waits until all are with an agent.
func (b *bench) routing(ctx context.Context) (*RoutingResult, error) {
	all := make([]*socket, b.Routed)
	defer func() {
		for _, s := range all {
			if s != nil {
				_ = s.c.Close() // the measurement is over
			}
		}
	}()
	err := each(b.Routed, func(i int) error {
		token, err := b.token(ctx)
		if err == nil {
			all[i], err = b.api.dial("/parlor/visitor", token, 1024)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	start := time.Now()
	var wg sync.WaitGroup
	failed := make(chan error, 1)
	for _, s := range all {
		wg.Go(func() {
			if err := begin(s); err != nil {
				select {
				case failed <- err:
				default:
				}
			}
		})
	}
	wg.Wait()
	took := time.Since(start).Seconds()
	select {
	case err := <-failed:
		return nil, err
	default:
	}
	// Their places are needed by the next phase.
	err = each(b.Routed, func(i int) error { return all[i].emit(2, "close", "null") })
	if err == nil {
		err = each(b.Routed, func(i int) error { return all[i].until("43/parlor/visitor,2") })
	}
	return &RoutingResult{Visitors: b.Routed, Seconds: took, PerSec: float64(b.Routed) / took}, err
}

// begin starts a conversation and waits until it is open.
func begin(s *socket) error {
	if err := s.emit(1, "start", "{}"); err != nil {
		return err
	}
	for {
		text, err := s.read()
		if err != nil {
			return err
		}
		if strings.Contains(text, `"error"`) {
			return fmt.Errorf("start refused: %s", text)
		}
		if strings.Contains(text, `"status":"open"`) {
			return nil
		}
	}
}

// until reads until a packet starts with prefix.
func (s *socket) until(prefix string) error {
	for {
		text, err := s.read()
		if err != nil || strings.HasPrefix(text, prefix) {
			return err
		}
	}
}

// visitors connects those who talk and gives each an agent.
func (b *bench) visitors(ctx context.Context) error {
	b.talkers = make([]*talker, b.Visitors)
	err := each(b.Visitors, func(i int) error {
		token, err := b.token(ctx)
		if err != nil {
			return err
		}
		s, err := b.api.dial("/parlor/visitor", token, 4096)
		if err != nil {
			return err
		}
		b.talkers[i] = &talker{s: s, name: strconv.Itoa(i), slots: make(chan struct{}, window)}
		return begin(s)
	})
	if err != nil {
		return err
	}
	for _, t := range b.talkers {
		go t.listen()
	}
	return nil
}

// listen counts acknowledgements and frees a slot for each.
func (t *talker) listen() {
	for {
		text, err := t.s.read()
		if err != nil {
			return
		}
		// The acknowledgement of `start` may come behind the news that it worked.
		if strings.HasPrefix(text, "43") && !strings.HasPrefix(text, "43/parlor/visitor,1[") && !strings.Contains(text, `"error"`) {
			t.acked.Add(1)
			select {
			case <-t.slots:
			default:
			}
		}
	}
}

func (t *talker) post() error {
	n := t.sent.Add(1) - 1
	return t.s.emit(int(n)+10, "post", fmt.Sprintf(`{"clientId":"%s-%d","kind":"text","text":"hello, is this lamp still available in blue?"}`, t.name, n))
}

// window is how many messages of one visitor may be under way when everybody
// writes as fast as possible.
const window = 4

// throughput lets everybody write as fast as acknowledgements come.
func (b *bench) throughput(ctx context.Context) (*RelayResult, error) {
	stop := make(chan struct{})
	var wg sync.WaitGroup
	before, err := b.cpu()
	if err != nil {
		return nil, err
	}
	start, seen := time.Now(), b.seen.Load()
	for _, t := range b.talkers {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				case t.slots <- struct{}{}:
				}
				if t.post() != nil {
					return
				}
			}
		})
	}
	select {
	case <-time.After(time.Duration(b.Seconds) * time.Second):
	case <-ctx.Done():
	}
	got, took := b.seen.Load()-seen, time.Since(start).Seconds()
	close(stop)
	wg.Wait()
	after, err := b.cpu()
	if err != nil {
		return nil, err
	}
	r := &RelayResult{Visitors: b.Visitors, Messages: int(got), PerSec: float64(got) / took}
	if got > 0 {
		r.CPUMicros = float64((after - before).Microseconds()) / float64(got)
	}
	return r, b.settle(ctx)
}

// settle waits until everything that was sent has been acknowledged and seen.
func (b *bench) settle(ctx context.Context) error {
	deadline := time.After(30 * time.Second)
	for {
		var sent, acked int64
		for _, t := range b.talkers {
			sent += t.sent.Load()
			acked += t.acked.Load()
		}
		if sent == acked && b.seen.Load() >= sent {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-deadline:
			return fmt.Errorf("%d sent, %d acknowledged, %d seen by agents", sent, acked, b.seen.Load())
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// latency sends at a fixed rate, spread evenly, whatever the answers do.
func (b *bench) latency(ctx context.Context, rate int) (*LatencyResult, error) {
	total := rate * b.Seconds
	n := len(b.talkers)
	start := time.Now().Add(50 * time.Millisecond)
	gap := time.Duration(int64(time.Second) * int64(n) / int64(rate))
	for i, t := range b.talkers {
		t.mu.Lock()
		t.start, t.every = start.Add(gap*time.Duration(i)/time.Duration(n)-time.Duration(t.sent.Load())*gap), gap
		t.mu.Unlock()
	}
	for k := range total {
		t := b.talkers[k%n]
		due := start.Add(gap*time.Duration(k/n) + gap*time.Duration(k%n)/time.Duration(n))
		if wait := time.Until(due); wait > 0 {
			time.Sleep(wait)
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err := t.post(); err != nil {
			return nil, err
		}
	}
	if err := b.settle(ctx); err != nil {
		return nil, err
	}
	var all []time.Duration
	for _, t := range b.talkers {
		t.mu.Lock()
		all = append(all, t.took...)
		t.every = 0
		t.mu.Unlock()
	}
	return summary(rate, all), nil
}
