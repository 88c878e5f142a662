// Package demo fills an empty installation with a believable company: three
// agents, two teams, a knowledge base and a month of past conversations. Everything goes through
// the services with a clock that is set to the past.
package demo

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/audit"
	"parlor/internal/bus/memory"
	"parlor/internal/clock"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/knowledge"
	"parlor/internal/media"
	"parlor/internal/routing"
	"parlor/internal/setting"
	"parlor/internal/visitor"
)

// Password is that of every demo login.
const Password = "demo-parlor"

// Company is the demo company.
const Company = "极光灯饰 Aurora Lighting"

// Person is a demo agent.
type Person struct {
	Name, Email string
	Role        account.Role
	Teams       []string
}

// People are the demo agents.
var People = []Person{
	{"林晓", "lin@demo.parlor", account.Admin, []string{"售前 Sales", "售后 Support"}},
	{"周雨桐", "zhou@demo.parlor", account.Supervisor, []string{"售后 Support"}},
	{"Rafael Souza", "rafael@demo.parlor", account.Member, []string{"售前 Sales"}},
}

// Teams are the demo teams.
var Teams = []string{"售前 Sales", "售后 Support"}

// Store is what all services of the demo need together.
type Store interface {
	account.Store
	visitor.Store
	visitor.IdentityStore
	conversation.Store
	routing.Store
	media.Store
	knowledge.Store
}

// Days is how far the past reaches; PerDay is about how many conversations a day has.
const (
	Days   = 30
	PerDay = 12
)

// Fill creates the demo company if nobody exists yet; created is false if
// somebody does. key signs visitor tokens and is not used for anything seen.
func Fill(ctx context.Context, store Store, now time.Time, log *slog.Logger) (created bool, err error) {
	defer errs.Wrap(&err, "demo.Fill")
	f := &filler{clock: clock.NewStub(now.AddDate(0, 0, -Days).Truncate(24 * time.Hour)), rand: rand.New(rand.NewPCG(7, 11))}
	f.build(store, log)
	needs, err := f.accounts.Setup(ctx)
	if err != nil || !needs {
		return false, err
	}
	if err := f.company(ctx, store); err != nil {
		return false, err
	}
	if err := f.learn(ctx, store); err != nil {
		return false, err
	}
	log.Info("filling the demo company with a month of conversations")
	for day := range Days {
		start := now.AddDate(0, 0, day-Days).Truncate(24 * time.Hour).Add(time.Hour)
		n := PerDay/2 + f.rand.IntN(PerDay)
		for i := range n {
			at := start.Add(time.Duration(i) * 10 * time.Hour / time.Duration(n))
			if at.After(now.Add(-30 * time.Minute)) {
				break
			}
			if at.After(f.clock.Now()) {
				f.clock.Advance(at.Sub(f.clock.Now()))
			}
			if err := f.talk(ctx); err != nil {
				return false, err
			}
		}
	}
	return true, nil
}

type filler struct {
	clock         *clock.Stub
	silent        *memory.Bus
	rand          *rand.Rand
	accounts      *account.Service
	visitors      *visitor.Service
	conversations *conversation.Service
	routing       *routing.Service
	agents        []actor.Actor
	known         []visitor.Visitor
}

func (f *filler) build(store Store, log *slog.Logger) {
	f.silent = memory.New()
	silent := f.silent
	f.accounts = account.New(store, silent, f.clock)
	f.visitors = visitor.New(store, silent, f.clock, []byte("unused"))
	f.conversations = conversation.New(store, noFiles{}, silent, f.clock)
	f.routing = routing.New(store, f.accounts, f.conversations, quiet{}, silent, f.clock, log, routing.Options{})
}

// noFiles and quiet stand in for what the past does not need.
type noFiles struct{}

// ForMessage finds nothing: the past has no files.
func (noFiles) ForMessage(context.Context, actor.Actor, id.File) (conversation.File, error) {
	return conversation.File{}, errs.New(errs.NotFound, "file_not_found", "There is no such file.")
}

type quiet struct{}

