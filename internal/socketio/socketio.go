// Package socketio is a Socket.IO server for clients 1.x to 4.x, on the Engine.IO server of its subpackage engineio.
//
// One Server answers every protocol version on one path and decides for each connection. Arguments of events stay raw
// JSON until a handler decodes them. What one socket sends is handled in order, one event after another; different
// sockets are handled in parallel. All queues are bounded. See README.md for what is followed and what is left out.
package socketio

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"parlor/internal/socketio/engineio"
	"parlor/internal/wheel"
)

// Reasons given to OnDisconnect besides those of engineio.
const (
	ReasonClientDisconnect = "client namespace disconnect"
	ReasonServerDisconnect = "server namespace disconnect"
	ReasonHandlerPanic     = "handler panic"
)

// Errors of sending.
var (
	// ErrClosed is returned for a socket that has disconnected.
	ErrClosed = errors.New("socketio: socket disconnected")
	// ErrSlowReader is returned when the client's queue overflowed; its connection is closed.
	ErrSlowReader = engineio.ErrSlowReader
	// ErrTooBig is returned for a message that the client's queue could never hold.
	ErrTooBig = engineio.ErrTooBig
	// ErrAckTimeout is returned by EmitAck when the client did not answer in time.
	ErrAckTimeout = errors.New("socketio: acknowledgement timed out")
	// ErrTooManyAcks is returned by EmitAck when too many acknowledgements are awaited on one socket.
	ErrTooManyAcks = errors.New("socketio: too many pending acknowledgements")
	// ErrTooManyRooms is returned by Join.
	ErrTooManyRooms = errors.New("socketio: too many rooms")
	// ErrInvalidJSON is returned for a json.RawMessage argument that is not JSON.
	ErrInvalidJSON = errors.New("socketio: invalid JSON argument")
)

// Handler handles one event. The arguments belong to the handler. ack is nil if the client asks for no
// acknowledgement; it may be called once, from any goroutine, also later; further calls do nothing.
type Handler func(s *Socket, args []json.RawMessage, ack func(args ...any))

// ConnectError is an error of OnConnect whose text the client may see. Other errors reach it as "Forbidden".
type ConnectError struct {
	Message string // sent to every client
	Data    any    // sent to clients 3.x and 4.x as data; to older ones in place of Message, unless nil
}

// Error returns the message.
func (e *ConnectError) Error() string { return e.Message }

