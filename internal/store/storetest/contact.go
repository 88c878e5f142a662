package storetest

import (
	"errors"
	"strings"
	"testing"
	"time"

	"parlor/internal/actor"
	"parlor/internal/audit"
	"parlor/internal/contact"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/field"
	"parlor/internal/id"
	"parlor/internal/store"
	"parlor/internal/visitor"
)

// person is a contact of a world that was entered by hand.
func person(w *World, name string, points ...string) contact.Contact {
	c := contact.Contact{ID: id.Contact(id.New()), Tenant: w.Tenant, Name: name, CreatedAt: T0, UpdatedAt: T0}
	for _, p := range points {
		if strings.Contains(p, "@") {
			c.Emails = append(c.Emails, p)
		} else {
			c.Phones = append(c.Phones, p)
		}
	}
	return c
}

// testContacts keeps contacts and finds them.
func testContacts(t *testing.T, s *store.Store) {
	ctx := t.Context()
	w, o := NewWorld(t, s, "main"), NewWorld(t, s, "other")
	ann, bob := person(w, "Ann Lee", "ann@x.example", "+86 10 5"), person(w, "bob 50%", "bob@x.example")
	ann.Manager, ann.Fields, ann.External = "agent", map[string]string{"k": "v"}, "old-1"
	ann.Conflicts = []contact.Conflict{{Field: contact.FieldName, Value: "Anna"}}
	bob.Unknown = true
	must(t, s.AddContact(ctx, ann))
	must(t, s.AddContact(ctx, bob))
	again := person(w, "twice")
	again.External = "old-1"
	wantReason(t, s.AddContact(ctx, again), errs.Conflict, "contact_exists")
	got, err := s.Contact(ctx, w.Tenant, ann.ID)
	must(t, err)
	equal(t, "what is kept", spaced(got.Name, got.Emails, got.Phones, got.Manager, got.Unknown, got.Fields, got.Conflicts, got.External, len(got.Channels), got.LastChat == nil),
		"Ann Lee [ann@x.example] [+86 10 5] agent false map[k:v] [{name Anna}] old-1 0 true")
	yes, no := true, false
	for want, q := range map[string]contact.Query{
		"2 Ann Lee,bob 50%":  {},
		"1 Ann Lee":          {Text: "LEE"},
		"1 bob 50%":          {Text: "50%"},
		"0 ":                 {Text: "5_%"},
		"1  Ann Lee":         {Text: "86 10"},
		"1   Ann Lee":        {Text: "ann@X"},
		"1    Ann Lee":       {Email: "ann@x.example"},
		"1     Ann Lee":      {Phone: "+86 10 5"},
		"0  ":                {Phone: "ann@x.example"},
		"1  bob 50%":         {Unknown: &yes},
		"1      Ann Lee":     {Unknown: &no},
		"1       Ann Lee":    {Manager: "agent"},
		"2 bob 50%":          {Offset: 1},
		"2  bob 50%,Ann Lee": {Newest: true},
	} {
		q.Limit = 10
		page, total, err := s.Contacts(ctx, w.Tenant, q)
		must(t, err)
		var names []string
		for _, c := range page {
			names = append(names, c.Name)
		}
		if q.Newest { // neither has chatted: their ids decide
			want = strings.Join(strings.Fields(want), " ")
			equal(t, "newest", spaced(total, len(names)), "2 2")
			continue
		}
		equal(t, spaced(q), spaced(total)+" "+strings.Join(names, ","), strings.Join(strings.Fields(want), " ")+map[bool]string{true: " "}[total == 0])
		none, _, err := s.Contacts(ctx, o.Tenant, q)
		must(t, err)
		equal(t, "of another", len(none), 0)
	}
	got, err = s.EditContact(ctx, w.Tenant, ann.ID, T0.Add(time.Hour), func(c *contact.Contact) error {
		c.Name, c.Emails, c.Conflicts = "Ann", []string{"new@x.example"}, nil
		return nil
	})
	must(t, err)
	equal(t, "edited", spaced(got.Name, got.UpdatedAt.Equal(T0.Add(time.Hour)), got.CreatedAt.Equal(T0)), "Ann true true")
	for email, want := range map[string]int{"new@x.example": 1, "ann@x.example": 0} {
		_, total, err := s.Contacts(ctx, w.Tenant, contact.Query{Email: email, Limit: 1})
		must(t, err)
		equal(t, email, total, want)
	}
	stop := errors.New("stop")
	if _, err := s.EditContact(ctx, w.Tenant, ann.ID, T0, func(*contact.Contact) error { return stop }); !errors.Is(err, stop) {
		t.Fatal(err)
	}
	by := audit.By{Kind: actor.Agent, ID: "boss", Name: "Boss", At: T0}
	testContactIsolation(t, s, o, ann.ID, w.Visitor("v"), by)
	must(t, s.RemoveContact(ctx, w.Tenant, ann.ID, by))
	_, err = s.Contact(ctx, w.Tenant, ann.ID)
	wantReason(t, err, errs.NotFound, "contact_not_found")
	entries, _, err := s.Audit(ctx, w.Tenant, audit.Filter{Thing: "contact", Limit: 9})
	must(t, err)
	equal(t, "who removed it", spaced(len(entries), entries[0].Action, entries[0].Name), "1 delete Ann")
}