// Moved tells nobody: it is long past.
func (quiet) Moved(conversation.Moved, string) {}

// Agent tells nobody.
func (quiet) Agent(context.Context, id.Tenant, id.Agent) {}

func (f *filler) company(ctx context.Context, store Store) error {
	for _, name := range Teams {
		if _, err := f.accounts.AddTeam(ctx, account.MainTenant, name); err != nil {
			return err
		}
	}
	for _, p := range People {
		a, err := f.accounts.AddAgent(ctx, account.NewAgent{Tenant: account.MainTenant, Email: p.Email, Name: p.Name, Password: Password,
			Role: p.Role, Cap: 20, Teams: p.Teams})
		if err != nil {
			return err
		}
		f.agents = append(f.agents, account.Login{Agent: a}.Actor())
	}
	tenants, err := store.Tenants(ctx)
	if err != nil {
		return err
	}
	for _, t := range tenants {
		if t.ID == account.MainTenant {
			t.Settings.Windows = windows
			if err := store.UpdateTenant(ctx, t, audit.None); err != nil {
				return err
			}
		}
	}
	return store.UpdateInbox(ctx, account.Inbox{ID: account.MainInbox, Tenant: account.MainTenant, Name: Company, Channel: "web",
		Settings: setting.Inbox{Greeting: greetings}}, audit.None)
}

// talk plays one past conversation from beginning to end.
func (f *filler) talk(ctx context.Context) error {
	s := scripts[f.rand.IntN(len(scripts))]
	v, err := f.someone(ctx, s)
	if err != nil {
		return err
	}
	who := v.Actor()
	for _, p := range s.pages {
		if err := f.visitors.Look(ctx, who, p[0], p[1]); err != nil {
			return err
		}
		f.pass(15, 80)
	}
	last := s.pages[len(s.pages)-1]
	c, created, err := f.conversations.Start(ctx, who, conversation.StartInput{Channel: "web", PageURL: last[0], PageTitle: last[1]})
	if err != nil || !created {
		return err
	}
	agent := f.agents[f.rand.IntN(len(f.agents))]
	taken := false
	for _, line := range s.lines {
		f.pass(8, 45)
		by := who
		if line.agent {
			if by = agent; !taken {
				if _, err := f.routing.Claim(ctx, agent, c.ID); err != nil {
					return fmt.Errorf("claim: %w", err)
				}
				taken = true
			}
		}
		kind := conversation.Text
		if line.note {
			kind = conversation.Note
		}
		if _, err := f.conversations.Post(ctx, by, conversation.PostInput{Conversation: c.ID, Kind: kind, Text: line.text, Ext: line.ext}); err != nil {
			return fmt.Errorf("post: %w", err)
		}
	}
	f.pass(20, 60)
	_, err = f.conversations.Close(ctx, agent, c.ID, conversation.EndByAgent)
	return err
}

// someone is a known visitor who comes back, or a new one.
func (f *filler) someone(ctx context.Context, s script) (visitor.Visitor, error) {
	if len(f.known) > 20 && f.rand.IntN(4) == 0 {
		v := f.known[f.rand.IntN(len(f.known))]
		if v.Locale == s.locale {
			return v, nil
		}
	}
	names := people[s.locale]
	p := names[f.rand.IntN(len(names))]
	d := devices[f.rand.IntN(len(devices))]
	v, err := f.visitors.Arrive(ctx, "", visitor.Visitor{Tenant: account.MainTenant, Inbox: account.MainInbox, Name: p[0], Email: p[1],
		Locale: s.locale, Browser: d[0], OS: d[1], Mobile: d[1] == "iOS" || d[1] == "Android", IP: fmt.Sprintf("203.0.113.%d", 1+f.rand.IntN(254)),
		Referrer: referrers[f.rand.IntN(len(referrers))]})
	f.known = append(f.known, v)
	return v, err
}

// pass lets between lo and hi seconds go by.
func (f *filler) pass(lo, hi int) {
	f.clock.Advance(time.Duration(lo+f.rand.IntN(hi-lo)) * time.Second)
}
