package easemob

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/intake"
	"parlor/internal/routing"
	"parlor/internal/visitor"
)

// platform registers the calls about sessions, agents, groups, visitors and inboxes.
func (f *Front) platform() {
	f.serve(http.MethodPost, "autoCreateImAssociation", f.associate)
	f.serve(http.MethodGet, "sessions", f.sessions)
	f.serve(http.MethodPost, "sessions", f.startSession)
	f.serve(http.MethodGet, "sessions/{id}", f.oneSession)
	f.serve(http.MethodGet, "sessions/{id}/messages", f.sessionMessages)
	f.serve(http.MethodPost, "sessions/{id}/close", f.closeSession)
	f.serve(http.MethodPost, "sessions/{id}/transfer", f.transferSession)
	f.serve(http.MethodGet, "agents", f.agents)
	f.serve(http.MethodPost, "agents", f.addAgent)
	f.serve(http.MethodPut, "agents/{id}", f.changeAgent)
	f.serve(http.MethodDelete, "agents/{id}", f.removeAgent)
	f.serve(http.MethodGet, "queues", f.queues)
	f.serve(http.MethodGet, "queues/{id}/agents", f.queueAgents)
	f.serve(http.MethodGet, "visitors/{username}", f.visitor)
	f.serve(http.MethodPut, "visitors/{username}", f.changeVisitor)
}

// associate makes an inbox.
func (f *Front) associate(ctx context.Context, c *call) (any, error) {
	var in struct {
		Name string `json:"associationName"`
	}
	if len(c.body) > 0 {
		if err := c.json(&in); err != nil {
			return nil, err
		}
	}
	if strings.TrimSpace(in.Name) == "" {
		in.Name = "Easemob"
	}
	inbox, err := f.Accounts.CreateInbox(ctx, c.who, in.Name, account.Inbox{}.Settings)
	if err != nil {
		return nil, err
	}
	return object{"id": inbox.ID, "tenantId": c.number, "name": inbox.Name, "description": "", "orgName": org, "appName": appName(c.number),
		"imServiceNumber": serviceNumber + string(inbox.ID)}, nil
}

// wireStates are the states of a filter.
var wireStates = map[string]conversation.State{"": "", "Wait": conversation.Waits, "Processing": conversation.Served, "Terminal": conversation.Ended}

func (f *Front) sessions(ctx context.Context, c *call) (any, error) {
	return f.sessionsOf(ctx, c, c.URL.Query().Get("state"))
}

// sessionsOf lists the sessions in a state that fit the query, the newest first unless it
// says otherwise.
func (f *Front) sessionsOf(ctx context.Context, c *call, name string) (any, error) {
	page, size, err := c.page()
	if err != nil {
		return nil, err
	}
	q := c.URL.Query()
	state, ok := wireStates[name]
	order := q.Get("sortOrder")
	if !ok || (order != "" && order != "asc" && order != "desc") {
		return nil, faultParam
	}
	find := conversation.Query{State: state, Name: q.Get("visitorName"), Channel: originChannel(q.Get("originType")), Limit: size, Offset: (page - 1) * size,
		Order: conversation.ByStart, Rising: order == "asc"}
	if v := q.Get("agentUserId"); v != "" {
		find.Agents = []id.Agent{id.Agent(v)}
	}
	if v := q.Get("queueId"); v != "" {
		find.Teams = []id.Team{id.Team(v)}
	}
	if find.Started.From, err = day(q.Get("beginDate")); err != nil {
		return nil, err
	}
	if find.Started.To, err = day(q.Get("endDate")); err != nil {
		return nil, err
	}
	found, total, err := f.Conversations.Look(ctx, c.who, find)
	if err != nil {
		return nil, err
	}
	out, err := f.listed(ctx, c.tenant, found)
	return list{entities: out, total: total}, err
}

// originChannel is the channel of an originType.
func originChannel(origin string) string {
	if origin == "webim" {
		return "web"
	}
	return origin
}

// listed writes conversations with the names of their visitors.
func (f *Front) listed(ctx context.Context, t id.Tenant, found []conversation.Conversation) ([]object, error) {
	visitors := make([]id.Visitor, len(found))
	for i, c := range found {
		visitors[i] = c.Visitor
	}
	names, err := f.Visitors.Identities(ctx, t, visitors)
	if err != nil {
		return nil, err
	}
	out := make([]object, len(found))
	for i, c := range found {
		out[i] = f.session(c, names[c.Visitor].Username)
	}
	return out, nil
}

// startSession begins a conversation for a visitor, as if it had written.
func (f *Front) startSession(ctx context.Context, c *call) (any, error) {
	var in struct {
		Visitor string `json:"visitUserName"`
		Number  string `json:"imServiceNumber"`
		Queue   string `json:"queueName"`
		Agent   string `json:"agentUserName"`
		Flag    string `json:"businessFlag"`
		Routing string `json:"routingRuleFlag"`
	}
	if err := c.json(&in); err != nil {
		return nil, err
	}
	inbox, err := f.inbox(ctx, c.tenant, in.Number)
	if err != nil {
		return nil, err
	}
	k, err := f.Intake.Visitor(ctx, c.tenant, inbox, in.Visitor, true)
	if err != nil {
		return nil, err
	}
	got, err := f.Intake.Begin(ctx, k, intake.Wanted{Channel: "rest", Team: in.Queue, Agent: in.Agent, BusinessFlag: in.Flag, RoutingFlag: in.Routing})
	if err != nil {
		return nil, err
	}
	return f.session(got, k.Identity.Username), nil
}

// named finds the conversation of a path.
func (f *Front) named(ctx context.Context, c *call) (conversation.Conversation, error) {
	return f.Conversations.Conversation(ctx, c.who, id.Conversation(c.PathValue("id")))
}

