package storetest

import (
	"strings"
	"testing"
	"time"

	"parlor/internal/audit"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/field"
	"parlor/internal/id"
	"parlor/internal/mailbox"
	"parlor/internal/store"
	"parlor/internal/trigger"
	"parlor/internal/visitor"
)

// testTriggers keeps the triggers and mailboxes of two companies apart.
func testTriggers(t *testing.T, s *store.Store) {
	ctx := t.Context()
	w, o := NewWorld(t, s, "main"), NewWorld(t, s, "other")
	by := audit.By{Kind: "agent", ID: "ann", Name: "Ann", At: T0}
	tr := trigger.Trigger{ID: "a", Tenant: w.Tenant, Name: "Welcome", Description: "d", Enabled: true, RunOnce: true, CreatedAt: T0, UpdatedAt: T0,
		Conditions: []trigger.Condition{{Name: trigger.TimeOnSite, Value: "5"}}, Actions: []trigger.Action{{Name: trigger.SendMessage, Params: trigger.Params{Msg: "Hi <b>"}}}}
	must(t, s.SaveTrigger(ctx, tr, by))
	second := tr
	second.ID, second.Enabled, second.CreatedAt = "b", false, T0.Add(time.Second)
	must(t, s.SaveTrigger(ctx, second, by))
	tr.Name, tr.CreatedAt = "Hello", T0.Add(time.Hour)
	must(t, s.SaveTrigger(ctx, tr, by))
	list, err := s.Triggers(ctx, w.Tenant)
	must(t, err)
	equal(t, "kept", spaced(len(list), list[0].Name, list[0].Enabled, list[0].RunOnce, list[0].Conditions[0].Value, list[0].Actions[0].Params.Msg, list[0].CreatedAt.Equal(T0), list[1].ID, list[1].Enabled),
		"2 Hello true true 5 Hi <b> true b false")
	wantReason(t, s.DeleteTrigger(ctx, o.Tenant, "a", by), errs.NotFound, "trigger_not_found")
	must(t, s.DeleteTrigger(ctx, w.Tenant, "a", by))
	wantReason(t, s.DeleteTrigger(ctx, w.Tenant, "a", by), errs.NotFound, "trigger_not_found")
	list, err = s.Triggers(ctx, o.Tenant)
	must(t, err)
	equal(t, "foreign", len(list), 0)

	box := mailbox.Box{ID: "m", Tenant: w.Tenant, Name: "Desk", Email: "desk@shop.test", SMTP: mailbox.Server{Host: "smtp", Port: 25, Password: "secret-1"},
		IMAP: mailbox.Server{Host: "imap", Port: 993, Password: "secret-2", Secure: true}, Retries: 3, CreatedAt: T0, UpdatedAt: T0}
	must(t, s.SaveBox(ctx, box, by))
	again := box
	again.ID = "n"
	wantReason(t, s.SaveBox(ctx, again, by), errs.Conflict, "mailbox_exists")
	again.Tenant = o.Tenant
	must(t, s.SaveBox(ctx, again, by))
	box.Name = "Front desk"
	must(t, s.SaveBox(ctx, box, by))
	boxes, err := s.Boxes(ctx, w.Tenant)
	must(t, err)
	equal(t, "box", spaced(len(boxes), boxes[0].Name, boxes[0].SMTP.Password, boxes[0].IMAP.Password, boxes[0].IMAP.Secure, boxes[0].Retries), "1 Front desk secret-1 secret-2 true 3")
	seven, many := 7, 99
	look := mailbox.Look{At: T0, Waiting: &seven, Taken: 3, LastTaken: T0, Failures: 2, Fault: &mailbox.Fault{Reason: "login", Text: "No.", Detail: "535"}}
	must(t, s.SaveLook(ctx, w.Tenant, "m", look))
	must(t, s.SaveLook(ctx, o.Tenant, "m", mailbox.Look{Waiting: &many})) // another company's name for it is nothing
	must(t, s.SaveLook(ctx, w.Tenant, "gone", look))
	must(t, s.SaveBox(ctx, box, by)) // a change does not touch it
	boxes, err = s.Boxes(ctx, w.Tenant)
	must(t, err)
	equal(t, "boxes", len(boxes), 1)
	got := boxes[0].Look
	equal(t, "look", spaced(got.At.Equal(T0), *got.Waiting, got.Taken, got.LastTaken.Equal(T0), got.Failures, *got.Fault), "true 7 3 true 2 {login No. 535}")
	wantReason(t, s.DeleteBox(ctx, o.Tenant, "m", by), errs.NotFound, "mailbox_not_found")
	must(t, s.DeleteBox(ctx, w.Tenant, "m", by))
	entries, _, err := s.Audit(ctx, w.Tenant, audit.Filter{Limit: 50})
	must(t, err)
	actions := ""
	for _, e := range entries {
		actions += e.Action + " " + e.Thing + ";"
		for _, secret := range []string{"secret-1", "secret-2"} {
			equal(t, "no password in the audit", strings.Contains(string(e.Before)+string(e.After), secret), false)
		}
	}
	equal(t, "audit", actions, "delete mailbox;update mailbox;create mailbox;delete trigger;update trigger;create trigger;create trigger;")
}

