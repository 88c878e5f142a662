package call

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"time"

	"parlor/internal/actor"
	"parlor/internal/clock"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
	"parlor/internal/job"
)

// Server is a server that helps browsers to reach each other, in the form in which
// browsers take it.
type Server struct {
	URLs       []string `json:"urls"`
	Username   string   `json:"username,omitempty"`
	Credential string   `json:"credential,omitempty"`
}

// Servers returns the servers for one side of a call; credentials among them are
// made for it alone and end by themselves.
type Servers func(c id.Call, side actor.Kind) []Server

// Pictures knows addresses of files.
type Pictures interface {
	// Signed reports whether an address is one of ours that opens a file of the company now.
	Signed(t id.Tenant, address string) bool
}

// Deps are what the service works with.
type Deps struct {
	Store         Store
	Conversations *conversation.Service
	Events        event.Publisher
	Clock         clock.Clock
	Servers       Servers
	// Key signs tickets; the same on all nodes.
	Key []byte
	// Off refuses new calls.
	Off bool
	// Recorder records calls, nil for none; Rule says which, Files keeps what it brings.
	Recorder Recorder
	Rule     func(ctx context.Context, talk conversation.Conversation) (Rule, error)
	Files    Files
	// Pictures knows the pictures that the whiteboard shows.
	Pictures Pictures
	Log      *slog.Logger
}

// Service is the use cases of calls.
type Service struct {
	Deps
	todo chan Call
	// serves are conversations with a request that have moved.
	serves chan served

	mu sync.Mutex
	// running are the calls that go on, as events told, by conversation.
	running map[id.Conversation]Call
	// waiting are the conversations whose visitors are known to wait for a call.
	waiting map[id.Conversation]id.Tenant
}

// maxRunning bounds what is remembered of calls that go on; the job of each call
// sees to those that are not.
const maxRunning = 20_000

// New returns a service. Run must run.
func New(d Deps) *Service {
	d.Log = d.Log.With("component", "call")
	return &Service{Deps: d, todo: make(chan Call, 256), serves: make(chan served, 256), running: map[id.Conversation]Call{}, waiting: map[id.Conversation]id.Tenant{}}
}

// Joined is a call with what one side needs to take part.
type Joined struct {
	Call    Call     `json:"call"`
	Ticket  string   `json:"ticket"`
	Servers []Server `json:"iceServers"`
}

func (s *Service) joined(who actor.Actor, c Call) Joined {
	list := s.Servers(c.ID, who.Kind)
	if list == nil {
		list = []Server{}
	}
	return Joined{Call: c, Ticket: s.Ticket(c.Tenant, c.ID, who.Kind), Servers: list}
}

var errNotFound = errs.New(errs.NotFound, "call_not_found", "There is no such call.")

// party returns a call of which who is a side: its visitor or its agent. For all
// others it does not exist.
func (s *Service) party(ctx context.Context, who actor.Actor, c id.Call) (Call, error) {
	got, err := s.Store.Call(ctx, who.Tenant, c)
	if err != nil {
		return got, err
	}
	if who.Kind == actor.Agent && got.Agent == who.Agent || who.Kind == actor.Visitor && got.Visitor == who.Visitor {
		return got, nil
	}
	return Call{}, errNotFound
}

