// Package relay is a TURN server inside Parlor: it carries the packets of calls whose
// browsers cannot reach each other. It sees encrypted packets and nothing else.
//
// Only browsers in a call get in: each gets a name and a password that end by
// themselves, and one name holds a bounded number of relays. Packets go to public
// addresses only, unless the settings allow others: otherwise the server would be a
// way into its own network.
package relay

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/pion/turn/v4"

	"parlor/internal/clock"
)

// ValidFor is how long a name and password let in.
const ValidFor = 12 * time.Hour

// Options are how a server is made.
type Options struct {
	// Listen is host:port, for UDP and TCP.
	Listen string
	// PublicIP is the address under which people reach the machine.
	PublicIP string
	Realm    string
	// Lowest and Highest are the ports from which it relays.
	Lowest, Highest int
	// Most is how many relays one name may hold at once.
	Most int
	// Private allows relaying to private and loopback addresses, and to every port of
	// PublicIP.
	Private bool
	// Recorder is the port of PublicIP beside those of relays that is reached, 0 for none.
	Recorder int
	// Key makes passwords; the same on all nodes.
	Key   []byte
	Clock clock.Clock
}

// Server is a server. Open starts it.
type Server struct {
	opts Options
	turn *turn.Server
	port int
	once sync.Once
	shut error

	mu sync.Mutex
	// held counts the relays of each name.
	held map[string]int
}

// Open listens and serves until Close.
func Open(o Options) (*Server, error) {
	s := &Server{opts: o, held: map[string]int{}}
	host, port, err := net.SplitHostPort(o.Listen)
	if err != nil {
		return nil, fmt.Errorf("turn-listen: %w", err)
	}
	udp, tcp, err := listen(host, port)
	if err != nil {
		return nil, fmt.Errorf("turn-listen: %w", err)
	}
	s.port = udp.LocalAddr().(*net.UDPAddr).Port
	if host == "" {
		host = "0.0.0.0"
	}
	public := net.ParseIP(o.PublicIP)
	relay := generator{&turn.RelayAddressGeneratorPortRange{RelayAddress: public, Address: host, MinPort: uint16(o.Lowest), MaxPort: uint16(o.Highest)},
		public, func(port int) bool { return o.Private || port >= o.Lowest && port <= o.Highest || port == o.Recorder }}
	s.turn, err = turn.NewServer(turn.ServerConfig{
		Realm: o.Realm, AuthHandler: s.auth, QuotaHandler: s.quota, LoggerFactory: quietFor(turn.NewLongTermAuthHandler),
		EventHandler: turn.EventHandler{
			OnAllocationCreated: func(_, _ net.Addr, _, user, _ string, _ net.Addr, _ int) { s.move(user, 1) },
			OnAllocationDeleted: func(_, _ net.Addr, _, user, _ string) { s.move(user, -1) },
		},
		PacketConnConfigs: []turn.PacketConnConfig{{PacketConn: udp, RelayAddressGenerator: relay, PermissionHandler: s.permit}},
		ListenerConfigs:   []turn.ListenerConfig{{Listener: tcp, RelayAddressGenerator: relay, PermissionHandler: s.permit}},
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("turn: %w", err), udp.Close(), tcp.Close())
	}
	return s, nil
}

// listen opens one port for UDP and TCP. Port 0 is one that is free for both: the
// system knows only what is free for one of them.
func listen(host, port string) (net.PacketConn, net.Listener, error) {
	for tries := 1; ; tries++ {
		udp, err := net.ListenPacket("udp", net.JoinHostPort(host, port))
		if err != nil {
			return nil, nil, err
		}
		_, got, err := net.SplitHostPort(udp.LocalAddr().String())
		if err != nil {
			return nil, nil, errors.Join(err, udp.Close())
		}
		tcp, err := net.Listen("tcp", net.JoinHostPort(host, got))
		if err == nil {
			return udp, tcp, nil
		}
		err = errors.Join(err, udp.Close())
		if port != "0" || !errors.Is(err, syscall.EADDRINUSE) || tries == 100 {
			return nil, nil, err
		}
	}
}

// Port is the port it listens on.
func (s *Server) Port() int { return s.port }

// Close ends the server and its relays; it may be called twice.
func (s *Server) Close() error {
	s.once.Do(func() { s.shut = s.turn.Close() })
	return s.shut
}

// Pass returns a name and a password for whom, valid for ValidFor.
func Pass(key []byte, now time.Time, whom string) (user, password string) {
	user = strconv.FormatInt(now.Add(ValidFor).Unix(), 10) + ":" + whom
	return user, secret(key, user)
}

func secret(key []byte, user string) string {
	m := hmac.New(sha1.New, key)
	m.Write([]byte(user)) // hashes do not fail
	return base64.StdEncoding.EncodeToString(m.Sum(nil))
}

// auth lets in whoever has a name that is still valid, with its password.
func (s *Server) auth(user, realm string, _ net.Addr) (key []byte, ok bool) {
	until, _, found := strings.Cut(user, ":")
	at, err := strconv.ParseInt(until, 10, 64)
	if !found || err != nil || s.opts.Clock.Now().Unix() >= at {
		return nil, false
	}
	return turn.GenerateAuthKey(user, realm, secret(s.opts.Key, user)), true
}

// quota refuses a name that holds too many relays.
func (s *Server) quota(user, _ string, _ net.Addr) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held[user] < s.opts.Most
}

// move counts a relay of a name that was opened or closed.
func (s *Server) move(user string, by int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held[user] += by; s.held[user] <= 0 {
		delete(s.held, user)
	}
}

// shared are networks that are not public beyond those that netip knows: carrier NAT,
// documentation, benchmarks and what is reserved.
var shared = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"),
	netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("2001::/32")}

// permit reports whether packets may be relayed to an address. That of this server itself
// is always allowed, for two relayed browsers meet there: on which ports, generator says.
func (s *Server) permit(_ net.Addr, peer net.IP) bool {
	ip, ok := netip.AddrFromSlice(peer)
	if !ok {
		return false
	}
	ip = ip.Unmap()
	if s.opts.Private || ip.String() == s.opts.PublicIP {
		return true
	}
	if ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() || ip.IsMulticast() || ip.IsUnspecified() || !ip.IsGlobalUnicast() {
		return false
	}
	for _, p := range shared {
		if p.Contains(ip) {
			return false
		}
	}
	return true
}

// Quiet keeps the library of calls from writing: its lines carry addresses and names. L is
// the library's own type of logger, which comes from a module that is not ours to name.
type Quiet[L any] struct{}

// quietFor returns the factory of loggers of the type that fn takes.
func quietFor[L any](_ func(string, L) turn.AuthHandler) Quiet[L] { return Quiet[L]{} }

// NewLogger returns a logger that writes nothing.
func (Quiet[L]) NewLogger(string) L { return any(mute{}).(L) }

// mute is a logger that writes nothing.
type mute struct{}

func (mute) Trace(string)          {}
func (mute) Tracef(string, ...any) {}
func (mute) Debug(string)          {}
func (mute) Debugf(string, ...any) {}
func (mute) Info(string)           {}
func (mute) Infof(string, ...any)  {}
func (mute) Warn(string)           {}
func (mute) Warnf(string, ...any)  {}
func (mute) Error(string)          {}
func (mute) Errorf(string, ...any) {}
