package storetest

import (
	"testing"
	"time"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/audit"
	"parlor/internal/conversation"
	"parlor/internal/id"
	"parlor/internal/routing"
	"parlor/internal/store"
	"parlor/internal/visitor"
)

// T0 is the moment at which worlds begin.
var T0 = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// World is a tenant with an inbox and a node that holds agents' connections; its
// methods add to it and fail the test on any error.
type World struct {
	T      testing.TB
	S      *store.Store
	Tenant id.Tenant
	Inbox  id.Inbox
	Node   string
	// Now is the time given to what is added.
	Now time.Time
}

// NewWorld adds a tenant of that name with an inbox of the same name.
func NewWorld(t testing.TB, s *store.Store, name string) *World {
	t.Helper()
	w := &World{T: t, S: s, Tenant: id.Tenant(name), Inbox: id.Inbox(name), Node: "node-" + name, Now: T0}
	_, err := s.CreateTenant(t.Context(), account.Tenant{ID: w.Tenant, Name: name, CreatedAt: T0})
	w.ok(err)
	w.ok(s.CreateInbox(t.Context(), account.Inbox{ID: w.Inbox, Tenant: w.Tenant, Name: name, Channel: "web", CreatedAt: T0}, audit.None))
	w.ok(s.Beat(t.Context(), w.Node, T0.Add(24*time.Hour)))
	return w
}

func (w *World) ok(err error) {
	w.T.Helper()
	if err != nil {
		w.T.Fatal(err)
	}
}

// Team adds a team.
func (w *World) Team(name string) id.Team {
	w.T.Helper()
	team := account.Team{ID: id.Team(id.New()), Tenant: w.Tenant, Name: name, CreatedAt: w.Now}
	w.ok(w.S.CreateTeam(w.T.Context(), team, audit.None))
	return team.ID
}

// Agent adds an agent who is away and not connected.
func (w *World) Agent(name string, limit int, teams ...id.Team) id.Agent {
	w.T.Helper()
	a := account.Agent{ID: id.Agent(id.New()), Tenant: w.Tenant, Name: name, Email: name + "@example.com", Username: name,
		Role: account.Member, Cap: limit, Teams: teams, CreatedAt: w.Now}
	w.ok(w.S.CreateAgent(w.T.Context(), a, audit.None))
	return a.ID
}

// Ready adds an agent who is ready and connected.
func (w *World) Ready(name string, limit int, teams ...id.Team) id.Agent {
	w.T.Helper()
	a := w.Agent(name, limit, teams...)
	_, err := w.S.SetState(w.T.Context(), w.Tenant, a, account.Ready, "", w.Now)
	w.ok(err)
	w.ok(w.S.Connect(w.T.Context(), w.Node, w.Tenant, a, w.Now))
	return a
}

// Visitor adds a visitor.
func (w *World) Visitor(name string) id.Visitor {
	w.T.Helper()
	v, _, err := w.S.CreateVisitor(w.T.Context(), visitor.Visitor{Tenant: w.Tenant, Inbox: w.Inbox, Name: name,
		Visits: 1, FirstSeen: w.Now, LastSeen: w.Now})
	w.ok(err)
	return v.ID
}

// Start starts a conversation of a visitor, made for it, in the queue of team.
func (w *World) Start(name string, team id.Team) conversation.Conversation {
	w.T.Helper()
	return w.StartFor(w.Visitor(name), team)
}

// StartFor starts a conversation of v in the queue of team.
func (w *World) StartFor(v id.Visitor, team id.Team) conversation.Conversation {
	w.T.Helper()
	c, _, err := w.S.Start(w.T.Context(), conversation.Conversation{Tenant: w.Tenant, Inbox: w.Inbox, Channel: "web",
		Visitor: v, Team: team, CreatedAt: w.Now})
	w.ok(err)
	return c
}

// Say returns a text message of the conversation's visitor.
func (w *World) Say(c conversation.Conversation, text string) conversation.Append {
	return conversation.Append{Message: conversation.Message{Tenant: w.Tenant, Conversation: c.ID, Kind: conversation.Text,
		From: conversation.Author{Kind: actor.Visitor, ID: string(c.Visitor), Name: c.VisitorName}, Text: text, At: w.Now}}
}

// Answer returns a text message of an agent.
func (w *World) Answer(c conversation.Conversation, a id.Agent, text string) conversation.Append {
	in := w.Say(c, text)
	in.Message.From = conversation.Author{Kind: actor.Agent, ID: string(a), Name: "agent"}
	return in
}

// Append adds a message.
func (w *World) Append(in conversation.Append) conversation.Appended {
	w.T.Helper()
	got, err := w.S.Append(w.T.Context(), in)
	w.ok(err)
	return got
}

// IndexAll lets the search index catch up.
func (w *World) IndexAll() {
	w.T.Helper()
	for {
		n, err := w.S.IndexNext(w.T.Context(), 500)
		w.ok(err)
		if n == 0 {
			return
		}
	}
}

// Line returns a message that records a change.
func (w *World) Line(name string) conversation.Message {
	return conversation.Message{Kind: conversation.Event, From: conversation.Author{Kind: actor.System},
		Line: &conversation.Line{Name: name}, At: w.Now}
}

// AssignInput is what gives c, as it was read, to a.
func (w *World) AssignInput(c conversation.Conversation, a id.Agent) routing.AssignInput {
	return routing.AssignInput{Tenant: w.Tenant, Conversation: c.ID, Version: c.Version, From: c.Agent, To: a, At: w.Now,
		Decision: routing.Decision{Agent: a, Rule: routing.RuleIdle, Candidates: 1, At: w.Now}, Line: w.Line(conversation.LineAssigned)}
}

// Assign gives c to a.
func (w *World) Assign(c conversation.Conversation, a id.Agent) conversation.Moved {
	w.T.Helper()
	moved, err := w.S.Assign(w.T.Context(), w.AssignInput(c, a))
	w.ok(err)
	return moved
}

// Close ends c.
func (w *World) Close(c conversation.Conversation) conversation.Moved {
	w.T.Helper()
	moved, err := w.S.CloseConversation(w.T.Context(), conversation.CloseInput{Tenant: w.Tenant, Conversation: c.ID,
		EndBy: conversation.EndByAgent, At: w.Now, Line: w.Line(conversation.LineClosed)})
	w.ok(err)
	return moved
}
