package hook

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"parlor/internal/actor"
	"parlor/internal/audit"
	"parlor/internal/clock"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
	"parlor/internal/memo"
)

// logLife is how long the log keeps an attempt.
const logLife = 30 * 24 * time.Hour

// Subscriptions are remembered for a while; an event forgets them earlier.
const (
	listLife = 10 * time.Second
	maxLists = 1000
)

// Talks reads conversations.
type Talks interface {
	// Conversation returns one conversation.
	Conversation(ctx context.Context, who actor.Actor, c id.Conversation) (conversation.Conversation, error)
	// Messages returns messages of it.
	Messages(ctx context.Context, who actor.Actor, c id.Conversation, r conversation.Range) ([]conversation.Message, error)
}

// Happening is one occasion of one subscription, for a format to write.
type Happening struct {
	Hook     Hook
	Occasion Occasion
	// Delivery is the same for all tries of it.
	Delivery string
	// Conversation is as it is now; its ID is empty for an occasion outside one.
	Conversation conversation.Conversation
	// Message is the message that is or tells the occasion; Seq 0 if there is none.
	Message conversation.Message
	// Data is what a note carries.
	Data string
	At   time.Time
}

// Format writes the bodies of a kind of subscription.
type Format interface {
	// Body returns the JSON of a happening; nil says that this format does not
	// tell it.
	Body(ctx context.Context, h Happening) ([]byte, error)
	// Header is the name of the header that carries the secret as it is, "" for none.
	Header() string
}

// Signer is a Format with headers of its own for each attempt.
type Signer interface {
	Format
	// Sign returns the headers that go with a body.
	Sign(h Hook, delivery string, at time.Time, body []byte) http.Header
}

// Service is the use cases of webhooks.
type Service struct {
	store   Store
	talks   Talks
	events  event.Publisher
	clock   clock.Clock
	log     *slog.Logger
	client  *client
	waits   func(ctx context.Context, t id.Tenant, c id.Conversation) (bool, error)
	formats map[string]Format
	lists   *memo.Memo[id.Tenant, []Hook]
	wake    chan struct{}
	running running
	// active holds the companies that have webhooks; stale says that it may be old.
	active atomic.Pointer[map[id.Tenant]bool]
	stale  atomic.Bool
}

// Options say how requests are sent.
type Options struct {
	// Private allows private and loopback addresses.
	Private bool
	// Agent is the User-Agent of requests.
	Agent string
	// Waits reports whether routing has looked for an agent for a conversation
	// and kept it in the queue.
	Waits func(ctx context.Context, t id.Tenant, c id.Conversation) (bool, error)
}

// New returns a service. Formats are added before it runs.
func New(store Store, talks Talks, events event.Publisher, c clock.Clock, log *slog.Logger, o Options) *Service {
	return &Service{store: store, talks: talks, events: events, clock: c, log: log.With("component", "hook"), client: newClient(o), waits: o.Waits,
		formats: map[string]Format{}, lists: memo.New[id.Tenant, []Hook](c, listLife, maxLists), wake: make(chan struct{}, 1), running: running{n: map[string]int{}}}
}

// Add makes a format known by its name. It must not be called once Run was.
func (s *Service) Add(name string, f Format) { s.formats[name] = f }

// Heed reacts to events of the bus; it does not block.
func (s *Service) Heed(e *event.Event) {
	switch e.Kind {
	case event.HooksChanged:
		s.lists.Forget(func(t id.Tenant) bool { return t == e.Tenant })
		s.stale.Store(true)
		s.Wake()
	case event.MessagePosted, event.ConversationChanged, event.TagsChanged, event.LeaveChanged, event.SurveyChanged, event.BindingChanged, event.AgentChanged, event.CallChanged:
		if m := s.active.Load(); m != nil && (*m)[e.Tenant] {
			s.Wake()
		}
	}
}

// refresh learns which companies have webhooks, here and in the store.
func (s *Service) refresh(ctx context.Context) error {
	m, err := s.store.HooksChanged(ctx)
	if err == nil {
		s.active.Store(&m)
	}
	return err
}

