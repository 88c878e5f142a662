package call

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/job"
)

// The sources of requests.
const (
	SourceInvitation = "invitation"
	SourceSubscribe  = "subscribe"
	SourceRelated    = "relatedSession"
)

// maxTask is the longest task of a request, in characters.
const maxTask = 128

// Request is that the visitor of a conversation waits for a video call. The call begins
// by itself as soon as an agent has the conversation, once for each agent, until one of
// them is spoken to.
type Request struct {
	Tenant       id.Tenant
	Conversation id.Conversation
	Visitor      id.Visitor
	// Source is where the visitor came from, Task what the company calls it; both may be "".
	Source, Task string
	// Related is another conversation of the same visitor that it is about.
	Related id.Conversation
	// Own says that the conversation was begun for it: it ends with it.
	Own bool
	// Round counts how often was asked in the conversation, from 1.
	Round int
	// Called is the agent for whom a call was begun last, "" for nobody.
	Called  id.Agent
	AskedAt time.Time
	// AnsweredAt is when a call was answered, EndedAt when the visitor had enough.
	AnsweredAt, EndedAt time.Time
}

// Open reports whether the visitor waits still.
func (r Request) Open() bool { return r.AnsweredAt.IsZero() && r.EndedAt.IsZero() }

// due reports whether a call is to be begun as a conversation stands.
func (r Request) due(talk conversation.Conversation) bool {
	return r.Open() && talk.Status == conversation.Open && talk.Agent != "" && !talk.Agent.Robot() && r.Called != talk.Agent
}

// AskInput is what a visitor asks with.
type AskInput struct {
	Conversation id.Conversation
	Source, Task string
	// Related is a conversation that it is about; one of somebody else is left out.
	Related id.Conversation
	// Own says that the conversation was begun for it.
	Own bool
}

// JobRequest looks after a request until somebody was called for it.
const JobRequest = "call.request"

// askEvery is how often a request is looked at that waits; events make it faster.
const askEvery = 5 * time.Second

func requestJob(t id.Tenant, c id.Conversation, when time.Time) job.Job {
	b, err := json.Marshal(asked{c})
	if err != nil {
		panic(err) // a text always encodes
	}
	return job.Job{ID: id.Job(id.New()), Tenant: t, Kind: JobRequest, Payload: string(b), Key: string(c), RunAt: when}
}

// served names a conversation with a request.
type served struct {
	tenant       id.Tenant
	conversation id.Conversation
}

// asked is the payload of JobRequest.
type asked struct {
	Conversation id.Conversation `json:"c"`
}

// Ask notes that the visitor of a conversation wants a video call. Who waits for one or
// is in one already changes nothing by asking again.
//
// Errors: Forbidden "calls_off", "visitors_only"; Conflict "conversation_closed"; Invalid
// "bad_source", "bad_task".
func (s *Service) Ask(ctx context.Context, who actor.Actor, in AskInput) (r Request, err error) {
	defer errs.Wrap(&err, "call.Ask")
	if err = s.Admits(who, in); err != nil {
		return r, err
	}
	talk, err := s.Conversations.Conversation(ctx, who, in.Conversation)
	if err != nil {
		return r, err
	}
	if in.Related != "" {
		_, err = s.Conversations.Conversation(ctx, who, in.Related)
		if errs.CodeOf(err) == errs.NotFound || in.Related == talk.ID {
			in.Related, err = "", nil
		}
		if err != nil {
			return r, err
		}
	}
	now := s.Clock.Now()
	r, _, err = s.Store.AskCall(ctx, Request{Tenant: talk.Tenant, Conversation: talk.ID, Visitor: talk.Visitor, Source: in.Source, Task: in.Task, Related: in.Related,
		Own: in.Own, AskedAt: now}, requestJob(talk.Tenant, talk.ID, now.Add(askEvery)))
	if err != nil {
		return r, err
	}
	s.expect(talk.Tenant, talk.ID)
	// Also of a request that was there: what was cut off in the middle is made up for.
	line := conversation.Line{Name: conversation.LineCallAsked, By: talk.VisitorName, Media: string(Video), Asked: true, Related: r.Related}
	if _, err = s.Conversations.Note(ctx, talk.Tenant, talk.ID, line, "call-asked-"+strconv.Itoa(r.Round)); err != nil {
		return r, err
	}
	_, err = s.serve(ctx, talk.Tenant, talk.ID)
	return r, err
}

