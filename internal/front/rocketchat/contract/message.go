package contract

import (
	"context"

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
}

// MessageAnswer is the answer that is one message of a visitor's room.
func (f *Kit) MessageAnswer(ctx context.Context, k visitor.Known, m conversation.Message) (any, error) {
	a, err := f.Authors(ctx, k)
	if err != nil {
		return nil, err
	}
	v, _ := a.Message(m)
	return Object{"message": v}, nil
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
