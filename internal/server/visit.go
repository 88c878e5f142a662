package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"time"

	"parlor/internal/account"
	"parlor/internal/actor"
	calls "parlor/internal/call"
	"parlor/internal/canvas"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/front/wire"
	"parlor/internal/id"
	"parlor/internal/invite"
	"parlor/internal/job"
	"parlor/internal/leave"
	"parlor/internal/mail"
	"parlor/internal/online"
	"parlor/internal/region"
	"parlor/internal/setting"
	"parlor/internal/survey"
	"parlor/internal/transcript"
	"parlor/internal/visitor"
)

// JobLeaveMail sends the answer to a left message.
const JobLeaveMail = "leave.mail"

// visitServices are the domains of the visitor's side.
type visitServices struct {
	online   *online.Service
	invites  *invite.Service
	surveys  *survey.Service
	leaves   *leave.Service
	mail     *mail.Sender
	canvases *canvas.Service
	calls    *calls.Service
	// transcripts mails records.
	transcripts *transcript.Service
}

// visitDomains builds the domains of the visitor's side. They come after the
// conversations.
func (s *Server) visitDomains(key []byte) error {
	c, d, st, ck := s.opts.Config, &s.services, s.store, s.opts.Clock
	regions, err := region.Builtin()
	if c.RegionFile != "" {
		regions, err = region.Open(c.RegionFile)
	}
	if err != nil {
		return fmt.Errorf("regions: %w", err)
	}
	v := &d.visit
	set := inboxSettings{d.accounts}
	v.online = online.New(st, trail{d.visitors, set}, regions, s.bus, ck, s.log, s.node)
	v.invites = invite.New(st, s.bus, ck, inviteHouse{set, v.online})
	v.surveys = survey.New(st, talks{d.conversations}, set, s.bus, ck, key)
	v.canvases = canvas.New(canvas.Deps{Store: st, Conversations: d.conversations, Media: d.media, Settings: set, Events: s.bus, Clock: ck, Key: key})
	v.calls = s.callDomain(key)
	v.transcripts = transcript.New(d.conversations, later{s}, d.media)
	v.mail = mail.New(mail.Options{Server: c.SMTPServer, User: c.SMTPUser, Password: c.SMTPPassword, From: c.SMTPFrom, TLS: c.SMTPTLS})
	s.circularDomain(key)
	v.leaves = leave.New(st, set, s.bus, ck, leave.Mail{Ready: v.mail.Ready(), Kind: JobLeaveMail, Resolve: takesMail}, func() { s.jobs.Wake() })
	return nil
}

// visitPayload makes an empty payload of the visitor side's kinds of event.
func visitPayload(k event.Kind) any {
	switch k {
	case event.OnlineChanged:
		return &online.Changed{}
	case event.InviteChanged:
		return &invite.Changed{}
	case event.SurveyChanged:
		return &survey.Changed{}
	case event.LeaveChanged:
		return &leave.Changed{}
	case event.CanvasChanged:
		return &canvas.Changed{}
	case event.CallChanged:
		return &calls.Changed{}
	case event.CallSignal:
		return &calls.Signal{}
	case event.CanvasStroke:
		return &canvas.Stroke{}
	}
	return nil
}

// heed hands an event to the services of the visitor's side; it does not block.
func (v *visitServices) heed(e *event.Event) {
	v.online.Heed(e)
	v.calls.Heed(e)
	switch d := e.Data.(type) {
	case *conversation.Changed:
		if d.Cause == conversation.CauseStarted || d.Conversation.Status == conversation.Closed {
			v.online.Refresh(e.Tenant, d.Conversation.Visitor)
		}
	case *invite.Changed:
		v.online.Refresh(e.Tenant, d.Invitation.Visitor)
	}
}

// closings publishes what conversations announce, on the node where it happened,
// and what the end of one without an agent left behind.
type closings struct{ s *Server }

// Publish implements event.Publisher.
func (c closings) Publish(e *event.Event) {
	c.s.bus.Publish(e)
	d, ok := e.Data.(*conversation.Changed)
	if !ok || d.Conversation.Status != conversation.Closed {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), readyTimeout)
	defer cancel()
	if err := c.s.mailWished(ctx, d.Conversation); err != nil {
		c.s.log.Error("record that was asked for not mailed", "conversation", d.Conversation.ID, "error", err)
	}
	if d.Conversation.Agent != "" {
		return
	}
	if err := c.s.services.visit.leaves.Missed(ctx, e.Tenant, d.Conversation.ID); err != nil {
		c.s.log.Error("missed visitor not announced", "conversation", d.Conversation.ID, "error", err)
	}
}

// placeOf tells routing, which is built before the table of regions, where an
// address is.
func (s *Server) placeOf(address string) region.Place { return s.services.visit.online.Place(address) }

// invited finds accepted invitations for routing, which is built before them.
type invited struct{ s *Server }

// AgentFor implements routing.Inviter.
func (i invited) AgentFor(ctx context.Context, who actor.Actor) (id.Agent, error) {
	return i.s.services.visit.invites.AgentFor(ctx, who)
}

// sendLetter is the worker of JobLeaveMail.
func (s *Server) sendLetter(ctx context.Context, j job.Job) error {
	var l leave.Letter
	if err := json.Unmarshal([]byte(j.Payload), &l); err != nil {
		return fmt.Errorf("%w: %w", job.ErrGiveUp, err)
	}
	err := s.services.visit.mail.Send(ctx, mail.Letter{To: l.To, ReplyTo: l.ReplyTo, Subject: l.Subject, Text: l.Text, ID: l.ID, At: s.opts.Clock.Now()})
	if errors.Is(err, mail.ErrRefused) {
		return fmt.Errorf("%w: %w", job.ErrGiveUp, err)
	}
	return err
}

