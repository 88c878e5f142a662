package wire

import (
	"parlor/internal/call"
	"parlor/internal/canvas"
	"parlor/internal/invite"
	"parlor/internal/leave"
	"parlor/internal/online"
	"parlor/internal/survey"
)

// Visit are the services of the visitor's side, which all fronts share.
type Visit struct {
	Online   *online.Service
	Invites  *invite.Service
	Surveys  *survey.Service
	Leaves   *leave.Service
	Canvases *canvas.Service
	Calls    *call.Service
}

// VisitorInvite is an invitation as its visitor sees it.
type VisitorInvite struct {
	ID string `json:"id"`
	// Text is empty for the text of the inbox.
	Text string `json:"text,omitempty"`
	// Agent is the name of whoever invites.
	Agent string `json:"agent,omitempty"`
}

// InviteOf returns the visitor's form of an invitation.
func InviteOf(in invite.Invitation) VisitorInvite {
	return VisitorInvite{ID: in.ID, Text: in.Text, Agent: in.AgentName}
}
