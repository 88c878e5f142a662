package routing

import (
	"context"
	"time"

	"parlor/internal/account"
	"parlor/internal/conversation"
	"parlor/internal/id"
)

// Store is the memory that routing needs. Races are settled here: a verb that
// lost one reports errs.Conflict and changed nothing.
type Store interface {
	// Roster returns the status of every agent that is not disabled.
	Roster(ctx context.Context, t id.Tenant, now time.Time) ([]account.AgentStatus, error)
	// NextWaiting returns up to limit queued conversations in serving order
	// (priority high to low, then QueuedAt, then id) that some agent of the
	// given ones could serve: those without a team or with one of teams, and
	// those that name one of agents.
	NextWaiting(ctx context.Context, t id.Tenant, w WaitingFilter) ([]Waiting, error)
	// Assign gives a conversation to an agent: status open, agent's Open + 1,
	// LastAssignedAt, the decision kept, Line appended.
	// Errors: Conflict "conversation_moved" if the version or status differs;
	// Conflict "agent_disabled" if the agent is switched off, whatever Force says;
	// Conflict "agent_unavailable" if the agent is not ready or has no live
	// connection (not checked when Force, nor for a bot); Conflict "agent_full" if Open has
	// reached Cap.
	Assign(ctx context.Context, in AssignInput) (conversation.Moved, error)
	// Requeue takes an open conversation from its agent (if any) and puts it into
	// the queue of Team with the given priority; the agent's place is freed.
	// Errors: Conflict "conversation_moved".
	Requeue(ctx context.Context, in RequeueInput) (conversation.Moved, error)
	// OpenOf returns the open conversations of an agent, at most MaxCap of them.
	OpenOf(ctx context.Context, t id.Tenant, a id.Agent) ([]conversation.Conversation, error)
	// Places returns the first limit places of every queue that is not empty, each
	// queue by itself; the team "" is the queue without a team.
	Places(ctx context.Context, t id.Tenant, limit int) ([]Positions, error)
	// Place returns the place of one queued conversation in its queue, from 1;
	// 0 if it is not queued.
	Place(ctx context.Context, t id.Tenant, c id.Conversation) (int, error)
	// Known reports whether a visitor was served before, or was brought by a program.
	Known(ctx context.Context, t id.Tenant, v id.Visitor) (bool, error)
	// ContactStates returns what is known of the contacts of conversations; one
	// without a contact is neither unknown nor verified.
	ContactStates(ctx context.Context, t id.Tenant, list []id.Conversation) (map[id.Conversation]ContactState, error)
	// WaitingByTeam counts the queued conversations of each team; "" has no team.
	WaitingByTeam(ctx context.Context, t id.Tenant) (map[id.Team]int, error)
	// OpenByTeam counts the open conversations of each agent by team; those
	// without a team are not counted.
	OpenByTeam(ctx context.Context, t id.Tenant) (map[AgentTeam]int, error)
	// Standings returns the places of all members of teams.
	Standings(ctx context.Context, t id.Tenant) (map[AgentTeam]Standing, error)
	// Asked returns what was asked for when a conversation came, nil if nothing was.
	Asked(ctx context.Context, t id.Tenant, c id.Conversation) (*conversation.Asked, error)
	// LeaveBound lets a queued conversation wait for its bound agent no longer: the
	// cause is kept, the place in time stays, and the rules of long queues of its team
	// hold. Errors: Conflict "conversation_moved".
	LeaveBound(ctx context.Context, in LeaveInput) (conversation.Moved, []conversation.Spilled, error)
	// Rewish replaces what was asked for. Of a queued conversation it changes the team
	// and the agents too. Errors: Conflict "conversation_moved".
	Rewish(ctx context.Context, in RewishInput) (conversation.Moved, error)
	// Decisions returns the decisions kept for a conversation, newest first, at most 20.
	Decisions(ctx context.Context, t id.Tenant, c id.Conversation) ([]Decision, error)
	// KeepDecision replaces the newest "stays in the queue" decision of a
	// conversation; assigned decisions are kept by Assign.
	KeepDecision(ctx context.Context, t id.Tenant, c id.Conversation, d Decision) error
	// OfferHandover keeps that an open conversation is offered to another agent.
	// Errors: Conflict "conversation_moved" if it is not open with h.From;
	// Conflict "handover_exists" while another offer of it stands.
	OfferHandover(ctx context.Context, h Handover) error
	// TakeHandover ends an offer and returns it; to, if set, must be whom it was
	// made to, from who made it: errs.NotFound "handover_not_found" otherwise. Of
	// callers at once one has it.
	TakeHandover(ctx context.Context, t id.Tenant, c id.Conversation, from, to id.Agent) (Handover, error)
	// Handovers returns the offers made by or to an agent.
	Handovers(ctx context.Context, t id.Tenant, a id.Agent) ([]Handover, error)
	// ExpiredHandovers ends and returns up to limit offers that expired before now.
	ExpiredHandovers(ctx context.Context, now time.Time, limit int) ([]Handover, error)
	// LostAgents returns agents who hold open conversations and have had no live
	// connection since before the given time.
	LostAgents(ctx context.Context, before, now time.Time) ([]LostAgent, error)
	// RepairLoads recounts Open of every agent of the tenant from the
	// conversations and returns the agents whose count was wrong.
	RepairLoads(ctx context.Context, t id.Tenant) ([]id.Agent, error)
}

