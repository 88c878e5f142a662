package rocketchat

import (
	"cmp"
	"context"
	"net/http"
	"slices"

	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/grant"
	"parlor/internal/id"
	"parlor/internal/routing"
)

// inquiries adds the calls about the queue. The inquiry of a room has its id.
func (f *Front) inquiries() {
	agent := []string{"view-l-room"}
	f.add(
		route{method: http.MethodGet, path: "livechat/inquiries.list", do: f.listInquiries, auth: true, needs: []string{"view-livechat-manager"}},
		route{method: http.MethodGet, path: "livechat/inquiries.queued", do: f.queuedInquiries, auth: true, needs: agent},
		route{method: http.MethodGet, path: "livechat/inquiries.queuedForUser", do: f.queuedInquiries, auth: true, needs: agent},
		route{method: http.MethodGet, path: "livechat/inquiries.getOne", do: f.oneInquiry, auth: true, needs: agent},
		route{method: http.MethodPost, path: "livechat/inquiries.take", do: f.takeInquiry, auth: true, needs: agent},
		route{method: http.MethodPut, path: "livechat/inquiry.setSLA", do: f.setInquirySLA, auth: true, needs: []string{"view-l-room", "manage-livechat-sla"}},
		route{method: http.MethodGet, path: "livechat/queue", do: f.queue, auth: true, needs: agent},
	)
	f.methods.add(
		method{name: "livechat:takeInquiry", auth: true, needs: agent, do: func(ctx context.Context, c *call, p params) (any, error) {
			inquiry, err := p.text(0)
			if err != nil {
				return nil, err
			}
			return true, f.take(ctx, c, inquiry, "")
		}},
		method{name: "livechat:returnAsInquiry", auth: true, needs: agent, do: func(ctx context.Context, c *call, p params) (any, error) {
			rid, err := p.text(0)
			if err != nil {
				return nil, err
			}
			department, _ := p.at(1).(string)
			return f.returned(ctx, c, rid, department)
		}},
	)
}

// inquiryOf is the inquiry of a room.
func inquiryOf(r roomView, c conversation.Conversation) object {
	status := "queued"
	if c.Status == conversation.Open {
		status = "taken"
	}
	o := object{"_id": r.ID, "rid": r.ID, "name": r.Name, "ts": r.At, "message": c.LastText, "status": status, "t": "l", "queuedAt": r.QueuedAt, "source": r.Source,
		"v":              object{"_id": r.Visitor.ID, "username": r.Visitor.Username, "token": r.Visitor.Token, "status": r.Visitor.Status},
		"priorityWeight": r.Weight, "estimatedWaitingTimeQueue": r.Estimate, "_updatedAt": r.UpdatedAt}
	add(o, "department", string(r.Department))
	add(o, "priorityId", r.Priority)
	add(o, "slaId", r.SLA)
	if r.ServedBy != nil {
		o["takenAt"] = r.ServedBy.At
	}
	if r.Last != nil {
		o["lastMessage"] = r.Last
	}
	if c.RequestedAgent != "" {
		o["defaultAgent"] = object{"agentId": c.RequestedAgent}
	}
	return o
}

// inquiryPage is a page of those who wait in some queues.
func (f *Front) inquiryPage(ctx context.Context, c *call, teams []id.Team) (any, error) {
	w, err := c.window()
	if err != nil {
		return nil, err
	}
	q := conversation.Query{State: conversation.Waits, Teams: teams, Offset: w.offset, Limit: max(w.count, 1)}
	sort, err := c.sort()
	if err != nil {
		return nil, err
	}
	if len(sort) > 0 {
		q.Order, q.Rising = roomOrders[sort[0].key], !sort[0].desc
	}
	list, total, err := f.Conversations.Look(ctx, grant.Lend(c.who, "view-livechat-manager"), q)
	if err != nil {
		return nil, err
	}
	rooms, err := f.roomsOf(ctx, c.tenant, list)
	out := make([]object, len(rooms))
	for i, r := range rooms {
		out[i] = inquiryOf(r, list[i])
	}
	return object{"inquiries": out, "count": len(out), "offset": w.offset, "total": total}, err
}

func (f *Front) listInquiries(ctx context.Context, c *call) (any, error) {
	var teams []id.Team
	if which := c.arg("department"); which != "" {
		team, err := f.department(ctx, c.tenant, which)
		if err != nil {
			return nil, err
		}
		teams = []id.Team{cmp.Or(team, id.Team(which))}
	}
	return f.inquiryPage(ctx, c, teams)
}

// queuedInquiries lists what the caller may take: the queues of its departments
// and that of nobody.
func (f *Front) queuedInquiries(ctx context.Context, c *call) (any, error) {
	teams := append([]id.Team{""}, c.login.Agent.Teams...)
	if which := c.arg("department"); which != "" {
		team, err := f.department(ctx, c.tenant, which)
		if err != nil {
			return nil, err
		}
		if team == "" || !slices.Contains(teams, team) {
			return nil, plain("error-not-authorized")
		}
		teams = []id.Team{team}
	}
	return f.inquiryPage(ctx, c, teams)
}

