package knowledge_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/bus/memory"
	"parlor/internal/clock"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
	"parlor/internal/knowledge"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
)

// pictures are the files that everybody has uploaded.
type pictures struct{}

func (pictures) ForKnowledge(_ context.Context, _ actor.Actor, f id.File) (knowledge.File, error) {
	switch f {
	case "pic":
		return knowledge.File{ID: f, Name: "lamp.png", Type: "image/png", Width: 3}, nil
	case "pdf":
		return knowledge.File{ID: f, Name: "a.pdf", Type: "application/pdf"}, nil
	}
	return knowledge.File{}, errs.New(errs.NotFound, "file_not_found", "no file")
}

type fixture struct {
	*knowledge.Service
	t *testing.T
	// ed edits, ann reads.
	ed, ann actor.Actor
	events  int
}

func setup(t *testing.T, st *store.Store) *fixture {
	t.Helper()
	c, bus := clock.NewStub(time.Date(2026, 11, 20, 9, 5, 0, 0, time.UTC)), memory.New()
	f := &fixture{t: t, Service: knowledge.New(st, pictures{}, bus, c)}
	if _, err := account.New(st, bus, c).Setup(t.Context()); err != nil {
		t.Fatal(err)
	}
	bus.Subscribe(func(e *event.Event) {
		if e.Kind == event.KnowledgeChanged && e.Tenant == "main" {
			f.events++
		}
	})
	f.ann = actor.Actor{Kind: actor.Agent, Tenant: "main", Agent: "ann", Name: "Ann"}
	f.ed = f.ann
	f.ed.Agent, f.ed.Permissions = "ed", []actor.Permission{actor.Content}
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

func (f *fixture) found(text string) string {
	f.t.Helper()
	list, err := f.FindAs(f.t.Context(), f.ann, knowledge.Query{Text: text})
	f.must(err)
	return shown(list)
}

func TestArticlesAreFoundAsSoonAsTheyAreSaid(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		f := setup(t, st)
		ctx := t.Context()
		if got := f.found("怎么退货"); got != "" {
			t.Fatal(got)
		}
		in := knowledge.ArticleInput{Title: " 退货\x00流程 ", Questions: []string{"怎么退货", "怎么退货？", "退货 流程", " ", "我想退货"}, Answer: "七天内\r\n可退。", Active: true,
			Link: "https://shop.example/退货?a=b", LinkTitle: "详情", Picture: "pic", Inboxes: []id.Inbox{"web", "web", ""}}
		a, err := f.Add(ctx, f.ed, in)
		f.must(err)
		got := fmt.Sprint(a.Title, "|", strings.Join(a.Questions, ","), "|", a.Answer, "|", a.Link, "|", a.Version, a.Inboxes, a.UpdatedBy, a.Picture.Width)
		if want := "退货 流程|怎么退货,我想退货|七天内\n可退。|https://shop.example/%E9%80%80%E8%B4%A7?a=b|1 [web]ed3"; got != want {
			t.Fatalf("%s\nwant %s", got, want)
		}
		if got := f.found("怎么退货"); !strings.HasPrefix(got, `100 "退货 流程" (怎么退货)`) {
			t.Fatal(got)
		}
		in.Version, in.Questions, in.LinkTitle = 1, nil, ""
		b, err := f.Change(ctx, f.ed, a.ID, in)
		f.must(err)
		if got := f.found("怎么退货"); b.Version != 2 || b.LinkTitle != "" || strings.HasPrefix(got, "100") {
			t.Fatal(got, b)
		}
		_, err = f.Change(ctx, f.ed, a.ID, in)
		f.refused("changed_meanwhile", err)
		f.must(f.Counted(ctx, "main", a.ID, knowledge.Solved))
		kept, err := f.Article(ctx, f.ann, a.ID)
		f.must(err)
		if kept.Solved != 1 || kept.Version != 2 {
			t.Fatalf("%+v", kept)
		}
		in.Version, in.Active, in.Picture = 2, false, ""
		_, err = f.Change(ctx, f.ed, a.ID, in)
		f.must(err)
		if got := f.found("退货流程"); got != "" {
			t.Fatal("what is switched off is found: ", got)
		}
		list, err := f.Articles(ctx, "main", []string{"nowhere", a.ID, a.ID})
		f.must(err)
		if len(list) != 1 || list[0].Picture != nil {
			t.Fatalf("%+v", list)
		}
		f.must(f.Remove(ctx, f.ed, a.ID))
		_, err = f.Article(ctx, f.ann, a.ID)
		f.refused("article_not_found", err)
		if f.events != 4 {
			t.Fatalf("%d events", f.events)
		}
	})
}

