package bench

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// perAddress is how many connections come from one address of this machine.
const perAddress = 20_000

// warm is the part of the connections that are made before the first look.
const warm = 20

// memory is what the server holds, in kB.
type memory struct{ resident, live float64 }

// idle holds connections of visitors who do nothing but answer heartbeats.
func (b *bench) idle(ctx context.Context) (*IdleResult, error) {
	tokens := make([]string, b.Idle)
	if err := each(b.Idle, func(i int) (err error) { tokens[i], err = b.token(ctx); return err }); err != nil {
		return nil, err
	}
	all := make([]*socket, b.Idle)
	defer func() {
		for _, s := range all {
			if s != nil {
				_ = s.c.Close() // the measurement is over
			}
		}
	}()
	connect := func(from, to int) error {
		return each(to-from, func(i int) (err error) {
			i += from
			if all[i], err = b.api.dialFrom(b.source(i), "/parlor/visitor", tokens[i], 256); err == nil {
				go b.stay(all[i])
			}
			return err
		})
	}
	first := b.Idle / warm
	if err := connect(0, first); err != nil {
		return nil, err
	}
	before, err := b.settled(ctx)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	if err := connect(first, b.Idle); err != nil {
		return nil, err
	}
	r := &IdleResult{Connections: b.Idle, Seconds: time.Since(start).Seconds()}
	after, err := b.settled(ctx)
	if err != nil {
		return nil, err
	}
	select {
	case <-time.After(time.Duration(b.Hold) * time.Second):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	n := float64(max(b.Idle-first, 1))
	r.KBEach, r.LiveKBEach = (after.resident-before.resident)/n, (after.live-before.live)/n
	if lost := b.lost.Load(); lost > 0 {
		err = fmt.Errorf("%d of %d connections were not held to the end", lost, b.Idle)
	}
	return r, err
}

// stay answers heartbeats until the connection ends.
func (b *bench) stay(s *socket) {
	for {
		if _, err := s.read(); err != nil {
			b.lost.Add(1)
			return
		}
	}
}

// source is the address that connection i comes from: several if the server is on
// this machine, since one address has too few ports.
func (b *bench) source(i int) net.IP {
	u, err := url.Parse(b.URL)
	if err != nil || b.Idle <= perAddress {
		return nil
	}
	if ip := net.ParseIP(u.Hostname()); ip == nil || !ip.IsLoopback() || ip.To4() == nil {
		return nil
	}
	return net.IPv4(127, 0, 0, byte(2+i/perAddress))
}

// settled waits until connecting is over and looks at the server's memory.
func (b *bench) settled(ctx context.Context) (m memory, err error) {
	select {
	case <-time.After(3 * time.Second): // buffers of connecting are given back
	case <-ctx.Done():
		return m, ctx.Err()
	}
	if m.live, err = b.live(ctx); err == nil {
		m.resident, err = b.rss()
	}
	return m, err
}

// live asks the server for its heap in use and its stacks after a garbage
// collection, in kB; 0 without a token.
func (b *bench) live(ctx context.Context) (float64, error) {
	if b.Meter == "" {
		return 0, nil
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.api.base+"/metrics?gc=1", nil)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Authorization", "Bearer "+b.Meter)
	res, err := b.api.client.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = res.Body.Close() }() // read to the end
	if res.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("metrics: %s", res.Status)
	}
	return sum(bufio.NewScanner(res.Body), "go_memstats_heap_inuse_bytes", "go_memstats_stack_inuse_bytes")
}

// sum adds up the values of metrics, in kB. All must be there.
func sum(lines *bufio.Scanner, names ...string) (total float64, err error) {
	found := 0
	for lines.Scan() {
		for _, name := range names {
			value, ok := strings.CutPrefix(lines.Text(), name+" ")
			if !ok {
				continue
			}
			var v float64
			if _, err := fmt.Sscan(value, &v); err != nil {
				return 0, err
			}
			total, found = total+v/1024, found+1
		}
	}
	if err = lines.Err(); err == nil && found != len(names) {
		err = fmt.Errorf("metrics: %d of %d values are there", found, len(names))
	}
	return total, err
}
