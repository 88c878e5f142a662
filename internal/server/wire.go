package server

import (
	"context"
	"log/slog"
	"maps"
	"net/http"
	"path/filepath"
	"time"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/binder"
	"parlor/internal/binding"
	"parlor/internal/bus"
	"parlor/internal/bus/memory"
	"parlor/internal/bus/nats"
	"parlor/internal/canned"
	"parlor/internal/circular"
	"parlor/internal/colleague"
	"parlor/internal/config"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/export"
	"parlor/internal/front/httpx"
	"parlor/internal/front/live"
	"parlor/internal/front/rest"
	"parlor/internal/front/site"
	"parlor/internal/front/uckefu"
	"parlor/internal/front/wire"
	"parlor/internal/grant"
	"parlor/internal/hook"
	"parlor/internal/id"
	"parlor/internal/identity"
	"parlor/internal/job"
	"parlor/internal/knowledge"
	"parlor/internal/mailbox"
	"parlor/internal/mailroom"
	"parlor/internal/media"
	"parlor/internal/presence"
	"parlor/internal/priority"
	"parlor/internal/report"
	"parlor/internal/robot"
	"parlor/internal/routing"
	"parlor/internal/sms"
	"parlor/internal/socketio"
	"parlor/internal/store"
	"parlor/internal/timer"
	"parlor/internal/transcript"
	"parlor/internal/visitor"
	"parlor/web"
)

// services are the domains, wired.
type services struct {
	accounts      *account.Service
	visitors      *visitor.Service
	conversations *conversation.Service
	routing       *routing.Service
	timers        *timer.Service
	presence      *presence.Service
	media         *media.Service
	colleagues    *colleague.Service
	desk          deskServices
	visit         visitServices
	hooks         *hook.Service
	grants        *grant.Service
	priorities    *priority.Service
	reports       *report.Service
	sms           *sms.Service
	circulars     *circular.Service
	mailroom      *mailroom.Service
	mailboxes     *mailbox.Service
	bindings      *binding.Service
	binder        *binder.Service
	robots        *robot.Service
	identities    *identity.Service
	exports       *export.Service
	// key signs what is handed out and recognised again.
	key []byte
}

// OpenStore opens the database that the settings name. shared is for commands
// beside a running server.
func OpenStore(ctx context.Context, c config.Config, log *slog.Logger, shared bool) (*store.Store, error) {
	return store.Open(ctx, store.Options{Dir: c.Data, Database: c.Database, Logger: log, Shared: shared})
}

func openBus(c config.Config, node string, log *slog.Logger) (bus.Bus, error) {
	if c.Cluster {
		return openCluster(c, node, log)
	}
	if c.Nats == "" {
		return memory.New(), nil
	}
	return nats.Open(c.Nats, node, payload, log)
}

// payload makes an empty payload of a kind of event, for events of other nodes.
func payload(k event.Kind) any {
	switch k {
	case event.MessagePosted:
		return &conversation.Posted{}
	case event.ConversationChanged:
		return &conversation.Changed{}
	case event.Typing:
		return &conversation.Typing{}
	case event.ReadMoved:
		return &conversation.Read{}
	case event.QueueMoved:
		return &routing.Positions{}
	case event.Offered:
		return &routing.Offer{}
	case event.HandoverMoved:
		return &routing.HandoverMoved{}
	case event.AgentChanged:
		return &account.AgentStatus{}
	case event.VisitorChanged:
		return &visitor.Changed{}
	case event.ColleagueMessage:
		return &colleague.Remark{}
	case event.SessionEnded:
		return &account.SessionEnded{}
	case event.OptionsChanged:
		return &account.OptionsChanged{}
	case event.RolesChanged:
		return &account.RolesChanged{}
	case event.ConversationGiven:
		return &conversation.Given{}
	case event.GrantsChanged:
		return &grant.Changed{}
	}
	if p := visitPayload(k); p != nil {
		return p
	}
	if p := bindingPayload(k); p != nil {
		return p
	}
	if p := exportPayload(k); p != nil {
		return p
	}
	return deskPayload(k)
}

// uploads is the folder of uploaded files.
func uploads(c config.Config) string {
	if c.Uploads != "" {
		return c.Uploads
	}
	return filepath.Join(c.Data, "uploads")
}

// wire builds domains and fronts in order of need.
func (s *Server) wire(ctx context.Context) error {
	if err := s.domains(ctx); err != nil {
		return err
	}
	if err := s.firstStart(ctx); err != nil {
		return err
	}
	if err := s.openRecorder(); err != nil {
		return err
	}
	if err := s.openRelay(s.services.key); err != nil {
		return err
	}
	s.fronts()
	if err := s.watchMail(ctx); err != nil {
		return err
	}
	s.unsub = s.bus.Subscribe(s.dispatch)
	return nil
}