// testContactIsolation calls every verb with the ids of another tenant.
func testContactIsolation(t *testing.T, s *store.Store, o *World, c id.Contact, v id.Visitor, by audit.By) {
	t.Helper()
	ctx := t.Context()
	_, err := s.Contact(ctx, o.Tenant, c)
	wantReason(t, err, errs.NotFound, "contact_not_found")
	_, err = s.EditContact(ctx, o.Tenant, c, T0, func(*contact.Contact) error { return nil })
	wantReason(t, err, errs.NotFound, "contact_not_found")
	wantReason(t, s.RemoveContact(ctx, o.Tenant, c, by), errs.NotFound, "contact_not_found")
	wantReason(t, s.LinkContact(ctx, o.Tenant, c, contact.Channel{Visitor: o.Visitor("x"), Source: "web"}), errs.NotFound, "contact_not_found")
	mine := person(o, "mine")
	must(t, s.AddContact(ctx, mine))
	wantReason(t, s.LinkContact(ctx, o.Tenant, mine.ID, contact.Channel{Visitor: v, Source: "web"}), errs.NotFound, "visitor_not_found")
	_, err = s.BlockChannel(ctx, o.Tenant, v, "web", true, by)
	wantReason(t, err, errs.NotFound, "contact_not_found")
	learnt, err := s.LearnFields(ctx, o.Tenant, v, map[string]string{"k": "x"}, true)
	must(t, err)
	equal(t, "learnt of another", learnt, false)
	must(t, s.RemoveContact(ctx, o.Tenant, mine.ID, audit.None))
}

// testReach gives visitors a contact with their first conversation.
func testReach(t *testing.T, s *store.Store) {
	ctx := t.Context()
	w := NewWorld(t, s, "main")
	entered := person(w, "Contact Name", "vera@x.example")
	must(t, s.AddContact(ctx, entered))
	start := func(v id.Visitor, channel string) (conversation.Conversation, error) {
		c, _, err := s.Start(ctx, conversation.Conversation{Tenant: w.Tenant, Inbox: w.Inbox, Channel: channel, Visitor: v, CreatedAt: w.Now})
		return c, err
	}
	of := func(v id.Visitor) contact.Contact {
		t.Helper()
		m, err := s.ContactsOf(ctx, w.Tenant, []id.Visitor{v, "nobody"})
		must(t, err)
		equal(t, "contacts of the visitor", len(m), 1)
		c, err := s.Contact(ctx, w.Tenant, m[v])
		must(t, err)
		return c
	}
	vera := w.Visitor("Vera")
	email := "vera@x.example"
	_, err := s.UpdateVisitor(ctx, w.Tenant, vera, visitor.Details{Email: &email})
	must(t, err)
	conv, err := start(vera, "api")
	must(t, err)
	got := of(vera)
	known, err := s.Visitor(ctx, w.Tenant, vera)
	must(t, err)
	equal(t, "recognised by its address", spaced(got.ID == entered.ID, got.Unknown, known.Name, len(got.Channels), got.LastChat.Conversation == conv.ID,
		got.Channels[0].LastChat.Conversation == conv.ID, got.Channels[0].Source), "true false Contact Name 1 true true api")

	uli := w.Visitor("Uli")
	_, err = s.UpdateVisitor(ctx, w.Tenant, uli, visitor.Details{Email: &email})
	must(t, err)
	w.Close(w.StartFor(uli, ""))
	stranger := of(uli)
	equal(t, "one who says the same address is not that person", spaced(stranger.ID != entered.ID, stranger.Unknown, stranger.Name, stranger.Emails), "true true Uli [vera@x.example]")
	w.Now = w.Now.Add(time.Minute)
	w.Close(w.StartFor(uli, ""))
	conv, err = start(uli, "api")
	must(t, err)
	stranger = of(uli)
	equal(t, "a second way", spaced(len(stranger.Channels), stranger.LastChat.Conversation == conv.ID), "2 true")

	by := audit.By{Kind: actor.Agent, ID: "boss", Name: "Boss", At: T0}
	w.Close(conv)
	blocked, err := s.BlockChannel(ctx, w.Tenant, uli, "api", true, by)
	must(t, err)
	equal(t, "blocked", spaced(blocked.Channels[0].Blocked, blocked.Channels[1].Blocked), "false true")
	_, err = start(uli, "api")
	wantReason(t, err, errs.Forbidden, "channel_blocked")
	states, err := s.ContactStates(ctx, w.Tenant, []id.Conversation{conv.ID, "none"})
	must(t, err)
	equal(t, "not verified", spaced(len(states), states[conv.ID].Unknown, states[conv.ID].Verified), "1 true false")
	sure, err := s.VerifyChannel(ctx, w.Tenant, uli, "api", true, by)
	must(t, err)
	states, err = s.ContactStates(ctx, w.Tenant, []id.Conversation{conv.ID})
	must(t, err)
	equal(t, "verified", spaced(sure.Channels[1].Verified, states[conv.ID].Verified), "true true")
	_, err = s.VerifyChannel(ctx, w.Tenant, uli, "sms", true, by)
	wantReason(t, err, errs.NotFound, "contact_not_found")
	states, err = s.ContactStates(ctx, "other", []id.Conversation{conv.ID})
	must(t, err)
	equal(t, "of another company", len(states), 0)
	_, err = s.BlockChannel(ctx, w.Tenant, uli, "sms", true, by)
	wantReason(t, err, errs.NotFound, "contact_not_found")
	w.Close(w.StartFor(uli, ""))
	_, err = s.BlockChannel(ctx, w.Tenant, uli, "api", false, by)
	must(t, err)
	_, err = start(uli, "api")
	must(t, err)

	must(t, s.LinkContact(ctx, w.Tenant, entered.ID, contact.Channel{Visitor: uli, Source: "sms", Verified: true, CreatedAt: T0}))
	joined := of(uli)
	equal(t, "linked with all its channels", spaced(joined.ID == entered.ID, len(joined.Channels)), "true 4")
	quiet := w.Visitor("Quiet")
	for range 2 {
		met, err := s.ReachVisitor(ctx, w.Tenant, quiet, "api", T0)
		must(t, err)
		equal(t, "reached without a conversation", spaced(met.Name, met.Unknown, len(met.Channels), met.Channels[0].Source, met.LastChat == nil), "Quiet true 1 api true")
	}
	_, err = s.ReachVisitor(ctx, w.Tenant, "nobody", "api", T0)
	wantReason(t, err, errs.NotFound, "visitor_not_found")
	must(t, s.RemoveContact(ctx, w.Tenant, entered.ID, by))
	m, err := s.ContactsOf(ctx, w.Tenant, []id.Visitor{vera, uli})
	must(t, err)
	equal(t, "removed", len(m), 0)
}

