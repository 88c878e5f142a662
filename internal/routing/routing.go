// Package routing brings waiting conversations to agents. Decide is a pure
// function from a snapshot to a decision with its reasons; Service makes
// decisions take effect by conditional store verbs, wakes the queue when
// capacity appears, and repairs what an event missed.
package routing

import (
	"time"

	"parlor/internal/id"
	"parlor/internal/setting"
)

// Rule names what chose an agent.
type Rule string

// The rules, in the order in which they are tried.
const (
	RuleNamed      Rule = "named_agent"
	RuleReturning  Rule = "returning_agent"
	RuleLastServed Rule = "last_served"
	RuleRotation   Rule = "rotation"
	RuleIdle       Rule = "idle"
	RuleLeast      Rule = "least"
	RulePicked     Rule = "picked"
	RuleTransfer   Rule = "transfer"
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
)

// Policy is how an inbox or team distributes.
type Policy struct {
	// Base is RuleRotation, RuleIdle or RuleLeast.
	Base Rule `json:"base"`
	// Returning sends a visitor back to the agent of the previous conversation.
	Returning bool `json:"returning"`
	// LastServed prefers the most recent agents who served the visitor.
	LastServed bool `json:"lastServed"`
	// AgentOnly makes a visitor who named an agent wait for that agent.
	AgentOnly bool `json:"agentOnly"`
}

// PolicyOf reads the policy out of merged settings: every field of s is set.
func PolicyOf(s setting.Routing) Policy {
	p := Policy{Base: RuleRotation, Returning: *s.Returning, LastServed: *s.LastServed, AgentOnly: *s.AgentOnly}
	switch s.Rule {
	case "idle":
		p.Base = RuleIdle
	case "least":
		p.Base = RuleLeast
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
	Served   []id.Agent
	Priority int
	QueuedAt time.Time
}

// Removed says why one agent was left out.
type Removed struct {
	Agent  id.Agent `json:"agent"`
	Name   string   `json:"name"`
	Filter Filter   `json:"filter" enum:"away,busy,disconnected,full,other_team,not_the_named_agent"`
}

// Decision is the outcome for one conversation with the reasons for it.
type Decision struct {
	// Agent is whom it goes to; empty means it stays in the queue.
	Agent id.Agent `json:"agent,omitempty"`
	Name  string   `json:"name,omitempty"`
	Rule  Rule     `json:"rule,omitempty" enum:"named_agent,returning_agent,last_served,rotation,idle,least,picked,transfer"`
	// Candidates is how many agents passed all filters.
	Candidates int `json:"candidates"`
	// Removed lists agents left out, at most MaxRemoved; RemovedMore counts the rest.
	Removed     []Removed `json:"removed,omitempty"`
	RemovedMore int       `json:"removedMore,omitempty"`
	At          time.Time `json:"at"`
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
