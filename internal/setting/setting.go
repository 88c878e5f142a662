// Package setting holds what an administrator sets for a company, an inbox and
// a team: how the visitor's side looks, what is said, when the company is open,
// which timers run and how conversations are distributed. It is data with its
// rules: defaults, inheritance and validation. It stores and does nothing.
//
// What concerns a running conversation (Service) is inherited: a team overrides
// its inbox, an inbox overrides the company, the company overrides Defaults. A
// field that is nil or absent is inherited.
package setting

// Languages are those in which texts may be written, the first is the fallback.
var Languages = []string{"zh-CN", "en", "pt-BR"}

// Text is a text by language. The language "" stands for every language that
// has no text of its own.
type Text map[string]string

// In returns the text in a language, or the one for every language, or "".
func (t Text) In(lang string) string {
	if s := t[lang]; s != "" {
		return s
	}
	return t[""]
}

// Company is what is set for a whole tenant.
type Company struct {
	Service
	// Languages that the company offers its visitors; empty means all.
	Languages []string `json:"languages,omitempty"`
	// RecallSeconds is how long an author may take a message back; default 120.
	RecallSeconds *int `json:"recallSeconds,omitempty"`
	// KeepTrailDays is how long page views are kept; default 90.
	KeepTrailDays *int `json:"keepTrailDays,omitempty"`
	// Shifts are the working hours of agents.
	Shifts Shifts `json:"shifts,omitzero"`
	// Options are switches that integrations know by name, see Options.
	Options map[string]any `json:"options,omitempty"`
	// Flags are what business and routing flags do.
	Flags Flags `json:"flags,omitzero"`
	// Windows are pages of business systems beside conversations.
	Windows Windows `json:"windows,omitzero"`
}

// Inbox is what is set for an inbox. It is stored as one JSON document.
type Inbox struct {
	// Color is the brand colour as #rrggbb; empty means Parlor's blue.
	Color string `json:"color,omitempty"`
	// Greeting opens a conversation that is empty; "" means the built-in text.
	Greeting Text `json:"greeting,omitempty"`
	// Origins lists the web origins that may embed the widget; empty means any.
	Origins []string `json:"origins,omitempty"`
	// Generation fixes the UCKeFu page generation ("A", "B" or "C"); empty detects it.
	Generation string `json:"generation,omitempty"`
	// NoTypingPreview keeps what a visitor types from the agent until it is sent.
	NoTypingPreview bool `json:"noTypingPreview,omitempty"`
	// NoRedaction passes card and identity numbers on in the typing preview;
	// by default the widget replaces their digits before the text leaves the browser.
	NoRedaction bool `json:"noRedaction,omitempty"`
	// NoTrail keeps no page views of visitors.
	NoTrail bool `json:"noTrail,omitempty"`
	// Team is the team that visitors of this inbox are brought to if they ask for none.
	Team string `json:"team,omitempty"`
	// KnownOnly serves only visitors that are customers already.
	KnownOnly bool `json:"knownOnly,omitempty"`
	// MatchPhone and MatchEmail let programs that bring a visitor with a new token get
	// the visitor of this inbox who has the same phone number or e-mail address. Then
	// whoever knows the number or address of a visitor may speak as that visitor.
	MatchPhone bool `json:"matchPhone,omitempty"`
	MatchEmail bool `json:"matchEmail,omitempty"`
	// IdentityRequired serves only visitors whose identity the company signs; others
	// are told to log in.
	IdentityRequired bool `json:"identityRequired,omitempty"`

	Look    Look    `json:"look,omitzero"`
	Invite  Invite  `json:"invite,omitzero"`
	PreChat PreChat `json:"preChat,omitzero"`
	Offline Offline `json:"offline,omitzero"`
	Survey  Survey  `json:"survey,omitzero"`
	Canvas  Canvas  `json:"canvas,omitzero"`
	Calls   Calls   `json:"calls,omitzero"`
	Service
}

// Team is what is set for a team.
type Team struct {
	// Parent is the team above this one; "" means none.
	Parent string `json:"parent,omitempty"`
	// Regions are the countries (ISO codes), provinces and cities whose visitors
	// are offered the team; empty means everywhere.
	Regions []string `json:"regions,omitempty"`
	// Spills send visitors to other teams while the queue is long. They hold for
	// whoever comes, in order; who waits already stays.
	Spills []Spill `json:"spills,omitempty"`
	Desk
	Service
}