func (f *Front) oneInquiry(ctx context.Context, c *call) (any, error) {
	if err := c.readQuery(dict(must("roomId", text)), &struct{}{}); err != nil {
		return nil, err
	}
	conv, err := f.Conversations.Conversation(ctx, actor.ForSystem(c.tenant), id.Conversation(c.arg("roomId")))
	if isMissing(err) || err == nil && conv.Status == conversation.Closed {
		return object{"inquiry": nil}, nil
	}
	if err != nil {
		return nil, err
	}
	rooms, err := f.roomsOf(ctx, c.tenant, []conversation.Conversation{conv})
	if err != nil {
		return nil, err
	}
	return object{"inquiry": inquiryOf(rooms[0], conv)}, nil
}

func (f *Front) takeInquiry(ctx context.Context, c *call) (any, error) {
	var in struct{ InquiryID, UserID string }
	if err := c.read(dict(must("inquiryId", text), maybe("userId", text)), &in); err != nil {
		return nil, err
	}
	return object{}, f.take(ctx, c, in.InquiryID, id.Agent(in.UserID))
}

// take gives a waiting room to the caller, or to an agent whom it names.
func (f *Front) take(ctx context.Context, c *call, inquiry string, user id.Agent) error {
	who := c.who
	if user != "" && user != who.Agent {
		a, err := f.agent(ctx, c.tenant, user)
		if err != nil {
			return err
		}
		if !isAgent(a) || a.Username == string(user) && a.Name == "" {
			return plain("The user is invalid")
		}
		who.Agent, who.Name, who.Teams = a.ID, a.Name, a.Teams
	}
	conv, err := f.Conversations.Conversation(ctx, who, id.Conversation(inquiry))
	switch {
	case isMissing(err) || err == nil && conv.Status == conversation.Closed:
		return structured("error-not-found", "Inquiry not found")
	case err != nil:
		return err
	case conv.Status != conversation.Queued:
		return structured("error-inquiry-taken", "Inquiry already taken")
	}
	st, err := f.Accounts.AgentStatus(ctx, c.tenant, who.Agent, f.Clock.Now())
	if err != nil {
		return err
	}
	if !st.Available() {
		return structured("error-agent-status-service-offline", "Agent status is offline or Omnichannel service is not active")
	}
	_, err = f.Routing.Claim(ctx, who, conv.ID)
	switch errs.ReasonOf(err) {
	case "conversation_moved":
		err = structured("error-inquiry-taken", "Inquiry already taken")
	case "agent_full":
		err = plain("error-max-number-simultaneous-chats-reached")
	}
	return err
}

func (f *Front) setInquirySLA(ctx context.Context, c *call) (any, error) {
	var in struct{ RoomID, SLA string }
	if err := c.read(dict(maybe("roomId", text), maybe("sla", text)), &in); err != nil {
		return nil, err
	}
	for _, p := range []struct{ name, value string }{{"roomId", in.RoomID}, {"sla", in.SLA}} {
		if p.value == "" {
			return nil, plain("The '" + p.name + "' param is required")
		}
	}
	conv, err := f.found(ctx, c, in.RoomID, "error-invalid-inquiry")
	if err != nil {
		return nil, err
	}
	if conv.Status != conversation.Queued {
		return nil, plain("error-invalid-inquiry")
	}
	return object{}, f.rankedBy(f.Priorities.SetAgreement(ctx, actor.ForSystem(c.tenant), conv.ID, in.SLA))
}

// rankedBy puts what priorities refuse into the words of the contract.
func (f *Front) rankedBy(err error) error {
	switch errs.ReasonOf(err) {
	case "agreement_not_found":
		return plain("error-invalid-sla")
	case "level_not_found":
		return plain("error-invalid-priority")
	}
	return err
}

// mostServed bounds the rooms that the figures of the queue are counted from.
const mostServed = 5000

// queue answers livechat/queue: open rooms by agent and department.
func (f *Front) queue(ctx context.Context, c *call) (any, error) {
	w, err := c.window()
	if err != nil {
		return nil, err
	}
	q := conversation.Query{State: conversation.Served, Limit: conversation.MaxDetails}
	if a := c.arg("agentId"); a != "" {
		q.Agents = []id.Agent{id.Agent(a)}
	}
	if t := c.arg("departmentId"); t != "" {
		q.Teams = []id.Team{id.Team(t)}
	}
	counts := map[routing.AgentTeam]int{}
	for q.Offset < mostServed {
		list, total, err := f.Conversations.Look(ctx, grant.Lend(c.who, "view-livechat-manager"), q)
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
	return page("queue", list, w), err
}

// queueRows puts the figures of the queue into rows, the most chats first.
func (f *Front) queueRows(ctx context.Context, c *call, counts map[routing.AgentTeam]int) ([]object, error) {
	book, err := f.Accounts.Book(ctx, c.tenant)
	if err != nil {
		return nil, err
	}
	var list []object
	for key, n := range counts {
		a, err := f.agent(ctx, c.tenant, key.Agent)
		if err != nil {
			return nil, err
		}
		st, err := f.Accounts.AgentStatus(ctx, c.tenant, key.Agent, f.Clock.Now())
		if err != nil && !isMissing(err) {
			return nil, err
		}
		if presenceOf(st) == "offline" && !c.yes("includeOfflineAgents") {
			continue
		}
		o := object{"user": object{"_id": a.ID, "username": a.Username, "status": presenceOf(st)}, "chats": n}
		if t, ok := book.Teams[key.Team]; ok {
			o["department"] = object{"_id": t.ID, "name": t.Name}
		}
		list = append(list, o)
	}
	slices.SortFunc(list, func(x, y object) int { return y["chats"].(int) - x["chats"].(int) })
	return list, nil
}
