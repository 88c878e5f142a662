// Package conversation holds dialogues and their messages: the states of a
// conversation, who may post to it, the numbering of messages and what has been
// read. Who gets a conversation is decided in routing, not here.
//
// A conversation is queued, open (assigned to exactly one agent) or closed. It
// is never reopened: a visitor who writes again gets a new one.
package conversation

import (
	"encoding/json"
	"time"

	"parlor/internal/actor"
	"parlor/internal/id"
)

// Status is the state of a conversation.
type Status string

// The states.
const (
	Queued Status = "queued"
	Open   Status = "open"
	Closed Status = "closed"
)

// EndBy says who or what ended a conversation.
type EndBy string

// The reasons for an end.
const (
	EndByVisitor EndBy = "user"
	EndByAgent   EndBy = "agent"
	EndByTimeout EndBy = "timeout"
	EndByQueue   EndBy = "queue"
	EndBySystem  EndBy = "system"
)

// Conversation is one dialogue with its counters.
type Conversation struct {
	ID      id.Conversation `json:"id"`
	Tenant  id.Tenant       `json:"tenant"`
	Inbox   id.Inbox        `json:"inbox"`
	Channel string          `json:"channel"`
	Visitor id.Visitor      `json:"visitor"`
	// VisitorName is the visitor's name at the time of reading.
	VisitorName string   `json:"visitorName"`
	Status      Status   `json:"status" enum:"queued,open,closed"`
	Agent       id.Agent `json:"agent,omitempty"`
	// AgentName is the agent's name at the time of reading, empty without one.
	AgentName string  `json:"agentName,omitempty"`
	Team      id.Team `json:"team,omitempty"`
	// RequestedAgent is the agent the visitor asked for.
	RequestedAgent id.Agent `json:"requestedAgent,omitempty"`
	// BoundAgent is the agent for whom it waits because the visitor is bound.
	BoundAgent id.Agent `json:"boundAgent,omitempty"`
	// PreviousAgent served the visitor's previous conversation.
	PreviousAgent id.Agent `json:"previousAgent,omitempty"`
	// Priority orders the queue, higher first; 0 is normal, 100 is re-queued after agent loss.
	Priority int `json:"priority"`
	// Version grows with each change of status, agent or team, and with each change
	// of the tags unless the conversation waits.
	Version int64 `json:"version"`
	// PageURL and PageTitle are where the conversation was started.
	PageURL   string `json:"pageUrl,omitempty"`
	PageTitle string `json:"pageTitle,omitempty"`

	CreatedAt  time.Time  `json:"createdAt"`
	QueuedAt   time.Time  `json:"queuedAt"`
	AssignedAt *time.Time `json:"assignedAt,omitempty"`
	ClosedAt   *time.Time `json:"closedAt,omitempty"`
	EndBy      EndBy      `json:"endBy,omitempty" enum:"user,agent,timeout,queue,system"`

	// LastSeq is the number of the newest message, 0 if there is none.
	LastSeq int64 `json:"lastSeq"`
	// VisibleSeq is the number of the newest message that the visitor may see.
	VisibleSeq int64 `json:"visibleSeq"`
	// LastAt, LastText and LastFrom describe the newest message of visitor or
	// agent; LastText is at most 100 characters.
	LastAt   time.Time  `json:"lastAt"`
	LastText string     `json:"lastText"`
	LastKind Kind       `json:"lastKind,omitempty" enum:"text,image,file,voice,cooperation,note,event"`
	LastFrom actor.Kind `json:"lastFrom,omitempty" enum:"visitor,agent,system"`
	// AgentRead and VisitorRead are the newest numbers each side has read.
	AgentRead   int64 `json:"agentRead"`
	VisitorRead int64 `json:"visitorRead"`
	// Unread counts visitor messages after AgentRead.
	Unread int `json:"unread"`
	// WaitingSince is when the visitor's first unanswered message came.
	WaitingSince *time.Time `json:"waitingSince,omitempty"`
	// Tags are the ids of its tags, in the order in which they were added.
	Tags []string `json:"tags,omitempty"`
	// Bot is true while a robot has it.
	Bot bool `json:"bot,omitempty"`
	// HeldAt is when an open conversation was put on hold: it stays with its agent
	// but does not count against the agent's cap.
	HeldAt *time.Time `json:"heldAt,omitempty"`
}

// Kind is what a message is.
type Kind string

// The kinds of message.
const (
	Text  Kind = "text"
	Image Kind = "image"
	FileK Kind = "file"
	Voice Kind = "voice"
	// Cooperation shows a picture that both sides draw on; Message.Canvas names it.
	Cooperation Kind = "cooperation"
	// Note is seen by agents only.
	Note Kind = "note"
	// Event is a line about the conversation itself; Message.Event says what.
	Event Kind = "event"
)