// Admits returns the error with which Ask would refuse what cannot be asked for at all.
func (s *Service) Admits(who actor.Actor, in AskInput) error {
	switch in.Source {
	case "", SourceInvitation, SourceSubscribe, SourceRelated:
	default:
		return errs.Field("source", "bad_source", "A request comes from an invitation, a subscription or a related session.")
	}
	switch {
	case s.Off:
		return errs.New(errs.Forbidden, "calls_off", "Calls are switched off.")
	case who.Kind != actor.Visitor:
		return errs.New(errs.Forbidden, "visitors_only", "Only visitors ask for a call.")
	case utf8.RuneCountInString(in.Task) > maxTask || !utf8.ValidString(in.Task):
		return errs.Field("task", "bad_task", "The task has at most %d characters.", maxTask)
	}
	return nil
}

var errNoRequest = errs.New(errs.NotFound, "call_request_not_found", "Nobody asked for a call in this conversation.")

// Requested returns what the visitor of a conversation asked for, to those who may see
// the conversation. Errors: NotFound "call_request_not_found".
func (s *Service) Requested(ctx context.Context, who actor.Actor, c id.Conversation) (r Request, err error) {
	defer errs.Wrap(&err, "call.Requested")
	if _, err = s.Conversations.Conversation(ctx, who, c); err != nil {
		return r, err
	}
	r, ok, err := s.Store.CallRequest(ctx, who.Tenant, c)
	if err == nil && !ok {
		err = errNoRequest
	}
	return r, err
}

// Finish ends what a visitor asked for: the call that goes on, and the conversation if
// it was begun for it. One that has ended already stays as it is.
func (s *Service) Finish(ctx context.Context, who actor.Actor, c id.Conversation) (err error) {
	defer errs.Wrap(&err, "call.Finish")
	r, err := s.Requested(ctx, who, c)
	if err != nil {
		return err
	}
	if who.Kind != actor.Visitor || who.Visitor != r.Visitor {
		return errs.New(errs.Forbidden, "visitors_only", "Only the visitor ends its request.")
	}
	if err = s.Store.EndRequest(ctx, who.Tenant, c, s.Clock.Now()); err != nil {
		return err
	}
	got, ok, err := s.Store.RunningCall(ctx, who.Tenant, c)
	if err == nil && ok {
		_, err = s.Leave(ctx, who, got.ID, false)
	}
	if err != nil || !r.Own {
		return err
	}
	if _, err = s.Conversations.Close(ctx, who, c, conversation.EndByVisitor); errs.ReasonOf(err) == "conversation_closed" {
		err = nil
	}
	return err
}

// serve begins the call of a request whose conversation an agent has. waits says that
// the visitor waits on.
func (s *Service) serve(ctx context.Context, t id.Tenant, c id.Conversation) (waits bool, err error) {
	r, ok, err := s.Store.CallRequest(ctx, t, c)
	if err != nil || !ok || !r.Open() {
		s.forgo(c)
		return false, err
	}
	system := actor.ForSystem(t)
	talk, err := s.Conversations.Conversation(ctx, system, c)
	if errs.CodeOf(err) == errs.NotFound || err == nil && talk.Status == conversation.Closed {
		s.forgo(c)
		return false, nil
	}
	if err != nil || !r.due(talk) {
		return err == nil && r.Called == "", err
	}
	_, err = s.begin(ctx, actor.Actor{Kind: actor.Visitor, Tenant: t, Visitor: talk.Visitor, Inbox: talk.Inbox}, talk, Video, asking{by: true})
	switch errs.ReasonOf(err) {
	case "call_running", "call_not_asked", "conversation_closed":
		return false, nil // another node was faster, or it has ended
	case "recorder_full":
		return true, nil // as soon as there is room
	}
	return false, err
}

// request is the worker of JobRequest.
func (s *Service) request(ctx context.Context, j job.Job) error {
	var a asked
	if err := json.Unmarshal([]byte(j.Payload), &a); err != nil {
		return fmt.Errorf("%w: %w", job.ErrGiveUp, err)
	}
	s.expect(j.Tenant, a.Conversation)
	waits, err := s.serve(ctx, j.Tenant, a.Conversation)
	if err == nil && waits {
		return job.Again(s.Clock.Now().Add(askEvery))
	}
	return err
}

// expect remembers a conversation whose visitor waits for a call.
func (s *Service) expect(t id.Tenant, c id.Conversation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.waiting) < maxRunning {
		s.waiting[c] = t
	}
}

// forgo forgets it.
func (s *Service) forgo(c id.Conversation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.waiting, c)
}

// expects reports whether the visitor of a conversation is known to wait for a call.
func (s *Service) expects(c id.Conversation) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.waiting[c]
	return ok
}
