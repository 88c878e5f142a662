package storetest

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/knowledge"
	"parlor/internal/store"
)

func article(title string, change ...func(*knowledge.Article)) knowledge.Article {
	a := knowledge.Article{ID: id.New(), Title: title, Questions: []string{}, Answer: "answer of " + title, Related: []string{}, Inboxes: []id.Inbox{},
		Active: true, CreatedAt: T0, UpdatedAt: T0}
	for _, f := range change {
		f(&a)
	}
	return a
}

// learn saves articles within wide bounds.
func (w *World) learn(list ...knowledge.Article) error {
	return w.S.SaveKnowledge(w.T.Context(), knowledge.Save{Tenant: w.Tenant, Articles: list, MostArticles: 1000, MostWordings: 1000})
}

// known is an article as it is kept.
func (w *World) known(article string) knowledge.Article {
	w.T.Helper()
	list, err := w.S.KnowledgeArticles(w.T.Context(), w.Tenant, []string{article, "nowhere"})
	w.ok(err)
	if len(list) != 1 {
		w.T.Fatalf("%d articles", len(list))
	}
	return list[0]
}

// testKnowledge follows articles from their making to their end.
func testKnowledge(t *testing.T, s *store.Store) {
	ctx := t.Context()
	w, o := NewWorld(t, s, "main"), NewWorld(t, s, "other")
	top := knowledge.Category{ID: id.New(), Name: "top", CreatedAt: T0}
	below := knowledge.Category{ID: id.New(), Name: "below", Parent: top.ID, Sort: 2, CreatedAt: T0}
	a := article("退货", func(a *knowledge.Article) {
		a.Category, a.Questions, a.Inboxes, a.Locale = below.ID, []string{`How to "return"?`, "100%_"}, []id.Inbox{"web"}, "zh-CN"
		a.Link, a.LinkTitle, a.Picture = "https://example.com/a", "more", &knowledge.File{ID: "f1", Name: "灯.png", Type: "image/png", Size: 5, Width: 1, Height: 2}
	})
	b := article("b", func(b *knowledge.Article) { b.Related = []string{a.ID} })
	must(t, s.SaveKnowledge(ctx, knowledge.Save{Tenant: w.Tenant, Categories: []knowledge.Category{top, below}, Articles: []knowledge.Article{a, b}, MostArticles: 2, MostWordings: 4}))
	got := w.known(a.ID)
	a.Tenant, a.Version = w.Tenant, 1
	equal(t, "kept", fmt.Sprintf("%+v %+v", got, *got.Picture), strings.ReplaceAll(fmt.Sprintf("%+v %+v", a, *a.Picture), fmt.Sprintf("%p", a.Picture), fmt.Sprintf("%p", got.Picture)))
	texts, err := s.KnowledgeTexts(ctx, w.Tenant)
	must(t, err)
	equal(t, "texts", fmt.Sprintf("%d %+v", len(texts), texts[0]), fmt.Sprintf("2 %+v", knowledge.Text{Article: a.ID, Category: below.ID, Title: a.Title,
		Questions: a.Questions, Inboxes: a.Inboxes, Locale: "zh-CN", Active: true}))
	shows, err := s.KnowledgeShows(ctx, w.Tenant, "f1")
	must(t, err)
	equal(t, "shown", shows, true)

	wantReason(t, s.SaveKnowledge(ctx, knowledge.Save{Tenant: w.Tenant, Articles: []knowledge.Article{article("c")}, MostArticles: 2, MostWordings: 9}), errs.Conflict, "knowledge_full")
	got.Questions = append(got.Questions, "one more")
	wantReason(t, s.SaveKnowledge(ctx, knowledge.Save{Tenant: w.Tenant, Articles: []knowledge.Article{got}, MostArticles: 2, MostWordings: 4}), errs.Conflict, "knowledge_full")
	wantReason(t, w.learn(article("c", func(c *knowledge.Article) { c.Category = "nowhere" })), errs.NotFound, "category_not_found")
	wantReason(t, w.learn(article("c", func(c *knowledge.Article) { c.Related = []string{"nowhere"} })), errs.NotFound, "article_not_found")
	wantReason(t, w.learn(article("c", func(c *knowledge.Article) { c.Version = 3 })), errs.NotFound, "article_not_found")
	testKnowledgeIsolation(t, s, o, got, top.ID)

	for _, what := range []knowledge.Happening{knowledge.Asked, knowledge.Asked, knowledge.Asked, knowledge.Solved, knowledge.Solved, knowledge.Unsolved, knowledge.Used} {
		must(t, s.CountKnowledge(ctx, w.Tenant, a.ID, what))
	}
	popular, err := s.KnowledgePopular(ctx, w.Tenant, []string{b.ID, a.ID, "nowhere"}, 0, 5)
	must(t, err)
	rest, err := s.KnowledgePopular(ctx, w.Tenant, []string{b.ID, a.ID}, 1, 1)
	must(t, err)
	equal(t, "the most asked first", spaced(len(popular), popular[0].ID == a.ID, popular[1].ID == b.ID, len(rest), rest[0].ID == b.ID), "2 true true 1 true")
	wantReason(t, s.CountKnowledge(ctx, w.Tenant, a.ID, "other"), errs.Invalid, "unknown_happening")
	wantReason(t, s.CountKnowledge(ctx, w.Tenant, "nowhere", knowledge.Asked), errs.NotFound, "article_not_found")
	must(t, w.learn(got))
	got = w.known(a.ID)
	equal(t, "counters stay when it is changed", spaced(got.Version, len(got.Questions), got.Asked, got.Solved, got.Unsolved, got.Used), "2 3 3 2 1 1")
	got.Version = 1
	wantReason(t, w.learn(got), errs.Conflict, "changed_meanwhile")

	must(t, s.DeleteKnowledgeCategory(ctx, w.Tenant, below.ID))
	tree, err := s.KnowledgeCategories(ctx, w.Tenant)
	must(t, err)
	equal(t, "after the category went", spaced(len(tree), w.known(a.ID).Category == top.ID), "1 true")
}

