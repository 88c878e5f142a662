package rest

import (
	"context"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"parlor/internal/account"
	"parlor/internal/front/wire"
	"parlor/internal/id"
	"parlor/internal/knowledge"
	"parlor/internal/media"
	"parlor/internal/sheet"
)

// Article is an article of the knowledge base.
type Article struct {
	knowledge.Article
	Picture *wire.File `json:"picture,omitempty"`
}

// ArticleMatch is an article that fits a question.
type ArticleMatch struct {
	Article Article `json:"article"`
	Score   int     `json:"score" minimum:"0" maximum:"100" doc:"100 is a question that equals a wording"`
	Wording string  `json:"wording" doc:"The title or question that fits best"`
}

type knowledgeInput struct {
	Q        string `query:"q" maxLength:"200" doc:"A part of a wording or the answer"`
	Category string `query:"category" maxLength:"64" doc:"One category with those below it"`
	Active   string `query:"active" enum:"true,false" doc:"Only those that are or are not found"`
	Cursor   string `query:"cursor" maxLength:"400" doc:"Cursor of the previous page"`
	Limit    int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

func (in knowledgeInput) list() knowledge.ListInput {
	q := knowledge.ListInput{Query: in.Q, Category: in.Category, After: in.Cursor, Limit: in.Limit}
	if in.Active != "" {
		active := in.Active == "true"
		q.Active = &active
	}
	return q
}

type addArticle struct{ Body knowledge.ArticleInput }

type changeArticle struct {
	ID   string `path:"id" maxLength:"64"`
	Body knowledge.ArticleInput
}

type knowledgeCategory struct{ Body knowledge.CategoryInput }

type changeKnowledgeCategory struct {
	ID   string `path:"id" maxLength:"64"`
	Body knowledge.CategoryInput
}

type findKnowledge struct {
	Body struct {
		Text   string   `json:"text" maxLength:"10000"`
		Inbox  id.Inbox `json:"inbox,omitempty" maxLength:"64"`
		Locale string   `json:"locale,omitempty" maxLength:"20"`
		Limit  int      `json:"limit,omitempty" minimum:"1" maximum:"10"`
	}
}

type importKnowledge struct {
	Body struct {
		CSV string `json:"csv" maxLength:"10485760" doc:"Lines with a heading: category, title, questions (one a line or divided by |), answer, link, linkTitle, locale, active"`
		Dry bool   `json:"dry,omitempty" doc:"Check only"`
	}
}

// knowledge registers the knowledge base.
func (a *API) knowledge() {
	const tag = "knowledge"
	s := a.Desk.Knowledge
	asAgent(a, http.MethodGet, "/knowledge", "Articles, the newest change first", tag, func(ctx context.Context, l account.Login, in *knowledgeInput) (*body[page[Article]], error) {
		list, next, err := s.List(ctx, l.Actor(), in.list())
		return reply(page[Article]{a.articles(l, list), next}, err)
	})
	asAgent(a, http.MethodPost, "/knowledge", "Add an article", tag, func(ctx context.Context, l account.Login, in *addArticle) (*body[Article], error) {
		got, err := s.Add(ctx, l.Actor(), in.Body)
		return reply(a.article(l, got), err)
	})
	asAgent(a, http.MethodGet, "/knowledge/{id}", "One article", tag, func(ctx context.Context, l account.Login, in *ByID) (*body[Article], error) {
		got, err := s.Article(ctx, l.Actor(), in.ID)
		return reply(a.article(l, got), err)
	})
	asAgent(a, http.MethodPut, "/knowledge/{id}", "Change an article; another version is a conflict (changed_meanwhile)", tag, func(ctx context.Context, l account.Login, in *changeArticle) (*body[Article], error) {
		got, err := s.Change(ctx, l.Actor(), in.ID, in.Body)
		return reply(a.article(l, got), err)
	})
	asAgent(a, http.MethodDelete, "/knowledge/{id}", "Remove an article", tag, func(ctx context.Context, l account.Login, in *ByID) (*none, error) {
		return nil, s.Remove(ctx, l.Actor(), in.ID)
	})
	asAgent(a, http.MethodPost, "/knowledge/{id}/use", "Count that an agent sent an article", tag, func(ctx context.Context, l account.Login, in *ByID) (*none, error) {
		return nil, s.Use(ctx, l.Actor(), in.ID)
	})
	asAgent(a, http.MethodPost, "/knowledge/find", "Articles that fit a question, best first", tag, func(ctx context.Context, l account.Login, in *findKnowledge) (*body[items[ArticleMatch]], error) {
		list, err := s.FindAs(ctx, l.Actor(), knowledge.Query{Text: in.Body.Text, Inbox: in.Body.Inbox, Locale: in.Body.Locale, Limit: in.Body.Limit})
		out := make([]ArticleMatch, len(list))
		for i, m := range list {
			out[i] = ArticleMatch{a.article(l, m.Article), m.Score, m.Wording}
		}
		return listed(out, err)
	})
	a.knowledgeCategories(tag)
	a.knowledgeExchange(tag)
}

// knowledgeCategories registers the tree.
func (a *API) knowledgeCategories(tag string) {
	const path = "/knowledge/categories"
	s := a.Desk.Knowledge
	asAgent(a, http.MethodGet, path, "Categories of articles", tag, func(ctx context.Context, l account.Login, _ *none) (*body[items[knowledge.Category]], error) {
		return listed(s.Categories(ctx, l.Actor()))
	})
	asAgent(a, http.MethodPost, path, "Add a category of articles", tag, func(ctx context.Context, l account.Login, in *knowledgeCategory) (*body[knowledge.Category], error) {
		return reply(s.SaveCategory(ctx, l.Actor(), "", in.Body))
	})
	asAgent(a, http.MethodPut, path+"/{id}", "Change a category of articles", tag, func(ctx context.Context, l account.Login, in *changeKnowledgeCategory) (*body[knowledge.Category], error) {
		return reply(s.SaveCategory(ctx, l.Actor(), in.ID, in.Body))
	})
	asAgent(a, http.MethodDelete, path+"/{id}", "Remove a category of articles; what is in it moves up", tag, func(ctx context.Context, l account.Login, in *ByID) (*none, error) {
		return nil, s.RemoveCategory(ctx, l.Actor(), in.ID)
	})
}

// knowledgeExchange registers export and import.
func (a *API) knowledgeExchange(tag string) {
	s := a.Desk.Knowledge
	asAgent(a, http.MethodGet, "/knowledge/export", "All articles as CSV", tag, func(ctx context.Context, l account.Login, _ *none) (*download, error) {
		rows, err := s.Export(ctx, l.Actor())
		if err != nil {
			return nil, err
		}
		return tableFile("knowledge", sheet.CSV, rows)
	})
	op := operation(http.MethodPost, "/knowledge/import", "Put the lines of a CSV text into the knowledge base: all, or none if one is faulty", tag, http.StatusOK, agentAuth)
	// A character takes up to six bytes where JSON escapes it.
	op.MaxBodyBytes = 2*sheet.MaxBytes + 1<<20
	huma.Register(a.huma, op, func(ctx context.Context, in *importKnowledge) (*body[knowledge.ImportReport], error) {
		l, _ := ctx.Value(loginKey).(account.Login)
		rows, err := sheet.Read(strings.NewReader(in.Body.CSV))
		var rep knowledge.ImportReport
		if err == nil {
			rep, err = s.Import(ctx, l.Actor(), rows, in.Body.Dry)
		}
		return &body[knowledge.ImportReport]{rep}, a.answer(ctx, op, err)
	})
}

// article is an article as it is shown.
func (a *API) article(l account.Login, k knowledge.Article) Article {
	out := Article{Article: k}
	if p := k.Picture; p != nil {
		f := a.Views.File(media.File{ID: p.ID, Tenant: l.Agent.Tenant, Name: p.Name, Type: p.Type, Size: p.Size, Width: p.Width, Height: p.Height})
		out.Picture = &f
	}
	return out
}

func (a *API) articles(l account.Login, list []knowledge.Article) []Article {
	out := make([]Article, len(list))
	for i, k := range list {
		out[i] = a.article(l, k)
	}
	return out
}
