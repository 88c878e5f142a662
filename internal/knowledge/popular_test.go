package knowledge_test

import (
	"strings"
	"testing"

	"parlor/internal/id"
	"parlor/internal/knowledge"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
)

// What visitors are shown without asking: the most asked first, nothing that is for
// others, in another language or switched off.
func TestPopular(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		f := setup(t, st)
		ctx := t.Context()
		made := map[string]string{}
		for _, in := range []knowledge.ArticleInput{{Title: "post", Active: true}, {Title: "returns", Active: true}, {Title: "web only", Active: true, Inboxes: []id.Inbox{"web"}},
			{Title: "português", Active: true, Locale: "pt-BR"}, {Title: "off"}} {
			in.Answer = "a"
			a, err := f.Add(ctx, f.ed, in)
			f.must(err)
			made[in.Title] = a.ID
		}
		f.must(f.Read(ctx, "main", "app", made["returns"]))
		f.refused("article_not_found", f.Read(ctx, "main", "app", made["web only"]))
		f.refused("article_not_found", f.Read(ctx, "main", "app", made["off"]))
		f.refused("article_not_found", f.Read(ctx, "other", "app", made["post"]))
		for _, c := range []struct {
			q      knowledge.Query
			offset int
			want   string
			total  int
		}{
			{knowledge.Query{Inbox: "app", Locale: "en", Limit: 9}, 0, "returns post", 2},
			{knowledge.Query{Inbox: "app", Locale: "en", Limit: 1}, 1, "post", 2},
			{knowledge.Query{Inbox: "app", Locale: "en", Limit: 9}, 2, "", 2},
			{knowledge.Query{Inbox: "web", Locale: "en", Limit: 9}, 0, "returns post web only", 3},
			{knowledge.Query{Inbox: "app", Locale: "pt-BR"}, 0, "returns", 3},
		} {
			list, total, err := f.Popular(ctx, "main", c.q, c.offset)
			f.must(err)
			var got []string
			for _, a := range list {
				got = append(got, a.Title)
			}
			if strings.Join(got, " ") != c.want || total != c.total {
				t.Errorf("%+v from %d: %q of %d, want %q of %d", c.q, c.offset, got, total, c.want, c.total)
			}
		}
	})
}
