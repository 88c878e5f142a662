package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/audit"
	"parlor/internal/colleague"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/media"
	"parlor/internal/routing"
	"parlor/internal/store"
	"parlor/internal/visitor"
)

// testIsolation calls every verb that takes a tenant as tenant "other" with the
// ids of tenant "main": it must find nothing and change nothing.
func testIsolation(t *testing.T, s *store.Store) {
	w, o := NewWorld(t, s, "main"), NewWorld(t, s, "other")
	team := w.Team("help")
	ann, bob := w.Ready("ann", 5, team), w.Ready("bob", 5, team)
	eve := o.Ready("eve", 5)
	queued := w.Start("Vera", team)
	w.Append(w.Say(queued, "secret words"))
	open := w.Assign(w.Start("Uli", ""), ann).Conversation
	must(t, s.CreateFile(t.Context(), media.File{ID: "f1", Tenant: w.Tenant, CreatedAt: T0}))
	must(t, s.AppendColleague(t.Context(), colleague.Remark{Tenant: w.Tenant, From: ann, To: bob, Text: "x", At: T0}))
	must(t, s.CreateCredential(t.Context(), account.Credential{Hash: "h", Tenant: w.Tenant, Agent: ann, Kind: account.SessionCookie, CreatedAt: T0}))
	_, _, err := s.AddPage(t.Context(), w.Tenant, visitor.Page{Visitor: open.Visitor, URL: "/", At: T0})
	must(t, err)
	w.IndexAll()
	by := audit.By{Kind: actor.Agent, ID: string(ann), Name: "Ann", At: T0}
	must(t, s.SaveRole(t.Context(), account.CustomRole{ID: "r1", Tenant: w.Tenant, Name: "Reader", CreatedAt: T0}, by))
	must(t, s.CreateAPIClient(t.Context(), account.APIClient{ID: "c1", Tenant: w.Tenant, Name: "CRM", CreatedAt: T0}, by))
	must(t, s.SeenInbox(t.Context(), w.Tenant, w.Inbox, account.Seen{Origin: "https://shop", At: T0}))
	before := dump(t, s)
	for name, call := range foreignCalls(s, o.Tenant, foreign{w.Inbox, team, ann, bob, eve, queued, open}) {
		t.Run(name, func(t *testing.T) {
			found, err := call(t.Context())
			if err != nil && errs.CodeOf(err) != errs.NotFound {
				t.Fatalf("error = %v, want not found", err)
			}
			if err == nil && found != 0 {
				t.Fatalf("found %d of another tenant", found)
			}
		})
	}
	equal(t, "everything", dump(t, s), before)
}

// foreign holds what tenant "main" owns, and eve who is of tenant "other".
type foreign struct {
	inbox         id.Inbox
	team          id.Team
	ann, bob, eve id.Agent
	queued, open  conversation.Conversation
}

// call runs a verb and returns how much it found.
type call func(ctx context.Context) (found int, err error)

// none is the result of a verb that must report an error.
func none(err error) (int, error) {
	if err == nil {
		return 1, nil
	}
	return 0, err
}

func foreignCalls(s *store.Store, t id.Tenant, f foreign) map[string]call {
	calls := conversationCalls(s, t, f)
	for _, more := range []map[string]call{routingCalls(s, t, f), accountCalls(s, t, f), visitorCalls(s, t, f)} {
		for name, c := range more {
			calls[name] = c
		}
	}
	return calls
}

