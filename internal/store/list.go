package store

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// maxPage is the largest page of conversations.
const maxPage = 200

// maxBranches bounds the index walks that one list is merged from.
const maxBranches = 100

// listing builds the query of one page: several walks, each along an index and
// cut to the page, merged and joined with the names. Each walk yields id and k,
// the number it is ordered by.
type listing struct {
	args  []any
	walks []string
	// column is the number; desc tells its direction.
	column string
	desc   bool
	// only is a condition for the rows of all walks.
	only string
}

// arg adds an argument and returns its placeholder.
func (l *listing) arg(v any) string {
	l.args = append(l.args, v)
	return fmt.Sprintf("$%d", len(l.args))
}

// newListing starts a listing with $1 tenant, $2 and $3 the cursor, $4 the limit.
func newListing(t id.Tenant, column string, desc bool, from cursor, limit int) *listing {
	return &listing{args: []any{string(t), from.key, from.id, limit}, column: column, desc: desc}
}

// walk adds an index walk with the given condition.
func (l *listing) walk(where string) {
	than, order := "(%[1]s, id) > ($2, $3)", "%[1]s, id"
	if l.desc {
		than, order = "(%[1]s, id) < ($2, $3)", "%[1]s DESC, id DESC"
	}
	l.walks = append(l.walks, fmt.Sprintf("SELECT * FROM (SELECT id, %[1]s AS k FROM conversation WHERE tenant = $1 AND "+
		where+l.only+" AND "+than+" ORDER BY "+order+" LIMIT $4) w", l.column))
}

// text returns the query and the order of its rows.
func (l *listing) text(columns, joins string) string {
	order := " ORDER BY p.k, p.id"
	if l.desc {
		order = " ORDER BY p.k DESC, p.id DESC"
	}
	return "SELECT " + columns + ", p.k FROM (" + strings.Join(l.walks, " UNION ") + ") p JOIN conversation c ON c.id = p.id " +
		joins + order + " LIMIT $4"
}

// keyed is a row together with the number it is ordered by.
type keyed[T any] struct {
	value T
	key   int64
}

// scanKeyedConversation reads a named conversation and the number it is ordered by.
func scanKeyedConversation(r row) (keyed[conversation.Conversation], error) {
	var v conversationRow
	var key int64
	err := r.Scan(append(v.dest(), &v.c.VisitorName, &v.c.AgentName, &key)...)
	return keyed[conversation.Conversation]{v.value(), key}, err
}

// List implements conversation.Store. A scope is not a filter over everything: each of its parts
// is a walk along an index of its own, cut to the page, and the walks are merged. So a page costs
// the same in a large tenant as in a small one.
func (s *Store) List(ctx context.Context, f conversation.Filter) (page []conversation.Conversation, next string, err error) {
	defer errs.Wrap(&err, "store.List")
	limit := min(max(f.Limit, 1), maxPage)
	l, err := s.listingOf(f, limit+1)
	if err != nil || len(l.walks) == 0 {
		return []conversation.Conversation{}, "", err
	}
	rows, err := all(ctx, s.readers, scanKeyedConversation, l.text(conversationColumns+", v.name, COALESCE(a.name, '')",
		`JOIN visitor v ON v.id = c.visitor LEFT JOIN agent a ON a.id = c.agent AND a.tenant = c.tenant`), l.args...)
	if err != nil {
		return nil, "", err
	}
	page, next = cut(rows, limit, func(c conversation.Conversation) string { return string(c.ID) })
	return page, next, nil
}

// cut makes a page of rows, of which one more than asked for was read, to know whether
// another page follows.
func cut[T any](rows []keyed[T], limit int, id func(T) string) (page []T, next string) {
	if len(rows) > limit {
		rows = rows[:limit]
		last := rows[limit-1]
		next = cursor{last.key, id(last.value)}.String()
	}
	page = make([]T, 0, len(rows))
	for _, r := range rows {
		page = append(page, r.value)
	}
	return page, next
}

