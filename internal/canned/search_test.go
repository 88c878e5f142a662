package canned_test

import (
	"slices"
	"testing"
	"time"

	"parlor/internal/actor"
	"parlor/internal/canned"
	"parlor/internal/errs"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
)

// put adds or changes a reply as a program does.
func (f *fixture) put(who actor.Actor, entry string, scope canned.Scope, shortcut, text string, tags ...string) (canned.Entry, error) {
	f.t.Helper()
	shelf, err := canned.ShelfOf(who, canned.Reply, scope, f.team)
	f.must(err)
	return f.Put(f.t.Context(), who, entry, shelf, canned.EntryInput{Title: shortcut, Shortcut: shortcut, Text: text, Tags: &tags})
}

func TestProgramsFindTheRepliesTheyMayUse(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		f := setup(t, st)
		for _, x := range []struct {
			who      actor.Actor
			scope    canned.Scope
			shortcut string
			tag      string
		}{{f.ann, canned.Personal, "mine-1", "red"}, {f.bo, canned.Personal, "bo-1", "red"}, {f.cy, canned.Team, "team-1", "blue"}, {f.cy, canned.Company, "all-1", "red"}} {
			f.clock.Advance(time.Minute)
			if _, err := f.put(x.who, "", x.scope, x.shortcut, "Text OF "+x.shortcut, x.tag, x.tag, ""); err != nil {
				t.Fatal(err)
			}
		}
		find := func(who actor.Actor, in canned.Search) (names []string, total int) {
			t.Helper()
			list, total, err := f.Find(t.Context(), who, in)
			f.must(err)
			for _, e := range list {
				names = append(names, e.Shortcut)
			}
			return names, total
		}
		for name, c := range map[string]struct {
			who  actor.Actor
			in   canned.Search
			want []string
		}{
			"all of a member":     {f.ann, canned.Search{}, []string{"all-1", "mine-1", "team-1"}},
			"all of a stranger":   {f.bo, canned.Search{}, []string{"all-1", "bo-1"}},
			"all of a supervisor": {f.cy, canned.Search{}, []string{"all-1", "team-1"}},
			"shortcut":            {f.ann, canned.Search{Shortcut: "INE"}, []string{"mine-1"}},
			"text":                {f.ann, canned.Search{Text: "text of team"}, []string{"team-1"}},
			"either":              {f.ann, canned.Search{Text: "team-1", Shortcut: "all"}, []string{"all-1", "team-1"}},
			"tags":                {f.ann, canned.Search{Tags: []string{"red", "green"}}, []string{"all-1", "mine-1"}},
			"scope":               {f.ann, canned.Search{Scope: canned.Team}, []string{"team-1"}},
			"team":                {f.ann, canned.Search{Team: f.team}, []string{"team-1"}},
			"foreign team":        {f.ann, canned.Search{Team: "none"}, nil},
			"creator":             {f.ann, canned.Search{CreatedBy: f.ann.Agent}, []string{"mine-1"}},
			"newest first":        {f.ann, canned.Search{Sort: "created", Down: true}, []string{"all-1", "team-1", "mine-1"}},
			"second page":         {f.ann, canned.Search{Offset: 1, Limit: 1}, []string{"mine-1"}},
			"behind the end":      {f.ann, canned.Search{Offset: 9}, nil},
		} {
			if got, _ := find(c.who, c.in); !slices.Equal(got, c.want) {
				t.Errorf("%s: %v, want %v", name, got, c.want)
			}
		}
		if _, total := find(f.ann, canned.Search{Limit: 1}); total != 3 {
			t.Errorf("the total is %d", total)
		}
		if _, _, err := f.Find(t.Context(), actor.Actor{Kind: actor.Visitor, Tenant: "main"}, canned.Search{}); errs.ReasonOf(err) != "agents_only" {
			t.Errorf("a visitor: %v", err)
		}
	})
}

func TestProgramsSaveRepliesUnderOneShortcut(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		f := setup(t, st)
		e, err := f.put(f.ann, "", canned.Personal, "hello", "Hi", "x")
		f.must(err)
		if e.CreatedBy != f.ann.Agent || !slices.Equal(e.Tags, []string{"x"}) {
			t.Fatalf("%+v", e)
		}
		if _, err := f.put(f.bo, "", canned.Personal, "hello", "Hi"); errs.ReasonOf(err) != "shortcut_taken" {
			t.Fatalf("taken by somebody else: %v", err)
		}
		e, err = f.put(f.ann, e.ID, canned.Personal, "hello", "Hi there")
		f.must(err)
		if e.Text != "Hi there" || len(e.Tags) != 0 {
			t.Fatalf("%+v", e)
		}
		if _, err := f.put(f.ann, e.ID, canned.Company, "hello", "Hi"); errs.ReasonOf(err) != "not_allowed" {
			t.Fatalf("an agent shares with all: %v", err)
		}
		if _, err := f.put(f.bo, e.ID, canned.Personal, "hello", "Hi"); errs.ReasonOf(err) != "canned_not_found" {
			t.Fatalf("another's reply: %v", err)
		}
		boss := f.ann
		boss.Permissions = append(slices.Clone(boss.Permissions), actor.Content)
		e, err = f.put(boss, e.ID, canned.Company, "hello", "For all", "y")
		f.must(err)
		got, err := f.Entry(t.Context(), f.bo, e.ID)
		f.must(err)
		if got.Scope != canned.Company || got.Text != "For all" || got.CreatedBy != f.ann.Agent || !slices.Equal(got.Tags, []string{"y"}) {
			t.Fatalf("it did not move: %+v", got)
		}
		long := make([]string, canned.MaxTags+1)
		for i := range long {
			long[i] = string(rune('a' + i))
		}
		if _, err := f.put(f.ann, "", canned.Personal, "long", "x", long...); errs.ReasonOf(err) != "too_many_tags" {
			t.Fatalf("too many tags: %v", err)
		}
	})
}

func TestVariablesOfOtherSystemsAreFilledIn(t *testing.T) {
	t.Parallel()
	v := canned.Vars{Visitor: "{{agent.email}}", VisitorEmail: "v@x.example", VisitorPhone: "+55", Agent: "Ana", AgentEmail: "ana@x.example"}
	for text, want := range map[string][2]string{
		"Hi {{contact.name}}!":                 {"Hi {{agent.email}}!", "Hi {{agent.email}}!"},
		"{{ contact.email }}{{contact.phone}}": {"v@x.example+55", "v@x.example+55"},
		"{{agent.name}} {{agent.email}}":       {"Ana ana@x.example", "Ana ana@x.example"},
		"{{unknown}} {agent} {{":               {"{{unknown}} {agent} {{", "{unknown}} Ana {"},
		"{{contact.name":                       {"{{contact.name", "{contact.name"},
		"{{{{agent.name}}":                     {"{{Ana", "{Ana"},
	} {
		if got := canned.Fill(text, v); got != want[0] {
			t.Errorf("fill %q: %q, want %q", text, got, want[0])
		}
		if got := canned.Expand(text, v); got != want[1] {
			t.Errorf("expand %q: %q, want %q", text, got, want[1])
		}
	}
}
