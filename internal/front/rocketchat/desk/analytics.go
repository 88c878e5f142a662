package desk

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"parlor/internal/account"
	"parlor/internal/front/rocketchat/contract"
	"parlor/internal/id"
	"parlor/internal/report"
)

// analytics adds the dashboards.
func (f *Front) analytics() {
	for path, do := range map[string]contract.Handler{
		"dashboards/conversation-totalizers":        f.figures(conversationTotals),
		"dashboards/agents-productivity-totalizers": f.figures(agentTotals),
		"dashboards/chats-totalizers":               f.figures(chatTotals),
		"dashboards/productivity-totalizers":        f.figures(productivityTotals),
		"dashboards/charts/chats":                   f.figures(chatsChart),
		"dashboards/charts/timings":                 f.figures(timingsChart),
		"dashboards/charts/chats-per-agent":         f.perAgent,
		"dashboards/charts/chats-per-department":    f.perDepartment,
		"dashboards/charts/agents-status":           f.agentsStatus,
		"departments/amount-of-chats":               f.departments(func(s report.Sum) contract.Object { return contract.Object{"rooms": s.Count} }),
		"departments/average-service-time": f.departments(func(s report.Sum) contract.Object {
			return contract.Object{"averageServiceTimeInSeconds": seconds(s.Service.Average())}
		}),
		"departments/average-chat-duration-time": f.departments(func(s report.Sum) contract.Object {
			return contract.Object{"averageChatDurationTimeInSeconds": seconds(s.Duration.Average())}
		}),
		"departments/total-service-time": f.departments(func(s report.Sum) contract.Object {
			return contract.Object{"chats": s.Count, "serviceTimeDuration": seconds(s.Service.Sum)}
		}),
		"departments/average-waiting-time": f.departments(func(s report.Sum) contract.Object {
			return contract.Object{"averageWaitingTimeInSeconds": seconds(s.Wait.Average())}
		}),
		"departments/total-transferred-chats": f.departments(func(s report.Sum) contract.Object { return contract.Object{"numberOfTransferredRooms": s.Transfers} }),
		"departments/total-abandoned-chats":   f.departments(func(s report.Sum) contract.Object { return contract.Object{"abandonedRooms": s.Abandoned} }),
		"departments/percentage-abandoned-chats": f.departments(func(s report.Sum) contract.Object {
			return contract.Object{"percentageOfAbandonedChats": percent(s.Abandoned, s.Count)}
		}),
		"agents/average-service-time": f.agentTimes(func(s report.Sum) contract.Object {
			return contract.Object{"averageServiceTimeInSeconds": seconds(s.Service.Average())}
		}),
		"agents/total-service-time": f.agentTimes(func(s report.Sum) contract.Object {
			return contract.Object{"chats": s.Count, "serviceTimeDuration": seconds(s.Service.Sum)}
		}),
		"agents/available-for-service-history": f.availability,
		"agent-overview":                       f.agentOverview,
		"overview":                             f.overview,
	} {
		f.Add(contract.Route{Method: http.MethodGet, Path: "livechat/analytics/" + path, Do: do, Auth: true, Needs: []string{"view-livechat-manager"}})
	}
	f.Add(contract.Route{Method: http.MethodGet, Path: "livechat/analytics/dashboards/conversations-by-tags", Do: f.conversationsByTags, Auth: true, Needs: []string{"view-livechat-reports"}})
	for name, group := range map[string]report.Group{"source": report.ByChannel, "department": report.ByTeam, "agent": report.ByAgent, "status": report.Whole} {
		f.Add(contract.Route{Method: http.MethodGet, Path: "livechat/analytics/dashboards/conversations-by-" + name, Do: f.conversationsBy(group), Auth: true, Needs: []string{"view-livechat-reports"}})
	}
}

func seconds(d time.Duration) int { return int(d.Round(time.Second) / time.Second) }

func percent(part, whole int) int {
	if whole == 0 {
		return 0
	}
	return part * 100 / whole
}

// clockText writes a time as HH:MM:SS.
func clockText(d time.Duration) string {
	s := seconds(d)
	return fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60)
}

