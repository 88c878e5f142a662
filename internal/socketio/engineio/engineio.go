// Package engineio is an Engine.IO server for protocol versions 3 and 4: handshake, WebSocket, long polling and JSONP,
// upgrade from polling to WebSocket, heartbeats in both directions, limits, CORS.
//
// The version is decided for each connection from its EIO parameter. Messages are opaque; internal/socketio gives them
// meaning. An idle WebSocket connection holds one goroutine and no buffers; all timers sit in one wheel.
package engineio

import (
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"parlor/internal/wheel"
	"parlor/internal/wsconn"
)

// The protocol versions.
const (
	V3 = 3 // Socket.IO clients 1.x and 2.x
	V4 = 4 // Socket.IO clients 3.x and 4.x
)

// Names of transports as clients write them.
const (
	TransportPolling   = "polling"
	TransportWebSocket = "websocket"
)

// Reasons given to Handler.Close. Those of a close asked for by Conn.Close are the caller's.
const (
	ReasonTransportClose = "transport close"      // the client went away or closed
	ReasonTransportError = "transport error"      // the network or the WebSocket protocol failed
	ReasonPingTimeout    = "ping timeout"         // no sign of life
	ReasonParseError     = "parse error"          // the client sent what no client may send
	ReasonSlowReader     = "slow reader"          // the client did not read fast enough
	ReasonPacketRate     = "packet rate exceeded" // more packets a second than allowed
	ReasonShutdown       = "server shutting down" // Server.Shutdown
	ReasonForced         = "forced server close"  // closed by the application
)

// Errors of sending.
var (
	// ErrClosed is returned once the connection has ended.
	ErrClosed = errors.New("engineio: connection closed")
	// ErrSlowReader is returned when the client's queue overflowed; the connection is closed.
	ErrSlowReader = errors.New("engineio: slow reader")
	// ErrTooBig is returned for a message that the queue could never hold; the connection stays open.
	ErrTooBig = errors.New("engineio: message larger than the queue")
)

// Handler receives what happens on connections. Calls for one connection never overlap, except that Close may come
// while Message runs.
type Handler interface {
	// Open is called before the client is told that it is connected; messages may be sent already.
	Open(c *Conn)
	// Message gets one message. Text is valid UTF-8. The data may be changed but is only valid during the call.
	// While it runs nothing more is read from that client, and the client is not timed out.
	Message(c *Conn, data []byte, binary bool)
	// Close is called exactly once. It must not block.
	Close(c *Conn, reason string)
}

// Options of a Server. The zero value of a field means its default; a negative limit means none.
type Options struct {
	// Path is where the server answers; other paths get 404. Default "/engine.io/".
	Path string
	// PingInterval is the time between heartbeats. Default 25 s.
	PingInterval time.Duration
	// PingTimeout is how long a heartbeat may take. Default 20 s.
	PingTimeout time.Duration
	// UpgradeTimeout is how long a WebSocket may take to replace polling. Default 10 s.
	UpgradeTimeout time.Duration
	// WriteTimeout is how long a write may be blocked by a client that does not read. Default 5 s.
	WriteTimeout time.Duration
	// MaxPayload is the largest inbound message or polling body, in bytes; larger ones are refused and end the
	// connection. Default 1,000,000.
	MaxPayload int
	// MaxQueue is how many bytes may wait for one client. Default 1 MiB.
	MaxQueue int
	// AllowOrigin decides on requests that carry an Origin header. Nil allows only the host that was asked.
	AllowOrigin func(r *http.Request, origin string) bool
	// ClientIP names the client of a request. Nil takes the host of RemoteAddr.
	ClientIP func(r *http.Request) string
	// MaxConnsPerIP is how many connections one address may have. Default 1,024.
	MaxConnsPerIP int
	// PacketRate is how many packets a second one connection may send, with a burst of twice that. Default 1,000.
	PacketRate int
	// PacketRatePerIP is the same for all connections of one address together. Default 20,000.
	PacketRatePerIP int
	// RequireVersion refuses requests without EIO instead of taking them for version 3.
	RequireVersion bool
	// Cookie is the name of a cookie that carries the session id, for load balancers. Empty sets none.
	Cookie string
	// NewID makes session ids. Nil makes 20 random characters. Ids must be URL-safe and not guessable.
	NewID func() string
	// UnknownSession may answer a polling request whose session is not here, for instance by passing it on to
	// the node that holds it. It returns false to let the server answer 400.
	UnknownSession func(w http.ResponseWriter, r *http.Request, id string) bool
	// Wheel runs the timers and tells the time; give one to share it. Nil makes one.
	Wheel *wheel.Wheel
	// Logger gets one debug line for each abnormal close and an error for each panic. Nil discards.
	Logger *slog.Logger
}

// withDefaults fills in what is not set.
func (o Options) withDefaults() Options {
	set(&o.Path, "/engine.io/")
	set(&o.PingInterval, 25*time.Second)
	set(&o.PingTimeout, 20*time.Second)
	set(&o.UpgradeTimeout, 10*time.Second)
	set(&o.WriteTimeout, 5*time.Second)
	set(&o.MaxPayload, 1_000_000)
	set(&o.MaxQueue, 1<<20)
	set(&o.MaxConnsPerIP, 1024)
	set(&o.PacketRate, 1000)
	set(&o.PacketRatePerIP, 20_000)
	if o.AllowOrigin == nil {
		o.AllowOrigin = sameHost
	}
	if o.ClientIP == nil {
		o.ClientIP = remoteHost
	}
	if o.NewID == nil {
		o.NewID = NewID
	}
	if o.Wheel == nil {
		o.Wheel = wheel.New(0)
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// set gives a field its default. Zero is never a useful value of a field it is used for.
func set[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// remoteHost is the address of the peer without its port.
func remoteHost(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// socket are the limits of WebSockets, shared by all of them. One value for all keeps eight bytes a connection instead
// of a copy of the limits.
func (o *Options) socket(counters *wsconn.Counters, panicked func(any)) *wsconn.Options {
	ws := wsconn.Options{
		MaxMessage: o.MaxPayload, MaxQueue: o.MaxQueue, WriteTimeout: o.WriteTimeout, Counters: counters, Panicked: panicked,
	}.WithDefaults()
	return &ws
}

// Stats are numbers of a server since its start, or at this moment where it says so.
type Stats struct {
	WebSocket, Polling int   // open connections now, by transport
	Opened             int64 // connections that were opened
	Upgrades           int64 // connections that moved from polling to WebSocket
	Refused            int64 // handshakes refused
	BytesIn, BytesOut  int64 // WebSocket bytes on the wire and polling bodies
	SlowCloses         int64 // connections closed because the client did not read
	ParseErrors        int64 // connections closed because of malformed input
	TransportPanics    int64 // panics on goroutines of connections, which ended them
}