// Wake makes Run look for what is due now.
func (s *Service) Wake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// hooks returns the subscriptions of a company.
func (s *Service) hooks(ctx context.Context, t id.Tenant) ([]Hook, error) {
	return s.lists.Get(ctx, t, func(ctx context.Context) ([]Hook, error) { return s.store.Hooks(ctx, t) })
}

// List returns the company's subscriptions in the order in which they were made.
func (s *Service) List(ctx context.Context, who actor.Actor) (list []Hook, err error) {
	defer errs.Wrap(&err, "hook.List")
	if err = mayManage(who); err != nil {
		return nil, err
	}
	list, err = s.store.Hooks(ctx, who.Tenant)
	return slices.DeleteFunc(list, func(h Hook) bool { return h.Channel != "" }), err
}

// Hook returns one subscription; errs.NotFound "hook_not_found".
func (s *Service) Hook(ctx context.Context, who actor.Actor, hook string) (h Hook, err error) {
	list, err := s.List(ctx, who)
	for _, h := range list {
		if h.ID == hook {
			return h, nil
		}
	}
	if err == nil {
		err = errs.New(errs.NotFound, "hook_not_found", "There is no such webhook.")
	}
	return h, err
}

// Save adds a subscription (no id) or changes one. It holds at once on every
// node. An occasion from before is not told.
func (s *Service) Save(ctx context.Context, who actor.Actor, h Hook) (_ Hook, err error) {
	defer errs.Wrap(&err, "hook.Save")
	if err = mayManage(who); err != nil {
		return h, err
	}
	now := s.clock.Now()
	if h.ID == "" {
		h.ID, h.CreatedAt = id.New(), now
	} else {
		before, err := s.Hook(ctx, who, h.ID)
		if errs.CodeOf(err) == errs.NotFound && h.ID == plainID(who.Tenant) {
			before, err = Hook{CreatedAt: now}, nil
		}
		if err != nil {
			return h, err
		}
		h.CreatedAt = before.CreatedAt
	}
	h.Channel = ""
	h.Tenant, h.Name, h.URL = who.Tenant, strings.TrimSpace(h.Name), strings.TrimSpace(h.URL)
	if err = h.Check(); err != nil {
		return h, err
	}
	if s.formats[h.Format] == nil {
		return h, errs.Field("format", "bad_format", "%q is not a format of webhooks.", h.Format)
	}
	if err = s.client.guard.Allowed(h.URL); err != nil {
		return h, err
	}
	if err = s.store.SaveHook(ctx, h, MaxHooks, audit.Of(who, now)); err != nil {
		return h, err
	}
	return h, s.changed(ctx, who.Tenant, now)
}

func (s *Service) changed(ctx context.Context, t id.Tenant, now time.Time) error {
	s.lists.Forget(func(k id.Tenant) bool { return k == t })
	err := s.refresh(ctx)
	changed(s.events, t, now)
	return err
}

// plainName is what the subscription of PlainHook is called.
const plainName = "Rocket.Chat"

// plainID is the id of a company's subscription that has an address for all
// events, as contracts have it that know of one only.
func plainID(t id.Tenant) string { return "plain-" + string(t) }

// Plain returns the one subscription that contracts know which have a single
// address. Until it is saved it has neither address nor occasions.
func (s *Service) Plain(ctx context.Context, who actor.Actor, format string) (h Hook, err error) {
	h, err = s.Hook(ctx, who, plainID(who.Tenant))
	if errs.CodeOf(err) == errs.NotFound {
		return Hook{ID: plainID(who.Tenant), Tenant: who.Tenant, Name: plainName, Format: format, Timeout: DefaultTimeout, Tries: MaxTries}, nil
	}
	return h, err
}

// SavePlain changes it. It is active while it has an address.
func (s *Service) SavePlain(ctx context.Context, who actor.Actor, h Hook) (_ Hook, err error) {
	h.ID, h.Name = plainID(who.Tenant), plainName
	h.URL = strings.TrimSpace(h.URL)
	h.Active = h.URL != ""
	return s.Save(ctx, who, h)
}

// Delete removes a subscription with what is due for it.
func (s *Service) Delete(ctx context.Context, who actor.Actor, hook string) (err error) {
	defer errs.Wrap(&err, "hook.Delete")
	if err = mayManage(who); err != nil {
		return err
	}
	now := s.clock.Now()
	if err = s.store.DeleteHook(ctx, who.Tenant, hook, audit.Of(who, now)); err != nil {
		return err
	}
	return s.changed(ctx, who.Tenant, now)
}

