package conversation

import (
	"parlor/internal/actor"
	"parlor/internal/id"
)

// Posted is the payload of event.MessagePosted.
type Posted struct {
	Message Message `json:"message"`
	// Conversation holds the counters after the message.
	Conversation Conversation `json:"conversation"`
}

// Changed is the payload of event.ConversationChanged: status, agent or team moved.
type Changed struct {
	Conversation Conversation `json:"conversation"`
	// Before is the agent it was taken from, if any.
	Before id.Agent `json:"before,omitempty"`
	// Cause is the name of the Line that records it, or "started".
	Cause string `json:"cause"`
}

// CauseStarted is the cause of the first Changed of a conversation.
const CauseStarted = "started"

// Typing is the payload of event.Typing. It is never stored nor logged.
type Typing struct {
	Conversation id.Conversation `json:"conversation"`
	From         actor.Kind      `json:"from"`
	Name         string          `json:"name,omitempty"`
	// Text is the visitor's unsent text; empty means it was cleared. An agent's
	// text is never carried: On says whether the agent types.
	Text string `json:"text,omitempty"`
	On   bool   `json:"on"`
}

// Read is the payload of event.ReadMoved.
type Read struct {
	Conversation id.Conversation `json:"conversation"`
	Side         actor.Kind      `json:"side"`
	Seq          int64           `json:"seq"`
	// Unread is the agent's unread count after the move.
	Unread int `json:"unread"`
}
