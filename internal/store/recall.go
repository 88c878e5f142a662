package store

import (
	"context"
	"strings"

	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// recallCounters is moveCounters for the line of a recall, which a closed
// conversation takes too.
var recallCounters = strings.Replace(moveCounters, " AND COALESCE(status, '') <> 'closed'", "", 1)

// Recall implements conversation.Store. The conversation is locked first, as by every verb.
func (s *Store) Recall(ctx context.Context, in conversation.RecallInput) (out conversation.RecallResult, err error) {
	defer errs.Wrap(&err, "store.Recall %s", in.Conversation)
	err = s.write(ctx, func(ctx context.Context, t *tx) (err error) {
		out = conversation.RecallResult{}
		c, err := conversationOf(ctx, t, in.Tenant, in.Conversation, s.dialect.lock("c"))
		if err != nil {
			return err
		}
		m, ok, err := first(ctx, t, scanMessage, selectMessage+` WHERE m.conversation = $1 AND m.seq = $2`, string(c.ID), in.Seq)
		switch {
		case err != nil:
			return err
		case !ok:
			return missing("message")
		}
		m.Tenant, out.Conversation, out.Message = in.Tenant, c, m
		if m.Recalled != nil {
			return nil
		}
		if err := recallable(m, in); err != nil {
			return err
		}
		return s.recall(ctx, t, in, &out)
	})
	return out, err
}

// recallable refuses what may not be taken back.
func recallable(m conversation.Message, in conversation.RecallInput) error {
	switch {
	case m.Kind == conversation.Event || m.Line != nil:
		return errs.New(errs.Conflict, "not_recallable", "a line cannot be taken back")
	case in.Author != "" && m.From.ID != in.Author:
		return errs.New(errs.Forbidden, "not_author", "only its author can take a message back")
	case m.At.Before(in.NotBefore):
		return errs.New(errs.Conflict, "too_late", "it is too late to take the message back")
	}
	return nil
}

// recall makes the changes of Recall.
func (s *Store) recall(ctx context.Context, t *tx, in conversation.RecallInput, out *conversation.RecallResult) error {
	text, mentions, canvas, m := out.Message.Text, out.Message.Mentions, out.Message.Canvas, &out.Message
	if m.Edited != nil {
		if err := forgetEdits(ctx, t, *m); err != nil {
			return err
		}
		m.Edited = nil
	}
	m.Text, m.File, m.More, m.Mentions, m.Canvas, m.Extra, m.Recalled = "", nil, nil, nil, "", nil, &in.Recall
	if err := dropCanvas(ctx, t, in.Tenant, canvas); err != nil {
		return err
	}
	meta, err := m.Meta()
	if err != nil {
		return err
	}
	if _, err := t.exec(ctx, `UPDATE message SET text = '', meta = $3 WHERE conversation = $1 AND seq = $2`, string(m.Conversation), m.Seq, meta); err != nil {
		return err
	}
	// The list row shows the newest message of visitor or agent.
	if _, err := t.exec(ctx, `UPDATE conversation SET last_text = '', last_kind = 'event' WHERE id = $1 AND last_at = $2 AND last_from = $3 AND last_text = $4`,
		string(m.Conversation), ms(m.At), string(m.From.Kind), shorten(text)); err != nil {
		return err
	}
	if _, err := t.exec(ctx, `DELETE FROM mention WHERE id = $1 AND tenant = $2 AND agent IN `+s.dialect.list("$3"),
		string(m.ID), string(in.Tenant), jsonList(mentions)); err != nil {
		return err
	}
	if err := s.forget(ctx, t, in.Tenant, m.Conversation, m.Seq, text); err != nil {
		return err
	}
	line := conversation.Message{ID: id.Message(id.New()), Tenant: in.Tenant, Conversation: m.Conversation, Kind: conversation.Event, At: in.Recall.At,
		From: conversation.Author{Kind: actor.System}, Line: &conversation.Line{Name: conversation.LineRecalled, By: in.Recall.By.Name, Seq: m.Seq}}
	if !m.Kind.VisibleToVisitor() {
		line.Kind = conversation.Note
	}
	c, err := s.appendLine(ctx, t, &line)
	c.VisitorName, c.AgentName = out.Conversation.VisitorName, out.Conversation.AgentName
	out.Conversation, out.Line = c, line
	return err
}

// appendLine adds a line to a conversation in any state.
func (s *Store) appendLine(ctx context.Context, t *tx, line *conversation.Message) (conversation.Conversation, error) {
	args, err := appendArgs(conversation.Append{Message: *line})
	if err != nil {
		return conversation.Conversation{}, err
	}
	after, ok, err := change(ctx, t, scanCounted, recallCounters, args[:counters]...)
	if err == nil && !ok {
		err = noConversation()
	}
	if err != nil {
		return after.c, err
	}
	line.Seq, line.Prev = after.c.LastSeq, after.prev
	return after.c, s.insertMessage(ctx, t, *line, after, args)
}

// maxForget is how many candidates are looked at to find a message in the search
// index. Beyond that the search itself leaves it out, because its text is gone.
const (
	maxForget       = 2000
	maxForgetTokens = 40
)

// forget takes a message out of the search index. The index has no way from a
// message to its place; the message's own words lead there.
func (s *Store) forget(ctx context.Context, t *tx, tenant id.Tenant, c id.Conversation, seq int64, text string) error {
	tokens := tokensOf(tenant, words(text))
	if len(tokens) == 0 {
		return nil
	}
	found, err := s.dialect.candidates(ctx, t, tokens[:min(len(tokens), maxForgetTokens)], cursorTop.key, maxForget)
	if err != nil || len(found) == 0 {
		return err
	}
	pos, ok, err := first(ctx, t, scalar[int64], `SELECT d.pos FROM search_doc d WHERE d.pos IN
		(SELECT CAST(x.v AS BIGINT) FROM `+s.dialect.rows("$1", "x", "v")+`) AND d.conversation = $2 AND d.seq = $3`,
		numberList(found), string(c), seq)
	if err != nil || !ok {
		return err
	}
	return s.dialect.unindex(ctx, t, pos, strings.Join(tokens, " "))
}