func TestOnlyEditorsChangeAndOnlyAgentsRead(t *testing.T) {
	t.Parallel()
	f := setup(t, storetest.SQLite(t))
	ctx := t.Context()
	a, err := f.Add(ctx, f.ed, knowledge.ArticleInput{Title: "x", Answer: "y", Active: true, Picture: "pic"})
	f.must(err)
	c, err := f.SaveCategory(ctx, f.ed, "", knowledge.CategoryInput{Name: "c"})
	f.must(err)
	visitor, foreign := actor.Actor{Kind: actor.Visitor, Tenant: "main"}, f.ed
	foreign.Tenant = "other"
	edits := func(who actor.Actor) []error {
		_, e1 := f.Add(ctx, who, knowledge.ArticleInput{Title: "x", Answer: "y"})
		_, e2 := f.Change(ctx, who, a.ID, knowledge.ArticleInput{Title: "x", Answer: "y", Version: 1})
		_, e3 := f.SaveCategory(ctx, who, c.ID, knowledge.CategoryInput{Name: "d"})
		_, e4 := f.Import(ctx, who, [][]string{{"title", "answer"}, {"a", "b"}}, false)
		return []error{e1, e2, e3, e4, f.Remove(ctx, who, a.ID), f.RemoveCategory(ctx, who, c.ID)}
	}
	for _, err := range edits(f.ann) {
		f.refused("not_allowed", err)
	}
	for _, err := range edits(visitor) {
		f.refused("agents_only", err)
	}
	for i, err := range edits(foreign) {
		if reason := errs.ReasonOf(err); !slices.Contains([]string{"tenant_not_found", "article_not_found", "category_not_found"}, reason) {
			t.Errorf("change %d by another company: %v", i, err)
		}
	}
	_, err = f.FindAs(ctx, visitor, knowledge.Query{Text: "x"})
	f.refused("agents_only", err)
	f.refused("agents_only", f.Use(ctx, visitor, a.ID))
	_, err = f.Article(ctx, visitor, a.ID)
	f.refused("agents_only", err)
	_, _, err = f.List(ctx, visitor, knowledge.ListInput{})
	f.refused("agents_only", err)
	_, err = f.Categories(ctx, visitor)
	f.refused("agents_only", err)
	_, err = f.Export(ctx, visitor)
	f.refused("agents_only", err)
	for who, want := range map[*actor.Actor]bool{&f.ann: true, &visitor: false, &foreign: false} {
		if got, err := f.Shares(ctx, *who, "pic"); got != want || err != nil {
			t.Errorf("%s of %s: %v %v", who.Kind, who.Tenant, got, err)
		}
	}
}

func TestFaultyArticlesAreRefused(t *testing.T) {
	t.Parallel()
	f := setup(t, storetest.SQLite(t))
	long := strings.Repeat("长", 201)
	many := make([]string, 51)
	for i := range many {
		many[i] = fmt.Sprint("q", i)
	}
	for want, in := range map[string]knowledge.ArticleInput{
		"title bad_length":                   {Title: " ", Answer: "x"},
		"title no_words":                     {Title: "？！", Answer: "x"},
		"answer bad_length":                  {Title: "x", Answer: "\x00"},
		"questions bad_length":               {Title: "x", Answer: "x", Questions: []string{long}},
		"questions too_many":                 {Title: "x", Answer: "x", Questions: many},
		"locale unknown_language":            {Title: "x", Answer: "x", Locale: "xx"},
		"link bad_url":                       {Title: "x", Answer: "x", Link: "javascript:alert(1)"},
		" file_not_found":                    {Title: "x", Answer: "x", Picture: "nowhere"},
		"picture not_an_image":               {Title: "x", Answer: "x", Picture: "pdf"},
		"related too_many":                   {Title: "x", Answer: "x", Related: []string{"1", "2", "3", "4", "5", "6"}},
		" article_not_found":                 {Title: "x", Answer: "x", Related: []string{"nowhere"}},
		" category_not_found":                {Title: "x", Answer: "x", Category: "nowhere"},
		"linkTitle bad_length":               {Title: "x", Answer: "x", Link: "http://a.b", LinkTitle: long},
		"link bad_url " /* with a name */ :   {Title: "x", Answer: "x", Link: "https://a@evil.example/"},
		"link bad_url  " /* without host */ : {Title: "x", Answer: "x", Link: "https:///x"},
	} {
		_, err := f.Add(t.Context(), f.ed, in)
		if got := errs.FieldOf(err) + " " + errs.ReasonOf(err); strings.TrimSpace(got) != strings.TrimSpace(want) {
			t.Errorf("got %s, want %s: %v", got, want, err)
		}
	}
}

