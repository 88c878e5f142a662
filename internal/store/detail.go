package store

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/tag"
)

var _ conversation.DetailStore = (*Store)(nil)

// aheadOf is how far a conversation stands before others for its priority or
// service level, in the unit of queueKey.
const aheadOf = `COALESCE((SELECT d.ahead FROM conversation_detail d WHERE d.conversation = conversation.id), 0)`

// Details implements conversation.Store. Two statements, however many there are.
func (s *Store) Details(ctx context.Context, t id.Tenant, wanted []id.Conversation) (list []conversation.Details, err error) {
	defer errs.Wrap(&err, "store.Details")
	ids := jsonList(wanted)
	list, err = all(ctx, s.readers, scanDetails, `SELECT d.conversation, d.topic, d.level, d.weight, d.agreement, d.due, d.closed_by, d.survey, d.transcript, d.record, d.call_status, d.origin, d.params
		FROM conversation_detail d WHERE d.conversation IN `+s.dialect.list("$2")+` AND d.tenant = $1`, string(t), ids)
	if err != nil {
		return nil, err
	}
	type value struct {
		c          id.Conversation
		key, value string
	}
	values, err := all(ctx, s.readers, func(r row) (v value, err error) { return v, r.Scan(&v.c, &v.key, &v.value) },
		`SELECT x.conversation, f.key, x.value FROM conversation_field x JOIN field f ON f.id = x.field
		WHERE x.conversation IN `+s.dialect.list("$2")+` AND x.tenant = $1 ORDER BY x.conversation`, string(t), ids)
	for _, v := range values {
		i := slices.IndexFunc(list, func(d conversation.Details) bool { return d.Conversation == v.c })
		if i < 0 {
			i, list = len(list), append(list, conversation.Details{Conversation: v.c})
		}
		if list[i].Fields == nil {
			list[i].Fields = map[string]string{}
		}
		list[i].Fields[v.key] = v.value
	}
	return list, err
}

func scanDetails(r row) (d conversation.Details, err error) {
	var survey, transcript, origin, params string
	if err = r.Scan(&d.Conversation, &d.Topic, &d.Level, &d.Weight, &d.Agreement, &d.Due, &d.ClosedBy, &survey, &transcript, &d.Record, &d.Call, &origin, &params); err != nil {
		return d, err
	}
	for _, x := range []struct {
		text string
		dest any
	}{{survey, &d.Survey}, {transcript, &d.Transcript}, {origin, &d.Origin}, {params, &d.Params}} {
		if x.text == "" {
			continue
		}
		if err = json.Unmarshal([]byte(x.text), x.dest); err != nil {
			return d, err
		}
	}
	return d, nil
}

// SetParams implements conversation.Store.
func (s *Store) SetParams(ctx context.Context, t id.Tenant, c id.Conversation, set map[string]string) (got conversation.Conversation, now map[string]string, err error) {
	defer errs.Wrap(&err, "store.SetParams %s", c)
	err = s.write(ctx, func(ctx context.Context, x *tx) error {
		if got, err = conversationOf(ctx, x, t, c, s.dialect.lock("c")); err != nil {
			return err
		}
		if got.Status == conversation.Closed {
			return errClosed()
		}
		text, _, err := first(ctx, x, scalar[string], `SELECT params FROM conversation_detail WHERE conversation = $1`, string(c))
		if err != nil {
			return err
		}
		var have map[string]string
		if text != "" {
			if err := json.Unmarshal([]byte(text), &have); err != nil {
				return err
			}
		}
		all, changed, err := conversation.MergeParams(have, set)
		if now = nil; err != nil || !changed {
			return err
		}
		b, err := json.Marshal(all)
		if err != nil {
			return err
		}
		now = all
		_, err = x.exec(ctx, `INSERT INTO conversation_detail (conversation, tenant, params) VALUES ($1, $2, $3)
			ON CONFLICT (conversation) DO UPDATE SET params = $3`, string(c), string(t), string(b))
		return err
	})
	return got, now, err
}