// testLearn lets contacts follow what is said of their visitors.
func testLearn(t *testing.T, s *store.Store) {
	ctx := t.Context()
	w := NewWorld(t, s, "main")
	must(t, s.SaveField(ctx, field.VisitorField{ID: "f1", Tenant: w.Tenant, Key: "city", Name: "City", Kind: field.Text, CreatedAt: T0}, true, 9))
	reg := func(name, email, phone string) id.Visitor {
		t.Helper()
		k, _, err := s.Register(ctx, visitor.Registration{Tenant: w.Tenant, Inbox: w.Inbox, Token: "t", Name: name, Email: email, Phone: phone,
			Seen: visitor.Visitor{FirstSeen: T0, LastSeen: T0}, At: T0})
		must(t, err)
		return k.Visitor.ID
	}
	v := reg("Vera", "", "")
	must(t, s.SetFieldValues(ctx, w.Tenant, v, map[string]string{"f1": "Köln"}))
	w.StartFor(v, "")
	of := func() contact.Contact {
		t.Helper()
		m, err := s.ContactsOf(ctx, w.Tenant, []id.Visitor{v})
		must(t, err)
		c, err := s.Contact(ctx, w.Tenant, m[v])
		must(t, err)
		return c
	}
	reg("Vera Maria", "v@x.example", "1")
	c := of()
	equal(t, "an unknown one follows", spaced(c.Name, c.Emails, c.Phones, c.Fields), "Vera Maria [v@x.example] [1] map[city:Köln]")
	_, err := s.EditContact(ctx, w.Tenant, c.ID, T0, func(c *contact.Contact) error { c.Unknown, c.Name = false, "Dr. Vera"; return nil })
	must(t, err)
	reg("Wera", "v2@x.example", "1")
	reg("Wera", "", "")
	c = of()
	equal(t, "a confirmed one doubts", spaced(c.Name, c.Emails, c.Conflicts), "Dr. Vera [v@x.example v2@x.example] [{name Wera}]")
	must(t, s.SetFieldValues(ctx, w.Tenant, v, map[string]string{"f1": "Bonn"}))
	for _, want := range []bool{true, false} {
		learnt, err := s.LearnFields(ctx, w.Tenant, v, map[string]string{"city": "Trier"}, false)
		must(t, err)
		equal(t, "a value in doubt is new once", learnt, want)
	}
	name := "Vera M."
	_, err = s.UpdateVisitor(ctx, w.Tenant, v, visitor.Details{Name: &name, Sure: true})
	must(t, err)
	c = of()
	equal(t, "what an agent says holds", spaced(c.Name, c.Fields, c.Conflicts), "Vera M. map[city:Bonn] [{name Wera} {fields.city Trier}]")
	must(t, s.SetFieldValues(ctx, w.Tenant, v, map[string]string{"f1": ""}))
	equal(t, "taken back", len(of().Fields), 0)
}