// Service is what concerns a running conversation.
type Service struct {
	// Prompts are the lines that visitors are told, by the names in prompts.go.
	Prompts map[string]Text `json:"prompts,omitempty"`
	Hours   *Hours          `json:"hours,omitempty"`
	Timers  Timers          `json:"timers,omitzero"`
	Routing Routing         `json:"routing,omitzero"`
}

// Timers are spans in seconds; 0 switches one off, nil inherits it.
type Timers struct {
	// IdleWarn reminds a visitor who has been silent for so long. Default off.
	IdleWarn *int `json:"idleWarn,omitempty"`
	// IdleClose ends a conversation so long after the reminder, or after the
	// visitor's last message if there is no reminder. Default off.
	IdleClose *int `json:"idleClose,omitempty"`
	// Queue ends the waiting of a visitor. Default off.
	Queue *int `json:"queue,omitempty"`
	// QueueWarn tells a visitor so long before the waiting ends that it will, at half of
	// it if that is later. Default 60; 0 tells nothing.
	QueueWarn *int `json:"queueWarn,omitempty"`
	// AgentLate tells a visitor whose message has been unanswered for so long. Default off.
	AgentLate *int `json:"agentLate,omitempty"`
	// Silent gives a conversation to another agent, once, if its agent writes nothing
	// for so long after getting it. Default off.
	Silent *int `json:"silent,omitempty"`
	// MaxLength ends a conversation that is older. Default off.
	MaxLength *int `json:"maxLength,omitempty"`
	// Accept is how long a transfer to an agent waits to be accepted. Default 0: it needs no consent.
	Accept *int `json:"accept,omitempty"`
	// Hold ends a conversation that is on hold for so long. Default 3600.
	Hold *int `json:"hold,omitempty"`
	// Abandon says what happens when a visitor leaves an answer unanswered for
	// AbandonAfter: "none" (default), "close" or "hold".
	Abandon string `json:"abandon,omitempty"`
	// AbandonAfter is counted from the agent's first message after the visitor's
	// last. Default 3600.
	AbandonAfter *int `json:"abandonAfter,omitempty"`
	// InviteValid is how long an agent's invitation binds the visitor to that
	// agent. Default 1200.
	InviteValid *int `json:"inviteValid,omitempty"`
}

// Routing is how conversations are distributed.
type Routing struct {
	// Rule is "rotation" (default), "idle", "least", "fewest" (conversations of the
	// team, whatever the cap), "served" (who got the fewest so far), "external" (a
	// server of the company's own says), "manual" (agents pick from the queue) or "offer" (offered to every free agent; the first one has it).
	Rule string `json:"rule,omitempty"`
	// Returning sends a visitor back to the agent of the previous conversation. Default true.
	Returning *bool `json:"returning,omitempty"`
	// LastServed prefers the most recent agents who served the visitor. Default true.
	LastServed *bool `json:"lastServed,omitempty"`
	// AgentOnly makes a visitor who asked for one agent wait for that agent. Default false.
	AgentOnly *bool `json:"agentOnly,omitempty"`
	// TeamCap limits the conversations of one agent in this team; 0 means the
	// agent's own cap alone.
	TeamCap *int `json:"teamCap,omitempty"`
	// FirstBatch limits how many an agent gets at once when becoming ready; 0 means no limit.
	FirstBatch *int `json:"firstBatch,omitempty"`
	// MaxWaiting is the longest queue; a visitor beyond it is sent to the
	// offline form. 0 means no limit.
	MaxWaiting *int `json:"maxWaiting,omitempty"`
	// AgentCap limits the conversations of agents whose own cap is the highest one;
	// 0 means no limit. Default 0.
	AgentCap *int `json:"agentCap,omitempty"`
	// Unattended gives conversations to agents who are ready though not connected,
	// if nobody else is there. Default false.
	Unattended *bool `json:"unattended,omitempty"`
	// BotsFirst gives a new conversation to a bot, of the team if there is one,
	// whatever its state. Default false.
	BotsFirst *bool `json:"botsFirst,omitempty"`
	// Manager prefers the agent who looks after the visitor's contact for a new
	// conversation, also one of another team. Default true.
	Manager *bool `json:"manager,omitempty"`
	// SkipAway leaves out agents who say to be away from their desk. Default false.
	SkipAway *bool `json:"skipAway,omitempty"`
	// Overflow are the teams that take over, in order. nil inherits.
	Overflow []Overflow `json:"overflow,omitempty"`
	// Lost says what happens to conversations of an agent who is lost: "requeue"
	// (default, in front), "wait" or "end".
	Lost string `json:"lost,omitempty"`
}