// ChangeDetails implements conversation.Store.
func (s *Store) ChangeDetails(ctx context.Context, t id.Tenant, c id.Conversation, d conversation.DetailChange) (err error) {
	defer errs.Wrap(&err, "store.ChangeDetails %s", c)
	var survey, transcript, origin any
	for _, x := range []struct {
		set  bool
		v    any
		dest *any
	}{{d.Survey != nil, d.Survey, &survey}, {d.Transcript != nil, d.Transcript, &transcript}, {d.Origin != nil, d.Origin, &origin}} {
		if !x.set {
			continue
		}
		b, err := json.Marshal(x.v)
		if err != nil {
			return err
		}
		*x.dest = string(b)
	}
	if d.NoTranscript {
		transcript = ""
	}
	return s.write(ctx, func(ctx context.Context, x *tx) error {
		if err := mustHave(ctx, x, "conversation", t, string(c)); err != nil {
			return err
		}
		_, err := x.exec(ctx, `INSERT INTO conversation_detail (conversation, tenant, topic, survey, transcript, record, call_status, origin)
			VALUES ($1, $2, COALESCE($3, ''), COALESCE($4, ''), COALESCE($5, ''), COALESCE($6, ''), COALESCE($7, ''), COALESCE($8, ''))
			ON CONFLICT (conversation) DO UPDATE SET topic = COALESCE($3, conversation_detail.topic),
			survey = COALESCE($4, conversation_detail.survey), transcript = COALESCE($5, conversation_detail.transcript),
			record = COALESCE($6, conversation_detail.record), call_status = COALESCE($7, conversation_detail.call_status), origin = COALESCE($8, conversation_detail.origin)`,
			string(c), string(t), orNull(d.Topic), survey, transcript, orNull(d.Record), orNull(d.Call), origin)
		if err != nil || d.Topic == nil {
			return err
		}
		return s.noteEdited(ctx, x, t, c, d.At)
	})
}

// Hold implements conversation.Store.
func (s *Store) Hold(ctx context.Context, in conversation.HoldInput) (moved conversation.Moved, err error) {
	defer errs.Wrap(&err, "store.Hold %s", in.Conversation)
	err = s.write(ctx, func(ctx context.Context, t *tx) error {
		c, err := conversationOf(ctx, t, in.Tenant, in.Conversation, s.dialect.lock("c"))
		switch {
		case err != nil:
			return err
		case c.Status == conversation.Closed:
			return errClosed()
		case c.Status == conversation.Queued:
			return errs.New(errs.Conflict, "conversation_queued", "nobody serves the conversation")
		case c.HeldAt != nil:
			return errs.New(errs.Conflict, "held", "the conversation is on hold already")
		}
		if err := s.freePlace(ctx, t, c.Tenant, c.Agent, ms(in.At)); err != nil {
			return err
		}
		if _, err := t.exec(ctx, `UPDATE conversation SET held_at = $2, version = version + 1 WHERE id = $1`, string(c.ID), ms(in.At)); err != nil {
			return err
		}
		moved, err = s.record(ctx, t, c, in.Line, c.AgentName)
		return err
	})
	return moved, err
}

// Unhold implements conversation.Store. The conversation is locked before the agent.
func (s *Store) Unhold(ctx context.Context, in conversation.UnholdInput) (moved conversation.Moved, err error) {
	defer errs.Wrap(&err, "store.Unhold %s", in.Conversation)
	err = s.write(ctx, func(ctx context.Context, t *tx) error {
		c, err := conversationOf(ctx, t, in.Tenant, in.Conversation, s.dialect.lock("c"))
		switch {
		case err != nil:
			return err
		case c.Status == conversation.Closed:
			return errClosed()
		case c.HeldAt == nil:
			return errs.New(errs.Conflict, "not_held", "the conversation is not on hold")
		}
		room, err := s.roomFor(ctx, t, c, in.Queue, ms(in.At))
		if err != nil {
			return err
		}
		if !room && !in.Queue {
			return errs.New(errs.Conflict, "agent_full", "%s has no free place", c.AgentName)
		}
		if !room {
			moved, err = s.unholdToQueue(ctx, t, c, in)
			return err
		}
		if _, err := t.exec(ctx, `UPDATE agent SET open = open + 1 WHERE id = $1 AND tenant = $2`, string(c.Agent), string(c.Tenant)); err != nil {
			return err
		}
		if _, err := t.exec(ctx, `UPDATE conversation SET held_at = 0, version = version + 1 WHERE id = $1`, string(c.ID)); err != nil {
			return err
		}
		moved, err = s.record(ctx, t, c, in.Line, c.AgentName)
		return err
	})
	return moved, err
}

// unholdToQueue sends a conversation that was on hold to the queue of its team.
func (s *Store) unholdToQueue(ctx context.Context, t *tx, c conversation.Conversation, in conversation.UnholdInput) (moved conversation.Moved, err error) {
	if _, err = t.exec(ctx, `UPDATE conversation SET status = 'queued', agent = '', assigned_at = 0, held_at = 0, queued_at = CAST($2 AS BIGINT),
		queue_key = CAST($2 AS BIGINT) - `+aheadOf+`, priority = 0, version = version + 1 WHERE id = $1`, string(c.ID), ms(in.At)); err != nil {
		return moved, err
	}
	moved, err = s.record(ctx, t, c, in.QueueLine, "")
	moved.Before = c.Agent
	return moved, err
}

// roomFor locks the agent of c and reports whether it can have one more; present
// asks that it is ready and connected, too.
func (s *Store) roomFor(ctx context.Context, t *tx, c conversation.Conversation, present bool, when int64) (bool, error) {
	a, ok, err := first(ctx, t, scanClaimant, `SELECT `+claimantOf+` AND n.lease_until > $3), `+isBot+`
		FROM agent a WHERE a.id = $2 AND a.tenant = $1`+s.dialect.lock("a"), string(c.Tenant), string(c.Agent), when)
	if err != nil || !ok {
		return false, err
	}
	return a.disabled == 0 && a.open < a.cap && (!present || a.takes(false)), nil
}

