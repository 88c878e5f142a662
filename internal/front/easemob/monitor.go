package easemob

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/event"
	"parlor/internal/id"
	"parlor/internal/report"
)

// monitor registers the calls of the wall, which programs use.
func (f *Front) monitor() {
	f.wall("GET /v1/monitor/agentqueues", f.monitorQueues)
	f.wall("GET /v1/monitor/agentusers", f.monitorAgents)
	f.wall("GET /v1/monitor/alarms", f.monitorAlarms)
}

// wall registers a call of programs that names no tenant: it is the token's.
func (f *Front) wall(pattern string, h handler) {
	f.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		client, err := f.Accounts.ByClientToken(r.Context(), bearer(r))
		var v any
		if err == nil {
			err = f.Programs.Take(client.ID)
		}
		if err == nil {
			v, err = h(r.Context(), &call{Request: r, tenant: client.Tenant, who: client.Actor()})
		}
		f.write(w, r, client.Tenant, v, err)
	})
}

// tally counts agents by state.
type tally struct{ idle, busy, leave, offline, open, most int }

func (t *tally) add(a account.AgentStatus) {
	switch wireState(a) {
	case "Online":
		t.idle++
	case "Busy":
		t.busy++
	case "Leave":
		t.leave++
	default:
		t.offline++
	}
	t.open += a.Open
	t.most += a.Cap
}

func (f *Front) monitorQueues(ctx context.Context, c *call) (any, error) {
	teams, err := f.Routing.Teams(ctx, c.tenant)
	if err != nil {
		return nil, err
	}
	roster, err := f.Accounts.Roster(ctx, c.tenant)
	if err != nil {
		return nil, err
	}
	out := make([]object, len(teams))
	for i, t := range teams {
		var n tally
		for _, a := range roster {
			if slices.Contains(a.Teams, t.ID) {
				n.add(a)
			}
		}
		out[i] = object{"queue_id": t.ID, "queue_name": t.Name, "idle_count": n.idle, "busy_count": n.busy, "leave_count": n.leave, "hidden_count": 0, "offline_count": n.offline,
			"current_session_count": n.open, "max_session_count": n.most, "session_wait_count": t.Waiting}
	}
	return list{entities: out, total: len(out)}, nil
}

func (f *Front) monitorAgents(ctx context.Context, c *call) (any, error) {
	roster, err := f.Accounts.Roster(ctx, c.tenant)
	if err != nil {
		return nil, err
	}
	logins, err := f.logins(ctx, c.tenant)
	if err != nil {
		return nil, err
	}
	served, err := f.servedToday(ctx, c)
	if err != nil {
		return nil, err
	}
	team := id.Team(c.URL.Query().Get("queueId"))
	out := []object{}
	for _, a := range roster {
		if team != "" && !slices.Contains(a.Teams, team) {
			continue
		}
		// When somebody signed in first today is not kept.
		out = append(out, object{"user_id": a.Agent, "nickname": a.Name, "username": logins[a.Agent], "state": wireState(a), "current_session_count": a.Open, "max_session_count": a.Cap,
			"session_terminal_count": served[a.Agent].Ended, "avg_session_time": mean(served[a.Agent].Served), "first_login_time_of_today": nil})
	}
	return list{entities: out, total: len(out)}, nil
}

// servedToday is the day's work of each agent.
func (f *Front) servedToday(ctx context.Context, c *call) (map[id.Agent]report.PartSum, error) {
	q := f.dayOf()
	q.Group = report.ByAgent
	sums, err := f.Reports.Parts(ctx, c.who, q)
	out := make(map[id.Agent]report.PartSum, len(sums))
	for _, s := range sums {
		out[id.Agent(s.Key)] = s
	}
	return out, err
}

// typing remembers which conversations' agents type, for pages that ask.
type typing struct {
	mu sync.Mutex
	at map[id.Conversation]time.Time
}

// typingFor is how long an agent counts as typing, maxTyping how many are remembered.
const (
	typingFor = 5 * time.Second
	maxTyping = 10_000
)

// Heed learns from the bus that an agent types.
func (f *Front) Heed(e *event.Event) {
	d, ok := e.Data.(*conversation.Typing)
	if !ok || d.From != actor.Agent {
		return
	}
	now := f.Clock.Now()
	f.typing.mu.Lock()
	defer f.typing.mu.Unlock()
	if !d.On {
		delete(f.typing.at, d.Conversation)
		return
	}
	if f.typing.at == nil || len(f.typing.at) >= maxTyping {
		f.typing.at = map[id.Conversation]time.Time{}
	}
	f.typing.at[d.Conversation] = now
}

// inputState tells a page whether its agent types.
func (f *Front) inputState(ctx context.Context, c *visitorCall) (any, error) {
	got, err := f.own(ctx, c)
	if err != nil {
		return nil, err
	}
	f.typing.mu.Lock()
	at, ok := f.typing.at[got.ID]
	f.typing.mu.Unlock()
	now := f.Clock.Now()
	return object{"timestamp": now.UnixMilli(), "input_state_tips": ok && now.Sub(at) < typingFor}, nil
}
