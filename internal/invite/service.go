package invite

import (
	"context"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"parlor/internal/actor"
	"parlor/internal/clock"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
	"parlor/internal/setting"
)

// Valid is how long an invitation can be answered, and binds the visitor to the
// agent, unless the settings say otherwise.
const Valid = 20 * time.Minute

const (
	maxText = 500
	maxRule = 64
)

// Service is the use cases of invitations.
type Service struct {
	store  Store
	events event.Publisher
	clock  clock.Clock
	house  House
}

// House is what invite asks of the settings and of who is at work.
type House interface {
	// Valid returns how long an invitation of an inbox holds.
	Valid(ctx context.Context, t id.Tenant, in id.Inbox) (time.Duration, error)
	// Rules returns the rules of an inbox as they are now, none if they are off, and
	// the zone in which their times of day are.
	Rules(ctx context.Context, t id.Tenant, in id.Inbox) ([]setting.InviteRule, *time.Location, error)
	// Visit returns since when a visitor has been on the site this time, and which
	// visit it is; errs.NotFound "visitor_not_online" if it has left.
	Visit(ctx context.Context, t id.Tenant, v id.Visitor) (since time.Time, visits int, err error)
	// Available reports whether an agent can take a conversation now.
	Available(ctx context.Context, t id.Tenant) (bool, error)
}

// New returns a service.
func New(store Store, events event.Publisher, c clock.Clock, house House) *Service {
	return &Service{store: store, events: events, clock: c, house: house}
}

// Send invites a visitor by hand. The agent needs actor.Invite. text, at most 500
// characters, replaces the text of the inbox.
// Errors: NotFound "visitor_not_online"; Conflict "visitor_in_service".
func (s *Service) Send(ctx context.Context, who actor.Actor, v id.Visitor, text string) (got Invitation, err error) {
	defer errs.Wrap(&err, "invite.Send")
	if who.Kind != actor.Agent || !who.Can(actor.Invite) {
		return got, errs.New(errs.Forbidden, "not_allowed", "Your role does not allow inviting visitors.")
	}
	text = strings.TrimSpace(strings.ToValidUTF8(text, ""))
	if n := utf8.RuneCountInString(text); n > maxText {
		return got, errs.Field("text", "text_too_long", "The text has %d characters; %d are allowed.", n, maxText)
	}
	got, err = s.store.Invite(ctx, Invitation{ID: id.New(), Tenant: who.Tenant, Visitor: v, Agent: who.Agent, AgentName: who.Name, Text: text,
		At: s.clock.Now(), Result: Open})
	if err == nil {
		s.tell(got)
	}
	return got, err
}

// Shown records that a page invites its visitor by a rule: the rule's name, or
// "rule n" by its place from 1. The page judges what it alone can see, the rest is
// judged here, at this moment. Errors: those of Refusal; Conflict "rules_changed"
// if the inbox has no such rule any more; those of Send. The page shows nothing then.
func (s *Service) Shown(ctx context.Context, who actor.Actor, rule string) (got Invitation, err error) {
	defer errs.Wrap(&err, "invite.Shown")
	if who.Kind != actor.Visitor {
		return got, errs.New(errs.Forbidden, "visitors_only", "Only visitors are invited by rules.")
	}
	if !utf8.ValidString(rule) || utf8.RuneCountInString(rule) > maxRule {
		return got, errs.Field("rule", "bad_rule", "The name of the rule has more than %d characters.", maxRule)
	}
	if err = s.fires(ctx, who, rule); err != nil {
		return got, err
	}
	got, err = s.store.Invite(ctx, Invitation{ID: id.New(), Tenant: who.Tenant, Visitor: who.Visitor, Rule: rule, At: s.clock.Now(), Result: Open})
	if err == nil {
		s.tell(got)
	}
	return got, err
}

// fires returns why a rule does not invite now, nil if it does.
func (s *Service) fires(ctx context.Context, who actor.Actor, rule string) error {
	rules, zone, err := s.house.Rules(ctx, who.Tenant, who.Inbox)
	if err != nil {
		return err
	}
	for i, r := range rules {
		if r.Name == rule || r.Name == "" && rule == "rule "+strconv.Itoa(i+1) {
			m, err := s.moment(ctx, who, zone)
			if err != nil {
				return err
			}
			return Refusal(r, m)
		}
	}
	return errs.New(errs.Conflict, "rules_changed", "The inbox has no such rule.")
}

// latest is how many invitations of a visitor are looked at for the last one that
// a rule made; agents do not invite more often than that in between.
const latest = 50

