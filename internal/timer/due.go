package timer

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/job"
	"parlor/internal/setting"
)

// lookBack is how many of the newest messages are read to see who was last
// active. A visitor who is not among them has been silent at least since the
// oldest of them.
const lookBack = 50

// past is what has happened in a conversation, as the timers see it.
type past struct {
	// visitorAt is the visitor's last activity, at least the assignment; visitorSeq
	// the number of the last message, 0 if there is none.
	visitorAt  time.Time
	visitorSeq int64
	// remindedAt is when the visitor was reminded since, zero if not.
	remindedAt time.Time
	// answeredAt is the agent's first message after the visitor's last, zero without one.
	answeredAt time.Time
	// warned is true if the visitor has been told that the waiting will end.
	warned bool
	// lateTold is true if the visitor has been told that the agent takes long.
	lateTold bool
	// silent is true if the agent has written nothing since the assignment, and the
	// conversation did not come from another silent agent.
	silent bool
}

// pastOf reads the newest messages, oldest first.
func pastOf(c conversation.Conversation, list []conversation.Message, typed time.Time) past {
	p := past{}
	if c.AssignedAt != nil {
		p.visitorAt = *c.AssignedAt
		p.silent = silent(*c.AssignedAt, list)
	}
	later := func(at time.Time) {
		if at.After(p.visitorAt) {
			p.visitorAt = at
		}
	}
	for _, m := range list {
		switch {
		case m.From.Kind == actor.Visitor:
			later(m.At)
			p.visitorSeq, p.remindedAt, p.answeredAt = m.Seq, time.Time{}, time.Time{}
		case m.From.Kind == actor.Agent && m.Kind != conversation.Note && p.answeredAt.IsZero():
			p.answeredAt = m.At
		case m.Line != nil && m.Line.Name == conversation.LineIdle:
			p.remindedAt = m.At
		case m.Line != nil && m.Line.Name == conversation.LineQueueWarn:
			p.warned = !m.At.Before(c.QueuedAt)
		case m.Line != nil && m.Line.Name == conversation.LineLate:
			p.lateTold = c.WaitingSince != nil && !m.At.Before(*c.WaitingSince)
		}
	}
	later(typed)
	if p.visitorAt.After(p.remindedAt) {
		p.remindedAt = time.Time{} // activity after the reminder
	}
	return p
}

// silent reports whether the newest messages show that no agent wrote since the
// assignment. A conversation is relieved of a silent agent once.
func silent(assigned time.Time, list []conversation.Message) bool {
	if len(list) == lookBack && list[0].At.After(assigned) {
		return false // it goes back further than was read
	}
	for _, m := range list {
		switch {
		case m.Line != nil && m.Line.Rule == relieved:
			return false
		case m.From.Kind == actor.Agent && m.Line == nil && m.Kind != conversation.Note && !m.At.Before(assigned):
			return false
		}
	}
	return true
}

// relieved is the rule of a line that tells of a relief.
const relieved = "silent_agent"

// act is something that is due at a time.
type act struct {
	at   time.Time
	line string
	// prompt is what the visitor is told.
	prompt string
	// key keeps the line from being added twice.
	key string
	// end, if set, ends the conversation.
	end conversation.EndBy
	// until, if set, is when there is no sense in it any more.
	until time.Time
	// hold puts it on hold; nobody is told.
	hold bool
	// relieve gives it to another agent, whose own was silent for so many seconds.
	relieve int
}

// seconds is a span as it is set.
func seconds(n *int) time.Duration { return time.Duration(*n) * time.Second }

