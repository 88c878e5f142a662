package binder

import (
	"context"

	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/setting"
)

// facts are what rules ask of a conversation.
type facts struct {
	// visitor is the visitor's name in bindings.
	visitor string
	// agent is the person who has or had it, "" for nobody.
	agent id.Agent
	// effective is true once both sides have spoken.
	effective bool
	// rated is true once it was rated, with the score, for rater.
	rated bool
	score int
	rater id.Agent
}

// fit reports whether a rule applies, and to whom it binds.
func (f facts) fit(r setting.BindRule) (id.Agent, bool) {
	switch r.On {
	case setting.OnFirst:
		return f.agent, f.agent != ""
	case setting.OnEffective:
		return f.agent, f.agent != "" && f.effective
	case setting.OnRated:
		return f.rater, f.rated && f.score >= r.MinScore && (f.rater != "" || r.Unbind)
	}
	return "", false
}

// facts reads what the rules in use ask for.
func (s *Service) facts(ctx context.Context, t id.Tenant, c id.Conversation, flags setting.Flags) (f facts, err error) {
	got, err := s.Conversations.Conversation(ctx, actor.ForSystem(t), c)
	if err != nil {
		return f, err
	}
	names, err := s.Names(ctx, got)
	if err != nil {
		return f, err
	}
	f.visitor = names[0]
	if f.agent, err = s.person(ctx, t, got.Agent); err != nil {
		return f, err
	}
	if f.agent != "" && len(flags.On(setting.OnEffective)) > 0 {
		if f.effective, err = s.effective(ctx, t, c); err != nil {
			return f, err
		}
	}
	if len(flags.On(setting.OnRated)) == 0 {
		return f, nil
	}
	answer, err := s.Surveys.Of(ctx, actor.ForSystem(t), c)
	if err != nil || answer.AnsweredAt == nil {
		if errs.CodeOf(err) == errs.NotFound {
			err = nil
		}
		return f, err
	}
	f.rated, f.score = true, answer.Score
	if f.rater, err = s.person(ctx, t, answer.Agent); f.rater == "" {
		f.rater = f.agent
	}
	return f, err
}

// person returns the agent unless it is a bot or gone.
func (s *Service) person(ctx context.Context, t id.Tenant, a id.Agent) (id.Agent, error) {
	if a == "" {
		return "", nil
	}
	st, err := s.Accounts.AgentStatus(ctx, t, a, s.Clock.Now())
	if errs.CodeOf(err) == errs.NotFound {
		return "", nil
	}
	if err != nil || st.Bot {
		return "", err
	}
	return a, nil
}

// maxRead is how many messages are looked at for both sides.
const maxRead = 2000

// effective reports whether visitor and agent have both written, the newest
// messages first.
func (s *Service) effective(ctx context.Context, t id.Tenant, c id.Conversation) (bool, error) {
	seen, people := 0, map[string]int{}
	r := conversation.Range{Limit: 200}
	for read := 0; read < maxRead; {
		list, err := s.Conversations.Messages(ctx, actor.ForSystem(t), c, r)
		if err != nil || len(list) == 0 {
			return false, err
		}
		for _, m := range list {
			side := sideOf(m)
			if known, ok := people[m.From.ID]; side == 2 && ok {
				side = known
			} else if side == 2 {
				person, err := s.person(ctx, t, id.Agent(m.From.ID))
				if err != nil {
					return false, err
				}
				if person == "" {
					side = 0
				}
				people[m.From.ID] = side
			}
			if seen |= side; seen == 3 {
				return true, nil
			}
		}
		if r.Before = list[0].Seq; r.Before <= 1 {
			return false, nil
		}
		read += len(list)
	}
	return false, nil
}
