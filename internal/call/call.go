// Package call is video and voice calls between the visitor and the agent of a
// conversation: who invited, how it stands, how long it lasted and why it ended.
//
// Picture and sound go from browser to browser, or through a relay that sees only
// encrypted packets; those of a call that is recorded go through the recorder. What the
// browsers must tell each other to find a way (signals) passes through here unread, is
// bounded in size and kept nowhere. What is drawn on the whiteboard passes the same way
// and is checked; the browsers hold the board.
//
// A conversation has at most one call that goes on. A call that nobody answers, one
// whose page is gone, and one whose conversation has ended or lost its agent is
// ended by a job, whatever becomes of the pages.
//
// A visitor may ask for a call before an agent is there (request.go): the call begins
// by itself once somebody has the conversation.
package call

import (
	"context"
	"time"

	"parlor/internal/actor"
	"parlor/internal/audit"
	"parlor/internal/id"
	"parlor/internal/job"
)

// Times.
const (
	// AnswerWithin is how long a call rings.
	AnswerWithin = 60 * time.Second
	// PingEvery is how often a page that is in a call says so.
	PingEvery = 10 * time.Second
	// LostAfter is how long a page of a call may be silent.
	LostAfter = 45 * time.Second
	// TicketFor is how long a ticket is valid; each ping gives a new one.
	TicketFor = 2 * time.Minute
)

// Bounds.
const (
	// MaxSignal is the longest signal, in bytes.
	MaxSignal = 32 << 10
	// MaxListed is the highest number of calls of a list.
	MaxListed = 200
)

// Kind is what a call brings over.
type Kind string

// The kinds.
const (
	Voice Kind = "voice"
	Video Kind = "video"
)

// State is how a call stands.
type State string

// The states. Init is a call that has not been begun.
const (
	Init       State = "INIT"
	Inviting   State = "INVITING"
	Ringing    State = "RINGING"
	Connected  State = "CONNECTED"
	Terminated State = "TERMINATED"
	Aborted    State = "ABORTED"
)

// moves are the legal moves between states.
var moves = map[State][]State{
	Init:      {Inviting},
	Inviting:  {Ringing, Connected, Aborted},
	Ringing:   {Connected, Aborted},
	Connected: {Terminated, Aborted},
}

// From returns the states from which a call may come to state s.
func From(s State) (list []State) {
	for _, from := range []State{Init, Inviting, Ringing, Connected} {
		for _, to := range moves[from] {
			if to == s {
				list = append(list, from)
			}
		}
	}
	return list
}

// Over reports whether a call in this state has ended.
func (s State) Over() bool { return s == Terminated || s == Aborted }

// The reasons for which calls end.
const (
	HungUp             = "hung_up"
	Declined           = "declined"
	Cancelled          = "cancelled"
	NoAnswer           = "no_answer"
	PingLost           = "ping_lost"
	Failed             = "failed"
	ConversationClosed = "conversation_closed"
	AgentLost          = "agent_lost"
)

// Quality is what a page measured last of what it receives.
type Quality struct {
	// Loss is the share of packets that did not arrive, in thousandths.
	Loss int `json:"loss" minimum:"0" maximum:"1000"`
	// RTT is the time to the other side and back, in milliseconds.
	RTT int `json:"rtt" minimum:"0" maximum:"60000"`
	// Relayed is true if a relay carries the call.
	Relayed bool `json:"relayed,omitempty"`
}

// clean brings a quality into its bounds.
func (q Quality) clean() Quality {
	q.Loss, q.RTT = min(max(q.Loss, 0), 1000), min(max(q.RTT, 0), 60_000)
	return q
}

