package contact_test

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"parlor/internal/actor"
	"parlor/internal/bus/memory"
	"parlor/internal/clock"
	"parlor/internal/contact"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// world is what contacts see of the other domains.
type world struct {
	renamed []string
	ended   []string
}

func (w *world) LooksAfter(_ context.Context, _ id.Tenant, a id.Agent) (bool, error) {
	return a == "ann", nil
}

func (w *world) Judge(context.Context, actor.Actor) (contact.Judge, error) {
	return func(old, given map[string]string) (map[string]string, error) {
		if given["city"] == "bad" {
			return nil, errs.Field("city", "bad_value", "City does not fit.")
		}
		return given, nil
	}, nil
}

func (w *world) Show(_ context.Context, who actor.Actor, values map[string]string) (map[string]string, error) {
	if who.Can(actor.Manage) {
		return values, nil
	}
	return map[string]string{"city": "****"}, nil
}

func (w *world) Rename(_ context.Context, _ actor.Actor, list []id.Visitor, name string) error {
	w.renamed = append(w.renamed, name)
	return nil
}

func (w *world) End(_ context.Context, _ actor.Actor, _ id.Visitor, source, word string) error {
	w.ended = append(w.ended, source+" "+word)
	return nil
}

type fixture struct {
	*contact.Service
	*storetest.World
	world  *world
	events []*event.Event
	// ann may see addresses, bo only answers, cy may do everything.
	ann, bo, cy actor.Actor
}

func setup(t *testing.T, st *store.Store) *fixture {
	t.Helper()
	f := &fixture{World: storetest.NewWorld(t, st, "main"), world: &world{}}
	bus := memory.New()
	bus.Subscribe(func(e *event.Event) { f.events = append(f.events, e) })
	f.Service = contact.New(st, f.world, bus, clock.NewStub(storetest.T0))
	who := func(name string, p ...actor.Permission) actor.Actor {
		return actor.Actor{Kind: actor.Agent, Tenant: "main", Agent: id.Agent(name), Name: name, Permissions: p}
	}
	f.ann, f.bo = who("ann", actor.Reply, actor.Contact), who("bo", actor.Reply)
	f.cy = who("cy", actor.Permissions()...)
	return f
}

func ptr[T any](v T) *T { return &v }

func TestContactsAreEnteredAndChecked(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		f := setup(t, st)
		ctx := t.Context()
		c, err := f.Add(ctx, f.cy, contact.Input{Name: ptr(" Vera\nLee "), Emails: &[]string{" V@X.example", "v@x.example", ""}, Phones: &[]string{"+86 138 0013 8000"},
			Manager: ptr(id.Agent("ann")), Fields: map[string]string{"city": "Köln"}})
		if err != nil || c.Name != "Vera Lee" || !slices.Equal(c.Emails, []string{"v@x.example"}) || c.Manager != "ann" || c.Fields["city"] != "Köln" || c.Unknown {
			t.Fatalf("%+v %v", c, err)
		}
		many := make([]string, contact.MaxPoints+1)
		for i := range many {
			many[i] = strings.Repeat("1", i+1)
		}
		for reason, in := range map[string]contact.Input{
			"bad_name":          {Name: ptr("  ")},
			"too_long":          {Name: ptr(strings.Repeat("x", contact.MaxName+1))},
			"bad_email":         {Name: ptr("x"), Emails: &[]string{"<script>"}},
			"too_many":          {Name: ptr("x"), Phones: &many},
			"manager_not_found": {Name: ptr("x"), Manager: ptr(id.Agent("nobody"))},
			"bad_value":         {Name: ptr("x"), Fields: map[string]string{"city": "bad"}},
			"masked":            {Name: ptr("x"), Emails: &[]string{"v••@x.example"}},
		} {
			if _, err := f.Add(ctx, f.cy, in); errs.ReasonOf(err) != reason {
				t.Errorf("add, %s: %v", reason, err)
			}
			if _, err := f.Change(ctx, f.cy, c.ID, in); errs.ReasonOf(err) != reason {
				t.Errorf("change, %s: %v", reason, err)
			}
		}
		if _, err := f.Add(ctx, f.cy, contact.Input{}); errs.ReasonOf(err) != "bad_name" {
			t.Errorf("without a name: %v", err)
		}
		if _, err := f.Change(ctx, f.cy, "none", contact.Input{Name: ptr("x")}); errs.ReasonOf(err) != "contact_not_found" {
			t.Errorf("one that is not there: %v", err)
		}
		visitor := actor.Actor{Kind: actor.Visitor, Tenant: "main", Visitor: "v"}
		if _, err := f.Contact(ctx, visitor, c.ID); errs.ReasonOf(err) != "agents_only" {
			t.Errorf("a visitor reads: %v", err)
		}
		if _, _, err := f.Find(ctx, visitor, contact.Query{}); errs.ReasonOf(err) != "agents_only" {
			t.Errorf("a visitor searches: %v", err)
		}
		if _, _, err := f.Find(ctx, f.bo, contact.Query{Text: strings.Repeat("x", contact.MaxName+1)}); errs.ReasonOf(err) != "too_long" {
			t.Errorf("a long text: %v", err)
		}
	})
}

