package rest

import (
	"context"
	"net/http"
	"time"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/front/wire"
	"parlor/internal/id"
	"parlor/internal/invite"
	"parlor/internal/leave"
	"parlor/internal/online"
	"parlor/internal/setting"
	"parlor/internal/survey"
	"parlor/internal/visitor"
)

// visitSchemas are the names in the document of types that share theirs with
// others.
var visitSchemas = map[string]string{
	"parlor/internal/tag.Uses": "TagUses", "parlor/internal/export.Filter": "ExportFilter", "parlor/internal/identity.Key": "IdentityKey",
	"parlor/internal/online.Visitor": "OnlineVisitor", "parlor/internal/online.State": "OnlineState", "parlor/internal/leave.Message": "LeaveMessage",
	"parlor/internal/leave.Change": "LeaveChange", "parlor/internal/survey.Survey": "ConversationSurvey", "parlor/internal/survey.Answer": "SurveyAnswer",
	"parlor/internal/survey.Tally": "SurveyTally", "parlor/internal/invite.Tally": "InvitationTally", "parlor/internal/setting.Canvas": "CanvasSettings",
}

// Paging are the parameters of a list. Exported because it is embedded.
type Paging struct {
	After string `query:"after" maxLength:"400" doc:"Cursor of the previous page"`
	Limit int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type listOnline struct {
	Paging
	Inbox id.Inbox `query:"inbox" maxLength:"64"`
}

type onlinePage struct {
	Items []online.Visitor `json:"items"`
	Next  string           `json:"next,omitempty"`
	// Counts are by inbox.
	Counts map[id.Inbox]int `json:"counts"`
}

type sendInvite struct {
	ByVisitor
	Body struct {
		Text string `json:"text,omitempty" maxLength:"2000" doc:"Replaces the text of the inbox"`
	}
}

type listInvites struct {
	Paging
	Period
	Visitor id.Visitor    `query:"visitor" maxLength:"64"`
	Inbox   id.Inbox      `query:"inbox" maxLength:"64"`
	Result  invite.Result `query:"result" enum:"default,accept,refuse"`
}

// Period restricts a list to a time. Exported because it is embedded.
type Period struct {
	From time.Time `query:"from"`
	To   time.Time `query:"to" doc:"Left out itself"`
}

type invitesTally struct {
	Days  int      `query:"days" minimum:"1" maximum:"366" default:"30"`
	Inbox id.Inbox `query:"inbox" maxLength:"64"`
}

type readTrail struct {
	ByVisitor
	Before time.Time `query:"before" doc:"next of the previous part"`
	Limit  int       `query:"limit" minimum:"1" maximum:"200" default:"100"`
}

type trailPage struct {
	Visits []visitor.Visit `json:"visits"`
	// Current is the page that is looked at now, with where the visit came from.
	Current *online.Visitor `json:"current,omitempty"`
	Next    *time.Time      `json:"next,omitempty"`
}

// visit registers the calls about visitors who are online, invitations, surveys
// and left messages.
func (a *API) visit() {
	a.onlineVisitors()
	a.surveys()
	a.leaves()
	a.ownVisit()
	a.ownRecord()
	a.canvases()
	a.calls()
}

func (a *API) onlineVisitors() {
	asAgent(a, http.MethodGet, "/online", "Visitors who look at a page now, newest visit first", "online", func(ctx context.Context, l account.Login, in *listOnline) (*body[onlinePage], error) {
		list, next, counts, err := a.Visit.Online.List(ctx, l.Actor(), online.Filter{Inbox: in.Inbox, After: in.After, Limit: in.Limit})
		return reply(onlinePage{full(list), next, counts}, err)
	})
	asAgent(a, http.MethodPost, "/visitors/{id}/invitations", "Invite a visitor who is online", "online", func(ctx context.Context, l account.Login, in *sendInvite) (*body[invite.Invitation], error) {
		return reply(a.Visit.Invites.Send(ctx, l.Actor(), in.ID, in.Body.Text))
	})
	asAgent(a, http.MethodGet, "/invitations", "Invitations with what became of them, newest first", "online", func(ctx context.Context, l account.Login, in *listInvites) (*body[page[invite.Invitation]], error) {
		list, next, err := a.Visit.Invites.List(ctx, l.Actor(), invite.Filter{Visitor: in.Visitor, Inbox: in.Inbox, Result: in.Result,
			From: in.From, To: in.To, After: in.After, Limit: in.Limit})
		return reply(page[invite.Invitation]{full(list), next}, err)
	})
	asAgent(a, http.MethodGet, "/invitations/tally", "How many invitations were accepted, refused and not answered", "online", func(ctx context.Context, l account.Login, in *invitesTally) (*body[invite.Tally], error) {
		return reply(a.Visit.Invites.Tally(ctx, l.Actor(), in.Inbox, in.Days))
	})
	asAgent(a, http.MethodGet, "/visitors/{id}/trail", "Visits of a visitor with the time spent on each page", "online", func(ctx context.Context, l account.Login, in *readTrail) (*body[trailPage], error) {
		list, next, err := a.Visitors.Trail(ctx, l.Agent.Tenant, in.ID, in.Before, in.Limit)
		out := trailPage{Visits: full(list)}
		if !next.IsZero() {
			out.Next = &next
		}
		if now, nerr := a.Visit.Online.Visitor(ctx, l.Agent.Tenant, in.ID); nerr == nil {
			out.Current = &now
		}
		return reply(out, err)
	})
}

type listSurveys struct {
	Paging
	Period
	Agent id.Agent `query:"agent" maxLength:"64"`
	Team  id.Team  `query:"team" maxLength:"64"`
	Inbox id.Inbox `query:"inbox" maxLength:"64"`
	Level string   `query:"level" maxLength:"32"`
}

type tallyInput struct {
	Days int `query:"days" minimum:"1" maximum:"366" default:"30"`
}

// surveyView is the survey of a conversation for agents.
type surveyView struct {
	survey.Survey
	// Link is the path of the page on which it can be answered once.
	Link string `json:"link"`
}

func (a *API) surveyView(v survey.Survey) surveyView {
	return surveyView{v, "/survey/" + a.Visit.Surveys.Link(v.Tenant, v.Conversation)}
}

func (a *API) surveys() {
	const tag = "surveys"
	view := func(v survey.Survey, err error) (*body[surveyView], error) { return reply(a.surveyView(v), err) }
	asAgent(a, http.MethodGet, "/surveys", "Ratings, newest first", tag, func(ctx context.Context, l account.Login, in *listSurveys) (*body[page[survey.Survey]], error) {
		list, next, err := a.Visit.Surveys.List(ctx, l.Actor(), survey.Filter{Agent: in.Agent, Team: in.Team, Inbox: in.Inbox, Level: in.Level,
			From: in.From, To: in.To, After: in.After, Limit: in.Limit})
		return reply(page[survey.Survey]{full(list), next}, err)
	})
	asAgent(a, http.MethodGet, "/surveys/tally", "How often each level was chosen", tag, func(ctx context.Context, l account.Login, in *tallyInput) (*body[items[survey.Tally]], error) {
		list, err := a.Visit.Surveys.Tally(ctx, l.Actor(), in.Days)
		return listed(list, err)
	})
	asAgent(a, http.MethodGet, "/conversations/{id}/survey", "The rating of a conversation and the link to it", tag, func(ctx context.Context, l account.Login, in *ByConversation) (*body[surveyView], error) {
		return view(a.Visit.Surveys.Of(ctx, l.Actor(), in.ID))
	})
	asAgent(a, http.MethodPost, "/conversations/{id}/survey", "Ask the visitor for a rating", tag, func(ctx context.Context, l account.Login, in *ByConversation) (*body[surveyView], error) {
		return view(a.Visit.Surveys.Ask(ctx, l.Actor(), in.ID))
	})
}

type listLeaves struct {
	Paging
	State    leave.State `query:"state" enum:"notprocess,processed"`
	Assignee id.Agent    `query:"assignee" maxLength:"64"`
	Visitor  id.Visitor  `query:"visitor" maxLength:"64" doc:"Only those of one visitor, in any state"`
}

type byLeave struct {
	ID string `path:"id" maxLength:"64"`
}

type changeLeave struct {
	ID   string `path:"id" maxLength:"64"`
	Body leave.Change
}

type replyLeave struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Subject string `json:"subject" maxLength:"200"`
		Text    string `json:"text" maxLength:"10000"`
	}
}

