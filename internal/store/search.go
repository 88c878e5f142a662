package store

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"parlor/internal/conversation"
	"parlor/internal/errs"
)

// A search looks at candidates in rounds until its page is full. What is not
// reached within maxRounds is reached by the next page.
const (
	maxHits   = 100
	minRound  = 200
	maxRounds = 5
	maxQuery  = 200
)

// Search implements conversation.Store. Words of one character count only beside
// a longer one. Errors: Invalid "query_too_short" without a word of two characters,
// "query_too_long" beyond 200 characters, "bad_text", "bad_cursor".
func (s *Store) Search(ctx context.Context, q conversation.SearchQuery) (hits []conversation.Hit, next string, err error) {
	defer errs.Wrap(&err, "store.Search")
	if err := checkTexts([]any{q.Text}); err != nil {
		return nil, "", err
	}
	wanted := words(q.Text)
	tokens := tokensOf(q.Tenant, wanted)
	switch {
	case utf8.RuneCountInString(q.Text) > maxQuery:
		return nil, "", errs.Field("q", "query_too_long", "the search text is too long")
	case len(tokens) == 0:
		return nil, "", errs.Field("q", "query_too_short", "type at least two characters")
	}
	from, err := parseCursor(q.After, cursorTop)
	if err != nil {
		return nil, "", err
	}
	r := &searching{s: s, q: q, words: wanted, tokens: tokens, before: from.key, limit: min(max(q.Limit, 1), maxHits)}
	return r.run(ctx)
}

// searching is one search in progress.
type searching struct {
	s      *Store
	q      conversation.SearchQuery
	words  []string
	tokens []string
	// before is the candidate looked at last, last the newest hit taken.
	before, last int64
	limit        int
	hits         []conversation.Hit
}

// run fills a page. Candidates come in rounds because pairs of characters may
// match where the word does not, and because the scope is applied after them.
func (r *searching) run(ctx context.Context) ([]conversation.Hit, string, error) {
	r.hits = []conversation.Hit{}
	size := max(4*r.limit, minRound)
	for range maxRounds {
		found, err := r.s.dialect.candidates(ctx, r.s.readers, r.tokens, r.before, size)
		if err != nil {
			return nil, "", err
		}
		full, err := r.verify(ctx, found)
		switch {
		case err != nil:
			return nil, "", err
		case full:
			return r.hits, cursor{key: r.last}.String(), nil
		case len(found) < size:
			return r.hits, "", nil
		}
		r.before = found[len(found)-1]
	}
	return r.hits, cursor{key: r.before}.String(), nil
}

// verify reads the candidates that are in scope and keeps those that hold all
// words. It reports whether there are more than fit on the page.
func (r *searching) verify(ctx context.Context, found []int64) (full bool, err error) {
	if len(found) == 0 {
		return false, nil
	}
	list, err := json.Marshal(found)
	if err != nil {
		return false, err
	}
	l := &listing{args: []any{string(r.q.Tenant), string(list)}}
	rows, err := all(ctx, r.s.readers, scanHit, `SELECT d.pos, m.id, m.conversation, m.seq, m.prev, m.client_id, m.kind,
		m.from_kind, m.from_id, m.from_name, m.text, m.meta, m.at, v.name, c.status
		FROM search_doc d JOIN conversation c ON c.id = d.conversation JOIN visitor v ON v.id = c.visitor
		JOIN message m ON m.conversation = d.conversation AND m.seq = d.seq
		WHERE d.pos IN (SELECT CAST(x.v AS BIGINT) FROM `+r.s.dialect.rows("$2", "x", "v")+`) AND c.tenant = $1`+
		r.s.inScope(l, r.q.Scope)+` ORDER BY d.pos DESC`, l.args...)
	if err != nil {
		return false, err
	}
	// The rows come newest first, as the page wants them.
	for _, h := range rows {
		if !holds(h.value.Message.Text, r.words) || r.has(h.value.Message) {
			continue
		}
		if len(r.hits) == r.limit {
			return true, nil
		}
		h.value.Message.Tenant = r.q.Tenant
		r.hits = append(r.hits, h.value)
		r.last = h.key
	}
	return false, nil
}

// has reports whether a message is on the page already: one that was edited may
// be in the index twice for a moment.
func (r *searching) has(m conversation.Message) bool {
	return slices.ContainsFunc(r.hits, func(h conversation.Hit) bool {
		return h.Message.Conversation == m.Conversation && h.Message.Seq == m.Seq
	})
}

// holds reports whether a text holds every one of some folded words.
func holds(text string, words []string) bool {
	text = fold(text)
	for _, w := range words {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}

// scanHit reads a hit and its position in the index.
func scanHit(r row) (h keyed[conversation.Hit], err error) {
	m := &h.value.Message
	var meta string
	var when int64
	if err := r.Scan(&h.key, &m.ID, &m.Conversation, &m.Seq, &m.Prev, &m.ClientID, &m.Kind, &m.From.Kind, &m.From.ID,
		&m.From.Name, &m.Text, &meta, &when, &h.value.VisitorName, &h.value.Status); err != nil {
		return h, err
	}
	m.At = at(when)
	return h, m.SetMeta(meta)
}
