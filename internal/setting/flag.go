package setting

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Flags say what the flags do that come with a visitor: a business flag brings to the
// agent whom the visitor is bound to for it, a routing flag to a team.
type Flags struct {
	// Default holds for business flags that have no policy of their own.
	Default FlagPolicy `json:"default,omitzero"`
	// Policies are those of named business flags.
	Policies []FlagPolicy `json:"policies,omitempty"`
	// Inboxes are those whose visitors may set flags though nobody has said who they
	// are. Back ends of the company and visitors with a signed identity always may.
	Inboxes []string `json:"inboxes,omitempty"`
	// Teams are the teams that routing flags lead to.
	Teams map[string]string `json:"teams,omitempty"`
	// Rules bind and unbind by themselves.
	Rules []BindRule `json:"rules,omitempty"`
}

// FlagPolicy is how a business flag is treated.
type FlagPolicy struct {
	// Name is the flag; "" in the default.
	Name string `json:"name,omitempty"`
	// Order is "bind_first" (default): the bound agent goes before everything else, or
	// "routing_first": only if nobody asked for an agent or a team.
	Order string `json:"order,omitempty"`
	// Overflow is "loop" (default): the visitor waits for a bound agent who is busy,
	// away or full, or "at_once": the visitor goes on to the team at once.
	Overflow string `json:"overflow,omitempty"`
	// MaxHold is how many seconds the visitor waits for the bound agent; 0 without
	// limit, nil is DefaultHold.
	MaxHold *int `json:"maxHold,omitempty"`
}

// DefaultHold is how many seconds a visitor waits for the bound agent.
const DefaultHold = 120

// RoutingFirst reports whether the binding yields to what was asked for.
func (p FlagPolicy) RoutingFirst() bool { return p.Order == "routing_first" }

// AtOnce reports whether an agent who cannot take the visitor now is not waited for.
func (p FlagPolicy) AtOnce() bool { return p.Overflow == "at_once" }

// Hold is how long the visitor waits for the bound agent, 0 without limit.
func (p FlagPolicy) Hold() time.Duration {
	if p.MaxHold == nil {
		return DefaultHold * time.Second
	}
	return time.Duration(*p.MaxHold) * time.Second
}

// Policy returns the policy of a business flag.
func (f Flags) Policy(flag string) FlagPolicy {
	for _, p := range f.Policies {
		if p.Name == flag {
			return p
		}
	}
	return f.Default
}

// BindRule binds or unbinds by itself.
type BindRule struct {
	// Name is unique; the history of bindings shows it.
	Name string `json:"name"`
	// On is the occasion: one of BindOccasions.
	On string `json:"on"`
	// Flag is the business flag that is bound or unbound.
	Flag string `json:"flag"`
	// Unbind ends the binding; else the visitor is bound to the agent who serves, in
	// place of another one if Replace is set.
	Unbind  bool `json:"unbind,omitempty"`
	Replace bool `json:"replace,omitempty"`
	// Days is the age of OnAge, and how long a binding lasts that a rule makes, 0 for
	// ever.
	Days int `json:"days,omitempty"`
	// MinScore restricts OnRated to answers with at least this score, 0 to 100.
	MinScore int  `json:"minScore,omitempty"`
	Off      bool `json:"off,omitempty"`
}

// The occasions of rules.
const (
	// OnFirst: an agent got the visitor's conversation.
	OnFirst = "first_reception"
	// OnEffective: visitor and agent have both written.
	OnEffective = "effective_reception"
	// OnRated: the visitor rated the conversation.
	OnRated = "rated"
	// OnTicket: what the visitor left behind was dealt with.
	OnTicket = "ticket_closed"
	// OnAge: the binding is older than Days; it can only be unbound.
	OnAge = "age"
)

// BindOccasions are all occasions of rules.
var BindOccasions = []string{OnFirst, OnEffective, OnRated, OnTicket, OnAge}

// On returns the rules in use for an occasion.
func (f Flags) On(occasion string) (list []BindRule) {
	for _, r := range f.Rules {
		if r.On == occasion && !r.Off {
			list = append(list, r)
		}
	}
	return list
}

