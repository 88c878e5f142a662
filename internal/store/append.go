package store

import (
	"context"
	"strings"

	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// moveCounters numbers a message and moves the counters of its conversation, or
// changes nothing if the message may not be added. Parameters: $1 conversation,
// $2 tenant, $3 the only agent allowed, $4 author, $5 client id, $6 visible to
// the visitor, $7 said by visitor or agent, $8 said by the visitor, $9 answers
// the visitor, $10 moves the agent's read mark, $11 moves the visitor's, $12
// time, $13 short text, $14 kind, $15 kind of author. Tenant and status are
// compared in a form that no index serves: a planner without statistics might
// else prefer a list's index to the primary key.
var moveCounters = `UPDATE conversation SET
	last_seq = last_seq + 1,
	prev_seq = visible_seq,
	visible_seq = CASE WHEN $6 = 1 THEN last_seq + 1 ELSE visible_seq END,
	last_at = CASE WHEN $7 = 1 THEN CAST($12 AS BIGINT) ELSE last_at END,
	last_text = CASE WHEN $7 = 1 THEN $13 ELSE last_text END,
	last_kind = CASE WHEN $7 = 1 THEN $14 ELSE last_kind END,
	last_from = CASE WHEN $7 = 1 THEN $15 ELSE last_from END,
	agent_read = CASE WHEN $10 = 1 THEN last_seq + 1 ELSE agent_read END,
	visitor_read = CASE WHEN $11 = 1 THEN last_seq + 1 ELSE visitor_read END,
	unread = CASE WHEN $10 = 1 THEN 0 WHEN $8 = 1 THEN unread + 1 ELSE unread END,
	waiting_since = CASE WHEN $9 = 1 THEN 0
		WHEN $8 = 1 AND waiting_since = 0 THEN CAST($12 AS BIGINT) ELSE waiting_since END
	WHERE id = $1 AND COALESCE(tenant, '') = $2 AND COALESCE(status, '') <> 'closed' AND ($3 = '' OR agent = $3)
	AND ($5 = '' OR NOT EXISTS (SELECT 1 FROM message m
		WHERE m.conversation = $1 AND m.from_id = $4 AND m.client_id = $5 AND m.client_id <> ''))
	RETURNING ` + countedColumns

// countedColumns is what scanCounted reads.
var countedColumns = strings.ReplaceAll(conversationColumns, "c.", "") + `, prev_seq`

// moveCountersPacked is moveCounters for SQLite, whose driver asks for the name,
// the declared type, the type, the value and the length of every column of every
// row: they come as one text, see packedRow.
var moveCountersPacked = strings.Replace(moveCounters, countedColumns, packed(countedColumns), 1)

// errClosed refuses what only a running conversation allows.
func errClosed() error {
	return errs.New(errs.Conflict, "conversation_closed", "the conversation is closed")
}

// errNotYours refuses an agent who does not hold the conversation.
func errNotYours() error {
	return errs.New(errs.Conflict, "not_your_conversation", "the conversation belongs to another agent")
}

// counters is how many parameters moveCounters has.
const counters = 15

// counterArgs are the parameters of moveCounters.
func counterArgs(in conversation.Append) []any {
	m := in.Message
	// A note is among agents and a line is said by nobody: neither answers a
	// visitor, waits for an answer, or shows in a list.
	said := (m.From.Kind == actor.Visitor || m.From.Kind == actor.Agent) &&
		m.Kind != conversation.Note && m.Kind != conversation.Event
	return []any{
		string(m.Conversation), string(m.Tenant), string(in.OnlyAgent), m.From.ID, m.ClientID,
		flag(m.Kind.VisibleToVisitor()), flag(said), flag(said && m.From.Kind == actor.Visitor),
		flag(said && m.From.Kind == actor.Agent), flag(in.Reads && m.From.Kind == actor.Agent),
		flag(in.Reads && m.From.Kind == actor.Visitor), ms(m.At), shorten(m.Text), string(m.Kind), string(m.From.Kind),
	}
}

// shorten cuts a text to the 100 characters a list shows.
func shorten(text string) string {
	const most = 100
	n := 0
	for i := range text {
		if n == most {
			return text[:i]
		}
		n++
	}
	return text
}

// counted is a row that moveCounters returns.
type counted struct {
	c    conversation.Conversation
	prev int64
}

// scanCounted reads a row that moveCounters returns.
func scanCounted(r row) (counted, error) {
	var v conversationRow
	var prev int64
	err := r.Scan(append(v.dest(), &prev)...)
	return counted{v.value(), prev}, err
}

// scanPacked is scanCounted for moveCountersPacked.
func scanPacked(r row) (c counted, err error) {
	var text packedRow
	if err := r.Scan(&text); err != nil {
		return c, err
	}
	return scanCounted(text)
}

// Append implements conversation.Store. On SQLite it is a verb like all others and shares their
// commit; on PostgreSQL appends have a batch of their own, see postgresBatch.
func (s *Store) Append(ctx context.Context, in conversation.Append) (got conversation.Appended, err error) {
	defer errs.Wrap(&err, "store.Append %s", in.Message.Conversation)
	if in.Message.ID == "" {
		in.Message.ID = id.Message(id.New())
	}
	if len(in.Message.Mentions) > 0 {
		return s.appendMentioning(ctx, in)
	}
	if s.appends != nil {
		return s.appendPostgres(ctx, in)
	}
	args, err := appendArgs(in) // not in the verb: all others wait for the writer
	if err != nil {
		return got, err
	}
	err = s.write(ctx, func(ctx context.Context, t *tx) error {
		// The usual case touches the rows once; why an append was refused is
		// found out only when it was.
		after, ok, err := s.appendSteps(ctx, t, in.Message, args)
		if got = appended(in, after); err != nil || ok {
			return err
		}
		got, _, err = refusal(ctx, t, in)
		return err
	})
	return got, err
}

// AppendLines implements conversation.Store.
func (s *Store) AppendLines(ctx context.Context, t id.Tenant, c id.Conversation, lines []conversation.Message) (list []conversation.Moved, err error) {
	defer errs.Wrap(&err, "store.AppendLines %s", c)
	err = s.write(ctx, func(ctx context.Context, x *tx) error {
		now, err := conversationOf(ctx, x, t, c, s.dialect.lock("c"))
		if err != nil {
			return err
		}
		if now.Status == conversation.Closed {
			return errClosed()
		}
		list = make([]conversation.Moved, len(lines))
		for i, line := range lines {
			if list[i], err = s.record(ctx, x, now, line, now.AgentName); err != nil {
				return err
			}
		}
		return nil
	})
	return list, err
}

// appendIn adds a message within a transaction. ok is false if it may not be
// added; nothing was changed then.
func (s *Store) appendIn(ctx context.Context, t *tx, in conversation.Append) (got conversation.Appended, ok bool, err error) {
	args, err := appendArgs(in)
	if err != nil {
		return got, false, err
	}
	var after counted
	if s.appends != nil {
		after, ok, err = change(ctx, t, scanCounted, s.appendText(in.Message.Tenant), args...)
	} else {
		after, ok, err = s.appendSteps(ctx, t, in.Message, args)
	}
	if err != nil || !ok {
		return got, false, err
	}
	return appended(in, after), true, nil
}

// appended is what became of a message that was added.
func appended(in conversation.Append, after counted) conversation.Appended {
	m := in.Message
	m.Seq, m.Prev = after.c.LastSeq, after.prev
	return conversation.Appended{Message: m, Conversation: after.c}
}

// Where the values of a message stand among the parameters of appendStatement.
const (
	inConversation = 0
	inTenant       = 1
	inFrom         = 3
	inClient       = 4
	inAt           = 11
	inKind         = 13
	inFromKind     = 14
	inID           = counters
	inName         = counters + 1
	inText         = counters + 2
	inMeta         = counters + 3
)

// appendArgs are the parameters of appendStatement. Everything that could be
// refused for its text is checked here, before the first change.
func appendArgs(in conversation.Append) ([]any, error) {
	m := in.Message
	meta, err := m.Meta()
	if err != nil {
		return nil, err
	}
	args := append(counterArgs(in), string(m.ID), m.From.Name, m.Text, meta)
	return args, checkTexts(args)
}

// appendSteps is appendStatement in three statements, for an engine that cannot
// change several tables in one. Whether the message is a repetition is looked up
// only if it may be one.
func (s *Store) appendSteps(ctx context.Context, t *tx, m conversation.Message, args []any) (after counted, ok bool, err error) {
	repeated := false
	if m.ClientID != "" {
		if s.names == nil {
			return after, false, errShared()
		}
		if repeated, err = s.names.mayHold(ctx, t, m.Conversation, m.ClientID); err != nil {
			return after, false, err
		}
	}
	if !repeated {
		args[inClient] = ""
	}
	after, ok, err = change(ctx, t, scanPacked, moveCountersPacked, args[:counters]...)
	args[inClient] = m.ClientID
	if err != nil || !ok {
		return after, false, err
	}
	return after, true, s.insertMessage(ctx, t, m, after, args)
}

// insertMessage adds the rows of a message whose number has been taken.
func (s *Store) insertMessage(ctx context.Context, t *tx, m conversation.Message, after counted, args []any) error {
	seq := any(after.c.LastSeq)
	if _, err := t.exec(ctx, `INSERT INTO message (conversation, seq, prev, id, client_id, kind, from_kind,
		from_id, from_name, text, meta, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		args[inConversation], seq, after.prev, args[inID], args[inClient], args[inKind], args[inFromKind],
		args[inFrom], args[inName], args[inText], args[inMeta], args[inAt]); err != nil {
		return err
	}
	_, err := t.exec(ctx, `INSERT INTO outbox (tenant, conversation, seq, kind, at) VALUES ($1, $2, $3, $4, $5)`,
		args[inTenant], args[inConversation], seq, args[inKind], args[inAt])
	if err != nil {
		return err
	}
	return s.makeDue(ctx, t, m.Tenant, m.Conversation, after.c.Channel, after.c.LastSeq-1, after.c.LastSeq, m.At)
}

// record adds the message that records a change of c and returns it with the
// conversation as it is now; without a line it reads the conversation only.
// agentName is the name of the agent that c has now.
func (s *Store) record(ctx context.Context, t *tx, c conversation.Conversation, line conversation.Message, agentName string) (conversation.Moved, error) {
	if line.Kind == "" {
		now, err := conversationOf(ctx, t, c.Tenant, c.ID, "")
		return conversation.Moved{Conversation: now}, err
	}
	line.Tenant, line.Conversation = c.Tenant, c.ID
	if line.ID == "" {
		line.ID = id.Message(id.New())
	}
	got, ok, err := s.appendIn(ctx, t, conversation.Append{Message: line})
	if err == nil && !ok {
		err = errs.New(errs.Internal, "line_refused", "the line of a change could not be added")
	}
	got.Conversation.VisitorName, got.Conversation.AgentName = c.VisitorName, agentName
	return conversation.Moved{Conversation: got.Conversation, Line: got.Message}, err
}

// refusal finds out why moveCounters changed nothing: the error, or the first
// message if the client id was used before. sure is false if the reason is gone,
// because another transaction changed the conversation meanwhile.
func refusal(ctx context.Context, q runner, in conversation.Append) (got conversation.Appended, sure bool, err error) {
	m := in.Message
	c, err := conversationOf(ctx, q, m.Tenant, m.Conversation, "")
	if err != nil {
		return got, true, err
	}
	// A repetition is answered with the first result whatever became of the
	// conversation since: the sender only missed the answer.
	if m.ClientID != "" {
		old, ok, err := first(ctx, q, scanMessage, selectMessage+`
			WHERE m.conversation = $1 AND m.from_id = $2 AND m.client_id = $3 AND m.client_id <> ''`,
			string(m.Conversation), m.From.ID, m.ClientID)
		if err != nil {
			return got, true, err
		}
		if ok {
			old.Tenant = m.Tenant
			c.VisitorName, c.AgentName = "", ""
			return conversation.Appended{Message: old, Conversation: c, Repeated: true}, true, nil
		}
	}
	switch {
	case c.Status == conversation.Closed:
		return got, true, errClosed()
	case in.OnlyAgent != "" && c.Agent != in.OnlyAgent:
		return got, true, errNotYours()
	}
	return got, false, nil
}
