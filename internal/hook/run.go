package hook

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
)

const (
	// perNode is how many deliveries a node makes at once. A subscription gets claim
	// more while it has fewer than that under way, so that a slow receiver leaves
	// room for the others.
	perNode, claim = 64, 8
	// lease is how long a delivery may take before another node tries it.
	lease = 3 * time.Minute
	// page is how many messages are read at once.
	page = 50
	// settle is how long a new conversation may stay without an agent before it
	// counts as waiting.
	settle = 700 * time.Millisecond
	// poll is how long a node sleeps at most: what another node left behind is
	// found without an event.
	poll = 15 * time.Second
)

// Values of Due.Told before the messages: Untold if the start is to be told, then
// unplaced until it was told whether the conversation waits.
const (
	Untold   = -2
	unplaced = -1
)

// Run delivers until ctx ends; deliveries under way are finished.
func (s *Service) Run(ctx context.Context) error {
	s.stale.Store(true)
	var wg sync.WaitGroup
	defer wg.Wait()
	free := make(chan struct{}, perNode)
	for {
		if s.stale.Swap(false) {
			if err := s.refresh(ctx); err != nil {
				s.stale.Store(true)
			}
		}
		n, err := s.round(ctx, free, &wg)
		if err != nil && ctx.Err() == nil {
			s.log.Error("webhooks not looked for", "error", err)
		}
		if n > 0 {
			continue
		}
		timer := s.clock.NewTimer(s.pause(ctx))
		select {
		case <-ctx.Done():
		case <-s.wake:
		case <-timer.C():
		}
		timer.Stop()
		if ctx.Err() != nil {
			return nil
		}
	}
}

// round starts what is due and returns how much that was.
func (s *Service) round(ctx context.Context, free chan struct{}, wg *sync.WaitGroup) (int, error) {
	if ctx.Err() != nil || len(free) == cap(free) {
		return 0, nil
	}
	now := s.clock.Now()
	list, err := s.store.ClaimHooks(ctx, cap(free)-len(free), claim, s.running.busy(), now, now.Add(lease))
	for _, d := range list {
		free <- struct{}{} // this goroutine alone fills it
		s.running.add(d.Hook, 1)
		wg.Go(func() {
			defer func() {
				<-free
				s.running.add(d.Hook, -1)
				s.Wake()
			}()
			// What was begun is finished when the node stops.
			s.work(context.WithoutCancel(ctx), d)
		})
	}
	return len(list), err
}

// running counts the deliveries under way of each subscription.
type running struct {
	mu sync.Mutex
	n  map[string]int
}

func (r *running) add(hook string, by int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.n[hook] += by; r.n[hook] == 0 {
		delete(r.n, hook)
	}
}

// busy lists the subscriptions that get no more for now.
func (r *running) busy() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := []string{}
	for hook, n := range r.n {
		if n >= claim {
			list = append(list, hook)
		}
	}
	return list
}

// crowded is how long to wait for room if something is due that cannot be taken
// yet; a delivery that ends wakes earlier.
const crowded = 250 * time.Millisecond

// pause is how long to wait for what is due next.
func (s *Service) pause(ctx context.Context) time.Duration {
	at, ok, err := s.store.NextHook(ctx)
	if err != nil || !ok {
		return poll
	}
	wait := at.Sub(s.clock.Now())
	if wait <= 0 {
		return crowded
	}
	return min(wait, poll)
}

// work delivers what one Due holds and records how far it came.
func (s *Service) work(ctx context.Context, d Due) {
	defer func() {
		if v := recover(); v != nil {
			s.log.Error("webhook panicked", "hook", d.Hook, "panic", v)
		}
	}()
	err := s.deliver(ctx, d)
	if err != nil {
		s.log.Error("webhook not delivered", "hook", d.Hook, "conversation", d.Conversation, "error", err)
		d.Tries++
		_ = s.store.SettleHook(ctx, Settled{Due: d, Told: d.Told, Tries: d.Tries, At: s.clock.Now().Add(Pause(d.Tries, DefaultTimeout))}) // else its lease ends
	}
}

// deliver tells the subscription everything that is due, one after the other.
func (s *Service) deliver(ctx context.Context, d Due) error {
	h, found, err := s.find(ctx, d)
	if err == nil && !found {
		// It may have been made on another node a moment ago.
		s.lists.Forget(func(t id.Tenant) bool { return t == d.Tenant })
		h, found, err = s.find(ctx, d)
	}
	if err != nil {
		return err
	}
	if !found {
		return s.store.SettleHook(ctx, Settled{Due: d, Told: d.Last, Done: true})
	}
	if d.ID != "" {
		return s.deliverNote(ctx, h, d)
	}
	system := actor.ForSystem(d.Tenant)
	c, err := s.talks.Conversation(ctx, system, d.Conversation)
	if errs.CodeOf(err) == errs.NotFound {
		return s.store.SettleHook(ctx, Settled{Due: d, Told: d.Last, Done: true})
	}
	if err != nil {
		return err
	}
	if d.Told < 0 {
		going, err := s.deliverStart(ctx, h, &d, c)
		if err != nil || !going {
			return err
		}
	}
	return s.deliverMessages(ctx, h, d, c)
}

