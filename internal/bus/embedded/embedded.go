// Package embedded is a bus that brings its NATS server along: each node runs
// one inside its process, and the servers of a cluster connect to each other.
package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	client "github.com/nats-io/nats.go"

	"parlor/internal/bus/nats"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// user is the name that goes with the secret between nodes.
const user = "parlor"

// startTimeout is how long the server inside may take to be ready.
const startTimeout = 10 * time.Second

// maxPayload is the largest event, in bytes.
const maxPayload = 8 << 20

// Options describe one node of a cluster.
type Options struct {
	// Listen is where other nodes connect, host:port; port 0 chooses a free one.
	Listen string
	// Peers are the addresses of other nodes; those that they know are found by themselves.
	Peers []string
	// Secret is shared by all nodes; who does not know it is turned away.
	Secret string
	// Node is the name of this node, unique in the cluster.
	Node string
}

// Bus is the bus of one node with its server.
type Bus struct {
	*nats.Bus
	server *server.Server
}

// Open starts the server and connects to it within the process. Peers that
// cannot be reached are tried for ever. Errors: Unavailable "cluster_listen" if
// the address is taken.
func Open(o Options, codec nats.Codec, log *slog.Logger) (b *Bus, err error) {
	defer errs.Wrap(&err, "embedded.Open")
	key := id.Secret(43)
	opts, err := options(o, key)
	if err != nil {
		return nil, err
	}
	// The server would log a taken address and go on without it.
	probe, err := net.Listen("tcp", o.Listen)
	if err != nil {
		return nil, errs.New(errs.Unavailable, "cluster_listen", "Cannot listen on %s for other nodes: is another node running there?", o.Listen).Because(err)
	}
	if err = probe.Close(); err != nil {
		return nil, err
	}
	s, err := server.NewServer(opts)
	if err != nil {
		return nil, err
	}
	s.SetLoggerV2(&logger{log: log.With("component", "cluster")}, false, false, false)
	s.Start()
	b = &Bus{server: s}
	if !s.ReadyForConnections(startTimeout) {
		b.shutdown()
		return nil, errs.New(errs.Unavailable, "cluster_start", "The cluster could not be started on %s.", o.Listen)
	}
	b.Bus, err = nats.Open("", o.Node, codec, log, client.InProcessServer(s), client.Token(key))
	if err != nil {
		b.shutdown()
		return nil, err
	}
	return b, nil
}

// options are those of the server. It does not cluster without a listener for
// clients: that one is on a free loopback port and wants the key, which never
// leaves the process.
func options(o Options, key string) (*server.Options, error) {
	host, port, err := net.SplitHostPort(o.Listen)
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return nil, err
	}
	if n == 0 {
		n = server.RANDOM_PORT
	}
	opts := &server.Options{ServerName: o.Node, Host: "127.0.0.1", Port: server.RANDOM_PORT, Authorization: key, NoSigs: true, NoLog: true, MaxPayload: maxPayload, MaxPending: 64 << 20,
		Cluster: server.ClusterOpts{Name: "parlor", Host: host, Port: n, Username: user, Password: o.Secret}}
	for _, p := range o.Peers {
		opts.Routes = append(opts.Routes, &url.URL{Scheme: "nats-route", User: url.UserPassword(user, o.Secret), Host: p})
	}
	return opts, nil
}

// Addr is where other nodes connect.
func (b *Bus) Addr() string { return b.server.ClusterAddr().String() }

// Peers is how many other nodes are connected.
func (b *Bus) Peers() int { return b.server.NumRemotes() }

// Ping reports whether the server inside answers. A node without peers is not
// at fault: it may be the only one that runs.
func (b *Bus) Ping(ctx context.Context) error { return b.Bus.Ping(ctx) }

// Close disconnects and ends the server. It may be called twice.
func (b *Bus) Close() error {
	err := b.Bus.Close()
	b.shutdown()
	return err
}

func (b *Bus) shutdown() {
	b.server.Shutdown()
	b.server.WaitForShutdown()
}

// Reach dials the peers and returns an error that names those that do not answer.
func Reach(ctx context.Context, peers []string) error {
	var d net.Dialer
	var list []error
	for _, p := range peers {
		c, err := d.DialContext(ctx, "tcp", p)
		if err == nil {
			err = c.Close()
		}
		if err != nil {
			list = append(list, fmt.Errorf("%s: %w", p, err))
		}
	}
	if len(list) == 0 {
		return nil
	}
	return errs.New(errs.Unavailable, "peers_unreachable", "Other nodes cannot be reached: %s", strings.ReplaceAll(errors.Join(list...).Error(), "\n", "; "))
}

// logger hands the server's lines on. What it says in good times is for debugging.
type logger struct{ log *slog.Logger }

// Noticef logs what happens in good times.
func (l *logger) Noticef(format string, v ...any) { l.log.Debug(fmt.Sprintf(format, v...)) }

// Warnf logs a warning.
func (l *logger) Warnf(format string, v ...any) { l.log.Warn(fmt.Sprintf(format, v...)) }

// Errorf logs what a peer did wrong, or that it is away: nothing that this node could mend.
func (l *logger) Errorf(format string, v ...any) { l.log.Warn(fmt.Sprintf(format, v...)) }

// Fatalf logs what keeps the server from running; it never ends the process.
func (l *logger) Fatalf(format string, v ...any) { l.log.Error(fmt.Sprintf(format, v...)) }

// Debugf logs details.
func (l *logger) Debugf(format string, v ...any) { l.log.Debug(fmt.Sprintf(format, v...)) }

// Tracef logs the protocol.
func (l *logger) Tracef(format string, v ...any) { l.log.Debug(fmt.Sprintf(format, v...)) }
