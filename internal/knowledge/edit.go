package knowledge

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// ArticleInput is what an editor says of an article.
type ArticleInput struct {
	Category  string   `json:"category,omitempty" maxLength:"64"`
	Title     string   `json:"title" minLength:"1" maxLength:"200"`
	Questions []string `json:"questions,omitempty" maxItems:"50" doc:"Other wordings of the question"`
	Answer    string   `json:"answer" minLength:"1" maxLength:"10000"`
	Link      string   `json:"link,omitempty" maxLength:"2000"`
	LinkTitle string   `json:"linkTitle,omitempty" maxLength:"100"`
	// Picture is an uploaded file.
	Picture id.File    `json:"picture,omitempty" maxLength:"64" doc:"An uploaded file"`
	Related []string   `json:"related,omitempty" maxItems:"5"`
	Inboxes []id.Inbox `json:"inboxes,omitempty" maxItems:"100" doc:"For visitors of these only; none is all"`
	Locale  string     `json:"locale,omitempty" enum:",zh-CN,en,pt-BR"`
	Active  bool       `json:"active,omitempty"`
	Version int        `json:"version,omitempty" minimum:"0" doc:"Of the article that is changed"`
}

// Add makes a new article. It needs the permission actor.Content, as Change and
// Remove do.
//
// Errors: Forbidden "not_allowed"; Invalid with the field at fault; Conflict
// "knowledge_full"; NotFound "category_not_found", "article_not_found" for one of
// the related.
func (s *Service) Add(ctx context.Context, who actor.Actor, in ArticleInput) (a Article, err error) {
	defer errs.Wrap(&err, "knowledge.Add")
	if err = editor(who); err != nil {
		return a, err
	}
	a = Article{ID: id.New(), Tenant: who.Tenant, CreatedAt: s.clock.Now()}
	return s.put(ctx, who, a, in)
}

// Change replaces what an article says. Besides the errors of Add: Conflict
// "changed_meanwhile" if in.Version is not that of the article.
func (s *Service) Change(ctx context.Context, who actor.Actor, article string, in ArticleInput) (a Article, err error) {
	defer errs.Wrap(&err, "knowledge.Change")
	if err = editor(who); err != nil {
		return a, err
	}
	if a, err = s.article(ctx, who.Tenant, article); err != nil {
		return a, err
	}
	if a.Version != in.Version {
		return a, errs.New(errs.Conflict, "changed_meanwhile", "Somebody else has changed the article.")
	}
	return s.put(ctx, who, a, in)
}

// put checks in, stores it as a, and tells everybody.
func (s *Service) put(ctx context.Context, who actor.Actor, a Article, in ArticleInput) (Article, error) {
	if err := fill(&a, in); err != nil {
		return a, err
	}
	switch {
	case in.Picture == "":
		a.Picture = nil
	case a.Picture == nil || a.Picture.ID != in.Picture:
		// What the article shows already is not asked for again: who edits it need not
		// be who uploaded it.
		f, err := s.files.ForKnowledge(ctx, who, in.Picture)
		if err != nil {
			return a, err
		}
		if !strings.HasPrefix(f.Type, "image/") {
			return a, errs.Field("picture", "not_an_image", "The file is not a picture.")
		}
		a.Picture = &f
	}
	a.UpdatedAt, a.UpdatedBy = s.clock.Now(), who.Agent
	if err := s.store.SaveKnowledge(ctx, s.save(who.Tenant, nil, []Article{a})); err != nil {
		return a, err
	}
	a.Version++
	s.changed(who.Tenant)
	return a, nil
}

// save is what is stored together, within the bounds.
func (s *Service) save(t id.Tenant, categories []Category, articles []Article) Save {
	return Save{Tenant: t, Categories: categories, Articles: articles, MostArticles: MaxArticles, MostWordings: MaxWordings}
}

// Remove deletes an article. Errors: Forbidden "not_allowed"; NotFound
// "article_not_found".
func (s *Service) Remove(ctx context.Context, who actor.Actor, article string) (err error) {
	defer errs.Wrap(&err, "knowledge.Remove")
	if err = editor(who); err != nil {
		return err
	}
	if err = s.store.DeleteKnowledge(ctx, who.Tenant, article); err != nil {
		return err
	}
	s.changed(who.Tenant)
	return nil
}

// fill checks in and puts it into a, all but the picture.
func fill(a *Article, in ArticleInput) error {
	a.Category, a.Locale, a.Active = in.Category, in.Locale, in.Active
	a.Title, a.Answer, a.LinkTitle = clean(in.Title, false), clean(in.Answer, true), clean(in.LinkTitle, false)
	for _, f := range []struct {
		field, value string
		least, most  int
	}{{"title", a.Title, 1, MaxTitle}, {"answer", a.Answer, 1, MaxAnswer}, {"linkTitle", a.LinkTitle, 0, MaxLinkTitle}} {
		if n := utf8.RuneCountInString(f.value); n < f.least || n > f.most {
			return errs.Field(f.field, "bad_length", "%s has %d characters; %d to %d are allowed.", f.field, n, f.least, f.most)
		}
	}
	switch in.Locale {
	case "", "zh-CN", "en", "pt-BR":
	default:
		return errs.Field("locale", "unknown_language", "%q is not a language; zh-CN, en and pt-BR are.", in.Locale)
	}
	var err error
	if a.Link, err = link(in.Link); err != nil {
		return err
	}
	if a.Link == "" {
		a.LinkTitle = ""
	}
	if a.Questions, err = questions(a.Title, in.Questions); err != nil {
		return err
	}
	a.Related = once(in.Related, a.ID)
	if len(a.Related) > MaxRelated {
		return errs.Field("related", "too_many", "%d articles are related; %d are allowed.", len(a.Related), MaxRelated)
	}
	if a.Inboxes = once(in.Inboxes, ""); len(a.Inboxes) > MaxInboxes {
		return errs.Field("inboxes", "too_many", "%d inboxes; %d are allowed.", len(a.Inboxes), MaxInboxes)
	}
	return nil
}

// questions returns the wordings beside the title, each once.
func questions(title string, in []string) ([]string, error) {
	key, _ := split(title)
	if key == "" {
		return nil, errs.Field("title", "no_words", "The title has no letters.")
	}
	seen, list := map[string]bool{key: true}, []string{}
	for _, q := range in {
		q = clean(q, false)
		if n := utf8.RuneCountInString(q); n > MaxQuestion {
			return nil, errs.Field("questions", "bad_length", "A question has %d characters; %d are allowed.", n, MaxQuestion)
		}
		if key, _ := split(q); key != "" && !seen[key] {
			seen[key] = true
			list = append(list, q)
		}
	}
	if len(list) > MaxQuestions {
		return nil, errs.Field("questions", "too_many", "%d questions; %d are allowed.", len(list), MaxQuestions)
	}
	return list, nil
}

// link returns the usual form of an address that visitors may follow.
func link(s string) (string, error) {
	if s = clean(s, false); s == "" {
		return "", nil
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || utf8.RuneCountInString(s) > MaxLink {
		return "", errs.Field("link", "bad_url", "This is not an address that starts with http:// or https://.")
	}
	return u.String(), nil
}

// once returns each of some ids once, without empty ones and without one.
func once[T ~string](list []T, without T) []T {
	out := []T{}
	for _, s := range list {
		if s != "" && s != without && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// clean removes control characters (but newlines and tabs, if lines) and blank ends.
func clean(s string, lines bool) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\r\n", "\n")
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if !unicode.IsControl(r) || lines && (r == '\n' || r == '\t') {
			return r
		}
		return ' '
	}, s))
}
