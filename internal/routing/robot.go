package routing

import (
	"context"
	"encoding/json"
	"time"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// byRobot is the rule in the line of a conversation that a robot hands over.
const byRobot = "robot"

// reception returns the robot that receives who comes to an inbox and a team now. In
// an inbox without a robot it asks nobody.
func (s *Service) reception(ctx context.Context, book *account.Book, in id.Inbox, team id.Team) (r account.Reception, ok bool, err error) {
	if r, ok = book.Robots[in]; !ok {
		return r, false, nil
	}
	if r.When == "always" {
		return r, true, nil
	}
	there := book.Service(in, team).Hours.OpenAt(s.clock.Now())
	if there && r.When == "unattended" {
		there, err = s.staffed(ctx, book.Tenant.ID, in, team)
	}
	return r, !there, err
}

// staffed reports whether somebody of a team, or of one that stands in for it, could
// answer, having room or not.
func (s *Service) staffed(ctx context.Context, t id.Tenant, in id.Inbox, team id.Team) (bool, error) {
	snap, err := s.snapshot(ctx, t)
	if err != nil {
		return false, err
	}
	_, ok := s.attended(snap, in, team)
	return ok, nil
}

// received completes what Start needs to know of the robot that receives a visitor.
func (s *Service) received(book *account.Book, r account.Reception, in *conversation.StartInput, a *conversation.Asked) error {
	now := s.clock.Now()
	why, err := json.Marshal(Decision{Agent: r.Agent, Name: r.Name, Rule: RuleBot, Candidates: 1, At: now})
	if err != nil {
		return err
	}
	team := r.Team
	if _, ok := book.Teams[team]; !ok || wishes(a) {
		team = ""
	}
	in.Enter.Spills = nil
	in.Enter.Robot = &conversation.Robot{Agent: r.Agent, Name: r.Name, Team: team, Decision: string(why),
		Line: eventMessage(conversation.Conversation{}, conversation.Line{Name: conversation.LineAssigned, Agent: r.Agent, AgentName: r.Name, Rule: string(RuleBot)}, s.clock)}
	return nil
}

// wishes reports whether the visitor's team was chosen by what came with the visitor.
func wishes(a *conversation.Asked) bool {
	return a != nil && (a.TeamBy == conversation.TeamByFlag || a.TeamBy == conversation.TeamByAsked)
}

// flagOf is the routing flag that counts, "" for none.
func flagOf(a *conversation.Asked) string {
	if a == nil || a.TeamBy != conversation.TeamByFlag {
		return ""
	}
	return a.RoutingFlag
}

// HandOver is a conversation that a robot gives to people.
type HandOver struct {
	Conversation id.Conversation
	// Robot is the agent that has it.
	Robot id.Agent
	// Team is the one that the visitor chose there, Default the robot's own; between
	// them counts what came with the visitor.
	Team, Default id.Team
}

// HandOver puts a conversation that a robot has into a queue, where it waits from now
// on: for the agent whom the visitor is bound to or asked for, in the team chosen with
// the robot, else in that which came with the visitor, else in the robot's, else in
// its own. The robot never gets it back. Errors: Conflict "conversation_closed";
// Conflict "conversation_moved" if the robot has it no more.
func (s *Service) HandOver(ctx context.Context, t id.Tenant, in HandOver) (got conversation.Conversation, err error) {
	defer errs.Wrap(&err, "routing.HandOver")
	for range mostHandings {
		before, team, herr := s.handing(ctx, t, in)
		if herr != nil {
			return got, herr
		}
		// What was changed of it meanwhile, such as a flag, is no reason to keep it.
		if got, err = s.handOver(ctx, before, team); errs.ReasonOf(err) != errs.ReasonOf(errMoved) {
			return got, err
		}
	}
	return got, err
}

// mostHandings is how often a conversation that changes meanwhile is tried to be handed over.
const mostHandings = 5

// handOver puts a conversation that a robot has into the queue of a team.
func (s *Service) handOver(ctx context.Context, before conversation.Conversation, team id.Team) (got conversation.Conversation, err error) {
	line := conversation.Line{Name: conversation.LineQueued, Rule: byRobot, By: before.AgentName, ByAgent: before.Agent, FromTeam: before.Team, FromAgent: before.Agent}
	// Teams may have been removed meanwhile; without one everybody is asked.
	for _, known := range []id.Team{team, before.Team} {
		if known == "" {
			break
		}
		name, err := s.teamName(ctx, before.Tenant, known)
		if err == nil {
			line.Team, line.TeamName = known, name
			if line, err = s.instead(ctx, before, Target{Team: known}, line); err == nil {
				break
			}
		}
		if errs.CodeOf(err) != errs.NotFound {
			return got, err
		}
	}
	book, err := s.accounts.Book(ctx, before.Tenant)
	if err != nil {
		return got, err
	}
	moved, err := s.enqueue(ctx, before, RequeueInput{Team: line.Team, Spills: s.rulesOf(before.Tenant, book).spills}, line)
	if err != nil {
		return got, err
	}
	s.spilled(book, moved.Conversation, moved.Spilled)
	if err := s.tellLong(ctx, book, moved.Conversation); err != nil {
		s.log.Warn("not told of a long queue", "conversation", before.ID, "error", err)
	}
	return moved.Conversation, nil
}

// handing reads a conversation that is to be handed over, and its team.
func (s *Service) handing(ctx context.Context, t id.Tenant, in HandOver) (c conversation.Conversation, team id.Team, err error) {
	if c, err = s.reader.Conversation(ctx, actor.ForSystem(t), in.Conversation); err != nil {
		return c, "", err
	}
	switch {
	case c.Status == conversation.Closed:
		return c, "", errs.New(errs.Conflict, "conversation_closed", "The conversation is closed.")
	case c.Agent != in.Robot || c.Status != conversation.Open:
		return c, "", errMoved
	case in.Team != "":
		return c, in.Team, nil
	}
	asked, err := s.store.Asked(ctx, t, c.ID)
	if err != nil {
		return c, "", err
	}
	book, err := s.accounts.Book(ctx, t)
	if err != nil {
		return c, "", err
	}
	if wishes(asked) || in.Default == "" {
		// A flag that came while the robot had it has not changed its team.
		if flagged, ok := book.Teams[id.Team(book.Tenant.Settings.Flags.Teams[flagOf(asked)])]; ok {
			return c, flagged.ID, nil
		}
		return c, c.Team, nil
	}
	return c, in.Default, nil
}

// Staffed reports whether a person could answer what a robot would hand over now, and
// when the company opens if it is closed.
func (s *Service) Staffed(ctx context.Context, t id.Tenant, in HandOver) (ok bool, opens time.Time, err error) {
	defer errs.Wrap(&err, "routing.Staffed")
	c, team, err := s.handing(ctx, t, in)
	if err != nil {
		return false, opens, err
	}
	book, err := s.accounts.Book(ctx, t)
	if err != nil {
		return false, opens, err
	}
	if hours, now := book.Service(c.Inbox, team).Hours, s.clock.Now(); !hours.OpenAt(now) {
		opens, _ = hours.NextOpen(now)
		return false, opens, nil
	}
	ok, err = s.staffed(ctx, t, c.Inbox, team)
	return ok, opens, err
}

// Face is what visitors learn of the robot they talk to.
type Face struct {
	Name string `json:"name"`
	// Button offers a person, after as many messages of the visitor as After says.
	Button bool `json:"button"`
	After  int  `json:"after"`
}

// Face returns the robot that has a conversation, nil if none has. It does not ask the
// store for what people have.
func (s *Service) Face(ctx context.Context, c conversation.Conversation) (*Face, error) {
	if c.Status != conversation.Open || !c.Agent.Robot() {
		return nil, nil
	}
	book, err := s.accounts.Book(ctx, c.Tenant)
	if err != nil {
		return nil, err
	}
	r, ok := book.RobotOf(c.Agent)
	if !ok {
		return &Face{Name: c.AgentName, Button: true}, nil
	}
	return faceOf(r, true), nil
}

// faceOf is the face of a robot that receives, nil if none does.
func faceOf(r account.Reception, ok bool) *Face {
	if !ok {
		return nil
	}
	return &Face{Name: r.Name, Button: r.Button, After: r.After}
}

// Robots reports whether a robot receives who comes to an inbox now.
func (s *Service) Robots(ctx context.Context, t id.Tenant, in id.Inbox) (r account.Reception, ok bool, err error) {
	defer errs.Wrap(&err, "routing.Robots")
	book, err := s.accounts.Book(ctx, t)
	if err != nil {
		return r, false, err
	}
	return s.reception(ctx, book, in, id.Team(book.Inboxes[in].Settings.Team))
}
