package summary

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"parlor/internal/actor"
	"parlor/internal/clock"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
	"parlor/internal/mask"
)

// Service is the use cases of summaries. Whether an agent may see a conversation
// is checked by its callers, who read the conversation.
type Service struct {
	store  Store
	events event.Publisher
	clock  clock.Clock
}

// New returns a service.
func New(store Store, events event.Publisher, c clock.Clock) *Service {
	return &Service{store: store, events: events, clock: c}
}

// Subject is what a summary has to know of its conversation.
type Subject struct {
	Conversation id.Conversation
	Visitor      id.Visitor
	Team         id.Team
}

// Input is what an agent notes.
type Input struct {
	Text     string    `json:"text,omitempty" maxLength:"5000"`
	Class    string    `json:"class,omitempty" maxLength:"64" doc:"Id of a session type"`
	FollowUp *FollowUp `json:"followUp,omitempty"`
	Agent    id.Agent  `json:"agent,omitempty" maxLength:"64" doc:"Who sees to the follow-up; oneself without it"`
}

// Of returns the summary of a conversation.
func (s *Service) Of(ctx context.Context, who actor.Actor, c id.Conversation) (Summary, error) {
	got, err := s.store.Summary(ctx, who.Tenant, c)
	return got.For(who), err
}

// Save writes the summary of a conversation anew. With a follow-up it is open,
// also if an earlier one was handled. A masked contact that comes back as it was
// shown stays as it is; any other masked one is Invalid "masked".
func (s *Service) Save(ctx context.Context, who actor.Actor, of Subject, in Input) (got Summary, err error) {
	defer errs.Wrap(&err, "summary.Save")
	if who.Kind != actor.Agent {
		return got, errs.New(errs.Forbidden, "agents_only", "Only agents write summaries.")
	}
	now := s.clock.Now()
	got = Summary{Conversation: of.Conversation, Tenant: who.Tenant, Visitor: of.Visitor, Team: of.Team, Agent: in.Agent, Text: strings.TrimSpace(in.Text),
		Class: in.Class, State: None, CreatedAt: now, UpdatedAt: now}
	if got.Agent == "" {
		got.Agent = who.Agent
	}
	if n := utf8.RuneCountInString(got.Text); n > MaxText || !utf8.ValidString(got.Text) {
		return got, errs.Field("text", "text_too_long", "The summary has %d characters; %d are allowed.", n, MaxText)
	}
	if f := in.FollowUp; f != nil {
		if err = checkFollowUp(*f); err != nil {
			return got, err
		}
		whole := *f
		if whole.Contact, err = s.whole(ctx, who, of.Conversation, f.Contact); err != nil {
			return got, err
		}
		got.FollowUp, got.State = &whole, Open
	}
	if err = s.store.SaveSummary(ctx, got); err != nil {
		return got, err
	}
	s.changed(got)
	return s.Of(ctx, who, of.Conversation)
}

// whole returns the contact that is meant by one that may be masked.
func (s *Service) whole(ctx context.Context, who actor.Actor, c id.Conversation, contact string) (string, error) {
	if !mask.Is(contact) {
		return contact, nil
	}
	old, err := s.store.Summary(ctx, who.Tenant, c)
	if err != nil && errs.CodeOf(err) != errs.NotFound {
		return "", err
	}
	if old.FollowUp == nil || mask.Contact(old.FollowUp.Contact) != contact {
		return "", errs.Field("followUp.contact", "masked", "Write the whole value, or leave it as it is.")
	}
	return old.FollowUp.Contact, nil
}

func checkFollowUp(f FollowUp) error {
	switch {
	case !slices.Contains([]Way{Phone, Email, SMS, WeChat}, f.Kind):
		return errs.Field("followUp.kind", "unknown_kind", "%q is not a way; phone, email, sms and wechat are.", f.Kind)
	case f.At.IsZero():
		return errs.Field("followUp.at", "no_date", "The follow-up has no date.")
	case utf8.RuneCountInString(f.Contact) > MaxContact:
		return errs.Field("followUp.contact", "too_long", "The contact has more than %d characters.", MaxContact)
	}
	return nil
}

// Handle ends a follow-up with a note of how.
func (s *Service) Handle(ctx context.Context, who actor.Actor, c id.Conversation, note string) (got Summary, err error) {
	defer errs.Wrap(&err, "summary.Handle")
	if who.Kind != actor.Agent {
		return got, errs.New(errs.Forbidden, "agents_only", "Only agents handle follow-ups.")
	}
	note = strings.TrimSpace(note)
	if utf8.RuneCountInString(note) > MaxNote {
		return got, errs.Field("note", "note_too_long", "The note has more than %d characters.", MaxNote)
	}
	if err = s.store.HandleSummary(ctx, who.Tenant, c, who.Name, note, s.clock.Now()); err != nil {
		return got, err
	}
	if got, err = s.store.Summary(ctx, who.Tenant, c); err == nil {
		s.changed(got)
	}
	return got.For(who), err
}

