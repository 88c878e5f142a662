package storetest

import (
	"fmt"
	"testing"
	"time"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/audit"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/store"
)

// testRoles checks roles and that a role in use stays.
func testRoles(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	by := audit.By{Kind: actor.Agent, ID: "a1", Name: "Ann", At: T0}
	reader := account.CustomRole{ID: "r1", Tenant: w.Tenant, Name: "Reader", Permissions: []actor.Permission{actor.SeeAll}, CreatedAt: T0}
	must(t, s.SaveRole(t.Context(), reader, by))
	reader.Permissions = append(reader.Permissions, actor.Reply)
	must(t, s.SaveRole(t.Context(), reader, by))
	must(t, s.SaveRole(t.Context(), reader, by)) // changes nothing: no entry
	list, err := s.Roles(t.Context(), w.Tenant)
	must(t, err)
	equal(t, "roles", fmt.Sprint(list), fmt.Sprint([]account.CustomRole{reader}))
	err = s.SaveRole(t.Context(), account.CustomRole{ID: "r2", Tenant: w.Tenant, Name: "Reader"}, by)
	wantReason(t, err, errs.Conflict, "role_exists")
	must(t, s.CreateAgent(t.Context(), account.Agent{ID: "x", Tenant: w.Tenant, Email: "x@x", Username: "x", Name: "X", Role: "r1", Cap: 1, CreatedAt: T0}, audit.None))
	wantReason(t, s.DeleteRole(t.Context(), w.Tenant, "r1", by), errs.Conflict, "role_in_use")
	must(t, s.UpdateAgent(t.Context(), account.Agent{ID: "x", Tenant: w.Tenant, Email: "x@x", Username: "x", Name: "X", Role: account.Member, Cap: 1}, by))
	must(t, s.DeleteRole(t.Context(), w.Tenant, "r1", by))
	wantReason(t, s.DeleteRole(t.Context(), w.Tenant, "r1", by), errs.NotFound, "role_not_found")
	log, _, err := s.Audit(t.Context(), w.Tenant, audit.Filter{Thing: "role", Limit: 10})
	must(t, err)
	equal(t, "entries", len(log), 3)
}

// testAudit checks order, filters and pages of the audit log.
func testAudit(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	for i := range 5 {
		by := audit.By{Kind: actor.Agent, ID: fmt.Sprint("a", i%2), Name: "Ann", At: T0.Add(time.Duration(i) * time.Second)}
		must(t, s.CreateTeam(t.Context(), account.Team{ID: id.Team(fmt.Sprint("t", i)), Tenant: w.Tenant, Name: fmt.Sprint("T", i), CreatedAt: T0}, by))
	}
	must(t, s.UpdateTeam(t.Context(), account.Team{ID: "t3", Tenant: w.Tenant, Name: "Three"}, audit.By{Kind: actor.System, Name: "cli", At: T0.Add(time.Minute)}))
	var names []string
	for after := ""; ; {
		list, next, err := s.Audit(t.Context(), w.Tenant, audit.Filter{After: after, Limit: 2})
		must(t, err)
		for _, e := range list {
			names = append(names, e.Action+" "+e.Name)
		}
		if after = next; next == "" {
			break
		}
	}
	equal(t, "log", spaced(names), "[update Three create T4 create T3 create T2 create T1 create T0]")
	list, _, err := s.Audit(t.Context(), w.Tenant, audit.Filter{By: "a1", Limit: 9})
	must(t, err)
	equal(t, "by a1", len(list), 2)
	list, _, err = s.Audit(t.Context(), w.Tenant, audit.Filter{Thing: "team", ThingID: "t3", Limit: 9})
	must(t, err)
	equal(t, "of t3", len(list), 2)
	if list[0].Before == nil || list[0].After == nil || list[1].Before != nil {
		t.Fatalf("before and after: %s", spaced(list))
	}
	_, _, err = s.Audit(t.Context(), w.Tenant, audit.Filter{After: "?", Limit: 9})
	wantReason(t, err, errs.Invalid, "bad_cursor")
}

// testDeleteTeam checks that a team with running conversations stays.
func testDeleteTeam(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	team := w.Team("help")
	ann := w.Ready("ann", 5, team)
	c := w.Start("Vera", team)
	wantReason(t, s.DeleteTeam(t.Context(), w.Tenant, team, audit.None), errs.Conflict, "team_in_use")
	w.Close(w.Assign(c, ann).Conversation)
	must(t, s.DeleteTeam(t.Context(), w.Tenant, team, audit.None))
	a, err := s.Agent(t.Context(), w.Tenant, ann)
	must(t, err)
	equal(t, "teams", len(a.Teams), 0)
	wantReason(t, s.DeleteTeam(t.Context(), w.Tenant, team, audit.None), errs.NotFound, "team_not_found")
}

// testSeen checks that sightings of an inbox are kept by origin and bounded.
func testSeen(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	for i := range 60 {
		must(t, s.SeenInbox(t.Context(), w.Tenant, w.Inbox, account.Seen{Origin: fmt.Sprint("https://s", i), Page: "/a", At: T0.Add(time.Duration(i))}))
	}
	must(t, s.SeenInbox(t.Context(), w.Tenant, w.Inbox, account.Seen{Origin: "https://s7", Page: "/b", At: T0.Add(time.Hour)}))
	list, err := s.InboxSeen(t.Context(), w.Tenant, w.Inbox)
	must(t, err)
	equal(t, "origins", len(list), 50)
	equal(t, "latest", spaced(list[0].Origin, list[0].Page, list[0].First.Equal(list[0].At)), "https://s7 /b false")
}
