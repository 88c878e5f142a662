package uckefu

import (
	"context"
	"encoding/json"
	"fmt"

	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/job"
	"parlor/internal/visitor"
)

// gonePayload says who left when.
type gonePayload struct {
	Visitor      id.Visitor      `json:"visitor"`
	Conversation id.Conversation `json:"conversation"`
	At           int64           `json:"at"`
}

func (f *Front) scheduleEnd(v visitor.Visitor, c id.Conversation) error {
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	now := f.Clock.Now()
	b, err := json.Marshal(gonePayload{Visitor: v.ID, Conversation: c, At: now.UnixMilli()})
	if err != nil {
		return err
	}
	return f.Jobs.Enqueue(ctx, job.Job{Tenant: v.Tenant, Kind: JobVisitorGone, Payload: string(b), RunAt: now.Add(f.Grace)})
}

// EndGone is the worker of JobVisitorGone: it ends the dialogue as the visitor
// unless the visitor has come back since.
func (f *Front) EndGone(ctx context.Context, j job.Job) error {
	var p gonePayload
	if err := json.Unmarshal([]byte(j.Payload), &p); err != nil {
		return fmt.Errorf("%w: %w", job.ErrGiveUp, err)
	}
	v, err := f.Visitors.Visitor(ctx, j.Tenant, p.Visitor)
	if err != nil {
		return err
	}
	if f.connected(p.Visitor) || v.LastSeen.UnixMilli() > p.At {
		return nil
	}
	_, err = f.Conversations.Close(ctx, actor.ForSystem(j.Tenant), p.Conversation, conversation.EndByVisitor)
	if code := errs.CodeOf(err); code == errs.Conflict || code == errs.NotFound {
		return nil
	}
	return err
}