func TestAddressesAreMaskedForWhoMayNotSeeThem(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		f := setup(t, st)
		ctx := t.Context()
		c, err := f.Add(ctx, f.cy, contact.Input{Name: ptr("Vera"), Emails: &[]string{"vera@x.example"}, Phones: &[]string{"13800138000"}, Fields: map[string]string{"city": "Köln"}})
		if err != nil {
			t.Fatal(err)
		}
		seen, err := f.Contact(ctx, f.bo, c.ID)
		if err != nil || seen.Emails[0] == "vera@x.example" || seen.Phones[0] == "13800138000" || seen.Fields["city"] != "****" {
			t.Fatalf("%+v %v", seen, err)
		}
		page, total, err := f.Find(ctx, f.bo, contact.Query{Text: "ver"})
		if err != nil || total != 1 || page[0].Emails[0] != seen.Emails[0] {
			t.Fatalf("%+v %v", page, err)
		}
		emails := append(slices.Clone(seen.Emails), "more@x.example")
		if _, err := f.Change(ctx, f.bo, c.ID, contact.Input{Emails: &emails, Phones: &seen.Phones}); err != nil {
			t.Fatal(err)
		}
		whole, err := f.Contact(ctx, f.cy, c.ID)
		if err != nil || !slices.Equal(whole.Emails, []string{"vera@x.example", "more@x.example"}) || whole.Phones[0] != "13800138000" || whole.Fields["city"] != "Köln" {
			t.Fatalf("what was masked is lost: %+v %v", whole, err)
		}
	})
}

func TestChangedContactIsConfirmedAndNamesItsVisitors(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		f := setup(t, st)
		ctx := t.Context()
		conv := f.Start("Guest 1", "")
		c, err := f.Of(ctx, f.ann, conv.Visitor)
		if err != nil || !c.Unknown || c.Name != "Guest 1" {
			t.Fatalf("%+v %v", c, err)
		}
		if _, err := f.Of(ctx, f.ann, "nobody"); errs.ReasonOf(err) != "contact_not_found" {
			t.Fatal(err)
		}
		if c, err = f.Change(ctx, f.ann, c.ID, contact.Input{Name: ptr("Vera")}); err != nil || c.Unknown || !slices.Equal(f.world.renamed, []string{"Vera"}) {
			t.Fatalf("%+v %v %v", c, f.world.renamed, err)
		}
		last := f.events[len(f.events)-1]
		if last.Kind != event.ContactChanged || !slices.Equal(last.To, []event.Topic{event.ToFollowers("main", conv.Visitor)}) {
			t.Fatalf("%+v", last)
		}
		m, err := f.ContactsOf(ctx, "main", []id.Visitor{conv.Visitor})
		if err != nil || m[conv.Visitor] != c.ID {
			t.Fatal(m, err)
		}
	})
}

