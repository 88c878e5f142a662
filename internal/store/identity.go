package store

import (
	"context"
	"strconv"
	"strings"
	"time"

	"parlor/internal/contact"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/visitor"
)

var _ visitor.IdentityStore = (*Store)(nil)

const identityColumns = `visitor, tenant, token, username, team, status, host, user_agent, created_at, updated_at`

// identityRow is where a row of identityColumns goes.
type identityRow struct {
	visitor.Identity
	created, updated int64
}

func (i *identityRow) into() []any {
	return []any{&i.Visitor, &i.Tenant, &i.Token, &i.Username, &i.Team, &i.Status, &i.Host, &i.UserAgent, &i.created, &i.updated}
}

func (i *identityRow) identity() visitor.Identity {
	i.CreatedAt, i.UpdatedAt = at(i.created), at(i.updated)
	return i.Identity
}

// scanIdentity reads a row of identityColumns.
func scanIdentity(r row) (visitor.Identity, error) {
	var i identityRow
	err := r.Scan(i.into()...)
	return i.identity(), err
}

// selectKnown reads visitors with their identities, for scanKnown.
var selectKnown = `SELECT ` + of("i", identityColumns) + `, ` + of("v", visitorColumns) + `
	FROM visitor_identity i JOIN visitor v ON v.id = i.visitor AND v.tenant = i.tenant `

func scanKnown(r row) (visitor.Known, error) {
	var i identityRow
	var v visitorRow
	err := r.Scan(append(i.into(), v.into()...)...)
	return visitor.Known{Visitor: v.visitor(), Identity: i.identity()}, err
}

// of puts the name of a table before each column of a list.
func of(table, columns string) string {
	list := strings.Split(columns, ",")
	for i, c := range list {
		list[i] = table + "." + strings.TrimSpace(c)
	}
	return strings.Join(list, ", ")
}

// ByToken implements visitor.IdentityStore.
func (s *Store) ByToken(ctx context.Context, t id.Tenant, token string, now time.Time) (k visitor.Known, err error) {
	defer errs.Wrap(&err, "store.ByToken")
	if k, ok, err := s.byPass(ctx, t, token, now); err != nil || ok {
		return k, err
	}
	k, ok, err := first(ctx, s.readers, scanKnown, selectKnown+`WHERE i.tenant = $1 AND i.token = $2 AND i.token <> ''`, string(t), token)
	if err == nil && !ok {
		err = missing("visitor")
	}
	return k, err
}

// Identity implements visitor.IdentityStore.
func (s *Store) Identity(ctx context.Context, t id.Tenant, v id.Visitor) (i visitor.Identity, err error) {
	defer errs.Wrap(&err, "store.Identity %s", v)
	i, _, err = first(ctx, s.readers, scanIdentity, `SELECT `+identityColumns+` FROM visitor_identity WHERE visitor = $1 AND tenant = $2`, string(v), string(t))
	return i, err
}

// Identities implements visitor.IdentityStore.
func (s *Store) Identities(ctx context.Context, t id.Tenant, wanted []id.Visitor) (list []visitor.Identity, err error) {
	defer errs.Wrap(&err, "store.Identities")
	return all(ctx, s.readers, scanIdentity, `SELECT `+identityColumns+` FROM visitor_identity WHERE visitor IN `+
		s.dialect.list("$2")+` AND tenant = $1`, string(t), jsonList(wanted))
}

// SetStatus implements visitor.IdentityStore.
func (s *Store) SetStatus(ctx context.Context, t id.Tenant, v id.Visitor, status string, when time.Time) (err error) {
	defer errs.Wrap(&err, "store.SetStatus %s", v)
	return s.write(ctx, func(ctx context.Context, x *tx) error {
		n, err := x.exec(ctx, `UPDATE visitor_identity SET status = $3, updated_at = $4 WHERE visitor = $1 AND tenant = $2`, string(v), string(t), status, ms(when))
		if err == nil && n == 0 {
			err = missing("visitor")
		}
		return err
	})
}

// Register implements visitor.IdentityStore. Registrations of a tenant wait for
// one another, so that two with one token make one visitor.
func (s *Store) Register(ctx context.Context, r visitor.Registration) (k visitor.Known, created bool, err error) {
	defer errs.Wrap(&err, "store.Register")
	err = s.write(ctx, func(ctx context.Context, t *tx) (err error) {
		created = false
		if err := mustHave(ctx, t, "inbox", r.Tenant, string(r.Inbox)); err != nil {
			return err
		}
		if err := s.lockTenant(ctx, t, r.Tenant); err != nil {
			return err
		}
		if err := dropPass(ctx, t, r.Tenant, r.Token); err != nil {
			return err
		}
		k.Identity, err = findRegistered(ctx, t, r)
		if errs.CodeOf(err) == errs.NotFound {
			created = true
			k, err = s.addRegistered(ctx, t, r)
			return err
		}
		if err != nil {
			return err
		}
		if k, err = changeRegistered(ctx, t, r, k.Identity); err != nil {
			return err
		}
		return s.learn(ctx, t, r.Tenant, k.Visitor.ID, r.At, contact.Facts{Name: r.Name, Email: r.Email, Phone: r.Phone})
	})
	return k, created, err
}

