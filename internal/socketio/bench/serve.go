package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime/pprof"
	"strings"
	"time"

	"parlor/internal/socketio"
)

// profiled runs f and writes a CPU profile of it to a file, unless the name is empty.
func profiled(name string, f func() error) (err error) {
	if name == "" {
		return f()
	}
	out, err := os.Create(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	if err := pprof.StartCPUProfile(out); err != nil {
		return err
	}
	defer pprof.StopCPUProfile()
	return f()
}

// serve is the measured server.
func serve() error {
	if err := raiseFiles(); err != nil {
		return err
	}
	s := socketio.New(socketio.Options{MaxConnsPerIP: -1, PacketRate: -1, PacketRatePerIP: -1})
	app(s.Of("/"))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	web := &http.Server{Handler: s, ReadHeaderTimeout: 5 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- web.Serve(l) }()
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if err := web.Shutdown(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// flood sends 1.2 MB/s to a socket until it ends.
func flood(s *socketio.Socket) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		if s.Emit("message", strings.Repeat("x", 12_000)) != nil {
			return
		}
	}
}

// app gives every event back to its sender, to the other one of a pair, or to all.
func app(n *socketio.Namespace) {
	type (
		args = []json.RawMessage
		ack  = func(...any)
	)
	n.OnConnect(func(s *socketio.Socket) error {
		if pair := s.Query().Get("pair"); pair != "" {
			return s.Join(pair)
		}
		return nil
	})
	n.On("echo", func(s *socketio.Socket, a args, _ ack) { _ = s.Emit("message", a[0]) })
	n.On("relay", func(s *socketio.Socket, a args, _ ack) {
		_ = s.To(s.Rooms()...).Emit("message", a[0])
	})
	n.On("flood", func(s *socketio.Socket, _ args, _ ack) { go flood(s) })
	n.On("all", func(_ *socketio.Socket, a args, _ ack) { _ = n.Emit("message", a[0]) })
}
