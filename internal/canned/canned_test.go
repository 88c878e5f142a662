package canned_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/bus/memory"
	"parlor/internal/canned"
	"parlor/internal/clock"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// pictures knows one picture of everybody.
type pictures struct{}

func (pictures) ForCanned(_ context.Context, _ actor.Actor, f id.File) (canned.File, error) {
	if f != "pic" {
		return canned.File{}, errs.New(errs.NotFound, "file_not_found", "no such file")
	}
	return canned.File{ID: f, Name: "灯.png", Type: "image/png", Size: 5, Width: 3, Height: 4}, nil
}

type fixture struct {
	*canned.Service
	t      *testing.T
	clock  *clock.Stub
	bus    *memory.Bus
	events []event.Kind
	// ann is in the team, bo is not, cy supervises.
	ann, bo, cy actor.Actor
	team        id.Team
}

// setup is a company that has thrown the built-in replies away.
func setup(t *testing.T, st *store.Store) *fixture {
	t.Helper()
	f := fresh(t, st)
	list, err := f.List(t.Context(), f.cy, canned.ListInput{Kind: canned.Reply})
	f.must(err)
	if len(list) == 0 {
		t.Fatal("a new company has no replies")
	}
	for _, o := range list {
		f.must(f.Remove(t.Context(), f.cy, o.ID))
	}
	return f
}

// fresh is a company that was just made.
func fresh(t *testing.T, st *store.Store) *fixture {
	t.Helper()
	f := &fixture{t: t, clock: clock.NewStub(time.Date(2026, 11, 20, 9, 5, 0, 0, time.UTC)), bus: memory.New()}
	accounts := account.New(st, f.bus, f.clock)
	_, err := accounts.Setup(t.Context())
	f.must(err)
	team, err := accounts.AddTeam(t.Context(), "main", "help")
	f.must(err)
	f.team = team.ID
	add := func(name string, role account.Role, teams ...string) actor.Actor {
		a, err := accounts.AddAgent(t.Context(), account.NewAgent{Tenant: "main", Email: name + "@example.com", Name: name, Password: "correct horse", Role: role, Teams: teams})
		f.must(err)
		return account.Login{Agent: a}.Actor()
	}
	f.ann, f.bo, f.cy = add("ann", account.Member, "help"), add("bo", account.Member), add("cy", account.Supervisor)
	f.Service = canned.New(st, pictures{}, f.bus, f.clock)
	f.bus.Subscribe(func(e *event.Event) { f.events = append(f.events, e.Kind) })
	return f
}

func (f *fixture) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) refused(reason string, err error) {
	f.t.Helper()
	if errs.ReasonOf(err) != reason {
		f.t.Fatalf("got %v, want %s", err, reason)
	}
}

func (f *fixture) shelf(who actor.Actor, scope canned.Scope) canned.Shelf {
	f.t.Helper()
	s, err := canned.ShelfOf(who, canned.Reply, scope, f.team)
	f.must(err)
	return s
}

func (f *fixture) add(who actor.Actor, scope canned.Scope, title, shortcut, text string) canned.Entry {
	f.t.Helper()
	e, err := f.Add(f.t.Context(), who, f.shelf(f.cyIf(scope, who), scope), canned.EntryInput{Title: title, Shortcut: shortcut, Text: text})
	f.must(err)
	return e
}

// cyIf names the shelf of a team by somebody who sees it.
func (f *fixture) cyIf(scope canned.Scope, who actor.Actor) actor.Actor {
	if scope == canned.Team {
		return f.cy
	}
	return who
}

func (f *fixture) titles(who actor.Actor, query string) string {
	f.t.Helper()
	list, err := f.List(f.t.Context(), who, canned.ListInput{Kind: canned.Reply, Query: query})
	f.must(err)
	var out []string
	for _, o := range list {
		out = append(out, o.Title)
	}
	return strings.Join(out, " ")
}

