package storetest

import (
	"fmt"
	"testing"
	"time"

	"parlor/internal/colleague"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/store"
)

// testChats keeps private chats with their unread counts. Row 85.
func testChats(t *testing.T, s *store.Store) {
	w, o := NewWorld(t, s, "main"), NewWorld(t, s, "other")
	ann, bob, cid := w.Agent("ann", 5), w.Agent("bob", 5), w.Agent("cid", 5)
	ctx := t.Context()
	say := func(from, to id.Agent, text string, second int) {
		t.Helper()
		must(t, s.AppendColleague(ctx, colleague.Remark{ID: id.New(), Tenant: w.Tenant, From: from, To: to, FromName: "n", Text: text, At: T0.Add(time.Duration(second) * time.Second)}))
	}
	for i := range 5 {
		say(ann, bob, fmt.Sprint("line ", i), 1) // all in one moment
	}
	say(bob, ann, "answer with more than fifty characters, which a list of chats cuts off", 2)
	say(cid, bob, "other", 3)
	var texts []string
	after := ""
	for {
		page, next, err := s.History(ctx, w.Tenant, bob, ann, after, 2)
		must(t, err)
		for _, m := range page {
			texts = append(texts, m.Text[:6])
		}
		if after = next; next == "" {
			break
		}
	}
	equal(t, "history", spaced(texts), "[answer line 4 line 3 line 2 line 1 line 0]")
	chats, next, err := s.Chats(ctx, w.Tenant, bob, "", 1)
	must(t, err)
	equal(t, "newest chat", spaced(len(chats), chats[0].Name, chats[0].Unread, chats[0].LastText, next != ""), "1 cid 1 other true")
	chats, next, err = s.Chats(ctx, w.Tenant, bob, next, 1)
	must(t, err)
	equal(t, "older chat", spaced(chats[0].Peer == string(ann), chats[0].Unread, len(chats[0].LastText), next), spaced(true, 5, colleague.Preview, ""))
	n, err := s.UnreadChats(ctx, w.Tenant, bob)
	must(t, err)
	equal(t, "unread", n, 6)
	moved, err := s.ReadChat(ctx, o.Tenant, bob, string(ann))
	must(t, err)
	equal(t, "read by another tenant", moved, false)
	for _, want := range []bool{true, false} {
		moved, err = s.ReadChat(ctx, w.Tenant, bob, string(ann))
		must(t, err)
		equal(t, "moved", moved, want)
	}
	n, err = s.UnreadChats(ctx, w.Tenant, bob)
	must(t, err)
	equal(t, "unread after reading", n, 1)
	page, _, err := s.History(ctx, o.Tenant, ann, bob, "", 9)
	must(t, err)
	chats, _, err = s.Chats(ctx, o.Tenant, bob, "", 9)
	must(t, err)
	equal(t, "of another tenant", spaced(len(page), len(chats)), "0 0")
}