// Invite begins a call in an open conversation; who is its visitor or its agent.
//
// Errors: Conflict "conversation_closed", "no_agent", "not_your_conversation",
// "call_running"; Forbidden "calls_off", "not_allowed"; Invalid "bad_kind"; TooMany
// "recorder_full".
func (s *Service) Invite(ctx context.Context, who actor.Actor, c id.Conversation, kind Kind) (out Joined, err error) {
	defer errs.Wrap(&err, "call.Invite")
	if kind != Voice && kind != Video {
		return out, errs.Field("kind", "bad_kind", "A call is of kind voice or video.")
	}
	talk, err := s.Conversations.Conversation(ctx, who, c)
	if err != nil {
		return out, err
	}
	switch {
	case s.Off:
		err = errs.New(errs.Forbidden, "calls_off", "Calls are switched off.")
	case talk.Status == conversation.Closed:
		err = errs.New(errs.Conflict, "conversation_closed", "The conversation is closed.")
	case talk.Agent == "" || talk.Agent.Robot() || talk.Status != conversation.Open:
		err = errs.New(errs.Conflict, "no_agent", "Nobody serves the conversation yet.")
	case who.Kind == actor.Agent && !who.Can(actor.Reply):
		err = errs.New(errs.Forbidden, "not_allowed", "Your role does not allow answering.")
	case who.Kind == actor.Agent && talk.Agent != who.Agent:
		err = errs.New(errs.Conflict, "not_your_conversation", "The conversation is not assigned to you.")
	}
	if err != nil {
		return out, err
	}
	r, ok, err := s.Store.CallRequest(ctx, talk.Tenant, talk.ID)
	if err != nil {
		return out, err
	}
	made, err := s.begin(ctx, who, talk, kind, asking{of: ok && r.EndedAt.IsZero()})
	if err != nil {
		return out, err
	}
	return s.joined(who, made), nil
}

// asking is how a call belongs to a request: of one, or begun by one.
type asking struct{ of, by bool }

// begin begins a call in a conversation that an agent has; who is one of its sides.
func (s *Service) begin(ctx context.Context, who actor.Actor, talk conversation.Conversation, kind Kind, a asking) (made Call, err error) {
	record, err := s.recorded(ctx, talk)
	if err != nil {
		return made, err
	}
	now := s.Clock.Now()
	made = Call{ID: id.Call(id.New()), Tenant: talk.Tenant, Conversation: talk.ID, Kind: kind, Recorded: record, State: Inviting, By: who.Kind, Agent: talk.Agent,
		AgentName: talk.AgentName, Visitor: talk.Visitor, VisitorName: talk.VisitorName, InvitedAt: now, Asked: a.by, AgentSeen: now, VisitorSeen: now}
	made, err = s.Store.CreateCall(ctx, made, watchJob(made, now.Add(AnswerWithin)))
	if err != nil {
		return made, err
	}
	line := conversation.Line{Name: conversation.LineCalled, Agent: talk.Agent, AgentName: talk.AgentName, By: who.Name, ByAgent: who.Agent, Media: string(kind), Call: made.ID, CallNumber: made.Number, Recorded: record, Asked: a.of || a.by}
	if who.Kind == actor.Visitor {
		line.By = talk.VisitorName
	}
	if _, err = s.Conversations.Note(ctx, talk.Tenant, talk.ID, line, "call-"+string(made.ID)); err != nil {
		return made, err
	}
	s.tell(made)
	return made, nil
}

// Ring notes that the invited side shows the call.
func (s *Service) Ring(ctx context.Context, who actor.Actor, c id.Call) (err error) {
	defer errs.Wrap(&err, "call.Ring")
	got, err := s.party(ctx, who, c)
	if err != nil || got.By == who.Kind || got.State != Inviting {
		return err
	}
	moved, err := s.Store.MoveCall(ctx, Move{Tenant: who.Tenant, Call: c, To: Ringing, At: s.Clock.Now()})
	if errs.CodeOf(err) == errs.Conflict {
		return nil // it has gone on already
	}
	if err == nil {
		s.tell(moved)
	}
	return err
}

// Accept answers a call; only the invited side does. Errors: Conflict "call_over"
// if it is answered or ended already, Forbidden "own_call", TooMany "recorder_full".
func (s *Service) Accept(ctx context.Context, who actor.Actor, c id.Call) (out Joined, err error) {
	defer errs.Wrap(&err, "call.Accept")
	got, err := s.party(ctx, who, c)
	if err != nil {
		return out, err
	}
	if got.By == who.Kind {
		return out, errs.New(errs.Forbidden, "own_call", "The other side answers the call.")
	}
	if got, err = s.Store.MoveCall(ctx, Move{Tenant: who.Tenant, Call: c, To: Connected, At: s.Clock.Now()}); err != nil {
		return out, err
	}
	if got.Recorded && (s.Recorder == nil || !s.Recorder.Begin(got)) {
		_, err = s.end(ctx, got, Aborted, Failed, actor.System)
		return out, errors.Join(errs.New(errs.TooMany, "recorder_full", "The call cannot be recorded now; try again later."), err)
	}
	s.tell(got)
	if who.Kind == actor.Visitor {
		err = s.noteAnswer(ctx, got)
	}
	return s.joined(who, got), err
}