// Row 39: canned replies are preset, classified, edited and found.
func TestRow39RepliesAreFoundInTheOrderOfUse(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		f := setup(t, st)
		f.add(f.cy, canned.Company, "退款说明", "refund", "三到五天 原路退回")
		hello := f.add(f.cy, canned.Company, "问候", "hello", "您好 {visitor}")
		f.add(f.cy, canned.Team, "团队退款", "", "team refund")
		mine := f.add(f.ann, canned.Personal, "退款快答", "", "mine")
		for query, want := range map[string]string{
			"tksm": "退款说明", "退款": "退款快答 退款说明 团队退款", "/": "", "refund": "退款说明 团队退款", "WH": "问候", "原路": "退款说明",
			"退明": "退款说明", "none": "", "": "退款快答 团队退款 退款说明 问候",
		} {
			if got := f.titles(f.ann, query); got != want {
				t.Errorf("%q finds %q, want %q", query, got, want)
			}
		}
		if got := f.titles(f.bo, ""); got != "退款说明 问候" {
			t.Errorf("who is not in the team is offered %q", got)
		}
		for range 2 {
			_, err := f.Use(t.Context(), f.bo, hello.ID)
			f.must(err)
		}
		if got := f.titles(f.bo, ""); got != "问候 退款说明" {
			t.Errorf("what is used most does not come first: %q", got)
		}
		_, err := f.Use(t.Context(), f.bo, mine.ID)
		f.refused("canned_not_found", err)
		list, err := f.List(t.Context(), f.bo, canned.ListInput{Kind: canned.Reply, Query: "hello"})
		f.must(err)
		if len(list) != 1 || list[0].Mine != 2 || list[0].UsedAt == nil || list[0].Editable {
			t.Fatalf("%+v", list)
		}
	})
}

