package store

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"parlor/internal/audit"
	"parlor/internal/contact"
	"parlor/internal/errs"
	"parlor/internal/id"
)

const contactColumns = `id, tenant, name, emails, phones, manager, unknown, fields, conflicts, external, created_at, updated_at, last_conversation, last_at`

// scanContact reads a row of contactColumns.
func scanContact(r row) (c contact.Contact, err error) {
	var emails, phones, fields, conflicts string
	var unknown, created, updated, last int64
	var chat contact.Last
	if err = r.Scan(&c.ID, &c.Tenant, &c.Name, &emails, &phones, &c.Manager, &unknown, &fields, &conflicts, &c.External, &created, &updated,
		&chat.Conversation, &last); err != nil {
		return c, err
	}
	c.Unknown, c.CreatedAt, c.UpdatedAt, c.Channels = unknown != 0, at(created), at(updated), []contact.Channel{}
	if last > 0 {
		chat.At = at(last)
		c.LastChat = &chat
	}
	for _, part := range []struct {
		text string
		to   any
	}{{emails, &c.Emails}, {phones, &c.Phones}, {fields, &c.Fields}, {conflicts, &c.Conflicts}} {
		if err = json.Unmarshal([]byte(part.text), part.to); err != nil {
			return c, err
		}
	}
	return c, nil
}

// contactRow is what of a contact its row keeps beside ids and times.
func contactRow(c contact.Contact) ([]any, error) {
	if c.Fields == nil {
		c.Fields = map[string]string{}
	}
	if c.Conflicts == nil {
		c.Conflicts = []contact.Conflict{}
	}
	fields, err := json.Marshal(c.Fields)
	if err != nil {
		return nil, err
	}
	conflicts, err := json.Marshal(c.Conflicts)
	return []any{c.Name, strings.ToLower(c.Name), jsonList(c.Emails), jsonList(c.Phones), string(c.Manager), flag(c.Unknown), string(fields), string(conflicts)}, err
}

const selectChannel = `SELECT k.visitor, k.source, k.verified, k.blocked, k.created_at, k.last_conversation, k.last_at, k.contact FROM contact_channel k`

// ofContact is a channel with its contact.
type ofContact struct {
	contact.Channel
	contact id.Contact
}

// scanChannel reads a row of selectChannel.
func scanChannel(r row) (c ofContact, err error) {
	var verified, blocked, created, last int64
	var chat contact.Last
	err = r.Scan(&c.Visitor, &c.Source, &verified, &blocked, &created, &chat.Conversation, &last, &c.contact)
	c.Verified, c.Blocked, c.CreatedAt = verified != 0, blocked != 0, at(created)
	if last > 0 {
		chat.At = at(last)
		c.LastChat = &chat
	}
	return c, err
}

// withChannels adds the channels of contacts.
func (s *Store) withChannels(ctx context.Context, q runner, t id.Tenant, list []contact.Contact) error {
	ids := make([]id.Contact, len(list))
	for i, c := range list {
		ids[i] = c.ID
	}
	channels, err := all(ctx, q, scanChannel, selectChannel+` WHERE k.contact IN `+s.dialect.list("$2")+` AND k.tenant = $1
		ORDER BY k.created_at, k.visitor, k.source LIMIT $3`, string(t), jsonList(ids), contact.MaxChannels*max(len(list), 1))
	for _, ch := range channels {
		i := slices.Index(ids, ch.contact)
		list[i].Channels = append(list[i].Channels, ch.Channel)
	}
	return err
}

// contactOf reads a contact with its channels; lock is a clause for its row.
func (s *Store) contactOf(ctx context.Context, q runner, t id.Tenant, c id.Contact, lock string) (contact.Contact, error) {
	got, ok, err := first(ctx, q, scanContact, `SELECT `+contactColumns+` FROM contact WHERE id = $1 AND tenant = $2`+lock, string(c), string(t))
	if err != nil || !ok {
		return got, orMissing(err, "contact")
	}
	list := []contact.Contact{got}
	err = s.withChannels(ctx, q, t, list)
	return list[0], err
}

// AddContact implements contact.Store.
func (s *Store) AddContact(ctx context.Context, c contact.Contact) (err error) {
	defer errs.Wrap(&err, "store.AddContact")
	return s.write(ctx, func(ctx context.Context, x *tx) error {
		if c.External != "" {
			_, known, err := first(ctx, x, scalar[string], `SELECT id FROM contact WHERE tenant = $1 AND external = $2 AND external <> ''`, string(c.Tenant), c.External)
			if err == nil && known {
				err = errs.New(errs.Conflict, "contact_exists", "there is a contact with this id of another system")
			}
			if err != nil {
				return err
			}
		}
		return addContact(ctx, x, c)
	})
}

