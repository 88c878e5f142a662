package desk

import (
	"cmp"
	"context"
	"net/http"
	"slices"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/front/rocketchat/contract"
	"parlor/internal/grant"
	"parlor/internal/id"
	"parlor/internal/routing"
)

// inquiries adds the calls about the queue. The inquiry of a room has its id.
func (f *Front) inquiries() {
	agent := []string{"view-l-room"}
	f.Add(
		contract.Route{Method: http.MethodGet, Path: "livechat/inquiries.list", Do: f.listInquiries, Auth: true, Needs: []string{"view-livechat-manager"}},
		contract.Route{Method: http.MethodGet, Path: "livechat/inquiries.queued", Do: f.queuedInquiries, Auth: true, Needs: agent},
		contract.Route{Method: http.MethodGet, Path: "livechat/inquiries.queuedForUser", Do: f.queuedInquiries, Auth: true, Needs: agent},
		contract.Route{Method: http.MethodGet, Path: "livechat/inquiries.getOne", Do: f.oneInquiry, Auth: true, Needs: agent},
		contract.Route{Method: http.MethodPost, Path: "livechat/inquiries.take", Do: f.takeInquiry, Auth: true, Needs: agent},
		contract.Route{Method: http.MethodPut, Path: "livechat/inquiry.setSLA", Do: f.setInquirySLA, Auth: true, Needs: []string{"view-l-room", "manage-livechat-sla"}},
		contract.Route{Method: http.MethodGet, Path: "livechat/queue", Do: f.queue, Auth: true, Needs: agent},
	)
	f.AddMethods(
		contract.Method{Name: "livechat:takeInquiry", Auth: true, Needs: agent, Do: func(ctx context.Context, c *contract.Call, p contract.Params) (any, error) {
			inquiry, err := p.Text(0)
			if err != nil {
				return nil, err
			}
			return true, f.take(ctx, c, inquiry, "")
		}},
		contract.Method{Name: "livechat:returnAsInquiry", Auth: true, Needs: agent, Do: func(ctx context.Context, c *contract.Call, p contract.Params) (any, error) {
			rid, err := p.Text(0)
			if err != nil {
				return nil, err
			}
			department, _ := p.At(1).(string)
			return f.returned(ctx, c, rid, department)
		}},
	)
}

// inquiryOf is the inquiry of a room.
func inquiryOf(r contract.RoomView, c conversation.Conversation, people map[id.Agent]account.Agent) contract.Object {
	status := "queued"
	if c.Status == conversation.Open {
		status = "taken"
	}
	o := contract.Object{"_id": r.ID, "rid": r.ID, "name": r.Name, "ts": r.At, "message": c.LastText, "status": status, "t": "l", "queuedAt": r.QueuedAt, "source": r.Source,
		"v":              contract.Object{"_id": r.Visitor.ID, "username": r.Visitor.Username, "token": r.Visitor.Token, "status": r.Visitor.Status},
		"priorityWeight": r.Weight, "estimatedWaitingTimeQueue": r.Estimate, "_updatedAt": r.UpdatedAt}
	if len(r.Visitor.Activity) > 0 {
		o["v"].(contract.Object)["activity"] = r.Visitor.Activity
	}
	contract.Put(o, "department", string(r.Department))
	contract.Put(o, "priorityId", r.Priority)
	contract.Put(o, "slaId", r.SLA)
	if r.ServedBy != nil {
		o["takenAt"] = r.ServedBy.At
	}
	if r.Last != nil {
		o["lastMessage"] = r.Last
	}
	if c.RequestedAgent != "" {
		o["defaultAgent"] = contract.Object{"agentId": c.RequestedAgent, "username": people[c.RequestedAgent].Username}
	}
	return o
}

// inquiryPage is a page of those whom q finds, in the order that the caller asks for.
func (f *Front) inquiryPage(ctx context.Context, c *contract.Call, q conversation.Query) (any, error) {
	w, err := c.Window()
	if err != nil {
		return nil, err
	}
	q.State, q.Offset, q.Limit = conversation.Waits, w.Offset, max(w.Count, 1)
	sort, err := c.Sort()
	if err != nil {
		return nil, err
	}
	if len(sort) > 0 {
		q.Order, q.Rising = roomOrders[sort[0].Key], !sort[0].Desc
	}
	list, total, err := f.Conversations.Look(ctx, grant.Lend(c.Who, "view-livechat-manager"), q)
	if err != nil {
		return nil, err
	}
	rooms, err := f.RoomsOf(ctx, c.Tenant, list)
	if err != nil {
		return nil, err
	}
	people, err := f.People(ctx, c.Tenant)
	out := make([]contract.Object, len(rooms))
	for i, r := range rooms {
		out[i] = inquiryOf(r, list[i], people)
	}
	return contract.Object{"inquiries": out, "count": len(out), "offset": w.Offset, "total": total}, err
}