func conversationCalls(s *store.Store, t id.Tenant, f foreign) map[string]call {
	c := f.queued.ID
	all := conversation.Scope{All: true, Agent: f.ann, Teams: []id.Team{f.team}}
	return map[string]call{
		"Start": func(ctx context.Context) (int, error) {
			_, _, err := s.Start(ctx, conversation.Conversation{Tenant: t, Inbox: f.inbox, Visitor: f.queued.Visitor, CreatedAt: T0})
			return none(err)
		},
		"Append": func(ctx context.Context) (int, error) {
			_, err := s.Append(ctx, conversation.Append{Message: conversation.Message{Tenant: t, Conversation: c, Kind: conversation.Text, Text: "x", At: T0}})
			return none(err)
		},
		"AppendLines": func(ctx context.Context) (int, error) {
			_, err := s.AppendLines(ctx, t, c, []conversation.Message{{Kind: conversation.Note, At: T0}})
			return none(err)
		},
		"SetParams": func(ctx context.Context) (int, error) {
			_, _, err := s.SetParams(ctx, t, c, map[string]string{"a": "b"})
			return none(err)
		},
		"Conversation": func(ctx context.Context) (int, error) { _, err := s.Conversation(ctx, t, c); return none(err) },
		"Conversations": func(ctx context.Context) (int, error) {
			list, err := s.Conversations(ctx, t, []id.Conversation{c, f.open.ID})
			return len(list), err
		},
		"MessagesAfter": func(ctx context.Context) (int, error) {
			list, err := s.MessagesAfter(ctx, t, []conversation.Mark{{Conversation: c}, {Conversation: f.open.ID}}, 9)
			return len(list), err
		},
		"Active": func(ctx context.Context) (int, error) { _, err := s.Active(ctx, t, f.queued.Visitor); return none(err) },
		"Messages": func(ctx context.Context) (int, error) {
			_, err := s.Messages(ctx, t, c, conversation.Range{Limit: 9})
			return none(err)
		},
		"MarkRead": func(ctx context.Context) (int, error) {
			_, _, err := s.MarkRead(ctx, t, c, actor.Agent, 1)
			return none(err)
		},
		"CloseConversation": func(ctx context.Context) (int, error) {
			_, err := s.CloseConversation(ctx, conversation.CloseInput{Tenant: t, Conversation: c, At: T0})
			return none(err)
		},
		"List": func(ctx context.Context) (found int, err error) {
			for _, scope := range []conversation.Scope{all, {Agent: f.ann, Teams: []id.Team{f.team}}} {
				for _, view := range []conversation.View{conversation.ViewMine, conversation.ViewQueue, conversation.ViewAll, conversation.ViewClosed} {
					list, _, err := s.List(ctx, conversation.Filter{Tenant: t, View: view, Scope: scope, Limit: 9})
					if err != nil {
						return 0, err
					}
					found += len(list)
				}
			}
			list, _, err := s.List(ctx, conversation.Filter{Tenant: t, Visitor: f.queued.Visitor, Scope: all, Limit: 9})
			return found + len(list), err
		},
		"Count": func(ctx context.Context) (int, error) {
			n, err := s.Count(ctx, t, all)
			return n.All + n.Mine + n.Queue + n.Unread, err
		},
		"Search": func(ctx context.Context) (int, error) {
			hits, _, err := s.Search(ctx, conversation.SearchQuery{Tenant: t, Scope: all, Text: "secret", Limit: 9})
			return len(hits), err
		},
	}
}

func routingCalls(s *store.Store, t id.Tenant, f foreign) map[string]call {
	assign := func(c conversation.Conversation, to id.Agent) call {
		return func(ctx context.Context) (int, error) {
			_, err := s.Assign(ctx, routing.AssignInput{Tenant: t, Conversation: c.ID, Version: c.Version, From: c.Agent, To: to, Force: true, At: T0})
			return none(err)
		}
	}
	// The conversation is the caller's own, the agent is not.
	toForeign := func(ctx context.Context) (int, error) {
		_, err := s.Assign(ctx, routing.AssignInput{Tenant: f.queued.Tenant, Conversation: f.queued.ID, Version: f.queued.Version, To: f.eve, Force: true, At: T0})
		return none(err)
	}
	return map[string]call{
		"Assign":              assign(f.queued, f.eve),
		"Assign/Transfer":     assign(f.open, f.eve),
		"Assign/ForeignAgent": toForeign,
		"Requeue": func(ctx context.Context) (int, error) {
			_, err := s.Requeue(ctx, routing.RequeueInput{Tenant: t, Conversation: f.open.ID, Version: f.open.Version, At: T0})
			return none(err)
		},
		"NextWaiting": func(ctx context.Context) (int, error) {
			list, err := s.NextWaiting(ctx, t, routing.WaitingFilter{Teams: []id.Team{f.team}, Agents: []id.Agent{f.ann}, Limit: 9})
			return len(list), err
		},
		"NextWaiting/Only": func(ctx context.Context) (int, error) {
			list, err := s.NextWaiting(ctx, t, routing.WaitingFilter{Only: f.queued.ID, Limit: 9})
			return len(list), err
		},
		"OpenOf": func(ctx context.Context) (int, error) { list, err := s.OpenOf(ctx, t, f.ann); return len(list), err },
		"Places": func(ctx context.Context) (int, error) {
			list, err := s.Places(ctx, t, 9)
			return len(list), err
		},
		"Place":         func(ctx context.Context) (int, error) { _, err := s.Place(ctx, t, f.queued.ID); return none(err) },
		"WaitingByTeam": func(ctx context.Context) (int, error) { list, err := s.WaitingByTeam(ctx, t); return len(list), err },
		"Decisions": func(ctx context.Context) (int, error) {
			list, err := s.Decisions(ctx, t, f.open.ID)
			return len(list), err
		},
		"KeepDecision": func(ctx context.Context) (int, error) {
			return none(s.KeepDecision(ctx, t, f.open.ID, routing.Decision{}))
		},
		"RepairLoads": func(ctx context.Context) (int, error) { list, err := s.RepairLoads(ctx, t); return len(list), err },
		"Roster": func(ctx context.Context) (int, error) {
			list, err := s.Roster(ctx, t, T0)
			return len(list) - 1, err // eve is there
		},
		"Connect": func(ctx context.Context) (int, error) { return none(s.Connect(ctx, "node-main", t, f.ann, T0)) },
		"Disconnect": func(ctx context.Context) (int, error) {
			_, err := s.Disconnect(ctx, "node-main", t, f.ann, T0)
			return 0, err
		},
	}
}

