package easemob

import (
	"cmp"
	"context"
	"net/http"
	"strconv"
	"time"

	"parlor/internal/id"
	"parlor/internal/report"
	"parlor/internal/routing"
)

// office registers the calls of the vendor's own apps that programs use too: the list of
// past sessions, the transfer to a group and the figures of the day.
func (f *Front) office() {
	f.wall("GET /v1/Tenant/me/ServiceSessionHistorys", f.pastSessions)
	for _, method := range []string{http.MethodPut, http.MethodPost} {
		f.wall(method+" /v1/ServiceSession/{id}/AgentQueue/{queueId}", f.toQueue)
	}
	const daas = "GET /daas/internal/"
	f.wall(daas+"session/today/total", f.today(func(m report.Moment) int { return m.Accepted }))
	f.wall(daas+"session/today/processing", f.today(func(m report.Moment) int { return m.Serving }))
	f.wall(daas+"agent/online", f.today(func(m report.Moment) int { return m.SignedIn }))
	f.wall(daas+"message/today/total", f.messagesToday)
	f.wall(daas+"session/trend", f.trend(func(s report.PartSum) int { return s.Accepted - s.In }))
	f.wall(daas+"message/trend", f.trend(messagesOf))
	f.wall(daas+"agent/kpi/session/today", f.agentsToday)
}

// pastSessions lists sessions as the agents' app asks for them: ended ones, unless the
// query says otherwise.
func (f *Front) pastSessions(ctx context.Context, c *call) (any, error) {
	return f.sessionsOf(ctx, c, cmp.Or(c.URL.Query().Get("state"), "Terminal"))
}

// toQueue puts a session back into the queue of a group.
func (f *Front) toQueue(ctx context.Context, c *call) (any, error) {
	got, err := f.Routing.Transfer(ctx, c.who, id.Conversation(c.PathValue("id")), routing.Target{Team: id.Team(c.PathValue("queueId")), Direct: true})
	if err != nil {
		return nil, err
	}
	who, err := f.Visitors.Identity(ctx, c.tenant, got.Visitor)
	return f.session(got, who.Username), err
}

// china is the zone of the vendor's days, in which "today" counts.
const china = 8 * time.Hour

// today answers with one figure of the day.
func (f *Front) today(of func(report.Moment) int) handler {
	return func(ctx context.Context, c *call) (any, error) {
		m, err := f.Reports.Today(ctx, c.who, china)
		return of(m), err
	}
}

// dayOf is today as far as it has gone.
func (f *Front) dayOf() report.Query {
	now := f.Clock.Now()
	return report.Query{From: now.UTC().Add(china).Truncate(24 * time.Hour).Add(-china), To: now.Add(time.Second), Offset: china}
}

func messagesOf(s report.PartSum) int { return s.FromVisitor + s.FromAgent + s.FromSystem }

func (f *Front) messagesToday(ctx context.Context, c *call) (any, error) {
	list, err := f.Reports.Parts(ctx, c.who, f.dayOf())
	n := 0
	for _, s := range list {
		n += messagesOf(s)
	}
	return n, err
}

// trend answers with a figure for each day of a time, 90 days at most; without one for
// the last seven.
func (f *Front) trend(of func(report.PartSum) int) handler {
	return func(ctx context.Context, c *call) (any, error) {
		q := f.dayOf()
		q.Group, q.From = report.ByDay, q.From.AddDate(0, 0, -6)
		for name, to := range map[string]*time.Time{"beginDateTime": &q.From, "endDateTime": &q.To} {
			if text := c.URL.Query().Get(name); text != "" {
				ms, err := strconv.ParseInt(text, 10, 64)
				if err != nil || ms < 0 {
					return nil, faultParam
				}
				*to = time.UnixMilli(ms)
			}
		}
		if !q.From.Before(q.To) {
			return nil, faultParam
		}
		sums, err := f.Reports.Parts(ctx, c.who, q)
		out := make([]object, len(sums))
		for i, s := range sums {
			out[i] = object{"date": s.Key, "value": of(s)}
		}
		return list{entities: out, total: len(out)}, err
	}
}

// agentsToday answers with the day's work of each agent; times are in milliseconds.
func (f *Front) agentsToday(ctx context.Context, c *call) (any, error) {
	q := f.dayOf()
	q.Group = report.ByAgent
	sums, err := f.Reports.Parts(ctx, c.who, q)
	if err != nil {
		return nil, err
	}
	roster, err := f.Accounts.Roster(ctx, c.tenant)
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for _, a := range roster {
		names[string(a.Agent)] = a.Name
	}
	out := make([]object, len(sums))
	for i, s := range sums {
		out[i] = object{"agentUserId": s.Key, "nickname": names[s.Key], "sessionCount": s.Accepted, "terminalCount": s.Ended, "messageCount": messagesOf(s),
			"avgSessionTime": mean(s.Served), "avgFirstResponseTime": mean(s.First), "avgResponseTime": mean(s.Response)}
	}
	return list{entities: out, total: len(out)}, nil
}

// mean is the average of a span in milliseconds, 0 for none.
func mean(s report.Span) int64 {
	if s.N == 0 {
		return 0
	}
	return (s.Sum / time.Duration(s.N)).Milliseconds()
}
