package uckefu

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

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

// stays is how often in a grace period a node says that pages are open.
const stays = 4

// Stay tells the other nodes, until ctx ends, which visitors of running dialogues
// have a page open here: it moves the time they were seen last, often enough for
// EndGone to find it moved whichever node asks. Only installations of several
// nodes need it.
func (f *Front) Stay(ctx context.Context) error {
	for {
		timer := f.Clock.NewTimer(max(f.Grace/stays, 100*time.Millisecond))
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C():
		}
		for t, list := range f.here() {
			if err := f.Visitors.StillHere(ctx, t, list); err != nil && ctx.Err() == nil {
				f.Log.Error("open pages not told to other nodes", "tenant", t, "error", err)
			}
		}
	}
}

// here are the visitors of running dialogues with a page on this node.
func (f *Front) here() map[id.Tenant][]id.Visitor {
	f.mu.Lock()
	conns := make([]*visitorConn, 0, len(f.visitors))
	for _, pages := range f.visitors {
		for c := range pages {
			conns = append(conns, c)
		}
	}
	f.mu.Unlock()
	out := map[id.Tenant][]id.Visitor{}
	for _, c := range conns {
		c.mu.Lock()
		if c.admitted && c.conv.ID != "" && c.conv.Status != conversation.Closed {
			out[c.who.Tenant] = append(out[c.who.Tenant], c.who.ID)
		}
		c.mu.Unlock()
	}
	return out
}

// EndGone is the worker of JobVisitorGone: it ends the dialogue as the visitor
// unless the visitor has come back since, or has a page open on any node. A page
// here is seen at once, one on another node by the time it moves (Stay).
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