func TestCategoriesAreATree(t *testing.T) {
	t.Parallel()
	f := setup(t, storetest.SQLite(t))
	ctx := t.Context()
	var all []knowledge.Category
	parent := ""
	for i := range knowledge.MaxDepth {
		c, err := f.SaveCategory(ctx, f.ed, "", knowledge.CategoryInput{Name: fmt.Sprint("c", i), Parent: parent})
		f.must(err)
		parent = c.ID
		all = append(all, c)
		_, err = f.Add(ctx, f.ed, knowledge.ArticleInput{Title: fmt.Sprint("a", i), Answer: "x", Category: c.ID, Active: true})
		f.must(err)
	}
	_, err := f.SaveCategory(ctx, f.ed, "", knowledge.CategoryInput{Name: "deeper", Parent: parent})
	f.refused("too_deep", err)
	_, err = f.SaveCategory(ctx, f.ed, all[0].ID, knowledge.CategoryInput{Name: "c0", Parent: all[2].ID})
	f.refused("own_parent", err)
	_, err = f.SaveCategory(ctx, f.ed, all[0].ID, knowledge.CategoryInput{Name: "c0", Parent: all[0].ID})
	f.refused("own_parent", err)
	_, err = f.SaveCategory(ctx, f.ed, "", knowledge.CategoryInput{Name: "x", Parent: "nowhere"})
	f.refused("category_not_found", err)
	_, err = f.SaveCategory(ctx, f.ed, "nowhere", knowledge.CategoryInput{Name: "x"})
	f.refused("category_not_found", err)
	_, err = f.SaveCategory(ctx, f.ed, "", knowledge.CategoryInput{Name: "a/b"})
	f.refused("bad_name", err)
	// Another root may not take the whole branch below it.
	root, err := f.SaveCategory(ctx, f.ed, "", knowledge.CategoryInput{Name: "root"})
	f.must(err)
	_, err = f.SaveCategory(ctx, f.ed, all[0].ID, knowledge.CategoryInput{Name: "c0", Parent: root.ID})
	f.refused("too_deep", err)

	titles := func(category string) (out string) {
		list, _, err := f.List(ctx, f.ann, knowledge.ListInput{Category: category})
		f.must(err)
		for _, a := range list {
			out += a.Title
		}
		return out
	}
	if got := titles(all[1].ID); len(got) != 6 || strings.Contains(got, "a0") || titles(root.ID) != "" || len(titles("")) != 8 {
		t.Fatal(got, titles(root.ID), titles(""))
	}
	f.must(f.RemoveCategory(ctx, f.ed, all[1].ID))
	tree, err := f.Categories(ctx, f.ann)
	f.must(err)
	for _, c := range tree {
		if c.ID == all[2].ID && c.Parent != all[0].ID {
			t.Fatalf("%+v hangs in the air", c)
		}
	}
	if got := titles(all[0].ID); len(tree) != knowledge.MaxDepth || len(got) != 8 {
		t.Fatal(len(tree), got)
	}
}

