package canned

import (
	"slices"
	"strings"
)

// Qualities of a match, best last.
const (
	noMatch = iota
	scattered
	inside
	beginning
	exact
)

// match tells how well an entry fits a query that is folded already: the
// shortcut itself, the beginning of shortcut, title or initials, a part of them
// or of the text, or the letters of the query in their order in the title.
func match(e Entry, query string) int {
	if query == "" {
		return exact
	}
	shortcut, title := strings.ToLower(e.Shortcut), strings.ToLower(e.Title)
	switch {
	case shortcut == query:
		return exact
	case strings.HasPrefix(shortcut, query), strings.HasPrefix(title, query), strings.HasPrefix(e.Initials, query):
		return beginning
	case strings.Contains(title, query), strings.Contains(shortcut, query), strings.Contains(e.Initials, query),
		strings.Contains(strings.ToLower(e.Text), query):
		return inside
	case subsequence(query, title+" "+shortcut):
		return scattered
	}
	return noMatch
}

// subsequence reports whether the characters of a query stand in text in their order.
func subsequence(query, text string) bool {
	// Characters, not bytes: a part of one must not match.
	want := []rune(query)
	for _, r := range text {
		if len(want) > 0 && r == want[0] {
			want = want[1:]
		}
	}
	return len(want) == 0
}

// rank orders offers: the better match, then personal before team before
// company, then what the agent used most and most recently, then the title.
func rank(list []Offer, query string) {
	// Judged once for each offer, not at every comparison.
	quality := make(map[string]int, len(list))
	for _, o := range list {
		quality[o.ID] = match(o.Entry, query)
	}
	slices.SortStableFunc(list, func(a, b Offer) int {
		if d := quality[b.ID] - quality[a.ID]; d != 0 {
			return d
		}
		if d := order[a.Scope] - order[b.Scope]; d != 0 {
			return d
		}
		if d := b.Mine - a.Mine; d != 0 {
			return d
		}
		if a.UsedAt != nil && b.UsedAt != nil && !a.UsedAt.Equal(*b.UsedAt) {
			return b.UsedAt.Compare(*a.UsedAt)
		}
		if d := strings.Compare(a.Title, b.Title); d != 0 {
			return d
		}
		return strings.Compare(a.ID, b.ID)
	})
}

// order is the rank of scopes.
var order = map[Scope]int{Personal: 0, Team: 1, Company: 2}
