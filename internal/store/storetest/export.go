package storetest

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"parlor/internal/actor"
	"parlor/internal/audit"
	"parlor/internal/contact"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/export"
	"parlor/internal/id"
	"parlor/internal/job"
	"parlor/internal/sheet"
	"parlor/internal/store"
)

// asked is an export that somebody asks for now.
func (w *World) asked(by string) export.Export {
	x := export.Export{ID: id.New(), Tenant: w.Tenant, Kind: export.Messages, Format: sheet.CSV, Filter: export.Filter{From: T0, To: T0.Add(time.Hour), Tag: "t"}, Lang: "pt-BR",
		Zone: "Asia/Shanghai", ByKind: actor.Agent, ByID: by, ByName: "Name of " + by, State: export.Waiting, CreatedAt: w.Now, Until: w.Now.Add(export.Life), Clean: true}
	x.Name = export.FileName(x)
	return x
}

// testExports keeps exports, their turns, and who has how many.
func testExports(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	NewWorld(t, s, "other")
	ctx, by := t.Context(), audit.By{Kind: actor.Agent, ID: "ann", Name: "Ann", At: T0}
	x := w.asked("ann")
	add := func(x export.Export) error {
		return s.AddExport(ctx, x, 2, []job.Job{{Tenant: w.Tenant, Kind: "k", Key: x.ID, Payload: x.ID, RunAt: T0}}, by)
	}
	must(t, add(x))
	jobs, err := s.Claim(ctx, []string{"k"}, 5, T0, T0.Add(time.Minute))
	must(t, err)
	equal(t, "jobs", spaced(len(jobs), jobs[0].Payload == x.ID), "1 true")
	got, err := s.Export(ctx, w.Tenant, x.ID)
	must(t, err)
	equal(t, "as it was asked for", fmt.Sprint(got), fmt.Sprint(x))
	_, err = s.Export(ctx, "other", x.ID)
	wantReason(t, err, errs.NotFound, "export_not_found")

	// At once, and still no more than are allowed.
	var wg sync.WaitGroup
	refused := make(chan error, 6)
	for range cap(refused) {
		wg.Go(func() { refused <- add(w.asked("ann")) })
	}
	wg.Wait()
	close(refused)
	n := 0
	for err := range refused {
		if err != nil {
			wantReason(t, err, errs.Conflict, "too_many_exports")
			n++
		}
	}
	equal(t, "refused", n, 5)
	must(t, add(w.asked("bob")))

	turn := func() export.Export {
		t.Helper()
		got, ok, err := s.TakeExport(ctx, w.Tenant, x.ID, T0.Add(time.Second))
		must(t, err)
		equal(t, "taken", ok, true)
		return got
	}
	one := turn()
	equal(t, "first turn", spaced(one.Turn, one.Tries, one.Clean, one.State, one.StartedAt.Equal(T0.Add(time.Second))), "1 0 false running true")
	one.Rows, one.Size, one.Place, one.Clean = 7, 70, "here", true
	must(t, s.KeepExport(ctx, one))
	two := turn()
	equal(t, "it goes on", spaced(two.Turn, two.Tries, two.Rows, two.Size, two.Place), "2 0 7 70 here")
	wantReason(t, s.KeepExport(ctx, one), errs.Conflict, "export_moved")
	three := turn()
	equal(t, "after a cut", spaced(three.Turn, three.Tries, three.Rows, three.Size, three.Place == ""), "3 1 0 0 true")
	wantReason(t, s.KeepExport(ctx, two), errs.Conflict, "export_moved")
	end := T0.Add(time.Minute)
	three.State, three.Rows, three.Size, three.EndedAt = export.Done, 9, 90, &end
	must(t, s.KeepExport(ctx, three))
	wantReason(t, s.KeepExport(ctx, three), errs.Conflict, "export_moved")
	_, ok, err := s.TakeExport(ctx, w.Tenant, x.ID, T0)
	must(t, err)
	equal(t, "one that is over", ok, false)
	_, _, err = s.TakeExport(ctx, "other", x.ID, T0)
	wantReason(t, err, errs.NotFound, "export_not_found")
	must(t, add(w.asked("ann"))) // a place is free again

	must(t, s.CountDownload(ctx, w.Tenant, x.ID, by))
	wantReason(t, s.CountDownload(ctx, "other", x.ID, by), errs.NotFound, "export_not_found")
	got, err = s.Export(ctx, w.Tenant, x.ID)
	must(t, err)
	equal(t, "done", spaced(got.State, got.Rows, got.Size, got.EndedAt.Equal(end), got.Downloads), "done 9 90 true 1")

	page, next, err := s.Exports(ctx, w.Tenant, export.Query{ByKind: actor.Agent, ByID: "ann", Limit: 2})
	must(t, err)
	rest, end2, err := s.Exports(ctx, w.Tenant, export.Query{ByKind: actor.Agent, ByID: "ann", Limit: 2, After: next})
	must(t, err)
	all, _, err := s.Exports(ctx, w.Tenant, export.Query{Limit: 10})
	must(t, err)
	equal(t, "lists", spaced(len(page), next != "", len(rest), end2 == "", len(all)), "2 true 1 true 4")

	_, err = s.DropExport(ctx, "other", x.ID, by)
	wantReason(t, err, errs.NotFound, "export_not_found")
	got, err = s.DropExport(ctx, w.Tenant, x.ID, by)
	must(t, err)
	equal(t, "dropped", got.ID, x.ID)
	_, err = s.DropExport(ctx, w.Tenant, x.ID, by)
	wantReason(t, err, errs.NotFound, "export_not_found")
	log, _, err := s.Audit(ctx, w.Tenant, audit.Filter{Thing: "export", ThingID: x.ID, Limit: 10})
	must(t, err)
	var did []string
	for _, e := range log {
		did = append(did, e.Action)
	}
	equal(t, "audit", len(did), 3)
}