func TestRow39WhoMayChangeWhat(t *testing.T) {
	t.Parallel()
	f := setup(t, storetest.SQLite(t))
	ctx := t.Context()
	in := canned.EntryInput{Title: "x", Text: "y"}
	company, team := f.shelf(f.ann, canned.Company), f.shelf(f.ann, canned.Team)
	for _, shelf := range []canned.Shelf{company, team, {Kind: canned.Reply, Scope: canned.Personal, Owner: string(f.bo.Agent)}} {
		_, err := f.Add(ctx, f.ann, shelf, in)
		f.refused("not_allowed", err)
		_, err = f.SaveCategory(ctx, f.ann, shelf, "", canned.CategoryInput{Name: "x"})
		f.refused("not_allowed", err)
		_, err = f.Import(ctx, f.ann, shelf, nil, false)
		f.refused("not_allowed", err)
	}
	leader := f.ann
	leader.Permissions = append(leader.Permissions, actor.Manage)
	e, err := f.Add(ctx, leader, team, in)
	f.must(err)
	_, err = canned.ShelfOf(f.bo, canned.Reply, canned.Team, f.team)
	f.refused("team_not_found", err)
	stranger := leader
	stranger.Teams = nil
	f.refused("canned_not_found", f.Remove(ctx, stranger, e.ID))
	_, err = f.Change(ctx, f.ann, e.ID, in)
	f.refused("not_allowed", err)
	foreign := f.cy
	foreign.Tenant = "other"
	f.refused("canned_not_found", f.Remove(ctx, foreign, e.ID))
	f.must(f.Remove(ctx, f.cy, e.ID))
	_, err = f.List(ctx, actor.Actor{Kind: actor.Visitor, Tenant: "main"}, canned.ListInput{Kind: canned.Reply})
	f.refused("agents_only", err)
	for field, bad := range map[string]canned.EntryInput{
		"title": {Title: " ", Text: "x"}, "text": {Title: "x"}, "shortcut": {Title: "x", Text: "y", Shortcut: "a b"}, "language": {Title: "x", Text: "y", Language: "xx"},
	} {
		_, err := f.Add(ctx, f.cy, company, bad)
		if errs.CodeOf(err) != errs.Invalid || errs.FieldOf(err) != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestRow39CategoriesAreATree(t *testing.T) {
	t.Parallel()
	f := setup(t, storetest.SQLite(t))
	shelf, ctx := f.shelf(f.cy, canned.Company), t.Context()
	parent := ""
	var all []canned.Category
	for i := range canned.MaxDepth {
		c, err := f.SaveCategory(ctx, f.cy, shelf, "", canned.CategoryInput{Name: fmt.Sprint("c", i), Parent: parent})
		f.must(err)
		parent = c.ID
		all = append(all, c)
	}
	_, err := f.SaveCategory(ctx, f.cy, shelf, "", canned.CategoryInput{Name: "deeper", Parent: parent})
	f.refused("too_deep", err)
	_, err = f.SaveCategory(ctx, f.cy, shelf, all[0].ID, canned.CategoryInput{Name: "c0", Parent: all[2].ID})
	f.refused("own_parent", err)
	_, err = f.SaveCategory(ctx, f.cy, shelf, "", canned.CategoryInput{Name: "x", Parent: "nowhere"})
	f.refused("category_not_found", err)
	_, err = f.SaveCategory(ctx, f.cy, shelf, "", canned.CategoryInput{Name: "a/b"})
	f.refused("bad_name", err)
	f.must(f.RemoveCategory(ctx, f.cy, all[1].ID))
	tree, err := f.Tree(ctx, f.ann, canned.ListInput{Kind: canned.Reply})
	f.must(err)
	for _, c := range tree {
		if c.ID == all[2].ID && c.Parent != all[0].ID {
			t.Fatalf("%+v hangs in the air", c)
		}
	}
	if len(tree) != canned.MaxDepth-1 {
		t.Fatal(len(tree))
	}
}

func TestRow39ImportTakesAllOrNothing(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		f := setup(t, st)
		shelf, ctx := f.shelf(f.cy, canned.Company), t.Context()
		rows := [][]string{{"分类", "标题", "快捷键", "内容"}, {"售后/退款", "a", "s", "text a"}, {"", "b", "", "text b"}, {"", "", "", ""}}
		rep, err := f.Import(ctx, f.cy, shelf, rows, true)
		f.must(err)
		if rep.Done || rep.Lines != 2 || rep.Added != 2 || rep.Categories != 2 || f.titles(f.cy, "") != "" {
			t.Fatalf("a dry run: %+v", rep)
		}
		bad := append(rows[:3:3], []string{"", strings.Repeat("x", 101), "", "t"}, []string{"1/2/3/4/5/6", "c", "", "t"}, []string{"", "b", "", "again"}, []string{"", "d", "", ""})
		rep, err = f.Import(ctx, f.cy, shelf, bad, false)
		f.must(err)
		got := ""
		for _, x := range rep.Faults {
			got += fmt.Sprint(x.Line, x.Field, x.Reason, " ")
		}
		if want := "4titlebad_length 5categorytoo_deep 6titlerepeated 7textempty_text "; got != want || rep.Done || f.titles(f.cy, "") != "" {
			t.Fatalf("%q %+v", got, rep)
		}
		rep, err = f.Import(ctx, f.cy, shelf, rows, false)
		f.must(err)
		if !rep.Done || f.titles(f.cy, "") != "a b" {
			t.Fatalf("%+v %q", rep, f.titles(f.cy, ""))
		}
		rows[2][3] = "text b2"
		rep, err = f.Import(ctx, f.cy, shelf, rows, false)
		f.must(err)
		if rep.Added != 0 || rep.Changed != 2 || rep.Categories != 0 {
			t.Fatalf("the same again: %+v", rep)
		}
		table, err := f.Export(ctx, f.ann, shelf)
		f.must(err)
		if fmt.Sprint(table) != "[[category title shortcut text language] [售后/退款 a s text a ] [ b  text b2 ]]" {
			t.Fatal(table)
		}
		_, err = f.Import(ctx, f.cy, shelf, [][]string{{"title", "words"}}, false)
		f.refused("no_heading", err)
		_, err = f.Import(ctx, f.cy, shelf, make([][]string, canned.MaxImport+2), false)
		f.refused("too_many_lines", err)
	})
}

