package report

import (
	"context"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"parlor/internal/actor"
	"parlor/internal/clock"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/memo"
)

// Bounds.
const (
	// batch is how many ended conversations are worked out in one go.
	batch = 100
	// mostMessages is how many messages of a conversation are looked at.
	mostMessages = 5000
	// together is how many messages, about, are held at once.
	together = 20_000
	// mostRunning is how many conversations that run a report works out.
	mostRunning = 2000
	// every is the pause between looks for ended conversations.
	every = 30 * time.Second
)

// Store is the memory that report needs.
type Store interface {
	// Census counts what a company has.
	Census(ctx context.Context, t id.Tenant) (Census, error)
	// NoteAvailable adds to everybody who is available the time since the last call,
	// unless that was longer ago than gap.
	NoteAvailable(ctx context.Context, now time.Time, gap time.Duration) error
	// AgentTimes adds up how long agents were available on the days of a query.
	AgentTimes(ctx context.Context, t id.Tenant, q Query) ([]Available, error)
	// TagSums counts conversations by the id of their tags; those without one have "".
	TagSums(ctx context.Context, t id.Tenant, q Query) ([]Sum, error)
	// DueFacts returns ended conversations that have no fact yet, of one company or
	// of all for "", at most limit.
	DueFacts(ctx context.Context, t id.Tenant, limit int) ([]conversation.Conversation, error)
	// KeepFacts keeps facts and the parts of their conversations; what is there already
	// is replaced.
	KeepFacts(ctx context.Context, list []Fact, parts []Part) error
	// PartSums adds the parts of a query up, by when agents got them.
	PartSums(ctx context.Context, t id.Tenant, q Query) ([]PartSum, error)
	// Stays returns how long the conversations waited that were started within a query's
	// time, those that wait still included, at most limit.
	Stays(ctx context.Context, t id.Tenant, q Query, limit int) ([]Stay, error)
	// Seats counts who is signed in.
	Seats(ctx context.Context, t id.Tenant, now time.Time, q Query) (Seats, error)
	// StateTimes adds up how long agents were in each state on the days of a query.
	StateTimes(ctx context.Context, t id.Tenant, q Query) ([]Lasted, error)
	// FactSums adds the facts of a query up.
	FactSums(ctx context.Context, t id.Tenant, q Query) ([]Sum, error)
	// FactVisitors counts the visitors of a query's conversations.
	FactVisitors(ctx context.Context, t id.Tenant, q Query) (int, error)
	// Running returns conversations that run and were started within a query's time.
	Running(ctx context.Context, t id.Tenant, q Query, limit int) ([]conversation.Conversation, error)
	// MessagesAfter returns the messages behind each of up to conversation.MaxBulk
	// marks, the oldest limit of each conversation, ordered by conversation and number.
	MessagesAfter(ctx context.Context, t id.Tenant, marks []conversation.Mark, limit int) ([]conversation.Message, error)
}

// Service is the use cases of reports.
type Service struct {
	store Store
	clock clock.Clock
	log   *slog.Logger
	// automatic tells whose words are no answers, nil for nobody's.
	automatic func(ctx context.Context, t id.Tenant) (map[id.Agent]bool, error)
	// counted remembers censuses.
	counted *memo.Memo[id.Tenant, Census]
}

// New returns a service.
func New(store Store, c clock.Clock, log *slog.Logger) *Service {
	return &Service{store: store, clock: c, log: log.With("component", "report"),
		counted: memo.New[id.Tenant, Census](c, censusLife, maxCensuses)}
}

// Automatic sets who tells which agents of a company are programs whose words do not
// count as answers; it must be called before Run.
func (s *Service) Automatic(of func(ctx context.Context, t id.Tenant) (map[id.Agent]bool, error)) {
	s.automatic = of
}

// Run works out conversations that ended, until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	for {
		if err := s.notice(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("who is available was not noted", "error", err)
		}
		n, err := s.catchUp(ctx, "")
		if err != nil && ctx.Err() == nil {
			s.log.Error("figures of ended conversations not worked out", "error", err)
		}
		if n == batch && err == nil {
			continue
		}
		timer := s.clock.NewTimer(every)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C():
		}
	}
}

// catchUp works out one batch and returns its size.
func (s *Service) catchUp(ctx context.Context, t id.Tenant) (int, error) {
	list, err := s.store.DueFacts(ctx, t, batch)
	if err != nil || len(list) == 0 {
		return 0, err
	}
	facts, parts, err := s.workOut(ctx, list)
	if err != nil {
		return 0, err
	}
	return len(list), s.store.KeepFacts(ctx, facts, parts)
}

