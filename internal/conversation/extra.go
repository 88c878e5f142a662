package conversation

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/ext"
	"parlor/internal/id"
)

// Extra is the structured part that integrations send beside the text of a message.
type Extra struct {
	// Flag names the kind of business data; a console offers the window that is mapped to it.
	Flag string `json:"flag,omitempty"`
	// Card is what the message shows beside its text. Those who see no cards read
	// its words: Worded says that the text was made of them.
	Card   *ext.MessageCard `json:"card,omitempty"`
	Worded bool             `json:"worded,omitempty"`
	// Ext is all that was sent, as it came.
	Ext json.RawMessage `json:"ext,omitempty"`
	// Robot says how a robot came to say it, nil for what no robot said.
	Robot *RobotNote `json:"robot,omitempty"`
}

// RobotNote is how a robot came to say something.
type RobotNote struct {
	// Rule is what chose the words.
	Rule string `json:"rule" enum:"greeting,answer,suggest,menu,unknown,handing,engine,text,leave"`
	// Sources are the articles that it was taken from.
	Sources []RobotSource `json:"sources,omitempty"`
	// Rate asks the visitor whether it helped.
	Rate bool `json:"rate,omitempty"`
}

// RobotSource is an article.
type RobotSource struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Link  string `json:"link,omitempty"`
}

// ParamsMoved is the payload of event.ParamsMoved: what business pages are told of a
// conversation has changed.
type ParamsMoved struct {
	Conversation id.Conversation `json:"conversation"`
	// Params are all parameters after the change.
	Params map[string]string `json:"params"`
}

// WishOf reads the flags for routing out of the structured part of a message; what
// cannot be read is no wish.
func WishOf(raw []byte, trust Trust) Wish {
	if len(raw) == 0 {
		return Wish{}
	}
	e, err := ext.Parse(raw)
	if err != nil {
		return Wish{} // Post says so
	}
	return Wish{BusinessFlag: e.Wish.BusinessFlag, RoutingFlag: e.Wish.RoutingFlag, Trust: trust}
}

// MaxParams bounds the parameters of a conversation.
const MaxParams = ext.MaxParams

// extend reads the structured part of a message and gives its parameters to the
// conversation, unless an agent wrote it. silent says that nothing is left to be shown.
func (s *Service) extend(ctx context.Context, in *PostInput, m *Message) (silent bool, err error) {
	e, err := ext.Parse(in.Ext)
	if err != nil {
		return false, err
	}
	m.Extra = &Extra{Flag: e.Flag, Card: e.Card, Ext: e.Raw}
	if in.Kind == Text && CleanText(in.Text) == "" {
		if silent = e.Card == nil && m.From.Kind != actor.Agent && (!in.Blank || len(e.Params) > 0); e.Card != nil {
			in.Text, m.Extra.Worded = clip(e.Card.Words(), MaxText), true
			in.Blank, in.Carried = in.Text == "", true
		}
	}
	if len(e.Params) == 0 || m.From.Kind == actor.Agent {
		return silent, nil
	}
	err = s.SetParams(ctx, m.Tenant, m.Conversation, e.Params)
	if !silent && errs.ReasonOf(err) == "conversation_closed" {
		err = nil // the message may be a repetition
	}
	return silent, err
}

// SetParams sets parameters of a conversation for business pages, of which the values
// replace earlier ones of the same names; "" takes one away. Its agent's pages are told.
// Errors: Conflict "conversation_closed", "too_many_params".
func (s *Service) SetParams(ctx context.Context, t id.Tenant, c id.Conversation, set map[string]string) (err error) {
	defer errs.Wrap(&err, "conversation.SetParams")
	got, now, err := s.store.SetParams(ctx, t, c, set)
	if err != nil || now == nil {
		return err
	}
	s.events.Publish(&event.Event{ID: id.New(), Tenant: t, Kind: event.ParamsMoved, To: append(agentTopics(got), event.ToTeam(t, got.Team)), At: s.clock.Now(),
		Data: &ParamsMoved{Conversation: c, Params: now}})
	return nil
}

// MergeParams returns have with the changes of set; changed is false if that is the
// same. Stores use it. Errors: Conflict "too_many_params".
func MergeParams(have, set map[string]string) (all map[string]string, changed bool, err error) {
	all = maps.Clone(have)
	if all == nil {
		all = map[string]string{}
	}
	for _, k := range slices.Sorted(maps.Keys(set)) {
		if set[k] == "" {
			delete(all, k)
		} else {
			all[k] = set[k]
		}
	}
	if len(all) > MaxParams {
		return nil, false, errs.New(errs.Conflict, "too_many_params", "The conversation would have %d parameters; %d are allowed.", len(all), MaxParams)
	}
	return all, !maps.Equal(all, have), nil
}