// Label implements conversation.Store. A name that is no tag becomes an archived
// one, which stays on what has it and is not offered.
func (s *Store) Label(ctx context.Context, in conversation.LabelInput) (got conversation.Conversation, err error) {
	defer errs.Wrap(&err, "store.Label %s", in.Conversation)
	err = s.write(ctx, func(ctx context.Context, t *tx) error {
		if err := s.lockTenant(ctx, t, in.Tenant); err != nil {
			return err
		}
		c, err := conversationOf(ctx, t, in.Tenant, in.Conversation, s.dialect.lock("c"))
		if err != nil {
			return err
		}
		var tags []string
		if in.Keep {
			tags = append(tags, c.Tags...)
		}
		for _, name := range in.Names {
			g, err := tagNamed(ctx, t, in.Tenant, name, in.At)
			if err != nil {
				return err
			}
			if !slices.Contains(tags, g) {
				tags = append(tags, g)
			}
		}
		if len(tags) > conversation.MaxTags {
			return errs.New(errs.Conflict, "too_many_tags", "there would be %d tags, %d are allowed", len(tags), conversation.MaxTags)
		}
		added := slices.DeleteFunc(slices.Clone(tags), func(g string) bool { return slices.Contains(c.Tags, g) })
		gone := slices.DeleteFunc(slices.Clone(c.Tags), func(g string) bool { return slices.Contains(tags, g) })
		if err := s.relink(ctx, t, links{tenant: string(in.Tenant), target: string(c.ID), key: ms(c.CreatedAt), agent: string(in.By), at: ms(in.At)}, added, gone); err != nil {
			return err
		}
		_, err = t.exec(ctx, `UPDATE conversation SET tags = $2 WHERE id = $1`, string(c.ID), strings.Join(tags, " "))
		c.Tags = tags
		got = c
		if err != nil || len(added)+len(gone) == 0 {
			return err
		}
		return s.noteEdited(ctx, t, in.Tenant, c.ID, in.At)
	})
	return got, err
}

// maxWords bounds the archived tags that Label makes for a tenant.
const maxWords = 5000

// tagNamed finds the tag of conversations with a name, or makes an archived one.
func tagNamed(ctx context.Context, t *tx, tenant id.Tenant, name string, when time.Time) (string, error) {
	key := fold(name)
	g, ok, err := first(ctx, t, scalar[string], `SELECT g.id FROM tag g WHERE g.tenant = $1 AND g.kind = $2 AND g.name_key = $3`,
		string(tenant), string(tag.Conversation), key)
	if err != nil || ok {
		return g, err
	}
	n, _, err := first(ctx, t, scalar[int], `SELECT COUNT(*) FROM tag g WHERE g.tenant = $1 AND g.kind = $2`, string(tenant), string(tag.Conversation))
	if err == nil && n >= maxWords {
		err = errs.New(errs.Conflict, "too_many_tags", "there are %d tags, more are not allowed", n)
	}
	if err != nil {
		return "", err
	}
	g = id.New()
	_, err = t.exec(ctx, `INSERT INTO tag (id, tenant, kind, name, name_key, color, sort, created_at, archived) VALUES ($1, $2, $3, $4, $5, $6, 100000, $7, 1)`,
		g, string(tenant), string(tag.Conversation), name, key, "#888888", ms(when))
	return g, err
}

// TagNames implements tag.Store.
func (s *Store) TagNames(ctx context.Context, t id.Tenant, wanted []string) (m map[string]string, err error) {
	defer errs.Wrap(&err, "store.TagNames")
	rows, err := all(ctx, s.readers, func(r row) (p [2]string, err error) { return p, r.Scan(&p[0], &p[1]) },
		`SELECT g.id, g.name FROM tag g WHERE g.id IN `+s.dialect.list("$2")+` AND g.tenant = $1`, string(t), jsonList(wanted))
	m = make(map[string]string, len(rows))
	for _, p := range rows {
		m[p[0]] = p[1]
	}
	return m, err
}

// TagsNamed implements tag.Store.
func (s *Store) TagsNamed(ctx context.Context, t id.Tenant, names []string) (list []string, err error) {
	defer errs.Wrap(&err, "store.TagsNamed")
	keys := make([]string, len(names))
	for i, n := range names {
		keys[i] = fold(n)
	}
	return all(ctx, s.readers, scalar[string], `SELECT g.id FROM tag g WHERE g.tenant = $1 AND g.kind = 'conversation' AND g.name_key IN `+
		s.dialect.list("$2")+` ORDER BY g.id`, string(t), jsonList(keys))
}
