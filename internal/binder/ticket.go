package binder

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"parlor/internal/binding"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/job"
	"parlor/internal/leave"
	"parlor/internal/setting"
)

// JobTicket applies the rules for tickets to a left message that was dealt with.
const JobTicket = "binding.ticket"

// closed is the payload of JobTicket.
type closed struct {
	Ticket string   `json:"l"`
	Agent  id.Agent `json:"a"`
}

// TicketJob is the job that applies rules to a left message. by dealt with it; the rules
// bind to the agent to whom it is assigned, if there is one.
func TicketJob(t id.Tenant, ticket string, by id.Agent, when time.Time) job.Job {
	b, err := json.Marshal(closed{ticket, by})
	if err != nil {
		panic(err) // texts always encode
	}
	return job.Job{ID: id.Job(id.New()), Tenant: t, Kind: JobTicket, Payload: string(b), RunAt: when}
}

// ticket is the worker of JobTicket.
func (s *Service) ticket(ctx context.Context, j job.Job) (err error) {
	defer errs.Wrap(&err, "binder.ticket")
	var in closed
	if err := json.Unmarshal([]byte(j.Payload), &in); err != nil {
		return fmt.Errorf("%w: %w", job.ErrGiveUp, err)
	}
	book, err := s.Accounts.Book(ctx, j.Tenant)
	if err != nil {
		return err
	}
	rules := book.Tenant.Settings.Flags.On(setting.OnTicket)
	if len(rules) == 0 {
		return nil
	}
	m, err := s.Leaves.Leave(ctx, j.Tenant, in.Ticket)
	if errs.CodeOf(err) == errs.NotFound {
		return nil // it has been removed
	}
	if err != nil || m.Visitor == "" || m.State != leave.Done {
		return err
	}
	names, err := s.Names(ctx, conversation.Conversation{ID: m.Conversation, Tenant: j.Tenant, Visitor: m.Visitor, VisitorName: m.Name})
	if err != nil {
		return err
	}
	if m.Assignee != "" {
		in.Agent = m.Assignee
	}
	if in.Agent, err = s.person(ctx, j.Tenant, in.Agent); err != nil {
		return err
	}
	var failed []error
	for _, r := range rules {
		if in.Agent == "" && !r.Unbind {
			continue
		}
		changed, err := s.Bindings.Act(ctx, j.Tenant, r, names[0], in.Agent, binding.Cause{Conversation: m.Conversation, Ticket: m.ID})
		if failed = append(failed, err); changed {
			s.Log.Info("a rule changed a binding", "tenant", j.Tenant, "rule", r.Name, "ticket", m.ID)
		}
	}
	return errors.Join(failed...)
}