// testKnowledgeRelated takes an article out of whatever is related to it.
func testKnowledgeRelated(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	list := []knowledge.Article{article("a"), article("b"), article("c")}
	for i, related := range [][]int{{0}, {0, 1}, {1, 0}, {1, 0, 2}, {1}} {
		list = append(list, article(fmt.Sprint("r", i), func(r *knowledge.Article) {
			for _, k := range related {
				r.Related = append(r.Related, list[k].ID)
			}
		}))
	}
	must(t, w.learn(list...))
	must(t, s.DeleteKnowledge(t.Context(), w.Tenant, list[0].ID))
	wantReason(t, s.DeleteKnowledge(t.Context(), w.Tenant, list[0].ID), errs.NotFound, "article_not_found")
	got := ""
	for _, a := range list[3:] {
		k := w.known(a.ID)
		got += fmt.Sprint(k.Version, " ")
		for _, r := range k.Related {
			got += map[string]string{list[0].ID: "a", list[1].ID: "b", list[2].ID: "c"}[r]
		}
		got += ";"
	}
	equal(t, "related", got, "2 ;2 b;2 b;2 bc;1 b;")
}

// testKnowledgeIsolation calls every verb for another tenant.
func testKnowledgeIsolation(t *testing.T, s *store.Store, o *World, a knowledge.Article, category string) {
	t.Helper()
	ctx := t.Context()
	wantReason(t, s.DeleteKnowledge(ctx, o.Tenant, a.ID), errs.NotFound, "article_not_found")
	wantReason(t, s.DeleteKnowledgeCategory(ctx, o.Tenant, category), errs.NotFound, "category_not_found")
	wantReason(t, s.CountKnowledge(ctx, o.Tenant, a.ID, knowledge.Asked), errs.NotFound, "article_not_found")
	wantReason(t, o.learn(a), errs.NotFound, "category_not_found")
	a.Category = ""
	wantReason(t, o.learn(a), errs.NotFound, "article_not_found")
	wantReason(t, o.learn(article("x", func(x *knowledge.Article) { x.Related = []string{a.ID} })), errs.NotFound, "article_not_found")
	// An id that is taken elsewhere is not stored over.
	a.Version, a.Title = 0, "stolen"
	must(t, o.learn(a))
	must(t, s.SaveKnowledge(ctx, knowledge.Save{Tenant: o.Tenant, Categories: []knowledge.Category{{ID: category, Name: "stolen", CreatedAt: T0}}}))
	list, next, err := s.KnowledgeList(ctx, knowledge.Filter{Tenant: o.Tenant, Limit: 9})
	must(t, err)
	got, err := s.KnowledgeArticles(ctx, o.Tenant, []string{a.ID})
	must(t, err)
	texts, err := s.KnowledgeTexts(ctx, o.Tenant)
	must(t, err)
	tree, err := s.KnowledgeCategories(ctx, o.Tenant)
	must(t, err)
	shows, err := s.KnowledgeShows(ctx, o.Tenant, "f1")
	must(t, err)
	equal(t, "of another tenant", spaced(len(list), next == "", len(got), len(texts), len(tree), shows), "0 true 0 0 0 false")
}

