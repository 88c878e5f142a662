package store

import (
	"context"
	"encoding/json"

	"parlor/internal/audit"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/mailbox"
)

var _ mailbox.Store = (*Store)(nil)

// boxAccount is what the column account holds: the mailbox, and the passwords
// that its own JSON leaves out.
type boxAccount struct {
	mailbox.Box
	SMTPPassword string `json:"smtpPassword"`
	IMAPPassword string `json:"imapPassword"`
}

const selectBox = `SELECT id, tenant, email, account, look, created_at, updated_at FROM mailbox`

func scanBox(r row) (b mailbox.Box, err error) {
	var created, updated int64
	var key, email, text, look string
	var t id.Tenant
	if err = r.Scan(&key, &t, &email, &text, &look, &created, &updated); err != nil {
		return b, err
	}
	var a boxAccount
	err = json.Unmarshal([]byte(text), &a)
	b = a.Box
	if err == nil && look != "" {
		err = json.Unmarshal([]byte(look), &b.Look)
	}
	b.ID, b.Tenant, b.Email, b.CreatedAt, b.UpdatedAt = key, t, email, at(created), at(updated)
	b.SMTP.Password, b.IMAP.Password = a.SMTPPassword, a.IMAPPassword
	return b, err
}

// Boxes implements mailbox.Store.
func (s *Store) Boxes(ctx context.Context, t id.Tenant) (list []mailbox.Box, err error) {
	defer errs.Wrap(&err, "store.Boxes")
	return all(ctx, s.readers, scanBox, selectBox+` WHERE tenant = $1 ORDER BY created_at, id LIMIT $2`, string(t), mailbox.MaxBoxes)
}

// SaveBox implements mailbox.Store.
func (s *Store) SaveBox(ctx context.Context, b mailbox.Box, by audit.By) (err error) {
	defer errs.Wrap(&err, "store.SaveBox %s", b.ID)
	text, err := json.Marshal(boxAccount{b, b.SMTP.Password, b.IMAP.Password})
	if err != nil {
		return err
	}
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		if err := s.lockTenant(ctx, t, b.Tenant); err != nil {
			return err
		}
		list, err := all(ctx, t, scanBox, selectBox+` WHERE tenant = $1 ORDER BY created_at, id LIMIT $2`, string(b.Tenant), mailbox.MaxBoxes)
		if err != nil {
			return err
		}
		var before any
		for _, k := range list {
			switch {
			case k.ID == b.ID:
				before = k
			case k.Email == b.Email:
				return errs.New(errs.Conflict, "mailbox_exists", "there is a mailbox with this address")
			}
		}
		if before == nil && len(list) >= mailbox.MaxBoxes {
			return errs.New(errs.Conflict, "too_many_mailboxes", "there are %d mailboxes, more are not allowed", len(list))
		}
		if before == nil {
			_, err = t.exec(ctx, `INSERT INTO mailbox (id, tenant, email, account, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6)`,
				b.ID, string(b.Tenant), b.Email, string(text), ms(b.CreatedAt), ms(b.UpdatedAt))
		} else {
			_, err = t.exec(ctx, `UPDATE mailbox SET email = $3, account = $4, updated_at = $5 WHERE id = $1 AND tenant = $2`,
				b.ID, string(b.Tenant), b.Email, string(text), ms(b.UpdatedAt))
		}
		if err != nil {
			return err
		}
		return record(ctx, t, by, changed{tenant: b.Tenant, thing: "mailbox", id: b.ID, name: b.Name, before: before, after: b})
	})
}

// SaveLook implements mailbox.Store.
func (s *Store) SaveLook(ctx context.Context, t id.Tenant, box string, l mailbox.Look) (err error) {
	defer errs.Wrap(&err, "store.SaveLook %s", box)
	text, err := json.Marshal(l)
	if err != nil {
		return err
	}
	return s.write(ctx, func(ctx context.Context, x *tx) error {
		_, err := x.exec(ctx, `UPDATE mailbox SET look = $3 WHERE id = $1 AND tenant = $2`, box, string(t), string(text))
		return err
	})
}

// DeleteBox implements mailbox.Store.
func (s *Store) DeleteBox(ctx context.Context, t id.Tenant, box string, by audit.By) (err error) {
	defer errs.Wrap(&err, "store.DeleteBox %s", box)
	return s.write(ctx, func(ctx context.Context, x *tx) error {
		old, ok, err := change(ctx, x, scanBox, `DELETE FROM mailbox WHERE id = $1 AND tenant = $2
			RETURNING id, tenant, email, account, look, created_at, updated_at`, box, string(t))
		if err == nil && !ok {
			err = missing("mailbox")
		}
		if err != nil {
			return err
		}
		return record(ctx, x, by, changed{tenant: t, thing: "mailbox", id: box, name: old.Name, before: old})
	})
}
