// Package colleague is the chat among the agents of a tenant.
package colleague

import (
	"context"
	"time"

	"parlor/internal/id"
)

// Message is one line from an agent to a colleague.
type Message struct {
	ID     string    `json:"id"`
	Tenant id.Tenant `json:"-"`
	From   id.Agent  `json:"from"`
	To     id.Agent  `json:"to"`
	// FromName is the sender's name at the time of writing.
	FromName string    `json:"fromName"`
	Text     string    `json:"text"`
	At       time.Time `json:"at"`
}

// Store is the memory that colleague needs.
type Store interface {
	// AppendColleague adds m.
	AppendColleague(ctx context.Context, m Message) error
	// Between returns up to limit messages of two agents, newest first, older than before (zero: all).
	Between(ctx context.Context, t id.Tenant, a, b id.Agent, before time.Time, limit int) ([]Message, error)
}
