package canned

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"parlor/internal/errs"
	"parlor/internal/id"
)

// Bounds of suggestions.
const (
	// MaxSuggestions is how many are offered at most.
	MaxSuggestions = 10
	// leastQuery is the shortest text, in characters, that is worth a look; below it
	// a single letter would offer everything.
	leastQuery = 2
	maxQuery   = 200
)

// Suggestion is an answer that a visitor is offered while typing.
type Suggestion struct {
	ID string
	// Title is the question, Text the answer with its variables filled in.
	Title, Text string
}

// Suggest returns what a visitor who has typed query is offered: replies of the
// whole company that are marked for visitors, in the language or in none, best
// first, at most limit (1 to MaxSuggestions). company fills in {company}; variables
// about the agent and the visitor become empty, nobody has met yet.
func (s *Service) Suggest(ctx context.Context, t id.Tenant, company, lang, query string, limit int) (list []Suggestion, err error) {
	defer errs.Wrap(&err, "canned.Suggest")
	query = strings.ToLower(strings.TrimSpace(query))
	if n := utf8.RuneCountInString(query); n < leastQuery || n > maxQuery {
		return nil, nil
	}
	entries, err := s.shelf(ctx, t, companyReplies)
	if err != nil {
		return nil, err
	}
	type hit struct {
		Entry
		quality int
	}
	var hits []hit
	for _, e := range entries {
		if !e.Visitors || e.Language != "" && e.Language != lang {
			continue
		}
		// A whole question holds the title; a beginning of one is held by it.
		q := match(Entry{Title: e.Title, Initials: e.Initials, Text: e.Text}, query)
		if q <= scattered && strings.Contains(query, strings.ToLower(e.Title)) {
			q = inside
		}
		if q > scattered {
			hits = append(hits, hit{e, q})
		}
	}
	slices.SortStableFunc(hits, func(a, b hit) int {
		if d := b.quality - a.quality; d != 0 {
			return d
		}
		if d := b.Uses - a.Uses; d != 0 {
			return d
		}
		return strings.Compare(a.Title, b.Title)
	})
	hits = hits[:min(len(hits), max(limit, 1), MaxSuggestions)]
	for _, h := range hits {
		list = append(list, Suggestion{h.ID, h.Title, Expand(h.Text, Vars{Company: company, Now: s.clock.Now(), Language: lang})})
	}
	return list, nil
}
