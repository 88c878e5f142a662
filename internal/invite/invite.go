// Package invite asks visitors who look at a page whether they want to talk
// (主动邀请): by hand of an agent, or by the rules of an inbox, which the page
// itself judges. It keeps what became of each invitation.
package invite

import (
	"context"
	"time"

	"parlor/internal/id"
)

// Result is what became of an invitation.
type Result string

// The results, in the words of the UCKeFu contract.
const (
	Open     Result = "default"
	Accepted Result = "accept"
	Refused  Result = "refuse"
)

// Invitation is one invitation.
type Invitation struct {
	ID      string     `json:"id"`
	Tenant  id.Tenant  `json:"-"`
	Inbox   id.Inbox   `json:"inbox"`
	Visitor id.Visitor `json:"visitor"`
	// Agent invited by hand; empty means that a rule did.
	Agent     id.Agent `json:"agent,omitempty"`
	AgentName string   `json:"agentName,omitempty"`
	// Rule is the name of the rule, or its number from 1.
	Rule string `json:"rule,omitempty"`
	// Text is what an agent wrote; empty shows the text of the inbox.
	Text string `json:"text,omitempty"`
	// URL and Title are the page on which it was shown.
	URL        string     `json:"url,omitempty"`
	Title      string     `json:"title,omitempty"`
	At         time.Time  `json:"at"`
	Result     Result     `json:"result" enum:"default,accept,refuse"`
	AnsweredAt *time.Time `json:"answeredAt,omitempty"`
	// ResponseMS is the time to the answer in milliseconds, 0 without one.
	ResponseMS int64 `json:"responseMs,omitempty"`
}

// Changed is the payload of event.InviteChanged: an invitation was made or answered.
type Changed struct {
	Invitation Invitation `json:"invitation"`
}

// Filter chooses a page of invitations, newest first.
type Filter struct {
	// Visitor, Inbox and Result restrict if set; From and To, which is left out
	// itself, to the time of the invitation.
	Visitor  id.Visitor
	Inbox    id.Inbox
	Result   Result
	From, To time.Time
	After    string
	// Limit is 1 to 200.
	Limit int
}

// Tally counts what became of invitations.
type Tally struct {
	Open     int `json:"open"`
	Accepted int `json:"accepted"`
	Refused  int `json:"refused"`
}

// Store is the memory that invite needs.
type Store interface {
	// Invite adds an invitation of a visitor who is online at its time, with the
	// page it looks at. Errors: NotFound "visitor_not_online"; Conflict
	// "visitor_in_service" while the visitor has a running conversation.
	Invite(ctx context.Context, in Invitation) (Invitation, error)
	// AnswerInvite sets the result of an open invitation of the visitor, "" for the
	// newest, if it was made after since. Errors: NotFound "invitation_not_found".
	// One that was answered before is returned with changed false.
	AnswerInvite(ctx context.Context, t id.Tenant, v id.Visitor, invitation string, r Result, at, since time.Time) (got Invitation, changed bool, err error)
	// AcceptedInvite returns the newest invitation of the visitor by an agent that
	// was accepted and made after since; ok is false if there is none.
	AcceptedInvite(ctx context.Context, t id.Tenant, v id.Visitor, since time.Time) (got Invitation, ok bool, err error)
	// Invites returns a page of invitations and the cursor of the next, "" at the end.
	Invites(ctx context.Context, t id.Tenant, f Filter) (page []Invitation, next string, err error)
	// InviteTally counts the invitations of an inbox, "" for all, since a time.
	InviteTally(ctx context.Context, t id.Tenant, in id.Inbox, since time.Time) (Tally, error)
}
