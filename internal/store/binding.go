package store

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"parlor/internal/audit"
	"parlor/internal/binding"
	"parlor/internal/errs"
	"parlor/internal/hook"
	"parlor/internal/id"
)

var _ binding.Store = (*Store)(nil)

// selectBinding reads what scanBinding reads of bindings b.
const selectBinding = `SELECT b.tenant, b.flag, b.visitor, b.agent, COALESCE(a.name, ''), CASE WHEN a.id IS NULL OR a.disabled <> 0 THEN 1 ELSE 0 END,
	b.until, b.created_at, b.by_name, b.how FROM binding b LEFT JOIN agent a ON a.id = b.agent AND a.tenant = b.tenant`

func scanBinding(r row) (b binding.Binding, err error) {
	var off, until, created int64
	err = r.Scan(&b.Tenant, &b.Flag, &b.Visitor, &b.Agent, &b.AgentName, &off, &until, &created, &b.ByName, &b.How)
	b.AgentOff, b.Until, b.CreatedAt = off != 0, atOrNil(until), at(created)
	return b, err
}

// bindingColumns are those of a row that bindingRow makes. A binding carries the
// entry of the history that made it, so that putting one writes one row; the entry
// moves to binding_change when the binding changes or goes.
const bindingColumns = `tenant, visitor_key, flag, visitor, agent, agent_name, until, created_at, change, moved, how, rule, conversation, note, by_id, by_name`

func bindingRow(p binding.Put, moved bool) []any {
	b := p.Binding
	return []any{string(b.Tenant), binding.Key(b.Visitor), b.Flag, b.Visitor, string(b.Agent), b.AgentName, endOf(b.Until), ms(b.CreatedAt), p.ID, flag(moved),
		string(p.Cause.How), p.Cause.Rule, string(p.Cause.Conversation), p.Cause.Note, string(p.By), b.ByName}
}

// endOf is an end as it is kept, 0 for none.
func endOf(t *time.Time) int64 {
	if t == nil {
		return 0
	}
	return ms(*t)
}

// putBinding replaces a row that is there: the caller has looked at it.
const putBinding = `ON CONFLICT (tenant, visitor_key, flag) DO UPDATE SET visitor = excluded.visitor, agent = excluded.agent, agent_name = excluded.agent_name,
	until = excluded.until, created_at = excluded.created_at, change = excluded.change, moved = excluded.moved, how = excluded.how, rule = excluded.rule,
	conversation = excluded.conversation, note = excluded.note, by_id = excluded.by_id, by_name = excluded.by_name`

const changeColumns = `tenant, visitor_key, id, flag, visitor, action, agent, agent_name, at, how, rule, conversation, note, by_id, by_name`

// currentChange reads the entries that bindings b carry, in the order of changeColumns.
const currentChange = `b.tenant, b.visitor_key, b.change, b.flag, b.visitor, CASE WHEN b.moved <> 0 THEN 'moved' ELSE 'bound' END, b.agent, b.agent_name,
	b.created_at, b.how, b.rule, b.conversation, b.note, b.by_id, b.by_name`

// keepChanges moves the entries of bindings of some flags and visitors to the history:
// list holds flag, a character that no flag has, and key.
func (s *Store) keepChanges(ctx context.Context, t *tx, tenant id.Tenant, keys, list []string) error {
	_, err := t.exec(ctx, `INSERT INTO binding_change (`+changeColumns+`) SELECT `+currentChange+` FROM binding b
		WHERE b.tenant = $1 AND b.visitor_key IN `+s.dialect.list("$2")+` AND b.flag || CAST($4 AS TEXT) || b.visitor_key IN `+s.dialect.list("$3"), string(tenant), jsonList(keys), jsonList(list), pairMark)
	return err
}

// pairMark stands between a flag and a key.
const pairMark = "\n"