// VisibleToVisitor reports whether visitors see messages of this kind.
func (k Kind) VisibleToVisitor() bool { return k != Note }

// Author is who wrote a message.
type Author struct {
	Kind actor.Kind `json:"kind" enum:"visitor,agent,system"`
	// ID is the agent's or visitor's id, empty for the system.
	ID string `json:"id,omitempty"`
	// Name is the name at the time of writing.
	Name string `json:"name,omitempty"`
}

// File is what a message says of an uploaded file; media holds the file itself.
type File struct {
	ID     id.File `json:"id"`
	Name   string  `json:"name"`
	Type   string  `json:"type"`
	Size   int64   `json:"size"`
	Width  int     `json:"width,omitempty"`
	Height int     `json:"height,omitempty"`
	// Duration of a voice message in milliseconds.
	Duration int `json:"duration,omitempty"`
}

// Line is what a message of kind Event says, for each screen to put into words.
type Line struct {
	// Name is one of the Line constants.
	Name string `json:"name" enum:"assigned,transferred,queued,agent_lost,closed,idle,idle_end,late,queue_warn,queue_end,too_long,recalled,edited,held,resumed,joined,called,call_ended,call_asked,call_answered,whiteboard,visited,undelivered"`
	// Agent, AgentName, Team and TeamName are whom it concerns.
	Agent     id.Agent `json:"agent,omitempty"`
	AgentName string   `json:"agentName,omitempty"`
	Team      id.Team  `json:"team,omitempty"`
	TeamName  string   `json:"teamName,omitempty"`
	// By is the name of the person who did it, ByAgent the agent's id.
	By      string   `json:"by,omitempty"`
	ByAgent id.Agent `json:"byAgent,omitempty"`
	// FromTeam is the team from which it was transferred.
	FromTeam id.Team `json:"fromTeam,omitempty"`
	// FromAgent is the agent who had it before a transfer.
	FromAgent id.Agent `json:"fromAgent,omitempty"`
	// Via is the team that was asked for if another one serves for it.
	Via     id.Team `json:"via,omitempty"`
	ViaName string  `json:"viaName,omitempty"`
	// Note is what was said to whoever takes over; agents only.
	Note string `json:"note,omitempty"`
	// Rule is the routing rule that chose the agent.
	Rule string `json:"rule,omitempty"`
	// Seq is the number of the message that was recalled or edited.
	Seq int64 `json:"seq,omitempty"`
	// Text is what the visitor is told, in the visitor's language, by the lines of
	// timers, the word with which it was closed, and the new text of an edited message.
	Text string `json:"text,omitempty"`
	// Leave says of LineQueueWarn and LineQueueEnd that a message can be left instead.
	Leave bool `json:"leave,omitempty"`
	// After is how many seconds the agent was silent, of the rule silent_agent.
	After int `json:"after,omitempty"`
	// Reason is the stable word of why something was not delivered, "" if there is none.
	Reason string `json:"reason,omitempty"`
	// URL and Title are the page of LineVisited; Title is what Reason speaks of.
	URL   string `json:"url,omitempty"`
	Title string `json:"title,omitempty"`
	// Media is the kind of a call, voice or video; Duration is how long it lasted, in seconds.
	Media    string `json:"media,omitempty"`
	Duration int    `json:"duration,omitempty"`
	// Recorded says of LineCalled and LineCallEnded that the call is or was recorded.
	Recorded bool `json:"recorded,omitempty"`
	// Call is that call, CallNumber its number in the company.
	Call       id.Call `json:"call,omitempty"`
	CallNumber int64   `json:"callNumber,omitempty"`
	// Asked says of the lines of a call that it belongs to what LineCallAsked tells of.
	Asked bool `json:"asked,omitempty"`
	// Related is the conversation that LineCallAsked comes from, "" for none.
	Related id.Conversation `json:"related,omitempty"`
}