func (s *Service) moment(ctx context.Context, who actor.Actor, zone *time.Location) (m Moment, err error) {
	m.Now = s.clock.Now().In(zone)
	if m.VisitSince, m.Visits, err = s.house.Visit(ctx, who.Tenant, who.Visitor); err != nil {
		return m, err
	}
	list, _, err := s.store.Invites(ctx, who.Tenant, Filter{Visitor: who.Visitor, Limit: latest})
	if err != nil {
		return m, err
	}
	for _, in := range list { // newest first
		if in.Agent == "" {
			m.Asked = in.At
			break
		}
	}
	m.Available, err = s.house.Available(ctx, who.Tenant)
	return m, err
}

// Answer accepts or refuses an invitation of the visitor, "" for the newest open
// one. An answer that was given before stays. errs.NotFound
// "invitation_not_found" if there is none or its time is over.
func (s *Service) Answer(ctx context.Context, who actor.Actor, invitation string, accept bool) (got Invitation, err error) {
	defer errs.Wrap(&err, "invite.Answer")
	if who.Kind != actor.Visitor {
		return got, errs.New(errs.Forbidden, "visitors_only", "Only the visitor answers an invitation.")
	}
	valid, err := s.house.Valid(ctx, who.Tenant, who.Inbox)
	if err != nil {
		return got, err
	}
	r, now := Refused, s.clock.Now()
	if accept {
		r = Accepted
	}
	got, changed, err := s.store.AnswerInvite(ctx, who.Tenant, who.Visitor, invitation, r, now, now.Add(-valid))
	if err == nil && changed {
		s.tell(got)
	}
	return got, err
}

// AgentFor returns the agent whose invitation the visitor accepted a short while
// ago, "" if there is none: a conversation that begins now is for that agent.
func (s *Service) AgentFor(ctx context.Context, who actor.Actor) (agent id.Agent, err error) {
	defer errs.Wrap(&err, "invite.AgentFor")
	valid, err := s.house.Valid(ctx, who.Tenant, who.Inbox)
	if err != nil || valid <= 0 {
		return "", err
	}
	got, ok, err := s.store.AcceptedInvite(ctx, who.Tenant, who.Visitor, s.clock.Now().Add(-valid))
	if err != nil || !ok {
		return "", err
	}
	return got.Agent, nil
}

// Pending returns the newest invitation of the visitor by an agent that waits for
// an answer; ok is false if there is none.
func (s *Service) Pending(ctx context.Context, who actor.Actor) (got Invitation, ok bool, err error) {
	defer errs.Wrap(&err, "invite.Pending")
	list, _, err := s.store.Invites(ctx, who.Tenant, Filter{Visitor: who.Visitor, Limit: 1})
	if err != nil || len(list) == 0 {
		return got, false, err
	}
	valid, err := s.house.Valid(ctx, who.Tenant, who.Inbox)
	got = list[0]
	return got, got.Agent != "" && got.Result == Open && s.clock.Now().Sub(got.At) < valid, err
}

// List returns a page of invitations, newest first.
func (s *Service) List(ctx context.Context, who actor.Actor, f Filter) (page []Invitation, next string, err error) {
	defer errs.Wrap(&err, "invite.List")
	if who.Kind != actor.Agent {
		return nil, "", errs.New(errs.Forbidden, "agents_only", "Only agents see invitations.")
	}
	if f.Limit < 1 || f.Limit > 200 {
		f.Limit = 50
	}
	if f.Result != "" && f.Result != Open && f.Result != Accepted && f.Result != Refused {
		return nil, "", errs.Field("result", "unknown_result", "default, accept and refuse are the results.")
	}
	return s.store.Invites(ctx, who.Tenant, f)
}

// Tally counts what became of the invitations of the last days, at most 366, of
// an inbox or with "" of all.
func (s *Service) Tally(ctx context.Context, who actor.Actor, in id.Inbox, days int) (t Tally, err error) {
	defer errs.Wrap(&err, "invite.Tally")
	if who.Kind != actor.Agent {
		return t, errs.New(errs.Forbidden, "agents_only", "Only agents see invitations.")
	}
	return s.store.InviteTally(ctx, who.Tenant, in, s.clock.Now().AddDate(0, 0, -min(max(days, 1), 366)))
}

// tell announces an invitation to the visitor's pages, to whoever watches the
// list, to the agent, and to the node that holds the visitor.
func (s *Service) tell(in Invitation) {
	to := []event.Topic{event.ToVisitor(in.Tenant, in.Visitor), event.ToOnline(in.Tenant), event.ToFollowers(in.Tenant, in.Visitor), event.ToNodes}
	if in.Agent != "" {
		to = append(to, event.ToAgent(in.Tenant, in.Agent))
	}
	s.events.Publish(&event.Event{ID: id.New(), Tenant: in.Tenant, Kind: event.InviteChanged, To: to, At: s.clock.Now(), Data: &Changed{Invitation: in}})
}
