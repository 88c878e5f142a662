package relay_test

import (
	"net"
	"testing"

	"parlor/internal/clock"
	"parlor/internal/relay"
)

// Linux has loopback addresses that nobody else uses.
func TestAPortIsFreeForUDPAndTCP(t *testing.T) {
	t.Parallel()
	const own = "127.0.0.5:0"
	for range 2000 { // of some 28,000 the system gives out
		l, err := net.Listen("tcp", own)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
	}
	for range 100 {
		s := open(t, clock.System(), func(o *relay.Options) { o.Listen = own })
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