func TestConflictsAreSettled(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		f := setup(t, st)
		ctx := t.Context()
		conv := f.Start("Vera", "")
		c, err := f.Of(ctx, f.cy, conv.Visitor)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Settle(ctx, f.cy, c.ID, contact.Input{Name: ptr("x")}); errs.ReasonOf(err) != "no_conflicts" {
			t.Fatal(err)
		}
		doubt := func() {
			t.Helper()
			_, err := st.EditContact(ctx, "main", c.ID, storetest.T0, func(c *contact.Contact) error {
				c.Fields = map[string]string{"city": "Köln", "pet": "cat"}
				c.Conflicts = []contact.Conflict{{"name", "Wera"}, {"fields.city", "Bonn"}, {"fields.pet", "dog"}, {"manager", "bo"}}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		doubt()
		c, err = f.Settle(ctx, f.cy, c.ID, contact.Input{Name: ptr("Wera"), Manager: ptr(id.Agent("ann")), Fields: map[string]string{"city": "Bonn"}})
		if err != nil || c.Name != "Wera" || c.Fields["city"] != "Bonn" || c.Fields["pet"] != "cat" || !slices.Equal(c.Conflicts, []contact.Conflict{{"fields.pet", "dog"}}) {
			t.Fatalf("%+v %v", c, err)
		}
		doubt()
		if c, err = f.Settle(ctx, f.cy, c.ID, contact.Input{Settled: true}); err != nil || len(c.Conflicts) != 0 || c.Fields["pet"] != "cat" {
			t.Fatalf("%+v %v", c, err)
		}
		doubt()
		if c, err = f.Change(ctx, f.cy, c.ID, contact.Input{Settled: true}); err != nil || len(c.Conflicts) != 0 {
			t.Fatalf("%+v %v", c, err)
		}
	})
}

func TestBlockedChannelBeginsNoConversation(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		f := setup(t, st)
		ctx := t.Context()
		conv := f.Start("Vera", "")
		if _, err := f.Block(ctx, f.ann, conv.Visitor, "web", "bye"); errs.ReasonOf(err) != "not_allowed" {
			t.Fatal(err)
		}
		if _, err := f.Block(ctx, f.cy, "nobody", "web", "bye"); errs.ReasonOf(err) != "contact_not_found" {
			t.Fatal(err)
		}
		c, err := f.Block(ctx, f.cy, conv.Visitor, "web", "bye")
		if err != nil || !c.Channels[0].Blocked || !slices.Equal(f.world.ended, []string{"web bye"}) {
			t.Fatalf("%+v %v %v", c, f.world.ended, err)
		}
		f.World.Close(conv)
		next := conversation.Conversation{Tenant: "main", Inbox: f.Inbox, Channel: "web", Visitor: conv.Visitor, CreatedAt: storetest.T0.Add(time.Minute)}
		if _, _, err := st.Start(ctx, next); errs.ReasonOf(err) != "channel_blocked" {
			t.Fatal(err)
		}
		if c, err = f.Unblock(ctx, f.cy, conv.Visitor, "web"); err != nil || c.Channels[0].Blocked {
			t.Fatalf("%+v %v", c, err)
		}
		if _, _, err := st.Start(ctx, next); err != nil {
			t.Fatal(err)
		}
		if err := f.Remove(ctx, f.ann, c.ID); errs.ReasonOf(err) != "not_allowed" {
			t.Fatal(err)
		}
		if err := f.Remove(ctx, f.cy, c.ID); err != nil {
			t.Fatal(err)
		}
		if err := f.Remove(ctx, f.cy, c.ID); errs.ReasonOf(err) != "contact_not_found" {
			t.Fatal(err)
		}
		if err := f.Link(ctx, f.cy, c.ID, contact.Channel{Visitor: conv.Visitor, Source: "web"}); errs.ReasonOf(err) != "contact_not_found" {
			t.Fatal(err)
		}
	})
}

func TestLearn(t *testing.T) {
	t.Parallel()
	c := contact.Contact{Name: "Vera", Emails: []string{"a@x"}, Fields: map[string]string{"k": "v"}}
	for i := range contact.MaxConflicts + 5 {
		if !c.Learn(contact.Facts{Name: "Name " + strings.Repeat("x", i)}) {
			t.Fatal("nothing was learnt")
		}
	}
	if len(c.Conflicts) != contact.MaxConflicts || c.Conflicts[0].Value != "Name xxxxx" || c.Name != "Vera" {
		t.Fatalf("%d %+v", len(c.Conflicts), c.Conflicts[0])
	}
	if c.Learn(contact.Facts{Name: "Vera", Email: "a@x", Fields: map[string]string{"k": "v", "none": ""}}) || c.Learn(contact.Facts{Fields: map[string]string{"k": ""}}) {
		t.Fatal("what is known was learnt again")
	}
}