// span reads a pair of dates of a query; the end of a mere date is its last moment.
func span(c *contract.Call, from, to string) (report.Query, error) {
	q := report.Query{Team: id.Team(c.Arg("departmentId"))}
	for name, dest := range map[string]*time.Time{from: &q.From, to: &q.To} {
		t, ok := contract.Date(c.Arg(name))
		if !ok {
			return q, &contract.Fault{Status: http.StatusBadRequest, Text: fmt.Sprintf("The %q query parameter must be a valid date.", name)}
		}
		*dest = t
	}
	if len(c.Arg(to)) == len("2006-01-02") {
		q.To = q.To.Add(24 * time.Hour)
	} else {
		q.To = q.To.Add(time.Millisecond)
	}
	return q, nil
}

// wanted reads start and end, the first fault first.
func wanted(c *contract.Call) (report.Query, error) {
	for _, name := range []string{"start", "end"} {
		if _, ok := contract.Date(c.Arg(name)); !ok {
			return report.Query{}, &contract.Fault{Status: http.StatusBadRequest, Text: fmt.Sprintf("The %q query parameter must be a valid date.", name)}
		}
	}
	return span(c, "start", "end")
}

// total is one figure of a dashboard.
type total struct {
	Title string `json:"title"`
	Value any    `json:"value"`
}

// totals is everything that the figures of a time are made of.
type totals struct {
	whole    report.Sum
	hours    []report.Sum
	visitors int
}

// figures makes a handler of what a dashboard shows of a time.
func (f *Front) figures(show func(t totals) contract.Object) contract.Handler {
	return func(ctx context.Context, c *contract.Call) (any, error) {
		q, err := wanted(c)
		if err != nil {
			return nil, err
		}
		t, err := f.totals(ctx, c, q)
		return show(t), err
	}
}

func (f *Front) totals(ctx context.Context, c *contract.Call, q report.Query) (t totals, err error) {
	q.Group = report.ByHour
	if t.hours, err = f.Reports.Sums(ctx, c.Who, q); err != nil {
		return t, err
	}
	for _, h := range t.hours {
		t.whole.Merge(h)
	}
	t.visitors, err = f.Reports.Visitors(ctx, c.Who, q)
	return t, err
}

func conversationTotals(t totals) contract.Object {
	s := t.whole
	return contract.Object{"totalizers": []total{{"Total_conversations", s.Count}, {"Open_conversations", s.Open}, {"On_Hold_conversations", s.Held}, {"Total_messages", s.Messages},
		{"Total_visitors", t.visitors}}}
}

// busiest is the hour with the most conversations, "-" if there were none.
func busiest(hours []report.Sum) string {
	if len(hours) == 0 {
		return "-"
	}
	best := slices.MaxFunc(hours, func(a, b report.Sum) int { return a.Count - b.Count })
	var h int
	_, _ = fmt.Sscan(best.Key, &h) // the key is a number
	return fmt.Sprintf("%s - %s", hourText(h), hourText((h+1)%24))
}

// hourText writes an hour of a day with twelve of them.
func hourText(h int) string {
	half := "AM"
	if h >= 12 {
		half = "PM"
	}
	if h%12 == 0 {
		return "12" + half
	}
	return fmt.Sprint(h%12, half)
}

func agentTotals(t totals) contract.Object {
	return contract.Object{"totalizers": []total{{"Busiest_time", strings.ReplaceAll(busiest(t.hours), " ", "")}, {"Avg_of_available_service_time", clockText(0)},
		{"Avg_of_service_time", clockText(t.whole.Service.Average())}}}
}

func chatTotals(t totals) contract.Object {
	s := t.whole
	return contract.Object{"totalizers": []total{{"Total_abandoned_chats", s.Abandoned}, {"Avg_of_abandoned_chats", fmt.Sprint(percent(s.Abandoned, s.Count), "%")},
		{"Avg_of_chat_duration_time", clockText(s.Duration.Average())}}}
}

func productivityTotals(t totals) contract.Object {
	s := t.whole
	return contract.Object{"totalizers": []total{{"Avg_response_time", clockText(s.Response.Average())}, {"Avg_first_response_time", clockText(s.First.Average())},
		{"Avg_reaction_time", clockText(s.Reaction.Average())}, {"Avg_of_waiting_time", clockText(s.Wait.Average())}}}
}

