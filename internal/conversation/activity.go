package conversation

import (
	"context"
	"slices"
	"time"

	"parlor/internal/errs"
	"parlor/internal/id"
)

// Answer is when an agent wrote last to a visitor in a conversation.
type Answer struct {
	Visitor id.Visitor
	At      time.Time
}

// Bounds of Activity: how far it looks back, and how many conversations it looks at.
const (
	activityFor   = 365 * 24 * time.Hour
	mostActivity  = 2000
	activityMonth = "2006-01"
)

// Activity returns the months ("2026-01", UTC) of the last year in which agents
// answered visitors, in order. Those who got no answer are left out.
func (s *Service) Activity(ctx context.Context, t id.Tenant, list []id.Visitor) (map[id.Visitor][]string, error) {
	if len(list) > MaxDetails {
		return nil, errs.Field("visitors", "too_many_visitors", "%d visitors; %d are allowed.", len(list), MaxDetails)
	}
	got, err := s.store.Answered(ctx, t, list, s.clock.Now().Add(-activityFor), mostActivity)
	if err != nil {
		return nil, err
	}
	m := map[id.Visitor][]string{}
	for _, a := range got {
		if month := a.At.UTC().Format(activityMonth); !slices.Contains(m[a.Visitor], month) {
			m[a.Visitor] = append(m[a.Visitor], month)
		}
	}
	for v := range m {
		slices.Sort(m[v])
	}
	return m, nil
}
