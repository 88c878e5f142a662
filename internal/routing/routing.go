// Package routing brings waiting conversations to agents. Decide is a pure
// function from a snapshot to a decision with its reasons; Service makes
// decisions take effect by conditional store verbs, wakes the queue when
// capacity appears, and repairs what an event missed.
package routing

import (
	"time"

	"parlor/internal/conversation"
	"parlor/internal/id"
	"parlor/internal/setting"
)

// Rule names what chose an agent.
type Rule string

// The rules, in the order in which they are tried.
const (
	// RuleBound goes to the agent whom the visitor is bound to.
	RuleBound      Rule = "bound_agent"
	RuleNamed      Rule = "named_agent"
	RuleReturning  Rule = "returning_agent"
	RuleLastServed Rule = "last_served"
	// RuleManager goes to the agent who looks after the visitor's contact.
	RuleManager  Rule = "contact_manager"
	RuleRotation Rule = "rotation"
	RuleIdle     Rule = "idle"
	RuleLeast    Rule = "least"
	// RuleFewest compares the open conversations of the team, whatever the caps.
	RuleFewest Rule = "fewest"
	// RuleServed compares how many each agent got so far, in the team if there is
	// one, then the places of the members.
	RuleServed Rule = "served"
	// RuleBot gives new conversations to a bot first.
	RuleBot    Rule = "bot"
	RulePicked Rule = "picked"
	// RuleManual leaves conversations in the queue until an agent picks one.
	RuleManual Rule = "manual"
	// RuleOffer offers a conversation to every candidate; the first one has it.
	RuleOffer    Rule = "offer"
	RuleTransfer Rule = "transfer"
	// RuleExternal asks a server of the company's own who gets it.
	RuleExternal Rule = "external"
	// RuleSilent gives to another agent what its own leaves unanswered.
	RuleSilent Rule = "silent_agent"
)

// Filter names why an agent was not a candidate.
type Filter string

// The filters.
const (
	FilterAway         Filter = "away"
	FilterBusy         Filter = "busy"
	FilterDisconnected Filter = "disconnected"
	FilterFull         Filter = "full"
	FilterTeam         Filter = "other_team"
	FilterNotNamed     Filter = "not_the_named_agent"
	// FilterTeamFull is for agents at the cap that the team sets.
	FilterTeamFull Filter = "full_in_team"
	// FilterBatch is for agents who have just become ready and got their first
	// batch; more follow after BatchPause.
	FilterBatch Filter = "first_batch"
	// FilterSilent is for the agent who left the conversation unanswered.
	FilterSilent Filter = "silent"
	// FilterUnknown and FilterUnverified hold conversations back from everybody whose
	// contact nobody has confirmed, or whose channel is not verified.
	FilterUnknown    Filter = "unknown_contact"
	FilterUnverified Filter = "unverified_contact"
	// FilterNotBound is for all others while a visitor waits for a bound agent.
	FilterNotBound Filter = "not_the_bound_agent"
)

// BatchPause is how long an agent who became ready keeps to the first batch.
const BatchPause = 10 * time.Second

// Policy is how an inbox or team distributes.
type Policy struct {
	// Base is RuleRotation, RuleIdle, RuleLeast, RuleManual or RuleOffer.
	Base Rule `json:"base"`
	// Returning sends a visitor back to the agent of the previous conversation.
	Returning bool `json:"returning"`
	// LastServed prefers the most recent agents who served the visitor.
	LastServed bool `json:"lastServed"`
	// AgentOnly makes a visitor who named an agent wait for that agent.
	AgentOnly bool `json:"agentOnly"`
	// TeamCap limits the conversations an agent has in the team; 0 is no limit.
	TeamCap int `json:"teamCap,omitempty"`
	// FirstBatch limits how many an agent has who has just become ready; 0 is no limit.
	FirstBatch int `json:"firstBatch,omitempty"`
	// Overflow are the teams that take over.
	Overflow []setting.Overflow `json:"overflow,omitempty"`
	// AgentCap limits agents whose own cap is account.MaxCap; 0 is no limit.
	AgentCap int `json:"agentCap,omitempty"`
	// Unattended takes agents who are ready though not connected, after the others.
	Unattended bool `json:"unattended,omitempty"`
	// BotsFirst gives new conversations to a bot of the team.
	BotsFirst bool `json:"botsFirst,omitempty"`
	// Manager prefers the agent who looks after the visitor's contact.
	Manager bool `json:"manager,omitempty"`
	// SkipAway leaves out agents who say to be away.
	SkipAway bool `json:"skipAway,omitempty"`
	// Shut is true for a team that is out of use: its members get nothing by it.
	Shut bool `json:"shut,omitempty"`
	// Fallback is the team that serves while no member of this one is available.
	Fallback id.Team `json:"fallback,omitempty"`
}

