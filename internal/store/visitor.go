package store

import (
	"context"
	"time"

	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/visitor"
)

// visitorColumns is what scanVisitor reads and CreateVisitor writes.
const visitorColumns = `id, tenant, inbox, name, email, phone, memo, external, browser_key, locale, ip, os, browser,
	mobile, referrer, visits, first_seen, last_seen, verified`

// visitorRow is where a row of visitorColumns goes.
type visitorRow struct {
	visitor.Visitor
	mobile, firstSeen, lastSeen, verified int64
}

func (v *visitorRow) into() []any {
	return []any{&v.ID, &v.Tenant, &v.Inbox, &v.Name, &v.Email, &v.Phone, &v.Memo, &v.External, &v.BrowserKey,
		&v.Locale, &v.IP, &v.OS, &v.Browser, &v.mobile, &v.Referrer, &v.Visits, &v.firstSeen, &v.lastSeen, &v.verified}
}

func (v *visitorRow) visitor() visitor.Visitor {
	v.Mobile, v.FirstSeen, v.LastSeen, v.Verified = v.mobile != 0, at(v.firstSeen), at(v.lastSeen), v.verified != 0
	return v.Visitor
}

// scanVisitor reads a row of visitorColumns.
func scanVisitor(r row) (visitor.Visitor, error) {
	var v visitorRow
	err := r.Scan(v.into()...)
	return v.visitor(), err
}

// CreateVisitor implements visitor.Store. An inbox of another tenant is NotFound.
func (s *Store) CreateVisitor(ctx context.Context, v visitor.Visitor) (got visitor.Visitor, created bool, err error) {
	defer errs.Wrap(&err, "store.CreateVisitor %s", v.Inbox)
	if v.ID == "" {
		v.ID = id.Visitor(id.New())
	}
	err = s.write(ctx, func(ctx context.Context, t *tx) (err error) {
		if err := mustHave(ctx, t, "inbox", v.Tenant, string(v.Inbox)); err != nil {
			return err
		}
		got, created, err = insertVisitor(ctx, t, v)
		if err != nil || created {
			return err
		}
		// Only a known browser keeps the row out: that visitor is the answer.
		var ok bool
		got, ok, err = first(ctx, t, scanVisitor, `SELECT `+visitorColumns+` FROM visitor WHERE tenant = $1
			AND inbox = $2 AND browser_key = $3 AND browser_key <> ''`, string(v.Tenant), string(v.Inbox), v.BrowserKey)
		if err == nil && !ok {
			return errAgain
		}
		return err
	})
	return got, created, err
}

