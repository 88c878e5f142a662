package fill

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"parlor/internal/account"
	"parlor/internal/audit"
	"parlor/internal/blacklist"
	"parlor/internal/canned"
	"parlor/internal/colleague"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/invite"
	"parlor/internal/leave"
	"parlor/internal/summary"
	"parlor/internal/survey"
	"parlor/internal/tag"
)

// Reader is what is measured.
type Reader interface {
	account.Store
	blacklist.Store
	canned.Store
	colleague.Store
	conversation.Store
	invite.Store
	leave.Store
	summary.Store
	survey.Store
	tag.Store
	// Near returns the first conversation at or behind an id, NotFound at the end.
	Near(ctx context.Context, t id.Tenant, from id.Conversation) (conversation.Conversation, error)
}

// Figure is how long a list takes.
type Figure struct {
	Name string `json:"name"`
	// Rows is the mean number of rows that a call returned.
	Rows float64       `json:"rows"`
	P50  time.Duration `json:"p50"`
	P99  time.Duration `json:"p99"`
	Max  time.Duration `json:"max"`
}

// String is the line that is printed.
func (f Figure) String() string {
	return fmt.Sprintf("%-34s %7.1f rows   p50 %8.2f ms   p99 %8.2f ms   max %8.2f ms", f.Name, f.Rows, msec(f.P50), msec(f.P99), msec(f.Max))
}

