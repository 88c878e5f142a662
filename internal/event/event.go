// Package event is what domains announce after a commit. A bus carries events
// to every node; realtime hands them to the connections that follow a topic.
//
// Events are hints: nothing durable depends on one. A receiver that missed an
// event finds out by sequence numbers and reads the store.
package event

import (
	"time"

	"parlor/internal/id"
)

// Kind names what happened.
type Kind string

// The kinds of event and the payload each carries.
const (
	// MessagePosted carries *conversation.Posted.
	MessagePosted Kind = "message.posted"
	// ConversationChanged carries *conversation.Changed.
	ConversationChanged Kind = "conversation.changed"
	// Typing carries *conversation.Typing.
	Typing Kind = "conversation.typing"
	// ReadMoved carries *conversation.Read.
	ReadMoved Kind = "conversation.read"
	// QueueMoved carries *routing.Positions.
	QueueMoved Kind = "queue.moved"
	// HandoverMoved carries *routing.HandoverMoved.
	HandoverMoved Kind = "handover.moved"
	// Offered carries *routing.Offer.
	Offered Kind = "queue.offered"
	// QueueWake asks the routers to look at a tenant's queue; no payload.
	QueueWake Kind = "queue.wake"
	// AgentChanged carries *account.AgentStatus.
	AgentChanged Kind = "agent.changed"
	// VisitorChanged carries *visitor.Changed.
	VisitorChanged Kind = "visitor.changed"
	// SettingsChanged says that settings of a tenant were changed; no payload.
	SettingsChanged Kind = "settings.changed"
	// SessionEnded carries *account.SessionEnded.
	SessionEnded Kind = "session.ended"
	// ColleagueMessage carries *colleague.Remark.
	ColleagueMessage Kind = "colleague.message"

	// CannedChanged carries *canned.Changed.
	CannedChanged Kind = "canned.changed"
	// BlacklistChanged carries *blacklist.Changed.
	BlacklistChanged Kind = "blacklist.changed"
	// MessageRecalled carries *conversation.Recalled.
	MessageRecalled Kind = "message.recalled"
	// MessageEdited carries *conversation.Edited.
	MessageEdited Kind = "message.edited"
	// MentionChanged carries *conversation.MentionChanged.
	MentionChanged Kind = "mention.changed"
	// DraftChanged carries *conversation.Draft.
	DraftChanged Kind = "draft.changed"
	// ColleagueChanged carries *colleague.Changed.
	ColleagueChanged Kind = "colleague.changed"
	// RoomEntered carries *attendance.Entered.
	RoomEntered Kind = "room.entered"
	// ParamsMoved carries *conversation.ParamsMoved.
	ParamsMoved Kind = "params.moved"
	// TagsChanged carries *conversation.Tagged.
	TagsChanged Kind = "tags.changed"
	// VisitorTagged carries *tag.VisitorTagged.
	VisitorTagged Kind = "visitor.tagged"
	// SummaryChanged carries *summary.SummaryChanged.
	SummaryChanged Kind = "summary.changed"
	// FieldsChanged carries *field.FieldsChanged.
	FieldsChanged Kind = "fields.changed"

	// ContactChanged carries *contact.Changed.
	ContactChanged Kind = "contact.changed"

	// OnlineChanged carries *online.Changed.
	OnlineChanged Kind = "online.changed"
	// InviteChanged carries *invite.Changed.
	InviteChanged Kind = "invite.changed"
	// SurveyChanged carries *survey.Changed.
	SurveyChanged Kind = "survey.changed"
	// LeaveChanged carries *leave.Changed.
	LeaveChanged Kind = "leave.changed"

	// OptionsChanged carries *account.OptionsChanged.
	OptionsChanged Kind = "options.changed"
	// RolesChanged carries *account.RolesChanged.
	RolesChanged Kind = "roles.changed"
	// ConversationGiven carries *conversation.Given.
	ConversationGiven Kind = "conversation.given"
	// GrantsChanged carries *grant.Changed.
	GrantsChanged Kind = "grants.changed"
	// HooksChanged says that webhooks of a tenant were changed; no payload.
	HooksChanged Kind = "hooks.changed"

	// CanvasChanged carries *canvas.Changed.
	CanvasChanged Kind = "canvas.changed"
	// CanvasStroke carries *canvas.Stroke.
	CanvasStroke Kind = "canvas.stroke"

	// CallChanged carries *call.Changed.
	CallChanged Kind = "call.changed"
	// CallSignal carries *call.Signal.
	CallSignal Kind = "call.signal"

	// BindingChanged carries *binding.Changed.
	BindingChanged Kind = "binding.changed"
	// KnowledgeChanged carries *knowledge.Changed.
	KnowledgeChanged Kind = "knowledge.changed"
	// ExportChanged carries *export.Changed.
	ExportChanged Kind = "export.changed"
	// QueueSpilled carries *routing.Spilled.
	QueueSpilled Kind = "queue.spilled"
)

// Topic is an address that connections follow.
type Topic string

// ToAgent addresses every connection of one agent.
func ToAgent(t id.Tenant, a id.Agent) Topic { return Topic("a/" + string(t) + "/" + string(a)) }

// ToVisitor addresses every connection of one visitor.
func ToVisitor(t id.Tenant, v id.Visitor) Topic { return Topic("v/" + string(t) + "/" + string(v)) }

// ToServed addresses the connections of visitors whom an agent serves, and who
// want to know of the agent.
func ToServed(t id.Tenant, a id.Agent) Topic { return Topic("p/" + string(t) + "/" + string(a)) }

// ToAgents addresses every agent connection of a tenant.
func ToAgents(t id.Tenant) Topic { return Topic("t/" + string(t)) }

// ToOptions addresses whoever wants to know of changed options of a tenant, with or
// without a login.
func ToOptions(t id.Tenant) Topic { return Topic("o/" + string(t)) }

// ToTeam addresses the agents of one team.
func ToTeam(t id.Tenant, team id.Team) Topic { return Topic("g/" + string(t) + "/" + string(team)) }

// ToWatchers addresses whoever has a conversation open on screen.
func ToWatchers(t id.Tenant, c id.Conversation) Topic {
	return Topic("w/" + string(t) + "/" + string(c))
}

// ToFollowers addresses the agents who serve or look at a visitor.
func ToFollowers(t id.Tenant, v id.Visitor) Topic { return Topic("f/" + string(t) + "/" + string(v)) }

// ToSupervisors addresses the connections of agents who see everything of a tenant.
func ToSupervisors(t id.Tenant) Topic { return Topic("s/" + string(t)) }

// ToOnline addresses the consoles that watch who is online.
func ToOnline(t id.Tenant) Topic { return Topic("o/" + string(t)) }

// ToNodes addresses the services of every node rather than connections.
const ToNodes Topic = "nodes"

// Event is one announcement.
type Event struct {
	// ID lets a receiver drop an event that came twice.
	ID string
	// Tenant is the company concerned.
	Tenant id.Tenant
	// Kind says what Data is.
	Kind Kind
	// To lists the topics addressed; a connection that follows several gets it once.
	To []Topic
	// At is when it was committed.
	At time.Time
	// Data is the payload named at the kind; it must not be changed by receivers.
	Data any
}

// Publisher sends events to every node, this one included. Publish does not
// block on slow receivers and reports nothing: events are hints.
type Publisher interface {
	Publish(*Event)
}
