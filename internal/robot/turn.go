package robot

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/ext"
	"parlor/internal/id"
	"parlor/internal/routing"
)

// Bounds of a turn.
const (
	// leaseTime is how long a turn may take beside the answer engine, before another
	// node tries it.
	leaseTime = 15 * time.Second
	// mostEngine is the longest time that an engine may take.
	mostEngine = 60 * time.Second
	// mostBehind is how many messages are read at once.
	mostBehind = 50
	// mostHistory is how many messages an engine is told.
	mostHistory = 8
)

// Turn answers what a visitor said behind the last turn, message after message, if a
// robot has the conversation. A turn that was broken off begins anew where it was: what
// it said already is found by the names of its messages and not said again.
func (s *Service) Turn(ctx context.Context, t id.Tenant, c id.Conversation) (err error) {
	defer errs.Wrap(&err, "robot.Turn %s", c)
	for {
		now, owner := s.Clock.Now(), id.New()
		turn, ok, err := s.Store.TakeTurn(ctx, Take{Tenant: t, Conversation: c, Owner: owner, Now: now, Until: now.Add(leaseTime)})
		if err != nil || !ok {
			return err
		}
		before := turn
		asked, err := s.step(ctx, t, owner, &turn)
		if errs.CodeOf(err) == errs.Invalid && (turn.Done > before.Done || !before.Greeted) {
			// What cannot be said now cannot be said later either; it goes on behind it.
			turn.Greeted = true
			s.log.Error("robot has no answer that can be told", "conversation", c, "seq", turn.Done, "error", err)
			err = nil
		}
		if err != nil {
			// The next look tries again; what was said stays said.
			if _, eerr := s.Store.EndTurn(context.WithoutCancel(ctx), t, owner, before); eerr != nil {
				s.log.Warn("turn of a robot not given back", "conversation", c, "error", eerr)
			}
			return err
		}
		last, err := s.Store.EndTurn(ctx, t, owner, turn)
		if errs.ReasonOf(err) == "turn_lost" {
			return nil // somebody else goes on from where it was
		}
		if err != nil {
			return err
		}
		for _, article := range asked {
			if err := s.Finder.Counted(ctx, t, article, Asked); err != nil && errs.CodeOf(err) != errs.NotFound {
				s.log.Warn("answer not counted", "article", article, "error", err)
			}
		}
		if last <= turn.Done || ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// step greets, or answers the next message. It moves turn to where it came and returns
// the articles that were told.
func (s *Service) step(ctx context.Context, t id.Tenant, owner string, turn *Turn) (asked []string, err error) {
	conv, err := s.Conversations.Conversation(ctx, actor.ForSystem(t), turn.Conversation)
	if errs.CodeOf(err) == errs.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if conv.Status != conversation.Open || !conv.Agent.Robot() {
		turn.Done = conv.LastSeq // a person has it, and the robot is silent
		return nil, nil
	}
	r, err := s.Store.RobotByAgent(ctx, t, conv.Agent)
	if errs.CodeOf(err) == errs.NotFound {
		_, err = s.Routing.HandOver(ctx, t, routing.HandOver{Conversation: conv.ID, Robot: conv.Agent})
		return nil, gone(err)
	}
	if err != nil {
		return nil, err
	}
	w := &words{s: s, r: &r, conv: conv, owner: owner}
	if w.lang, err = s.language(ctx, conv); err != nil {
		return nil, err
	}
	if !r.Active {
		return nil, gone(w.off(ctx))
	}
	if !turn.Greeted {
		if err = w.greet(ctx, turn); err != nil {
			return nil, gone(err)
		}
	}
	list, err := s.Conversations.Messages(ctx, actor.ForSystem(t), conv.ID, conversation.Range{After: turn.Done, Limit: mostBehind})
	if err != nil {
		return nil, err
	}
	for i, m := range list {
		if turn.Done = m.Seq; m.From.Kind == actor.Visitor && m.Line == nil && m.Recalled == nil {
			asked, err = w.answer(ctx, turn, m, list[i+1:])
			return asked, gone(err)
		}
	}
	return nil, nil
}

// words are what a robot says in one conversation.
type words struct {
	s    *Service
	r    *Robot
	conv conversation.Conversation
	lang string
	// owner has the turn, "" outside of one.
	owner string
}

func (w *words) handOver(team id.Team) routing.HandOver {
	return routing.HandOver{Conversation: w.conv.ID, Robot: w.r.Agent, Team: team, Default: w.r.Team}
}

// greet says the first word.
func (w *words) greet(ctx context.Context, turn *Turn) error {
	list, choices := w.r.greeting(w.lang)
	for n, reply := range list {
		if _, err := w.post(ctx, fmt.Sprintf("robot-hello-%d", n), reply); err != nil {
			return err
		}
	}
	turn.Greeted, turn.Menu = true, choices
	return nil
}

// answer answers a message, unless that was done before: behind holds what was said
// after it.
func (w *words) answer(ctx context.Context, turn *Turn, m conversation.Message, behind []conversation.Message) (asked []string, err error) {
	name := fmt.Sprintf("robot-%d-", m.Seq)
	in := w.input(ctx, m)
	if out, ok := w.said(turn.State, name, behind); ok {
		if out.hand {
			item, _ := w.r.item(chosenBy(turn.State, in))
			_, err = w.s.Routing.HandOver(ctx, w.conv.Tenant, w.handOver(item.Team))
		}
		turn.State = out.state
		return nil, err
	}
	out, err := w.s.respond(ctx, w.r, turn.State, in)
	if err != nil {
		return nil, err
	}
	next := m.Seq + 1
	for n, reply := range out.replies {
		seq, err := w.post(ctx, fmt.Sprintf("%s%d", name, n), reply)
		if err != nil {
			return nil, err
		}
		if seq == next { // nothing was said between: it need not be looked at again
			turn.Done, next = seq, next+1
		}
	}
	turn.State = out.state
	if out.hand {
		return out.asked, w.hand(ctx, name+"h", out.team)
	}
	return out.asked, nil
}

// said finds what an earlier try said to a message; ok is false if there was none.
func (w *words) said(st State, name string, behind []conversation.Message) (out outcome, ok bool) {
	out.state = st
	for _, m := range behind {
		if m.From.ID != string(w.r.Agent) || !strings.HasPrefix(m.ClientID, name) || m.Extra == nil || m.Extra.Robot == nil {
			continue
		}
		ok = true
		switch m.Extra.Robot.Rule {
		case RuleHanding:
			out.state.Failed, out.hand = 0, true
		case RuleUnknown:
			out.state.Failed++
		case RuleSuggest:
			if m.Seq == behind[0].Seq {
				out.state.Failed++
			}
		default:
			out.state.Failed = 0
		}
		if c := m.Extra.Card; c != nil {
			out.state.Menu = nil
			for _, i := range c.Items {
				out.state.Menu = append(out.state.Menu, Choice{i.ID, i.Title})
			}
		}
	}
	return out, ok
}

// input is a message as the rules look at it.
func (w *words) input(ctx context.Context, m conversation.Message) input {
	in := input{tenant: w.conv.Tenant, inbox: w.conv.Inbox, lang: w.lang, text: m.Text, wordless: m.Text == ""}
	if m.Extra != nil {
		in.choice = ChoiceOf(m.Extra.Ext)
	}
	in.history = func() (list []Said, err error) {
		until := w.s.Clock.Now().Add(leaseTime + time.Duration(w.r.Engine.TimeoutSeconds)*time.Second)
		if err = w.s.Store.LongerTurn(ctx, w.conv.Tenant, w.owner, w.conv.ID, until); err != nil {
			return nil, err
		}
		before, err := w.s.Conversations.Messages(ctx, actor.ForSystem(w.conv.Tenant), w.conv.ID, conversation.Range{Before: m.Seq, Limit: mostHistory})
		for _, m := range before {
			if m.Text != "" && m.Line == nil && m.Kind != conversation.Note {
				list = append(list, Said{Visitor: m.From.Kind == actor.Visitor, Text: m.Text})
			}
		}
		return list, err
	}
	return in
}

// ChoiceOf is the id that the structured part of a visitor's message chooses, "" for none.
func ChoiceOf(raw []byte) string {
	var e struct {
		Kinds struct {
			Choice struct {
				ID      json.RawMessage `json:"menuid"`
				Related string          `json:"relatedRuleClickActionData"`
			} `json:"choice"`
		} `json:"msgtype"`
	}
	if len(raw) == 0 || json.Unmarshal(raw, &e) != nil {
		return ""
	}
	name := strings.Trim(string(e.Kinds.Choice.ID), `" `)
	if name == "null" {
		name = ""
	}
	if name == "" && e.Kinds.Choice.Related != "" {
		var rel struct {
			Answer string `json:"answerId"`
		}
		if json.Unmarshal([]byte(e.Kinds.Choice.Related), &rel) == nil && rel.Answer != "" {
			name = chosen + rel.Answer
		}
	}
	return name
}

// post says something under a name by which it is not said twice. What has no words is not
// said: no turn may wait for it.
func (w *words) post(ctx context.Context, name string, r Reply) (seq int64, err error) {
	raw, err := r.ext()
	if err != nil {
		return 0, err
	}
	note := r.Note
	in := conversation.PostInput{Conversation: w.conv.ID, Kind: conversation.Text, Text: clip(r.Text, conversation.MaxText), ClientID: name, Ext: raw, Carried: true, Robot: &note}
	if r.Picture != "" {
		in.Kind, in.File = conversation.Image, r.Picture
	} else if conversation.CleanText(in.Text) == "" {
		return 0, nil
	}
	got, err := w.s.Conversations.Post(ctx, w.r.actor(), in)
	if r.Picture != "" && errs.ReasonOf(err) == "file_not_found" {
		return 0, nil // it was removed from the article meanwhile
	}
	return got.Message.Seq, err
}

// ext is the structured part of a message with a menu, nil for one without.
func (r Reply) ext() ([]byte, error) {
	if len(r.Items) == 0 {
		return nil, nil
	}
	items := make([]map[string]string, len(r.Items))
	for i, c := range r.Items {
		items[i] = map[string]string{"id": c.ID, "name": c.Title}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // what is escaped would take six times the room
	err := e.Encode(map[string]any{"msgtype": map[string]any{"choice": map[string]any{"title": r.Title, "items": items}}})
	return b.Bytes(), err
}

// Card is the menu of a reply, nil for one without.
func (r Reply) Card() (*ext.MessageCard, error) {
	raw, err := r.ext()
	if err != nil || raw == nil {
		return nil, err
	}
	e, err := ext.Parse(raw)
	return e.Card, err
}
