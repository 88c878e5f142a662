package store

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"time"

	"parlor/internal/audit"
	"parlor/internal/contact"
	"parlor/internal/errs"
	"parlor/internal/export"
	"parlor/internal/id"
	"parlor/internal/job"
)

var (
	_ export.Store = (*Store)(nil)
	_ export.Lists = (*Store)(nil)
)

const exportColumns = `id, tenant, kind, format, filter, lang, zone, by_kind, by_id, by_name, state, reason, row_count, size, place, clean, turn, tries, downloads,
	created_at, started_at, ended_at, until`

// scanExport reads a row of exportColumns.
func scanExport(r row) (x export.Export, err error) {
	var filter string
	var clean, created, started, ended, until int64
	if err = r.Scan(&x.ID, &x.Tenant, &x.Kind, &x.Format, &filter, &x.Lang, &x.Zone, &x.ByKind, &x.ByID, &x.ByName, &x.State, &x.Reason, &x.Rows, &x.Size,
		&x.Place, &clean, &x.Turn, &x.Tries, &x.Downloads, &created, &started, &ended, &until); err != nil {
		return x, err
	}
	x.Clean, x.CreatedAt, x.StartedAt, x.EndedAt, x.Until = clean != 0, at(created), atOrNil(started), atOrNil(ended), at(until)
	x.Name = export.FileName(x)
	return x, json.Unmarshal([]byte(filter), &x.Filter)
}