// WaitingFilter restricts NextWaiting.
type WaitingFilter struct {
	Teams  []id.Team
	Agents []id.Agent
	Limit  int
	// Only, if set, asks for this conversation alone.
	Only id.Conversation
	// Bound asks for all that wait for a bound agent.
	Bound bool
}

// AssignInput is what Assign needs.
type AssignInput struct {
	Tenant       id.Tenant
	Conversation id.Conversation
	// Version is the conversation's version when the decision was made.
	Version int64
	// From, if set, is the agent it is taken from (transfer); else it must be queued.
	From id.Agent
	To   id.Agent
	// Force skips the availability check (an agent takes it by hand), never the
	// cap nor the check that the agent is not disabled.
	Force    bool
	Decision Decision
	At       time.Time
	Line     conversation.Message
	// TeamCap, if above 0, is the most conversations that To may have in the
	// conversation's team: Conflict "agent_full" otherwise. Not checked when Force.
	TeamCap int
	// AgentCap, if above 0, is the most that an agent has whose own cap is
	// account.MaxCap: Conflict "agent_full" otherwise.
	AgentCap int
	// Offline lets To be ready without a connection.
	Offline bool
	// Team, if set, becomes the conversation's team.
	Team id.Team
}

// RequeueInput is what Requeue needs.
type RequeueInput struct {
	Tenant       id.Tenant
	Conversation id.Conversation
	Version      int64
	Team         id.Team
	Priority     int
	At           time.Time
	Line         conversation.Message
	// Asked, if set, replaces what was asked for; a binding in it counts again.
	Asked *conversation.Asked
	// Spills send on who enters a long queue and waits for nobody certain.
	Spills conversation.Spills
}

// LeaveInput is what LeaveBound needs.
type LeaveInput struct {
	Tenant       id.Tenant
	Conversation id.Conversation
	Version      int64
	Cause        BoundOutcome
	At           time.Time
	Spills       conversation.Spills
}

// RewishInput is what Rewish needs.
type RewishInput struct {
	Tenant       id.Tenant
	Conversation id.Conversation
	Version      int64
	Asked        *conversation.Asked
	// Team and Named are those of a queued conversation.
	Team  id.Team
	Named id.Agent
}

// LostAgent is an agent without connections who still holds conversations.
type LostAgent struct {
	Tenant id.Tenant
	Agent  id.Agent
	Name   string
	// Gone is true for an agent who is switched off.
	Gone bool
	// Since is when the agent was lost.
	Since time.Time
}