func (s *Server) domains(ctx context.Context) error {
	st, ck := s.store, s.opts.Clock
	key, err := st.Secret(ctx, "signing", []byte(id.Secret(43)))
	if err != nil {
		return err
	}
	d := &s.services
	d.key = key
	d.accounts = account.New(st, s.bus, ck)
	d.visitors = visitor.New(st, s.bus, ck, key)
	d.media = media.New(st, ck, media.Options{Dir: uploads(s.opts.Config), MaxSize: s.opts.Config.MaxUpload, Key: key})
	s.deskDomains()
	d.conversations = conversation.New(st, attachments{d.media, d.desk.canned, d.desk.knowledge}, closings{s}, ck, limits{d.accounts, s.log})
	s.sights()
	d.colleagues = colleague.New(st, d.accounts, s.bus, ck)
	s.bindingDomain()
	d.routing = routing.New(st, d.accounts, d.conversations, announcer{s}, s.bus, ck, s.log, routing.Options{LostAfter: s.opts.Config.AgentLostAfter, Gate: gate{d.desk.blacklist}, Inviter: invited{s}, Place: s.placeOf, Order: s.keepOrder, Ask: s.askRouting, Bindings: d.bindings, Names: s.namesOf})
	s.robotDomain()
	s.identityDomain()
	s.hookDomain()
	s.channels(key)
	d.timers = timer.New(d.accounts, d.conversations, d.visitors, ck, s.log)
	d.timers.Relief(d.routing)
	d.presence = presence.New(st, s.node, ck, s.log, func(ctx context.Context, a presence.Agent) { announcer{s}.Agent(ctx, a.Tenant, a.Agent) })
	return s.visitDomains(key)
}

// attachments lets conversations find uploaded files.
type attachments struct {
	media     *media.Service
	canned    *canned.Service
	knowledge *knowledge.Service
}

// ForMessage returns what a message says of a file that who uploaded, or that
// lies on a shelf of canned replies or pictures which who may use, or in the
// knowledge base.
func (a attachments) ForMessage(ctx context.Context, who actor.Actor, f id.File) (conversation.File, error) {
	got, err := a.media.Own(ctx, who, f)
	if errs.CodeOf(err) == errs.NotFound && id.Valid(string(f)) {
		if shared, serr := a.shares(ctx, who, f); serr != nil {
			err = serr
		} else if shared {
			got, err = a.media.Find(ctx, who.Tenant, f)
		}
	}
	return conversation.File{ID: got.ID, Name: got.Name, Type: got.Type, Size: got.Size, Width: got.Width, Height: got.Height}, err
}

// shares reports whether who may send a file because others have put it there for that.
func (a attachments) shares(ctx context.Context, who actor.Actor, f id.File) (bool, error) {
	if ok, err := a.canned.Shares(ctx, who, f); ok || err != nil {
		return ok, err
	}
	return a.knowledge.Shares(ctx, who, f)
}

// announcer tells the world what routing and presence changed.
type announcer struct{ s *Server }

// Moved announces a change of a conversation.
func (a announcer) Moved(m conversation.Moved, cause string) {
	a.s.services.conversations.Announce(m, cause)
}

// Agent announces an agent whose load or connections changed.
func (a announcer) Agent(ctx context.Context, t id.Tenant, agent id.Agent) {
	if err := a.s.services.accounts.Refresh(ctx, t, agent); err != nil && ctx.Err() == nil {
		a.s.log.Error("agent not announced", "agent", agent, "error", err)
	}
}

// firstStart creates what must exist, the first administrator included.
func (s *Server) firstStart(ctx context.Context) error {
	needsAdmin, err := s.services.accounts.Setup(ctx)
	if err == nil {
		err = s.seedDesk(ctx)
	}
	if err != nil || !needsAdmin {
		return err
	}
	c := s.opts.Config
	if c.AdminEmail != "" && c.AdminPassword != "" {
		_, err := s.services.accounts.FirstAdmin(ctx, c.AdminEmail, "", c.AdminPassword)
		if errs.CodeOf(err) == errs.Conflict {
			return nil
		}
		return err
	}
	s.setupToken = id.Secret(32)
	return nil
}

