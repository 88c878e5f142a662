// Package nats carries events between nodes over NATS core: at most once, in
// order for one publisher. Events of this node are handed to its subscribers
// directly; the copy that comes back over NATS is dropped.
package nats

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go"

	"parlor/internal/bus/memory"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
)

// subject is where all nodes of an installation meet.
const subject = "parlor.events"

// maxPending bounds what waits for the subscriber: events and bytes.
const (
	maxPending      = 65536
	maxPendingBytes = 64 << 20
)

// Codec makes an empty payload of a kind, nil for kinds without payload.
type Codec func(event.Kind) any

// Bus is a bus over one NATS connection.
type Bus struct {
	local *memory.Bus
	node  string
	conn  *nats.Conn
	codec Codec
	log   *slog.Logger
}

// wire is the form of an event between nodes.
type wire struct {
	Node   string          `json:"n"`
	ID     string          `json:"i"`
	Tenant id.Tenant       `json:"t"`
	Kind   event.Kind      `json:"k"`
	To     []event.Topic   `json:"to"`
	At     time.Time       `json:"at"`
	Data   json.RawMessage `json:"d,omitempty"`
}

// Open connects to the servers of url (nats://host:port, several with commas).
// The connection heals itself; Ping tells its state. more are further options of
// the connection.
func Open(url, node string, codec Codec, log *slog.Logger, more ...nats.Option) (b *Bus, err error) {
	defer errs.Wrap(&err, "nats.Open")
	b = &Bus{local: memory.New(), node: node, codec: codec, log: log.With("component", "bus")}
	b.conn, err = nats.Connect(url, append([]nats.Option{nats.Name("parlor " + node), nats.MaxReconnects(-1), nats.ReconnectBufSize(maxPendingBytes / 8),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) { b.log.Warn("bus disconnected", "error", err) }),
		nats.ReconnectHandler(func(*nats.Conn) { b.log.Info("bus reconnected") }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { b.log.Warn("bus error", "error", err) })}, more...)...)
	if err != nil {
		return nil, errs.New(errs.Unavailable, "bus_unreachable", "The NATS server cannot be reached.").Because(err)
	}
	sub, err := b.conn.Subscribe(subject, b.receive)
	if err == nil {
		err = sub.SetPendingLimits(maxPending, maxPendingBytes)
	}
	if err == nil {
		err = b.conn.Flush()
	}
	if err != nil {
		b.conn.Close()
		return nil, err
	}
	return b, nil
}

// Publish hands e to the local subscribers and sends it to the other nodes.
func (b *Bus) Publish(e *event.Event) {
	b.local.Publish(e)
	w := wire{Node: b.node, ID: e.ID, Tenant: e.Tenant, Kind: e.Kind, To: e.To, At: e.At}
	if e.Data != nil {
		data, err := json.Marshal(e.Data)
		if err != nil {
			b.log.Error("event cannot be encoded", "kind", e.Kind, "error", err)
			return
		}
		w.Data = data
	}
	buf, err := json.Marshal(w)
	if err == nil {
		err = b.conn.Publish(subject, buf)
	}
	if err != nil {
		b.log.Warn("event not sent to other nodes", "kind", e.Kind, "error", err)
	}
}

func (b *Bus) receive(m *nats.Msg) {
	var w wire
	if err := json.Unmarshal(m.Data, &w); err != nil {
		b.log.Warn("event cannot be read", "error", err)
		return
	}
	if w.Node == b.node {
		return
	}
	e := &event.Event{ID: w.ID, Tenant: w.Tenant, Kind: w.Kind, To: w.To, At: w.At}
	if w.Data != nil {
		data := b.codec(w.Kind)
		if data == nil {
			b.log.Warn("event of a kind this version does not know", "kind", w.Kind)
			return
		}
		if err := json.Unmarshal(w.Data, data); err != nil {
			b.log.Warn("event payload cannot be read", "kind", w.Kind, "error", err)
			return
		}
		e.Data = data
	}
	b.local.Publish(e)
}

// Subscribe adds fn.
func (b *Bus) Subscribe(fn func(*event.Event)) func() { return b.local.Subscribe(fn) }

// Ping makes a round trip to the server.
func (b *Bus) Ping(ctx context.Context) error {
	if err := b.conn.FlushWithContext(ctx); err != nil {
		return fmt.Errorf("nats: %w", err)
	}
	return nil
}

// Close sends what is pending and disconnects.
func (b *Bus) Close() error {
	_ = b.local.Close() // never fails
	if b.conn.IsClosed() {
		return nil
	}
	err := b.conn.FlushTimeout(2 * time.Second)
	b.conn.Close()
	return err
}
