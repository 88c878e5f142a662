package store

import (
	"context"
	"time"

	"parlor/internal/audit"
	"parlor/internal/contact"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/identity"
	"parlor/internal/visitor"
)

var _ identity.Store = (*Store)(nil)

// What agents have entered of a visitor, as bits of the column held.
const (
	heldName = 1 << iota
	heldEmail
	heldPhone
)

// heldBy are the bits for what somebody else than the visitor says.
func heldBy(d visitor.Details) (bits int) {
	if !d.Sure {
		return 0
	}
	for bit, said := range map[int]*string{heldName: d.Name, heldEmail: d.Email, heldPhone: d.Phone} {
		if said != nil {
			bits |= bit
		}
	}
	return bits
}

// Verify implements visitor.IdentityStore. The index of browser keys lets two claims
// of one person make one visitor.
func (s *Store) Verify(ctx context.Context, c visitor.Claim) (k visitor.Known, err error) {
	defer errs.Wrap(&err, "store.Verify")
	v := c.Seen
	err = s.write(ctx, func(ctx context.Context, t *tx) (err error) {
		if err := mustHave(ctx, t, "inbox", v.Tenant, string(v.Inbox)); err != nil {
			return err
		}
		fresh := false
		if k.Visitor, fresh, err = insertVisitor(ctx, t, v); err != nil {
			return err
		}
		if fresh {
			k.Identity, err = addIdentity(ctx, t, v.ID, visitor.Registration{Tenant: v.Tenant, Username: c.Subject, Team: c.Team, At: v.LastSeen})
		} else {
			k, err = s.seeVerified(ctx, t, c)
		}
		if err != nil {
			return err
		}
		return addPass(ctx, t, k.Visitor, c)
	})
	return k, err
}

// seeVerified moves a verified visitor that is known on.
func (s *Store) seeVerified(ctx context.Context, t *tx, c visitor.Claim) (k visitor.Known, err error) {
	v := c.Seen
	k.Visitor, _, err = change(ctx, t, scanVisitor, `UPDATE visitor SET
		name = CASE WHEN $4 <> '' AND held & 1 = 0 THEN $4 ELSE name END,
		email = CASE WHEN $5 <> '' AND held & 2 = 0 THEN $5 ELSE email END,
		phone = CASE WHEN $6 <> '' AND held & 4 = 0 THEN $6 ELSE phone END,
		visits = CASE WHEN $7 - last_seen > $8 THEN visits + 1 ELSE visits END,
		last_seen = CASE WHEN $7 > last_seen THEN CAST($7 AS BIGINT) ELSE last_seen END,
		ip = CASE WHEN $9 <> '' THEN $9 ELSE ip END, os = CASE WHEN $10 <> '' THEN $10 ELSE os END,
		browser = CASE WHEN $11 <> '' THEN $11 ELSE browser END, mobile = CASE WHEN $10 <> '' OR $11 <> '' THEN CAST($12 AS BIGINT) ELSE mobile END,
		locale = CASE WHEN $13 <> '' THEN $13 ELSE locale END
		WHERE tenant = $1 AND inbox = $2 AND browser_key = $3 AND browser_key <> '' RETURNING `+visitorColumns, string(v.Tenant), string(v.Inbox), v.BrowserKey,
		c.Name, c.Email, c.Phone, ms(v.LastSeen), visitPause.Milliseconds(), v.IP, v.OS, v.Browser, flag(v.Mobile), v.Locale)
	if err != nil {
		return k, err
	}
	var ok bool
	if c.Team == "" {
		k.Identity, ok, err = first(ctx, t, scanIdentity, `SELECT `+identityColumns+` FROM visitor_identity WHERE visitor = $1 AND tenant = $2`, string(k.Visitor.ID), string(v.Tenant))
	} else {
		k.Identity, ok, err = change(ctx, t, scanIdentity, `UPDATE visitor_identity SET team = $3, updated_at = $4 WHERE visitor = $1 AND tenant = $2 RETURNING `+identityColumns,
			string(k.Visitor.ID), string(v.Tenant), string(c.Team), ms(v.LastSeen))
	}
	if err != nil || !ok {
		return k, orMissing(err, "visitor")
	}
	return k, s.learn(ctx, t, v.Tenant, k.Visitor.ID, v.LastSeen, contact.Facts{Name: c.Name, Email: c.Email, Phone: c.Phone})
}