// workOut works out many conversations, in their order, with few queries: one for
// each company and so many conversations that their messages can be held.
func (s *Service) workOut(ctx context.Context, list []conversation.Conversation) (out []Fact, parts []Part, err error) {
	now := s.clock.Now()
	out = make([]Fact, 0, len(list))
	for len(list) > 0 {
		n := portion(list)
		marks := make([]conversation.Mark, n)
		for i, c := range list[:n] {
			marks[i].Conversation = c.ID
		}
		messages, err := s.store.MessagesAfter(ctx, list[0].Tenant, marks, mostMessages)
		if err != nil {
			return nil, nil, err
		}
		by := make(map[id.Conversation][]conversation.Message, n)
		for _, m := range messages {
			by[m.Conversation] = append(by[m.Conversation], m)
		}
		var automatic map[id.Agent]bool
		if s.automatic != nil {
			if automatic, err = s.automatic(ctx, list[0].Tenant); err != nil {
				return nil, nil, err
			}
		}
		for _, c := range list[:n] {
			out = append(out, FactOf(c, by[c.ID], now, automatic))
			parts = append(parts, PartsOf(c, by[c.ID], automatic)...)
		}
		list = list[n:]
	}
	return out, parts, nil
}

// portion is how many of the conversations are read together: of one company, and
// with no more messages than can be held.
func portion(list []conversation.Conversation) int {
	messages := int64(0)
	for i, c := range list {
		messages += min(c.LastSeq, mostMessages)
		if i > 0 && (messages > together || c.Tenant != list[0].Tenant) || i == conversation.MaxBulk {
			return i
		}
	}
	return len(list)
}

// Sums adds up the conversations of a query, those that run included, ordered by
// key. It needs the permission actor.SeeAll.
func (s *Service) Sums(ctx context.Context, who actor.Actor, q Query) (list []Sum, err error) {
	defer errs.Wrap(&err, "report.Sums")
	if err = s.ready(ctx, who); err != nil {
		return nil, err
	}
	q = bound(who, q)
	if list, err = s.store.FactSums(ctx, who.Tenant, q); err != nil {
		return nil, err
	}
	running, err := s.store.Running(ctx, who.Tenant, q, mostRunning)
	if err != nil {
		return nil, err
	}
	facts, _, err := s.workOut(ctx, running)
	if err != nil {
		return nil, err
	}
	for i, c := range running {
		f := facts[i]
		one := Sum{Key: q.key(f)}
		one.Add(f)
		if c.Status == conversation.Queued {
			one.Queued++
		} else {
			one.Open++
		}
		i := slices.IndexFunc(list, func(x Sum) bool { return x.Key == one.Key })
		if i < 0 {
			list = append(list, one)
			continue
		}
		list[i].Merge(one)
	}
	slices.SortFunc(list, func(a, b Sum) int { return compare(a.Key, b.Key) })
	return list, nil
}

func compare(a, b string) int {
	if len(a) != len(b) && a != "" && b != "" && a[0] >= '0' && a[0] <= '9' && b[0] >= '0' && b[0] <= '9' {
		return len(a) - len(b) // hours
	}
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// key is the group of a fact.
func (q Query) key(f Fact) string {
	local := f.CreatedAt.Add(q.Offset)
	switch q.Group {
	case ByTeam:
		return string(f.Team)
	case ByAgent:
		return string(f.Agent)
	case ByChannel:
		return f.Channel
	case ByInbox:
		return string(f.Inbox)
	case ByHour:
		return strconv.Itoa(local.Hour())
	case ByDay:
		return local.Format("2006-01-02")
	}
	return ""
}

// Whole is Sums in one figure.
func (s *Service) Whole(ctx context.Context, who actor.Actor, q Query) (sum Sum, err error) {
	q.Group = Whole
	list, err := s.Sums(ctx, who, q)
	if len(list) > 0 {
		sum = list[0]
	}
	return sum, err
}

// Visitors counts the visitors whose conversations ended or run in a query's time.
func (s *Service) Visitors(ctx context.Context, who actor.Actor, q Query) (n int, err error) {
	defer errs.Wrap(&err, "report.Visitors")
	if err = s.ready(ctx, who); err != nil {
		return 0, err
	}
	return s.store.FactVisitors(ctx, who.Tenant, bound(who, q))
}

// Tags counts the conversations that were started within a time by the id of
// their tags; those without one have "".
func (s *Service) Tags(ctx context.Context, who actor.Actor, q Query) (list []Sum, err error) {
	defer errs.Wrap(&err, "report.Tags")
	if !who.Can(actor.SeeAll) && !who.Bound {
		return nil, errForbidden
	}
	return s.store.TagSums(ctx, who.Tenant, bound(who, q))
}

// bound limits the figures of who sees some teams only.
func bound(who actor.Actor, q Query) Query {
	if who.Bound {
		q.Teams, q.Bound = who.Teams, true
	}
	return q
}

var errForbidden = errs.New(errs.Forbidden, "not_allowed", "Your role does not allow seeing reports.")

// ready refuses who may not see figures, and works out what ended just now.
func (s *Service) ready(ctx context.Context, who actor.Actor) error {
	if !who.Can(actor.SeeAll) && !who.Bound {
		return errForbidden
	}
	_, err := s.catchUp(ctx, who.Tenant)
	return err
}
