package storetest

import (
	"fmt"
	"testing"
	"time"

	"parlor/internal/account"
	"parlor/internal/audit"
	"parlor/internal/contact"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/routing"
	"parlor/internal/store"
	"parlor/internal/visitor"
)

// testPrograms checks what is assigned to bots and to agents without a connection,
// the limit of a company, and what members got so far.
func testPrograms(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	sales, help := w.Team("sales"), w.Team("help")
	bot := account.Agent{ID: "bot", Tenant: w.Tenant, Email: "bot@x", Username: "bot", Name: "Bot", Role: account.Member, Also: []account.Role{account.Bot}, Cap: 9, Teams: []id.Team{sales}, CreatedAt: T0}
	must(t, s.CreateAgent(t.Context(), bot, audit.None))
	ann := w.Agent("ann", account.MaxCap, sales)
	_, err := s.SetState(t.Context(), w.Tenant, ann, account.Ready, "", w.Now)
	must(t, err)
	assign := func(to id.Agent, change func(*routing.AssignInput)) error {
		in := w.AssignInput(w.Start("Vera", sales), to)
		if change != nil {
			change(&in)
		}
		_, err := s.Assign(t.Context(), in)
		return err
	}
	must(t, assign("bot", nil))
	wantReason(t, assign(ann, nil), errs.Conflict, "agent_unavailable")
	must(t, assign(ann, func(in *routing.AssignInput) { in.Offline = true }))
	wantReason(t, assign(ann, func(in *routing.AssignInput) { in.Offline, in.AgentCap = true, 1 }), errs.Conflict, "agent_full")
	must(t, assign("bot", func(in *routing.AssignInput) { in.AgentCap = 1 }))
	must(t, assign(ann, func(in *routing.AssignInput) { in.Offline, in.Team = true, help }))
	standings, err := s.Standings(t.Context(), w.Tenant)
	must(t, err)
	equal(t, "standings", fmt.Sprint(standings[routing.AgentTeam{Agent: "bot", Team: sales}], standings[routing.AgentTeam{Agent: ann, Team: sales}], len(standings)), "{2 0} {1 0} 2")
	must(t, s.SetPresence(t.Context(), w.Tenant, ann, account.PresenceAway))
	wantReason(t, s.SetPresence(t.Context(), "other", ann, ""), errs.NotFound, "agent_not_found")
	list, err := s.Roster(t.Context(), w.Tenant, w.Now)
	must(t, err)
	said := ""
	for _, a := range list {
		said += spaced(a.Name, a.Bot, a.Presence, a.Served) + " "
	}
	equal(t, "roster", said, "Bot true  2 ann false away 2 ")
	lost, err := s.LostAgents(t.Context(), w.Now.Add(time.Hour), w.Now.Add(time.Hour))
	must(t, err)
	equal(t, "lost", fmt.Sprint(lost), fmt.Sprint([]routing.LostAgent{{Tenant: w.Tenant, Agent: ann, Name: "ann", Since: w.Now}}))
	must(t, s.RemoveAgent(t.Context(), w.Tenant, "bot", w.Now, audit.None))
	lost, err = s.LostAgents(t.Context(), w.Now.Add(time.Hour), w.Now.Add(time.Hour))
	must(t, err)
	equal(t, "a bot that is gone is lost", spaced(len(lost), lost[1].Agent, lost[1].Gone), "2 bot true")
}

// testManagers finds who looks after the contacts of waiting visitors, by the
// channel or by the e-mail address.
func testManagers(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	ctx := t.Context()
	must(t, s.AddContact(ctx, contact.Contact{ID: "c1", Tenant: w.Tenant, Name: "Vera", Emails: []string{"vera@example.com"}, Manager: "ann", CreatedAt: T0, UpdatedAt: T0}))
	must(t, s.AddContact(ctx, contact.Contact{ID: "c2", Tenant: w.Tenant, Name: "Uli", Emails: []string{"uli@example.com"}, CreatedAt: T0, UpdatedAt: T0}))
	mail := func(name, address string) conversation.Conversation {
		v, _, err := s.CreateVisitor(ctx, visitor.Visitor{Tenant: w.Tenant, Inbox: w.Inbox, Name: name, Email: address, Visits: 1, FirstSeen: T0, LastSeen: T0})
		must(t, err)
		return w.StartFor(v.ID, "")
	}
	for _, x := range []struct {
		c    conversation.Conversation
		want id.Agent
	}{{mail("Vera", "Vera@example.com"), "ann"}, {mail("Uli", "uli@example.com"), ""}, {w.Start("nobody", ""), ""}} {
		list, err := s.NextWaiting(ctx, w.Tenant, routing.WaitingFilter{Only: x.c.ID, Limit: 1})
		must(t, err)
		equal(t, string(x.c.ID), spaced(list[0].Manager, list[0].Fresh), spaced(x.want, true))
	}
}