// fronts builds everything that clients talk to.
func (s *Server) fronts() {
	c, d, ck := s.opts.Config, &s.services, s.opts.Clock
	limits := c.RateLimits == "on"
	clients := httpx.ClientIP{Trusted: c.Proxies()}
	views := wire.Views{Files: d.media}
	posts := httpx.NewLimiter(ck, limits, 10, 60)
	calls := httpx.NewLimiter(ck, limits, 50, 200)
	leaving := httpx.NewLimiter(ck, limits, 0.05, 5)
	arrivals := httpx.NewLimiter(ck, limits, 20, 400)

	so := socketio.Options{PingInterval: c.PingInterval, PingTimeout: c.PingTimeout, MaxPayload: 1 << 20, ClientIP: clients.Of,
		AllowOrigin:   func(*http.Request, string) bool { return true }, // fronts that trust a cookie check the origin themselves
		MaxConnsPerIP: c.MaxConnsPerIP, RecoveryWindow: 0, Cookie: "io", Logger: s.log.With("component", "socketio")}
	if !limits {
		so.MaxConnsPerIP, so.PacketRate, so.PacketRatePerIP = -1, -1, -1
	}
	s.sockets = socketio.New(so)
	mux := http.NewServeMux()
	s.live = live.Mount(s.sockets, live.Deps{Accounts: d.accounts, Conversations: d.conversations, Routing: d.routing, Visitors: d.visitors,
		Presence: d.presence, Colleagues: d.colleagues, Rooms: d.desk.rooms, Blacklist: d.desk.blacklist, Visit: d.visit.front(), Robots: d.robots, Identities: d.identities, Hub: s.hub, Views: views, Clock: ck, Posts: posts, Arrivals: arrivals, Cookie: rest.CookieName, Log: s.log})
	workers := d.timers.Workers()
	workers[JobLeaveMail] = s.sendLetter
	workers[transcript.Job] = s.sendTranscript
	workers[uckefu.JobVisitorGone] = func(ctx context.Context, j job.Job) error { return s.uckefu.EndGone(ctx, j) }
	maps.Copy(workers, d.routing.Workers())
	s.bindingRules()
	maps.Copy(workers, d.visit.calls.Workers())
	maps.Copy(workers, d.binder.Workers())
	s.jobs = job.NewRunner(s.store, ck, s.log, s.guarded(workers))
	d.routing.Use(s.jobs)
	d.binder.Use(s.jobs)
	s.outside = job.NewRunner(s.store, ck, s.log, s.guarded(s.outsideWorkers()))
	d.timers.Use(s.jobs)
	s.exportDomain()
	s.uckefu = uckefu.Mount(s.sockets, mux, uckefu.Deps{Accounts: d.accounts, Conversations: d.conversations, Routing: d.routing, Visitors: d.visitors,
		Presence: d.presence, Colleagues: d.colleagues, Rooms: d.desk.rooms, Blacklist: d.desk.blacklist, Visit: d.visit.front(), Files: web.Files(), Built: web.Built(), PublicURL: c.PublicURL, Leaving: leaving, Media: d.media, Canned: d.desk.canned, Tags: d.desk.tags, Jobs: s.jobs, Hub: s.hub, Clients: clients, Clock: ck, Posts: posts, Calls: arrivals,
		Grace: c.VisitorGrace, Log: s.log})
	api := rest.Mount(mux, rest.Deps{Accounts: d.accounts, Conversations: d.conversations, Routing: d.routing, Visitors: d.visitors, Media: d.media,
		Views: views, Clients: clients, Calls: calls, Uploads: arrivals, Desk: d.desk.forREST(s), Visit: d.visit.front(), Hooks: d.hooks, Bindings: d.bindings, Mailboxes: d.mailboxes, Mailroom: d.mailroom, Reports: d.reports, Windows: s.windows(), Robots: d.robots, Exports: d.exports, Identities: d.identities, Leaving: leaving, Version: s.opts.Version, Log: s.log})
	site.Mount(mux, site.Deps{Accounts: d.accounts, Media: d.media, Clients: clients, Surveys: d.visit.surveys, Circulars: d.circulars, Canvases: d.visit.canvases, Views: views, Calls: leaving, Files: web.Files(), Built: web.Built(), Start: s.opts.Start,
		SetupToken: s.setupToken, PublicURL: c.PublicURL, Cookie: rest.CookieName, Log: s.log})
	s.rocketchat(mux, clients, limits)
	s.kefu(mux, clients, limits)
	mux.Handle("/socket.io/", s.sockets)
	s.health(mux)
	s.handler = httpx.Limits(s.edge(api.Facts(mux)), c.MaxUpload+1<<20, s.log)
}

// readyTimeout bounds the checks of GET /readyz.
const readyTimeout = 3 * time.Second
