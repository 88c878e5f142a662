package store

import (
	"context"

	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// Edit implements conversation.Store. The conversation is locked first, as by every verb.
func (s *Store) Edit(ctx context.Context, in conversation.EditInput) (out conversation.EditResult, err error) {
	defer errs.Wrap(&err, "store.Edit %s", in.Conversation)
	if err := checkTexts([]any{in.Text, in.By.Name}); err != nil {
		return out, err
	}
	err = s.write(ctx, func(ctx context.Context, t *tx) (err error) {
		out = conversation.EditResult{}
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
		if err := editable(c, m, in); err != nil || m.Text == in.Text {
			return err
		}
		return s.edit(ctx, t, in, &out)
	})
	return out, err
}

// editable refuses what may not be changed.
func editable(c conversation.Conversation, m conversation.Message, in conversation.EditInput) error {
	switch {
	case m.Kind == conversation.Event || m.Line != nil:
		return errs.New(errs.Conflict, "not_editable", "a line cannot be changed")
	case in.Author != "" && m.From.ID != in.Author:
		return errs.New(errs.Forbidden, "not_author", "only its author can change a message")
	case m.Recalled != nil:
		return errs.New(errs.Conflict, "message_recalled", "the message was taken back")
	case m.Edited != nil && m.Edited.Times >= conversation.MaxEdits:
		return errs.New(errs.Conflict, "too_many_edits", "the message was changed %d times", m.Edited.Times)
	case c.Status == conversation.Closed:
		return errClosed()
	}
	return nil
}

// edit makes the changes of Edit.
func (s *Store) edit(ctx context.Context, t *tx, in conversation.EditInput, out *conversation.EditResult) error {
	m := &out.Message
	old, times := m.Text, 1
	if m.Edited != nil {
		times = m.Edited.Times + 1
	}
	m.Text, m.Edited = in.Text, &conversation.Edit{By: in.By, At: in.At, Times: times}
	meta, err := m.Meta()
	if err != nil {
		return err
	}
	if _, err := t.exec(ctx, `UPDATE message SET text = $3, meta = $4 WHERE conversation = $1 AND seq = $2`, string(m.Conversation), m.Seq, m.Text, meta); err != nil {
		return err
	}
	// The list row shows the newest message of visitor or agent.
	if _, err := t.exec(ctx, `UPDATE conversation SET last_text = $5 WHERE id = $1 AND last_at = $2 AND last_from = $3 AND last_text = $4`,
		string(m.Conversation), ms(m.At), string(m.From.Kind), shorten(old), shorten(m.Text)); err != nil {
		return err
	}
	if err := s.forget(ctx, t, in.Tenant, m.Conversation, m.Seq, old); err != nil {
		return err
	}
	// A row in the outbox has the index take the new text.
	if _, err := t.exec(ctx, `INSERT INTO outbox (tenant, conversation, seq, kind, at) VALUES ($1, $2, $3, $4, $5)`,
		string(in.Tenant), string(m.Conversation), m.Seq, string(m.Kind), ms(in.At)); err != nil {
		return err
	}
	line := conversation.Message{ID: id.Message(id.New()), Tenant: in.Tenant, Conversation: m.Conversation, Kind: conversation.Event, At: in.At,
		From: conversation.Author{Kind: actor.System}, Line: &conversation.Line{Name: conversation.LineEdited, By: in.By.Name, Seq: m.Seq, Text: m.Text}}
	if !m.Kind.VisibleToVisitor() {
		line.Kind = conversation.Note
	}
	c, err := s.appendLine(ctx, t, &line)
	c.VisitorName, c.AgentName = out.Conversation.VisitorName, out.Conversation.AgentName
	out.Conversation, out.Line = c, line
	return err
}

// forgetEdits takes the texts out of the lines that told of the edits of a
// message which is being taken back.
func forgetEdits(ctx context.Context, t *tx, m conversation.Message) error {
	list, err := all(ctx, t, scanMessage, selectMessage+` WHERE m.conversation = $1 AND m.seq > $2`, string(m.Conversation), m.Seq)
	if err != nil {
		return err
	}
	for _, line := range list {
		if line.Line == nil || line.Line.Name != conversation.LineEdited || line.Line.Seq != m.Seq {
			continue
		}
		line.Line.Text = ""
		meta, err := line.Meta()
		if err != nil {
			return err
		}
		if _, err := t.exec(ctx, `UPDATE message SET meta = $3 WHERE conversation = $1 AND seq = $2`, string(m.Conversation), line.Seq, meta); err != nil {
			return err
		}
	}
	return nil
}
