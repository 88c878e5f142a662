package store

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// finding builds the query of Find: the newest conversations that fit what an
// index knows, cut to MaxFound, and of these the ones that fit the rest.
type finding struct {
	args  []any
	inner []string
	outer []string
}

// arg adds an argument and returns its placeholder.
func (f *finding) arg(v any) string {
	f.args = append(f.args, v)
	return fmt.Sprintf("$%d", len(f.args))
}

// span adds the limits of a time.
func (f *finding) span(column string, p conversation.Span) {
	if !p.From.IsZero() {
		f.inner = append(f.inner, column+" >= "+f.arg(ms(p.From)))
	}
	if !p.To.IsZero() {
		f.inner = append(f.inner, column+" <= "+f.arg(ms(p.To)))
	}
}

// states are the conditions of the states of a query.
var states = map[conversation.State]string{
	conversation.Served: "status = 'open' AND held_at = 0",
	conversation.Ended:  "status = 'closed'",
	conversation.OnHold: "status = 'open' AND held_at > 0",
	conversation.Waits:  "status = 'queued'",
}

// orders are the columns of the orders of a query.
var orders = map[conversation.Order]string{
	"":                    "c.created_at",
	conversation.ByStart:  "c.created_at",
	conversation.ByEnd:    "c.closed_at",
	conversation.ByLast:   "c.last_at",
	conversation.ByName:   "v.name",
	conversation.ByUnread: "c.last_seq",
	conversation.ByPlace:  "c.queue_key",
	conversation.ByOpen:   "CASE WHEN c.status = 'closed' THEN 0 ELSE 1 END",
}

// Find implements conversation.Store.
func (s *Store) Find(ctx context.Context, q conversation.Query) (page []conversation.Conversation, total int, err error) {
	defer errs.Wrap(&err, "store.Find")
	f := &finding{}
	f.inner = append(f.inner, "tenant = "+f.arg(string(q.Tenant)))
	s.findInner(f, q)
	ok, err := s.findOuter(ctx, f, q)
	if err != nil || !ok {
		return []conversation.Conversation{}, 0, err
	}
	from := ` FROM (SELECT id FROM conversation WHERE ` + strings.Join(f.inner, " AND ") + ` ORDER BY created_at DESC, id DESC LIMIT ` +
		f.arg(conversation.MaxFound) + `) p JOIN conversation c ON c.id = p.id JOIN visitor v ON v.id = c.visitor`
	if len(f.outer) > 0 {
		from += ` WHERE ` + strings.Join(f.outer, " AND ")
	}
	if total, _, err = first(ctx, s.readers, scalar[int], `SELECT COUNT(*)`+from, f.args...); err != nil {
		return nil, 0, err
	}
	way := " DESC"
	if q.Rising {
		way = ""
	}
	from = strings.Replace(from, ` v ON v.id = c.visitor`, ` v ON v.id = c.visitor LEFT JOIN agent a ON a.id = c.agent AND a.tenant = c.tenant`, 1)
	page, err = all(ctx, s.readers, scanConversation, `SELECT `+conversationColumns+`, v.name, COALESCE(a.name, '')`+from+
		` ORDER BY `+orders[q.Order]+way+`, c.id`+way+` LIMIT `+f.arg(q.Limit)+` OFFSET `+f.arg(q.Offset), f.args...)
	return page, total, err
}