// done marks that a rule acted for a conversation or a ticket; Conflict if it did before.
func (s *Store) done(ctx context.Context, t *tx, tenant id.Tenant, why binding.Cause, when time.Time) error {
	n, err := t.exec(ctx, `INSERT INTO binding_mark (tenant, conversation, rule, at) VALUES ($1, $2, $3, $4) ON CONFLICT (tenant, conversation, rule) DO NOTHING`,
		string(tenant), why.For(), why.Rule, ms(when))
	if err == nil && n == 0 {
		err = errs.New(errs.Conflict, "done_already", "the rule has acted for this conversation")
	}
	return err
}

// ForgetBindingMarks implements binding.Store.
func (s *Store) ForgetBindingMarks(ctx context.Context, before time.Time) (n int, err error) {
	defer errs.Wrap(&err, "store.ForgetBindingMarks")
	err = s.write(ctx, func(ctx context.Context, t *tx) error {
		gone, err := t.exec(ctx, `DELETE FROM binding_mark WHERE at < $1`, ms(before))
		n = int(gone)
		return err
	})
	return n, err
}

// bindingOf reads the row of a flag and a visitor, ended or not.
func bindingOf(ctx context.Context, q runner, t id.Tenant, flag, visitor string) (binding.Binding, bool, error) {
	return first(ctx, q, scanBinding, selectBinding+` WHERE b.tenant = $1 AND b.flag = $2 AND b.visitor_key = $3`, string(t), flag, binding.Key(visitor))
}

// PutBinding implements binding.Store. Changes of one tenant's bindings wait for one
// another.
func (s *Store) PutBinding(ctx context.Context, in binding.Put) (before *binding.Binding, err error) {
	defer errs.Wrap(&err, "store.PutBinding")
	b := in.Binding
	err = s.write(ctx, func(ctx context.Context, t *tx) error {
		before = nil
		if err := s.lockTenant(ctx, t, b.Tenant); err != nil {
			return err
		}
		old, ok, err := bindingOf(ctx, t, b.Tenant, b.Flag, b.Visitor)
		if err != nil {
			return err
		}
		if ok && old.Live(b.CreatedAt) {
			before = &old
		}
		switch {
		case in.Once:
			if err := s.done(ctx, t, b.Tenant, in.Cause, b.CreatedAt); err != nil || before != nil && !in.Replace {
				return err
			}
		case before != nil && !in.Replace:
			return errs.New(errs.Conflict, "bound_already", "The visitor is bound for this flag already.")
		}
		if before != nil && old.Agent == b.Agent && endOf(old.Until) == endOf(b.Until) {
			return nil
		}
		return s.putBinding(ctx, t, in, before)
	})
	return before, err
}

// putBinding makes the changes of PutBinding.
func (s *Store) putBinding(ctx context.Context, t *tx, in binding.Put, before *binding.Binding) error {
	b := in.Binding
	c := changed{tenant: b.Tenant, thing: "binding", id: b.Flag + "/" + binding.Key(b.Visitor), name: b.Visitor, after: b}
	if before != nil {
		c.before = *before
	}
	key := binding.Key(b.Visitor)
	if err := s.keepChanges(ctx, t, b.Tenant, []string{key}, []string{b.Flag + pairMark + key}); err != nil {
		return err
	}
	if err := insertRows(ctx, t, `INSERT INTO binding (`+bindingColumns+`)`, putBinding, [][]any{bindingRow(in, before != nil)}); err != nil {
		return err
	}
	if err := record(ctx, t, in.Audit, c); err != nil {
		return err
	}
	return s.noteAll(ctx, t, b.Tenant, hook.Note{Occasion: hook.BindingCreated, At: b.CreatedAt}, b)
}