// testPast walks past conversations in order, within the scope, each once.
func testPast(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	other := NewWorld(t, s, "other")
	other.Start("Stranger", "")
	a, b := w.Team("A"), w.Team("B")
	lin, bob := w.Ready("Lin", 50, a), w.Ready("Bob", 50, b)
	for i := range 12 {
		w.Now = T0.Add(time.Duration(i/3) * time.Minute) // three at a time
		team, agent := a, lin
		if i%2 == 1 {
			team, agent = b, bob
		}
		c := w.Start(fmt.Sprintf("V%02d", i), team)
		if i < 8 {
			w.Assign(c, agent)
		}
	}
	walk := func(p export.Past) string {
		t.Helper()
		p.Tenant, p.Limit = w.Tenant, 2
		if p.To.IsZero() {
			p.To = T0.Add(time.Hour)
		}
		var list []export.PastConversation
		for {
			page, next, err := s.PastConversations(t.Context(), p)
			must(t, err)
			list = append(list, page...)
			if p.After = next; next == "" {
				break
			}
		}
		var names []string
		for i, c := range list {
			names = append(names, c.VisitorName)
			if i > 0 && c.CreatedAt.Before(list[i-1].CreatedAt) {
				t.Errorf("%s comes after a later one", c.VisitorName)
			}
		}
		return sorted(names)
	}
	everything := conversation.Scope{All: true}
	equal(t, "all", walk(export.Past{Scope: everything}), "V00 V01 V02 V03 V04 V05 V06 V07 V08 V09 V10 V11")
	equal(t, "span", walk(export.Past{Scope: everything, From: T0.Add(time.Minute), To: T0.Add(2 * time.Minute)}), "V03 V04 V05")
	equal(t, "agent", walk(export.Past{Scope: everything, Agent: lin}), "V00 V02 V04 V06")
	equal(t, "team", walk(export.Past{Scope: everything, Team: b}), "V01 V03 V05 V07 V09 V11")
	equal(t, "agent and team", walk(export.Past{Scope: everything, Agent: lin, Team: b}), "")
	own := conversation.Scope{Agent: lin, Teams: []id.Team{a}}
	equal(t, "of one's teams", walk(export.Past{Scope: own}), "V00 V02 V04 V06 V08 V10")
	equal(t, "another agent's", walk(export.Past{Scope: own, Agent: bob}), "")
	equal(t, "another team's", walk(export.Past{Scope: own, Team: b}), "")
	_, _, err := s.PastConversations(t.Context(), export.Past{Tenant: w.Tenant, After: "!", Limit: 1})
	wantReason(t, err, errs.Invalid, "bad_cursor")

	for i := range 7 {
		c := contact.Contact{ID: id.Contact(id.New()), Tenant: w.Tenant, Name: fmt.Sprintf("Name %d", i/2), CreatedAt: T0, UpdatedAt: T0}
		if i%3 == 0 {
			c.Manager = lin
		}
		must(t, s.AddContact(t.Context(), c))
	}
	contacts := func(manager id.Agent) string {
		t.Helper()
		var names []string
		for after := ""; ; {
			page, next, err := s.PastContacts(t.Context(), w.Tenant, manager, after, 2)
			must(t, err)
			for _, c := range page {
				if strings.HasPrefix(c.Name, "Name") {
					names = append(names, c.Name)
				}
			}
			if after = next; next == "" {
				return strings.Join(names, ", ")
			}
		}
	}
	equal(t, "contacts", contacts(""), "Name 0, Name 0, Name 1, Name 1, Name 2, Name 2, Name 3")
	equal(t, "contacts of an agent", contacts(lin), "Name 0, Name 1, Name 3")
	_, _, err = s.PastContacts(t.Context(), w.Tenant, "", "!", 1)
	wantReason(t, err, errs.Invalid, "bad_cursor")
}

// sorted are names in order, with a space between.
func sorted(names []string) string {
	slices.Sort(names)
	return strings.Join(names, " ")
}