// The names of lines.
const (
	LineAssigned    = "assigned"
	LineTransferred = "transferred"
	LineQueued      = "queued"
	LineAgentLost   = "agent_lost"
	LineClosed      = "closed"
	// LineRecalled tells that message Seq was taken back. The line of a note is a
	// note itself, so that visitors do not see it.
	LineRecalled = "recalled"
	// LineEdited tells that the text of message Seq is now Text. The line of a note
	// is a note itself.
	LineEdited = "edited"
	// LineIdle reminds a silent visitor, LineIdleEnd says that silence ended it.
	LineIdle    = "idle"
	LineIdleEnd = "idle_end"
	// LineLate tells a visitor that the agent takes long.
	LineLate = "late"
	// LineHeld and LineResumed tell of holding a conversation; LineJoined of an
	// agent who takes part beside the one it is assigned to.
	LineHeld    = "held"
	LineResumed = "resumed"
	LineJoined  = "joined"
	// LineCalled tells that a call was begun, LineCallEnded that it is over.
	LineCalled    = "called"
	LineCallEnded = "call_ended"
	// LineBoard tells that the whiteboard of a call was opened.
	LineBoard = "whiteboard"
	// LineCallAsked tells that the visitor asks for a video call, LineCallAnswered that
	// the visitor took the one with which it was called back.
	LineCallAsked    = "call_asked"
	LineCallAnswered = "call_answered"
	// LineVisited tells of a page that the visitor looked at. It is a note.
	LineVisited = "visited"
	// LineUndelivered tells agents that message Seq did not reach the visitor, for the
	// reason in Text. It is a note.
	LineUndelivered = "undelivered"
	// LineQueueWarn tells a visitor that the waiting will end soon.
	LineQueueWarn = "queue_warn"
	// LineQueueEnd says that the waiting ended, LineTooLong that the longest time was reached.
	LineQueueEnd = "queue_end"
	LineTooLong  = "too_long"
)

// Message is one message. Its identity is (conversation, seq).
type Message struct {
	ID           id.Message      `json:"id"`
	Tenant       id.Tenant       `json:"-"`
	Conversation id.Conversation `json:"conversation"`
	// Seq numbers the messages of a conversation 1, 2, 3 … in commit order.
	Seq int64 `json:"seq"`
	// Prev is the number of the message before it that the visitor may see; a
	// visitor's client that has not got Prev has missed something.
	Prev int64 `json:"prev"`
	// ClientID is the sender's own name for it, empty if none was given.
	ClientID string `json:"clientId,omitempty"`
	Kind     Kind   `json:"kind"`
	From     Author `json:"from"`
	Text     string `json:"text,omitempty"`
	File     *File  `json:"file,omitempty"`
	// More are the files beside File of a message with several.
	More []File `json:"more,omitempty"`
	Line *Line  `json:"line,omitempty"`
	// Canvas is what is drawn on, of kind Cooperation.
	Canvas id.Canvas `json:"canvas,omitempty"`
	At     time.Time `json:"at"`
	// Recalled is set if the message was taken back; text and file are gone then.
	Recalled *Recall `json:"recalled,omitempty"`
	// Edited is set if the text was changed.
	Edited *Edit `json:"edited,omitempty"`
	// Mentions are the agents whom a note names.
	Mentions []id.Agent `json:"mentions,omitempty"`
	// Extra is the structured part that integrations send beside the text.
	Extra *Extra `json:"extra,omitempty"`
}

// Files are all files of the message, the first one first.
func (m Message) Files() []File {
	if m.File == nil {
		return nil
	}
	return append([]File{*m.File}, m.More...)
}

// meta is the stored form of the parts that few messages have.
type meta struct {
	File *File  `json:"file,omitempty"`
	More []File `json:"more,omitempty"`
	Line *Line  `json:"line,omitempty"`

	Canvas   id.Canvas  `json:"canvas,omitempty"`
	Recalled *Recall    `json:"recalled,omitempty"`
	Mentions []id.Agent `json:"mentions,omitempty"`
	Edited   *Edit      `json:"edited,omitempty"`
	Extra    *Extra     `json:"extra,omitempty"`
}

// Meta returns what few messages have as one JSON document, "" if there is nothing.
func (m Message) Meta() (string, error) {
	if m.File == nil && m.Line == nil && m.Canvas == "" && m.Recalled == nil && m.Edited == nil && len(m.Mentions) == 0 && m.Extra == nil {
		return "", nil
	}
	b, err := json.Marshal(meta{m.File, m.More, m.Line, m.Canvas, m.Recalled, m.Mentions, m.Edited, m.Extra})
	return string(b), err
}

// SetMeta is the reverse of Meta.
func (m *Message) SetMeta(s string) error {
	if s == "" {
		return nil
	}
	var v meta
	if err := json.Unmarshal([]byte(s), &v); err != nil {
		return err
	}
	m.File, m.More, m.Line, m.Canvas, m.Recalled, m.Mentions, m.Edited, m.Extra = v.File, v.More, v.Line, v.Canvas, v.Recalled, v.Mentions, v.Edited, v.Extra
	return nil
}