// Place is what a policy holds for: an inbox and a team of it, "" for none.
type Place struct {
	Inbox id.Inbox
	Team  id.Team
}

// PolicyOf reads the policy out of merged settings: every field of s is set.
func PolicyOf(s setting.Routing) Policy {
	p := Policy{Base: RuleRotation, Returning: *s.Returning, LastServed: *s.LastServed, AgentOnly: *s.AgentOnly,
		TeamCap: *s.TeamCap, FirstBatch: *s.FirstBatch, Overflow: s.Overflow,
		AgentCap: *s.AgentCap, Unattended: *s.Unattended, BotsFirst: *s.BotsFirst, Manager: *s.Manager, SkipAway: *s.SkipAway}
	switch s.Rule {
	case "manual":
		p.Base = RuleManual
	case "offer":
		p.Base = RuleOffer
	case "idle":
		p.Base = RuleIdle
	case "least":
		p.Base = RuleLeast
	case "fewest":
		p.Base = RuleFewest
	case "served":
		p.Base = RuleServed
	case "external":
		p.Base = RuleExternal
	}
	return p
}

// Waiting is a queued conversation as routing sees it.
type Waiting struct {
	Conversation id.Conversation
	Inbox        id.Inbox
	Visitor      id.Visitor
	Version      int64
	Team         id.Team
	// Named is the agent asked for.
	Named id.Agent
	// Previous is the agent of the visitor's previous conversation.
	Previous id.Agent
	// Served are the agents who served the visitor before, newest first, at most 10.
	Served []id.Agent
	// Manager looks after the visitor's contact.
	Manager  id.Agent
	Priority int
	QueuedAt time.Time
	// Fresh is true until somebody has had it.
	Fresh bool
	// Barred, if set, is why nobody may take it yet.
	Barred Filter
	// Bound is the binding that counts, nil for none.
	Bound *conversation.Bound
}

// Standing is an agent's place as a member of a team.
type Standing struct {
	// Served counts the conversations got as a member, Order is the lower the earlier.
	Served, Order int64
}

// Removed says why one agent was left out.
type Removed struct {
	Agent  id.Agent `json:"agent"`
	Name   string   `json:"name"`
	Filter Filter   `json:"filter" enum:"away,busy,disconnected,full,other_team,not_the_named_agent,full_in_team,first_batch,silent,unknown_contact,unverified_contact,not_the_bound_agent"`
}

// Decision is the outcome for one conversation with the reasons for it.
type Decision struct {
	// Agent is whom it goes to; empty means it stays in the queue.
	Agent id.Agent `json:"agent,omitempty"`
	Name  string   `json:"name,omitempty"`
	Rule  Rule     `json:"rule,omitempty" enum:"bound_agent,named_agent,contact_manager,returning_agent,last_served,rotation,idle,least,fewest,served,bot,external,picked,transfer,manual,offer,silent_agent"`
	// Team is the team that took over, if the agent is not of the team asked for.
	Team id.Team `json:"team,omitempty"`
	// Candidates is how many agents passed all filters.
	Candidates int `json:"candidates"`
	// Removed lists agents left out, at most MaxRemoved; RemovedMore counts the rest.
	Removed     []Removed `json:"removed,omitempty"`
	RemovedMore int       `json:"removedMore,omitempty"`
	// Bound says what came of the visitor's binding, if there is one.
	Bound *BoundStep `json:"bound,omitempty"`
	// Passed lists candidates with what the rule compared, at most MaxRemoved.
	Passed []Passed  `json:"passed,omitempty"`
	At     time.Time `json:"at"`
}

// Passed is a candidate with what the rules compared.
type Passed struct {
	Agent id.Agent `json:"agent"`
	Name  string   `json:"name"`
	Open  int      `json:"open"`
	Cap   int      `json:"cap"`
	// LastAssignedAt is absent for an agent who never had a conversation.
	LastAssignedAt time.Time `json:"lastAssignedAt,omitzero"`
	IdleSince      time.Time `json:"idleSince,omitzero"`
}

// MaxRemoved bounds the reasons kept with a decision.
const MaxRemoved = 20

// Position is a place in a queue.
type Position struct {
	Conversation id.Conversation `json:"conversation"`
	Visitor      id.Visitor      `json:"visitor"`
	// Place counts from 1.
	Place int `json:"place"`
}

// Positions is the payload of event.QueueMoved: the places of one queue.
type Positions struct {
	Team   id.Team    `json:"team,omitempty"`
	Places []Position `json:"places"`
}