// deliverStart tells that a conversation was started, and whether it waits then.
// going is false if d was settled.
func (s *Service) deliverStart(ctx context.Context, h Hook, d *Due, c conversation.Conversation) (going bool, err error) {
	if d.Told == Untold {
		if going, err = s.tell(ctx, h, d, c, conversation.Message{}, []Occasion{Started}, unplaced); err != nil || !going {
			return going, err
		}
	}
	now := s.clock.Now()
	late := c.CreatedAt.Add(settle)
	waits := h.Old || c.Status == conversation.Queued && !now.Before(late) || c.AssignedAt != nil && c.AssignedAt.After(late)
	if !waits && c.Status == conversation.Queued {
		if waits, err = s.waits(ctx, d.Tenant, c.ID); err != nil {
			return false, err
		}
		if !waits {
			// Routing has not looked yet. Whether it really waits is known in a moment.
			return false, s.store.SettleHook(ctx, Settled{Due: *d, Told: unplaced, At: now.Add(settle / 20)})
		}
	}
	if !waits {
		d.Told = 0
		return true, nil
	}
	return s.tell(ctx, h, d, c, conversation.Message{}, []Occasion{Queued}, 0)
}

// find returns the subscription of a Due.
func (s *Service) find(ctx context.Context, d Due) (h Hook, found bool, err error) {
	list, err := s.hooks(ctx, d.Tenant)
	for _, h := range list {
		if h.ID == d.Hook {
			return h, true, nil
		}
	}
	return h, false, err
}

// deliverMessages walks the messages that have not been told.
func (s *Service) deliverMessages(ctx context.Context, h Hook, d Due, c conversation.Conversation) error {
	for {
		list, err := s.talks.Messages(ctx, actor.ForSystem(d.Tenant), d.Conversation, conversation.Range{After: d.Told, Limit: page})
		if err != nil {
			return err
		}
		for _, m := range list {
			what, err := s.subject(ctx, d, m)
			if err != nil {
				return err
			}
			said := occasions(what)
			if h.Channel != "" && m.Line != nil {
				said = nil // what was sent cannot be changed
			}
			going, err := s.tell(ctx, h, &d, c, what, said, m.Seq)
			if err != nil || !going {
				return err
			}
		}
		if len(list) < page {
			return s.store.SettleHook(ctx, Settled{Due: d, Told: max(d.Told, d.Last)})
		}
	}
}

// subject is the message that is told: that itself, or the one whose text a line
// says was changed, as it is now.
func (s *Service) subject(ctx context.Context, d Due, m conversation.Message) (conversation.Message, error) {
	if m.Line == nil || m.Line.Name != conversation.LineEdited {
		return m, nil
	}
	list, err := s.talks.Messages(ctx, actor.ForSystem(d.Tenant), d.Conversation, conversation.Range{After: m.Line.Seq - 1, Limit: 1})
	if err != nil || len(list) == 0 {
		return m, err
	}
	return list[0], nil
}

// occasions says what a message is or tells.
func occasions(m conversation.Message) []Occasion {
	if m.Line != nil {
		switch m.Line.Name {
		case conversation.LineAssigned:
			return []Occasion{Assigned}
		case conversation.LineTransferred:
			return []Occasion{Forwarded}
		case conversation.LineQueued, conversation.LineAgentLost:
			return []Occasion{Queued}
		case conversation.LineQueueWarn:
			return []Occasion{QueueWarned}
		case conversation.LineClosed:
			return []Occasion{Closed}
		case conversation.LineVisited:
			return []Occasion{Page}
		}
		return nil
	}
	switch {
	case m.Kind == conversation.Note || m.Kind == conversation.Event:
		return nil
	case m.From.Kind == actor.Visitor && leads(m.Text):
		return []Occasion{FromVisitor, Lead}
	case m.From.Kind == actor.Visitor:
		return []Occasion{FromVisitor}
	case m.From.Kind == actor.Agent:
		return []Occasion{FromAgent}
	}
	return nil
}

// lead finds an e-mail address or a phone number of 8 digits or more.
var lead = regexp.MustCompile(`[\w.+-]{1,64}@[\w-]{1,63}(\.[\w-]{2,63})+|\+?\d[\d ().-]{6,18}\d`)

