package store

import (
	"context"
	"time"

	"parlor/internal/contact"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/visitor"
)

var errBlocked = errs.New(errs.Forbidden, "channel_blocked", "You cannot write to us at the moment.")

// reach gives the visitor of a new conversation a channel of a contact: its own,
// or that of the contact which was entered with its address and has none yet, or
// that of a new unknown one. A blocked channel begins no conversation.
func (s *Store) reach(ctx context.Context, t *tx, c conversation.Conversation) error {
	channels, err := all(ctx, t, scanChannel, selectChannel+` WHERE k.tenant = $1 AND k.visitor = $2 ORDER BY k.created_at LIMIT $3`,
		string(c.Tenant), string(c.Visitor), contact.MaxChannels)
	if err != nil {
		return err
	}
	for _, ch := range channels {
		if ch.Source != c.Channel {
			continue
		}
		if ch.Blocked {
			return errBlocked
		}
		if _, err := t.exec(ctx, `UPDATE contact_channel SET last_conversation = $4, last_at = $5 WHERE tenant = $1 AND visitor = $2 AND source = $3`,
			string(c.Tenant), string(c.Visitor), c.Channel, string(c.ID), ms(c.CreatedAt)); err != nil {
			return err
		}
		return chatted(ctx, t, ch.contact, c)
	}
	var owner id.Contact
	fresh := false
	if len(channels) > 0 {
		owner = channels[0].contact
	} else if owner, fresh, err = s.recognise(ctx, t, c); err != nil {
		return err
	}
	if _, err := t.exec(ctx, insertChannel, string(c.Tenant), string(c.Visitor), c.Channel, string(owner), 0, 0, ms(c.CreatedAt), string(c.ID), ms(c.CreatedAt)); err != nil || fresh {
		return err
	}
	return chatted(ctx, t, owner, c)
}

// ReachVisitor implements contact.Store.
func (s *Store) ReachVisitor(ctx context.Context, t id.Tenant, v id.Visitor, source string, when time.Time) (got contact.Contact, err error) {
	defer errs.Wrap(&err, "store.ReachVisitor %s", v)
	err = s.write(ctx, func(ctx context.Context, x *tx) error {
		// Two who ask at once get one contact.
		if err := s.lockTenant(ctx, x, t); err != nil {
			return err
		}
		owner, ok, err := first(ctx, x, scalar[id.Contact], `SELECT k.contact FROM contact_channel k WHERE k.tenant = $1 AND k.visitor = $2 LIMIT 1`, string(t), string(v))
		if err != nil {
			return err
		}
		if !ok {
			if owner, _, err = s.recognise(ctx, x, conversation.Conversation{Tenant: t, Visitor: v, CreatedAt: when}); err != nil {
				return err
			}
			if _, err := x.exec(ctx, insertChannel, string(t), string(v), source, string(owner), 0, 0, ms(when), "", 0); err != nil {
				return err
			}
		}
		got, err = s.contactOf(ctx, x, t, owner, "")
		return err
	})
	return got, err
}

// chatted notes the newest conversation of a contact.
func chatted(ctx context.Context, t *tx, owner id.Contact, c conversation.Conversation) error {
	_, err := t.exec(ctx, `UPDATE contact SET last_conversation = $3, last_at = $4 WHERE id = $1 AND tenant = $2`,
		string(owner), string(c.Tenant), string(c.ID), ms(c.CreatedAt))
	return err
}