// acts returns what is due in a conversation and when, in no order. It is a pure
// function of the conversation, its past and the timers.
func acts(c conversation.Conversation, p past, t setting.Timers) (list []act) {
	if c.Status == conversation.Queued {
		return waitingActs(c, p, t)
	}
	if c.Status != conversation.Open {
		return nil
	}
	if c.HeldAt != nil {
		// Whoever is on hold is not waited for.
		if d := seconds(t.Hold); d > 0 {
			list = append(list, act{at: c.HeldAt.Add(d), line: conversation.LineIdleEnd, prompt: setting.PromptHoldEnd, key: "hold_end", end: conversation.EndByTimeout})
		}
		return list
	}
	if d := seconds(t.AbandonAfter); d > 0 && !p.answeredAt.IsZero() {
		switch t.Abandon {
		case "close":
			list = append(list, act{at: p.answeredAt.Add(d), line: conversation.LineIdleEnd, prompt: setting.PromptIdleEnd, key: "abandoned", end: conversation.EndByTimeout})
		case "hold":
			list = append(list, act{at: p.answeredAt.Add(d), hold: true})
		}
	}
	warn, stop := seconds(t.IdleWarn), seconds(t.IdleClose)
	key := fmt.Sprintf("idle-%d-%d", p.visitorSeq, p.visitorAt.UnixMilli())
	switch {
	case warn > 0 && p.remindedAt.IsZero():
		list = append(list, act{at: p.visitorAt.Add(warn), line: conversation.LineIdle, prompt: setting.PromptIdle, key: key})
	case stop > 0 && !p.remindedAt.IsZero():
		list = append(list, act{at: p.remindedAt.Add(stop), line: conversation.LineIdleEnd, prompt: setting.PromptIdleEnd, key: "end-" + key, end: conversation.EndByTimeout})
	case stop > 0:
		list = append(list, act{at: p.visitorAt.Add(stop), line: conversation.LineIdleEnd, prompt: setting.PromptIdleEnd, key: "end-" + key, end: conversation.EndByTimeout})
	}
	if d := seconds(t.AgentLate); d > 0 && c.WaitingSince != nil && !p.lateTold {
		list = append(list, act{at: c.WaitingSince.Add(d), line: conversation.LineLate, prompt: setting.PromptLate, key: fmt.Sprintf("late-%d", c.WaitingSince.UnixMilli())})
	}
	if d := seconds(t.Silent); d > 0 && c.AssignedAt != nil && p.silent {
		list = append(list, act{at: c.AssignedAt.Add(d), relieve: *t.Silent})
	}
	if d := seconds(t.MaxLength); d > 0 && c.AssignedAt != nil {
		list = append(list, act{at: c.AssignedAt.Add(d), line: conversation.LineTooLong, prompt: setting.PromptTooLong, key: "too_long", end: conversation.EndByTimeout})
	}
	return list
}

// waitingActs are those of a conversation in the queue: its waiting ends, which the
// visitor is told before, not in the first half of it.
func waitingActs(c conversation.Conversation, p past, t setting.Timers) (list []act) {
	d, warn := seconds(t.Queue), seconds(t.QueueWarn)
	if d <= 0 {
		return nil
	}
	if warn > 0 && !p.warned {
		list = append(list, act{at: c.QueuedAt.Add(d - min(warn, d/2)), line: conversation.LineQueueWarn, prompt: setting.PromptQueueWarn,
			key: fmt.Sprintf("queue_warn-%d", c.QueuedAt.UnixMilli()), until: c.QueuedAt.Add(d)})
	}
	return append(list, act{at: c.QueuedAt.Add(d), line: conversation.LineQueueEnd, prompt: setting.PromptQueueTimeout, key: "queue_end", end: conversation.EndByQueue})
}

// minLook is the shortest pause between looks for an agent to relieve a silent one.
const minLook = 5 * time.Second

// idleLook is how soon a conversation is looked at again that has timers of which
// none can be due: a visitor's next message may start one.
func idleLook(t setting.Timers) time.Duration {
	look := time.Minute
	if d := seconds(t.AgentLate); d > 0 && t.Abandon == "none" {
		look = d
	}
	if d := seconds(t.Silent); d > 0 {
		look = min(look, max(d, minLook))
	}
	return look
}

// robotIdle is after how many seconds of silence a robot's conversation ends where no timer
// of silence is set: a robot would wait for ever, also for who only opened the chat.
const robotIdle = 1800

// withRobot returns the timers that hold for a conversation.
func withRobot(t setting.Timers, c conversation.Conversation) setting.Timers {
	if idle := robotIdle; c.Agent.Robot() && *t.IdleWarn == 0 && *t.IdleClose == 0 {
		t.IdleClose = &idle
	}
	return t
}

