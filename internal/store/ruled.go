package store

import (
	"context"
	"time"

	"parlor/internal/binder"
	"parlor/internal/id"
	"parlor/internal/job"
	"parlor/internal/leave"
)

// Ruled says which companies have rules that act on conversations or tickets: for them,
// and for no others, the end of a conversation, the answer of a survey and the end of
// work on a left message leave a job in the same transaction.
func (s *Store) Ruled(set map[id.Tenant]bool) { s.ruled.Store(&set) }

// rule leaves the job that applies the rules of a company to a conversation.
func (s *Store) rule(ctx context.Context, t *tx, tenant id.Tenant, c id.Conversation, when time.Time) error {
	if m := s.ruled.Load(); m == nil || !(*m)[tenant] {
		return nil
	}
	j := binder.RuleJob(tenant, c, when)
	if err := sooner(ctx, t, j); err != nil {
		return err
	}
	text, args := insertJobs([]job.Job{j})
	_, err := t.exec(ctx, text, args...)
	return err
}

// ruleTicket leaves the job that applies the rules of a company to a left message, which
// an agent has dealt with.
func (s *Store) ruleTicket(ctx context.Context, t *tx, m leave.Message, by id.Agent, when time.Time) error {
	if all := s.ruled.Load(); all == nil || !(*all)[m.Tenant] || m.State != leave.Done {
		return nil
	}
	text, args := insertJobs([]job.Job{binder.TicketJob(m.Tenant, m.ID, by, when)})
	_, err := t.exec(ctx, text, args...)
	return err
}