// AddExport implements export.Store.
func (s *Store) AddExport(ctx context.Context, x export.Export, most int, jobs []job.Job, by audit.By) (err error) {
	defer errs.Wrap(&err, "store.AddExport")
	filter, err := json.Marshal(x.Filter)
	if err != nil {
		return err
	}
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		if err := s.lockTenant(ctx, t, x.Tenant); err != nil {
			return err
		}
		n, _, err := first(ctx, t, scalar[int], `SELECT COUNT(*) FROM export WHERE tenant = $1 AND by_kind = $2 AND by_id = $3 AND state IN ('waiting', 'running')`,
			string(x.Tenant), string(x.ByKind), x.ByID)
		if err != nil {
			return err
		}
		if n >= most {
			return errs.New(errs.Conflict, "too_many_exports", "%d exports are not finished yet. Wait for one, or delete it.", n)
		}
		if _, err = t.exec(ctx, `INSERT INTO export (`+exportColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, '', 0, 0, '', 1, 0, 0, 0, $12, 0, 0, $13)`,
			x.ID, string(x.Tenant), string(x.Kind), string(x.Format), string(filter), x.Lang, x.Zone, string(x.ByKind), x.ByID, x.ByName, string(x.State),
			ms(x.CreatedAt), ms(x.Until)); err != nil {
			return err
		}
		text, args := insertJobs(jobs)
		if _, err = t.exec(ctx, text, args...); err != nil {
			return err
		}
		return record(ctx, t, by, changed{tenant: x.Tenant, thing: "export", id: x.ID, name: x.Name, after: x})
	})
}

// Export implements export.Store.
func (s *Store) Export(ctx context.Context, t id.Tenant, x string) (got export.Export, err error) {
	defer errs.Wrap(&err, "store.Export %s", x)
	got, ok, err := first(ctx, s.readers, scanExport, `SELECT `+exportColumns+` FROM export WHERE id = $1 AND tenant = $2`, x, string(t))
	if err == nil && !ok {
		err = missing("export")
	}
	return got, err
}

// Exports implements export.Store.
func (s *Store) Exports(ctx context.Context, t id.Tenant, q export.Query) (page []export.Export, next string, err error) {
	defer errs.Wrap(&err, "store.Exports")
	var c conditions
	c.add("by_kind", string(q.ByKind))
	c.add("by_id", q.ByID)
	return keyset(ctx, s, scanExport, func(x export.Export) cursor { return cursor{ms(x.CreatedAt), x.ID} }, t, q.After, q.Limit,
		`SELECT `+exportColumns+` FROM export WHERE tenant = $1`+c.text+` AND (created_at, id) < ($2, $3) ORDER BY created_at DESC, id DESC LIMIT $4`, c.args...)
}

// TakeExport implements export.Store. One statement decides: it takes the next number, and what
// was not kept counts for nothing.
func (s *Store) TakeExport(ctx context.Context, t id.Tenant, x string, when time.Time) (got export.Export, ok bool, err error) {
	defer errs.Wrap(&err, "store.TakeExport %s", x)
	err = s.write(ctx, func(ctx context.Context, w *tx) (err error) {
		got, ok, err = change(ctx, w, scanExport, `UPDATE export SET turn = turn + 1, tries = tries + 1 - clean, clean = 0, state = 'running',
			started_at = CASE WHEN started_at = 0 THEN CAST($3 AS BIGINT) ELSE started_at END, row_count = row_count * clean, size = size * clean,
			place = CASE WHEN clean = 1 THEN place ELSE '' END WHERE id = $1 AND tenant = $2 AND state IN ('waiting', 'running') RETURNING `+exportColumns,
			x, string(t), ms(when))
		if err != nil || ok {
			return err
		}
		_, known, err := first(ctx, w, scalar[string], `SELECT id FROM export WHERE id = $1 AND tenant = $2`, x, string(t))
		if err == nil && !known {
			err = missing("export")
		}
		return err
	})
	return got, ok, err
}

// KeepExport implements export.Store.
func (s *Store) KeepExport(ctx context.Context, x export.Export) (err error) {
	defer errs.Wrap(&err, "store.KeepExport %s", x.ID)
	var ended int64
	if x.EndedAt != nil {
		ended = ms(*x.EndedAt)
	}
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		n, err := t.exec(ctx, `UPDATE export SET state = $4, reason = $5, row_count = $6, size = $7, place = $8, clean = $9, ended_at = $10
			WHERE id = $1 AND tenant = $2 AND turn = $3 AND state IN ('waiting', 'running')`, x.ID, string(x.Tenant), x.Turn, string(x.State), x.Reason, x.Rows,
			x.Size, x.Place, flag(x.Clean), ended)
		if err == nil && n == 0 {
			err = errs.New(errs.Conflict, "export_moved", "the export is gone or in other hands")
		}
		return err
	})
}

// CountDownload implements export.Store.
func (s *Store) CountDownload(ctx context.Context, t id.Tenant, x string, by audit.By) (err error) {
	defer errs.Wrap(&err, "store.CountDownload %s", x)
	return s.write(ctx, func(ctx context.Context, w *tx) error {
		got, ok, err := change(ctx, w, scanExport, `UPDATE export SET downloads = downloads + 1 WHERE id = $1 AND tenant = $2 RETURNING `+exportColumns, x, string(t))
		if err == nil && !ok {
			err = missing("export")
		}
		if err != nil {
			return err
		}
		return note(ctx, w, by, "read", changed{tenant: t, thing: "export", id: x, name: got.Name}, "", "")
	})
}

// DropExport implements export.Store.
func (s *Store) DropExport(ctx context.Context, t id.Tenant, x string, by audit.By) (got export.Export, err error) {
	defer errs.Wrap(&err, "store.DropExport %s", x)
	err = s.write(ctx, func(ctx context.Context, w *tx) error {
		var ok bool
		got, ok, err = change(ctx, w, scanExport, `DELETE FROM export WHERE id = $1 AND tenant = $2 RETURNING `+exportColumns, x, string(t))
		if err == nil && !ok {
			err = missing("export")
		}
		if err != nil {
			return err
		}
		return record(ctx, w, by, changed{tenant: t, thing: "export", id: x, name: got.Name, before: got})
	})
	return got, err
}

// scanPast reads a conversation with what an export needs beside, and the number it is ordered by.
func scanPast(r row) (keyed[export.PastConversation], error) {
	var v conversationRow
	var p export.PastConversation
	var key int64
	err := r.Scan(append(v.dest(), &v.c.VisitorName, &v.c.AgentName, &p.Email, &p.Phone, &p.Level, &p.Score, &p.Comment, &key)...)
	p.Conversation = v.value()
	return keyed[export.PastConversation]{p, key}, err
}

// PastConversations implements export.Lists. As in List, each part of the scope is a walk along an
// index of its own, cut to the page; it begins at the first start that is asked for.
func (s *Store) PastConversations(ctx context.Context, p export.Past) (page []export.PastConversation, next string, err error) {
	defer errs.Wrap(&err, "store.PastConversations")
	limit := min(max(p.Limit, 1), maxPage)
	from, err := parseCursor(p.After, cursor{ms(p.From), ""})
	if err != nil {
		return nil, "", err
	}
	l := newListing(p.Tenant, "created_at", false, from, limit+1)
	where := "created_at < " + l.arg(ms(p.To))
	sc := p.Scope
	switch {
	case p.Agent != "":
		where += " AND agent = " + l.arg(string(p.Agent))
		if p.Team != "" {
			where += " AND team = " + l.arg(string(p.Team))
		}
		l.walk(where + s.inScope(l, sc))
	case p.Team != "":
		l.walk(where + " AND team = " + l.arg(string(p.Team)) + s.inScope(l, sc))
	default:
		l.scoped(sc, where, true)
	}
	rows, err := all(ctx, s.readers, scanPast, l.text(conversationColumns+", v.name, COALESCE(a.name, ''), v.email, v.phone, COALESCE(y.level, ''), COALESCE(y.score, 0), COALESCE(y.comment, '')",
		`JOIN visitor v ON v.id = c.visitor LEFT JOIN agent a ON a.id = c.agent AND a.tenant = c.tenant LEFT JOIN survey y ON y.conversation = c.id AND y.level <> ''`), l.args...)
	if err != nil {
		return nil, "", err
	}
	page, next = cut(rows, limit, func(c export.PastConversation) string { return string(c.ID) })
	return page, next, nil
}

// byName is a place in the list of contacts.
type byName struct{ Key, ID string }

// PastContacts implements export.Lists. Who gets another name meanwhile may be passed over or come twice.
func (s *Store) PastContacts(ctx context.Context, t id.Tenant, manager id.Agent, after string, limit int) (page []contact.Contact, next string, err error) {
	defer errs.Wrap(&err, "store.PastContacts")
	var from byName
	if after != "" {
		b, err := base64.RawURLEncoding.DecodeString(after)
		if err == nil {
			err = json.Unmarshal(b, &from)
		}
		if err != nil {
			return nil, "", errs.Field("after", "bad_cursor", "this is not a cursor of ours").Because(err)
		}
	}
	limit = min(max(limit, 1), maxPage)
	where, args := "", []any{string(t), from.Key, from.ID, limit + 1}
	if manager != "" {
		where, args = " AND manager <> '' AND manager = $5", append(args, string(manager))
	}
	rows, err := all(ctx, s.readers, func(r row) (k keyedContact, err error) {
		k.contact, err = scanContact(tailed{r, &k.key})
		return k, err
	}, `SELECT `+contactColumns+`, name_key FROM contact WHERE tenant = $1`+where+` AND (name_key, id) > ($2, $3) ORDER BY name_key, id LIMIT $4`, args...)
	if err != nil {
		return nil, "", err
	}
	if len(rows) > limit {
		rows = rows[:limit]
		b, err := json.Marshal(byName{rows[limit-1].key, string(rows[limit-1].contact.ID)})
		if err != nil {
			return nil, "", err
		}
		next = base64.RawURLEncoding.EncodeToString(b)
	}
	for _, r := range rows {
		page = append(page, r.contact)
	}
	if len(page) == 0 {
		return page, "", nil
	}
	return page, next, s.withChannels(ctx, s.readers, t, page)
}

// keyedContact is a contact with the form of its name that lists are ordered by.
type keyedContact struct {
	contact contact.Contact
	key     string
}

// tailed is a row with one more column behind those that are asked for.
type tailed struct {
	row
	last *string
}

// Scan implements row.
func (t tailed) Scan(dest ...any) error { return t.row.Scan(append(dest, t.last)...) }