// noteAnswer tells that a visitor who had asked for a call took the one by which it was
// called back.
func (s *Service) noteAnswer(ctx context.Context, c Call) error {
	r, ok, err := s.Store.CallRequest(ctx, c.Tenant, c.Conversation)
	if err != nil || !ok || !r.EndedAt.IsZero() {
		return err
	}
	_, err = s.Conversations.Note(ctx, c.Tenant, c.Conversation, conversation.Line{Name: conversation.LineCallAnswered, Agent: c.Agent, AgentName: c.AgentName, By: c.VisitorName,
		Media: string(c.Kind), Call: c.ID, CallNumber: c.Number, Asked: true}, "call-answer-"+string(c.ID))
	if errs.ReasonOf(err) == "conversation_closed" {
		err = nil // the call ends with it
	}
	return err
}

// Join gives a side that was in the call what it needs to come back, after a reload
// of its page. Errors: Conflict "call_over", "call_not_answered".
func (s *Service) Join(ctx context.Context, who actor.Actor, c id.Call) (out Joined, err error) {
	defer errs.Wrap(&err, "call.Join")
	got, err := s.party(ctx, who, c)
	switch {
	case err != nil:
		return out, err
	case got.State.Over():
		return out, errs.New(errs.Conflict, "call_over", "The call is over.")
	case got.State != Connected && got.By != who.Kind:
		return out, errs.New(errs.Conflict, "call_not_answered", "The call has not been answered.")
	}
	return s.joined(who, got), nil
}

// Leave ends a call for both sides: before the answer the invited side declines and
// the other cancels, afterwards either hangs up. failed says that the browsers found
// no way to each other. A call that is over stays as it is.
func (s *Service) Leave(ctx context.Context, who actor.Actor, c id.Call, failed bool) (got Call, err error) {
	defer errs.Wrap(&err, "call.Leave")
	if got, err = s.party(ctx, who, c); err != nil || got.State.Over() {
		return got, err
	}
	to, reason := Aborted, Declined
	switch {
	case failed:
		reason = Failed
	case got.State == Connected:
		to, reason = Terminated, HungUp
	case got.By == who.Kind:
		reason = Cancelled
	}
	return s.end(ctx, got, to, reason, who.Kind)
}

// Withdraw ends the call of a conversation on behalf of a program; without one that
// goes on nothing happens and ok is false.
func (s *Service) Withdraw(ctx context.Context, t id.Tenant, c id.Conversation) (got Call, ok bool, err error) {
	defer errs.Wrap(&err, "call.Withdraw")
	if got, ok, err = s.Store.RunningCall(ctx, t, c); err != nil || !ok {
		return got, false, err
	}
	to, reason := Aborted, Cancelled
	if got.State == Connected {
		to, reason = Terminated, HungUp
	}
	got, err = s.end(ctx, got, to, reason, actor.System)
	return got, true, err
}