// DropBinding implements binding.Store.
func (s *Store) DropBinding(ctx context.Context, in binding.Drop) (gone *binding.Binding, err error) {
	defer errs.Wrap(&err, "store.DropBinding")
	err = s.write(ctx, func(ctx context.Context, t *tx) error {
		gone = nil
		if err := s.lockTenant(ctx, t, in.Tenant); err != nil {
			return err
		}
		old, ok, err := bindingOf(ctx, t, in.Tenant, in.Flag, in.Visitor)
		if err != nil {
			return err
		}
		if in.Once {
			if err := s.done(ctx, t, in.Tenant, in.Cause, in.At); err != nil {
				return err
			}
		}
		if !ok || in.Agent != "" && in.Agent != old.Agent {
			return nil
		}
		if old.Live(in.At) {
			gone = &old
		}
		if err := s.dropBinding(ctx, t, old, in); err != nil {
			return err
		}
		return s.noteAll(ctx, t, in.Tenant, hook.Note{Occasion: hook.BindingDeleted, At: in.At}, old)
	})
	return gone, err
}

// dropBinding removes one row with all that tells of it.
func (s *Store) dropBinding(ctx context.Context, t *tx, b binding.Binding, why binding.Drop) error {
	key := binding.Key(b.Visitor)
	if err := s.keepChanges(ctx, t, b.Tenant, []string{key}, []string{b.Flag + pairMark + key}); err != nil {
		return err
	}
	if _, err := t.exec(ctx, `DELETE FROM binding WHERE tenant = $1 AND flag = $2 AND visitor_key = $3`, string(b.Tenant), b.Flag, key); err != nil {
		return err
	}
	row := []any{string(b.Tenant), key, why.ID, b.Flag, b.Visitor, string(binding.Unbound), string(b.Agent), b.AgentName, ms(why.At),
		string(why.Cause.How), why.Cause.Rule, string(why.Cause.Conversation), why.Cause.Note, string(why.By), why.ByName}
	if err := insertRows(ctx, t, `INSERT INTO binding_change (`+changeColumns+`)`, ``, [][]any{row}); err != nil {
		return err
	}
	return record(ctx, t, why.Audit, changed{tenant: b.Tenant, thing: "binding", id: b.Flag + "/" + binding.Key(b.Visitor), name: b.Visitor, before: b})
}

// PutBindings implements binding.Store. What is there already is read at once, so
// that a line costs one insert.
func (s *Store) PutBindings(ctx context.Context, list []binding.Put) (done []binding.Outcome, err error) {
	defer errs.Wrap(&err, "store.PutBindings")
	if len(list) == 0 {
		return nil, nil
	}
	if len(list) > binding.MaxTogether {
		return nil, errs.New(errs.TooLarge, "too_many_bindings", "%d bindings at once; %d are allowed", len(list), binding.MaxTogether)
	}
	tenant := list[0].Binding.Tenant
	keys := make([]string, len(list))
	for i, p := range list {
		keys[i] = binding.Key(p.Binding.Visitor)
	}
	err = s.write(ctx, func(ctx context.Context, t *tx) error {
		if err := s.lockTenant(ctx, t, tenant); err != nil {
			return err
		}
		known, err := s.boundNow(ctx, t, tenant, keys)
		if err != nil {
			return err
		}
		var rounds []round
		done, rounds = sortPuts(list, known)
		for _, r := range rounds {
			if len(r.old) > 0 {
				if err := s.keepChanges(ctx, t, tenant, keys, r.old); err != nil {
					return err
				}
			}
			if err := insertRows(ctx, t, `INSERT INTO binding (`+bindingColumns+`)`, putBinding, r.rows); err != nil {
				return err
			}
		}
		return nil
	})
	return done, err
}

// held is the state of a binding that counts for putting one: the key is flag and
// visitor.
type held struct {
	agent id.Agent
	until int64
}

// boundNow reads what is bound of some visitors, by flag and key.
func (s *Store) boundNow(ctx context.Context, t *tx, tenant id.Tenant, keys []string) (map[[2]string]held, error) {
	known := make(map[[2]string]held, len(keys))
	_, err := all(ctx, t, func(r row) (k [2]string, err error) {
		var h held
		err = r.Scan(&k[0], &k[1], &h.agent, &h.until)
		known[k] = h
		return k, err
	}, `SELECT b.flag, b.visitor_key, b.agent, b.until FROM binding b WHERE b.tenant = $1 AND b.visitor_key IN `+s.dialect.list("$2"), string(tenant), jsonList(keys))
	return known, err
}