// Row 36: common pictures are kept on the same shelves.
func TestRow36PicturesAreShared(t *testing.T) {
	t.Parallel()
	f := setup(t, storetest.SQLite(t))
	ctx := t.Context()
	shelf, err := canned.ShelfOf(f.cy, canned.Picture, canned.Team, f.team)
	f.must(err)
	_, err = f.Add(ctx, f.cy, shelf, canned.EntryInput{Title: "lamp"})
	f.refused("not_an_image", err)
	_, err = f.Add(ctx, f.cy, shelf, canned.EntryInput{Title: "lamp", File: "other"})
	f.refused("file_not_found", err)
	_, err = f.Add(ctx, f.cy, shelf, canned.EntryInput{Title: "lamp", File: "pic"})
	f.must(err)
	list, err := f.List(ctx, f.ann, canned.ListInput{Kind: canned.Picture})
	f.must(err)
	if len(list) != 1 || list[0].File == nil || list[0].File.Width != 3 || f.titles(f.ann, "") != "" {
		t.Fatalf("%+v", list)
	}
	for _, c := range []struct {
		who  actor.Actor
		want bool
	}{{f.ann, true}, {f.cy, true}, {f.bo, false}, {actor.Actor{Kind: actor.Visitor, Tenant: "main"}, false}} {
		if got, err := f.Shares(ctx, c.who, "pic"); got != c.want || err != nil {
			t.Errorf("%s: %v %v", c.who.Name, got, err)
		}
	}
}

func TestSeedsComeOnceAndInThreeLanguages(t *testing.T) {
	t.Parallel()
	f := fresh(t, storetest.SQLite(t))
	ctx := t.Context()
	f.must(f.Seed(ctx, "main"))
	f.must(f.Seed(ctx, "main"))
	for lang, want := range map[string]string{"zh-CN": "您好", "en": "Hello!", "pt-BR": "Olá!"} {
		list, err := f.List(ctx, f.ann, canned.ListInput{Kind: canned.Reply, Language: lang, Query: "hello"})
		f.must(err)
		if len(list) != 1 || !strings.HasPrefix(list[0].Text, want) {
			t.Errorf("%s: %+v", lang, list)
		}
	}
	// Another node changes the shelf: the event makes this one look again.
	other := canned.New(nil, pictures{}, f.bus, f.clock)
	other.Heed(&event.Event{Tenant: "main", Data: &canned.Changed{Shelf: f.shelf(f.cy, canned.Company)}})
	if len(f.events) != 1 || f.events[0] != event.CannedChanged {
		t.Fatalf("told %v", f.events)
	}
}

func TestVariablesAreFilledIn(t *testing.T) {
	t.Parallel()
	v := canned.Vars{Visitor: "Ann {agent}", Agent: "林", Team: "help", Company: "灯店", Now: time.Date(2026, 1, 2, 15, 4, 0, 0, time.UTC), Language: "zh-CN"}
	for text, want := range map[string]string{
		"您好 {visitor}，我是{客服}": "您好 Ann {agent}，我是林", "{Date} {time}": "2026年1月2日 15:04", "{unknown} {": "{unknown} {",
		"{{visitor}": "{visitor}", "{visitor.email}|{team}|{公司}": "|help|灯店", "{vis{agent}": "{vis林", "": "",
	} {
		if got := canned.Expand(text, v); got != want {
			t.Errorf("%q gives %q, want %q", text, got, want)
		}
	}
}

func TestInitials(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"退款说明": "tksm", "询问订单号": "xwddh", "Order number 7": "on7", "VIP客户-啊做": "vkhaz", "ção Paulo": "çp", "😀": ""} {
		if got := canned.Initials(text); got != want {
			t.Errorf("%q gives %q, want %q", text, got, want)
		}
	}
}

func FuzzExpand(f *testing.F) {
	f.Add("hi {visitor} {{ {date}")
	f.Add("{")
	f.Fuzz(func(t *testing.T, text string) {
		plain := strings.NewReplacer("{", "", "}", "").Replace(text)
		if got := canned.Expand(plain, canned.Vars{}); got != plain {
			t.Fatalf("%q became %q", plain, got)
		}
		canned.Expand(text, canned.Vars{Visitor: text})
	})
}
