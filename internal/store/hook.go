package store

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"parlor/internal/audit"
	"parlor/internal/errs"
	"parlor/internal/hook"
	"parlor/internal/id"
)

var _ hook.Store = (*Store)(nil)

const selectHook = `SELECT id, tenant, body, secret, sign_key, channel, created_at FROM hook`

// scanHook reads a row of selectHook. Secrets are in columns of their own, so
// that they do not get into the audit log with the body.
func scanHook(r row) (h hook.Hook, err error) {
	var hookID, tenant, body, secret, key, channel string
	var created int64
	if err := r.Scan(&hookID, &tenant, &body, &secret, &key, &channel, &created); err != nil {
		return h, err
	}
	err = json.Unmarshal([]byte(body), &h)
	h.ID, h.Tenant, h.Secret, h.Key, h.Channel, h.CreatedAt = hookID, id.Tenant(tenant), secret, key, channel, at(created)
	return h, err
}

// Hooks implements hook.Store.
func (s *Store) Hooks(ctx context.Context, t id.Tenant) (list []hook.Hook, err error) {
	defer errs.Wrap(&err, "store.Hooks")
	if t == "" {
		return all(ctx, s.readers, scanHook, selectHook+` ORDER BY id`)
	}
	return all(ctx, s.readers, scanHook, selectHook+` WHERE tenant = $1 ORDER BY id`, string(t))
}

// HooksChanged implements hook.Store. Appends ask a map in memory whether their
// company has subscriptions, so that they cost nothing to all others.
func (s *Store) HooksChanged(ctx context.Context) (m map[id.Tenant]bool, err error) {
	defer errs.Wrap(&err, "store.HooksChanged")
	type place struct{ tenant, channel string }
	list, err := all(ctx, s.readers, func(r row) (p place, err error) { return p, r.Scan(&p.tenant, &p.channel) },
		`SELECT DISTINCT tenant, channel FROM hook WHERE active = 1`)
	if err != nil {
		return nil, err
	}
	m, channels := make(map[id.Tenant]bool, len(list)), make(map[id.Tenant][]string, len(list))
	for _, p := range list {
		t := id.Tenant(p.tenant)
		m[t], channels[t] = true, append(channels[t], p.channel)
	}
	s.hooked.Store(&channels)
	return m, nil
}

// isHooked reports whether a company has an active subscription, of any channel.
func (s *Store) isHooked(t id.Tenant) bool {
	m := s.hooked.Load()
	return m != nil && len((*m)[t]) > 0
}

// hears reports whether a subscription of a company is told of conversations of a
// channel; "" stands for what is no conversation's.
func (s *Store) hears(t id.Tenant, channel string) bool {
	m := s.hooked.Load()
	return m != nil && slices.ContainsFunc((*m)[t], func(c string) bool { return c == "" || c == channel })
}

// SaveHook implements hook.Store.
func (s *Store) SaveHook(ctx context.Context, h hook.Hook, most int, by audit.By) (err error) {
	defer errs.Wrap(&err, "store.SaveHook %s", h.ID)
	body, err := json.Marshal(h)
	if err != nil {
		return err
	}
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		if err := s.lockTenant(ctx, t, h.Tenant); err != nil {
			return err
		}
		before, ok, err := first(ctx, t, scanHook, selectHook+` WHERE id = $1 AND tenant = $2`, h.ID, string(h.Tenant))
		if err != nil {
			return err
		}
		c := changed{tenant: h.Tenant, thing: "hook", id: h.ID, name: h.Name, after: h}
		if !ok {
			return s.addHook(ctx, t, h, string(body), most, by, c)
		}
		c.before = before
		if _, err := t.exec(ctx, `UPDATE hook SET body = $3, secret = $4, sign_key = $5, active = $6 WHERE id = $1 AND tenant = $2`,
			h.ID, string(h.Tenant), string(body), h.Secret, h.Key, flag(h.Active)); err != nil {
			return err
		}
		return record(ctx, t, by, c)
	})
}

