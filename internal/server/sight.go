package server

import (
	"context"
	"time"

	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/id"
	"parlor/internal/visitor"
)

// sights joins the trail of visitors with their conversations.
func (s *Server) sights() {
	p := pages{s.services.visitors, s.services.conversations}
	p.visitors.Tell(p)
	p.conversations.UseSights(p)
}

// pages carries pages from the trail of visitors into their conversations.
type pages struct {
	visitors      *visitor.Service
	conversations *conversation.Service
}

// Looked implements visitor.Pages.
func (p pages) Looked(ctx context.Context, who actor.Actor, page visitor.Page) error {
	return p.conversations.Seen(ctx, who, conversation.Sight{URL: page.URL, Title: page.Title, At: page.At})
}

// Sights implements conversation.Sights.
func (p pages) Sights(ctx context.Context, t id.Tenant, v id.Visitor, after time.Time, limit int) ([]conversation.Sight, error) {
	list, err := p.visitors.Pages(ctx, t, v, limit)
	var out []conversation.Sight
	for _, page := range list {
		if page.At.After(after) {
			out = append(out, conversation.Sight{URL: page.URL, Title: page.Title, At: page.At})
		}
	}
	return out, err
}