func (f *Front) oneSession(ctx context.Context, c *call) (any, error) {
	got, err := f.named(ctx, c)
	if err != nil {
		return nil, err
	}
	who, err := f.Visitors.Identity(ctx, c.tenant, got.Visitor)
	return f.session(got, who.Username), err
}

func (f *Front) sessionMessages(ctx context.Context, c *call) (any, error) {
	page, size, err := c.page()
	if err != nil {
		return nil, err
	}
	got, err := f.named(ctx, c)
	if err != nil {
		return nil, err
	}
	k := visitor.Known{}
	if k.Visitor, err = f.Visitors.Visitor(ctx, c.tenant, got.Visitor); err != nil {
		return nil, err
	}
	if k.Identity, err = f.Visitors.Identity(ctx, c.tenant, got.Visitor); err != nil {
		return nil, err
	}
	p, err := f.partyOf(ctx, k)
	if err != nil {
		return nil, err
	}
	messages, err := f.Conversations.Messages(ctx, c.who, got.ID, conversation.Range{After: int64((page - 1) * size), Limit: size})
	out := []object{}
	for _, m := range messages {
		if m.Seq > int64(page*size) {
			break
		}
		if o := f.history(p, m); o != nil {
			out = append(out, o)
		}
	}
	return list{entities: out, total: int(got.LastSeq)}, err
}

func (f *Front) closeSession(ctx context.Context, c *call) (any, error) {
	got, err := f.Conversations.Close(ctx, c.who, id.Conversation(c.PathValue("id")), conversation.EndBySystem)
	if err != nil {
		return nil, err
	}
	who, err := f.Visitors.Identity(ctx, c.tenant, got.Visitor)
	return f.session(got, who.Username), err
}

func (f *Front) transferSession(ctx context.Context, c *call) (any, error) {
	var in struct {
		Queue string `json:"queueId"`
		Agent string `json:"agentUserName"`
	}
	if err := c.json(&in); err != nil {
		return nil, err
	}
	to := routing.Target{Team: id.Team(in.Queue), Direct: true}
	if in.Agent != "" {
		a, err := f.Accounts.AgentByLogin(ctx, c.tenant, in.Agent)
		if errs.CodeOf(err) == errs.NotFound {
			return nil, faultParam
		}
		if err != nil {
			return nil, err
		}
		to.Agent = a.ID
	}
	if to.Agent == "" && to.Team == "" {
		return nil, faultParam
	}
	got, err := f.Routing.Transfer(ctx, c.who, id.Conversation(c.PathValue("id")), to)
	if err != nil {
		return nil, err
	}
	who, err := f.Visitors.Identity(ctx, c.tenant, got.Visitor)
	return f.session(got, who.Username), err
}

// queues are the teams.
func (f *Front) queues(ctx context.Context, c *call) (any, error) {
	teams, err := f.Routing.Teams(ctx, c.tenant)
	if err != nil {
		return nil, err
	}
	out := make([]object, len(teams))
	for i, t := range teams {
		out[i] = object{"queueId": t.ID, "queueName": t.Name, "sessionWaitCount": t.Waiting, "idleCount": t.Ready}
	}
	return list{entities: out, total: len(out)}, nil
}

func (f *Front) queueAgents(ctx context.Context, c *call) (any, error) {
	team := id.Team(c.PathValue("id"))
	book, err := f.Accounts.Book(ctx, c.tenant)
	if err != nil {
		return nil, err
	}
	if _, ok := book.Teams[team]; !ok {
		return nil, faultNothing
	}
	roster, err := f.roster(ctx, c)
	if err != nil {
		return nil, err
	}
	roster = slices.DeleteFunc(roster, func(a seat) bool { return !slices.Contains(a.Teams, team) })
	return list{entities: seats(roster), total: len(roster)}, nil
}

// visitor tells what is known of a visitor.
func (f *Front) visitor(ctx context.Context, c *call) (any, error) {
	k, err := f.visitorNamed(ctx, c, false)
	if err != nil {
		return nil, err
	}
	return guestOf(k), nil
}

func (f *Front) visitorNamed(ctx context.Context, c *call, make bool) (k visitor.Known, err error) {
	inbox, err := f.inbox(ctx, c.tenant, c.URL.Query().Get("imServiceNumber"))
	if err != nil {
		return k, err
	}
	return f.Intake.Visitor(ctx, c.tenant, inbox, c.PathValue("username"), make)
}

func guestOf(k visitor.Known) object {
	v := k.Visitor
	return object{"userId": v.ID, "username": k.Identity.Username, "nicename": v.Name, "userNickname": v.Name, "phone": v.Phone, "email": v.Email, "description": v.Memo,
		"imServiceNumber": serviceNumber + string(v.Inbox), "createDateTime": v.FirstSeen.UnixMilli(), "lastUpdateDateTime": v.LastSeen.UnixMilli()}
}

// changeVisitor sets what a program knows of a visitor; null and what is left out stay.
func (f *Front) changeVisitor(ctx context.Context, c *call) (any, error) {
	var in struct {
		Nickname    *string `json:"userNickname"`
		Phone       *string `json:"phone"`
		Email       *string `json:"email"`
		Description *string `json:"description"`
	}
	if err := c.json(&in); err != nil {
		return nil, err
	}
	details := visitor.Details{Name: in.Nickname, Phone: in.Phone, Email: in.Email, Memo: in.Description}
	if err := details.Fit(); err != nil {
		return nil, err // before there is a visitor
	}
	k, err := f.visitorNamed(ctx, c, true)
	if err != nil {
		return nil, err
	}
	k.Visitor, err = f.Visitors.Update(ctx, actor.ForSystem(c.tenant), k.Visitor.ID, details)
	return guestOf(k), err
}
