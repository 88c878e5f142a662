package store

import (
	"context"
	"time"

	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/online"
	"parlor/internal/visitor"
)

// maxArrivals bounds the arrivals that are kept of a visitor.
const maxArrivals = 200

// arrivalColumns is what scanArrival reads.
const arrivalColumns = `since, inbox, source, engine, keyword, campaign, referrer, country, province, city, os, browser, mobile`

func scanArrival(r row) (a visitor.Arrival, err error) {
	var since, mobile int64
	err = r.Scan(&since, &a.Inbox, &a.Source, &a.Engine, &a.Keyword, &a.Campaign, &a.Referrer, &a.Country, &a.Province, &a.City, &a.OS, &a.Browser, &mobile)
	a.Since, a.Mobile = at(since), mobile != 0
	return a, err
}

// addArrival keeps how a visit began, out of the row of the visitor who is
// online. Only a row that has just been made has the time of v; the others are
// left alone.
func addArrival(ctx context.Context, t *tx, v online.Visitor) error {
	n, err := t.exec(ctx, `INSERT INTO visit (tenant, visitor, `+arrivalColumns+`)
		SELECT o.tenant, o.visitor, o.since, o.inbox, o.source, o.engine, o.keyword, o.campaign, o.referrer, o.country, o.province, o.city,
			p.os, p.browser, p.mobile
		FROM online_visitor o JOIN visitor p ON p.id = o.visitor WHERE o.tenant = $1 AND o.visitor = $2 AND o.since = $3
		ON CONFLICT (tenant, visitor, since) DO NOTHING`, string(v.Tenant), string(v.Visitor), ms(v.Since))
	if err != nil || n == 0 {
		return err
	}
	_, err = t.exec(ctx, `DELETE FROM visit WHERE tenant = $1 AND visitor = $2 AND since < (SELECT MIN(k.since) FROM
		(SELECT o.since FROM visit o WHERE o.tenant = $1 AND o.visitor = $2 ORDER BY o.since DESC LIMIT $3) k)`,
		string(v.Tenant), string(v.Visitor), maxArrivals)
	return err
}

// Arrivals implements visitor.Store.
func (s *Store) Arrivals(ctx context.Context, t id.Tenant, v id.Visitor, from, to time.Time, limit int) (list []visitor.Arrival, err error) {
	defer errs.Wrap(&err, "store.Arrivals %s", v)
	return all(ctx, s.readers, scanArrival, `SELECT `+arrivalColumns+` FROM visit WHERE tenant = $1 AND visitor = $2
		AND since >= $3 AND since <= $4 ORDER BY since DESC LIMIT $5`, string(t), string(v), ms(from), ms(to), limit)
}
