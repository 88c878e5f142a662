package report

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"parlor/internal/actor"
	"parlor/internal/clock"
	"parlor/internal/conversation"
	"parlor/internal/id"
)

// counting counts the queries for messages.
type counting struct {
	Store
	queries, most int
}

func (c *counting) MessagesAfter(_ context.Context, t id.Tenant, marks []conversation.Mark, _ int) (list []conversation.Message, err error) {
	c.queries++
	c.most = max(c.most, len(marks))
	for _, m := range marks {
		if id.Tenant(m.Conversation[:1]) != t {
			return nil, fmt.Errorf("%s asked of %s", m.Conversation, t)
		}
		list = append(list, conversation.Message{Conversation: m.Conversation, Kind: conversation.Text, From: conversation.Author{Kind: actor.Visitor}})
	}
	return list, nil
}

// TestManyConversationsNeedFewQueries: one query for each company, for as many
// conversations as one may read, and for no more messages than are held at once.
func TestManyConversationsNeedFewQueries(t *testing.T) {
	t.Parallel()
	many := func(tenant string, n int, messages int64) (list []conversation.Conversation) {
		for i := range n {
			list = append(list, conversation.Conversation{ID: id.Conversation(fmt.Sprint(tenant, i)), Tenant: id.Tenant(tenant), LastSeq: messages})
		}
		return list
	}
	const full = conversation.MaxBulk
	for name, x := range map[string]struct {
		list    []conversation.Conversation
		queries int
	}{
		"none":          {nil, 0},
		"one":           {many("a", 1, 9), 1},
		"as many":       {many("a", full, 1), 1},
		"one more":      {many("a", full+1, 1), 2},
		"two companies": {append(many("a", 3, 1), many("b", 3, 1)...), 2},
		"long ones":     {many("a", 8, 1_000_000), 2},
	} {
		store := &counting{}
		s := New(store, clock.NewStub(time.Unix(0, 0)), slog.New(slog.DiscardHandler))
		facts, _, err := s.workOut(t.Context(), x.list)
		if err != nil || len(facts) != len(x.list) || store.queries != x.queries || store.most > full {
			t.Errorf("%s: %d facts with %d queries of %d, %v", name, len(facts), store.queries, store.most, err)
			continue
		}
		for i, f := range facts {
			if f.Conversation != x.list[i].ID || f.Messages != 1 {
				t.Fatalf("%s: fact %d is %+v", name, i, f)
			}
		}
	}
}
