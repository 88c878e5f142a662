package store

import (
	"context"
	"encoding/json"
	"time"

	"parlor/internal/contact"
	"parlor/internal/errs"
	"parlor/internal/field"
	"parlor/internal/id"
)

// Fields implements field.Store.
func (s *Store) Fields(ctx context.Context, t id.Tenant) (list []field.VisitorField, err error) {
	defer errs.Wrap(&err, "store.Fields")
	return all(ctx, s.readers, scanField, selectField+` WHERE tenant = $1 AND scope = 'visitor' ORDER BY sort, id LIMIT $2`, string(t), field.MaxFields)
}

const selectField = `SELECT id, tenant, key, name, kind, options, required, masked, sort, created_at, scope, hidden, pattern, searchable, public, preset, visibility, choices, asks FROM field`

// scanField reads a row of selectField.
func scanField(r row) (f field.VisitorField, err error) {
	var options string
	var required, masked, created, hidden, searchable, public, asks int64
	x := &f.Custom
	if err = r.Scan(&f.ID, &f.Tenant, &f.Key, &f.Name, &f.Kind, &options, &required, &masked, &f.Sort, &created, &x.Scope, &hidden, &x.Pattern,
		&searchable, &public, &x.Preset, &x.Visibility, &x.Choices, &asks); err != nil {
		return f, err
	}
	f.Required, f.Masked, f.CreatedAt = required != 0, masked != 0, at(created)
	x.Hidden, x.Searchable, x.Public, x.Select = hidden != 0, searchable != 0, public != 0, asks != 0
	return f, json.Unmarshal([]byte(options), &f.Options)
}

// AllFields implements field.Store.
func (s *Store) AllFields(ctx context.Context, t id.Tenant) (list []field.VisitorField, err error) {
	defer errs.Wrap(&err, "store.AllFields")
	return all(ctx, s.readers, scanField, selectField+` WHERE tenant = $1 ORDER BY sort, id LIMIT $2`, string(t), 2*field.MaxFields)
}

// ValuesOf implements field.Store.
func (s *Store) ValuesOf(ctx context.Context, t id.Tenant, list []id.Visitor) (out map[id.Visitor]map[string]string, err error) {
	defer errs.Wrap(&err, "store.ValuesOf")
	rows, err := all(ctx, s.readers, func(r row) (p [3]string, err error) { return p, r.Scan(&p[0], &p[1], &p[2]) },
		`SELECT x.visitor, f.key, x.value FROM visitor_field x JOIN field f ON f.id = x.field WHERE x.visitor IN `+s.dialect.list("$2")+` AND x.tenant = $1`,
		string(t), jsonList(list))
	out = map[id.Visitor]map[string]string{}
	for _, p := range rows {
		if out[id.Visitor(p[0])] == nil {
			out[id.Visitor(p[0])] = map[string]string{}
		}
		out[id.Visitor(p[0])][p[1]] = p[2]
	}
	return out, err
}

// SetRoomValues implements field.Store.
func (s *Store) SetRoomValues(ctx context.Context, t id.Tenant, c id.Conversation, values map[string]string, when time.Time) (err error) {
	defer errs.Wrap(&err, "store.SetRoomValues %s", c)
	return s.write(ctx, func(ctx context.Context, x *tx) error {
		if err := mustHave(ctx, x, "conversation", t, string(c)); err != nil {
			return err
		}
		for f, value := range values {
			if err := mustHave(ctx, x, "field", t, f); err != nil {
				return err
			}
			if _, err := x.exec(ctx, `DELETE FROM conversation_field WHERE conversation = $1 AND field = $2`, string(c), f); err != nil {
				return err
			}
			if value == "" {
				continue
			}
			if _, err := x.exec(ctx, `INSERT INTO conversation_field (conversation, field, tenant, value) VALUES ($1, $2, $3, $4)`, string(c), f, string(t), value); err != nil {
				return err
			}
		}
		return s.noteEdited(ctx, x, t, c, when)
	})
}