// Tell makes a note due for every subscription that wants it.
func (s *Service) Tell(ctx context.Context, t id.Tenant, n Note) (err error) {
	defer errs.Wrap(&err, "hook.Tell")
	list, err := s.hooks(ctx, t)
	if err != nil {
		return err
	}
	var wanted []string
	for _, h := range list {
		if h.Wants(n.Occasion, n.Inbox) {
			wanted = append(wanted, h.ID)
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	n.At = s.clock.Now()
	if err = s.store.NoteHooks(ctx, t, wanted, n); err != nil {
		return err
	}
	s.Wake()
	return nil
}

// Attempts returns a page of the log, newest first, and the cursor of the next.
func (s *Service) Attempts(ctx context.Context, who actor.Actor, f Filter) (page []Attempt, next string, err error) {
	defer errs.Wrap(&err, "hook.Attempts")
	if err = mayManage(who); err != nil {
		return nil, "", err
	}
	if f.Limit < 1 || f.Limit > 200 {
		f.Limit = 50
	}
	limit := f.Limit
	f.Limit++
	if page, err = s.store.HookAttempts(ctx, who.Tenant, f); err != nil || len(page) <= limit {
		return page, "", err
	}
	return page[:limit], page[limit-1].ID, nil
}

// Attempt returns one entry of the log with its bodies.
func (s *Service) Attempt(ctx context.Context, who actor.Actor, attempt string) (a Attempt, err error) {
	defer errs.Wrap(&err, "hook.Attempt")
	if err = mayManage(who); err != nil {
		return a, err
	}
	return s.store.HookAttempt(ctx, who.Tenant, attempt)
}

// Replay sends the body of an attempt again, under the same delivery id, now and
// with all its tries.
func (s *Service) Replay(ctx context.Context, who actor.Actor, attempt string) (err error) {
	defer errs.Wrap(&err, "hook.Replay")
	a, err := s.Attempt(ctx, who, attempt)
	if err != nil {
		return err
	}
	if _, found, err := s.find(ctx, Due{Hook: a.Hook, Tenant: who.Tenant}); err != nil || !found {
		return cmp.Or(err, error(errs.New(errs.NotFound, "hook_not_found", "There is no such webhook.")))
	}
	if len(a.Request) >= MaxBody {
		return errs.New(errs.Conflict, "body_cut", "The body was longer than the log keeps; it cannot be sent again.")
	}
	err = s.store.NoteHooks(ctx, who.Tenant, []string{a.Hook}, Note{Occasion: a.Occasion, Conversation: a.Conversation, Body: a.Request,
		Delivery: a.Delivery, At: s.clock.Now()})
	s.Wake()
	return err
}

// Test sends a sample to a subscription's address at once and returns what came
// of it. Nothing is logged and nothing repeated.
func (s *Service) Test(ctx context.Context, who actor.Actor, hook string) (a Attempt, err error) {
	defer errs.Wrap(&err, "hook.Test")
	h, err := s.Hook(ctx, who, hook)
	if err != nil {
		return a, err
	}
	f := s.formats[h.Format]
	if f == nil {
		return a, fmt.Errorf("no format %q", h.Format)
	}
	d := Happening{Hook: h, Occasion: Sample, Delivery: id.New(), At: s.clock.Now()}
	d.Hook.Active = true
	body, err := f.Body(ctx, d)
	if err != nil {
		return a, err
	}
	a = Attempt{Tenant: who.Tenant, Hook: h.ID, Delivery: d.Delivery, Occasion: Sample, Number: 1, At: d.At}
	s.client.post(ctx, s.clock, h, f, body, &a)
	return a, nil
}

// Answers returns what the receivers said last of conversations, by conversation.
func (s *Service) Answers(ctx context.Context, t id.Tenant, list []id.Conversation) (map[id.Conversation]string, error) {
	return s.store.HookAnswers(ctx, t, list)
}

// Expire deletes old entries of the log and returns how many.
func (s *Service) Expire(ctx context.Context) (int, error) {
	return s.store.ExpireAttempts(ctx, s.clock.Now().Add(-logLife))
}