func accountCalls(s *store.Store, t id.Tenant, f foreign) map[string]call {
	return map[string]call{
		"Inboxes": func(ctx context.Context) (int, error) {
			list, err := s.Inboxes(ctx, t)
			return len(list) - 1, err
		},
		"UpdateInbox": func(ctx context.Context) (int, error) {
			return none(s.UpdateInbox(ctx, account.Inbox{ID: f.inbox, Tenant: t, Name: "mine now"}, audit.None))
		},
		"UpdateTeam": func(ctx context.Context) (int, error) {
			return none(s.UpdateTeam(ctx, account.Team{ID: f.team, Tenant: t, Name: "mine now"}, audit.None))
		},
		"DeleteTeam": func(ctx context.Context) (int, error) { return none(s.DeleteTeam(ctx, t, f.team, audit.None)) },
		"Roles":      func(ctx context.Context) (int, error) { list, err := s.Roles(ctx, t); return len(list), err },
		"DeleteRole": func(ctx context.Context) (int, error) { return none(s.DeleteRole(ctx, t, "r1", audit.None)) },
		"Audit": func(ctx context.Context) (int, error) {
			list, _, err := s.Audit(ctx, t, audit.Filter{Limit: 10})
			return len(list), err
		},
		"SeenInbox": func(ctx context.Context) (int, error) {
			return 0, s.SeenInbox(ctx, t, f.inbox, account.Seen{Origin: "https://foreign", At: T0})
		},
		"InboxSeen": func(ctx context.Context) (int, error) {
			list, err := s.InboxSeen(ctx, t, f.inbox)
			return len(list), err
		},
		"APIClients": func(ctx context.Context) (int, error) { list, err := s.APIClients(ctx, t); return len(list), err },
		"RotateAPIClient": func(ctx context.Context) (int, error) {
			_, err := s.RotateAPIClient(ctx, t, "c1", "h", audit.None)
			return none(err)
		},
		"CreateClientToken": func(ctx context.Context) (int, error) {
			return none(s.CreateClientToken(ctx, account.ClientToken{Hash: "x", Client: "c1", Tenant: t, ExpiresAt: T0}, T0))
		},
		"DeleteAPIClient": func(ctx context.Context) (int, error) { return none(s.DeleteAPIClient(ctx, t, "c1", audit.None)) },
		"Credentials": func(ctx context.Context) (int, error) {
			list, err := s.Credentials(ctx, t, f.ann, T0)
			return len(list), err
		},
		"Agent":        func(ctx context.Context) (int, error) { _, err := s.Agent(ctx, t, f.ann); return none(err) },
		"AgentByLogin": func(ctx context.Context) (int, error) { _, err := s.AgentByLogin(ctx, t, "ann"); return none(err) },
		"Agents": func(ctx context.Context) (int, error) {
			list, err := s.Agents(ctx, t)
			return len(list) - 1, err
		},
		"CreateAgent/ForeignTeam": func(ctx context.Context) (int, error) {
			return none(s.CreateAgent(ctx, account.Agent{ID: "new", Tenant: t, Email: "n@x", Teams: []id.Team{f.team}}, audit.None))
		},
		"UpdateAgent": func(ctx context.Context) (int, error) {
			return none(s.UpdateAgent(ctx, account.Agent{ID: f.ann, Tenant: t, Name: "mine now"}, audit.None))
		},
		"UpdateAgent/ForeignTeam": func(ctx context.Context) (int, error) {
			return none(s.UpdateAgent(ctx, account.Agent{ID: f.eve, Tenant: t, Teams: []id.Team{f.team}}, audit.None))
		},
		"Members": func(ctx context.Context) (int, error) {
			list, err := s.Members(ctx, t, f.team)
			return len(list), err
		},
		"MembershipsOf": func(ctx context.Context) (int, error) {
			list, err := s.MembershipsOf(ctx, t, f.ann)
			return len(list), err
		},
		"SetMembers": func(ctx context.Context) (int, error) {
			return none(s.SetMembers(ctx, t, f.team, nil, []id.Agent{f.ann}, audit.None))
		},
		"ReleaseTeam": func(ctx context.Context) (int, error) { return 0, s.ReleaseTeam(ctx, t, f.team) },
		"Units":       func(ctx context.Context) (int, error) { list, err := s.Units(ctx, t); return len(list), err },
		"SaveUnit": func(ctx context.Context) (int, error) {
			return none(s.SaveUnit(ctx, account.Unit{ID: "u1", Tenant: t, Name: "u", Teams: []id.Team{f.team}, CreatedAt: T0}, true, audit.None))
		},
		"DeleteUnit": func(ctx context.Context) (int, error) { return none(s.DeleteUnit(ctx, t, "u1", audit.None)) },
		"RemoveAgent": func(ctx context.Context) (int, error) {
			return none(s.RemoveAgent(ctx, t, f.ann, T0, audit.None))
		},
		"RemovedAgents": func(ctx context.Context) (int, error) {
			list, err := s.RemovedAgents(ctx, t)
			return len(list), err
		},
		"SetState": func(ctx context.Context) (int, error) {
			_, err := s.SetState(ctx, t, f.ann, account.Away, "", T0)
			return none(err)
		},
		"AgentStatus": func(ctx context.Context) (int, error) { _, err := s.AgentStatus(ctx, t, f.ann, T0); return none(err) },
		"Teams":       func(ctx context.Context) (int, error) { list, err := s.Teams(ctx, t); return len(list), err },
		"CreateCredential": func(ctx context.Context) (int, error) {
			return none(s.CreateCredential(ctx, account.Credential{Hash: "new", Tenant: t, Agent: f.ann, CreatedAt: T0}))
		},
		"DeleteCredentials": func(ctx context.Context) (int, error) { return 0, s.DeleteCredentials(ctx, t, f.ann) },
	}
}