// findInner adds what is known of a conversation's own row.
func (s *Store) findInner(f *finding, q conversation.Query) {
	if len(q.Agents) == 1 {
		f.inner = append(f.inner, "agent = "+f.arg(string(q.Agents[0])))
	} else if len(q.Agents) > 1 {
		f.inner = append(f.inner, "agent IN "+s.dialect.list(f.arg(jsonList(q.Agents))))
	}
	switch {
	case len(q.Teams) > 0 && q.Wanting != "":
		f.inner = append(f.inner, "(team IN "+s.dialect.list(f.arg(jsonList(q.Teams)))+" OR requested_agent = "+f.arg(string(q.Wanting))+")")
	case len(q.Teams) == 1:
		f.inner = append(f.inner, "team = "+f.arg(string(q.Teams[0])))
	case len(q.Teams) > 1:
		f.inner = append(f.inner, "team IN "+s.dialect.list(f.arg(jsonList(q.Teams))))
	}
	if q.Visitor != "" {
		f.inner = append(f.inner, "visitor = "+f.arg(string(q.Visitor)))
	}
	if len(q.Visitors) > 0 {
		f.inner = append(f.inner, "visitor IN "+s.dialect.list(f.arg(jsonList(q.Visitors))))
	}
	if where := states[q.State]; where != "" {
		f.inner = append(f.inner, where)
	}
	if q.Channel != "" {
		f.inner = append(f.inner, "channel = "+f.arg(q.Channel))
	}
	if len(q.Channels) > 0 {
		f.inner = append(f.inner, "channel IN "+s.dialect.list(f.arg(jsonList(q.Channels))))
	}
	f.span("created_at", q.Started)
	f.span("closed_at", q.Closed)
}

// findOuter adds what is known of a conversation elsewhere; ok is false if
// nothing can fit.
func (s *Store) findOuter(ctx context.Context, f *finding, q conversation.Query) (ok bool, err error) {
	if q.Name != "" {
		escape := strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)
		f.outer = append(f.outer, `LOWER(v.name) LIKE `+f.arg("%"+escape.Replace(strings.ToLower(q.Name))+"%")+` ESCAPE '\'`)
	}
	if q.Said != "" {
		f.outer = append(f.outer, `EXISTS (SELECT 1 FROM message m WHERE m.conversation = c.id AND LOWER(m.text) LIKE `+f.arg("%"+literal.Replace(strings.ToLower(q.Said))+"%")+` ESCAPE '\')`)
	}
	if q.Assigned {
		f.outer = append(f.outer, `c.agent <> ''`)
	}
	if q.Exact != "" {
		f.outer = append(f.outer, "v.name = "+f.arg(q.Exact))
	}
	if len(q.Tags) > 0 {
		f.outer = append(f.outer, "EXISTS (SELECT 1 FROM tag_link k WHERE k.target = c.id AND k.tag IN "+s.dialect.list(f.arg(jsonList(q.Tags)))+")")
	}
	if len(q.Levels) > 0 {
		f.outer = append(f.outer, "EXISTS (SELECT 1 FROM conversation_detail d WHERE d.conversation = c.id AND d.level IN "+s.dialect.list(f.arg(jsonList(q.Levels)))+")")
	}
	for key, pattern := range q.Fields {
		fit, err := s.withField(ctx, q.Tenant, key, pattern)
		if err != nil || len(fit) == 0 {
			return false, err
		}
		f.outer = append(f.outer, "c.id IN "+s.dialect.list(f.arg(jsonList(fit))))
	}
	return true, nil
}

// withField returns the newest conversations whose value of a field fits.
func (s *Store) withField(ctx context.Context, t id.Tenant, key string, pattern *regexp.Regexp) (list []id.Conversation, err error) {
	type value struct {
		c    id.Conversation
		text string
	}
	values, err := all(ctx, s.readers, func(r row) (v value, err error) { return v, r.Scan(&v.c, &v.text) },
		`SELECT x.conversation, x.value FROM conversation_field x WHERE x.tenant = $1
		AND x.field = (SELECT f.id FROM field f WHERE f.tenant = $1 AND f.key = $2) ORDER BY x.conversation DESC LIMIT $3`, string(t), key, conversation.MaxFound)
	for _, v := range values {
		if pattern.MatchString(v.text) {
			list = append(list, v.c)
		}
	}
	return list, err
}

// maxChannels bounds the channels of a tenant.
const maxChannels = 50

// Channels implements conversation.Store. It looks at the newest conversations.
func (s *Store) Channels(ctx context.Context, t id.Tenant) (list []string, err error) {
	defer errs.Wrap(&err, "store.Channels")
	return all(ctx, s.readers, scalar[string], `SELECT DISTINCT p.channel FROM (SELECT channel FROM conversation WHERE tenant = $1
		ORDER BY created_at DESC, id DESC LIMIT $2) p ORDER BY p.channel LIMIT $3`, string(t), conversation.MaxFound, maxChannels)
}
