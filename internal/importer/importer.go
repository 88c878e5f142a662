// Package importer brings what another system holds into an installation: teams,
// agents, fields, canned replies, visitors and their closed conversations with
// files, and contacts, under their old ids. It reads
// through that system's own interface. A second run adds only what is new, so an
// import that was cut short is taken up again by running it again.
package importer

import (
	"context"
	"fmt"
	"io"
	"net/mail"
	"slices"
	"strings"
	"time"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/audit"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/field"
	"parlor/internal/fill"
	"parlor/internal/id"
	"parlor/internal/setting"
	"parlor/internal/visitor"
)

// Team is a team of the other system.
type Team struct{ ID, Name string }

// Agent is a person of the other system.
type Agent struct {
	ID, Username, Name, Email string
	Admin, Manager            bool
	// Teams are ids.
	Teams []string
}

// Talk is a conversation of the other system.
type Talk struct {
	ID, Team, Agent string
	Visitor         Visitor
	Started, Ended  time.Time
	Served          time.Time
	Open            bool
	// ByVisitor says that the visitor ended it.
	ByVisitor bool
	Source    string
	// Fields are values of fields of conversations by key.
	Fields map[string]string
}

// Visitor is a visitor of the other system.
type Visitor struct {
	ID, Token, Username, Name, Email, Phone, Team string
	// Fields are values of fields of visitors by key.
	Fields map[string]string
}

// Message is a message of the other system.
type Message struct {
	ID string
	At time.Time
	// Agent wrote it, empty: the visitor did.
	Agent, AgentName string
	Text             string
	// Line is the name of a line of ours that it stands for; Text is its text then.
	Line string
	// File is a file that was sent, nil for none.
	File *Attached
	// Skip leaves it out.
	Skip bool
}

// Source reads another system.
type Source interface {
	// Teams, Agents and Talks return everything; Talks calls each for every
	// conversation, the oldest first.
	Teams(ctx context.Context) ([]Team, error)
	Agents(ctx context.Context) ([]Agent, error)
	Talks(ctx context.Context, each func(Talk) error) error
	// Complete fills in what Talks leaves out of a visitor.
	Complete(ctx context.Context, v Visitor) (Visitor, error)
	// Messages returns the messages of a conversation, the oldest first.
	Messages(ctx context.Context, t Talk) ([]Message, error)
	Library
}

// Store is the memory that importing needs.
type Store interface {
	account.Store
	visitor.Store
	visitor.IdentityStore
	// Conversation finds a conversation; errs.NotFound otherwise.
	Conversation(ctx context.Context, t id.Tenant, c id.Conversation) (conversation.Conversation, error)
	// Load adds whole conversations in one transaction.
	Load(ctx context.Context, b fill.Bulk) error
	LibraryStore
}

// Options say what is imported where.
type Options struct {
	Tenant id.Tenant
	Inbox  id.Inbox
	// Dry only counts.
	Dry bool
	// Files keeps the files of messages; nil leaves their names only.
	Files Files
	Now   time.Time
}

// Report counts what an import did, or would do.
type Report struct {
	Teams, Agents, Fields, Replies, Visitors, Talks, Messages, Files, Contacts Counted
	// Open conversations are left where they are.
	Open int
	// Notes are what somebody must know or do, each once.
	Notes []string
}

// Counted is how many things were new and how many there already.
type Counted struct{ New, Known int }

// note adds a note once; there is room for so many.
func (r *Report) note(format string, args ...any) {
	const most = 200
	if text := fmt.Sprintf(format, args...); len(r.Notes) < most && !slices.Contains(r.Notes, text) {
		r.Notes = append(r.Notes, text)
	}
}

// Write prints the report.
func (r Report) Write(w io.Writer) {
	for _, x := range []struct {
		name string
		c    Counted
	}{{"teams", r.Teams}, {"agents", r.Agents}, {"fields", r.Fields}, {"canned replies", r.Replies}, {"visitors", r.Visitors}, {"conversations", r.Talks},
		{"messages", r.Messages}, {"files", r.Files}, {"contacts", r.Contacts}} {
		_, _ = fmt.Fprintf(w, "%-14s %6d new, %6d known\n", x.name, x.c.New, x.c.Known)
	}
	if r.Open > 0 {
		_, _ = fmt.Fprintf(w, "%d conversations are still open there and were left out; run the import again when they are closed.\n", r.Open)
	}
	for _, n := range r.Notes {
		_, _ = fmt.Fprintln(w, "note:", n)
	}
}

