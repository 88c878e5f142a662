package store

import (
	"context"
	"fmt"
	"time"

	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/invite"
	"parlor/internal/leave"
	"parlor/internal/online"
	"parlor/internal/survey"
)

var (
	_ online.Store = (*Store)(nil)
	_ invite.Store = (*Store)(nil)
	_ survey.Store = (*Store)(nil)
	_ leave.Store  = (*Store)(nil)
)

// onlineColumns is what scanOnline reads.
const onlineColumns = `o.tenant, o.visitor, o.inbox, v.name, v.visits, v.os, v.browser, v.mobile, v.locale, o.since, o.page_since, o.url, o.title,
	o.source, o.engine, o.keyword, o.campaign, o.referrer, o.country, o.province, o.city, o.state, o.invites, o.invited_at`

func scanOnline(r row) (v online.Visitor, err error) {
	var mobile, since, page, invited int64
	err = r.Scan(&v.Tenant, &v.Visitor, &v.Inbox, &v.Name, &v.Visits, &v.OS, &v.Browser, &mobile, &v.Locale, &since, &page, &v.URL, &v.Title,
		&v.Source, &v.Engine, &v.Keyword, &v.Campaign, &v.Referrer, &v.Region.Country, &v.Region.Province, &v.Region.City, &v.State, &v.Invites, &invited)
	v.Mobile, v.Since, v.PageSince, v.InvitedAt = mobile != 0, at(since), at(page), atOrNil(invited)
	return v, err
}

// PutOnline implements online.Store. Whether the visitor is served is read in the
// same statement, so that the row is right whatever event was lost.
func (s *Store) PutOnline(ctx context.Context, node string, v online.Visitor) (got online.Visitor, err error) {
	defer errs.Wrap(&err, "store.PutOnline %s", v.Visitor)
	err = s.write(ctx, func(ctx context.Context, t *tx) error {
		n, err := t.exec(ctx, `INSERT INTO online_visitor (tenant, visitor, inbox, node, since, page_since, url, title, source, engine, keyword,
				campaign, referrer, country, province, city, state, invites, invited_at)
			SELECT v.tenant, v.id, v.inbox, $3, CAST($4 AS BIGINT), CAST($5 AS BIGINT), $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,
				CASE WHEN EXISTS (SELECT 1 FROM conversation c WHERE c.tenant = v.tenant AND c.visitor = v.id AND c.status <> 'closed')
					THEN 'in_service' ELSE 'none' END, 0, 0
			FROM visitor v WHERE v.id = $2 AND v.tenant = $1
			ON CONFLICT (tenant, visitor) DO UPDATE SET node = excluded.node, url = excluded.url, title = excluded.title,
				page_since = CASE WHEN online_visitor.url = excluded.url THEN online_visitor.page_since ELSE excluded.page_since END,
				state = CASE WHEN excluded.state = 'in_service' THEN 'in_service' WHEN online_visitor.state = 'in_service' THEN 'none'
					ELSE online_visitor.state END`,
			string(v.Tenant), string(v.Visitor), node, ms(v.Since), ms(v.PageSince), v.URL, v.Title, string(v.Source), v.Engine, v.Keyword,
			v.Campaign, v.Referrer, v.Region.Country, v.Region.Province, v.Region.City)
		if err == nil && n == 0 {
			err = missing("visitor")
		}
		if err != nil {
			return err
		}
		if err := addArrival(ctx, t, v); err != nil {
			return err
		}
		got, _, err = first(ctx, t, scanOnline, `SELECT `+onlineColumns+` FROM online_visitor o JOIN visitor v ON v.id = o.visitor
			WHERE o.tenant = $1 AND o.visitor = $2`, string(v.Tenant), string(v.Visitor))
		return err
	})
	return got, err
}

// RefreshOnline implements online.Store. It writes only rows that were wrong.
func (s *Store) RefreshOnline(ctx context.Context, node string, t id.Tenant, list []id.Visitor) (rows []online.Visitor, err error) {
	defer errs.Wrap(&err, "store.RefreshOnline")
	const served = `EXISTS (SELECT 1 FROM conversation c WHERE c.tenant = online_visitor.tenant AND c.visitor = online_visitor.visitor AND c.status <> 'closed')`
	names := jsonList(list)
	err = s.write(ctx, func(ctx context.Context, w *tx) (err error) {
		if _, err = w.exec(ctx, `UPDATE online_visitor SET node = $2,
				state = CASE WHEN `+served+` THEN 'in_service' WHEN state = 'in_service' THEN 'none' ELSE state END
			WHERE tenant = $1 AND visitor IN `+s.dialect.list("$3")+` AND (node <> $2 OR (state = 'in_service') <> `+served+`)`,
			string(t), node, names); err != nil {
			return err
		}
		rows, err = all(ctx, w, scanOnline, `SELECT `+onlineColumns+` FROM online_visitor o JOIN visitor v ON v.id = o.visitor
			WHERE o.tenant = $1 AND o.visitor IN `+s.dialect.list("$2"), string(t), names)
		return err
	})
	return rows, err
}

