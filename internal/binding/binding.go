// Package binding holds business bindings (业务绑定): which agent a visitor is
// bound to for a business flag. A binding is (tenant, flag, visitor) and exactly
// one agent. The visitor is named by the name that the company's own system
// knows, and need not have been here yet.
//
// What a binding does to a conversation is decided in routing, and how a flag is
// to be treated is set in setting.Flags; nothing of that is here. Bindings of
// agents who are switched off or gone stay and are dormant.
//
// A binding changes by Bind, Put, Unbind, an import, a rule or because its time is
// up. Each change leaves an entry in the history that says who or what made it.
package binding

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"parlor/internal/errs"
	"parlor/internal/id"
)

// MaxName is the longest flag or name of a visitor, in characters.
const MaxName = 128

// Binding is one binding.
type Binding struct {
	Tenant id.Tenant `json:"-"`
	// Flag is the business flag, exactly as given apart from blanks around it.
	Flag string `json:"flag"`
	// Visitor is the visitor's name as it was given; it is compared by Key.
	Visitor string   `json:"visitor"`
	Agent   id.Agent `json:"agent"`
	// AgentName and AgentOff are read with it: the name, "" for an agent who is
	// gone, and whether the agent is switched off or gone.
	AgentName string `json:"agentName"`
	AgentOff  bool   `json:"agentOff,omitempty"`
	// Until is when it ends by itself; nil is never.
	Until     *time.Time `json:"until,omitempty"`
	CreatedAt time.Time  `json:"createdAt"`
	// ByName is who made it, How in which way.
	ByName string `json:"byName"`
	How    How    `json:"how" enum:"hand,api,import,rule,expiry"`
}

// Live reports whether the binding holds at a time.
func (b Binding) Live(now time.Time) bool { return b.Until == nil || b.Until.After(now) }

// Key is the form in which names of visitors are compared.
func Key(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

// How says in which way a binding was changed.
type How string

// The ways.
const (
	// ByHand is a person in the console.
	ByHand How = "hand"
	// ByAPI is a program.
	ByAPI How = "api"
	// ByImport is one of many lines.
	ByImport How = "import"
	// ByRule is a rule of the company; Cause.Rule names it.
	ByRule How = "rule"
	// ByExpiry is the end of its time.
	ByExpiry How = "expiry"
)

// Cause says why a binding is changed.
type Cause struct {
	How How
	// Rule names the rule of ByRule.
	Rule string
	// Conversation is the one that made the rule act.
	Conversation id.Conversation
	// Ticket is the left message that made the rule act, if it was one.
	Ticket string
	// Note is the words of who does it, at most MaxNote characters.
	Note string
}

// For names what made the rule act: a rule acts once for it.
func (c Cause) For() string {
	if c.Ticket != "" {
		return c.Ticket
	}
	return string(c.Conversation)
}

// MaxNote is the longest note, in characters.
const MaxNote = 500

// Action is what became of a binding.
type Action string

// The actions.
const (
	Bound   Action = "bound"
	Moved   Action = "moved"
	Unbound Action = "unbound"
)

// Change is one entry of the history.
type Change struct {
	ID      string   `json:"id"`
	Flag    string   `json:"flag"`
	Visitor string   `json:"visitor"`
	Action  Action   `json:"action" enum:"bound,moved,unbound"`
	Agent   id.Agent `json:"agent"`
	// AgentName is the name at the time of the change.
	AgentName    string          `json:"agentName"`
	At           time.Time       `json:"at"`
	How          How             `json:"how" enum:"hand,api,import,rule,expiry"`
	Rule         string          `json:"rule,omitempty"`
	Conversation id.Conversation `json:"conversation,omitempty"`
	Note         string          `json:"note,omitempty"`
	// By is the agent's id if a person did it, ByName the name of whoever did.
	By     id.Agent `json:"by,omitempty"`
	ByName string   `json:"byName"`
}

// Input is what is asked to be bound.
type Input struct {
	Flag    string
	Visitor string
	// Agent is an agent's id, e-mail address or username.
	Agent string
	Until *time.Time
}

// cleanName trims a flag or name and refuses what is none: 1 to MaxName characters
// without control characters.
func cleanName(field, s string) (string, error) {
	s = strings.TrimSpace(s)
	n := utf8.RuneCountInString(s)
	if n < 1 || n > MaxName || !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
		return "", errs.Field(field, "bad_"+field, "A %s has 1 to %d characters, without line breaks.", field, MaxName)
	}
	return s, nil
}

// names cleans a flag and a visitor's name.
func names(flag, visitor string) (string, string, error) {
	f, err := cleanName("flag", flag)
	if err != nil {
		return "", "", err
	}
	v, err := cleanName("visitor", visitor)
	return f, v, err
}
