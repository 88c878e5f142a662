// Package server wires Parlor together and runs it: store, bus, domains and
// fronts start in written order and stop in reverse.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"parlor/internal/account"
	"parlor/internal/blacklist"
	"parlor/internal/bus"
	"parlor/internal/clock"
	"parlor/internal/config"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/front/easemob"
	"parlor/internal/front/live"
	"parlor/internal/front/rocketchat/guest"
	"parlor/internal/front/site"
	"parlor/internal/front/uckefu"
	"parlor/internal/guard"
	"parlor/internal/id"
	"parlor/internal/job"
	"parlor/internal/realtime"
	"parlor/internal/recorder"
	"parlor/internal/relay"
	"parlor/internal/socketio"
	"parlor/internal/store"
)

// Options are what a server needs beyond its settings.
type Options struct {
	Config config.Config
	Log    *slog.Logger
	// Version is shown in the API document and by `parlor version`.
	Version string
	// Start is the start page of the demo, nil otherwise.
	Start *site.Start
	// Clock is the machine's clock unless a test says otherwise.
	Clock clock.Clock
}

// Server is a wired Parlor.
type Server struct {
	opts Options
	log  *slog.Logger
	node string

	store    *store.Store
	bus      bus.Bus
	hub      *realtime.Hub
	services services
	jobs     *job.Runner
	// outside runs the jobs that wait for servers of others, so that the rest need not.
	outside *job.Runner
	// exports runs those that write long files.
	exports *job.Runner
	sockets *socketio.Server
	live    *live.Front
	uckefu  *uckefu.Front
	rc      *guest.Front
	easemob *easemob.Front
	handler http.Handler
	unsub   func()
	// relay is the TURN server, nil without one.
	relay *relay.Server
	// recorder records calls, nil without one.
	recorder *recorder.Recorder
	guard    *guard.Guard
	tls      *secure

	setupToken string
	listener   net.Listener
	metrics    net.Listener
}

// Open acquires the database and the bus, migrates, listens, and wires
// everything. Nothing runs before Run.
func Open(ctx context.Context, opts Options) (s *Server, err error) {
	if opts.Clock == nil {
		opts.Clock = clock.System()
	}
	s = &Server{opts: opts, log: opts.Log, hub: realtime.NewHub(), guard: guard.New(opts.Log, opts.Clock)}
	s.hub.Caught = func(v any) { s.guard.Caught(guard.Event, "deliver", v) }
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if err = s.openTLS(); err != nil {
		return s, err
	}
	if s.store, err = OpenStore(ctx, opts.Config, opts.Log, false); err != nil {
		return s, err
	}
	// A data folder has one node at a time; a shared database has many.
	if s.node = "local"; s.store.Engine() == store.Postgres {
		s.node = id.New()
	}
	if err = s.openUploads(ctx); err != nil {
		return s, err
	}
	if s.bus, err = openBus(opts.Config, s.node, s.log); err != nil {
		return s, err
	}
	if err = s.wire(ctx); err != nil {
		return s, err
	}
	return s, s.listen()
}

// Addr is the address that the server listens on.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// SetupToken opens the set-up page at /setup?token=…; "" if somebody can log in.
func (s *Server) SetupToken() string { return s.setupToken }

// Handler is the whole HTTP surface.
func (s *Server) Handler() http.Handler { return s.handler }

// Accounts gives tests and the demo the account service.
func (s *Server) Accounts() *account.Service { return s.services.accounts }

// Run serves until ctx ends, then drains: no new requests, sockets are told to
// come back, jobs finish, then bus and store close. A stop that takes longer
// than the setting allows is cut short with an error.
func (s *Server) Run(ctx context.Context) error {
	err := s.services.presence.Start(ctx)
	if err == nil {
		err = s.services.visit.online.Start(ctx)
	}
	if ctx.Err() != nil {
		return s.Close() // told to stop before it began
	}
	if err != nil {
		return errors.Join(err, s.Close())
	}
	// Runners outlive ctx until the fronts have drained.
	work, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWork()
	var wg sync.WaitGroup
	failed := make(chan error, 32)
	start := func(name string, run func(context.Context) error) {
		wg.Go(func() {
			if err := s.guard.Run(work, name, run); err != nil {
				failed <- fmt.Errorf("%s: %w", name, err)
			}
		})
	}
	start("presence", s.services.presence.Run)
	start("routing", s.services.routing.Run)
	start("jobs", s.jobs.Run)
	start("outside", s.outside.Run)
	start("exports", s.exports.Run)
	start("timers", s.services.timers.Run)
	start("calls", s.services.visit.calls.Run)
	start("binder", s.services.binder.Run)
	start("robots", s.services.robots.Run)
	start("index", s.index)
	start("cleanup", s.cleanup)
	start("live", s.live.Run)
	start("uckefu", s.uckefu.Run)
	if s.store.Engine() == store.Postgres {
		start("pages", s.uckefu.Stay)
	}
	start("online", s.services.visit.online.Run)
	start("rooms", s.services.desk.rooms.Run)
	start("webhooks", s.services.hooks.Run)
	start("reports", s.services.reports.Run)
	start("certificate", s.watchCertificate)
	var web []*http.Server
	listenAndServe := func(l net.Listener, h http.Handler) {
		web = append(web, s.newWeb(h))
		serve(web[len(web)-1], l, failed)
	}
	for l, h := range s.webServers() {
		listenAndServe(l, h)
	}
	if s.metrics != nil {
		listenAndServe(s.metrics, s.meters())
	}
	s.log.Info("parlor is running", "address", s.URL(), "engine", s.store.Engine(), "version", s.opts.Version)

	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	return errors.Join(err, s.stop(web, stopWork, &wg))
}