// due looks at one conversation, does what is due and asks to run again.
func (s *Service) due(ctx context.Context, j job.Job) error {
	var r ref
	if err := json.Unmarshal([]byte(j.Payload), &r); err != nil {
		return fmt.Errorf("%w: %w", job.ErrGiveUp, err)
	}
	who := actor.ForSystem(j.Tenant)
	c, err := s.conversations.Conversation(ctx, who, r.Conversation)
	if errs.CodeOf(err) == errs.NotFound || err == nil && c.Status == conversation.Closed {
		s.forget(r.Conversation)
		return nil
	}
	if err != nil {
		return err
	}
	book, err := s.accounts.Book(ctx, j.Tenant)
	if err != nil {
		return err
	}
	service := book.Service(c.Inbox, c.Team)
	service.Timers = withRobot(service.Timers, c)
	if !anyTimer(service.Timers) && c.HeldAt == nil {
		return nil // a sweep makes a new job when that changes
	}
	list, err := s.conversations.Messages(ctx, who, c.ID, conversation.Range{Limit: lookBack})
	if err != nil {
		return err
	}
	now := s.clock.Now()
	next := now.Add(idleLook(service.Timers))
	for _, a := range acts(c, pastOf(c, list, s.typedAt(c.ID)), service.Timers) {
		if a.at.After(now) {
			if a.at.Before(next) {
				next = a.at
			}
			continue
		}
		if !a.until.IsZero() && !now.Before(a.until) {
			continue
		}
		if a.relieve > 0 {
			done, err := s.relieve(ctx, c, a)
			if err != nil {
				return err
			}
			if done {
				return job.Again(now.Add(minLook))
			}
			continue // nobody else is there: the next look asks again
		}
		ended, told, err := s.do(ctx, c, a, book)
		if err != nil || ended {
			return err
		}
		if a.hold {
			return job.Again(now.Add(seconds(service.Timers.Hold)))
		}
		if told {
			next = now // look again at once: what was done may start the next timer
		}
	}
	return job.Again(next)
}

// do tells the visitor, unless it was told before, and ends the conversation if that is
// due.
func (s *Service) do(ctx context.Context, c conversation.Conversation, a act, book *account.Book) (ended, told bool, err error) {
	if a.hold {
		_, err := s.conversations.Hold(ctx, actor.ForSystem(c.Tenant), c.ID, "")
		if errs.CodeOf(err) == errs.Conflict {
			err = nil
		}
		return false, false, err
	}
	v, err := s.visitors.Visitor(ctx, c.Tenant, c.Visitor)
	if err != nil {
		return false, false, err
	}
	text := setting.Fill(book.Service(c.Inbox, c.Team).Prompt(a.prompt, v.Locale), "agent", c.AgentName)
	line := conversation.Line{Name: a.line, Agent: c.Agent, AgentName: c.AgentName, Text: text}
	if a.line == conversation.LineQueueWarn || a.line == conversation.LineQueueEnd {
		line.Leave = book.TakesMessages(c.Inbox)
	}
	repeated, err := s.conversations.Note(ctx, c.Tenant, c.ID, line, a.key)
	if err != nil && errs.CodeOf(err) != errs.Conflict {
		return false, false, err
	}
	if a.end == "" {
		return false, !repeated, nil
	}
	if _, err := s.conversations.Close(ctx, actor.ForSystem(c.Tenant), c.ID, a.end); err != nil && errs.CodeOf(err) != errs.Conflict {
		return false, false, err
	}
	s.forget(c.ID)
	return true, true, nil
}

// relieve gives a conversation to another agent.
func (s *Service) relieve(ctx context.Context, c conversation.Conversation, a act) (done bool, err error) {
	if s.reliefs == nil {
		return false, nil
	}
	return s.reliefs.Relieve(ctx, c.Tenant, c.ID, a.relieve)
}

func (s *Service) typedAt(c id.Conversation) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.typed[c]
}

func (s *Service) forget(c id.Conversation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.typed, c)
}