// testFindVisitors searches visitors and removes them.
func testFindVisitors(t *testing.T, s *store.Store) {
	ctx := t.Context()
	w, o := NewWorld(t, s, "main"), NewWorld(t, s, "other")
	reg := func(world *World, token, name, email, phone string) id.Visitor {
		w.Now = w.Now.Add(time.Second)
		k, _, err := s.Register(ctx, visitor.Registration{Tenant: world.Tenant, Inbox: world.Inbox, Token: token, Name: name, Email: email, Phone: phone, At: w.Now,
			Seen: visitor.Visitor{FirstSeen: w.Now, LastSeen: w.Now}})
		must(t, err)
		return k.Visitor.ID
	}
	bia, otto := reg(w, "t-bia", "Bia Rocha", "bia@shop.test", "+55 11 1"), reg(w, "t-otto", "Otto 100%", "otto@shop.test", "+49 2")
	reg(o, "t-bia", "Bia Rocha", "bia@shop.test", "+55 11 1")
	search := func(q visitor.Search) string {
		t.Helper()
		if q.Limit == 0 {
			q.Limit = 10
		}
		page, total, err := s.FindVisitors(ctx, w.Tenant, q)
		must(t, err)
		out := ""
		for _, f := range page {
			out += f.Visitor.Name + ";"
		}
		return spaced(total, out)
	}
	for text, want := range map[string]string{"bia": "1 Bia Rocha;", "ROCHA": "1 Bia Rocha;", "otto@SHOP.test": "1 Otto 100%;", "+49 2": "1 Otto 100%;", "guest-2": "1 Otto 100%;",
		"shop.test": "2 Otto 100%;Bia Rocha;", "0%": "1 Otto 100%;", "_": "0 ", "nobody": "0 ", "": "2 Otto 100%;Bia Rocha;"} {
		equal(t, "search "+text, search(visitor.Search{Text: text}), want)
	}
	equal(t, "except", search(visitor.Search{Text: "shop", Except: []string{"guest-1"}}), "1 Otto 100%;")
	equal(t, "by name", search(visitor.Search{Order: visitor.ByName, Rising: true}), "2 Bia Rocha;Otto 100%;")
	equal(t, "second page", search(visitor.Search{Order: visitor.BySeen, Offset: 1, Limit: 1}), "2 Bia Rocha;")
	f := field.VisitorField{ID: "f", Tenant: w.Tenant, Key: "city", Name: "City", Kind: field.Text}
	must(t, s.SaveField(ctx, f, true, 10))
	must(t, s.SetFieldValues(ctx, w.Tenant, otto, map[string]string{"f": "Curitiba"}))
	equal(t, "field", search(visitor.Search{Text: "curi"}), "0 ")
	f.Custom.Searchable = true
	must(t, s.SaveField(ctx, f, false, 10))
	equal(t, "searchable field", search(visitor.Search{Text: "curi"}), "1 Otto 100%;")

	c := w.StartFor(bia, "")
	page, _, err := s.FindVisitors(ctx, w.Tenant, visitor.Search{Limit: 10, Text: "bia"})
	must(t, err)
	equal(t, "last chat", spaced(page[0].LastChat == c.ID, page[0].LastChatAt.Equal(c.CreatedAt), page[0].Identity.Token), "true true t-bia")
	equal(t, "by chat", search(visitor.Search{}), "2 Bia Rocha;Otto 100%;")
	wantReason(t, s.RemoveVisitor(ctx, w.Tenant, bia), errs.Conflict, "visitor_has_conversations")
	wantReason(t, s.RemoveVisitor(ctx, o.Tenant, otto), errs.NotFound, "visitor_not_found")
	_, _, err = s.AddPage(ctx, w.Tenant, visitor.Page{Visitor: otto, URL: "https://shop.test/", At: w.Now, Until: w.Now})
	must(t, err)
	must(t, s.RemoveVisitor(ctx, w.Tenant, otto))
	wantReason(t, s.RemoveVisitor(ctx, w.Tenant, otto), errs.NotFound, "visitor_not_found")
	known, err := s.ContactsOf(ctx, w.Tenant, []id.Visitor{bia})
	must(t, err)
	equal(t, "a conversation made a contact", known[bia] != "", true)
	w.Close(c)
	must(t, s.DeleteConversation(ctx, w.Tenant, c.ID))
	must(t, s.RemoveVisitor(ctx, w.Tenant, bia))
	_, err = s.Contact(ctx, w.Tenant, known[bia])
	wantReason(t, err, errs.NotFound, "contact_not_found")
	_, err = s.ByToken(ctx, w.Tenant, "t-otto", T0)
	wantReason(t, err, errs.NotFound, "visitor_not_found")
	pages, err := s.Pages(ctx, w.Tenant, otto, time.Time{}, 10)
	must(t, err)
	equal(t, "no trail", len(pages), 0)
}