// addHook adds a subscription unless there are enough.
func (s *Store) addHook(ctx context.Context, t *tx, h hook.Hook, body string, most int, by audit.By, c changed) error {
	n, _, err := first(ctx, t, scalar[int], `SELECT COUNT(*) FROM hook WHERE tenant = $1 AND channel = ''`, string(h.Tenant))
	if err == nil && n >= most && h.Channel == "" {
		err = errs.New(errs.Conflict, "hooks_full", "There are %d webhooks; more are not allowed.", n)
	}
	if err != nil {
		return err
	}
	if _, err := t.exec(ctx, `INSERT INTO hook (id, tenant, body, secret, sign_key, active, channel, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		h.ID, string(h.Tenant), body, h.Secret, h.Key, flag(h.Active), h.Channel, ms(h.CreatedAt)); err != nil {
		return err
	}
	return record(ctx, t, by, c)
}

// DeleteHook implements hook.Store.
func (s *Store) DeleteHook(ctx context.Context, t id.Tenant, hookID string, by audit.By) (err error) {
	defer errs.Wrap(&err, "store.DeleteHook %s", hookID)
	return s.write(ctx, func(ctx context.Context, x *tx) error {
		before, ok, err := first(ctx, x, scanHook, selectHook+` WHERE id = $1 AND tenant = $2`, hookID, string(t))
		if err != nil || !ok {
			return orMissing(err, "hook")
		}
		if _, err := x.exec(ctx, `DELETE FROM hook WHERE id = $1`, hookID); err != nil {
			return err
		}
		if _, err := x.exec(ctx, `DELETE FROM hook_due WHERE hook = $1`, hookID); err != nil {
			return err
		}
		return record(ctx, x, by, changed{tenant: t, thing: "hook", id: hookID, name: before.Name, before: before})
	})
}

// dueConversation makes a conversation due for all subscriptions of its company and
// of its channel. Parameters: $1 conversation, $2 tenant, $3 what was told before it,
// $4 its newest message, $5 now, $6 channel. A row that is there already keeps its time and what was
// told: only the end moves.
const dueConversation = `INSERT INTO hook_due (hook, subject, tenant, conversation, told, last, note, tries, due_at)
	SELECT h.id, $1, h.tenant, $1, CAST($3 AS BIGINT), CAST($4 AS BIGINT), '', 0, CAST($5 AS BIGINT)
	FROM hook h WHERE h.tenant = $2 AND h.active = 1 AND h.channel IN ('', $6)
	ON CONFLICT (hook, subject) DO UPDATE SET last = excluded.last`

// makeDue runs dueConversation within the transaction of what is to be told.
func (s *Store) makeDue(ctx context.Context, t *tx, tenant id.Tenant, c id.Conversation, channel string, told, last int64, now time.Time) error {
	if !s.hears(tenant, channel) {
		return nil
	}
	_, err := t.exec(ctx, dueConversation, string(c), string(tenant), told, last, ms(now), channel)
	return err
}

// noteAll makes a note with data due for every subscription of a company, within
// the transaction of what it tells. Who does not want it lets it pass.
func (s *Store) noteAll(ctx context.Context, t *tx, tenant id.Tenant, n hook.Note, data any) error {
	if !s.hears(tenant, "") {
		return nil
	}
	b, err := json.Marshal(data)
	if err != nil {
		return err
	}
	n.Data = string(b)
	if b, err = json.Marshal(n); err != nil {
		return err
	}
	_, err = t.exec(ctx, `INSERT INTO hook_due (hook, subject, tenant, conversation, told, last, note, tries, due_at)
		SELECT h.id, $1, h.tenant, '', 0, 0, $2, 0, CAST($3 AS BIGINT) FROM hook h WHERE h.tenant = $4 AND h.active = 1 AND h.channel = ''`,
		"note-"+id.New(), string(b), ms(n.At), string(tenant))
	return err
}

// Changes of one conversation that follow each other closely are told as one:
// after editPause, unless a note that is not about to go out waits already.
const (
	editPause  = 300 * time.Millisecond
	editMargin = 100 * time.Millisecond
)

// noteEdited makes it due to tell that data of a conversation that has ended was
// changed, within the transaction of the change. For one that runs it does nothing.
func (s *Store) noteEdited(ctx context.Context, t *tx, tenant id.Tenant, c id.Conversation, when time.Time) error {
	if !s.hears(tenant, "") {
		return nil
	}
	inbox, ok, err := first(ctx, t, scalar[id.Inbox], `SELECT inbox FROM conversation WHERE id = $1 AND tenant = $2 AND status = 'closed'`, string(c), string(tenant))
	if err != nil || !ok {
		return err
	}
	n := hook.Note{Occasion: hook.Edited, Conversation: c, Inbox: inbox, At: when}
	b, err := json.Marshal(n)
	if err != nil {
		return err
	}
	prefix := "edited-" + string(c) + "-"
	_, err = t.exec(ctx, `INSERT INTO hook_due (hook, subject, tenant, conversation, told, last, note, tries, due_at)
		SELECT h.id, $1, h.tenant, '', 0, 0, $2, 0, CAST($3 AS BIGINT) FROM hook h WHERE h.tenant = $4 AND h.active = 1 AND h.channel = ''
		AND NOT EXISTS (SELECT 1 FROM hook_due d WHERE d.hook = h.id AND d.subject >= $5 AND d.subject < $6 AND d.tries = 0 AND d.due_at BETWEEN $7 AND $3)`,
		prefix+id.New(), string(b), ms(when.Add(editPause)), string(tenant), prefix, prefix+"~", ms(when.Add(editMargin)))
	return err
}

// NoteHooks implements hook.Store.
func (s *Store) NoteHooks(ctx context.Context, t id.Tenant, hooks []string, n hook.Note) (err error) {
	defer errs.Wrap(&err, "store.NoteHooks")
	body, err := json.Marshal(n)
	if err != nil {
		return err
	}
	subject := "note-" + id.New()
	return s.write(ctx, func(ctx context.Context, x *tx) error {
		_, err := x.exec(ctx, `INSERT INTO hook_due (hook, subject, tenant, conversation, told, last, note, tries, due_at)
			SELECT h.id, $1, h.tenant, '', 0, 0, $2, 0, CAST($3 AS BIGINT) FROM hook h
			WHERE h.tenant = $4 AND h.id IN (SELECT l.v FROM `+s.dialect.rows("$5", "l", "v")+`)`, subject, string(body), ms(n.At), string(t), jsonList(hooks))
		return err
	})
}

// claimed is how many due rows are looked at for each that can be taken, so that
// one subscription with a long backlog does not hide the others.
const claimed = 4

// ClaimHooks implements hook.Store. The lease is the time at which a row is due
// again, and a row that another node has just taken is not due any more.
func (s *Store) ClaimHooks(ctx context.Context, limit, each int, busy []string, now, until time.Time) (list []hook.Due, err error) {
	defer errs.Wrap(&err, "store.ClaimHooks")
	// A look first: most of the time nothing is due, and a look does not wait for the writer.
	if at, ok, err := s.NextHook(ctx); err != nil || !ok || at.After(now) {
		return nil, err
	}
	err = s.write(ctx, func(ctx context.Context, t *tx) (err error) {
		list, err = changeAll(ctx, t, func(r row) (d hook.Due, err error) {
			var subject, note string
			if err := r.Scan(&d.Hook, &subject, &d.Tenant, &d.Conversation, &d.Told, &d.Last, &note, &d.Tries); err != nil || note == "" {
				return d, err
			}
			d.ID = subject
			return d, json.Unmarshal([]byte(note), &d.Note)
		}, `UPDATE hook_due SET due_at = $2 WHERE (hook, subject) IN (
			SELECT n.hook, n.subject FROM (
				SELECT d.hook, d.subject, d.due_at, ROW_NUMBER() OVER (PARTITION BY d.hook ORDER BY d.due_at, d.subject) AS place
				FROM (SELECT hook, subject, due_at FROM hook_due WHERE due_at <= $1 AND hook NOT IN `+s.dialect.list("$6")+` ORDER BY due_at LIMIT $3) d) n
			WHERE n.place <= $4 ORDER BY n.due_at LIMIT $5) AND due_at <= $1
			RETURNING hook, subject, tenant, conversation, told, last, note, tries`, ms(now), ms(until), claimed*limit, each, limit, jsonList(busy))
		return err
	})
	return list, err
}

// NextHook implements hook.Store.
func (s *Store) NextHook(ctx context.Context) (when time.Time, ok bool, err error) {
	defer errs.Wrap(&err, "store.NextHook")
	due, ok, err := first(ctx, s.readers, scalar[int64], `SELECT due_at FROM hook_due ORDER BY due_at LIMIT 1`)
	return at(due), ok, err
}

// SettleHook implements hook.Store. What has come since the row was claimed is
// told by its column last, so it is due at once.
func (s *Store) SettleHook(ctx context.Context, o hook.Settled) (err error) {
	defer errs.Wrap(&err, "store.SettleHook %s", o.Due.Hook)
	subject := o.Due.ID
	if subject == "" {
		subject = string(o.Due.Conversation)
	}
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		if err := logAttempt(ctx, t, o.Attempt); err != nil {
			return err
		}
		if o.Keep {
			if _, err := t.exec(ctx, `INSERT INTO hook_answer (conversation, tenant, answer) VALUES ($1, $2, $3)
				ON CONFLICT (conversation) DO UPDATE SET answer = excluded.answer`,
				string(o.Attempt.Conversation), string(o.Due.Tenant), o.Answer); err != nil {
				return err
			}
		}
		if o.Done {
			_, err := t.exec(ctx, `DELETE FROM hook_due WHERE hook = $1 AND subject = $2`, o.Due.Hook, subject)
			return err
		}
		if o.At.IsZero() {
			gone, err := t.exec(ctx, `DELETE FROM hook_due WHERE hook = $1 AND subject = $2 AND last <= $3`, o.Due.Hook, subject, o.Told)
			if err != nil || gone > 0 {
				return err
			}
		}
		_, err := t.exec(ctx, `UPDATE hook_due SET told = CASE WHEN told > $3 THEN told ELSE $3 END, tries = $4, due_at = $5
			WHERE hook = $1 AND subject = $2`, o.Due.Hook, subject, o.Told, o.Tries, ms(o.At))
		return err
	})
}

// logAttempt adds an entry to the log.
func logAttempt(ctx context.Context, t *tx, a hook.Attempt) error {
	if a.ID == "" {
		return nil
	}
	_, err := t.exec(ctx, `INSERT INTO hook_attempt (id, tenant, hook, delivery, occasion, conversation, number, at, took, status, failure, dead, request, answer)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`, a.ID, string(a.Tenant), a.Hook, a.Delivery, string(a.Occasion),
		string(a.Conversation), a.Number, ms(a.At), a.Took, a.Status, a.Failure, flag(a.Dead), a.Request, a.Answer)
	return err
}

const attemptColumns = `id, tenant, hook, delivery, occasion, conversation, number, at, took, status, failure, dead`

// scanAttempt reads attemptColumns, and the bodies if they were asked for.
func scanAttempt(bodies bool) func(r row) (hook.Attempt, error) {
	return func(r row) (a hook.Attempt, err error) {
		var when, dead int64
		dest := []any{&a.ID, &a.Tenant, &a.Hook, &a.Delivery, &a.Occasion, &a.Conversation, &a.Number, &when, &a.Took, &a.Status, &a.Failure, &dead}
		if bodies {
			dest = append(dest, &a.Request, &a.Answer)
		}
		err = r.Scan(dest...)
		a.At, a.Dead = at(when), dead == 1
		return a, err
	}
}

// HookAttempts implements hook.Store. Each filter walks an index of its own.
func (s *Store) HookAttempts(ctx context.Context, t id.Tenant, f hook.Filter) (list []hook.Attempt, err error) {
	defer errs.Wrap(&err, "store.HookAttempts")
	if f.After == "" {
		f.After = "~"
	}
	args := []any{string(t), f.After, max(f.Limit, 1)}
	where := ""
	switch {
	case f.Conversation != "":
		where, args = ` AND conversation = $4 AND conversation <> ''`, append(args, string(f.Conversation))
	case f.Hook != "":
		where, args = ` AND hook = $4`, append(args, f.Hook)
	}
	if f.Dead {
		where += ` AND dead = 1`
	}
	return all(ctx, s.readers, scanAttempt(false), `SELECT `+attemptColumns+` FROM hook_attempt
		WHERE tenant = $1 AND id < $2`+where+` ORDER BY id DESC LIMIT $3`, args...)
}

// HookAttempt implements hook.Store.
func (s *Store) HookAttempt(ctx context.Context, t id.Tenant, attempt string) (a hook.Attempt, err error) {
	defer errs.Wrap(&err, "store.HookAttempt %s", attempt)
	a, ok, err := first(ctx, s.readers, scanAttempt(true), `SELECT `+attemptColumns+`, request, answer FROM hook_attempt
		WHERE id = $1 AND tenant = $2`, attempt, string(t))
	if err == nil && !ok {
		err = missing("attempt")
	}
	return a, err
}

// HookAnswers implements hook.Store.
func (s *Store) HookAnswers(ctx context.Context, t id.Tenant, list []id.Conversation) (answers map[id.Conversation]string, err error) {
	defer errs.Wrap(&err, "store.HookAnswers")
	type answer struct {
		of   id.Conversation
		text string
	}
	found, err := all(ctx, s.readers, func(r row) (a answer, err error) { return a, r.Scan(&a.of, &a.text) },
		`SELECT conversation, answer FROM hook_answer WHERE conversation IN `+s.dialect.list("$2")+` AND tenant = $1`, string(t), jsonList(list))
	answers = make(map[id.Conversation]string, len(found))
	for _, a := range found {
		answers[a.of] = a.text
	}
	return answers, err
}

// ExpireAttempts implements hook.Store. A page at a time: the writer is not held
// up for long, and the rest goes the next time.
func (s *Store) ExpireAttempts(ctx context.Context, before time.Time) (n int, err error) {
	defer errs.Wrap(&err, "store.ExpireAttempts")
	err = s.write(ctx, func(ctx context.Context, t *tx) error {
		gone, err := t.exec(ctx, `DELETE FROM hook_attempt WHERE id IN
			(SELECT a.id FROM hook_attempt a WHERE a.at < $1 ORDER BY a.at LIMIT 5000)`, ms(before))
		n = int(gone)
		return err
	})
	return n, err
}