func (f *Front) listInquiries(ctx context.Context, c *contract.Call) (any, error) {
	var teams []id.Team
	if which := c.Arg("department"); which != "" {
		team, err := f.Department(ctx, c.Tenant, which)
		if err != nil {
			return nil, err
		}
		teams = []id.Team{cmp.Or(team, id.Team(which))}
	}
	return f.inquiryPage(ctx, c, conversation.Query{Teams: teams})
}

// queuedInquiries lists what the caller may take: the queues of its departments
// and that of nobody, and those that ask for it. They come as they will be served,
// also right after the order was set anew.
func (f *Front) queuedInquiries(ctx context.Context, c *contract.Call) (any, error) {
	if err := f.Priorities.Keep(ctx, c.Tenant); err != nil {
		return nil, err
	}
	teams := append([]id.Team{""}, c.Login.Agent.Teams...)
	if which := c.Arg("department"); which != "" {
		team, err := f.Department(ctx, c.Tenant, which)
		if err != nil {
			return nil, err
		}
		if team == "" || !slices.Contains(teams, team) {
			return nil, contract.Plain("error-not-authorized")
		}
		return f.inquiryPage(ctx, c, conversation.Query{Teams: []id.Team{team}, Order: conversation.ByPlace, Rising: true})
	}
	return f.inquiryPage(ctx, c, conversation.Query{Teams: teams, Wanting: c.Login.Agent.ID, Order: conversation.ByPlace, Rising: true})
}

func (f *Front) oneInquiry(ctx context.Context, c *contract.Call) (any, error) {
	if err := c.ReadQuery(contract.Dict(contract.Must("roomId", contract.Text)), &struct{}{}); err != nil {
		return nil, err
	}
	conv, err := f.Conversations.Conversation(ctx, actor.ForSystem(c.Tenant), id.Conversation(c.Arg("roomId")))
	if contract.IsMissing(err) || err == nil && conv.Status == conversation.Closed {
		return contract.Object{"inquiry": nil}, nil
	}
	if err != nil {
		return nil, err
	}
	rooms, err := f.RoomsOf(ctx, c.Tenant, []conversation.Conversation{conv})
	if err != nil {
		return nil, err
	}
	people, err := f.People(ctx, c.Tenant)
	if err != nil {
		return nil, err
	}
	months, err := f.Conversations.Activity(ctx, c.Tenant, []id.Visitor{conv.Visitor})
	rooms[0].Visitor.Activity = months[conv.Visitor]
	return contract.Object{"inquiry": inquiryOf(rooms[0], conv, people)}, err
}

func (f *Front) takeInquiry(ctx context.Context, c *contract.Call) (any, error) {
	var in struct{ InquiryID, UserID string }
	if err := c.Read(contract.Dict(contract.Must("inquiryId", contract.Text), contract.Maybe("userId", contract.Text)), &in); err != nil {
		return nil, err
	}
	return contract.Object{}, f.take(ctx, c, in.InquiryID, id.Agent(in.UserID))
}

// take gives a waiting room to the caller, or to an agent whom it names.
func (f *Front) take(ctx context.Context, c *contract.Call, inquiry string, user id.Agent) error {
	who := c.Who
	if user != "" && user != who.Agent {
		a, err := f.Agent(ctx, c.Tenant, user)
		if err != nil {
			return err
		}
		if !isAgent(a) || a.Username == string(user) && a.Name == "" {
			return contract.Plain("The user is invalid")
		}
		who.Agent, who.Name, who.Teams = a.ID, a.Name, a.Teams
	}
	conv, err := f.Conversations.Conversation(ctx, who, id.Conversation(inquiry))
	switch {
	case contract.IsMissing(err) || err == nil && conv.Status == conversation.Closed:
		return contract.Structured("error-not-found", "Inquiry not found")
	case err != nil:
		return err
	case conv.Status != conversation.Queued:
		return contract.Structured("error-inquiry-taken", "Inquiry already taken")
	}
	st, err := f.Accounts.AgentStatus(ctx, c.Tenant, who.Agent, f.Clock.Now())
	if err != nil {
		return err
	}
	if !st.Available() {
		return contract.Structured("error-agent-status-service-offline", "Agent status is offline or Omnichannel service is not active")
	}
	_, err = f.Routing.Claim(ctx, who, conv.ID)
	switch errs.ReasonOf(err) {
	case "conversation_moved":
		err = contract.Structured("error-inquiry-taken", "Inquiry already taken")
	case "contact_unknown":
		err = contract.Structured("error-unknown-contact", "")
	case "contact_unverified":
		err = contract.Structured("error-unverified-contact", "")
	case "agent_full":
		err = contract.Plain("error-max-number-simultaneous-chats-reached")
	}
	return err
}

