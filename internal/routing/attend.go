package routing

import (
	"context"
	"slices"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// depthOption limits how many teams are asked one after the other to serve instead.
const depthOption = "Omnichannel_max_fallback_forward_depth"

// There reports whether somebody could answer a new conversation of a place, having
// room or not: a member of the team, or anybody for no team.
func (s *Snapshot) There(in id.Inbox, team id.Team) bool {
	p := s.policy(in, team)
	if p.Shut {
		return false
	}
	return slices.ContainsFunc(s.Agents, func(a account.AgentStatus) bool {
		if team != "" && !slices.Contains(a.Teams, team) {
			return false
		}
		if a.Bot && p.BotsFirst {
			return true
		}
		return (a.Available() || p.Unattended && a.State == account.Ready && !a.OffDuty) && !(p.SkipAway && a.Presence == account.PresenceAway)
	})
}

// attended returns the team that serves a place: the one asked for if somebody is
// there, else the first of those that stand in for it. ok is false if nobody is
// there in any of them; then it is the one asked for.
func (s *Service) attended(snap *Snapshot, in id.Inbox, team id.Team) (serves id.Team, ok bool) {
	depth := max(snap.book.Tenant.Settings.Number(depthOption), 0)
	at := team
	for range depth + 1 {
		s.learn(snap, Waiting{Inbox: in, Team: at})
		if snap.There(in, at) {
			return at, true
		}
		if at = snap.policy(in, at).Fallback; at == "" {
			break
		}
	}
	return team, false
}

// attending returns the team in which a new conversation starts.
func (s *Service) attending(ctx context.Context, who actor.Actor, in conversation.StartInput) (id.Team, error) {
	book, err := s.accounts.Book(ctx, who.Tenant)
	if err != nil {
		return "", err
	}
	if !in.NeedAgent && book.Teams[in.Team].Settings.Fallback == "" {
		return in.Team, nil
	}
	snap, err := s.snapshot(ctx, who.Tenant)
	if err != nil {
		return "", err
	}
	team, ok := s.attended(snap, who.Inbox, in.Team)
	if !ok && in.NeedAgent {
		return team, errs.New(errs.Conflict, "no_agent", "Nobody is there to answer.")
	}
	return team, nil
}

// allowed refuses a transfer to a team to which that of the conversation does not
// forward.
func (s *Service) allowed(ctx context.Context, c conversation.Conversation, to Target) error {
	if to.Team == "" || to.Team == c.Team {
		return nil
	}
	book, err := s.accounts.Book(ctx, c.Tenant)
	if err != nil {
		return err
	}
	if list := book.Teams[c.Team].Settings.Forwards; len(list) > 0 && !slices.Contains(list, string(to.Team)) {
		return errs.New(errs.Conflict, "forward_not_allowed", "Conversations of this team do not go to that team.")
	}
	return nil
}

// instead finds the team that takes a transferred conversation: the one asked for
// while somebody is there, else the one that serves for it.
func (s *Service) instead(ctx context.Context, c conversation.Conversation, to Target, line conversation.Line) (conversation.Line, error) {
	snap, err := s.snapshot(ctx, c.Tenant)
	if err != nil {
		return line, err
	}
	team, ok := s.attended(snap, c.Inbox, to.Team)
	base := snap.policy(c.Inbox, to.Team).Base
	switch {
	case ok && team != to.Team:
		line.Via, line.ViaName = line.Team, line.TeamName
		line.Team, line.TeamName = team, snap.book.Teams[team].Name
	case !ok && to.Attended && base != RuleManual && !snap.book.Teams[to.Team].Settings.ForwardIdle:
		return line, errs.New(errs.Conflict, "team_unattended", "Nobody of that team is there.")
	}
	return line, nil
}
