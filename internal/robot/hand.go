package robot

import (
	"context"
	"fmt"

	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// hand says that the visitor gets a person and brings the conversation into a queue;
// while nobody is there it does what the robot is set to. name names what is said.
func (w *words) hand(ctx context.Context, name string, team id.Team) error {
	there, _, err := w.s.Routing.Staffed(ctx, w.conv.Tenant, w.handOver(team))
	if err != nil {
		return err
	}
	reply, stays, err := w.handing(ctx, there)
	if err != nil {
		return err
	}
	if _, err := w.post(ctx, name, reply); err != nil || stays {
		return err
	}
	_, err = w.s.Routing.HandOver(ctx, w.conv.Tenant, w.handOver(team))
	return err
}

// handing is what is said to who asks for a person; stays is set if the robot keeps the
// visitor.
func (w *words) handing(ctx context.Context, there bool) (r Reply, stays bool, err error) {
	texts := w.r.Texts
	r = Reply{Text: say(texts.Handing, builtin.Handing, w.lang), Note: conversation.RobotNote{Rule: RuleHanding}}
	if there {
		return r, false, nil
	}
	if w.r.Nobody == Wait {
		r.Text = say(texts.Waiting, builtin.Waiting, w.lang)
		return r, false, nil
	}
	r = Reply{Text: say(texts.Nobody, builtin.Nobody, w.lang), Note: conversation.RobotNote{Rule: RuleText}}
	if w.r.Nobody == Leave {
		book, err := w.s.Accounts.Book(ctx, w.conv.Tenant)
		if err != nil {
			return r, true, err
		}
		if text := title(book.Inboxes[w.conv.Inbox].Settings.Offline.Text, w.lang); text != "" {
			r.Text = text
		}
		if book.TakesMessages(w.conv.Inbox) {
			r.Note.Rule = RuleLeave
		}
	}
	return r, true, nil
}

// off brings a conversation that a switched-off robot has to people, with a last word.
func (w *words) off(ctx context.Context) error {
	there, _, err := w.s.Routing.Staffed(ctx, w.conv.Tenant, w.handOver(""))
	if err != nil {
		return err
	}
	text := say(w.r.Texts.Handing, builtin.Handing, w.lang)
	if !there {
		text = say(w.r.Texts.Waiting, builtin.Waiting, w.lang)
	}
	if _, err = w.post(ctx, "robot-off", Reply{Text: text, Note: conversation.RobotNote{Rule: RuleHanding}}); err != nil {
		return err
	}
	_, err = w.s.Routing.HandOver(ctx, w.conv.Tenant, w.handOver(""))
	return err
}

// off hands over one conversation of a robot that is switched off.
func (s *Service) off(ctx context.Context, r *Robot, c id.Conversation) error {
	conv, err := s.Conversations.Conversation(ctx, actor.ForSystem(r.Tenant), c)
	if err != nil || conv.Status != conversation.Open || conv.Agent != r.Agent {
		return err
	}
	w := &words{s: s, r: r, conv: conv}
	if w.lang, err = s.language(ctx, conv); err != nil {
		return err
	}
	return w.off(ctx)
}

// held reads a visitor's conversation and the robot that has it; ok is false if none has.
func (s *Service) held(ctx context.Context, t id.Tenant, v id.Visitor, c id.Conversation) (w *words, ok bool, err error) {
	conv, err := s.Conversations.Conversation(ctx, actor.Actor{Kind: actor.Visitor, Tenant: t, Visitor: v}, c)
	if err != nil {
		return nil, false, err
	}
	w = &words{s: s, conv: conv}
	if conv.Status != conversation.Open || !conv.Agent.Robot() {
		return w, false, nil
	}
	r, err := s.Store.RobotByAgent(ctx, t, conv.Agent)
	if err != nil {
		return nil, false, err
	}
	w.r = &r
	w.lang, err = s.language(ctx, conv)
	return w, err == nil, err
}

// Human brings a visitor to a person; item, if set, is the choice of a menu that asks
// for one, and names the team. Who has a person already, or waits for one, is left
// alone. Errors: NotFound "conversation_not_found"; Conflict "conversation_closed".
func (s *Service) Human(ctx context.Context, t id.Tenant, v id.Visitor, c id.Conversation, item string) (err error) {
	defer errs.Wrap(&err, "robot.Human %s", c)
	w, ok, err := s.held(ctx, t, v, c)
	if err != nil {
		return err
	}
	if w.conv.Status == conversation.Closed {
		return errs.New(errs.Conflict, "conversation_closed", "The conversation is closed.")
	}
	if !ok {
		return nil
	}
	team := id.Team("")
	if i, found := w.r.item(item); found && i.Does == DoesTeam {
		team = i.Team
	}
	return gone(w.hand(ctx, fmt.Sprintf("robot-human-%d", w.conv.LastSeq), team))
}

// Helpful keeps whether an answer helped, once, and hands over after one that did not,
// if the robot is set to. What follows from a rating is made up for when it is given
// again. Errors: NotFound "message_not_found" for what is no answer that asks for it;
// Conflict "rated_already" for the opposite of what was given.
func (s *Service) Helpful(ctx context.Context, t id.Tenant, v id.Visitor, c id.Conversation, seq int64, helpful bool) (err error) {
	defer errs.Wrap(&err, "robot.Helpful %s", c)
	w, ok, err := s.held(ctx, t, v, c)
	if err != nil {
		return err
	}
	note, err := s.rated(ctx, w.conv, seq)
	if err != nil {
		return err
	}
	fresh, err := s.Store.RateAnswer(ctx, t, c, seq, helpful, s.Clock.Now())
	if err != nil {
		return err
	}
	if fresh {
		s.countRating(ctx, t, note, helpful)
	}
	if !ok {
		return nil
	}
	name := fmt.Sprintf("robot-rated-%d", seq)
	if !helpful && w.r.UnsolvedHands {
		return gone(w.hand(ctx, name, ""))
	}
	_, err = w.post(ctx, name, w.r.thanks(helpful, w.lang))
	return gone(err)
}

// countRating counts a rating for the articles that an answer was made of.
func (s *Service) countRating(ctx context.Context, t id.Tenant, note *conversation.RobotNote, helpful bool) {
	what := Solved
	if !helpful {
		what = Unsolved
	}
	for _, a := range note.Sources {
		// What follows from a rating does not depend on the count.
		if err := s.Finder.Counted(ctx, t, a.ID, what); err != nil && errs.CodeOf(err) != errs.NotFound {
			s.log.Warn("rating not counted", "article", a.ID, "error", err)
		}
	}
}

// rated finds the answer that is rated.
func (s *Service) rated(ctx context.Context, c conversation.Conversation, seq int64) (*conversation.RobotNote, error) {
	if seq > 0 {
		list, err := s.Conversations.Messages(ctx, actor.ForSystem(c.Tenant), c.ID, conversation.Range{After: seq - 1, Before: seq + 1, Limit: 1})
		if err != nil {
			return nil, err
		}
		if len(list) == 1 && list[0].Seq == seq && list[0].Extra != nil && list[0].Extra.Robot != nil && list[0].Extra.Robot.Rate {
			return list[0].Extra.Robot, nil
		}
	}
	return nil, errs.New(errs.NotFound, "message_not_found", "There is no such answer.")
}

// thanks is what is said to who has rated an answer.
func (r *Robot) thanks(helpful bool, lang string) Reply {
	text := say(r.Texts.Solved, builtin.Solved, lang)
	if !helpful {
		text = say(r.Texts.Unsolved, builtin.Unsolved, lang)
	}
	return Reply{Text: text, Note: conversation.RobotNote{Rule: RuleText}}
}