// round is what one statement writes: rows of different bindings, and those of them
// that are there already.
type round struct {
	rows [][]any
	old  []string
	has  map[[2]string]bool
}

// sortPuts decides on each entry, in order, and returns what is to be written. An
// upsert touches a row once in one statement, so entries with the same key go into
// rounds of their own.
func sortPuts(list []binding.Put, known map[[2]string]held) (done []binding.Outcome, rounds []round) {
	done = make([]binding.Outcome, len(list))
	for i, p := range list {
		b := p.Binding
		k := [2]string{b.Flag, binding.Key(b.Visitor)}
		now, want := known[k], held{b.Agent, endOf(b.Until)}
		alive := now.agent != "" && (now.until == 0 || now.until > ms(b.CreatedAt))
		switch {
		case alive && now == want, alive && !p.Replace && now.agent == want.agent:
			done[i] = binding.OutcomeSame
			continue
		case alive && !p.Replace:
			done[i] = binding.OutcomeTaken
			continue
		case alive:
			done[i] = binding.OutcomeReplaced
		}
		known[k] = want
		n := 0
		for n < len(rounds) && rounds[n].has[k] {
			n++
		}
		if n == len(rounds) {
			rounds = append(rounds, round{has: map[[2]string]bool{}})
		}
		r := &rounds[n]
		r.has[k] = true
		r.rows = append(r.rows, bindingRow(p, alive))
		if now.agent != "" {
			r.old = append(r.old, k[0]+pairMark+k[1])
		}
	}
	return done, rounds
}

// DropBindings implements binding.Store.
func (s *Store) DropBindings(ctx context.Context, tenant id.Tenant, flag string, before time.Time, limit int, why binding.Drop) (list []binding.Binding, err error) {
	defer errs.Wrap(&err, "store.DropBindings")
	where, args := ` WHERE b.tenant = $1 AND b.flag = $2 ORDER BY b.created_at, b.visitor_key LIMIT $3`, []any{string(tenant), flag, limit}
	if !before.IsZero() {
		where, args = ` WHERE b.tenant = $1 AND b.flag = $2 AND b.created_at < $4 ORDER BY b.created_at, b.visitor_key LIMIT $3`, append(args, ms(before))
	}
	return s.dropMany(ctx, where, args, why, true)
}

// ExpireBindings implements binding.Store.
func (s *Store) ExpireBindings(ctx context.Context, now time.Time, limit int) (list []binding.Binding, err error) {
	defer errs.Wrap(&err, "store.ExpireBindings")
	return s.dropMany(ctx, ` WHERE b.until > 0 AND b.until <= $1 ORDER BY b.until LIMIT $2`, []any{ms(now), limit},
		binding.Drop{Cause: binding.Cause{How: binding.ByExpiry}, ByName: "system", At: now}, false)
}