// Call is one call.
type Call struct {
	ID           id.Call         `json:"id"`
	Tenant       id.Tenant       `json:"-"`
	Conversation id.Conversation `json:"conversation"`
	// Number counts the calls of a company.
	Number int64 `json:"number"`
	Kind   Kind  `json:"kind" enum:"voice,video"`
	// Recorded says that the server records it; both sides are told.
	Recorded bool  `json:"recorded,omitempty"`
	State    State `json:"state" enum:"INVITING,RINGING,CONNECTED,TERMINATED,ABORTED"`
	// By is the side that invited.
	By          actor.Kind `json:"by" enum:"agent,visitor"`
	Agent       id.Agent   `json:"agent"`
	AgentName   string     `json:"agentName"`
	Visitor     id.Visitor `json:"visitor"`
	VisitorName string     `json:"visitorName"`
	InvitedAt   time.Time  `json:"invitedAt"`
	AnsweredAt  time.Time  `json:"answeredAt,omitzero"`
	EndedAt     time.Time  `json:"endedAt,omitzero"`
	// Duration is the time between answer and end, in seconds.
	Duration int `json:"duration"`
	// Reason is why it ended; EndedBy is the side that ended it, "system" for neither.
	Reason  string     `json:"reason,omitempty" enum:"hung_up,declined,cancelled,no_answer,ping_lost,failed,conversation_closed,agent_lost"`
	EndedBy actor.Kind `json:"endedBy,omitempty" enum:"agent,visitor,system"`
	// AgentQuality and VisitorQuality are what each side measured last.
	AgentQuality   *Quality `json:"agentQuality,omitempty"`
	VisitorQuality *Quality `json:"visitorQuality,omitempty"`
	// Asked, of a call that is begun, says that a request wants it.
	Asked bool `json:"-"`
	// AgentSeen and VisitorSeen are when each page last said that it is in the call.
	AgentSeen   time.Time `json:"-"`
	VisitorSeen time.Time `json:"-"`
}

// seconds is how long it lasted until a time.
func (c Call) seconds(until time.Time) int {
	if c.AnsweredAt.IsZero() || until.Before(c.AnsweredAt) {
		return 0
	}
	return int(until.Sub(c.AnsweredAt) / time.Second)
}

// Move takes a call to another state.
type Move struct {
	Tenant id.Tenant
	Call   id.Call
	To     State
	At     time.Time
	// Reason and By tell of an end.
	Reason string
	By     actor.Kind
	// Serve is the job of a request that is open anew: one whose call lost its agent.
	Serve job.Job
}

// Ping says that a page is in a call.
type Ping struct {
	Tenant  id.Tenant
	Call    id.Call
	Side    actor.Kind
	At      time.Time
	Quality *Quality
}

// Filter chooses calls, the newest first.
type Filter struct {
	// Conversation and Agent restrict the list, "" does not.
	Conversation id.Conversation
	Agent        id.Agent
	// Before is the id of the last call of the previous page.
	Before id.Call
	Limit  int
}

// Store is the memory that call needs. Every verb is one transaction. Calls of
// another tenant do not exist for it: errs.NotFound "call_not_found".
type Store interface {
	// CreateCall adds a call with the next number of its company, and the job that
	// watches it. Conflict "conversation_closed", "call_running".
	CreateCall(ctx context.Context, c Call, watch job.Job) (Call, error)
	// Call returns one call.
	Call(ctx context.Context, t id.Tenant, c id.Call) (Call, error)
	// RunningCall returns the call of a conversation that goes on; ok is false without one.
	RunningCall(ctx context.Context, t id.Tenant, c id.Conversation) (got Call, ok bool, err error)
	// MoveCall takes a call to another state if it is in one of From(To);
	// Conflict "call_over" if not.
	MoveCall(ctx context.Context, m Move) (Call, error)
	// PingCall notes that a side is there; Conflict "call_over" if the call has ended.
	PingCall(ctx context.Context, p Ping) (Call, error)
	// Calls returns calls, the newest first.
	Calls(ctx context.Context, t id.Tenant, f Filter) ([]Call, error)
	// AskCall adds a request and the job that serves it, or opens the one that is there
	// anew with the next round. fresh is false, and nothing changes, if the visitor waits
	// already or a call of it goes on. Conflict "conversation_closed", "call_running".
	AskCall(ctx context.Context, r Request, serve job.Job) (got Request, fresh bool, err error)
	// CallRequest returns the request of a conversation; ok is false without one.
	CallRequest(ctx context.Context, t id.Tenant, c id.Conversation) (got Request, ok bool, err error)
	// EndRequest notes that the visitor had enough; one that has ended stays as it is.
	EndRequest(ctx context.Context, t id.Tenant, c id.Conversation, when time.Time) error
	// AddRecord adds a recording of a conversation's call, and the job that deletes it.
	AddRecord(ctx context.Context, t id.Tenant, of id.Conversation, r Record, forget job.Job) error
	// Records returns the recordings of calls, by call, time and side.
	Records(ctx context.Context, t id.Tenant, calls []id.Call) ([]Record, error)
	// NoteWatched writes into the audit log who watches the recordings of a call.
	NoteWatched(ctx context.Context, t id.Tenant, c Call, by audit.By) error
	// DropRecord removes a recording; one that is not there is no error.
	DropRecord(ctx context.Context, t id.Tenant, c id.Call, f id.File, by audit.By) error
}
