package conversation

import (
	"context"
	"slices"

	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// MaxBulk is the most conversations that are read in one go.
const MaxBulk = 64

// Mark says how far somebody has read a conversation.
type Mark struct {
	Conversation id.Conversation
	// Seq is the newest number that was received.
	Seq int64
}

// Resumed is what became of conversations since a client last looked.
type Resumed struct {
	// Conversations are those that the client may see, in no order.
	Conversations []Conversation
	// Messages are those behind the marks, conversation by conversation in
	// rising order, at most limit for each.
	Messages []Message
	// Missing is how many conversations do not exist or have moved out of sight.
	Missing int
}

// Resume reads conversations an agent follows and the messages behind its
// marks, all in two statements. limit is the most messages of a conversation.
// It returns errs.Invalid "too_many_conversations" beyond MaxBulk marks.
func (s *Service) Resume(ctx context.Context, who actor.Actor, marks []Mark, limit int) (out Resumed, err error) {
	defer errs.Wrap(&err, "conversation.Resume")
	if len(marks) > MaxBulk {
		return out, errs.Field("conversations", "too_many_conversations", "%d conversations; %d are allowed.", len(marks), MaxBulk)
	}
	if who.Kind != actor.Agent {
		return out, errs.New(errs.Forbidden, "agents_only", "Only agents follow several conversations.")
	}
	names := make([]id.Conversation, len(marks))
	seq := make(map[id.Conversation]int64, len(marks))
	for i, m := range marks {
		names[i], seq[m.Conversation] = m.Conversation, m.Seq
	}
	found, err := s.store.Conversations(ctx, who.Tenant, names)
	if err != nil {
		return out, err
	}
	scope := ScopeOf(who)
	var behind []Mark
	for _, c := range found {
		if !scope.Holds(c) {
			continue
		}
		out.Conversations = append(out.Conversations, c)
		if c.LastSeq > seq[c.ID] {
			behind = append(behind, Mark{c.ID, seq[c.ID]})
		}
	}
	out.Missing = len(seq) - len(out.Conversations)
	out.Messages, err = s.store.MessagesAfter(ctx, who.Tenant, behind, limit)
	return out, err
}

// Latest returns the newest n messages of conversations that were read before, by
// conversation in rising order.
func (s *Service) Latest(ctx context.Context, t id.Tenant, list []Conversation, n int) (map[id.Conversation][]Message, error) {
	out := make(map[id.Conversation][]Message, len(list))
	for len(list) > 0 {
		part := list[:min(len(list), MaxBulk)]
		list = list[len(part):]
		marks := make([]Mark, len(part))
		for i, c := range part {
			marks[i] = Mark{c.ID, max(c.LastSeq-int64(n), 0)}
		}
		got, err := s.store.MessagesAfter(ctx, t, marks, n)
		if err != nil {
			return nil, err
		}
		for _, m := range got {
			out[m.Conversation] = append(out[m.Conversation], m)
		}
	}
	return out, nil
}

// Conversations reads up to MaxBulk conversations without asking who may see
// them: for services that decided that already.
func (s *Service) Conversations(ctx context.Context, t id.Tenant, list []id.Conversation) ([]Conversation, error) {
	if len(list) > MaxBulk {
		return nil, errs.Field("conversations", "too_many_conversations", "%d conversations; %d are allowed.", len(list), MaxBulk)
	}
	return s.store.Conversations(ctx, t, list)
}

// Visible tells which of some conversations who may see, MaxBulk in one statement. Those
// that do not exist are not among them.
func (s *Service) Visible(ctx context.Context, who actor.Actor, names []id.Conversation) (out map[id.Conversation]bool, err error) {
	defer errs.Wrap(&err, "conversation.Visible")
	scope := ScopeOf(who)
	out = make(map[id.Conversation]bool, len(names))
	names = slices.Compact(slices.Sorted(slices.Values(names)))
	for part := range slices.Chunk(names, MaxBulk) {
		found, err := s.store.Conversations(ctx, who.Tenant, part)
		if err != nil {
			return nil, err
		}
		for _, c := range found {
			out[c.ID] = who.Kind == actor.Agent && scope.Holds(c)
		}
	}
	return out, nil
}
