// Package survey asks visitors how satisfied they were (满意度): one answer for
// each conversation, by the conversation's own visitor or by the holder of a
// signed link, changeable for 24 hours.
package survey

import (
	"context"
	"time"

	"parlor/internal/id"
)

// EditFor is how long an answer can be changed by who gave it.
const EditFor = 24 * time.Hour

// LinkFor is how long a conversation can be rated after its end, by a link too.
const LinkFor = 7 * 24 * time.Hour

// Survey is the survey of one conversation.
type Survey struct {
	Conversation id.Conversation `json:"conversation"`
	Tenant       id.Tenant       `json:"-"`
	Inbox        id.Inbox        `json:"inbox"`
	Visitor      id.Visitor      `json:"visitor"`
	VisitorName  string          `json:"visitorName"`
	// Agent and Team are those of the conversation when it was answered.
	Agent     id.Agent `json:"agent,omitempty"`
	AgentName string   `json:"agentName,omitempty"`
	Team      id.Team  `json:"team,omitempty"`
	// Level is the code of the answer, empty until there is one.
	Level string `json:"level,omitempty"`
	// Score is that of the level when it was answered, 0 to 100.
	Score int `json:"score"`
	// Reasons are codes.
	Reasons []string `json:"reasons"`
	Comment string   `json:"comment,omitempty"`
	// Asked is true if an agent asked for it.
	Asked      bool       `json:"asked,omitempty"`
	AnsweredAt *time.Time `json:"answeredAt,omitempty"`
	EditedAt   *time.Time `json:"editedAt,omitempty"`
}

// Answer is what a visitor says.
type Answer struct {
	Level   string   `json:"level" maxLength:"32"`
	Reasons []string `json:"reasons,omitempty" maxItems:"20"`
	Comment string   `json:"comment,omitempty" maxLength:"4000"`
}

// Changed is the payload of event.SurveyChanged.
type Changed struct {
	Survey Survey `json:"survey"`
	// Ask is true if an agent asks for an answer now; it is false for an answer.
	Ask bool `json:"ask,omitempty"`
}

// Talk is what survey needs to know of a conversation.
type Talk struct {
	Conversation id.Conversation
	Tenant       id.Tenant
	Inbox        id.Inbox
	Visitor      id.Visitor
	VisitorName  string
	Agent        id.Agent
	AgentName    string
	Team         id.Team
	Closed       bool
	ClosedAt     time.Time
}

// Filter chooses a page of answers, newest first.
type Filter struct {
	// Agent, Team, Inbox and Level restrict if set; From and To, which is left
	// out itself, to the time of the answer.
	Agent    id.Agent
	Team     id.Team
	Inbox    id.Inbox
	Level    string
	From, To time.Time
	After    string
	// Limit is 1 to 200.
	Limit int
}

// Tally is how often a level was chosen.
type Tally struct {
	Level string `json:"level"`
	Count int    `json:"count"`
}

// Store is the memory that survey needs.
type Store interface {
	// AskSurvey notes that an agent asked; a survey that was answered stays as it is.
	AskSurvey(ctx context.Context, s Survey) (Survey, error)
	// AnswerSurvey keeps an answer. An answer that is there is replaced if it was
	// given at or after editable, with AnsweredAt kept; errs.Conflict
	// "survey_answered" otherwise.
	AnswerSurvey(ctx context.Context, s Survey, editable time.Time) (Survey, error)
	// Survey returns the survey of a conversation, errs.NotFound "survey_not_found"
	// if nobody has asked or answered.
	Survey(ctx context.Context, t id.Tenant, c id.Conversation) (Survey, error)
	// Surveys returns a page of answered surveys and the cursor of the next.
	Surveys(ctx context.Context, t id.Tenant, f Filter) (page []Survey, next string, err error)
	// SurveyTally counts the answers since a time, by level.
	SurveyTally(ctx context.Context, t id.Tenant, a id.Agent, since time.Time) ([]Tally, error)
}
