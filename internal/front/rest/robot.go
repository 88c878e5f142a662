package rest

import (
	"context"
	"net/http"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/ext"
	"parlor/internal/id"
	"parlor/internal/robot"
)

type addRobot struct{ Body robot.Input }

type changeRobot struct {
	ID   string `path:"id" maxLength:"64"`
	Body robot.Input
}

type tryRobot struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Text   string   `json:"text,omitempty" maxLength:"10000"`
		Item   string   `json:"item,omitempty" maxLength:"70" doc:"What was chosen of a menu"`
		Solved *bool    `json:"solved,omitempty" doc:"A rating of an answer"`
		Locale string   `json:"locale,omitempty" maxLength:"16"`
		Inbox  id.Inbox `json:"inbox,omitempty" maxLength:"64"`
		Failed int      `json:"failed,omitempty" minimum:"0" maximum:"10" doc:"What the last trial returned"`
	}
}

// RobotReply is what a robot would say.
type RobotReply struct {
	Text  string                 `json:"text"`
	Card  *ext.MessageCard       `json:"card,omitempty"`
	Robot conversation.RobotNote `json:"robot"`
}

type triedRobot struct {
	Replies []RobotReply `json:"replies"`
	HandOff bool         `json:"handOff"`
	Team    id.Team      `json:"team,omitempty"`
	Failed  int          `json:"failed"`
}

type humanInput struct {
	ByConversation
	Body struct {
		Item string `json:"item,omitempty" maxLength:"64" doc:"The choice of a menu that asks for a person"`
	}
}

type helpfulInput struct {
	ByConversation
	Body struct {
		Seq     int64 `json:"seq" minimum:"1" doc:"The number of the answer"`
		Helpful bool  `json:"helpful"`
	}
}

// robots are the calls about robots, and those of visitors who talk to one.
func (a *API) robots() {
	const tag = "robots"
	type one = body[robot.Robot]
	asAgent(a, http.MethodGet, "/robots", "Robots that receive visitors before people do", tag, func(ctx context.Context, l account.Login, _ *none) (*body[items[robot.Robot]], error) {
		return listed(a.Robots.List(ctx, l.Actor()))
	})
	asAgent(a, http.MethodPost, "/robots", "Add a robot; an inbox has at most one that is active", tag, func(ctx context.Context, l account.Login, in *addRobot) (*one, error) {
		return reply(a.Robots.Add(ctx, l.Actor(), in.Body))
	})
	asAgent(a, http.MethodGet, "/robots/{id}", "One robot", tag, func(ctx context.Context, l account.Login, in *ByID) (*one, error) {
		return reply(a.Robots.Robot(ctx, l.Actor(), in.ID))
	})
	asAgent(a, http.MethodPut, "/robots/{id}", "Change a robot; one that is switched off hands over what it has", tag, func(ctx context.Context, l account.Login, in *changeRobot) (*one, error) {
		return reply(a.Robots.Change(ctx, l.Actor(), in.ID, in.Body))
	})
	asAgent(a, http.MethodDelete, "/robots/{id}", "Remove a robot that is switched off and has no conversation", tag, func(ctx context.Context, l account.Login, in *ByID) (*none, error) {
		return nil, a.Robots.Remove(ctx, l.Actor(), in.ID)
	})
	asAgent(a, http.MethodPost, "/robots/{id}/try", "What a robot would answer; nothing is kept", tag, a.tryRobot)
	asVisitor(a, http.MethodPost, "/visitor/conversations/{id}/human", "Ask for a person", func(ctx context.Context, who actor.Actor, in *humanInput) (*none, error) {
		return nil, a.Robots.Human(ctx, who.Tenant, who.Visitor, in.ID, in.Body.Item)
	})
	asVisitor(a, http.MethodPost, "/visitor/conversations/{id}/helpful", "Tell whether an answer of a robot helped", func(ctx context.Context, who actor.Actor, in *helpfulInput) (*none, error) {
		return nil, a.Robots.Helpful(ctx, who.Tenant, who.Visitor, in.ID, in.Body.Seq, in.Body.Helpful)
	})
}

func (a *API) tryRobot(ctx context.Context, l account.Login, in *tryRobot) (*body[triedRobot], error) {
	got, err := a.Robots.Try(ctx, l.Actor(), in.ID, robot.TryInput{Text: in.Body.Text, Item: in.Body.Item, Solved: in.Body.Solved, Locale: in.Body.Locale, Inbox: in.Body.Inbox, Failed: in.Body.Failed})
	if err != nil {
		return nil, err
	}
	out := triedRobot{Replies: make([]RobotReply, len(got.Replies)), HandOff: got.HandOff, Team: got.Team, Failed: got.Failed}
	for i, r := range got.Replies {
		card, err := r.Card()
		if err != nil {
			return nil, err
		}
		out.Replies[i] = RobotReply{Text: r.Text, Card: card, Robot: r.Note}
	}
	return reply(out, nil)
}
