package rest

import (
	"context"
	"net/http"
	"time"

	"parlor/internal/account"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/report"
)

// reportInput chooses what a report covers.
type reportInput struct {
	From   string       `query:"from" required:"true" maxLength:"10" doc:"First day, YYYY-MM-DD"`
	To     string       `query:"to" required:"true" maxLength:"10" doc:"Last day, YYYY-MM-DD; up to 90 days"`
	By     report.Group `query:"by" enum:"agent,team,channel,inbox,hour,day" doc:"What figures are put together by; all together if left out"`
	Team   id.Team      `query:"team" maxLength:"64"`
	Offset int          `query:"offset" minimum:"-840" maximum:"840" doc:"Minutes of the asker's time east of UTC"`
}

func (in reportInput) query() (q report.Query, err error) {
	q = report.Query{Group: in.By, Team: in.Team, Offset: time.Duration(in.Offset) * time.Minute}
	for _, x := range []struct {
		field, text string
		to          *time.Time
	}{{"from", in.From, &q.From}, {"to", in.To, &q.To}} {
		if *x.to, err = time.Parse(time.DateOnly, x.text); err != nil {
			return q, errs.Field(x.field, "bad_day", "%q is no day such as 2026-01-31.", x.text)
		}
		*x.to = x.to.Add(-q.Offset)
	}
	q.To = q.To.AddDate(0, 0, 1)
	if !q.To.After(q.From) {
		return q, errs.Field("to", "bad_day", "The last day is before the first.")
	}
	return q, nil
}

// Figures are how agents served within a group. Times are in milliseconds.
type Figures struct {
	Key string `json:"key" doc:"Id, channel, hour or day that the group has in common"`
	// Accepted counts shares of conversations that agents got.
	Accepted int `json:"accepted"`
	Ended    int `json:"ended"`
	Valid    int `json:"valid"`
	In       int `json:"in"`
	Out      int `json:"out"`
	// Served is the time of all shares, Session that divided by those that ended.
	Served      int64   `json:"served"`
	Session     *int64  `json:"session,omitempty"`
	First       *int64  `json:"first,omitempty"`
	FirstMax    int64   `json:"firstMax"`
	Response    *int64  `json:"response,omitempty"`
	ResponseMax int64   `json:"responseMax"`
	Rated       int     `json:"rated"`
	Score       *int    `json:"score,omitempty" doc:"Mean rating, 0 to 100"`
	FromVisitor int     `json:"fromVisitor"`
	FromAgent   int     `json:"fromAgent"`
	FromSystem  int     `json:"fromSystem"`
	Messages    float64 `json:"messages" doc:"Messages of one share, on average"`
	MessagesMax int     `json:"messagesMax"`
}

// over divides; nil for nothing to divide by.
func over(sum time.Duration, n int) *int64 {
	if n == 0 {
		return nil
	}
	v := (sum / time.Duration(n)).Milliseconds()
	return &v
}

func figures(m report.PartSum) Figures {
	f := Figures{Key: m.Key, Accepted: m.Accepted, Ended: m.Ended, Valid: m.Valid, In: m.In, Out: m.Out, Served: m.Served.Sum.Milliseconds(), Session: over(m.Served.Sum, m.Ended),
		First: over(m.First.Sum, m.First.N), FirstMax: m.First.Longest.Milliseconds(), Response: over(m.Response.Sum, m.Response.N), ResponseMax: m.Response.Longest.Milliseconds(),
		Rated: m.Rated, FromVisitor: m.FromVisitor, FromAgent: m.FromAgent, FromSystem: m.FromSystem, MessagesMax: m.Most}
	if m.Rated > 0 {
		score := m.Score / m.Rated
		f.Score = &score
	}
	if m.Accepted > 0 {
		f.Messages = float64(m.FromVisitor+m.FromAgent+m.FromSystem) / float64(m.Accepted)
	}
	return f
}

// Queueing is how visitors waited within a group. Times are in milliseconds.
type Queueing struct {
	Key       string `json:"key"`
	Created   int    `json:"created"`
	Waited    int    `json:"waited" doc:"Conversations that got an agent"`
	Wait      *int64 `json:"wait,omitempty"`
	WaitMax   int64  `json:"waitMax"`
	Abandoned int    `json:"abandoned"`
}

type todayInput struct {
	Offset int `query:"offset" minimum:"-840" maximum:"840" doc:"Minutes of the asker's time east of UTC"`
}

// Today is how things stand.
type Today struct {
	Accepted    int `json:"accepted"`
	Serving     int `json:"serving"`
	Waiting     int `json:"waiting"`
	MostWaiting int `json:"mostWaiting"`
	SignedIn    int `json:"signedIn"`
	Places      int `json:"places"`
}

// StateTime is how long an agent was signed in in a state, in milliseconds.
type StateTime struct {
	Agent  id.Agent `json:"agent"`
	State  string   `json:"state" enum:"ready,busy,away"`
	Lasted int64    `json:"lasted"`
}

// reports are the calls about figures.
func (a *API) reports() {
	const tag = "reports"
	asAgent(a, http.MethodGet, "/reports/service", "How agents served, by when they got conversations", tag, func(ctx context.Context, l account.Login, in *reportInput) (*body[items[Figures]], error) {
		q, err := in.query()
		if err != nil {
			return nil, err
		}
		list, err := a.Reports.Parts(ctx, l.Actor(), q)
		out := make([]Figures, len(list))
		for i, m := range list {
			out[i] = figures(m)
		}
		return listed(out, err)
	})
	asAgent(a, http.MethodGet, "/reports/queue", "How visitors waited, by when they came", tag, func(ctx context.Context, l account.Login, in *reportInput) (*body[items[Queueing]], error) {
		q, err := in.query()
		if err != nil {
			return nil, err
		}
		list, err := a.Reports.Sums(ctx, l.Actor(), q)
		out := make([]Queueing, len(list))
		for i, m := range list {
			out[i] = Queueing{Key: m.Key, Created: m.Count, Waited: m.Wait.N, Wait: over(m.Wait.Sum, m.Wait.N), WaitMax: m.Wait.Longest.Milliseconds(), Abandoned: m.Abandoned}
		}
		return listed(out, err)
	})
	asAgent(a, http.MethodGet, "/reports/states", "How long agents were signed in, by state", tag, func(ctx context.Context, l account.Login, in *reportInput) (*body[items[StateTime]], error) {
		q, err := in.query()
		if err != nil {
			return nil, err
		}
		list, err := a.Reports.States(ctx, l.Actor(), q)
		out := make([]StateTime, len(list))
		for i, m := range list {
			out[i] = StateTime{m.Agent, m.State, m.Lasted.Milliseconds()}
		}
		return listed(out, err)
	})
	asAgent(a, http.MethodGet, "/reports/today", "How things stand today", tag, func(ctx context.Context, l account.Login, in *todayInput) (*body[Today], error) {
		m, err := a.Reports.Today(ctx, l.Actor(), time.Duration(in.Offset)*time.Minute)
		return reply(Today(m), err)
	})
}