// Overflow sends waiting visitors to another team.
type Overflow struct {
	Team string `json:"team"`
	// After is the waiting time in seconds after which Team may serve, 0 at once.
	After int `json:"after"`
	// Waiting, if above 0, opens Team as soon as so many wait.
	Waiting int `json:"waiting,omitempty"`
}

// Merge returns base with what over sets.
func Merge(base, over Service) Service {
	out := base
	if len(over.Prompts) > 0 {
		out.Prompts = make(map[string]Text, len(base.Prompts)+len(over.Prompts))
		for name, text := range base.Prompts {
			out.Prompts[name] = text
		}
		for name, text := range over.Prompts {
			out.Prompts[name] = mergeText(out.Prompts[name], text)
		}
	}
	if over.Hours != nil {
		out.Hours = over.Hours
	}
	t, o := &out.Timers, over.Timers
	inherit(&t.IdleWarn, o.IdleWarn)
	inherit(&t.IdleClose, o.IdleClose)
	inherit(&t.Queue, o.Queue)
	inherit(&t.QueueWarn, o.QueueWarn)
	inherit(&t.AgentLate, o.AgentLate)
	inherit(&t.Silent, o.Silent)
	inherit(&t.MaxLength, o.MaxLength)
	inherit(&t.Accept, o.Accept)
	inherit(&t.Hold, o.Hold)
	inherit(&t.AbandonAfter, o.AbandonAfter)
	if o.Abandon != "" {
		t.Abandon = o.Abandon
	}
	inherit(&t.InviteValid, o.InviteValid)
	r, n := &out.Routing, over.Routing
	if n.Rule != "" {
		r.Rule = n.Rule
	}
	if n.Lost != "" {
		r.Lost = n.Lost
	}
	inherit(&r.Returning, n.Returning)
	inherit(&r.LastServed, n.LastServed)
	inherit(&r.AgentOnly, n.AgentOnly)
	inherit(&r.TeamCap, n.TeamCap)
	inherit(&r.FirstBatch, n.FirstBatch)
	inherit(&r.MaxWaiting, n.MaxWaiting)
	inherit(&r.AgentCap, n.AgentCap)
	inherit(&r.Unattended, n.Unattended)
	inherit(&r.BotsFirst, n.BotsFirst)
	inherit(&r.SkipAway, n.SkipAway)
	inherit(&r.Manager, n.Manager)
	if n.Overflow != nil {
		r.Overflow = n.Overflow
	}
	return out
}

// mergeText lays over on base. A text for every language that is set lower down
// replaces the texts by language that were set higher up.
func mergeText(base, over Text) Text {
	out := make(Text, len(base)+len(over))
	if over[""] == "" {
		for lang, s := range base {
			out[lang] = s
		}
	}
	for lang, s := range over {
		if s != "" {
			out[lang] = s
		}
	}
	return out
}

func inherit[T any](to **T, from *T) {
	if from != nil {
		*to = from
	}
}

// Effective returns what holds for a conversation of an inbox and, if team is
// not nil, of that team.
func Effective(c Company, in Inbox, team *Team) Service {
	out := Merge(Defaults(), c.Service)
	out = Merge(out, in.Service)
	if team != nil {
		out = Merge(out, team.Service)
	}
	return out
}

// Defaults returns the service settings of an installation that sets nothing.
// Every field except Hours and Prompts is set; a nil Hours is always open.
func Defaults() Service {
	zero, minute, valid, hour, yes, no := 0, 60, 1200, 3600, true, false
	return Service{
		Timers: Timers{IdleWarn: &zero, IdleClose: &zero, Queue: &zero, QueueWarn: &minute, AgentLate: &zero, Silent: &zero, MaxLength: &zero, Accept: &zero,
			InviteValid: &valid, Hold: &hour, Abandon: "none", AbandonAfter: &hour},
		Routing: Routing{Rule: "rotation", Returning: &yes, LastServed: &yes, AgentOnly: &no, TeamCap: &zero, FirstBatch: &zero,
			MaxWaiting: &zero, AgentCap: &zero, Unattended: &no, BotsFirst: &no, SkipAway: &no, Manager: &yes, Overflow: []Overflow{}, Lost: "requeue"},
	}
}
