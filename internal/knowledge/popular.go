package knowledge

import (
	"context"
	"slices"

	"parlor/internal/errs"
	"parlor/internal/id"
)

// MaxPopular is how many articles Popular returns at most.
const MaxPopular = 50

// Popular returns the active articles for an inbox and a language, "" for any, the most
// asked first, from an offset on, and how many there are. limit is 1 to MaxPopular. It
// asks no permission: it is for visitors, where a robot tells them anyway.
func (s *Service) Popular(ctx context.Context, t id.Tenant, q Query, offset int) (list []Article, total int, err error) {
	defer errs.Wrap(&err, "knowledge.Popular")
	ix, err := s.index(ctx, t)
	if err != nil {
		return nil, 0, err
	}
	var ids []string
	for i := range ix.texts {
		if x := &ix.texts[i]; x.Active && suits(x, q.Inbox, q.Locale) {
			ids = append(ids, x.Article)
		}
	}
	if offset >= len(ids) {
		return nil, len(ids), nil
	}
	list, err = s.store.KnowledgePopular(ctx, t, ids, max(offset, 0), min(max(q.Limit, 1), MaxPopular))
	// What was switched off a moment ago is left out.
	return slices.DeleteFunc(list, func(a Article) bool { return !a.Active }), len(ids), err
}

// Read counts that a visitor of an inbox opened an article. Errors: NotFound
// "article_not_found", also if it is not for visitors of the inbox.
func (s *Service) Read(ctx context.Context, t id.Tenant, inbox id.Inbox, article string) (err error) {
	defer errs.Wrap(&err, "knowledge.Read")
	a, err := s.article(ctx, t, article)
	if err == nil && (!a.Active || len(a.Inboxes) > 0 && !slices.Contains(a.Inboxes, inbox)) {
		err = errs.New(errs.NotFound, "article_not_found", "There is no such article.")
	}
	if err != nil {
		return err
	}
	return s.Counted(ctx, t, article, Asked)
}