func msec(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// list is one list under measurement: a call with arguments of its own choice
// returns how many rows it got.
type list struct {
	name string
	call func(ctx context.Context) (int, error)
}

// Measure times every list of the tenant "main", one caller, each calls times
// after a tenth of that to warm up, and tells each figure as it is there.
//
// Errors: NotFound if there is no conversation or no agent.
func Measure(ctx context.Context, r Reader, calls int, seed uint64, tell func(Figure)) (err error) {
	defer errs.Wrap(&err, "fill.Measure")
	if calls < 1 || calls > 1_000_000 {
		return errs.Field("calls", "bad_number", "1 to 1,000,000 calls are possible")
	}
	s := &sampler{r: r, rand: rand.New(rand.NewPCG(seed, 19))}
	if err := s.look(ctx); err != nil {
		return err
	}
	for _, l := range slices.Concat(s.conversationLists(), s.searches(), s.deskLists(), s.visitLists()) {
		took, rows := make([]time.Duration, 0, calls), 0
		for i := -calls / 10; i < calls; i++ {
			begin := time.Now()
			n, err := l.call(ctx)
			if err != nil {
				return fmt.Errorf("%s: %w", l.name, err)
			}
			if i >= 0 {
				took, rows = append(took, time.Since(begin)), rows+n
			}
		}
		slices.Sort(took)
		tell(Figure{l.name, float64(rows) / float64(calls), took[calls/2], took[calls*99/100], took[calls-1]})
	}
	return nil
}

// sampler chooses arguments.
type sampler struct {
	r      Reader
	rand   *rand.Rand
	agents []account.Agent
	tags   []tag.Tag
	talks  []conversation.Conversation
}

// look reads whom and what there is, and a sample of conversations from all over.
func (s *sampler) look(ctx context.Context) (err error) {
	if s.agents, err = s.r.Agents(ctx, account.MainTenant); err != nil {
		return err
	}
	if s.tags, err = s.r.Tags(ctx, account.MainTenant, tag.Conversation); err != nil {
		return err
	}
	if len(s.agents) == 0 || len(s.tags) == 0 {
		return errs.New(errs.NotFound, "nothing_to_measure", "There are no agents or tags; fill the installation first.")
	}
	oldest, err := s.r.Near(ctx, account.MainTenant, "")
	if err != nil {
		return err
	}
	year := time.Since(oldest.CreatedAt)
	for range 500 {
		at := oldest.CreatedAt.Add(time.Duration(s.rand.Int64N(max(int64(year), 1))))
		c, err := s.r.Near(ctx, account.MainTenant, id.Conversation(fmt.Sprintf("%012x", at.UnixMilli())))
		if errs.CodeOf(err) == errs.NotFound {
			c, err = oldest, nil
		}
		if err != nil {
			return err
		}
		s.talks = append(s.talks, c)
	}
	return nil
}

func (s *sampler) agent() account.Agent            { return s.agents[s.rand.IntN(len(s.agents))] }
func (s *sampler) talk() conversation.Conversation { return s.talks[s.rand.IntN(len(s.talks))] }

// scope is that of an agent who sees the own teams, all of everything.
func (s *sampler) scope(all bool) conversation.Scope {
	a := s.agent()
	return conversation.Scope{Agent: a.ID, Teams: a.Teams, All: all}
}

const page = 50

// conversationLists are those of the inbox, for an agent and for a supervisor.
func (s *sampler) conversationLists() []list {
	of := func(name string, f func() conversation.Filter) list {
		return list{name, func(ctx context.Context) (int, error) {
			q := f()
			q.Tenant, q.Limit = account.MainTenant, page
			got, _, err := s.r.List(ctx, q)
			return len(got), err
		}}
	}
	after := ""
	lists := []list{
		of("mine", func() conversation.Filter {
			return conversation.Filter{View: conversation.ViewMine, Scope: s.scope(false)}
		}),
		of("queue, own teams", func() conversation.Filter {
			return conversation.Filter{View: conversation.ViewQueue, Scope: s.scope(false)}
		}),
		of("queue, everything", func() conversation.Filter {
			return conversation.Filter{View: conversation.ViewQueue, Scope: s.scope(true)}
		}),
		of("all running, own teams", func() conversation.Filter {
			return conversation.Filter{View: conversation.ViewAll, Scope: s.scope(false)}
		}),
		of("all running, everything", func() conversation.Filter {
			return conversation.Filter{View: conversation.ViewAll, Scope: s.scope(true)}
		}),
		of("closed, own teams", func() conversation.Filter {
			return conversation.Filter{View: conversation.ViewClosed, Scope: s.scope(false)}
		}),
		of("closed, everything", func() conversation.Filter {
			return conversation.Filter{View: conversation.ViewClosed, Scope: s.scope(true)}
		}),
		of("closed, of an agent without teams", func() conversation.Filter {
			return conversation.Filter{View: conversation.ViewClosed, Scope: conversation.Scope{Agent: s.agent().ID}}
		}),
		of("by visitor", func() conversation.Filter {
			return conversation.Filter{Visitor: s.talk().Visitor, Scope: s.scope(true)}
		}),
		of("by visitor, own teams", func() conversation.Filter {
			return conversation.Filter{Visitor: s.talk().Visitor, Scope: s.scope(false)}
		}),
	}
	for _, view := range []conversation.View{conversation.ViewQueue, conversation.ViewAll, conversation.ViewClosed} {
		for _, all := range []bool{false, true} {
			lists = append(lists, of(fmt.Sprintf("by tag, %s, %s", view, map[bool]string{true: "everything", false: "own teams"}[all]), func() conversation.Filter {
				return conversation.Filter{View: view, Tag: s.tags[s.rand.IntN(len(s.tags))].ID, Scope: s.scope(all)}
			}))
		}
	}
	return append(lists,
		list{"closed, page after page", func(ctx context.Context) (int, error) {
			got, next, err := s.r.List(ctx, conversation.Filter{Tenant: account.MainTenant, View: conversation.ViewClosed, Scope: conversation.Scope{All: true}, After: after, Limit: page})
			after = next
			return len(got), err
		}},
		list{"counts, own teams", func(ctx context.Context) (int, error) {
			_, err := s.r.Count(ctx, account.MainTenant, s.scope(false))
			return 1, err
		}},
		list{"last 50 messages", func(ctx context.Context) (int, error) {
			got, err := s.r.Messages(ctx, account.MainTenant, s.talk().ID, conversation.Range{Limit: page})
			return len(got), err
		}})
}

// searches are for words of two Chinese characters, frequent and rare, and others.
func (s *sampler) searches() []list {
	of := func(name string, all bool, words ...string) list {
		return list{"search " + name, func(ctx context.Context) (int, error) {
			got, _, err := s.r.Search(ctx, conversation.SearchQuery{Tenant: account.MainTenant, Scope: s.scope(all), Text: pick(s.rand, words), Limit: 20})
			return len(got), err
		}}
	}
	return []list{
		of("frequent 发货 退款 换货", true, "发货", "退款", "换货"),
		of("frequent, own teams", false, "发货", "退款", "换货"),
		of("rare "+rare, true, rare),
		of("rare, own teams", false, rare),
		of("absent 鹦鹉", true, "鹦鹉"),
		of("two words 发货 麒麟", true, "发货 麒麟"),
		of("English refunded", true, "refunded"),
		of("pairs without the word 货发", true, "货发", "款退"),
	}
}

// deskLists are those of the agent's desk and the admin pages.
func (s *sampler) deskLists() []list {
	var oldest time.Time
	trail := func(name string, f func() audit.Filter) list {
		return list{"audit log" + name, func(ctx context.Context) (int, error) {
			q := f()
			q.Limit = page
			got, _, err := s.r.Audit(ctx, account.MainTenant, q)
			return len(got), err
		}}
	}
	due := func(name string, f func() summary.DueFilter) list {
		return list{"follow-ups" + name, func(ctx context.Context) (int, error) {
			q := f()
			q.Tenant, q.Limit = account.MainTenant, page
			got, _, err := s.r.DueFollowUps(ctx, q)
			return len(got), err
		}}
	}
	return []list{
		trail("", func() audit.Filter { return audit.Filter{} }),
		trail(", kind of thing", func() audit.Filter { return audit.Filter{Thing: pick(s.rand, things)} }),
		trail(", kind that has none", func() audit.Filter { return audit.Filter{Thing: "nothing"} }),
		trail(", thing", func() audit.Filter {
			return audit.Filter{Thing: pick(s.rand, things), ThingID: s.tags[s.rand.IntN(len(s.tags))].ID}
		}),
		trail(", by an agent", func() audit.Filter { return audit.Filter{By: string(s.agent().ID)} }),
		trail(", kind of thing by an agent", func() audit.Filter { return audit.Filter{Thing: "nothing", By: string(s.agent().ID)} }),
		due(", mine", func() summary.DueFilter { return summary.DueFilter{Agent: s.agent().ID} }),
		due(", team", func() summary.DueFilter { return summary.DueFilter{Team: s.agent().Teams[0]} }),
		due(", everything", func() summary.DueFilter { return summary.DueFilter{} }),
		due(", everything due by now", func() summary.DueFilter { return summary.DueFilter{Until: time.Now()} }),
		{"blacklist", func(ctx context.Context) (int, error) {
			got, err := s.r.Blocks(ctx, account.MainTenant, "", page)
			return len(got), err
		}},
		{"colleague history", func(ctx context.Context) (int, error) {
			got, _, err := s.r.History(ctx, account.MainTenant, s.agent().ID, s.agent().ID, "", page)
			return len(got), err
		}},
		{"colleague lines before", func(ctx context.Context) (int, error) {
			got, err := s.r.Between(ctx, account.MainTenant, s.agent().ID, s.agent().ID, oldest, page)
			return len(got), err
		}},
		{"canned replies of a team", func(ctx context.Context) (int, error) {
			got, err := s.r.CannedEntries(ctx, account.MainTenant, canned.Shelf{Kind: canned.Reply, Scope: canned.Team, Owner: string(s.agent().Teams[0])})
			return len(got), err
		}},
		{"canned replies of the company", func(ctx context.Context) (int, error) {
			got, err := s.r.CannedEntries(ctx, account.MainTenant, canned.Shelf{Kind: canned.Reply, Scope: canned.Company})
			return len(got), err
		}},
	}
}

// visitLists are those of surveys, left messages and invitations.
func (s *sampler) visitLists() []list {
	ratings := func(name string, f func() survey.Filter) list {
		return list{"ratings" + name, func(ctx context.Context) (int, error) {
			q := f()
			q.Limit = page
			got, _, err := s.r.Surveys(ctx, account.MainTenant, q)
			return len(got), err
		}}
	}
	left := func(name string, f func() leave.Filter) list {
		return list{"left messages" + name, func(ctx context.Context) (int, error) {
			q := f()
			q.Limit = page
			got, _, err := s.r.Leaves(ctx, account.MainTenant, q)
			return len(got), err
		}}
	}
	invitations := func(name string, f func() invite.Filter) list {
		return list{"invitations" + name, func(ctx context.Context) (int, error) {
			q := f()
			q.Limit = page
			got, _, err := s.r.Invites(ctx, account.MainTenant, q)
			return len(got), err
		}}
	}
	return []list{
		ratings("", func() survey.Filter { return survey.Filter{} }),
		ratings(", of an agent", func() survey.Filter { return survey.Filter{Agent: s.agent().ID} }),
		ratings(", of a level", func() survey.Filter { return survey.Filter{Level: "1"} }),
		left(", open", func() leave.Filter { return leave.Filter{State: leave.Open} }),
		left(", done", func() leave.Filter { return leave.Filter{State: leave.Done} }),
		left(", mine", func() leave.Filter { return leave.Filter{State: leave.Open, Assignee: s.agent().ID} }),
		left(", of a visitor", func() leave.Filter { return leave.Filter{Visitor: s.talk().Visitor} }),
		{"left messages, counts", func(ctx context.Context) (int, error) {
			_, err := s.r.CountLeave(ctx, account.MainTenant, s.agent().ID)
			return 1, err
		}},
		invitations("", func() invite.Filter { return invite.Filter{} }),
		invitations(", of a visitor", func() invite.Filter { return invite.Filter{Visitor: s.talk().Visitor} }),
	}
}