// Acts reports whether any rule acts on conversations or tickets.
func (f Flags) Acts() bool {
	return len(f.On(OnFirst))+len(f.On(OnEffective))+len(f.On(OnRated))+len(f.On(OnTicket)) > 0
}

// Spill sends visitors to another team while a queue is long.
type Spill struct {
	// Waiting is how many may wait in the team's queue; the next one goes to Team.
	Waiting int    `json:"waiting"`
	Team    string `json:"team"`
	// Notify are the agents who are told.
	Notify []string `json:"notify,omitempty"`
}

// Bounds of flags.
const (
	maxFlagPolicies = 500
	maxFlagTeams    = 1000
	maxBindRules    = 50
	maxFlagName     = 128
	maxSpills       = 10
	maxNotify       = 50
	maxDays         = 3650
)

func (f Flags) check(c *check) {
	f.Default.check(c, "flags.default")
	if f.Default.Name != "" {
		c.fail("flags.default.name", "bad_flag", "The default has no name.")
	}
	c.number("flags.policies", len(f.Policies), 0, maxFlagPolicies)
	c.number("flags.teams", len(f.Teams), 0, maxFlagTeams)
	c.number("flags.inboxes", len(f.Inboxes), 0, maxFlagTeams)
	c.number("flags.rules", len(f.Rules), 0, maxBindRules)
	seen := map[string]bool{}
	for i, p := range f.Policies {
		field := "flags.policies." + strconv.Itoa(i)
		c.flagName(field+".name", p.Name)
		if seen[p.Name] {
			c.fail(field+".name", "flag_twice", "%q has a policy already.", clip(p.Name))
		}
		seen[p.Name] = true
		p.check(c, field)
	}
	for name, team := range f.Teams {
		c.flagName("flags.teams", name)
		if team == "" || len(team) > 64 {
			c.fail("flags.teams."+clip(name), "team_missing", "%q leads to no team.", clip(name))
		}
	}
	names := map[string]bool{}
	for i, r := range f.Rules {
		field := "flags.rules." + strconv.Itoa(i)
		c.flagName(field+".name", r.Name)
		c.flagName(field+".flag", r.Flag)
		if names[r.Name] {
			c.fail(field+".name", "rule_twice", "There are two rules %q.", clip(r.Name))
		}
		names[r.Name] = true
		c.oneOf(field+".on", r.On, BindOccasions...)
		c.number(field+".days", r.Days, 0, maxDays)
		c.number(field+".minScore", r.MinScore, 0, 100)
		if r.On == OnAge && (!r.Unbind || r.Days < 1) {
			c.fail(field, "bad_rule", "A rule by age unbinds after a number of days.")
		}
	}
}

func (p FlagPolicy) check(c *check, field string) {
	c.oneOf(field+".order", p.Order, "", "bind_first", "routing_first")
	c.oneOf(field+".overflow", p.Overflow, "", "loop", "at_once")
	c.maybe(field+".maxHold", p.MaxHold, 0, maxSpan)
}

// flagName refuses what is no flag or name.
func (c *check) flagName(field, s string) {
	if n := utf8.RuneCountInString(s); n < 1 || n > maxFlagName || strings.TrimSpace(s) != s || strings.ContainsAny(s, "\r\n\x00") {
		c.fail(field, "bad_flag", "%q is not 1 to %d characters without blanks around them.", clip(s), maxFlagName)
	}
}

// checkSpills refuses what is no overflow of a team.
func checkSpills(c *check, list []Spill) {
	c.number("spills", len(list), 0, maxSpills)
	for i, s := range list {
		field := "spills." + strconv.Itoa(i)
		c.number(field+".waiting", s.Waiting, 1, 1_000_000)
		c.number(field+".notify", len(s.Notify), 0, maxNotify)
		if len(s.Team) > 64 || s.Team == "" && len(s.Notify) == 0 {
			c.fail(field+".team", "team_missing", "The rule names neither a team nor anybody to tell.")
		}
	}
}
