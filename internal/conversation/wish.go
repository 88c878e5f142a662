package conversation

import (
	"time"

	"parlor/internal/id"
)

// Trust says how sure it is who sets the flags of a wish.
type Trust int

// The degrees of trust.
const (
	// TrustNone is a page or app that says so itself.
	TrustNone Trust = iota
	// TrustSigned is a visitor with an identity that the company has signed.
	TrustSigned
	// TrustServer is a back end of the company.
	TrustServer
)

// Wish is what comes with a visitor beside a team and an agent, for routing. It only
// chooses among what the company has set: it never makes anybody wait less.
type Wish struct {
	// BusinessFlag brings the visitor to the agent bound for it, RoutingFlag to the
	// team that the company maps it to.
	BusinessFlag string `json:"businessFlag,omitempty"`
	RoutingFlag  string `json:"routingFlag,omitempty"`
	// Name is the visitor's name in bindings; "" is the name under which a program
	// brought the visitor, then the visitor's id.
	Name string `json:"name,omitempty"`
	// Trust is who says so. Flags of whom the company does not trust are left out.
	Trust Trust `json:"-"`
}

// Flagged reports whether the wish has a flag.
func (w Wish) Flagged() bool { return w.BusinessFlag != "" || w.RoutingFlag != "" }

// Asked is what was asked for when a conversation was brought into a queue, and what
// became of it: it is kept with the conversation and does not change with what it was
// made of.
type Asked struct {
	Wish
	// Agent and Team are those asked for, as far as they exist.
	Agent id.Agent `json:"agent,omitempty"`
	Team  id.Team  `json:"team,omitempty"`
	// TeamBy says what chose the team it began in: one of the TeamBy constants.
	TeamBy string `json:"teamBy,omitempty" enum:"routing_flag,asked,inbox"`
	// Refused says why flags did not count: RefusedUntrusted, RefusedUnmapped.
	Refused []string `json:"refused,omitempty"`
	// Bound is whom the business flag led to; nil for nobody.
	Bound *Bound `json:"bound,omitempty"`
	// Yielded is set if there is a binding that did not count, because something else
	// was asked for.
	Yielded bool `json:"yielded,omitempty"`
	// Spilled are the teams that it was sent on from because their queues were long.
	Spilled []Spilled `json:"spilled,omitempty"`
}

// What chose a team.
const (
	TeamByFlag  = "routing_flag"
	TeamByAsked = "asked"
	TeamByInbox = "inbox"
)

// Why flags did not count.
const (
	// RefusedUntrusted: the inbox takes no flags from visitors whom nobody has named.
	RefusedUntrusted = "untrusted"
	// RefusedUnmapped: the routing flag leads to no team.
	RefusedUnmapped = "unmapped"
)

// Bound is a binding as it was when the conversation came, with its policy.
type Bound struct {
	Flag  string   `json:"flag"`
	Agent id.Agent `json:"agent"`
	// Name is the agent's name then.
	Name string `json:"name"`
	// RoutingFirst and AtOnce are of the policy, MaxHold its seconds, 0 without limit.
	RoutingFirst bool `json:"routingFirst,omitempty"`
	AtOnce       bool `json:"atOnce,omitempty"`
	MaxHold      int  `json:"maxHold"`
	// Since is when the visitor began to wait for the agent.
	Since time.Time `json:"since"`
	// Left says why the visitor waits for the agent no longer, LeftAt since when; ""
	// while it does.
	Left   string    `json:"left,omitempty"`
	LeftAt time.Time `json:"leftAt,omitzero"`
}

// HeldUntil is when the visitor stops waiting for the agent; ok is false for never.
func (b *Bound) HeldUntil() (at time.Time, ok bool) {
	return b.Since.Add(time.Duration(b.MaxHold) * time.Second), b.MaxHold > 0
}

// Spilled is one step on to another team.
type Spilled struct {
	From id.Team `json:"from"`
	To   id.Team `json:"to"`
	// Waiting is how many waited in the queue of From.
	Waiting int `json:"waiting"`
}

// Overflow tells of a step that a conversation was sent on.
type Overflow struct {
	Conversation id.Conversation `json:"conversation"`
	Spilled
}

// SpillRule sends on to another team whoever comes while Waiting or more wait.
type SpillRule struct {
	Waiting int
	Team    id.Team
}

// Spills are the rules of teams, by team.
type Spills map[id.Team][]SpillRule

// MaxSpills is how many teams a visitor is sent on, at most.
const MaxSpills = 3

// Follow finds the team that takes who comes to a team: waiting counts a queue. A
// team is not tried twice.
func (s Spills) Follow(team id.Team, waiting func(id.Team) (int, error)) (to id.Team, steps []Spilled, err error) {
	seen := map[id.Team]bool{}
	for to = team; len(steps) < MaxSpills && len(s[to]) > 0; {
		seen[to] = true
		n, err := waiting(to)
		if err != nil {
			return team, nil, err
		}
		next := id.Team("")
		for _, r := range s[to] {
			if n >= r.Waiting && r.Team != "" && !seen[r.Team] {
				next = r.Team
				break
			}
		}
		if next == "" {
			return to, steps, nil
		}
		steps = append(steps, Spilled{From: to, To: next, Waiting: n})
		to = next
	}
	return to, steps, nil
}

// Entrance is how a conversation enters a queue: what was asked for, and the rules
// of long queues, which are decided together with the entering.
type Entrance struct {
	Asked  *Asked
	Spills Spills
	// Robot, if set, has the conversation from its start on, without a queue.
	Robot *Robot
}

// Robot is who receives a visitor before people do.
type Robot struct {
	Agent id.Agent
	Name  string
	// Team, if set, is the team of the conversation while the robot has it.
	Team id.Team
	// Decision is why, as routing keeps it.
	Decision string
	// Line records it. Its number is always 1.
	Line Message
}

// Beside returns the rules for a conversation that stands in the queue of a team
// already: it does not count there.
func (s Spills) Beside(team id.Team) Spills {
	next := make(Spills, len(s))
	for t, rules := range s {
		for _, r := range rules {
			if t == team {
				r.Waiting++
			}
			next[t] = append(next[t], r)
		}
	}
	return next
}