// addPass lets a token lead to a verified visitor until the claim ends.
func addPass(ctx context.Context, t *tx, v visitor.Visitor, c visitor.Claim) error {
	if c.PassHash == "" {
		return nil
	}
	if _, err := t.exec(ctx, `INSERT INTO visitor_pass (tenant, hash, visitor, until) VALUES ($1, $2, $3, $4)
		ON CONFLICT (tenant, hash) DO UPDATE SET visitor = excluded.visitor, until = excluded.until`, string(v.Tenant), c.PassHash, string(v.ID), ms(c.Until)); err != nil {
		return err
	}
	_, err := t.exec(ctx, `DELETE FROM visitor_pass WHERE visitor = $1 AND (until <= $2 OR hash IN
		(SELECT p.hash FROM visitor_pass p WHERE p.visitor = $1 ORDER BY p.until DESC, p.hash LIMIT 1000 OFFSET $3))`, string(v.ID), ms(c.Seen.LastSeen), visitor.MaxPasses)
	return err
}

// dropPass makes a token lead to nobody who is verified.
func dropPass(ctx context.Context, t *tx, tenant id.Tenant, token string) error {
	_, err := t.exec(ctx, `DELETE FROM visitor_pass WHERE tenant = $1 AND hash = $2`, string(tenant), visitor.PassHash(token))
	return err
}

// byPass finds the verified visitor to whom a token leads.
func (s *Store) byPass(ctx context.Context, t id.Tenant, token string, now time.Time) (k visitor.Known, ok bool, err error) {
	k, ok, err = first(ctx, s.readers, scanKnown, selectKnown+`JOIN visitor_pass p ON p.visitor = v.id AND p.tenant = v.tenant
		WHERE p.tenant = $1 AND p.hash = $2 AND p.until > $3`, string(t), visitor.PassHash(token), ms(now))
	k.Identity.Token = token
	return k, ok, err
}

const selectIdentityKey = `SELECT id, tenant, inbox, by_name, created_at FROM identity_key`

func scanIdentityKey(r row) (k identity.Key, err error) {
	var created int64
	err = r.Scan(&k.ID, &k.Tenant, &k.Inbox, &k.By, &created)
	k.CreatedAt = at(created)
	return k, err
}

// IdentityKeys implements identity.Store.
func (s *Store) IdentityKeys(ctx context.Context, t id.Tenant, in id.Inbox) (list []identity.Key, err error) {
	defer errs.Wrap(&err, "store.IdentityKeys %s", in)
	return all(ctx, s.readers, scanIdentityKey, selectIdentityKey+` WHERE tenant = $1 AND inbox = $2 ORDER BY id LIMIT $3`, string(t), string(in), identity.MaxKeys)
}

// AddIdentityKey implements identity.Store.
func (s *Store) AddIdentityKey(ctx context.Context, k identity.Key, by audit.By) (err error) {
	defer errs.Wrap(&err, "store.AddIdentityKey %s", k.Inbox)
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		if err := s.lockTenant(ctx, t, k.Tenant); err != nil {
			return err
		}
		if err := mustHave(ctx, t, "inbox", k.Tenant, string(k.Inbox)); err != nil {
			return err
		}
		n, _, err := first(ctx, t, scalar[int], `SELECT COUNT(*) FROM identity_key WHERE tenant = $1 AND inbox = $2`, string(k.Tenant), string(k.Inbox))
		if err == nil && n >= identity.MaxKeys {
			err = errs.New(errs.Conflict, "too_many_keys", "the inbox has %d identity keys", n)
		}
		if err != nil {
			return err
		}
		if _, err := t.exec(ctx, `INSERT INTO identity_key (id, tenant, inbox, by_name, created_at) VALUES ($1, $2, $3, $4, $5)`,
			k.ID, string(k.Tenant), string(k.Inbox), k.By, ms(k.CreatedAt)); err != nil {
			return err
		}
		return record(ctx, t, by, changed{tenant: k.Tenant, thing: "identity_key", id: k.ID, name: string(k.Inbox), after: k})
	})
}

// DeleteIdentityKey implements identity.Store.
func (s *Store) DeleteIdentityKey(ctx context.Context, t id.Tenant, in id.Inbox, key string, by audit.By) (err error) {
	defer errs.Wrap(&err, "store.DeleteIdentityKey %s", key)
	return s.write(ctx, func(ctx context.Context, x *tx) error {
		k, ok, err := change(ctx, x, scanIdentityKey, `DELETE FROM identity_key WHERE id = $1 AND tenant = $2 AND inbox = $3 RETURNING id, tenant, inbox, by_name, created_at`,
			key, string(t), string(in))
		if err != nil || !ok {
			return orMissing(err, "identity_key")
		}
		return record(ctx, x, by, changed{tenant: t, thing: "identity_key", id: key, name: string(in), before: k})
	})
}