// testGive gives running conversations to other visitors.
func testGive(t *testing.T, s *store.Store) {
	ctx := t.Context()
	w, o := NewWorld(t, s, "main"), NewWorld(t, s, "other")
	c, busy := w.Start("ann", ""), w.Start("bob", "")
	carl, foreign := w.Visitor("carl"), o.Visitor("foreign")
	_, err := s.Give(ctx, w.Tenant, c.ID, busy.Visitor, carl)
	wantReason(t, err, errs.Conflict, "not_its_visitor")
	_, err = s.Give(ctx, w.Tenant, c.ID, c.Visitor, busy.Visitor)
	wantReason(t, err, errs.Conflict, "visitor_in_service")
	_, err = s.Give(ctx, w.Tenant, c.ID, c.Visitor, foreign)
	wantReason(t, err, errs.NotFound, "visitor_not_found")
	_, err = s.Give(ctx, o.Tenant, c.ID, c.Visitor, foreign)
	wantReason(t, err, errs.NotFound, "conversation_not_found")
	got, err := s.Give(ctx, w.Tenant, c.ID, c.Visitor, carl)
	must(t, err)
	active, err := s.Active(ctx, w.Tenant, carl)
	must(t, err)
	persons, err := s.ContactsOf(ctx, w.Tenant, []id.Visitor{carl})
	must(t, err)
	equal(t, "given", spaced(got.Visitor == carl, got.VisitorName, active.ID == c.ID, got.Version > c.Version, persons[carl] != ""), "true carl true true true")
	_, err = s.Active(ctx, w.Tenant, c.Visitor)
	wantReason(t, err, errs.NotFound, "conversation_not_found")
	w.Close(got)
	_, err = s.Give(ctx, w.Tenant, c.ID, carl, c.Visitor)
	wantReason(t, err, errs.Conflict, "conversation_closed")
}

// testAnswered finds when visitors were answered.
func testAnswered(t *testing.T, s *store.Store) {
	ctx := t.Context()
	w, o := NewWorld(t, s, "main"), NewWorld(t, s, "other")
	ann := w.Ready("ann", 9)
	a, b := w.Start("a", ""), w.Start("b", "")
	a = w.Assign(a, ann).Conversation
	w.Now = w.Now.Add(time.Minute)
	w.Append(w.Answer(a, ann, "hello"))
	w.Append(w.Say(a, "hi"))
	w.Append(w.Say(b, "anybody?"))
	note := w.Answer(a, ann, "for us")
	note.Message.Kind, note.Message.At = conversation.Note, w.Now.Add(time.Hour)
	w.Append(note)
	list, err := s.Answered(ctx, w.Tenant, []id.Visitor{a.Visitor, b.Visitor}, T0.Add(-time.Hour), 9)
	must(t, err)
	equal(t, "answered", spaced(len(list), list[0].Visitor == a.Visitor, list[0].At.Equal(w.Now)), "1 true true")
	for name, q := range map[string]struct {
		tenant id.Tenant
		since  time.Time
	}{"foreign": {o.Tenant, T0}, "later": {w.Tenant, w.Now.Add(48 * time.Hour)}} {
		list, err = s.Answered(ctx, q.tenant, []id.Visitor{a.Visitor}, q.since, 9)
		must(t, err)
		equal(t, name, len(list), 0)
	}
}