func chatsChart(t totals) contract.Object {
	s := t.whole
	return contract.Object{"open": s.Open, "closed": s.Closed, "queued": s.Queued, "onhold": s.Held}
}

func timingsChart(t totals) contract.Object {
	one := func(s report.Span) contract.Object {
		return contract.Object{"avg": seconds(s.Average()), "longest": seconds(s.Longest)}
	}
	s := t.whole
	out := contract.Object{"response": one(s.Response), "reaction": one(s.Reaction), "chatDuration": one(s.Duration)}
	out["totalizers"] = productivityTotals(t)["totalizers"]
	return out
}

// sums reads the figures of a time by a group.
func (f *Front) sums(ctx context.Context, c *contract.Call, g report.Group) ([]report.Sum, error) {
	q, err := wanted(c)
	if err != nil {
		return nil, err
	}
	q.Group = g
	return f.Reports.Sums(ctx, c.Who, q)
}

// eachAgent calls do for the figures of each agent.
func (f *Front) eachAgent(ctx context.Context, c *contract.Call, list []report.Sum, do func(a account.Agent, s report.Sum)) error {
	people, err := f.People(ctx, c.Tenant)
	if err != nil {
		return err
	}
	for _, s := range list {
		a, ok := people[id.Agent(s.Key)]
		switch {
		case s.Key == "":
			continue
		case !ok:
			a = account.Agent{ID: id.Agent(s.Key), Username: s.Key}
		}
		do(a, s)
	}
	return nil
}

func (f *Front) perAgent(ctx context.Context, c *contract.Call) (any, error) {
	list, err := f.sums(ctx, c, report.ByAgent)
	if err != nil {
		return nil, err
	}
	out := contract.Object{}
	err = f.eachAgent(ctx, c, list, func(a account.Agent, s report.Sum) {
		out[a.Username] = contract.Object{"open": s.Open, "closed": s.Closed, "onhold": s.Held}
	})
	return out, err
}

func (f *Front) perDepartment(ctx context.Context, c *contract.Call) (any, error) {
	list, err := f.sums(ctx, c, report.ByTeam)
	if err != nil {
		return nil, err
	}
	book, err := f.Accounts.Book(ctx, c.Tenant)
	if err != nil {
		return nil, err
	}
	out := contract.Object{}
	for _, s := range list {
		if team, ok := book.Teams[id.Team(s.Key)]; ok {
			out[team.Name] = contract.Object{"open": s.Open + s.Queued, "closed": s.Closed}
		}
	}
	return out, nil
}

// agentsStatus counts agents by what they are now.
func (f *Front) agentsStatus(ctx context.Context, c *contract.Call) (any, error) {
	roster, err := f.Accounts.Roster(ctx, c.Tenant)
	out := map[string]int{"offline": 0, "away": 0, "busy": 0, "available": 0}
	for _, st := range roster {
		switch p := contract.PresenceOf(st); {
		case p == "online" && st.State == account.Ready:
			out["available"]++
		case p == "away" || p == "busy":
			out[p]++
		default:
			out["offline"]++
		}
	}
	return out, err
}

// departments makes a handler of one figure of each department.
func (f *Front) departments(show func(s report.Sum) contract.Object) contract.Handler {
	return func(ctx context.Context, c *contract.Call) (any, error) {
		list, err := f.sums(ctx, c, report.ByTeam)
		if err != nil {
			return nil, err
		}
		w, err := c.Window()
		out := make([]contract.Object, 0, len(list))
		for _, s := range list {
			o := show(s)
			o["_id"] = nil
			if s.Key != "" {
				o["_id"] = s.Key
			}
			out = append(out, o)
		}
		return contract.Page("departments", out, w), err
	}
}