func TestImportTakesAllOrNothing(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		f := setup(t, st)
		ctx := t.Context()
		rows := [][]string{{"分类", "标题", "相似问", "答案", "链接", "启用"}, {"售后/退货", "怎么退货", "我想退货\n退货流程|退", "七天内可退", "https://a.example/", ""}, {"", "b", "", "text b", "", "否"}, {"", "", "", "", "", " "}}
		rep, err := f.Import(ctx, f.ed, rows, true)
		f.must(err)
		if rep.Done || rep.Added != 2 || rep.Categories != 2 || f.found("怎么退货") != "" {
			t.Fatalf("a dry run: %+v", rep)
		}
		bad := append(rows[:3:3], []string{"", strings.Repeat("x", 201), "", "t"}, []string{"1/2/3/4/5", "c", "", "t"}, []string{"", "b", "", "again"}, []string{"", "d", "", ""},
			[]string{"", "e", "", "t", "ftp://a"}, []string{"", "f", "", "t", "", "maybe"})
		rep, err = f.Import(ctx, f.ed, bad, false)
		f.must(err)
		got := ""
		for _, x := range rep.Faults {
			got += fmt.Sprint(x.Line, x.Field, x.Reason, " ")
		}
		if want := "4titlebad_length 5categorytoo_deep 6titlerepeated 7answerbad_length 8linkbad_url 9activebad_value "; got != want || rep.Done || f.found("怎么退货") != "" {
			t.Fatalf("%q %+v", got, rep)
		}
		rep, err = f.Import(ctx, f.ed, rows, false)
		f.must(err)
		if !rep.Done || !strings.HasPrefix(f.found("退货流程"), "100") || f.found("b") != "" {
			t.Fatalf("%+v %q", rep, f.found("退货流程"))
		}
		list, _, err := f.List(ctx, f.ann, knowledge.ListInput{Query: "七天"})
		f.must(err)
		in := knowledge.ArticleInput{Title: list[0].Title, Answer: list[0].Answer, Category: list[0].Category, Active: true, Picture: "pic", Inboxes: []id.Inbox{"web"}, Version: 1}
		_, err = f.Change(ctx, f.ed, list[0].ID, in)
		f.must(err)
		f.must(f.Counted(ctx, "main", list[0].ID, knowledge.Asked))
		rows[1][3] = "八天内可退"
		rep, err = f.Import(ctx, f.ed, rows, false)
		f.must(err)
		if rep.Added != 0 || rep.Changed != 2 || rep.Categories != 0 {
			t.Fatalf("the same again: %+v", rep)
		}
		a, err := f.Article(ctx, f.ann, list[0].ID)
		f.must(err)
		if a.Picture == nil || len(a.Inboxes) != 1 || a.Answer != "八天内可退" || a.Version != 3 || a.Asked != 1 {
			t.Fatalf("what a table does not hold is gone: %+v", a)
		}
		table, err := f.Export(ctx, f.ann)
		f.must(err)
		if got, want := fmt.Sprintf("%q", table), `[["category" "title" "questions" "answer" "link" "linkTitle" "locale" "active"] ["" "b" "" "text b" "" "" "" "no"] ["售后/退货" "怎么退货" "我想退货\n退货流程\n退" "八天内可退" "https://a.example/" "" "" "yes"]]`; got != want {
			t.Fatal(got)
		}
		rep, err = f.Import(ctx, f.ed, table, false)
		f.must(err)
		if again, err := f.Export(ctx, f.ann); err != nil || fmt.Sprint(again) != fmt.Sprint(table) || rep.Changed != 2 {
			t.Fatal(again, err)
		}
		_, err = f.Import(ctx, f.ed, [][]string{{"title", "words"}}, false)
		f.refused("no_heading", err)
		_, err = f.Import(ctx, f.ed, nil, false)
		f.refused("no_heading", err)
		_, err = f.Import(ctx, f.ed, make([][]string, knowledge.MaxArticles+2), false)
		f.refused("too_many_lines", err)
	})
}

// broken is a store that cannot be read.
type broken struct{ knowledge.Store }

func (broken) KnowledgeTexts(context.Context, id.Tenant) ([]knowledge.Text, error) {
	return nil, errors.New("no disk")
}

func TestFaultsOfTheStoreAreTold(t *testing.T) {
	t.Parallel()
	s := knowledge.New(broken{}, nil, memory.New(), clock.NewStub(time.Now()))
	if list, err := s.Find(t.Context(), "main", knowledge.Query{Text: "x"}); err == nil || list != nil || !strings.Contains(err.Error(), "no disk") {
		t.Fatal(list, err)
	}
}
