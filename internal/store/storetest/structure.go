package storetest

import (
	"fmt"
	"testing"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/audit"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/setting"
	"parlor/internal/store"
	"parlor/internal/tag"
)

// testMembers checks the members of a team with their order and count.
func testMembers(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	by := audit.By{Kind: actor.Agent, ID: "a1", Name: "Ann", At: T0}
	must(t, s.CreateTeam(t.Context(), account.Team{ID: "sac", Tenant: w.Tenant, Name: "SAC", CreatedAt: T0, Settings: setting.Team{Desk: setting.Desk{Off: true, Extra: map[string]any{"a": "b"}}}}, by))
	for _, a := range []id.Agent{"x", "y"} {
		must(t, s.CreateAgent(t.Context(), account.Agent{ID: a, Tenant: w.Tenant, Email: string(a) + "@x", Username: string(a), Name: string(a), Role: account.Member, Cap: 1, CreatedAt: T0}, audit.None))
	}
	must(t, s.SetMembers(t.Context(), w.Tenant, "sac", []account.Membership{{Agent: "x", Served: 3, Order: 2}, {Agent: "y", Order: 1}, {Agent: "none"}}, nil, by))
	must(t, s.SetMembers(t.Context(), w.Tenant, "sac", []account.Membership{{Agent: "x", Served: 4, Order: 2}}, nil, by))
	list, err := s.Members(t.Context(), w.Tenant, "sac")
	must(t, err)
	equal(t, "members", fmt.Sprint(list), "[{sac y y 0 1} {sac x x 4 2}]")
	must(t, s.SetMembers(t.Context(), w.Tenant, "sac", nil, []id.Agent{"y", "none"}, by))
	list, err = s.MembershipsOf(t.Context(), w.Tenant, "x")
	must(t, err)
	equal(t, "of x", fmt.Sprint(list), "[{sac x x 4 2}]")
	list, err = s.MembershipsOf(t.Context(), w.Tenant, "y")
	must(t, err)
	equal(t, "of y", len(list), 0)
	wantReason(t, s.SetMembers(t.Context(), w.Tenant, "none", nil, nil, by), errs.NotFound, "team_not_found")
	log, _, err := s.Audit(t.Context(), w.Tenant, audit.Filter{Thing: "team", Limit: 10})
	must(t, err)
	equal(t, "entries", len(log), 3)
	teams, err := s.Teams(t.Context(), w.Tenant)
	must(t, err)
	for _, x := range teams {
		if x.ID == "sac" && (!x.Settings.Off || x.Settings.Extra["a"] != "b") {
			t.Errorf("settings %+v", x.Settings.Desk)
		}
	}
	must(t, s.ReleaseTeam(t.Context(), w.Tenant, "sac"))
}

// testUnits checks units with their teams and monitors.
func testUnits(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	by := audit.By{Kind: actor.Agent, ID: "a1", Name: "Ann", At: T0}
	for _, team := range []id.Team{"t1", "t2"} {
		must(t, s.CreateTeam(t.Context(), account.Team{ID: team, Tenant: w.Tenant, Name: string(team), CreatedAt: T0}, audit.None))
	}
	must(t, s.CreateAgent(t.Context(), account.Agent{ID: "m", Tenant: w.Tenant, Email: "m@x", Username: "m", Name: "M", Role: account.Monitor, Cap: 1, CreatedAt: T0}, audit.None))
	u := account.Unit{ID: "u1", Tenant: w.Tenant, Name: "South", Visibility: "public", Teams: []id.Team{"t1", "t2"}, Monitors: []id.Agent{"m", "none"}, Extra: map[string]any{"a": "b"}, CreatedAt: T0}
	must(t, s.SaveUnit(t.Context(), u, true, by))
	must(t, s.SaveUnit(t.Context(), account.Unit{ID: "u2", Tenant: w.Tenant, Name: "North", Visibility: "private", Teams: []id.Team{"t2"}, CreatedAt: T0}, true, by))
	list, err := s.Units(t.Context(), w.Tenant)
	must(t, err)
	equal(t, "units", fmt.Sprint(list[0].Name, list[0].Teams, list[0].Monitors, list[1].Name, list[1].Teams, list[1].Monitors, list[1].Extra), "North[t2] []South[t1] [m] map[a:b]")
	wantReason(t, s.SaveUnit(t.Context(), account.Unit{ID: "none", Tenant: w.Tenant, Name: "x", CreatedAt: T0}, false, by), errs.NotFound, "unit_not_found")
	wantReason(t, s.SaveUnit(t.Context(), account.Unit{ID: "u3", Tenant: w.Tenant, Name: "x", Teams: []id.Team{"none"}, CreatedAt: T0}, true, by), errs.NotFound, "team_not_found")
	must(t, s.RemoveAgent(t.Context(), w.Tenant, "m", T0, by))
	must(t, s.DeleteTeam(t.Context(), w.Tenant, "t2", by))
	must(t, s.DeleteUnit(t.Context(), w.Tenant, "u2", by))
	wantReason(t, s.DeleteUnit(t.Context(), w.Tenant, "u2", by), errs.NotFound, "unit_not_found")
	list, err = s.Units(t.Context(), w.Tenant)
	must(t, err)
	equal(t, "left", fmt.Sprint(len(list), list[0].Teams, list[0].Monitors), "1 [t1] []")
	g := tag.Tag{ID: "g", Tenant: w.Tenant, Kind: tag.Conversation, Name: "Bug", Color: "#000000", About: "broken", Teams: []id.Team{"t1"}, CreatedAt: T0}
	must(t, s.SaveTag(t.Context(), g, true, 10))
	tags, err := s.Tags(t.Context(), w.Tenant, tag.Conversation)
	must(t, err)
	equal(t, "tag", fmt.Sprint(tags[len(tags)-1].About, tags[len(tags)-1].Teams), "broken[t1]")
}