func leads(text string) bool { return lead.MatchString(text) }

// tell delivers the wanted ones of the occasions of one message and moves d to
// seq. going is false if a delivery failed and is settled to be tried again.
func (s *Service) tell(ctx context.Context, h Hook, d *Due, c conversation.Conversation, m conversation.Message, list []Occasion, seq int64) (going bool, err error) {
	list = slices.DeleteFunc(list, func(o Occasion) bool { return !h.Wants(o, c.Inbox) })
	for i, o := range list {
		what := Happening{Hook: h, Occasion: o, Delivery: strings.Join([]string{h.ID, string(d.Conversation), strconv.FormatInt(seq, 10), string(o)}, "-"),
			Conversation: c, Message: m, At: m.At}
		if m.Seq == 0 {
			what.At = c.CreatedAt
		}
		body, err := s.formats[h.Format].Body(ctx, what)
		if err != nil {
			return false, err
		}
		if body == nil {
			continue
		}
		told := seq
		if i < len(list)-1 {
			told = d.Told // the others of this message are still to be told
		}
		going, err := s.attempt(ctx, h, *d, Settled{Told: told}, what, body)
		if err != nil || !going {
			return false, err
		}
		d.Tries = 0
	}
	d.Told = seq
	return true, nil
}

// attempt posts one body and settles the outcome: done holds what is recorded
// after a success.
func (s *Service) attempt(ctx context.Context, h Hook, d Due, done Settled, what Happening, body []byte) (going bool, err error) {
	a := Attempt{ID: id.New(), Tenant: d.Tenant, Hook: h.ID, Delivery: what.Delivery, Occasion: what.Occasion, Conversation: what.Conversation.ID,
		Number: d.Tries + 1, At: s.clock.Now()}
	var failed error
	carrier, _ := s.formats[h.Format].(Carrier)
	if carrier != nil {
		failed = carry(ctx, carrier, h, what, body, &a)
	} else {
		s.client.post(ctx, s.clock, h, s.formats[h.Format], body, &a)
	}
	done.Due, done.Attempt = d, a
	switch {
	case a.Failure == "":
		done.Keep, done.Answer = a.Conversation != "" && carrier == nil, a.Answer
		going = true
	case errors.Is(failed, ErrFinal) || a.Number >= h.Tries:
		if carrier != nil && what.Message.Seq > 0 {
			if err := carrier.Lost(ctx, what, loss(what.Message.Seq, a.Failure, failed)); err != nil {
				return false, err
			}
		}
		// Set aside: what comes behind it is not held up for ever.
		done.Attempt.Dead, going = true, true
	default:
		done.Told, done.Done = d.Told, false
		done.Tries, done.At = a.Number, s.clock.Now().Add(Pause(a.Number, h.Timeout))
	}
	// The lease goes on while the subscription has more to be told.
	if going && d.ID == "" {
		done.At = s.clock.Now().Add(lease)
	}
	return going, s.store.SettleHook(ctx, done)
}

// deliverNote tells an occasion that no message tells.
func (s *Service) deliverNote(ctx context.Context, h Hook, d Due) error {
	what := Happening{Hook: h, Occasion: d.Note.Occasion, Delivery: d.Note.Delivery, Data: d.Note.Data, At: d.Note.At}
	if what.Delivery == "" {
		what.Delivery = h.ID + "-" + d.ID
	}
	what.Conversation.ID = d.Note.Conversation
	body := []byte(d.Note.Body)
	if len(body) == 0 {
		if !h.Wants(d.Note.Occasion, d.Note.Inbox) {
			return s.store.SettleHook(ctx, Settled{Due: d, Done: true})
		}
		if d.Note.Conversation != "" {
			c, err := s.talks.Conversation(ctx, actor.ForSystem(d.Tenant), d.Note.Conversation)
			if err != nil {
				return err
			}
			what.Conversation = c
		}
		var err error
		if body, err = s.formats[h.Format].Body(ctx, what); err != nil {
			return err
		}
		if body == nil {
			return s.store.SettleHook(ctx, Settled{Due: d, Done: true})
		}
	}
	_, err := s.attempt(ctx, h, d, Settled{Done: true}, what, body)
	return err
}

// longest is the longest pause between two tries.
const longest = time.Hour

// Pause is the time before try n+1: four times the timeout for the first three,
// then doubled each time, at most an hour.
func Pause(n, timeout int) time.Duration {
	d := 4 * time.Duration(timeout) * time.Millisecond
	for ; n > 3 && d < longest; n-- {
		d *= 2
	}
	return min(d, longest)
}
