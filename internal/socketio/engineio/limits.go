package engineio

import (
	"strings"
	"sync"
	"time"
)

// The limiter is a leaky bucket told by one number: the time at which the next packet would be on time. Each packet
// moves it ahead by what one packet is worth; a client may run ahead of the clock by the burst and no further. It needs
// no timer and forgets by itself.

// bucket limits a rate by remembering when the next packet would be on time.
type bucket struct{ next time.Duration }

// allow takes one packet at now, given the time one packet is worth and how far ahead a client may run. It reports
// false, and takes nothing, if the client would run further ahead. The caller sees to it that calls do not overlap.
func (b *bucket) allow(now, each, burst time.Duration) bool {
	if each <= 0 {
		return true
	}
	b.next = max(b.next, now)
	if b.next-now > burst {
		return false
	}
	b.next += each
	return true
}

// rate is a limit in the form that bucket wants; zero means none.
type rate struct{ each, burst time.Duration }

// newRate makes a limit of so many packets a second, with a burst of two seconds' worth.
func newRate(perSecond int) rate {
	if perSecond <= 0 {
		return rate{}
	}
	return rate{each: time.Second / time.Duration(perSecond), burst: 2 * time.Second}
}

// address is what all connections of one client address share.
type address struct {
	name  string // as Options.ClientIP gave it
	conns int    // guarded by addresses.mu

	mu     sync.Mutex
	bucket bucket
}

// allow takes one packet of the address at now, and reports whether it was within the rate. Connections of one address
// share the bucket, hence the lock.
func (a *address) allow(now time.Duration, r rate) bool {
	if r.each == 0 {
		return true
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.bucket.allow(now, r.each, r.burst)
}

// addresses counts connections by client address. An address without connections is forgotten.
type addresses struct {
	mu    sync.Mutex
	known map[string]*address
}

// enter counts a connection, or returns nil if limit (when positive) is reached.
func (s *addresses) enter(name string, limit int) *address {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.known[name]
	if a == nil {
		name = strings.Clone(name)
		a = &address{name: name}
		if s.known == nil {
			s.known = make(map[string]*address)
		}
		s.known[name] = a
	}
	if limit > 0 && a.conns >= limit {
		return nil
	}
	a.conns++
	return a
}

// leave takes back one enter. The bucket of a forgotten address is forgotten with it: whoever closes all connections to
// get a fresh one has paid with as many handshakes.
func (s *addresses) leave(a *address) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a.conns--; a.conns == 0 {
		delete(s.known, a.name)
	}
}
