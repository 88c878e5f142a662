package guest

import (
	"context"
	"net/http"

	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/front/rocketchat/contract"
	"parlor/internal/id"
	"parlor/internal/visitor"
)

// rooms adds the calls by which visitors open and close rooms.
func (f *Front) rooms() {
	f.Add(
		contract.Route{Method: http.MethodGet, Path: "livechat/room", Do: f.openRoom, Calls: 5},
		contract.Route{Method: http.MethodPost, Path: "livechat/room.close", Do: f.closeRoom},
	)
}

var openShape = contract.Dict(contract.Must("token", contract.Text), contract.Maybe("rid", contract.Text), contract.Maybe("agentId", contract.Text), contract.Maybe("sla", contract.Text), contract.Maybe("priority", contract.Text)).Matched()

// openRoom answers GET livechat/room: the open room of a visitor, or a new one.
// The conversation's own rule makes sure that there is one at a time.
func (f *Front) openRoom(ctx context.Context, c *contract.Call) (any, error) {
	var in struct{ Token, Rid, AgentID, SLA, Priority string }
	if err := c.ReadQuery(openShape, &in); err != nil {
		return nil, err
	}
	k, err := f.Visitors.ByToken(ctx, c.Tenant, in.Token)
	if err != nil {
		return nil, err
	}
	active, err := f.Conversations.Active(ctx, c.Tenant, k.Visitor.ID)
	switch {
	case err != nil && errs.CodeOf(err) != errs.NotFound:
		return nil, err
	case err == nil && (in.Rid == "" || in.Rid == string(active.ID)):
		return f.roomAnswer(ctx, active, k, false)
	case in.Rid != "":
		return nil, contract.Plain("invalid-room")
	}
	if err := f.checkRank(ctx, c.Tenant, in.SLA, in.Priority); err != nil {
		return nil, err
	}
	conv, fresh, err := f.start(ctx, c, k, id.Agent(in.AgentID))
	if err == nil && fresh {
		err = f.rankNew(ctx, conv, in.SLA, in.Priority)
	}
	if err == nil && fresh {
		// A visitor who was recognised as a contact has its name now.
		k, err = f.Visitors.ByToken(ctx, c.Tenant, in.Token)
	}
	if err != nil {
		return nil, err
	}
	return f.roomAnswer(ctx, conv, k, fresh)
}

// checkRank refuses a service level or a priority that does not exist, before a
// room is made for it.
func (f *Front) checkRank(ctx context.Context, t id.Tenant, sla, level string) error {
	if sla != "" {
		if _, err := f.Priorities.Agreement(ctx, t, sla); contract.IsMissing(err) {
			return contract.Structured("error-invalid-sla", "Invalid SLA")
		} else if err != nil {
			return err
		}
	}
	if level != "" {
		if _, err := f.Priorities.Level(ctx, t, level); contract.IsMissing(err) {
			return contract.Structured("error-invalid-priority", "Invalid priority")
		} else if err != nil {
			return err
		}
	}
	return nil
}

// rankNew gives a new room its service level and its priority.
func (f *Front) rankNew(ctx context.Context, conv conversation.Conversation, sla, level string) error {
	who := actor.ForSystem(conv.Tenant)
	if sla != "" {
		if err := f.Priorities.SetAgreement(ctx, who, conv.ID, sla); err != nil {
			return err
		}
	}
	if level == "" {
		return nil
	}
	return f.Priorities.SetLevel(ctx, who, conv.ID, level)
}

// start starts a conversation, unless nobody is there to answer.
func (f *Front) start(ctx context.Context, c *contract.Call, k visitor.Known, agent id.Agent) (conv conversation.Conversation, fresh bool, err error) {
	company, err := f.Company(ctx, c)
	if err != nil {
		return conv, false, err
	}
	if !company.On("Livechat_enabled") {
		return conv, false, contract.Structured("error-omnichannel-is-disabled", "")
	}
	a, err := f.Routing.Admit(ctx, k.Visitor.Actor(), conversation.StartInput{Channel: roomChannel(c.R), Team: k.Identity.Team, Agent: agent, Address: f.Clients.Of(c.R),
		NeedAgent: !company.On("Livechat_accept_chats_with_no_agents")})
	switch errs.ReasonOf(err) {
	case "no_agent", "closed", "queue_full", "known_only":
		return conv, false, contract.Structured("no-agent-online", "Sorry, no online agents")
	}
	if err != nil {
		return conv, false, unidentified(err)
	}
	return a.Conversation, a.Created, nil
}

func (f *Front) roomAnswer(ctx context.Context, conv conversation.Conversation, k visitor.Known, fresh bool) (any, error) {
	r, err := f.ActiveRoom(ctx, conv, k)
	return contract.Object{"room": r, "newRoom": fresh}, err
}

// roomChannel is where a room comes from: the widget says so in cookies.
func roomChannel(r *http.Request) string {
	is, err1 := r.Cookie("rc_is_widget")
	kind, err2 := r.Cookie("rc_room_type")
	if err1 == nil && err2 == nil && is.Value == "t" && kind.Value == "l" {
		return "widget"
	}
	return "api"
}

var closeShape = contract.Dict(contract.Must("token", contract.Text), contract.Must("rid", contract.Text))

func (f *Front) closeRoom(ctx context.Context, c *contract.Call) (any, error) {
	var in struct{ Token, Rid string }
	if err := c.Read(closeShape, &in); err != nil {
		return nil, err
	}
	k, conv, err := f.roomOfVisitor(ctx, c.Tenant, in.Token, in.Rid)
	if err != nil {
		return nil, err
	}
	_, err = f.Conversations.End(ctx, k.Visitor.Actor(), conv.ID)
	if errs.ReasonOf(err) == "closed_at_once" {
		return nil, contract.Plain("error-room-cannot-be-closed-try-again")
	}
	if err != nil {
		return nil, err
	}
	if err := f.recordFor(ctx, c, conv); err != nil {
		return nil, err
	}
	return contract.Object{"rid": in.Rid, "comment": "Closed by visitor"}, nil
}

// roomOfVisitor finds a visitor by token and a room that is the visitor's own.
func (f *Front) roomOfVisitor(ctx context.Context, t id.Tenant, token, rid string) (k visitor.Known, conv conversation.Conversation, err error) {
	if k, err = f.Visitors.ByToken(ctx, t, token); err != nil {
		return k, conv, err
	}
	conv, err = f.Conversations.Conversation(ctx, k.Visitor.Actor(), id.Conversation(rid))
	return k, conv, err
}