// findRegistered finds the identity that a registration means.
func findRegistered(ctx context.Context, t *tx, r visitor.Registration) (visitor.Identity, error) {
	i, ok, err := first(ctx, t, scanIdentity, `SELECT `+identityColumns+` FROM visitor_identity
		WHERE tenant = $1 AND token = $2 AND token <> ''`, string(r.Tenant), r.Token)
	if err != nil || ok {
		return i, err
	}
	if r.ByPhone && r.Phone != "" {
		if i, ok, err = latestBy(ctx, t, r, "phone", r.Phone); err != nil || ok {
			return i, err
		}
	}
	if r.ByEmail && r.Email != "" {
		if i, ok, err = latestBy(ctx, t, r, "email", r.Email); err != nil || ok {
			i.Token = r.Token
			return i, err
		}
	}
	return i, missing("visitor")
}

// latestBy finds the identity of the visitor of the inbox seen last with a phone
// or e-mail; never one whom the company has signed.
func latestBy(ctx context.Context, t *tx, r visitor.Registration, column, value string) (visitor.Identity, bool, error) {
	return first(ctx, t, scanIdentity, `SELECT `+of("i", identityColumns)+`
		FROM visitor v JOIN visitor_identity i ON i.visitor = v.id
		WHERE v.tenant = $1 AND v.`+column+` = $2 AND v.`+column+` <> '' AND v.inbox = $3 AND v.verified = 0 ORDER BY v.last_seen DESC LIMIT 1`,
		string(r.Tenant), value, string(r.Inbox))
}

// addRegistered adds a visitor with its identity.
func (s *Store) addRegistered(ctx context.Context, t *tx, r visitor.Registration) (k visitor.Known, err error) {
	if r.Username == "" {
		n, err := count(ctx, t, r.Tenant, "guest")
		if err != nil {
			return k, err
		}
		r.Username = "guest-" + strconv.FormatInt(n, 10)
	}
	v := r.Seen
	v.ID, v.Tenant, v.Inbox, v.Name, v.Email, v.Phone, v.Visits, v.External = r.ID, r.Tenant, r.Inbox, r.Name, r.Email, r.Phone, 1, r.Username
	if v.ID == "" {
		v.ID = id.Visitor(id.New())
	}
	if v.Name == "" {
		v.Name = r.Username
	}
	v.BrowserKey, v.Verified = "", false
	k.Visitor, _, err = insertVisitor(ctx, t, v)
	if err != nil {
		return k, err
	}
	k.Identity, err = addIdentity(ctx, t, v.ID, r)
	return k, err
}

// addIdentity adds the identity of a registration to a visitor.
func addIdentity(ctx context.Context, t *tx, v id.Visitor, r visitor.Registration) (i visitor.Identity, err error) {
	i, _, err = change(ctx, t, scanIdentity, `INSERT INTO visitor_identity (`+identityColumns+`)
		VALUES ($1, $2, $3, $4, $5, 'online', $6, $7, $8, $8) RETURNING `+identityColumns, string(v), string(r.Tenant), r.Token, r.Username,
		string(r.Team), r.Host, r.UserAgent, ms(r.At))
	return i, err
}

// changeRegistered changes what a registration says of a visitor that is known.
// One without a name of its own keeps its username as name.
func changeRegistered(ctx context.Context, t *tx, r visitor.Registration, i visitor.Identity) (k visitor.Known, err error) {
	k.Visitor, _, err = change(ctx, t, scanVisitor, `UPDATE visitor SET name = CASE WHEN $3 <> '' THEN $3 ELSE name END,
		email = CASE WHEN $4 <> '' THEN $4 ELSE email END, phone = CASE WHEN $5 <> '' THEN $5 ELSE phone END,
		last_seen = CASE WHEN $6 > last_seen THEN CAST($6 AS BIGINT) ELSE last_seen END
		WHERE id = $1 AND tenant = $2 RETURNING `+visitorColumns, string(i.Visitor), string(r.Tenant), r.Name, r.Email, r.Phone, ms(r.At))
	if err != nil {
		return k, err
	}
	k.Identity, _, err = change(ctx, t, scanIdentity, `UPDATE visitor_identity SET token = $3, status = 'online',
		team = CASE WHEN $4 <> '' THEN $4 ELSE team END, updated_at = $5 WHERE visitor = $1 AND tenant = $2 RETURNING `+identityColumns,
		string(i.Visitor), string(r.Tenant), i.Token, string(r.Team), ms(r.At))
	return k, err
}

// count moves a counter of a tenant and returns it, 1 for the first.
func count(ctx context.Context, t *tx, tenant id.Tenant, name string) (int64, error) {
	n, _, err := change(ctx, t, scalar[int64], `INSERT INTO counter (tenant, name, n) VALUES ($1, $2, 1)
		ON CONFLICT (tenant, name) DO UPDATE SET n = counter.n + 1 RETURNING n`, string(tenant), name)
	return n, err
}