// testKnowledgeList pages and filters.
func testKnowledgeList(t *testing.T, s *store.Store) {
	ctx := t.Context()
	w := NewWorld(t, s, "main")
	c, d := knowledge.Category{ID: id.New(), Name: "c", CreatedAt: T0}, knowledge.Category{ID: id.New(), Name: "d", CreatedAt: T0}
	var many []knowledge.Article
	for i := range 9 {
		many = append(many, article(fmt.Sprint("n", i), func(a *knowledge.Article) {
			a.UpdatedAt = T0.Add(time.Duration(i/2) * time.Second)
			a.Active = i != 4
			a.Category = []string{"", c.ID, d.ID}[i%3]
			if i == 7 {
				a.Questions, a.Answer = []string{"ＲＥＴＵＲＮ 100%"}, "Ünter"
			}
		}))
	}
	must(t, s.SaveKnowledge(ctx, knowledge.Save{Tenant: w.Tenant, Categories: []knowledge.Category{c, d}, Articles: many, MostArticles: 99, MostWordings: 99}))
	titles := func(f knowledge.Filter) string {
		t.Helper()
		f.Tenant = w.Tenant
		out := ""
		for range 9 {
			list, next, err := s.KnowledgeList(ctx, f)
			must(t, err)
			for _, a := range list {
				out += a.Title
			}
			if f.After = next; next == "" {
				return out
			}
			out += " "
		}
		t.Fatal("it does not end")
		return ""
	}
	no := false
	equal(t, "pages", titles(knowledge.Filter{Limit: 4}), "n8n7n6n5 n4n3n2n1 n0")
	equal(t, "one category", titles(knowledge.Filter{Limit: 9, Categories: []string{d.ID}}), "n8n5n2")
	equal(t, "two categories", titles(knowledge.Filter{Limit: 4, Categories: []string{d.ID, c.ID}}), "n8n7n5n4 n2n1")
	equal(t, "switched off", titles(knowledge.Filter{Limit: 4, Active: &no}), "n4")
	for query, want := range map[string]string{"return 100%": "n7", "ünt": "n7", "N3": "n3", "n%": "", "answer of": "n8n6n5n4n3n2n1n0"} {
		equal(t, query, titles(knowledge.Filter{Limit: 9, Query: query}), want)
	}
	_, _, err := s.KnowledgeList(ctx, knowledge.Filter{Tenant: w.Tenant, After: "!", Limit: 1})
	wantReason(t, err, errs.Invalid, "bad_cursor")
}

// testKnowledgeRace lets two editors change one article, and many count it meanwhile.
func testKnowledgeRace(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	a := article("a")
	must(t, w.learn(a))
	results := make([]error, 6)
	var wg sync.WaitGroup
	for i := range results {
		wg.Go(func() {
			if i%2 == 0 {
				results[i] = s.CountKnowledge(t.Context(), w.Tenant, a.ID, knowledge.Asked)
				return
			}
			mine := a
			mine.Version, mine.Title = 1, fmt.Sprint("by ", i)
			results[i] = w.learn(mine)
		})
	}
	wg.Wait()
	won := 0
	for i, err := range results {
		switch {
		case i%2 == 0:
			must(t, err)
		case err == nil:
			won++
		default:
			wantReason(t, err, errs.Conflict, "changed_meanwhile")
		}
	}
	got := w.known(a.ID)
	equal(t, "winners, version and count", spaced(won, got.Version, got.Asked), "1 2 3")
}