// insertVisitor adds v unless its browser is known in the inbox already.
func insertVisitor(ctx context.Context, t *tx, v visitor.Visitor) (got visitor.Visitor, created bool, err error) {
	return change(ctx, t, scanVisitor, `INSERT INTO visitor (`+visitorColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
		ON CONFLICT (tenant, inbox, browser_key) WHERE browser_key <> '' DO NOTHING RETURNING `+visitorColumns, visitorValues(v)...)
}

// visitorValues are the values of visitorColumns.
func visitorValues(v visitor.Visitor) []any {
	return []any{string(v.ID), string(v.Tenant), string(v.Inbox), v.Name, v.Email, v.Phone, v.Memo, v.External, v.BrowserKey, v.Locale, v.IP, v.OS,
		v.Browser, flag(v.Mobile), v.Referrer, v.Visits, ms(v.FirstSeen), ms(v.LastSeen), flag(v.Verified)}
}

// VisitorByKey implements visitor.Store.
func (s *Store) VisitorByKey(ctx context.Context, t id.Tenant, in id.Inbox, key string) (v visitor.Visitor, ok bool, err error) {
	defer errs.Wrap(&err, "store.VisitorByKey")
	return first(ctx, s.readers, scanVisitor, `SELECT `+visitorColumns+` FROM visitor WHERE tenant = $1 AND inbox = $2 AND browser_key = $3 AND browser_key <> ''`,
		string(t), string(in), key)
}

// Visitor implements visitor.Store. A visitor of another tenant is not found.
func (s *Store) Visitor(ctx context.Context, t id.Tenant, v id.Visitor) (got visitor.Visitor, err error) {
	defer errs.Wrap(&err, "store.Visitor %s", v)
	got, ok, err := first(ctx, s.readers, scanVisitor,
		`SELECT `+visitorColumns+` FROM visitor WHERE id = $1 AND tenant = $2`, string(v), string(t))
	if err == nil && !ok {
		err = missing("visitor")
	}
	return got, err
}

// Visitors implements visitor.Store. Unknown ids are left out silently.
func (s *Store) Visitors(ctx context.Context, t id.Tenant, wanted []id.Visitor) (list []visitor.Visitor, err error) {
	defer errs.Wrap(&err, "store.Visitors")
	return all(ctx, s.readers, scanVisitor, `SELECT `+visitorColumns+` FROM visitor WHERE id IN `+
		s.dialect.list("$2")+` AND tenant = $1`, string(t), jsonList(wanted))
}

// UpdateVisitor implements visitor.Store. A NULL parameter keeps the column.
func (s *Store) UpdateVisitor(ctx context.Context, t id.Tenant, v id.Visitor, d visitor.Details) (got visitor.Visitor, err error) {
	defer errs.Wrap(&err, "store.UpdateVisitor %s", v)
	err = s.write(ctx, func(ctx context.Context, x *tx) (err error) {
		var ok bool
		got, ok, err = change(ctx, x, scanVisitor, `UPDATE visitor SET name = COALESCE($3, name), email = COALESCE($4, email),
			phone = COALESCE($5, phone), memo = COALESCE($6, memo), held = held | CAST($7 AS BIGINT) WHERE id = $1 AND tenant = $2 RETURNING `+visitorColumns,
			string(v), string(t), orNull(d.Name), orNull(d.Email), orNull(d.Phone), orNull(d.Memo), heldBy(d))
		if err != nil || !ok {
			return orMissing(err, "visitor")
		}
		return s.learn(ctx, x, t, v, time.Now(), factsOf(d))
	})
	return got, err
}

// orNull is the argument for a text that may be missing.
func orNull[T ~string](s *T) any {
	if s == nil {
		return nil
	}
	return string(*s)
}

// visitPause is how long a visitor must be away for the next sight to be a new visit.
const visitPause = 30 * time.Minute

// TouchVisitor implements visitor.Store. Mobile is taken over when OS or Browser is given.
func (s *Store) TouchVisitor(ctx context.Context, seen visitor.Visitor) (got visitor.Visitor, err error) {
	defer errs.Wrap(&err, "store.TouchVisitor %s", seen.ID)
	return s.changeVisitor(ctx, `UPDATE visitor SET
		visits = CASE WHEN $3 - last_seen > $9 THEN visits + 1 ELSE visits END,
		last_seen = CASE WHEN $3 > last_seen THEN CAST($3 AS BIGINT) ELSE last_seen END,
		ip = CASE WHEN $4 <> '' THEN $4 ELSE ip END,
		os = CASE WHEN $5 <> '' THEN $5 ELSE os END,
		browser = CASE WHEN $6 <> '' THEN $6 ELSE browser END,
		mobile = CASE WHEN $5 <> '' OR $6 <> '' THEN CAST($7 AS BIGINT) ELSE mobile END,
		locale = CASE WHEN $8 <> '' THEN $8 ELSE locale END
		WHERE id = $1 AND tenant = $2 RETURNING `+visitorColumns, string(seen.ID), string(seen.Tenant),
		ms(seen.LastSeen), seen.IP, seen.OS, seen.Browser, flag(seen.Mobile), seen.Locale, visitPause.Milliseconds())
}

// SeeVisitors implements visitor.Store.
func (s *Store) SeeVisitors(ctx context.Context, t id.Tenant, list []id.Visitor, when time.Time) (err error) {
	defer errs.Wrap(&err, "store.SeeVisitors")
	return s.write(ctx, func(ctx context.Context, x *tx) error {
		_, err := x.exec(ctx, `UPDATE visitor SET last_seen = $2 WHERE id IN `+s.dialect.list("$3")+` AND tenant = $1 AND last_seen < $2`,
			string(t), ms(when), jsonList(list))
		return err
	})
}

// changeVisitor runs an UPDATE … RETURNING of one visitor, which is a read and a
// write in one step: two tabs of a browser do not undo each other's changes.
func (s *Store) changeVisitor(ctx context.Context, text string, args ...any) (got visitor.Visitor, err error) {
	err = s.write(ctx, func(ctx context.Context, t *tx) (err error) {
		var ok bool
		got, ok, err = change(ctx, t, scanVisitor, text, args...)
		if err == nil && !ok {
			err = missing("visitor")
		}
		return err
	})
	return got, err
}