// DropOnline implements online.Store.
func (s *Store) DropOnline(ctx context.Context, node string, list []online.Key) (err error) {
	defer errs.Wrap(&err, "store.DropOnline")
	by := map[id.Tenant][]id.Visitor{}
	for _, k := range list {
		by[k.Tenant] = append(by[k.Tenant], k.Visitor)
	}
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		for tenant, visitors := range by {
			if _, err := t.exec(ctx, `DELETE FROM online_visitor WHERE tenant = $1 AND node = $2 AND visitor IN `+s.dialect.list("$3"),
				string(tenant), node, jsonList(visitors)); err != nil {
				return err
			}
		}
		return nil
	})
}

// DropOnlineNode implements online.Store.
func (s *Store) DropOnlineNode(ctx context.Context, node string) (err error) {
	defer errs.Wrap(&err, "store.DropOnlineNode")
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		_, err := t.exec(ctx, `DELETE FROM online_visitor WHERE node = $1`, node)
		return err
	})
}

// Online implements online.Store.
func (s *Store) Online(ctx context.Context, t id.Tenant, f online.Filter, now time.Time) (page []online.Visitor, next string, err error) {
	defer errs.Wrap(&err, "store.Online")
	where, args := "", []any{ms(now)}
	if f.Inbox != "" {
		where, args = " AND o.inbox = $6", append(args, string(f.Inbox))
	}
	return keyset(ctx, s, scanOnline, func(v online.Visitor) cursor { return cursor{ms(v.Since), string(v.Visitor)} }, t, f.After, f.Limit,
		`SELECT `+onlineColumns+` FROM online_visitor o JOIN visitor v ON v.id = o.visitor JOIN node n ON n.id = o.node AND n.lease_until > $5
		WHERE o.tenant = $1`+where+` AND (o.since, o.visitor) < ($2, $3) ORDER BY o.since DESC, o.visitor DESC LIMIT $4`, args...)
}

// keyset reads a page of a list that is ordered by a number and an id, newest
// first. text takes $1 tenant, $2 and $3 the cursor, $4 the limit, and more.
func keyset[T any](ctx context.Context, s *Store, scan func(row) (T, error), key func(T) cursor, t id.Tenant, after string, limit int, text string, more ...any) (page []T, next string, err error) {
	from, err := parseCursor(after, cursorTop)
	if err != nil {
		return nil, "", err
	}
	limit = min(max(limit, 1), maxPage)
	page, err = all(ctx, s.readers, scan, text, append([]any{string(t), from.key, from.id, limit + 1}, more...)...)
	if err == nil && len(page) > limit {
		page = page[:limit]
		next = key(page[limit-1]).String()
	}
	return page, next, err
}

// OnlineVisitor implements online.Store.
func (s *Store) OnlineVisitor(ctx context.Context, t id.Tenant, v id.Visitor, now time.Time) (got online.Visitor, err error) {
	defer errs.Wrap(&err, "store.OnlineVisitor %s", v)
	got, ok, err := first(ctx, s.readers, scanOnline, `SELECT `+onlineColumns+` FROM online_visitor o JOIN visitor v ON v.id = o.visitor
		JOIN node n ON n.id = o.node AND n.lease_until > $3 WHERE o.tenant = $1 AND o.visitor = $2`, string(t), string(v), ms(now))
	if err == nil && !ok {
		err = notOnline()
	}
	return got, err
}

func notOnline() error {
	return errs.New(errs.NotFound, "visitor_not_online", "The visitor has left the page.")
}

// CountOnline implements online.Store.
func (s *Store) CountOnline(ctx context.Context, t id.Tenant, now time.Time) (counts map[id.Inbox]int, err error) {
	defer errs.Wrap(&err, "store.CountOnline")
	type count struct {
		inbox id.Inbox
		n     int
	}
	list, err := all(ctx, s.readers, func(r row) (c count, err error) { return c, r.Scan(&c.inbox, &c.n) },
		`SELECT o.inbox, COUNT(*) FROM online_visitor o JOIN node n ON n.id = o.node AND n.lease_until > $2 WHERE o.tenant = $1 GROUP BY o.inbox`,
		string(t), ms(now))
	counts = make(map[id.Inbox]int, len(list))
	for _, c := range list {
		counts[c.inbox] = c.n
	}
	return counts, err
}

// conditions are those of a list that are set, with placeholders behind the four of keyset.
type conditions struct {
	text string
	args []any
}

// since restricts to a time and later, if one is given.
func (c *conditions) since(column string, from time.Time) {
	if !from.IsZero() {
		c.args = append(c.args, ms(from))
		c.text += fmt.Sprintf(" AND %s >= $%d", column, 4+len(c.args))
	}
}

// until is the cursor behind which a list begins that leaves out what is at a
// time or later: the walk starts there instead of passing over the newer ones.
func until(after string, to time.Time) string {
	if after == "" && !to.IsZero() {
		return cursor{ms(to), ""}.String()
	}
	return after
}

func (c *conditions) add(column string, value string) {
	if value != "" {
		c.args = append(c.args, value)
		c.text += fmt.Sprintf(" AND %s = $%d", column, 4+len(c.args))
	}
}