// run is one import under way.
type run struct {
	Options
	src   Source
	store Store
	rep   Report
	teams map[string]id.Team
	// agents maps old ids to ours, names the names to show.
	agents map[string]account.Agent
	// fields are those of ours by key.
	fields map[string]field.VisitorField
	// met are visitors that a dry run has counted already.
	met map[string]bool
}

// maxMet bounds met; beyond it a dry run counts visitors of several conversations
// each time.
const maxMet = 200_000

// Run imports. It stops at the first error; what was imported until then stays.
func Run(ctx context.Context, src Source, store Store, o Options) (rep Report, err error) {
	defer errs.Wrap(&err, "importer.Run")
	r := &run{Options: o, src: src, store: store, teams: map[string]id.Team{}, agents: map[string]account.Agent{}, fields: map[string]field.VisitorField{}, met: map[string]bool{}}
	if err = r.structure(ctx); err != nil {
		return r.rep, err
	}
	if err = r.library(ctx); err != nil {
		return r.rep, err
	}
	if err = src.Talks(ctx, func(t Talk) error { return r.talk(ctx, t) }); err != nil {
		return r.rep, err
	}
	return r.rep, r.contacts(ctx)
}

// structure brings teams and agents.
func (r *run) structure(ctx context.Context) error {
	teams, err := r.src.Teams(ctx)
	if err != nil {
		return err
	}
	known, err := r.store.Teams(ctx, r.Tenant)
	if err != nil {
		return err
	}
	for _, t := range teams {
		if i := slices.IndexFunc(known, func(k account.Team) bool { return string(k.ID) == t.ID || k.Name == t.Name }); i >= 0 {
			r.teams[t.ID] = known[i].ID
			r.rep.Teams.Known++
			continue
		}
		r.teams[t.ID] = id.Team(t.ID)
		r.rep.Teams.New++
		if r.Dry {
			continue
		}
		if err := r.store.CreateTeam(ctx, account.Team{ID: id.Team(t.ID), Tenant: r.Tenant, Name: t.Name, Settings: setting.Team{}, CreatedAt: r.Now}, r.by()); err != nil {
			return err
		}
	}
	return r.people(ctx)
}

func (r *run) by() audit.By { return audit.By{Kind: actor.System, Name: "import", At: r.Now} }

// people brings agents. They get no password: an administrator sets one.
func (r *run) people(ctx context.Context) error {
	list, err := r.src.Agents(ctx)
	if err != nil {
		return err
	}
	known, err := r.store.Agents(ctx, r.Tenant)
	if err != nil {
		return err
	}
	for _, a := range list {
		same := func(k account.Agent) bool {
			return string(k.ID) == a.ID || strings.EqualFold(k.Username, a.Username) || a.Email != "" && strings.EqualFold(k.Email, a.Email)
		}
		if i := slices.IndexFunc(known, same); i >= 0 {
			r.agents[a.ID] = known[i]
			r.rep.Agents.Known++
			continue
		}
		mine := account.Agent{ID: id.Agent(a.ID), Tenant: r.Tenant, Username: a.Username, Name: a.Name, Email: a.Email, Role: account.Member, Cap: account.DefaultCap, CreatedAt: r.Now}
		switch {
		case a.Admin:
			mine.Role = account.Admin
		case a.Manager:
			mine.Role = account.Supervisor
		}
		if mine.Name == "" {
			mine.Name = a.Username
		}
		if _, err := mail.ParseAddress(mine.Email); err != nil {
			mine.Email = ""
		}
		for _, t := range a.Teams {
			if team, ok := r.teams[t]; ok {
				mine.Teams = append(mine.Teams, team)
			}
		}
		r.agents[a.ID] = mine
		r.rep.Agents.New++
		r.rep.note("new agents have no password yet: set one on the page of agents, or log in by a link")
		if r.Dry {
			continue
		}
		if err := r.store.CreateAgent(ctx, mine, r.by()); err != nil {
			return err
		}
	}
	return nil
}

// talk brings one conversation with its visitor and messages.
func (r *run) talk(ctx context.Context, t Talk) error {
	if t.Open {
		r.rep.Open++
		return nil
	}
	_, err := r.store.Conversation(ctx, r.Tenant, id.Conversation(t.ID))
	switch {
	case err == nil:
		r.rep.Talks.Known++
		return nil
	case errs.CodeOf(err) != errs.NotFound:
		return err
	}
	v, err := r.visitor(ctx, t)
	if err != nil {
		return err
	}
	list, err := r.src.Messages(ctx, t)
	if err != nil {
		return err
	}
	c, messages, err := r.convert(ctx, t, v, list)
	if err != nil {
		return err
	}
	r.rep.Talks.New++
	r.rep.Messages.New += len(messages)
	if r.Dry {
		return nil
	}
	bulk := fill.Bulk{Tenant: r.Tenant, Conversations: []conversation.Conversation{c}, Messages: messages}
	for f, value := range r.values(t.Fields, field.OfConversation) {
		bulk.Values = append(bulk.Values, fill.RoomValue{Conversation: c.ID, Field: f, Value: value})
	}
	return r.store.Load(ctx, bulk)
}