// end ends a call and tells of it. Whoever comes second gets the call as it ended.
func (s *Service) end(ctx context.Context, c Call, to State, reason string, by actor.Kind) (Call, error) {
	got, err := s.Store.MoveCall(ctx, Move{Tenant: c.Tenant, Call: c.ID, To: to, At: s.Clock.Now(), Reason: reason, By: by, Serve: requestJob(c.Tenant, c.Conversation, s.Clock.Now().Add(askEvery))})
	if errs.ReasonOf(err) == "call_over" {
		return s.Store.Call(ctx, c.Tenant, c.ID)
	}
	if err != nil {
		return got, err
	}
	s.tell(got)
	r, asked, err := s.Store.CallRequest(ctx, got.Tenant, got.Conversation)
	if err != nil {
		return got, err
	}
	if asked && reason == AgentLost && r.Open() {
		s.expect(got.Tenant, got.Conversation)
		defer s.moved(got.Tenant, got.Conversation)
	}
	line := conversation.Line{Asked: asked, Name: conversation.LineCallEnded, Agent: got.Agent, AgentName: got.AgentName, Media: string(got.Kind), Reason: reason, Duration: got.Duration, Call: got.ID, CallNumber: got.Number, Recorded: got.Recorded && !got.AnsweredAt.IsZero()}
	switch by {
	case actor.Agent:
		line.By, line.ByAgent = got.AgentName, got.Agent
	case actor.Visitor:
		line.By = got.VisitorName
	}
	_, err = s.Conversations.Note(ctx, got.Tenant, got.Conversation, line, "call-end-"+string(got.ID))
	if errs.ReasonOf(err) == "conversation_closed" {
		err = nil // the call itself tells when it ended
	}
	return got, err
}

// Ping notes that a side is in the call, and returns a new ticket. Errors: Forbidden
// "bad_ticket", Conflict "call_over".
func (s *Service) Ping(ctx context.Context, who actor.Actor, ticket string, q *Quality) (next string, err error) {
	defer errs.Wrap(&err, "call.Ping")
	c, err := s.Holder(who, ticket)
	if err != nil {
		return "", err
	}
	if q != nil {
		clean := q.clean()
		q = &clean
	}
	if _, err = s.Store.PingCall(ctx, Ping{Tenant: who.Tenant, Call: c, Side: who.Kind, At: s.Clock.Now(), Quality: q}); err != nil {
		return "", err
	}
	return s.Ticket(who.Tenant, c, who.Kind), nil
}

// Running returns the call of a conversation that goes on, for those who may see the
// conversation.
func (s *Service) Running(ctx context.Context, who actor.Actor, c id.Conversation) (got Call, ok bool, err error) {
	defer errs.Wrap(&err, "call.Running")
	if _, err = s.Conversations.Conversation(ctx, who, c); err != nil {
		return got, false, err
	}
	return s.Store.RunningCall(ctx, who.Tenant, c)
}

// List returns calls, the newest first, and the cursor of the next page. Without a
// conversation, agents see their own calls; those who may see everything see all.
func (s *Service) List(ctx context.Context, who actor.Actor, f Filter) (list []Call, next id.Call, err error) {
	defer errs.Wrap(&err, "call.List")
	if f.Conversation != "" {
		if _, err = s.Conversations.Conversation(ctx, who, f.Conversation); err != nil {
			return nil, "", err
		}
	} else if !who.Can(actor.SeeAll) {
		f.Agent = who.Agent
	}
	f.Limit = min(max(f.Limit, 1), MaxListed)
	if list, err = s.Store.Calls(ctx, who.Tenant, f); err == nil && len(list) == f.Limit {
		next = list[len(list)-1].ID
	}
	return list, next, err
}

// tell announces a call to both sides and to those who look at the conversation.
func (s *Service) tell(c Call) {
	s.Events.Publish(&event.Event{ID: id.New(), Tenant: c.Tenant, Kind: event.CallChanged, At: s.Clock.Now(),
		To:   []event.Topic{event.ToVisitor(c.Tenant, c.Visitor), event.ToAgent(c.Tenant, c.Agent), event.ToWatchers(c.Tenant, c.Conversation)},
		Data: &Changed{Call: c}})
}

// ref is the payload of JobWatch.
type ref struct {
	Call id.Call `json:"c"`
}

// JobWatch looks after one call until it is over.
const JobWatch = "call.watch"

func watchJob(c Call, when time.Time) job.Job {
	b, err := json.Marshal(ref{c.ID})
	if err != nil {
		panic(err) // a text always encodes
	}
	return job.Job{ID: id.Job(id.New()), Tenant: c.Tenant, Kind: JobWatch, Payload: string(b), Key: string(c.ID), RunAt: when}
}