// agentTimes makes a handler of one figure of each agent.
func (f *Front) agentTimes(show func(s report.Sum) contract.Object) contract.Handler {
	return func(ctx context.Context, c *contract.Call) (any, error) {
		list, err := f.sums(ctx, c, report.ByAgent)
		if err != nil {
			return nil, err
		}
		w, err := c.Window()
		if err != nil {
			return nil, err
		}
		out := make([]contract.Object, 0, len(list))
		err = f.eachAgent(ctx, c, list, func(a account.Agent, s report.Sum) {
			o := show(s)
			o["_id"], o["username"], o["name"], o["active"] = a.ID, a.Username, a.Name, !a.Disabled
			out = append(out, o)
		})
		return contract.Page("agents", out, w), err
	}
}

// availability tells how long each agent was there for new chats.
func (f *Front) availability(ctx context.Context, c *contract.Call) (any, error) {
	q, err := wanted(c)
	if err != nil {
		return nil, err
	}
	w, err := c.Window()
	if err != nil {
		return nil, err
	}
	list, err := f.Reports.Available(ctx, c.Who, q)
	if err != nil {
		return nil, err
	}
	out := make([]contract.Object, 0, len(list))
	for _, x := range list {
		a, err := f.Agent(ctx, c.Tenant, x.Agent)
		if err != nil {
			return nil, err
		}
		out = append(out, contract.Object{"_id": a.ID, "username": a.Username, "name": a.Name, "active": !a.Disabled, "availableTimeInSeconds": seconds(x.Lasted)})
	}
	return contract.Page("agents", out, w), nil
}

// agentFigures are the columns of the overview of agents.
var agentFigures = map[string]func(s report.Sum, whole int) any{
	"Total_conversations": func(s report.Sum, whole int) any {
		return fmt.Sprintf("%.2f%%", 100*float64(s.Count)/float64(max(whole, 1)))
	},
	"Avg_chat_duration":        func(s report.Sum, _ int) any { return clockText(s.Duration.Average()) },
	"Total_messages":           func(s report.Sum, _ int) any { return s.Messages },
	"Avg_first_response_time":  func(s report.Sum, _ int) any { return clockText(s.First.Average()) },
	"Best_first_response_time": func(s report.Sum, _ int) any { return clockText(s.First.Longest) },
	"Avg_response_time":        func(s report.Sum, _ int) any { return clockText(s.Response.Average()) },
	"Avg_reaction_time":        func(s report.Sum, _ int) any { return clockText(s.Reaction.Average()) },
}

func (f *Front) agentOverview(ctx context.Context, c *contract.Call) (any, error) {
	q, err := named(c)
	if err != nil {
		return nil, err
	}
	figure := agentFigures[c.Arg("name")]
	if figure == nil {
		return contract.Object{"head": []contract.Object{}, "data": []contract.Object{}}, nil
	}
	q.Group = report.ByAgent
	list, err := f.Reports.Sums(ctx, c.Who, q)
	if err != nil {
		return nil, err
	}
	whole := 0
	for _, s := range list {
		whole += s.Count
	}
	data := []contract.Object{}
	err = f.eachAgent(ctx, c, list, func(a account.Agent, s report.Sum) {
		data = append(data, contract.Object{"name": a.Username, "value": figure(s, whole)})
	})
	return contract.Object{"head": []contract.Object{{"name": "Agent"}, {"name": c.Arg("name")}}, "data": data}, err
}

// named reads the query of the overviews: name, from and to.
func named(c *contract.Call) (report.Query, error) {
	for _, name := range []string{"name", "from", "to"} {
		if c.Arg(name) == "" {
			return report.Query{}, contract.InvalidParams("must have required property '" + name + "'")
		}
	}
	return span(c, "from", "to")
}

// overview answers a bare array.
func (f *Front) overview(ctx context.Context, c *contract.Call) (any, error) {
	q, err := named(c)
	if err != nil {
		return nil, err
	}
	t, err := f.totals(ctx, c, q)
	if err != nil {
		return nil, err
	}
	switch c.Arg("name") {
	case "Conversations":
		q.Group = report.ByDay
		days, err := f.Reports.Sums(ctx, c.Who, q)
		if err != nil {
			return nil, err
		}
		return conversationOverview(t, days, q), nil
	case "Productivity":
		s := t.whole
		return []total{{"Avg_response_time", clockText(s.Response.Average())}, {"Avg_first_response_time", clockText(s.First.Average())},
			{"Avg_reaction_time", clockText(s.Reaction.Average())}}, nil
	}
	return []total{}, nil
}

