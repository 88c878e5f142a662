package store

import (
	"context"
	"math"
	"time"

	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/visitor"
)

// maxPages is how many page views of a visitor are kept.
const maxPages = 1000

// pageColumns is what scanPage reads.
const pageColumns = `id, visitor, url, title, at, until`

// scanPage reads a row of pageColumns.
func scanPage(r row) (p visitor.Page, err error) {
	var from, until int64
	err = r.Scan(&p.ID, &p.Visitor, &p.URL, &p.Title, &from, &until)
	p.At, p.Until = at(from), at(until)
	return p, err
}

// AddPage implements visitor.Store. A visitor of another tenant is NotFound.
func (s *Store) AddPage(ctx context.Context, tenant id.Tenant, p visitor.Page) (got visitor.Page, fresh bool, err error) {
	defer errs.Wrap(&err, "store.AddPage %s", p.Visitor)
	if p.ID == "" {
		p.ID = id.New()
	}
	if p.Until.IsZero() {
		p.Until = p.At
	}
	err = s.write(ctx, func(ctx context.Context, t *tx) (err error) {
		// The visitor's row is locked so that page numbers are given one by one.
		_, ok, err := first(ctx, t, scalar[string], `SELECT v.id FROM visitor v WHERE v.id = $1 AND v.tenant = $2`+
			s.dialect.lock("v"), string(p.Visitor), string(tenant))
		if err == nil && !ok {
			err = missing("visitor")
		}
		if err != nil {
			return err
		}
		got, fresh, err = addPage(ctx, t, p)
		return err
	})
	return got, fresh, err
}

// addPage prolongs the newest page of the visitor if it is the same one, else
// adds it under the next number and drops those that are too many.
func addPage(ctx context.Context, t *tx, p visitor.Page) (got visitor.Page, fresh bool, err error) {
	got, ok, err := change(ctx, t, scanPage, `UPDATE page SET title = $3,
		until = CASE WHEN $4 > until THEN CAST($4 AS BIGINT) ELSE until END
		WHERE visitor = $1 AND n = (SELECT MAX(o.n) FROM page o WHERE o.visitor = $1) AND url = $2
		RETURNING `+pageColumns, string(p.Visitor), p.URL, p.Title, ms(p.Until))
	if err != nil || ok {
		return got, false, err
	}
	n, _, err := change(ctx, t, scalar[int64], `INSERT INTO page (visitor, n, id, url, title, at, until)
		SELECT $1, COALESCE(MAX(n), 0) + 1, $2, $3, $4, CAST($5 AS BIGINT), CAST($6 AS BIGINT)
		FROM page WHERE visitor = $1 RETURNING n`,
		string(p.Visitor), p.ID, p.URL, p.Title, ms(p.At), ms(p.Until))
	if err == nil && n > maxPages {
		_, err = t.exec(ctx, `DELETE FROM page WHERE visitor = $1 AND n <= $2`, string(p.Visitor), n-maxPages)
	}
	return p, true, err
}

// ProlongPages implements visitor.Store.
func (s *Store) ProlongPages(ctx context.Context, tenant id.Tenant, list []id.Visitor, until time.Time) (err error) {
	defer errs.Wrap(&err, "store.ProlongPages")
	if len(list) == 0 {
		return nil
	}
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		_, err := t.exec(ctx, `UPDATE page SET until = CAST($3 AS BIGINT) WHERE until < CAST($3 AS BIGINT) AND (visitor, n) IN
			(SELECT v.id, (SELECT MAX(o.n) FROM page o WHERE o.visitor = v.id) FROM visitor v WHERE v.tenant = $1 AND v.id IN `+s.dialect.list("$2")+`)`,
			string(tenant), jsonList(list), ms(until))
		return err
	})
}

// Pages implements visitor.Store. The subquery finds nothing for a visitor of another tenant.
// Pages are numbered for each visitor, and the number is the order.
func (s *Store) Pages(ctx context.Context, t id.Tenant, v id.Visitor, before time.Time, limit int) (list []visitor.Page, err error) {
	defer errs.Wrap(&err, "store.Pages %s", v)
	until := ms(before)
	if until == 0 {
		until = math.MaxInt64
	}
	return all(ctx, s.readers, scanPage, `SELECT `+pageColumns+` FROM page
		WHERE visitor = (SELECT v.id FROM visitor v WHERE v.id = $1 AND v.tenant = $2)
		AND at < $3 ORDER BY n DESC LIMIT $4`,
		string(v), string(t), until, max(limit, 1))
}
