// Command testserver is the server that the protocol suites and the client tests run against: an Engine.IO echo server
// on /engine.io/ and a Socket.IO server with the namespaces / and /custom on /socket.io/.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"parlor/internal/socketio"
	"parlor/internal/socketio/engineio"
)

func main() {
	engine := flag.String("engine", "127.0.0.1:3100", "address of the Engine.IO server; empty for none")
	socket := flag.String("socket", "127.0.0.1:3101", "address of the Socket.IO server; empty for none")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *engine, *socket); err != nil {
		fmt.Fprintln(os.Stderr, "testserver:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends, or a server fails. Both servers get three seconds to say goodbye.
func run(ctx context.Context, engine, socket string) error {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	var servers []*http.Server
	failed := make(chan error, 2)
	serve := func(address string, h http.Handler) error {
		if address == "" {
			return nil
		}
		l, err := net.Listen("tcp", address)
		if err != nil {
			return err
		}
		fmt.Println("listening on", l.Addr())
		srv := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second}
		servers = append(servers, srv)
		go func() { failed <- srv.Serve(l) }()
		return nil
	}
	sio := socketServer(log)
	eio := engineio.NewServer(engineOptions(log), echo{})
	if err := errors.Join(serve(engine, apart(eio, func() { time.Sleep(frameGap) })), serve(socket, sio)); err != nil {
		return err
	}
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	err := errors.Join(eio.Shutdown(bounded), sio.Shutdown(bounded))
	for _, srv := range servers {
		err = errors.Join(err, srv.Shutdown(bounded))
	}
	return err
}

// The settings the suites expect.
const (
	pingInterval = 300 * time.Millisecond
	pingTimeout  = 200 * time.Millisecond
	maxPayload   = 1_000_000
)

// engineOptions are the settings of the Engine.IO server.
func engineOptions(log *slog.Logger) engineio.Options {
	return engineio.Options{
		PingInterval: pingInterval, PingTimeout: pingTimeout, MaxPayload: maxPayload, RequireVersion: true,
		AllowOrigin: anyOrigin, MaxConnsPerIP: -1, PacketRate: -1, PacketRatePerIP: -1, Logger: log,
	}
}

// anyOrigin lets pages of every site connect, as the suites may run in a browser.
func anyOrigin(*http.Request, string) bool { return true }

// echo sends every message back.
type echo struct{}

// Open implements engineio.Handler.
func (echo) Open(*engineio.Conn) {}

// Message implements engineio.Handler.
func (echo) Message(c *engineio.Conn, data []byte, binary bool) {
	m := engineio.Text(data)
	if binary {
		m = engineio.Binary(c.Protocol(), data)
	}
	_ = c.Send(m) // a client that has gone needs no echo
}

// Close implements engineio.Handler.
func (echo) Close(*engineio.Conn, string) {}

// socketServer is the application that the Socket.IO suite expects: in both namespaces it sends the client's
// credentials as "auth", gives "message" back as "message-back", and answers "message-with-ack" with its arguments.
func socketServer(log *slog.Logger) *socketio.Server {
	s := socketio.New(socketio.Options{
		PingInterval: pingInterval, PingTimeout: pingTimeout, MaxPayload: maxPayload, RequireVersion: true,
		AllowOrigin: anyOrigin, MaxConnsPerIP: -1, PacketRate: -1, PacketRatePerIP: -1, Logger: log,
	})
	for _, name := range []string{"/", "/custom"} {
		n := s.Of(name)
		n.OnConnected(func(s *socketio.Socket) {
			auth := s.Auth()
			if auth == nil {
				auth = json.RawMessage("{}")
			}
			// The suite's wait helper loses a frame that arrives in one read with the frame before it, and the answer
			// to CONNECT has just been queued.
			time.Sleep(frameGap)
			report(log, s.Emit("auth", auth))
		})
		n.On("message", func(s *socketio.Socket, args []json.RawMessage, _ func(...any)) {
			report(log, s.Emit("message-back", socketio.Raw(args)...))
		})
		n.On("message-with-ack", func(_ *socketio.Socket, args []json.RawMessage, ack func(...any)) {
			if ack != nil {
				ack(socketio.Raw(args)...)
			}
		})
	}
	return s
}

// report logs errors other than those of a client that left.
func report(log *slog.Logger, err error) {
	if err != nil && !errors.Is(err, socketio.ErrClosed) {
		log.Error("send", "error", err)
	}
}