// dropMany removes the bindings that a condition finds; webhooks are not told if it
// is quiet.
func (s *Store) dropMany(ctx context.Context, where string, args []any, why binding.Drop, quiet bool) (list []binding.Binding, err error) {
	err = s.write(ctx, func(ctx context.Context, t *tx) error {
		if list, err = all(ctx, t, scanBinding, selectBinding+where, args...); err != nil {
			return err
		}
		for _, b := range list {
			one := why
			one.ID = id.New()
			err := s.dropBinding(ctx, t, b, one)
			if err == nil && !quiet {
				err = s.noteAll(ctx, t, b.Tenant, hook.Note{Occasion: hook.BindingDeleted, At: why.At}, b)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	return list, err
}

// FindBinding implements binding.Store: one look at the primary key for each name.
func (s *Store) FindBinding(ctx context.Context, t id.Tenant, flag string, names []string, now time.Time) (b binding.Binding, ok bool, err error) {
	defer errs.Wrap(&err, "store.FindBinding")
	for _, name := range names {
		b, ok, err = bindingOf(ctx, s.readers, t, flag, name)
		if err != nil || ok && b.Live(now) {
			return b, ok, err
		}
	}
	return binding.Binding{}, false, nil
}

// beyond is a text behind all that begin with prefix.
func beyond(prefix string) string { return prefix + "\U0010FFFF" }

// order is the order of a list of bindings.
type order struct {
	// by are the columns behind the tenant that rows are compared by, down their direction.
	by   string
	down bool
}

// The orders: by name, else the newest first.
var (
	byBindingName = order{"b.visitor_key, b.flag", false}
	byBindingTime = order{"b.created_at, b.visitor_key", true}
	// byBindingFlagTime is for an agent's bindings of all flags.
	byBindingFlagTime = order{"b.flag, b.created_at, b.visitor_key", true}
)

// bindingsWhere is the condition of a filter, and the order in which an index yields
// what fits. A filter by name is thought to leave few.
func bindingsWhere(t id.Tenant, f binding.Filter) (where string, args []any, o order) {
	args = []any{string(t), ms(f.Now)}
	where = ` WHERE b.tenant = $1 AND (b.until = 0 OR b.until > $2)`
	add := func(text string, v any) {
		args = append(args, v)
		where += fmt.Sprintf(text, len(args))
	}
	switch {
	case f.Visitor != "":
		add(` AND b.visitor_key >= $%d`, f.Visitor)
		add(` AND b.visitor_key < $%d`, beyond(f.Visitor))
		o = byBindingName
		if f.Flag != "" {
			add(` AND COALESCE(b.flag, '') = $%d`, f.Flag)
		}
		if f.Agent != "" {
			add(` AND COALESCE(b.agent, '') = $%d`, string(f.Agent))
		}
		return where, args, o
	case f.Flag != "":
		o = byBindingTime
	case f.Agent != "":
		o = byBindingFlagTime
	default:
		return where, args, byBindingName
	}
	if f.Flag != "" {
		add(` AND b.flag = $%d`, f.Flag)
	}
	if f.Agent != "" {
		add(` AND b.agent = $%d`, string(f.Agent))
	}
	return where, args, o
}

// Bindings implements binding.Store. Each kind of filter has an index that gives its
// order.
func (s *Store) Bindings(ctx context.Context, t id.Tenant, f binding.Filter) (list []binding.Binding, next string, err error) {
	defer errs.Wrap(&err, "store.Bindings")
	where, args, o := bindingsWhere(t, f)
	than, suffix := ">", ""
	if o.down {
		than, suffix = "<", " DESC"
	}
	if f.After != "" {
		from, err := parseBindingCursor(f.After)
		if err != nil {
			return nil, "", err
		}
		var marks []string
		for _, column := range strings.Split(o.by, ", ") {
			args = append(args, map[string]any{"b.flag": from.Flag, "b.visitor_key": from.Key, "b.created_at": from.At}[column])
			marks = append(marks, fmt.Sprintf("$%d", len(args)))
		}
		where += " AND (" + o.by + ") " + than + " (" + strings.Join(marks, ", ") + ")"
	}
	limit := min(max(f.Limit, 1), maxPage)
	args = append(args, limit+1, f.Skip)
	text := selectBinding + where + " ORDER BY " + strings.ReplaceAll(o.by, ",", suffix+",") + suffix
	list, err = all(ctx, s.readers, scanBinding, text+fmt.Sprintf(` LIMIT $%d OFFSET $%d`, len(args)-1, len(args)), args...)
	if err == nil && len(list) > limit {
		list = list[:limit]
		last := list[limit-1]
		next, err = bindingCursor{last.Flag, binding.Key(last.Visitor), ms(last.CreatedAt)}.text()
	}
	return list, next, err
}

// bindingCursor is the place of a binding in every order.
type bindingCursor struct {
	Flag string `json:"f"`
	Key  string `json:"k"`
	At   int64  `json:"t"`
}

func (c bindingCursor) text() (string, error) {
	b, err := json.Marshal(c)
	return base64.RawURLEncoding.EncodeToString(b), err
}

func parseBindingCursor(s string) (c bindingCursor, err error) {
	bad := errs.Field("after", "bad_cursor", "this is not a cursor of ours")
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(s) > 4000 {
		return c, bad.Because(err)
	}
	if err := json.Unmarshal(b, &c); err != nil {
		return c, bad.Because(err)
	}
	return c, nil
}

// CountBindings implements binding.Store.
func (s *Store) CountBindings(ctx context.Context, t id.Tenant, f binding.Filter) (n int, err error) {
	defer errs.Wrap(&err, "store.CountBindings")
	where, args, _ := bindingsWhere(t, f)
	n, _, err = first(ctx, s.readers, scalar[int], `SELECT COUNT(*) FROM binding b`+where, args...)
	return n, err
}

// BindingFlags implements binding.Store. It goes from one flag to the next along the
// index of flags, whatever the number of bindings between them.
func (s *Store) BindingFlags(ctx context.Context, t id.Tenant, limit int) (list []string, err error) {
	defer errs.Wrap(&err, "store.BindingFlags")
	return all(ctx, s.readers, scalar[string], `WITH RECURSIVE f (flag, n) AS (
		SELECT (SELECT b.flag FROM binding b WHERE b.tenant = $1 ORDER BY b.flag LIMIT 1), 1
		UNION ALL SELECT (SELECT b.flag FROM binding b WHERE b.tenant = $1 AND b.flag > f.flag ORDER BY b.flag LIMIT 1), f.n + 1
			FROM f WHERE f.flag IS NOT NULL AND f.n < $2)
		SELECT f.flag FROM f WHERE f.flag IS NOT NULL`, string(t), limit)
}

// BindingHistory implements binding.Store. Ids grow with time, so the id is the order.
// What made a binding that is there is read from it.
func (s *Store) BindingHistory(ctx context.Context, t id.Tenant, visitor, flag, after string, limit int) (list []binding.Change, next string, err error) {
	defer errs.Wrap(&err, "store.BindingHistory")
	if after == "" {
		after = "~"
	}
	limit = min(max(limit, 1), maxPage)
	args := []any{string(t), binding.Key(visitor), after, limit + 1}
	where := ""
	if flag != "" {
		where, args = ` AND COALESCE(flag, '') = $5`, append(args, flag)
	}
	list, err = all(ctx, s.readers, func(r row) (c binding.Change, err error) {
		var when int64
		err = r.Scan(&c.ID, &c.Flag, &c.Visitor, &c.Action, &c.Agent, &c.AgentName, &when, &c.How, &c.Rule, &c.Conversation, &c.Note, &c.By, &c.ByName)
		c.At = at(when)
		return c, err
	}, `SELECT id, flag, visitor, action, agent, agent_name, at, how, rule, conversation, note, by_id, by_name FROM (
		SELECT * FROM (SELECT `+changeColumns+` FROM binding_change WHERE tenant = $1 AND visitor_key = $2 AND id < $3`+where+` ORDER BY id DESC LIMIT $4) p
		UNION ALL SELECT `+currentChange+` FROM binding b WHERE b.tenant = $1 AND b.visitor_key = $2 AND b.change < $3`+where+`) h ORDER BY id DESC LIMIT $4`, args...)
	if err == nil && len(list) > limit {
		list = list[:limit]
		next = list[limit-1].ID
	}
	return list, next, err
}

// RecordBindings implements binding.Store.
func (s *Store) RecordBindings(ctx context.Context, t id.Tenant, name string, before, after any, by audit.By) (err error) {
	defer errs.Wrap(&err, "store.RecordBindings")
	return s.write(ctx, func(ctx context.Context, x *tx) error {
		return record(ctx, x, by, changed{tenant: t, thing: "bindings", id: id.New(), name: name, before: before, after: after})
	})
}
