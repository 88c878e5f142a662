package knowledge

import (
	"context"
	"math"

	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// Query is a question of a visitor.
type Query struct {
	// Text is what was asked; what is longer than MaxText is cut.
	Text string
	// Inbox and Locale leave out articles that are for others; "" leaves out none.
	Inbox  id.Inbox
	Locale string
	// Limit is 1 to MaxFound; 0 is MaxFound.
	Limit int
}

// Match is an article that fits a question.
type Match struct {
	Article Article `json:"article"`
	// Score says how well: 100 is a question that equals a wording but for case,
	// width, accents and punctuation.
	Score int `json:"score"`
	// Wording is the title or question that fits best.
	Wording string `json:"wording"`
}

// Find returns the active articles that fit a question, best first. The order of
// equals does not change from call to call. It asks no permission: it is for robots.
func (s *Service) Find(ctx context.Context, t id.Tenant, q Query) (list []Match, err error) {
	defer errs.Wrap(&err, "knowledge.Find")
	if q.Limit < 1 || q.Limit > MaxFound {
		q.Limit = MaxFound
	}
	ix, err := s.index(ctx, t)
	if err != nil {
		return nil, err
	}
	hits := ix.find(cut(q.Text, MaxText), q.Limit, func(t *Text) bool { return suits(t, q.Inbox, q.Locale) })
	if len(hits) == 0 {
		return nil, nil
	}
	ids := make([]string, len(hits))
	for i, h := range hits {
		ids[i] = ix.texts[ix.wordings[h.wording].text].Article
	}
	got, err := s.store.KnowledgeArticles(ctx, t, ids)
	if err != nil {
		return nil, err
	}
	by := make(map[string]Article, len(got))
	for _, a := range got {
		by[a.ID] = a
	}
	for i, h := range hits {
		// What was removed or switched off a moment ago is left out.
		if a, ok := by[ids[i]]; ok && a.Active {
			list = append(list, Match{Article: a, Score: int(math.Round(100 * float64(h.score))), Wording: ix.words(h)})
		}
	}
	return list, nil
}

// FindAs is Find for agents. Errors: Forbidden "agents_only".
func (s *Service) FindAs(ctx context.Context, who actor.Actor, q Query) ([]Match, error) {
	if err := reader(who); err != nil {
		return nil, err
	}
	return s.Find(ctx, who.Tenant, q)
}

// cut returns the first characters of a text.
func cut(s string, most int) string {
	n := 0
	for i := range s {
		if n++; n > most {
			return s[:i]
		}
	}
	return s
}
