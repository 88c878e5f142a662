package relay

import (
	"net"

	"github.com/pion/turn/v4"
)

// generator makes relays that reach the machine's own address only where somebody of a
// call can be: at another relay, or at the recorder. Permissions of TURN know no ports.
type generator struct {
	turn.RelayAddressGenerator
	own  net.IP
	open func(port int) bool
}

// AllocatePacketConn makes a relay.
func (g generator) AllocatePacketConn(network string, port int) (net.PacketConn, net.Addr, error) {
	c, at, err := g.RelayAddressGenerator.AllocatePacketConn(network, port)
	if err != nil {
		return nil, nil, err
	}
	return doorman{c, g}, at, nil
}

// doorman is a relay that drops what is not let through.
type doorman struct {
	net.PacketConn
	g generator
}

// WriteTo sends a packet, or drops it as a network would.
func (d doorman) WriteTo(b []byte, to net.Addr) (int, error) {
	if u, ok := to.(*net.UDPAddr); !ok || u.IP.Equal(d.g.own) && !d.g.open(u.Port) {
		return len(b), nil
	}
	return d.PacketConn.WriteTo(b, to)
}