// listingOf chooses the index walks for a filter.
func (s *Store) listingOf(f conversation.Filter, limit int) (*listing, error) {
	queue := f.View == conversation.ViewQueue && f.Visitor == ""
	from := cursorTop
	if queue {
		from = cursorBottom
	}
	from, err := parseCursor(f.After, from)
	if err != nil {
		return nil, err
	}
	if queue {
		l := newListing(f.Tenant, "queue_key", false, from, limit)
		l.tagged(f.Tag)
		l.scoped(f.Scope, "status = 'queued'", false)
		return l, nil
	}
	// The conversations of one visitor follow one another, so the order of their
	// starts is the order of their activity.
	if f.Visitor != "" {
		l := newListing(f.Tenant, "created_at", true, from, limit)
		l.tagged(f.Tag)
		l.walk("visitor = " + l.arg(string(f.Visitor)) + s.inScope(l, f.Scope))
		return l, nil
	}
	if f.View == conversation.ViewMine {
		// An agent's conversations are sorted: no index is in this order.
		l := newListing(f.Tenant, "last_at + 0", true, from, limit)
		l.tagged(f.Tag)
		if f.Scope.Agent != "" {
			l.walk("status <> 'closed' AND agent = " + l.arg(string(f.Scope.Agent)))
		}
		return l, nil
	}
	l := newListing(f.Tenant, "last_at", true, from, limit)
	if f.View == conversation.ViewClosed && f.Tag != "" {
		s.closedTagged(l, f)
		return l, nil
	}
	l.tagged(f.Tag)
	switch f.View {
	case conversation.ViewAll:
		// One walk, whatever the scope: active conversations are few.
		l.walk("status <> 'closed'" + s.inScope(l, f.Scope))
	case conversation.ViewRobot:
		// One walk along who has something, sorted: no index is in this order.
		l = newListing(f.Tenant, "last_at + 0", true, from, limit)
		l.tagged(f.Tag)
		l.walk("status = 'open' AND agent IN (SELECT r.agent FROM robot r WHERE r.tenant = $1)" + s.inScope(l, f.Scope))
	case conversation.ViewClosed:
		l.scoped(f.Scope, "status = 'closed'", true)
	default:
		return nil, errs.Field("view", "bad_view", "there is no view %q", f.View)
	}
	return l, nil
}

// scoped adds a walk for each part of a scope: each team, no team, and if own is
// set the agent's conversations.
func (l *listing) scoped(sc conversation.Scope, where string, own bool) {
	if sc.All {
		l.walk(where)
		return
	}
	for _, team := range teamsOf(sc) {
		l.walk(where + " AND team = " + l.arg(string(team)))
	}
	if own && sc.Agent != "" {
		l.walk(where + " AND agent = " + l.arg(string(sc.Agent)))
	}
}

// teamsOf returns the distinct teams of a scope, at most maxBranches, with "" for no team.
func teamsOf(sc conversation.Scope) []id.Team {
	teams := append([]id.Team{""}, sc.Teams...)
	slices.Sort(teams)
	teams = slices.Compact(teams)
	return teams[:min(len(teams), maxBranches)]
}

// inScope is the condition that keeps the rows of a scope, for lists that are
// short by nature, in a form that no index serves. Arguments go to l.
func (s *Store) inScope(l *listing, sc conversation.Scope) string {
	if sc.All {
		return ""
	}
	return " AND (COALESCE(team, '') IN " + s.dialect.list(l.arg(jsonList(teamsOf(sc)))) +
		" OR (agent <> '' AND COALESCE(agent, '') = " + l.arg(string(sc.Agent)) + "))"
}

// Count implements conversation.Store. It counts index entries of active conversations, never
// closed ones.
func (s *Store) Count(ctx context.Context, t id.Tenant, sc conversation.Scope) (n conversation.Counts, err error) {
	defer errs.Wrap(&err, "store.Count")
	args := []any{string(t), string(sc.Agent)}
	queued, running, mineElsewhere := "", "", "0"
	if !sc.All {
		args = append(args, jsonList(teamsOf(sc)))
		in := " IN " + s.dialect.list("$3")
		// Teams have an index of their queues, but of what is running none that is short.
		queued, running = " AND team"+in, " AND COALESCE(team, '')"+in
		mineElsewhere = `(SELECT COUNT(*) FROM conversation WHERE tenant = $1 AND agent = $2 AND agent <> ''
			AND status <> 'closed' AND COALESCE(team, '') NOT IN ` + s.dialect.list("$3") + `)`
	}
	n, _, err = first(ctx, s.readers, func(r row) (n conversation.Counts, err error) {
		return n, r.Scan(&n.Mine, &n.Unread, &n.Queue, &n.All)
	}, `SELECT COUNT(*), COALESCE(SUM(unread), 0),
		(SELECT COUNT(*) FROM conversation WHERE tenant = $1 AND status = 'queued'`+queued+`),
		(SELECT COUNT(*) FROM conversation WHERE tenant = $1 AND status <> 'closed' AND last_at >= 0`+running+`) + `+mineElsewhere+`
		FROM conversation WHERE tenant = $1 AND agent = $2 AND agent <> '' AND status <> 'closed'`, args...)
	return n, err
}