type leaveCounts struct {
	leave.Counts
	// Mail is whether answers can be sent by mail.
	Mail bool `json:"mail"`
}

func (a *API) leaves() {
	const tag = "leave-messages"
	type one = body[leave.Message]
	asAgent(a, http.MethodGet, "/leave-messages", "Left messages and missed visitors, newest first", tag, func(ctx context.Context, l account.Login, in *listLeaves) (*body[page[leave.Message]], error) {
		list, next, err := a.Visit.Leaves.List(ctx, l.Actor(), leave.Filter{State: in.State, Assignee: in.Assignee, Visitor: in.Visitor, After: in.After, Limit: in.Limit})
		return reply(page[leave.Message]{full(list), next}, err)
	})
	asAgent(a, http.MethodGet, "/leave-messages/counts", "How many are open", tag, func(ctx context.Context, l account.Login, _ *none) (*body[leaveCounts], error) {
		n, err := a.Visit.Leaves.Count(ctx, l.Actor())
		return reply(leaveCounts{n, a.Visit.Leaves.MailReady()}, err)
	})
	asAgent(a, http.MethodGet, "/leave-messages/{id}", "One of them", tag, func(ctx context.Context, l account.Login, in *byLeave) (*one, error) {
		return reply(a.Visit.Leaves.Message(ctx, l.Actor(), in.ID))
	})
	asAgent(a, http.MethodPatch, "/leave-messages/{id}", "Set state, assignee or note", tag, func(ctx context.Context, l account.Login, in *changeLeave) (*one, error) {
		return reply(a.Visit.Leaves.Change(ctx, l.Actor(), in.ID, in.Body))
	})
	asAgent(a, http.MethodPost, "/leave-messages/{id}/reply", "Answer by mail", tag, func(ctx context.Context, l account.Login, in *replyLeave) (*one, error) {
		return reply(a.Visit.Leaves.Reply(ctx, l.Actor(), in.ID, in.Body.Subject, in.Body.Text))
	})
}