func serve(h *http.Server, l net.Listener, failed chan<- error) {
	go func() {
		if err := h.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			failed <- err
		}
	}()
}

// stop drains in reverse order of the start.
func (s *Server) stop(web []*http.Server, stopWork func(), wg *sync.WaitGroup) error {
	s.log.Info("stopping")
	ctx, cancel := context.WithTimeout(context.Background(), s.opts.Config.ShutdownTimeout)
	defer cancel()
	s.uckefu.Drain()
	s.rc.Close()
	err := errors.Join(s.sockets.Shutdown(ctx), stopWeb(ctx, web))
	stopWork()
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
		return errors.Join(err, errs.New(errs.Unavailable, "stop_timeout", "The server did not stop in %s.", s.opts.Config.ShutdownTimeout))
	}
	return errors.Join(err, s.Close())
}

// Close releases what Open acquired. It may be called twice.
func (s *Server) Close() error {
	if s.unsub != nil {
		s.unsub()
	}
	err := s.closeListeners()
	if s.recorder != nil {
		err = errors.Join(err, s.recorder.Close())
	}
	if s.relay != nil {
		err = errors.Join(err, s.relay.Close())
	}
	if s.bus != nil {
		err = errors.Join(err, s.bus.Close())
	}
	if s.store != nil {
		err = errors.Join(err, s.store.Close())
	}
	return err
}

// The search index takes small steps with pauses, so that a burst of messages
// is stored first and found a moment later: at most about 5,000 a second.
const (
	indexStep  = 40
	indexPause = 7 * time.Millisecond
	indexIdle  = 200 * time.Millisecond
)

// index lets the search index follow committed messages.
func (s *Server) index(ctx context.Context) error {
	for ctx.Err() == nil {
		n, err := s.services.conversations.IndexNext(ctx, indexStep)
		if err != nil && ctx.Err() == nil {
			s.log.Error("search index does not follow", "error", err)
		}
		pause := indexIdle
		if n == indexStep {
			pause = indexPause
		}
		timer := s.opts.Clock.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
		case <-timer.C():
		}
	}
	return nil
}

// cleanup ends expired credentials and blacklist entries once an hour.
func (s *Server) cleanup(ctx context.Context) error {
	for {
		if _, err := s.store.DeleteExpired(ctx, s.opts.Clock.Now()); err != nil && ctx.Err() == nil {
			s.log.Error("expired logins not removed", "error", err)
		}
		if _, err := s.services.desk.blacklist.Expire(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("expired blacklist entries not removed", "error", err)
		}
		if _, err := s.services.hooks.Expire(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("old entries of the webhook log not removed", "error", err)
		}
		timer := s.opts.Clock.NewTimer(time.Hour)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C():
		}
	}
}

// dispatch hands events of the bus to the domains and to the connections.
func (s *Server) dispatch(e *event.Event) {
	s.guard.Do(guard.Event, "heed", func() {
		s.services.accounts.Heed(e)
		s.services.routing.Heed(e)
		s.services.timers.Heed(e)
		s.services.binder.Heed(e)
		s.services.robots.Heed(e)
		s.services.desk.heed(e)
		s.services.visit.heed(e)
		s.services.hooks.Heed(e)
		s.services.grants.Heed(e)
		s.services.conversations.Heed(e)
		s.easemob.Heed(e)
	})
	if d, ok := e.Data.(*blacklist.Changed); ok {
		s.guard.Do(guard.Event, "refuse", func() { s.live.Refuse(e.Tenant, d); s.uckefu.Refuse(e.Tenant, d) })
	}
	s.guard.Do(guard.Event, "deliver", func() { s.hub.Dispatch(e) })
}
