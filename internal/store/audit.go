package store

import (
	"context"
	"encoding/json"
	"strconv"

	"parlor/internal/audit"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// changed is what record keeps: before or after is nil for a thing that was not
// there before or is not there any more.
type changed struct {
	tenant   id.Tenant
	thing    string
	id, name string
	before   any
	after    any
}

// orMissing turns "no row" into errs.NotFound.
func orMissing(err error, thing string) error {
	if err == nil {
		err = missing(thing)
	}
	return err
}

// record writes the audit entry of a change into its transaction. A change that
// nobody made, or that changes nothing, leaves no entry.
func record(ctx context.Context, t *tx, by audit.By, c changed) error {
	if by == audit.None {
		return nil
	}
	action, before, after := "update", "", ""
	for _, side := range []struct {
		v      any
		to     *string
		absent string
	}{{c.before, &before, "create"}, {c.after, &after, "delete"}} {
		if side.v == nil {
			action = side.absent
			continue
		}
		b, err := json.Marshal(side.v)
		if err != nil {
			return err
		}
		*side.to = string(b)
	}
	if before == after {
		return nil
	}
	return note(ctx, t, by, action, c, before, after)
}

// note writes an audit entry.
func note(ctx context.Context, t *tx, by audit.By, action string, c changed, before, after string) error {
	_, err := t.exec(ctx, `INSERT INTO audit (id, tenant, at, by_id, by_kind, by_name, action, thing, thing_id, name, before, after)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		id.New(), string(c.tenant), ms(by.At), by.ID, string(by.Kind), by.Name, action, c.thing, c.id, c.name, before, after)
	return err
}

// Audit implements account.Store: entries newest first.
func (s *Store) Audit(ctx context.Context, t id.Tenant, f audit.Filter) (list []audit.Entry, next string, err error) {
	defer errs.Wrap(&err, "store.Audit")
	from, err := parseCursor(until(f.After, f.To), cursorTop)
	if err != nil {
		return nil, "", err
	}
	args := []any{string(t), from.key, from.id, f.Limit + 1}
	where := ""
	add := func(column, value string) {
		if value != "" {
			args = append(args, value)
			where += ` AND ` + column + ` = $` + strconv.Itoa(len(args))
		}
	}
	add("thing", f.Thing)
	add("thing_id", f.ThingID)
	add("by_id", f.By)
	// Each broad list admits its own index.
	switch {
	case f.ThingID == "" && f.By == "" && f.Thing == "":
		where += ` AND at > 0`
	case f.ThingID == "" && f.By == "":
		where += ` AND at >= 1`
	}
	if !f.From.IsZero() {
		args = append(args, ms(f.From))
		where += ` AND at >= $` + strconv.Itoa(len(args))
	}
	list, err = all(ctx, s.readers, scanAudit, `SELECT id, tenant, at, by_id, by_kind, by_name, action, thing, thing_id, name, before, after
		FROM audit WHERE tenant = $1 AND (at, id) < ($2, $3)`+where+` ORDER BY at DESC, id DESC LIMIT $4`, args...)
	if err == nil && len(list) > f.Limit {
		list = list[:f.Limit]
		last := list[len(list)-1]
		next = cursor{ms(last.At), last.ID}.String()
	}
	return list, next, err
}

func scanAudit(r row) (e audit.Entry, err error) {
	var when int64
	var before, after string
	err = r.Scan(&e.ID, &e.Tenant, &when, &e.By, &e.ByKind, &e.ByName, &e.Action, &e.Thing, &e.ThingID, &e.Name, &before, &after)
	e.At = at(when)
	if before != "" {
		e.Before = json.RawMessage(before)
	}
	if after != "" {
		e.After = json.RawMessage(after)
	}
	return e, err
}