type ownShown struct {
	Body struct {
		Rule string `json:"rule,omitempty" maxLength:"64"`
	}
}

type ownAnswer struct {
	Body struct {
		ID     string `json:"id,omitempty" maxLength:"64" doc:"The newest if left out"`
		Accept bool   `json:"accept"`
	}
}

type ownConversation struct {
	Conversation id.Conversation `path:"id" maxLength:"64"`
}

type ownSurvey struct {
	Conversation id.Conversation `path:"id" maxLength:"64"`
	Body         survey.Answer
}

// visitorSurvey is the form with the visitor's own answer.
type visitorSurvey struct {
	Form    setting.Survey `json:"form"`
	Level   string         `json:"level,omitempty"`
	Reasons []string       `json:"reasons"`
	Comment string         `json:"comment,omitempty"`
}

type ownLeave struct {
	Body struct {
		Answers map[string]string `json:"answers" doc:"By the names of the form's fields" maxProperties:"20"`
		Reason  string            `json:"reason,omitempty" maxLength:"32"`
		Page    pageRef           `json:"page,omitempty"`
	}
}

type leftID struct {
	ID string `json:"id"`
}

// ownVisit registers the visitors' own calls.
func (a *API) ownVisit() {
	asVisitor(a, http.MethodPost, "/visitor/invitations", "Note that a rule has invited", func(ctx context.Context, who actor.Actor, in *ownShown) (*body[wire.VisitorInvite], error) {
		got, err := a.Visit.Invites.Shown(ctx, who, in.Body.Rule)
		return reply(wire.InviteOf(got), err)
	})
	asVisitor(a, http.MethodPost, "/visitor/invitations/answer", "Accept or refuse an invitation", func(ctx context.Context, who actor.Actor, in *ownAnswer) (*body[wire.VisitorInvite], error) {
		got, err := a.Visit.Invites.Answer(ctx, who, in.Body.ID, in.Body.Accept)
		return reply(wire.InviteOf(got), err)
	})
	asVisitor(a, http.MethodGet, "/visitor/conversations/{id}/survey", "The survey of one's own conversation", func(ctx context.Context, who actor.Actor, in *ownConversation) (*body[visitorSurvey], error) {
		got, err := a.Visit.Surveys.Of(ctx, who, in.Conversation)
		if err != nil {
			return nil, err
		}
		return a.surveyForm(ctx, who, got)
	})
	asVisitor(a, http.MethodPut, "/visitor/conversations/{id}/survey", "Rate one's own conversation, once; it can be changed for 24 hours", func(ctx context.Context, who actor.Actor, in *ownSurvey) (*body[visitorSurvey], error) {
		got, err := a.Visit.Surveys.Answer(ctx, who, in.Conversation, in.Body)
		if err != nil {
			return nil, err
		}
		return a.surveyForm(ctx, who, got)
	})
	asVisitor(a, http.MethodPost, "/visitor/leave", "Leave a message", func(ctx context.Context, who actor.Actor, in *ownLeave) (*body[leftID], error) {
		if err := a.Leaving.Take("v " + string(who.Visitor)); err != nil {
			return nil, err
		}
		m, err := a.Visit.Leaves.Leave(ctx, who, leave.Input{Answers: in.Body.Answers, Reason: in.Body.Reason, URL: in.Body.Page.URL, Title: in.Body.Page.Title})
		return reply(leftID{m.ID}, err)
	})
}

func (a *API) surveyForm(ctx context.Context, who actor.Actor, v survey.Survey) (*body[visitorSurvey], error) {
	book, err := a.Accounts.Book(ctx, who.Tenant)
	if err != nil {
		return nil, err
	}
	form := book.Inboxes[v.Inbox].Settings.Survey
	form.Levels, form.Reasons = form.LevelList(), form.ReasonList()
	return reply(visitorSurvey{form, v.Level, full(v.Reasons), v.Comment}, nil)
}
