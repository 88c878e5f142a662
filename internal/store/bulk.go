package store

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// Conversations implements conversation.Store. Names are filled.
func (s *Store) Conversations(ctx context.Context, t id.Tenant, list []id.Conversation) (got []conversation.Conversation, err error) {
	defer errs.Wrap(&err, "store.Conversations")
	if len(list) == 0 {
		return []conversation.Conversation{}, nil
	}
	return all(ctx, s.readers, scanConversation, namedConversation+` WHERE c.id IN `+s.dialect.list("$1")+
		` AND c.tenant = $2`, jsonList(list[:min(len(list), conversation.MaxBulk)]), string(t))
}

// MessagesAfter implements conversation.Store. Each conversation is a walk of its own along the
// clustered messages, cut to the limit, and one statement holds all walks. Their number is rounded
// up to a power of two, so that few texts have to be prepared; walks to spare find nothing.
func (s *Store) MessagesAfter(ctx context.Context, t id.Tenant, marks []conversation.Mark, limit int) (list []conversation.Message, err error) {
	defer errs.Wrap(&err, "store.MessagesAfter")
	if len(marks) == 0 {
		return []conversation.Message{}, nil
	}
	marks = marks[:min(len(marks), conversation.MaxBulk)]
	walks := 1
	for walks < len(marks) {
		walks *= 2
	}
	args := []any{string(t), max(limit, 1)}
	parts := make([]string, 0, walks)
	for i := range walks {
		var m conversation.Mark
		if i < len(marks) {
			m = marks[i]
		}
		// Nobody can ask for the messages of a tenant that is not his own: the
		// subquery finds no such conversation.
		parts = append(parts, fmt.Sprintf(`SELECT * FROM (%s WHERE m.conversation = (SELECT c.id FROM conversation c
			WHERE c.id = $%d AND c.tenant = $1) AND m.seq > $%d ORDER BY m.seq LIMIT $2) w%d`, selectMessage, len(args)+1, len(args)+2, i))
		args = append(args, string(m.Conversation), max(m.Seq, 0))
	}
	list, err = all(ctx, s.readers, scanMessage, strings.Join(parts, " UNION ALL "), args...)
	for i := range list {
		list[i].Tenant = t
	}
	slices.SortFunc(list, func(a, b conversation.Message) int {
		if a.Conversation != b.Conversation {
			return strings.Compare(string(a.Conversation), string(b.Conversation))
		}
		return int(a.Seq - b.Seq)
	})
	return list, err
}
