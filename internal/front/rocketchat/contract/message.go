package contract

import (
	"context"
	"errors"
	"net/url"
	"regexp"
	"strings"

	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/id"
	"parlor/internal/visitor"
)

// DraftMessage is a message as agents and bots send it.
type DraftMessage struct {
	ID  string `json:"_id"`
	Rid string `json:"rid"`
	Msg string `json:"msg"`
	// Text is what some clients call Msg.
	Text string `json:"text"`
}

// MessageAnswer is the answer that is one message of a visitor's room.
func (f *Kit) MessageAnswer(ctx context.Context, k visitor.Known, m conversation.Message) (any, error) {
	a, err := f.Authors(ctx, k)
	if err != nil {
		return nil, err
	}
	v, _ := a.Message(m)
	err = a.quote(ctx, k.Visitor.Actor(), &v)
	return Object{"message": v}, err
}

// quotes is a link to a message of a room, as clients write what they quote.
var quotes = regexp.MustCompile(`https?://[^\s()\[\]<>"]+/live/([A-Za-z0-9_-]{1,64})\?msg=([A-Za-z0-9_-]{1,128})`)

// quote shows the message of the same room that a message links to.
func (a *Authors) quote(ctx context.Context, who actor.Actor, v *MessageView) error {
	if !strings.Contains(v.Text, "?msg=") {
		return nil
	}
	link := quotes.FindStringSubmatch(v.Text)
	if link == nil || id.Conversation(link[1]) != v.Room {
		return nil
	}
	m, err := a.f.MessageOf(ctx, who, v.Room, link[2])
	var own *Fault
	if IsMissing(err) || errors.As(err, &own) {
		return nil
	}
	if err != nil {
		return err
	}
	if q, shown := a.Message(m); shown && m.Line == nil {
		v.Attachments = append(v.Attachments, Object{"text": q.Text, "author_name": q.User.Username, "author_icon": "/avatar/" + url.PathEscape(q.User.Username),
			"message_link": link[0], "ts": q.At, "attachments": Some(q.Attachments)})
	}
	return nil
}

// MessageOf finds a message by the id that it has outside, in a room that who may see.
func (f *Kit) MessageOf(ctx context.Context, who actor.Actor, rid id.Conversation, message string) (conversation.Message, error) {
	seq := SeqOf(rid, message)
	if seq == 0 {
		return f.Conversations.Find(ctx, who, rid, message)
	}
	list, err := f.Conversations.Messages(ctx, who, rid, conversation.Range{After: seq - 1, Limit: 1})
	if err == nil && (len(list) == 0 || list[0].Seq != seq) {
		err = Plain("invalid-message")
	}
	if err != nil {
		return conversation.Message{}, err
	}
	return list[0], nil
}

// Limits of a history.
const (
	// HistoryCount is how many messages a history has, if nothing else is asked for;
	// historyMost bounds it.
	HistoryCount = 20
	HistoryMost  = 200
	// HistoryDepth is how far behind the newest message an offset may lead.
	HistoryDepth = 10_000
)
