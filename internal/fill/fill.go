// Package fill makes an installation large: believable companies' years of
// closed conversations with tags, ratings, summaries and the rest that lists are
// made of. It then measures how long those lists take. What it writes goes past
// the services, in bulk; nothing is announced.
package fill

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"parlor/internal/account"
	"parlor/internal/audit"
	"parlor/internal/blacklist"
	"parlor/internal/bus/memory"
	"parlor/internal/canned"
	"parlor/internal/clock"
	"parlor/internal/colleague"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/invite"
	"parlor/internal/leave"
	"parlor/internal/summary"
	"parlor/internal/survey"
	"parlor/internal/tag"
	"parlor/internal/visitor"
)

// Bulk is what one transaction adds. Everything in it is as it shall be stored;
// conversations and messages carry their own counters and numbers.
type Bulk struct {
	Tenant        id.Tenant
	Visitors      []visitor.Visitor
	Conversations []conversation.Conversation
	Messages      []conversation.Message
	Surveys       []survey.Survey
	Summaries     []summary.Summary
	Missed        []leave.Message
	Invitations   []invite.Invitation
	Audit         []audit.Entry
	Remarks       []colleague.Remark
	Blocks        []blacklist.Block
	Entries       []canned.Entry
	Values        []RoomValue
}

// RoomValue is a value of a field of a conversation.
type RoomValue struct {
	Conversation id.Conversation
	// Field is the id of the field.
	Field, Value string
}

// Store is what filling needs.
type Store interface {
	account.Store
	tag.Store
	// InUse reports whether there are conversations already.
	InUse(ctx context.Context) (bool, error)
	// Load adds b in one transaction, with the search index and the places that
	// agents' open conversations take.
	Load(ctx context.Context, b Bulk) error
	// Analyze gathers the statistics that the engine would have gathered by itself.
	Analyze(ctx context.Context) error
}

// Options say how much is made.
type Options struct {
	// Conversations and Messages are totals; every conversation has one message at least.
	Conversations, Messages int
	// Visitors is how many people they are spread over, at least the running ones.
	Visitors int
	// Open and Waiting of the conversations are still running or queued.
	Open, Waiting int
	// Seed makes the same data again.
	Seed uint64
	// Force fills an installation that has conversations already.
	Force bool
	// Now is the end of the year that is filled.
	Now time.Time
}

// Sizes of what a company has, and of a transaction.
const (
	teams, agents, tags = 12, 60, 40
	mostOpen            = agents * account.DefaultCap
	batch               = 5000
)

// check refuses what cannot be made.
func (o Options) check() error {
	switch {
	case o.Conversations < 1 || o.Conversations > 100_000_000:
		return errs.Field("conversations", "bad_number", "1 to 100,000,000 are possible")
	case o.Messages < o.Conversations:
		return errs.Field("messages", "bad_number", "each conversation needs one message at least")
	case o.Open < 0 || o.Waiting < 0 || o.Open > mostOpen || o.Open+o.Waiting > o.Conversations:
		return errs.Field("open", "bad_number", "at most %d can be open, and no more than there are", mostOpen)
	case o.Visitors < 1 || o.Visitors < o.Open+o.Waiting:
		return errs.Field("visitors", "bad_number", "each running conversation needs a visitor of its own")
	}
	return nil
}

// Rate is what filling did.
type Rate struct {
	Conversations, Messages int
	Took                    time.Duration
}

// String is the line that is printed.
func (r Rate) String() string {
	sec := max(r.Took.Seconds(), 0.001)
	return fmt.Sprintf("%d conversations, %d messages in %.1f s: %.0f messages/s", r.Conversations, r.Messages, sec, float64(r.Messages)/sec)
}

// Fill writes the data and tells progress to out.
//
// Errors: Conflict "not_empty" if there are conversations and Force is not set;
// Invalid for impossible options.
func Fill(ctx context.Context, store Store, o Options, out io.Writer) (r Rate, err error) {
	defer errs.Wrap(&err, "fill.Fill")
	if err := o.check(); err != nil {
		return r, err
	}
	used, err := store.InUse(ctx)
	if err != nil {
		return r, err
	}
	if used && !o.Force {
		return r, errs.New(errs.Conflict, "not_empty", "There are conversations already; --force mixes made-up ones among them.")
	}
	start := time.Now()
	m := &maker{o: o, rand: rand.New(rand.NewPCG(o.Seed, 17))}
	if err := m.company(ctx, store); err != nil {
		return r, err
	}
	if err := m.run(ctx, store, out); err != nil {
		return r, err
	}
	if err := store.Analyze(ctx); err != nil {
		return r, err
	}
	return Rate{m.conversations, m.messages, time.Since(start)}, nil
}

// run makes batches beside the store that writes them.
func (m *maker) run(ctx context.Context, store Store, out io.Writer) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	ready := make(chan Bulk, 2)
	go func() {
		defer close(ready)
		for b, ok := m.side(), true; ok; b, ok = m.next() {
			select {
			case ready <- b:
			case <-ctx.Done():
				return
			}
		}
	}()
	last, done := time.Now(), 0
	for b := range ready {
		if err := store.Load(ctx, b); err != nil {
			stop(err)
			for range ready { // lets the maker end
				continue
			}
			return err
		}
		if done += len(b.Messages); time.Since(last) > 10*time.Second {
			last = time.Now()
			fmt.Fprintf(out, "%d of %d messages\n", done, m.o.Messages)
		}
	}
	return ctx.Err()
}

// company adds teams, agents and tags to the tenant "main", which is made if
// there is none. The agents cannot log in.
func (m *maker) company(ctx context.Context, store Store) error {
	accounts := account.New(store, memory.New(), clock.System())
	if _, err := accounts.Setup(ctx); err != nil {
		return err
	}
	known, err := store.Teams(ctx, account.MainTenant)
	if err != nil {
		return err
	}
	run := fmt.Sprintf("%x", m.o.Now.UnixMilli()) // keeps a second filling apart
	for i := range teams {
		team := account.Team{ID: id.Team(m.id(m.o.Now)), Tenant: account.MainTenant, Name: teamNames[i%len(teamNames)], CreatedAt: m.o.Now.AddDate(-1, 0, 0)}
		if len(known) > 0 {
			team.Name += " " + run
		}
		if err := store.CreateTeam(ctx, team, audit.None); err != nil {
			return err
		}
		m.teams = append(m.teams, team.ID)
	}
	for i := range agents {
		a := account.Agent{ID: id.Agent(m.id(m.o.Now)), Tenant: account.MainTenant, Name: person(m.rand), Email: fmt.Sprintf("agent%d.%s@bench.invalid", i, run),
			Role: account.Member, Cap: account.DefaultCap, Teams: []id.Team{m.teams[i%teams], m.teams[(i*5+1)%teams]}, CreatedAt: m.o.Now.AddDate(-1, 0, 0)}
		if err := store.CreateAgent(ctx, a, audit.None); err != nil {
			return err
		}
		m.agents = append(m.agents, a)
	}
	for i := range tags {
		g := tag.Tag{ID: m.id(m.o.Now), Tenant: account.MainTenant, Kind: tag.Conversation, Name: fmt.Sprintf("%s %d", tagNames[i%len(tagNames)], i+1),
			Color: "#3366cc", Sort: i, CreatedAt: m.o.Now}
		if len(known) > 0 {
			g.Name = fmt.Sprintf("%s %s", run, g.Name)
		}
		if err := store.SaveTag(ctx, g, true, 10*tag.MaxTags); err != nil {
			return err
		}
		m.tags = append(m.tags, g.ID)
	}
	return nil
}