// Options of a Server. The zero value of a field means its default. A negative rate or connection limit means none.
type Options struct {
	// Path is where the server answers. Default "/socket.io/".
	Path string
	// PingInterval is the time between heartbeats. Default 25 s.
	PingInterval time.Duration
	// PingTimeout is how long a heartbeat may take. Default 20 s.
	PingTimeout time.Duration
	// UpgradeTimeout is how long a WebSocket may take to replace polling. Default 10 s.
	UpgradeTimeout time.Duration
	// ConnectTimeout is how long a client may be without a namespace. Default 45 s.
	ConnectTimeout time.Duration
	// WriteTimeout is how long a write may be blocked by a client that does not read. Default 5 s.
	WriteTimeout time.Duration
	// AckTimeout bounds EmitAck when its context has no deadline. Default 30 s.
	AckTimeout time.Duration
	// MaxPayload is the largest inbound message, polling body, or event with its attachments, in bytes.
	// Default 1,000,000.
	MaxPayload int
	// MaxQueue is how many bytes may wait for one client. Default 1 MiB.
	MaxQueue int
	// MaxInbound is how many bytes of one client's events may wait for handlers; reading pauses then.
	// Default 256 KiB. At most 1,024 events wait.
	MaxInbound int
	// MaxNamespaces is how many namespaces one connection may join. Default 16.
	MaxNamespaces int
	// MaxRooms is how many rooms one socket may join. Default 256.
	MaxRooms int
	// MaxAttachments is how many binary attachments one event may have. Default 16.
	MaxAttachments int
	// MaxPendingAcks is how many acknowledgements one socket may owe. Default 256.
	MaxPendingAcks int
	// MaxNesting is how deep the JSON of a client may be nested. Default 64.
	MaxNesting int
	// MaxConnsPerIP is how many connections one address may have. Default 1,024.
	MaxConnsPerIP int
	// PacketRate is how many packets a second one connection may send, with bursts of twice that. Default 1,000.
	PacketRate int
	// PacketRatePerIP is the same for all connections of one address together. Default 20,000.
	PacketRatePerIP int
	// AllowOrigin decides on requests that carry an Origin header. Nil allows only the host that was asked.
	AllowOrigin func(r *http.Request, origin string) bool
	// ClientIP names the client of a request. Nil takes the host of RemoteAddr. Behind a proxy it must be set,
	// or all visitors share one limit.
	ClientIP func(*http.Request) string
	// RequireVersion refuses requests without EIO instead of taking them for version 3.
	RequireVersion bool
	// Cookie is the name of a cookie that carries the session id. Empty sets none.
	Cookie string
	// NewID makes engine session ids, for instance ones that name a node. Nil makes 20 random characters.
	NewID func() string
	// UnknownSession may answer a polling request whose session is on another node; see engineio.Options.
	UnknownSession func(w http.ResponseWriter, r *http.Request, id string) bool
	// RecoveryWindow is how long a disconnected client of version 4.6 or later may come back and get what it
	// missed. Default 0: no recovery.
	RecoveryWindow time.Duration
	// Adapter keeps what recovery needs. Nil keeps it in the memory of this process.
	Adapter Adapter
	// Clock is the wheel that runs the timers and tells the time; tests give a manual one. Nil makes one.
	Clock *wheel.Wheel
	// Logger gets handler panics as errors and abnormal closes as debug lines. Nil discards.
	Logger *slog.Logger
}

// withDefaults fills in what is not set. Fields that the engine knows as well get their defaults there.
func (o Options) withDefaults() Options {
	set(&o.Path, "/socket.io/")
	set(&o.ConnectTimeout, 45*time.Second)
	set(&o.AckTimeout, 30*time.Second)
	set(&o.MaxPayload, 1_000_000)
	set(&o.MaxQueue, 1<<20)
	set(&o.MaxInbound, 256<<10)
	set(&o.MaxNamespaces, 16)
	set(&o.MaxRooms, 256)
	set(&o.MaxAttachments, 16)
	set(&o.MaxPendingAcks, 256)
	set(&o.MaxNesting, 64)
	if o.Clock == nil {
		o.Clock = wheel.New(0)
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.RecoveryWindow > 0 && o.Adapter == nil {
		o.Adapter = NewMemoryAdapter(MemoryOptions{Window: o.RecoveryWindow, Now: o.Clock.Now})
	}
	return o
}

// set gives a field its default.
func set[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// engine are the options of the engine below.
func (o *Options) engine() engineio.Options {
	return engineio.Options{
		Path: o.Path, PingInterval: o.PingInterval, PingTimeout: o.PingTimeout, UpgradeTimeout: o.UpgradeTimeout,
		WriteTimeout: o.WriteTimeout, MaxPayload: o.MaxPayload, MaxQueue: o.MaxQueue, AllowOrigin: o.AllowOrigin,
		ClientIP: o.ClientIP, MaxConnsPerIP: o.MaxConnsPerIP, PacketRate: o.PacketRate,
		PacketRatePerIP: o.PacketRatePerIP, RequireVersion: o.RequireVersion, Cookie: o.Cookie, NewID: o.NewID,
		UnknownSession: o.UnknownSession, Wheel: o.Clock, Logger: o.Logger,
	}
}

// Stats are numbers of a server since its start, or at this moment where it says so.
type Stats struct {
	engineio.Stats
	Sockets   int   // connected sockets now; a connection has one for each namespace
	EventsIn  int64 // events that a handler got
	EventsOut int64 // events sent, counted for each recipient
	Panics    int64 // handlers that panicked, and goroutines of connections
}