// addContact adds the rows of a contact.
func addContact(ctx context.Context, x *tx, c contact.Contact) error {
	values, err := contactRow(c)
	if err != nil {
		return err
	}
	chat, last := chatOf(c.LastChat)
	if _, err := x.exec(ctx, `INSERT INTO contact (id, tenant, name, name_key, emails, phones, manager, unknown, fields, conflicts, external, created_at, updated_at,
		last_conversation, last_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
		append(append([]any{string(c.ID), string(c.Tenant)}, values...), c.External, ms(c.CreatedAt), ms(c.UpdatedAt), chat, last)...); err != nil {
		return err
	}
	return addPoints(ctx, x, c)
}

// addPoints adds the addresses by which a contact is found.
func addPoints(ctx context.Context, x *tx, c contact.Contact) error {
	var rows [][]any
	for kind, list := range map[string][]string{"email": c.Emails, "phone": c.Phones} {
		for _, value := range list {
			rows = append(rows, []any{string(c.ID), kind, value, string(c.Tenant)})
		}
	}
	return insertRows(ctx, x, `INSERT INTO contact_point (contact, kind, value, tenant)`, `ON CONFLICT DO NOTHING`, rows)
}

// saveContact replaces what is said of a contact.
func saveContact(ctx context.Context, x *tx, c contact.Contact) error {
	values, err := contactRow(c)
	if err != nil {
		return err
	}
	if _, err := x.exec(ctx, `UPDATE contact SET name = $3, name_key = $4, emails = $5, phones = $6, manager = $7, unknown = $8, fields = $9, conflicts = $10,
		updated_at = $11 WHERE id = $1 AND tenant = $2`, append(append([]any{string(c.ID), string(c.Tenant)}, values...), ms(c.UpdatedAt))...); err != nil {
		return err
	}
	if _, err := x.exec(ctx, `DELETE FROM contact_point WHERE contact = $1`, string(c.ID)); err != nil {
		return err
	}
	return addPoints(ctx, x, c)
}

// Contact implements contact.Store.
func (s *Store) Contact(ctx context.Context, t id.Tenant, c id.Contact) (got contact.Contact, err error) {
	defer errs.Wrap(&err, "store.Contact %s", c)
	return s.contactOf(ctx, s.readers, t, c, "")
}

// Contacts implements contact.Store.
func (s *Store) Contacts(ctx context.Context, t id.Tenant, q contact.Query) (page []contact.Contact, total int, err error) {
	defer errs.Wrap(&err, "store.Contacts")
	f := &finding{}
	where := []string{"tenant = " + f.arg(string(t))}
	if q.Unknown != nil {
		where = append(where, "unknown = "+f.arg(flag(*q.Unknown)))
	}
	if q.Manager != "" {
		where = append(where, "manager <> '' AND manager = "+f.arg(string(q.Manager)))
	}
	for kind, value := range map[string]string{"email": q.Email, "phone": q.Phone} {
		if value != "" {
			where = append(where, "id IN (SELECT p.contact FROM contact_point p WHERE p.tenant = $1 AND p.kind = '"+kind+"' AND p.value = "+f.arg(value)+")")
		}
	}
	from := ` FROM contact`
	if q.Text != "" {
		part, whole, most := f.arg("%"+literal.Replace(strings.ToLower(q.Text))+"%"), f.arg(strings.ToLower(q.Text)), f.arg(contact.MaxFound)
		from += ` JOIN (SELECT n.id AS found FROM (SELECT id, name_key, emails, phones FROM contact WHERE tenant = $1 ORDER BY last_at DESC, id DESC LIMIT ` + most + `) n
			WHERE n.name_key LIKE ` + part + ` ESCAPE '\' OR LOWER(n.emails) LIKE ` + part + ` ESCAPE '\' OR LOWER(n.phones) LIKE ` + part + ` ESCAPE '\'
			UNION SELECT p.contact FROM contact_point p WHERE p.tenant = $1 AND p.kind IN ('email', 'phone') AND p.value = ` + whole + `) f ON contact.id = f.found`
	}
	from += ` WHERE ` + strings.Join(where, " AND ")
	if total, _, err = first(ctx, s.readers, scalar[int], `SELECT COUNT(*)`+from, f.args...); err != nil {
		return nil, 0, err
	}
	order := "name_key, id"
	if q.Newest {
		order = "last_at DESC, id DESC"
	}
	page, err = all(ctx, s.readers, scanContact, `SELECT `+contactColumns+from+` ORDER BY `+order+` LIMIT `+f.arg(q.Limit)+` OFFSET `+f.arg(q.Offset), f.args...)
	if err != nil || len(page) == 0 {
		return page, total, err
	}
	return page, total, s.withChannels(ctx, s.readers, t, page)
}

// ContactsOf implements contact.Store.
func (s *Store) ContactsOf(ctx context.Context, t id.Tenant, list []id.Visitor) (out map[id.Visitor]id.Contact, err error) {
	defer errs.Wrap(&err, "store.ContactsOf")
	rows, err := all(ctx, s.readers, func(r row) (p [2]string, err error) { return p, r.Scan(&p[0], &p[1]) },
		`SELECT DISTINCT k.visitor, k.contact FROM contact_channel k WHERE k.tenant = $1 AND k.visitor IN `+s.dialect.list("$2"), string(t), jsonList(list))
	out = make(map[id.Visitor]id.Contact, len(rows))
	for _, p := range rows {
		out[id.Visitor(p[0])] = id.Contact(p[1])
	}
	return out, err
}

// EditContact implements contact.Store.
func (s *Store) EditContact(ctx context.Context, t id.Tenant, c id.Contact, when time.Time, edit func(*contact.Contact) error) (got contact.Contact, err error) {
	defer errs.Wrap(&err, "store.EditContact %s", c)
	err = s.write(ctx, func(ctx context.Context, x *tx) (err error) {
		if got, err = s.contactOf(ctx, x, t, c, s.dialect.lock("contact")); err != nil {
			return err
		}
		if err := edit(&got); err != nil {
			return err
		}
		got.UpdatedAt = when
		return saveContact(ctx, x, got)
	})
	return got, err
}

// BlockChannel implements contact.Store.
func (s *Store) BlockChannel(ctx context.Context, t id.Tenant, v id.Visitor, source string, blocked bool, by audit.By) (got contact.Contact, err error) {
	defer errs.Wrap(&err, "store.BlockChannel %s", v)
	return s.markChannel(ctx, t, v, source, "blocked", blocked, by)
}

// VerifyChannel implements contact.Store.
func (s *Store) VerifyChannel(ctx context.Context, t id.Tenant, v id.Visitor, source string, verified bool, by audit.By) (got contact.Contact, err error) {
	defer errs.Wrap(&err, "store.VerifyChannel %s", v)
	return s.markChannel(ctx, t, v, source, "verified", verified, by)
}

// markChannel sets one of the marks of a channel.
func (s *Store) markChannel(ctx context.Context, t id.Tenant, v id.Visitor, source, mark string, on bool, by audit.By) (got contact.Contact, err error) {
	err = s.write(ctx, func(ctx context.Context, x *tx) error {
		c, ok, err := change(ctx, x, scalar[id.Contact], `UPDATE contact_channel SET `+mark+` = $4 WHERE tenant = $1 AND visitor = $2 AND source = $3 RETURNING contact`,
			string(t), string(v), source, flag(on))
		if err != nil || !ok {
			return orMissing(err, "contact")
		}
		if got, err = s.contactOf(ctx, x, t, c, ""); err != nil {
			return err
		}
		return record(ctx, x, by, changed{tenant: t, thing: "contact", id: string(c), name: got.Name,
			before: map[string]any{"channel": v, "source": source, mark: !on}, after: map[string]any{"channel": v, "source": source, mark: on}})
	})
	return got, err
}

// LinkContact implements contact.Store.
func (s *Store) LinkContact(ctx context.Context, t id.Tenant, c id.Contact, ch contact.Channel) (err error) {
	defer errs.Wrap(&err, "store.LinkContact %s", c)
	return s.write(ctx, func(ctx context.Context, x *tx) error {
		if err := mustHave(ctx, x, "contact", t, string(c)); err != nil {
			return err
		}
		if err := mustHave(ctx, x, "visitor", t, string(ch.Visitor)); err != nil {
			return err
		}
		// A visitor is one person: all its channels move.
		if _, err := x.exec(ctx, `UPDATE contact_channel SET contact = $3 WHERE tenant = $1 AND visitor = $2`, string(t), string(ch.Visitor), string(c)); err != nil {
			return err
		}
		chat, last := chatOf(ch.LastChat)
		_, err := x.exec(ctx, insertChannel+` ON CONFLICT (tenant, visitor, source) DO UPDATE SET contact = excluded.contact, verified = excluded.verified,
			blocked = excluded.blocked`, string(t), string(ch.Visitor), ch.Source, string(c), flag(ch.Verified), flag(ch.Blocked), ms(ch.CreatedAt), chat, last)
		return err
	})
}

const insertChannel = `INSERT INTO contact_channel (tenant, visitor, source, contact, verified, blocked, created_at, last_conversation, last_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`

func chatOf(c *contact.Last) (string, int64) {
	if c == nil {
		return "", 0
	}
	return string(c.Conversation), ms(c.At)
}

// RemoveContact implements contact.Store.
func (s *Store) RemoveContact(ctx context.Context, t id.Tenant, c id.Contact, by audit.By) (err error) {
	defer errs.Wrap(&err, "store.RemoveContact %s", c)
	return s.write(ctx, func(ctx context.Context, x *tx) error {
		before, err := s.contactOf(ctx, x, t, c, s.dialect.lock("contact"))
		if err != nil {
			return err
		}
		for _, text := range []string{`DELETE FROM contact_channel WHERE contact = $1`, `DELETE FROM contact_point WHERE contact = $1`, `DELETE FROM contact WHERE id = $1`} {
			if _, err := x.exec(ctx, text, string(c)); err != nil {
				return err
			}
		}
		return record(ctx, x, by, changed{tenant: t, thing: "contact", id: string(c), name: before.Name, before: before})
	})
}
