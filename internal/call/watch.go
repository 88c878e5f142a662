package call

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
	"parlor/internal/job"
)

// lookEvery is how often a call that goes on is looked at.
const lookEvery = 15 * time.Second

// Workers returns the workers of the service's jobs.
func (s *Service) Workers() map[string]job.Worker {
	return map[string]job.Worker{JobWatch: s.watch, JobForget: s.forget, JobRequest: s.request}
}

// verdict says how a call ends that stands like this at a time; "" if it goes on.
func verdict(c Call, talk conversation.Conversation, now time.Time) (to State, reason string) {
	switch {
	case talk.Status == conversation.Closed:
		to, reason = Aborted, ConversationClosed
	case talk.Agent != c.Agent || talk.Status != conversation.Open:
		to, reason = Aborted, AgentLost
	case c.State != Connected && !now.Before(c.InvitedAt.Add(AnswerWithin)):
		return Aborted, NoAnswer
	case c.State == Connected && (!now.Before(later(c.AgentSeen, c.AnsweredAt).Add(LostAfter)) || !now.Before(later(c.VisitorSeen, c.AnsweredAt).Add(LostAfter))):
		return Aborted, PingLost
	}
	if reason == ConversationClosed && c.State == Connected {
		to = Terminated
	}
	return to, reason
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// watch ends a call that nobody answers or attends, and asks to run again while it
// goes on.
func (s *Service) watch(ctx context.Context, j job.Job) error {
	var r ref
	if err := json.Unmarshal([]byte(j.Payload), &r); err != nil {
		return fmt.Errorf("%w: %w", job.ErrGiveUp, err)
	}
	c, err := s.Store.Call(ctx, j.Tenant, r.Call)
	if errs.CodeOf(err) == errs.NotFound || err == nil && c.State.Over() {
		return nil
	}
	if err != nil {
		return err
	}
	over, err := s.judge(ctx, c)
	if err != nil || over {
		return err
	}
	return job.Again(s.Clock.Now().Add(lookEvery))
}

// judge ends a call that is to end.
func (s *Service) judge(ctx context.Context, c Call) (over bool, err error) {
	talk, err := s.Conversations.Conversation(ctx, actor.ForSystem(c.Tenant), c.Conversation)
	if errs.CodeOf(err) == errs.NotFound {
		return true, nil // it was deleted with its calls
	}
	if err != nil {
		return false, err
	}
	to, reason := verdict(c, talk, s.Clock.Now())
	if reason == "" {
		s.remember(c)
		return false, nil
	}
	_, err = s.end(ctx, c, to, reason, actor.System)
	return err == nil, err
}

// Heed learns from the bus which calls go on, and that a conversation with a call
// has ended or lost its agent; it does not block.
func (s *Service) Heed(e *event.Event) {
	switch d := e.Data.(type) {
	case *Signal:
		if d.ToRecorder && s.Recorder != nil {
			s.Recorder.Hear(d)
		}
	case *Changed:
		if d.Call.State.Over() && d.Call.Recorded && s.Recorder != nil {
			s.Recorder.End(d.Call.ID)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if d.Call.State.Over() {
			delete(s.running, d.Call.Conversation)
			return
		}
		c := d.Call
		c.Tenant = e.Tenant
		if _, there := s.running[c.Conversation]; there || len(s.running) < maxRunning {
			s.running[c.Conversation] = c
		}
	case *conversation.Posted:
		if l := d.Message.Line; l != nil && l.Name == conversation.LineCallAsked {
			s.expect(e.Tenant, d.Conversation.ID)
		}
	case *conversation.Changed:
		s.moved(e.Tenant, d.Conversation.ID)
		if c, ok := s.known(d.Conversation.ID); ok && (d.Conversation.Status != conversation.Open || d.Conversation.Agent != c.Agent) {
			select {
			case s.todo <- c:
			default: // its job sees to it
			}
		}
	}
}

// moved has a request looked at whose conversation has moved.
func (s *Service) moved(t id.Tenant, c id.Conversation) {
	if !s.expects(c) {
		return
	}
	select {
	case s.serves <- served{t, c}:
	default: // its job sees to it
	}
}

// remember notes a call that goes on, which this node may not have heard of.
func (s *Service) remember(c Call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, there := s.running[c.Conversation]; !there && len(s.running) < maxRunning {
		s.running[c.Conversation] = c
	}
}

// Known returns the call of a conversation that goes on as far as this node has
// heard: after a start of the node it may be some seconds late. It asks no store.
func (s *Service) Known(t id.Tenant, c id.Conversation) (Call, bool) {
	got, ok := s.known(c)
	return got, ok && got.Tenant == t
}

func (s *Service) known(c id.Conversation) (Call, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	got, ok := s.running[c]
	return got, ok
}

// Run ends calls whose conversations are gone, and begins those that visitors wait for,
// until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case c := <-s.todo:
			got, err := s.Store.Call(ctx, c.Tenant, c.ID)
			if err == nil && !got.State.Over() {
				_, err = s.judge(ctx, got)
			}
			if err != nil && ctx.Err() == nil {
				s.Log.Error("call not ended", "call", c.ID, "error", err)
			}
		case r := <-s.serves:
			if _, err := s.serve(ctx, r.tenant, r.conversation); err != nil && ctx.Err() == nil {
				s.Log.Error("call not begun", "conversation", r.conversation, "error", err)
			}
		}
	}
}