func (f *Front) setInquirySLA(ctx context.Context, c *contract.Call) (any, error) {
	var in struct{ RoomID, SLA string }
	if err := c.Read(contract.Dict(contract.Maybe("roomId", contract.Text), contract.Maybe("sla", contract.Text)), &in); err != nil {
		return nil, err
	}
	for _, p := range []struct{ name, value string }{{"roomId", in.RoomID}, {"sla", in.SLA}} {
		if p.value == "" {
			return nil, contract.Plain("The '" + p.name + "' param is required")
		}
	}
	conv, err := f.Found(ctx, c, in.RoomID, "error-invalid-inquiry")
	if err != nil {
		return nil, err
	}
	if conv.Status != conversation.Queued {
		return nil, contract.Plain("error-invalid-inquiry")
	}
	return contract.Object{}, f.rankedBy(f.Priorities.SetAgreement(ctx, actor.ForSystem(c.Tenant), conv.ID, in.SLA))
}

// rankedBy puts what priorities refuse into the words of the contract.
func (f *Front) rankedBy(err error) error {
	switch errs.ReasonOf(err) {
	case "agreement_not_found":
		return contract.Plain("error-invalid-sla")
	case "level_not_found":
		return contract.Plain("error-invalid-priority")
	}
	return err
}

// mostServed bounds the rooms that the figures of the queue are counted from.
const mostServed = 5000

// queue answers livechat/queue: open rooms by agent and department.
func (f *Front) queue(ctx context.Context, c *contract.Call) (any, error) {
	w, err := c.Window()
	if err != nil {
		return nil, err
	}
	q := conversation.Query{State: conversation.Served, Limit: conversation.MaxDetails}
	if a := c.Arg("agentId"); a != "" {
		q.Agents = []id.Agent{id.Agent(a)}
	}
	if t := c.Arg("departmentId"); t != "" {
		q.Teams = []id.Team{id.Team(t)}
	}
	counts := map[routing.AgentTeam]int{}
	for q.Offset < mostServed {
		list, total, err := f.Conversations.Look(ctx, grant.Lend(c.Who, "view-livechat-manager"), q)
		if err != nil {
			return nil, err
		}
		for _, conv := range list {
			counts[routing.AgentTeam{Agent: conv.Agent, Team: conv.Team}]++
		}
		if q.Offset += len(list); len(list) == 0 || q.Offset >= total {
			break
		}
	}
	list, err := f.queueRows(ctx, c, counts)
	return contract.Page("queue", list, w), err
}

// queueRows puts the figures of the queue into rows, the most chats first.
func (f *Front) queueRows(ctx context.Context, c *contract.Call, counts map[routing.AgentTeam]int) ([]contract.Object, error) {
	book, err := f.Accounts.Book(ctx, c.Tenant)
	if err != nil {
		return nil, err
	}
	roster, err := f.Accounts.Roster(ctx, c.Tenant)
	if err != nil {
		return nil, err
	}
	now := make(map[id.Agent]account.AgentStatus, len(roster))
	for _, st := range roster {
		now[st.Agent] = st
	}
	var list []contract.Object
	for key, n := range counts {
		a, err := f.Agent(ctx, c.Tenant, key.Agent) // from memory
		if err != nil {
			return nil, err
		}
		st := now[key.Agent] // who is gone counts as offline
		if contract.PresenceOf(st) == "offline" && !c.Yes("includeOfflineAgents") {
			continue
		}
		o := contract.Object{"user": contract.Object{"_id": a.ID, "username": a.Username, "status": contract.PresenceOf(st)}, "chats": n}
		if t, ok := book.Teams[key.Team]; ok {
			o["department"] = contract.Object{"_id": t.ID, "name": t.Name}
		}
		list = append(list, o)
	}
	slices.SortFunc(list, func(x, y contract.Object) int { return y["chats"].(int) - x["chats"].(int) })
	return list, nil
}