// inboxSettings answers what the domains of the visitor's side ask of settings.
type inboxSettings struct{ accounts *account.Service }

func (s inboxSettings) of(ctx context.Context, t id.Tenant, in id.Inbox) (setting.Inbox, error) {
	book, err := s.accounts.Book(ctx, t)
	if err != nil {
		return setting.Inbox{}, err
	}
	inbox, ok := book.Inboxes[in]
	if !ok {
		return setting.Inbox{}, errs.New(errs.NotFound, "inbox_not_found", "There is no such inbox.")
	}
	return inbox.Settings, nil
}

// Offline implements leave.Settings.
func (s inboxSettings) Offline(ctx context.Context, t id.Tenant, in id.Inbox) (setting.Offline, error) {
	got, err := s.of(ctx, t, in)
	return got.Offline, err
}

// Notice implements leave.Settings: the company's options.
func (s inboxSettings) Notice(ctx context.Context, t id.Tenant, _ id.Team) (leave.Notice, error) {
	book, err := s.accounts.Book(ctx, t)
	if err != nil {
		return leave.Notice{}, err
	}
	company := book.Tenant.Settings
	return leave.Notice{Off: !company.On("Livechat_display_offline_form"), To: company.Word("Livechat_offline_email"),
		Verify: company.On("Livechat_validate_offline_email")}, nil
}

// resolveFor bounds the question whether a domain takes mail.
const resolveFor = 3 * time.Second

// takesMail asks the domain name system.
func takesMail(ctx context.Context, domain string) error {
	ctx, cancel := context.WithTimeout(ctx, resolveFor)
	defer cancel()
	_, err := net.DefaultResolver.LookupMX(ctx, domain)
	return err
}

// Survey implements survey.Settings.
func (s inboxSettings) Survey(ctx context.Context, t id.Tenant, in id.Inbox) (setting.Survey, error) {
	got, err := s.of(ctx, t, in)
	return got.Survey, err
}

// inviteHouse answers what invitations ask.
type inviteHouse struct {
	inboxSettings
	online *online.Service
}

// Rules implements invite.House.
func (h inviteHouse) Rules(ctx context.Context, t id.Tenant, in id.Inbox) ([]setting.InviteRule, *time.Location, error) {
	book, err := h.accounts.Book(ctx, t)
	if err != nil {
		return nil, nil, err
	}
	zone := book.Service(in, "").Hours.Location()
	got := book.Inboxes[in].Settings.Invite
	if !got.Enabled {
		return nil, zone, nil
	}
	return got.Rules, zone, nil
}

// Visit implements invite.House.
func (h inviteHouse) Visit(ctx context.Context, t id.Tenant, v id.Visitor) (time.Time, int, error) {
	got, err := h.online.Visitor(ctx, t, v)
	return got.Since, got.Visits, err
}

// Available implements invite.House.
func (h inviteHouse) Available(ctx context.Context, t id.Tenant) (bool, error) {
	return h.accounts.AnyoneAvailable(ctx, t)
}

// Valid implements invite.House.
func (s inboxSettings) Valid(ctx context.Context, t id.Tenant, in id.Inbox) (time.Duration, error) {
	book, err := s.accounts.Book(ctx, t)
	if err != nil {
		return 0, err
	}
	return time.Duration(*book.Service(in, "").Timers.InviteValid) * time.Second, nil
}

// trail keeps page views unless the inbox says otherwise.
type trail struct {
	visitors *visitor.Service
	settings inboxSettings
}

// Looked implements online.Trail.
func (t trail) Looked(ctx context.Context, l online.Look) error {
	set, err := t.settings.of(ctx, l.Tenant, l.Inbox)
	if err != nil || set.NoTrail {
		return err
	}
	return t.visitors.Look(ctx, actor.Actor{Kind: actor.Visitor, Tenant: l.Tenant, Visitor: l.Visitor, Inbox: l.Inbox}, l.URL, l.Title)
}

// Left implements online.Trail.
func (t trail) Left(ctx context.Context, looks []online.Look) error {
	by := map[id.Tenant][]id.Visitor{}
	for _, l := range looks {
		set, err := t.settings.of(ctx, l.Tenant, l.Inbox)
		if err != nil && errs.CodeOf(err) != errs.NotFound {
			return err
		}
		if err == nil && !set.NoTrail && l.URL != "" {
			by[l.Tenant] = append(by[l.Tenant], l.Visitor)
		}
	}
	for tenant, visitors := range by {
		if err := t.visitors.Left(ctx, tenant, visitors); err != nil {
			return err
		}
	}
	return nil
}

// talks finds conversations for surveys.
type talks struct{ conversations *conversation.Service }

// Talk implements survey.Talks.
func (t talks) Talk(ctx context.Context, who actor.Actor, c id.Conversation) (survey.Talk, error) {
	got, err := t.conversations.Conversation(ctx, who, c)
	talk := survey.Talk{Conversation: got.ID, Tenant: got.Tenant, Inbox: got.Inbox, Visitor: got.Visitor, VisitorName: got.VisitorName, Agent: got.Agent,
		AgentName: got.AgentName, Team: got.Team, Closed: got.Status == conversation.Closed}
	if got.ClosedAt != nil {
		talk.ClosedAt = *got.ClosedAt
	}
	return talk, err
}

func (v *visitServices) front() wire.Visit {
	return wire.Visit{Online: v.online, Invites: v.invites, Surveys: v.surveys, Leaves: v.leaves, Canvases: v.canvases, Calls: v.calls}
}