func conversationOverview(t totals, days []report.Sum, q report.Query) []total {
	day := "-"
	if len(days) > 0 {
		day = slices.MaxFunc(days, func(a, b report.Sum) int { return a.Count - b.Count }).Key
		if at, ok := contract.Date(day); ok {
			day = at.Weekday().String()
		}
	}
	s, length := t.whole, max(1, int(q.To.Sub(q.From).Hours()+23)/24)
	return []total{{"Total_conversations", s.Count}, {"Open_conversations", s.Open}, {"On_Hold_conversations", s.Held}, {"Total_messages", s.Messages}, {"Busiest_day", day},
		{"Conversations_per_day", fmt.Sprintf("%.2f", float64(s.Count)/float64(length))}, {"Busiest_time", busiest(t.hours)}}
}

// ofYear is the time of a report, a year at most.
func ofYear(c *contract.Call) (report.Query, error) {
	q, err := wanted(c)
	switch {
	case err != nil:
	case q.To.Sub(q.From) > 366*24*time.Hour:
		err = &contract.Fault{Status: http.StatusBadRequest, Text: `The "start" and "end" query parameters must be less than 1 year apart.`}
	case q.To.Before(q.From):
		err = &contract.Fault{Status: http.StatusBadRequest, Text: `The "start" query parameter must be before the "end" query parameter.`}
	}
	return q, err
}

// conversationsBy makes a handler of the share of each group.
func (f *Front) conversationsBy(g report.Group) contract.Handler {
	return func(ctx context.Context, c *contract.Call) (any, error) {
		q, err := ofYear(c)
		if err != nil {
			return nil, err
		}
		q.Group = g
		list, err := f.Reports.Sums(ctx, c.Who, q)
		if err != nil {
			return nil, err
		}
		return f.shares(ctx, c, g, list)
	}
}

// conversationsByTags tells how many rooms have each tag.
func (f *Front) conversationsByTags(ctx context.Context, c *contract.Call) (any, error) {
	q, err := ofYear(c)
	if err != nil {
		return nil, err
	}
	list, err := f.Reports.Tags(ctx, c.Who, q)
	if err != nil {
		return nil, err
	}
	tags := make([]string, 0, len(list))
	for _, s := range list {
		tags = append(tags, s.Key)
	}
	names, err := f.Tags.Names(ctx, c.Tenant, tags)
	data, whole, unspecified := []contract.Object{}, 0, 0
	for _, s := range list {
		whole += s.Count
		if name := names[s.Key]; name != "" {
			data = append(data, contract.Object{"label": name, "value": s.Count})
		} else {
			unspecified += s.Count
		}
	}
	return contract.Object{"data": data, "total": whole, "unspecified": unspecified}, err
}

// shares names the groups.
func (f *Front) shares(ctx context.Context, c *contract.Call, g report.Group, list []report.Sum) (any, error) {
	book, err := f.Accounts.Book(ctx, c.Tenant)
	if err != nil {
		return nil, err
	}
	data, whole, unspecified := []contract.Object{}, 0, 0
	for _, s := range list {
		whole += s.Count
		label := s.Key
		switch g {
		case report.Whole:
			for _, x := range []struct {
				label string
				n     int
			}{{"Open", s.Open}, {"Closed", s.Closed}, {"On_Hold", s.Held}, {"Queued", s.Queued}} {
				data = append(data, contract.Object{"label": x.label, "value": x.n})
			}
			continue
		case report.ByTeam:
			label = book.Teams[id.Team(s.Key)].Name
		case report.ByAgent:
			if s.Key != "" {
				a, err := f.Agent(ctx, c.Tenant, id.Agent(s.Key))
				if err != nil {
					return nil, err
				}
				label = a.Username
			}
		case report.ByChannel:
			label = contract.SourceOf(s.Key)
		}
		if label == "" {
			unspecified += s.Count
			continue
		}
		data = append(data, contract.Object{"label": label, "value": s.Count})
	}
	out := contract.Object{"data": data, "total": whole}
	if g == report.ByTeam || g == report.ByAgent {
		out["unspecified"] = unspecified
	}
	return out, nil
}