// recognise finds or makes the contact of a visitor that has none; fresh is true
// for one that was made, with the conversation as its last. A visitor who is
// recognised by its address gets the name under which it was entered.
func (s *Store) recognise(ctx context.Context, t *tx, c conversation.Conversation) (owner id.Contact, fresh bool, err error) {
	v, ok, err := first(ctx, t, scanVisitor, `SELECT `+visitorColumns+` FROM visitor WHERE id = $1 AND tenant = $2`, string(c.Visitor), string(c.Tenant))
	if err != nil || !ok {
		return "", false, orMissing(err, "visitor")
	}
	facts := contact.Facts{Name: v.Name, Email: v.Email, Phone: v.Phone}
	for _, p := range [][2]string{{"email", v.Email}, {"phone", v.Phone}} {
		if p[1] == "" {
			continue
		}
		owner, ok, err := first(ctx, t, scalar[id.Contact], `SELECT p.contact FROM contact_point p WHERE p.tenant = $1 AND p.kind = $2 AND p.value = $3
			AND NOT EXISTS (SELECT 1 FROM contact_channel k WHERE k.contact = p.contact) ORDER BY p.contact LIMIT 1`, string(c.Tenant), p[0], p[1])
		if err != nil {
			return "", false, err
		}
		if ok {
			facts.Name = ""
			return owner, false, s.welcome(ctx, t, c, owner, facts)
		}
	}
	got := contact.Contact{ID: id.Contact(id.New()), Tenant: c.Tenant, Unknown: true, CreatedAt: c.CreatedAt, UpdatedAt: c.CreatedAt}
	if facts.Fields, err = valuesByKey(ctx, t, c.Tenant, c.Visitor); err != nil {
		return "", false, err
	}
	got.Learn(facts)
	if c.ID != "" {
		got.LastChat = &contact.Last{Conversation: c.ID, At: c.CreatedAt}
	}
	return got.ID, true, addContact(ctx, t, got)
}

// welcome lets a contact learn what its first visitor said, and names the visitor.
func (s *Store) welcome(ctx context.Context, t *tx, c conversation.Conversation, owner id.Contact, facts contact.Facts) error {
	got, err := s.contactOf(ctx, t, c.Tenant, owner, s.dialect.lock("contact"))
	if err != nil {
		return err
	}
	if got.Learn(facts) {
		got.UpdatedAt = c.CreatedAt
		if err := saveContact(ctx, t, got); err != nil {
			return err
		}
	}
	_, err = t.exec(ctx, `UPDATE visitor SET name = $3, held = held | 1 WHERE id = $1 AND tenant = $2`, string(c.Visitor), string(c.Tenant), got.Name)
	return err
}

// valuesByKey are the values of a visitor's fields.
func valuesByKey(ctx context.Context, q runner, t id.Tenant, v id.Visitor) (map[string]string, error) {
	rows, err := all(ctx, q, func(r row) (p [2]string, err error) { return p, r.Scan(&p[0], &p[1]) },
		`SELECT f.key, x.value FROM visitor_field x JOIN field f ON f.id = x.field WHERE x.visitor = $1 AND x.tenant = $2`, string(v), string(t))
	values := make(map[string]string, len(rows))
	for _, p := range rows {
		values[p[0]] = p[1]
	}
	return values, err
}

// learn lets the contact of a visitor, if it has one, take over what was said.
func (s *Store) learn(ctx context.Context, t *tx, tenant id.Tenant, v id.Visitor, when time.Time, facts contact.Facts) error {
	_, err := s.learnt(ctx, t, tenant, v, when, facts)
	return err
}

// learnt is learn and reports whether there was anything new.
func (s *Store) learnt(ctx context.Context, t *tx, tenant id.Tenant, v id.Visitor, when time.Time, facts contact.Facts) (bool, error) {
	owner, ok, err := first(ctx, t, scalar[id.Contact], `SELECT k.contact FROM contact_channel k WHERE k.tenant = $1 AND k.visitor = $2 LIMIT 1`, string(tenant), string(v))
	if err != nil || !ok {
		return false, err
	}
	got, err := s.contactOf(ctx, t, tenant, owner, s.dialect.lock("contact"))
	if errs.CodeOf(err) == errs.NotFound {
		return false, nil
	}
	if err != nil || !got.Learn(facts) {
		return false, err
	}
	got.UpdatedAt = when
	return true, saveContact(ctx, t, got)
}

// LearnFields implements contact.Store and field.Store.
func (s *Store) LearnFields(ctx context.Context, t id.Tenant, v id.Visitor, values map[string]string, sure bool) (learnt bool, err error) {
	defer errs.Wrap(&err, "store.LearnFields %s", v)
	err = s.write(ctx, func(ctx context.Context, x *tx) (err error) {
		learnt, err = s.learnt(ctx, x, t, v, time.Now(), contact.Facts{Fields: values, Sure: sure})
		return err
	})
	return learnt, err
}

// factsOf are what a change says of a visitor.
func factsOf(d visitor.Details) (f contact.Facts) {
	for _, p := range []struct {
		from *string
		to   *string
	}{{d.Name, &f.Name}, {d.Email, &f.Email}, {d.Phone, &f.Phone}} {
		if p.from != nil {
			*p.to = *p.from
		}
	}
	f.Sure = d.Sure
	return f
}