func (s *Service) changed(x Summary) {
	s.events.Publish(&event.Event{ID: id.New(), Tenant: x.Tenant, Kind: event.SummaryChanged, At: s.clock.Now(),
		To:   []event.Topic{event.ToAgent(x.Tenant, x.Agent), event.ToTeam(x.Tenant, x.Team), event.ToWatchers(x.Tenant, x.Conversation)},
		Data: &SummaryChanged{Conversation: x.Conversation, State: x.State, Agent: x.Agent}})
}

// Views of the follow-ups.
const (
	Mine = "mine"
	Team = "team"
	All  = "all"
)

// Due returns a page of the follow-ups that wait until a time, the earliest
// first: one's own, those of a team one is in, or for who sees everything all.
func (s *Service) Due(ctx context.Context, who actor.Actor, view string, team id.Team, until time.Time, after string, limit int) ([]Summary, string, error) {
	if limit < 1 || limit > 200 {
		limit = 50
	}
	f := DueFilter{Tenant: who.Tenant, Until: until, After: after, Limit: limit}
	switch view {
	case Mine:
		f.Agent = who.Agent
	case Team:
		if f.Team = team; team == "" || (!slices.Contains(who.Teams, team) && !who.Can(actor.SeeAll)) {
			return nil, "", errs.New(errs.NotFound, "team_not_found", "There is no such team.")
		}
	case All:
		if !who.Can(actor.SeeAll) {
			return nil, "", errs.New(errs.Forbidden, "not_allowed", "Your role does not allow seeing all follow-ups.")
		}
	default:
		return nil, "", errs.Field("view", "unknown_view", "%q is not a view; mine, team and all are.", view)
	}
	page, next, err := s.store.DueFollowUps(ctx, f)
	for i := range page {
		page[i] = page[i].For(who)
	}
	return page, next, err
}

// TypeInput is what is said of a session type.
type TypeInput struct {
	Name   string `json:"name" minLength:"1" maxLength:"60"`
	Code   string `json:"code,omitempty" maxLength:"60"`
	Parent string `json:"parent,omitempty" maxLength:"64"`
	Sort   int    `json:"sort,omitempty" minimum:"0" maximum:"100000"`
}

// Types returns the tree of session types.
func (s *Service) Types(ctx context.Context, who actor.Actor) ([]SessionType, error) {
	return s.store.SessionTypes(ctx, who.Tenant)
}

var errContent = errs.New(errs.Forbidden, "not_allowed", "Your role does not allow changing session types.")

// SaveType adds a session type or changes the one named by its id. It needs the
// permission actor.Content.
func (s *Service) SaveType(ctx context.Context, who actor.Actor, st string, in TypeInput) (got SessionType, err error) {
	defer errs.Wrap(&err, "summary.SaveType")
	if !who.Can(actor.Content) {
		return got, errContent
	}
	got = SessionType{ID: st, Tenant: who.Tenant, Parent: in.Parent, Name: strings.TrimSpace(in.Name), Code: strings.TrimSpace(in.Code), Sort: in.Sort, CreatedAt: s.clock.Now()}
	for field, v := range map[string]string{"name": got.Name, "code": got.Code} {
		if n := utf8.RuneCountInString(v); n > MaxName || (field == "name" && n == 0) || !utf8.ValidString(v) || strings.ContainsFunc(v, unicode.IsControl) {
			return got, errs.Field(field, "bad_name", "The %s has 1 to %d characters.", field, MaxName)
		}
	}
	known, err := s.store.SessionTypes(ctx, who.Tenant)
	if err != nil {
		return got, err
	}
	fresh := st == ""
	if fresh {
		got.ID = id.New()
	}
	if err = hang(got, known, fresh); err != nil {
		return got, err
	}
	return got, s.store.SaveSessionType(ctx, got, fresh, MaxTypes)
}

// hang checks where a session type would hang in the tree.
func hang(st SessionType, known []SessionType, fresh bool) error {
	parents := map[string]string{}
	for _, k := range known {
		parents[k.ID] = k.Parent
	}
	if _, ok := parents[st.ID]; !ok && !fresh {
		return errs.New(errs.NotFound, "type_not_found", "There is no such session type.")
	}
	if _, ok := parents[st.Parent]; st.Parent != "" && !ok {
		return errs.Field("parent", "type_not_found", "There is no such session type above.")
	}
	parents[st.ID] = st.Parent
	for at := st.Parent; at != ""; at = parents[at] {
		if at == st.ID {
			return errs.Field("parent", "own_parent", "A session type cannot be below itself.")
		}
	}
	for k := range parents {
		depth := 1
		for at := parents[k]; at != ""; at = parents[at] {
			if depth++; depth > MaxDepth {
				return errs.Field("parent", "too_deep", "Session types are nested %d deep at most.", MaxDepth)
			}
		}
	}
	return nil
}

// RemoveType deletes a session type that nothing hangs below. It needs the
// permission actor.Content.
func (s *Service) RemoveType(ctx context.Context, who actor.Actor, st string) error {
	if !who.Can(actor.Content) {
		return errContent
	}
	return s.store.RemoveSessionType(ctx, who.Tenant, st)
}