func visitorCalls(s *store.Store, t id.Tenant, f foreign) map[string]call {
	v := f.open.Visitor
	name := "mine now"
	return map[string]call{
		"CreateVisitor/ForeignInbox": func(ctx context.Context) (int, error) {
			_, _, err := s.CreateVisitor(ctx, visitor.Visitor{Tenant: t, Inbox: f.inbox, FirstSeen: T0, LastSeen: T0})
			return none(err)
		},
		"Visitor": func(ctx context.Context) (int, error) { _, err := s.Visitor(ctx, t, v); return none(err) },
		"Visitors": func(ctx context.Context) (int, error) {
			list, err := s.Visitors(ctx, t, []id.Visitor{v})
			return len(list), err
		},
		"UpdateVisitor": func(ctx context.Context) (int, error) {
			_, err := s.UpdateVisitor(ctx, t, v, visitor.Details{Name: &name})
			return none(err)
		},
		"TouchVisitor": func(ctx context.Context) (int, error) {
			_, err := s.TouchVisitor(ctx, visitor.Visitor{ID: v, Tenant: t, LastSeen: T0.Add(time.Hour)})
			return none(err)
		},
		"AddPage": func(ctx context.Context) (int, error) {
			_, _, err := s.AddPage(ctx, t, visitor.Page{Visitor: v, URL: "/x", At: T0})
			return none(err)
		},
		"ProlongPages": func(ctx context.Context) (int, error) {
			return 0, s.ProlongPages(ctx, t, []id.Visitor{v}, T0.Add(time.Hour))
		},
		"Pages": func(ctx context.Context) (int, error) {
			list, err := s.Pages(ctx, t, v, time.Time{}, 9)
			return len(list), err
		},
		"File": func(ctx context.Context) (int, error) { _, err := s.File(ctx, t, "f1"); return none(err) },
		"AppendColleague": func(ctx context.Context) (int, error) {
			return none(s.AppendColleague(ctx, colleague.Remark{Tenant: t, From: f.eve, To: f.ann, Text: "x", At: T0}))
		},
		"Between": func(ctx context.Context) (int, error) {
			list, err := s.Between(ctx, t, f.ann, f.bob, time.Time{}, 9)
			return len(list), err
		},
	}
}

// dump returns the whole content of a store as text.
func dump(t testing.TB, s *store.Store) string {
	t.Helper()
	lines := backupLines(t, s)
	return fmt.Sprint(lines[1:])
}
