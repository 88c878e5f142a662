package server

import (
	"context"

	"parlor/internal/id"
)

// VisitorDraws implements canvas.Settings.
func (s inboxSettings) VisitorDraws(ctx context.Context, t id.Tenant, in id.Inbox) (bool, error) {
	got, err := s.of(ctx, t, in)
	return got.Canvas.Draws(), err
}