// testGroups keeps groups and their lines. Row 85.
func testGroups(t *testing.T, s *store.Store) {
	w, o := NewWorld(t, s, "main"), NewWorld(t, s, "other")
	ann, bob, cid, eve := w.Agent("ann", 5), w.Agent("bob", 5), w.Agent("cid", 5), o.Agent("eve", 5)
	ctx := t.Context()
	g := colleague.Group{ID: id.New(), Tenant: w.Tenant, Name: "night shift", Owner: ann, Members: []id.Agent{ann, bob}, CreatedAt: T0}
	must(t, s.CreateGroup(ctx, g))
	wantReason(t, s.CreateGroup(ctx, colleague.Group{ID: id.New(), Tenant: w.Tenant, Owner: ann, Members: []id.Agent{ann, eve}}), errs.NotFound, "agent_not_found")
	say := func(from id.Agent, text string) error {
		_, err := s.AppendToGroup(ctx, colleague.Remark{ID: id.New(), Tenant: w.Tenant, From: from, Group: g.ID, FromName: "n", Text: text, At: T0.Add(time.Minute)})
		return err
	}
	must(t, say(ann, "one"))
	must(t, say(bob, "two"))
	wantReason(t, say(cid, "evil"), errs.NotFound, "group_not_found")
	_, err := s.AppendToGroup(ctx, colleague.Remark{ID: id.New(), Tenant: o.Tenant, From: eve, Group: g.ID, Text: "evil", At: T0})
	wantReason(t, err, errs.NotFound, "group_not_found")
	page, _, err := s.GroupHistory(ctx, w.Tenant, g.ID, bob, "", 9)
	must(t, err)
	equal(t, "lines", spaced(len(page), page[0].Text, page[0].Group == g.ID, page[0].To == "", page[1].From == ann), "2 two true true true")
	_, _, err = s.GroupHistory(ctx, w.Tenant, g.ID, cid, "", 9)
	wantReason(t, err, errs.NotFound, "group_not_found")
	unread := func() string {
		var list []int
		for _, a := range []id.Agent{ann, bob, cid} {
			n, err := s.UnreadChats(ctx, w.Tenant, a)
			must(t, err)
			list = append(list, n)
		}
		return fmt.Sprint(list)
	}
	equal(t, "unread", unread(), "[1 1 0]")

	after, before, err := s.ChangeGroup(ctx, colleague.GroupChange{Tenant: w.Tenant, Group: g.ID, Name: "day shift", Add: []id.Agent{cid}, Remove: []id.Agent{bob}, At: T0})
	must(t, err)
	equal(t, "changed", spaced(after.Name, after.Members, before), spaced("day shift", []id.Agent{ann, cid}, []id.Agent{ann, bob}))
	wantReason(t, say(bob, "still here"), errs.NotFound, "group_not_found")
	must(t, say(cid, "hello"))
	equal(t, "unread after", unread(), "[2 0 0]")
	list, err := s.GroupsOf(ctx, w.Tenant, cid)
	must(t, err)
	equal(t, "groups", spaced(len(list), list[0].Name, list[0].Members), spaced(1, "day shift", []id.Agent{ann, cid}))
	_, _, err = s.ChangeGroup(ctx, colleague.GroupChange{Tenant: w.Tenant, Group: g.ID, Add: []id.Agent{eve}})
	wantReason(t, err, errs.NotFound, "agent_not_found")
	_, _, err = s.ChangeGroup(ctx, colleague.GroupChange{Tenant: o.Tenant, Group: g.ID, Name: "stolen"})
	wantReason(t, err, errs.NotFound, "group_not_found")
	_, err = s.DeleteGroup(ctx, o.Tenant, g.ID)
	wantReason(t, err, errs.NotFound, "group_not_found")
	chats, _, err := s.Chats(ctx, w.Tenant, ann, "", 9)
	must(t, err)
	equal(t, "chat", spaced(chats[0].Group, chats[0].Name, chats[0].LastText, chats[0].Unread), "true day shift hello 2")
	after, _, err = s.ChangeGroup(ctx, colleague.GroupChange{Tenant: w.Tenant, Group: g.ID, Remove: []id.Agent{ann}})
	must(t, err)
	equal(t, "the owner leaves it to another", after.Owner == cid, true)
	whole := colleague.Group{ID: id.New(), Tenant: w.Tenant, Name: "gone soon", Owner: ann, Members: []id.Agent{ann, bob}, CreatedAt: T0}
	must(t, s.CreateGroup(ctx, whole))
	_, err = s.AppendToGroup(ctx, colleague.Remark{ID: id.New(), Tenant: w.Tenant, From: ann, Group: whole.ID, FromName: "n", Text: "x", At: T0})
	must(t, err)
	was, err := s.DeleteGroup(ctx, w.Tenant, whole.ID)
	must(t, err)
	equal(t, "as it was", spaced(was.Name, was.Members), spaced("gone soon", []id.Agent{ann, bob}))
	chats, _, err = s.Chats(ctx, w.Tenant, bob, "", 9)
	must(t, err)
	list, err = s.GroupsOf(ctx, w.Tenant, ann)
	must(t, err)
	equal(t, "nowhere any more", spaced(len(chats), len(list)), "0 0")
	_, err = s.DeleteGroup(ctx, w.Tenant, whole.ID)
	wantReason(t, err, errs.NotFound, "group_not_found")
	_, _, err = s.ChangeGroup(ctx, colleague.GroupChange{Tenant: w.Tenant, Group: g.ID, Remove: []id.Agent{ann, cid}})
	must(t, err)
	_, err = s.Group(ctx, w.Tenant, g.ID)
	wantReason(t, err, errs.NotFound, "group_not_found")
}