// visitor brings the visitor of a conversation.
func (r *run) visitor(ctx context.Context, t Talk) (visitor.Visitor, error) {
	v := t.Visitor
	if known, err := r.store.Visitor(ctx, r.Tenant, id.Visitor(v.ID)); err == nil {
		r.rep.Visitors.Known++
		return known, nil
	} else if errs.CodeOf(err) != errs.NotFound {
		return known, err
	}
	if r.met[v.ID] {
		r.rep.Visitors.Known++
	} else {
		r.rep.Visitors.New++
	}
	if r.Dry {
		if len(r.met) < maxMet {
			r.met[v.ID] = true
		}
		return visitor.Visitor{ID: id.Visitor(v.ID), Name: v.Name}, nil
	}
	v, err := r.src.Complete(ctx, v)
	if err != nil {
		return visitor.Visitor{}, err
	}
	k, _, err := r.store.Register(ctx, visitor.Registration{Tenant: r.Tenant, Inbox: r.Inbox, Token: v.Token, ID: id.Visitor(v.ID), Username: v.Username, Name: v.Name,
		Email: v.Email, Phone: v.Phone, Team: r.teams[v.Team], Seen: visitor.Visitor{FirstSeen: t.Started, LastSeen: t.Ended}, At: r.Now})
	if values := r.values(v.Fields, field.OfVisitor); err == nil && len(values) > 0 {
		err = r.store.SetFieldValues(ctx, r.Tenant, k.Visitor.ID, values)
	}
	return k.Visitor, err
}

// convert makes a conversation of ours with messages numbered without a gap.
func (r *run) convert(ctx context.Context, t Talk, v visitor.Visitor, list []Message) (conversation.Conversation, []conversation.Message, error) {
	ended := t.Ended
	c := conversation.Conversation{ID: id.Conversation(t.ID), Tenant: r.Tenant, Inbox: r.Inbox, Channel: t.Source, Visitor: v.ID, Status: conversation.Closed,
		Team: r.teams[t.Team], Version: 2, CreatedAt: t.Started, QueuedAt: t.Started, ClosedAt: &ended, EndBy: conversation.EndByAgent, LastAt: t.Started}
	if t.ByVisitor {
		c.EndBy = conversation.EndByVisitor
	}
	if a, ok := r.agents[t.Agent]; ok {
		served := t.Served
		c.Agent, c.AssignedAt = a.ID, &served
	}
	var out []conversation.Message
	for _, m := range list {
		if m.Skip {
			continue
		}
		n := conversation.Message{ID: id.Message(id.New()), Tenant: r.Tenant, Conversation: c.ID, Seq: int64(len(out) + 1), Prev: int64(len(out)), ClientID: m.ID, Kind: conversation.Text,
			Text: conversation.CleanText(m.Text), At: m.At}
		r.author(&n, m, v)
		if err := r.file(ctx, &n, m, v); err != nil {
			return c, nil, err
		}
		out = append(out, n)
		if n.Line == nil {
			c.LastAt, c.LastText, c.LastKind, c.LastFrom = n.At, n.Text, n.Kind, n.From.Kind
		}
	}
	c.LastSeq, c.VisibleSeq = int64(len(out)), int64(len(out))
	c.AgentRead, c.VisitorRead = c.LastSeq, c.LastSeq
	return c, out, nil
}

// author fills in who wrote a message, or the line that it stands for.
func (r *run) author(n *conversation.Message, m Message, v visitor.Visitor) {
	a := r.agents[m.Agent]
	switch {
	case m.Line != "":
		n.Kind, n.From, n.Text = conversation.Event, conversation.Author{Kind: actor.System}, ""
		n.Line = &conversation.Line{Name: m.Line, Agent: a.ID, AgentName: a.Name, Text: m.Text}
	case m.Agent != "":
		n.From = conversation.Author{Kind: actor.Agent, ID: string(a.ID), Name: a.Name}
		if a.ID == "" {
			n.From.ID, n.From.Name = m.Agent, m.AgentName
		}
	default:
		n.From = conversation.Author{Kind: actor.Visitor, ID: string(v.ID), Name: v.Name}
	}
}