// SaveField implements field.Store.
func (s *Store) SaveField(ctx context.Context, f field.VisitorField, fresh bool, most int) (err error) {
	defer errs.Wrap(&err, "store.SaveField %s", f.Key)
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		if err := s.lockTenant(ctx, t, f.Tenant); err != nil {
			return err
		}
		if !fresh {
			n, err := t.exec(ctx, `UPDATE field SET name = $3, options = $4, required = $5, masked = $6, sort = $7,
				scope = $8, hidden = $9, pattern = $10, searchable = $11, public = $12, preset = $13,
				visibility = $14, choices = $15, asks = $16, kind = $17 WHERE id = $1 AND tenant = $2`,
				f.ID, string(f.Tenant), f.Name, jsonList(f.Options), flag(f.Required), flag(f.Masked), f.Sort,
				f.Custom.In(), flag(f.Custom.Hidden), f.Custom.Pattern, flag(f.Custom.Searchable), flag(f.Custom.Public), f.Custom.Preset,
				f.Custom.Visibility, f.Custom.Choices, flag(f.Custom.Select), string(f.Kind))
			if err == nil && n == 0 {
				err = missing("field")
			}
			return err
		}
		n, _, err := first(ctx, t, scalar[int], `SELECT COUNT(*) FROM field WHERE tenant = $1`, string(f.Tenant))
		if err == nil && n >= most {
			err = errs.New(errs.Conflict, "too_many_fields", "there are %d fields, more are not allowed", n)
		}
		if err != nil {
			return err
		}
		_, err = t.exec(ctx, `INSERT INTO field (id, tenant, key, name, kind, options, required, masked, sort, created_at,
			scope, hidden, pattern, searchable, public, preset, visibility, choices, asks)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)`, f.ID, string(f.Tenant), f.Key, f.Name, string(f.Kind), jsonList(f.Options),
			flag(f.Required), flag(f.Masked), f.Sort, ms(f.CreatedAt), f.Custom.In(), flag(f.Custom.Hidden), f.Custom.Pattern, flag(f.Custom.Searchable), flag(f.Custom.Public), f.Custom.Preset,
			f.Custom.Visibility, f.Custom.Choices, flag(f.Custom.Select))
		return err
	})
}

// RemoveField implements field.Store.
func (s *Store) RemoveField(ctx context.Context, t id.Tenant, f string) (err error) {
	defer errs.Wrap(&err, "store.RemoveField %s", f)
	return s.write(ctx, func(ctx context.Context, x *tx) error {
		n, err := x.exec(ctx, `DELETE FROM field WHERE id = $1 AND tenant = $2`, f, string(t))
		if err == nil && n == 0 {
			err = missing("field")
		}
		if err != nil {
			return err
		}
		if _, err = x.exec(ctx, `DELETE FROM conversation_field WHERE tenant = $1 AND field = $2`, string(t), f); err != nil {
			return err
		}
		_, err = x.exec(ctx, `DELETE FROM visitor_field WHERE tenant = $1 AND field = $2`, string(t), f)
		return err
	})
}

// FieldValues implements field.Store.
func (s *Store) FieldValues(ctx context.Context, t id.Tenant, v id.Visitor) (values map[string]string, err error) {
	defer errs.Wrap(&err, "store.FieldValues %s", v)
	_, ok, err := first(ctx, s.readers, scalar[int64], `SELECT 1 FROM visitor WHERE id = $1 AND tenant = $2`, string(v), string(t))
	if err == nil && !ok {
		err = missing("visitor")
	}
	if err != nil {
		return nil, err
	}
	rows, err := all(ctx, s.readers, func(r row) (p [2]string, err error) { return p, r.Scan(&p[0], &p[1]) },
		`SELECT field, value FROM visitor_field WHERE visitor = $1 AND tenant = $2`, string(v), string(t))
	values = make(map[string]string, len(rows))
	for _, p := range rows {
		values[p[0]] = p[1]
	}
	return values, err
}

// SetFieldValues implements field.Store.
func (s *Store) SetFieldValues(ctx context.Context, t id.Tenant, v id.Visitor, values map[string]string) (err error) {
	defer errs.Wrap(&err, "store.SetFieldValues %s", v)
	var rows [][]any
	var gone, names []string
	for f, value := range values {
		names = append(names, f)
		if value == "" {
			gone = append(gone, f)
			continue
		}
		rows = append(rows, []any{string(v), f, string(t), value})
	}
	return s.write(ctx, func(ctx context.Context, x *tx) error {
		if err := mustHave(ctx, x, "visitor", t, string(v)); err != nil {
			return err
		}
		keys, err := all(ctx, x, func(r row) (p [2]string, err error) { return p, r.Scan(&p[0], &p[1]) },
			`SELECT id, key FROM field WHERE id IN `+s.dialect.list("$1")+` AND tenant = $2`, jsonList(names), string(t))
		if err == nil && len(keys) != len(names) {
			err = missing("field")
		}
		if err != nil {
			return err
		}
		said := make(map[string]string, len(keys))
		for _, k := range keys {
			said[k[1]] = values[k[0]]
		}
		if err := s.learn(ctx, x, t, v, time.Now(), contact.Facts{Fields: said, Sure: true}); err != nil {
			return err
		}
		if _, err := x.exec(ctx, `DELETE FROM visitor_field WHERE visitor = $1 AND field IN `+s.dialect.list("$2"), string(v), jsonList(gone)); err != nil {
			return err
		}
		return insertRows(ctx, x, `INSERT INTO visitor_field (visitor, field, tenant, value)`,
			`ON CONFLICT (visitor, field) DO UPDATE SET value = excluded.value`, rows)
	})
}
