package rocketchat

import (
	"context"
	"net/http"

	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/visitor"
)

// rooms adds the calls by which visitors open and close rooms.
func (f *Front) rooms() {
	f.roomLists()
	f.roomActions()
	f.roomPast()
	f.inquiries()
	f.priorities()
	f.roomMethods()
	f.customFields()
	f.guestsForAgents()
	f.add(
		route{method: http.MethodGet, path: "livechat/room", do: f.openRoom, calls: 5},
		route{method: http.MethodPost, path: "livechat/room.close", do: f.closeRoom},
	)
}

var openShape = dict(must("token", text), maybe("rid", text), maybe("agentId", text), maybe("sla", text), maybe("priority", text)).matched()

// openRoom answers GET livechat/room: the open room of a visitor, or a new one.
// The conversation's own rule makes sure that there is one at a time.
func (f *Front) openRoom(ctx context.Context, c *call) (any, error) {
	var in struct{ Token, Rid, AgentID, SLA, Priority string }
	if err := c.readQuery(openShape, &in); err != nil {
		return nil, err
	}
	k, err := f.Visitors.ByToken(ctx, c.tenant, in.Token)
	if err != nil {
		return nil, err
	}
	active, err := f.Conversations.Active(ctx, c.tenant, k.Visitor.ID)
	switch {
	case err != nil && errs.CodeOf(err) != errs.NotFound:
		return nil, err
	case err == nil && (in.Rid == "" || in.Rid == string(active.ID)):
		return f.roomAnswer(ctx, active, k, false)
	case in.Rid != "":
		return nil, plain("invalid-room")
	}
	if err := f.checkRank(ctx, c.tenant, in.SLA, in.Priority); err != nil {
		return nil, err
	}
	conv, fresh, err := f.start(ctx, c, k, id.Agent(in.AgentID))
	if err == nil && fresh {
		err = f.rankNew(ctx, conv, in.SLA, in.Priority)
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
		if _, err := f.Priorities.Agreement(ctx, t, sla); isMissing(err) {
			return structured("error-invalid-sla", "Invalid SLA")
		} else if err != nil {
			return err
		}
	}
	if level != "" {
		if _, err := f.Priorities.Level(ctx, t, level); isMissing(err) {
			return structured("error-invalid-priority", "Invalid priority")
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
func (f *Front) start(ctx context.Context, c *call, k visitor.Known, agent id.Agent) (conv conversation.Conversation, fresh bool, err error) {
	company, err := f.company(ctx, c)
	if err != nil {
		return conv, false, err
	}
	if !company.On("Livechat_enabled") {
		return conv, false, structured("error-omnichannel-is-disabled", "")
	}
	there, err := f.Accounts.AnyoneAvailable(ctx, c.tenant)
	if err != nil {
		return conv, false, err
	}
	if !there && !company.On("Livechat_accept_chats_with_no_agents") {
		return conv, false, structured("no-agent-online", "Sorry, no online agents")
	}
	a, err := f.Routing.Admit(ctx, visitorActor(k.Visitor), conversation.StartInput{Channel: roomChannel(c.r), Team: k.Identity.Team, Agent: agent, Address: f.Clients.Of(c.r)})
	switch errs.ReasonOf(err) {
	case "closed", "queue_full", "known_only":
		return conv, false, structured("no-agent-online", "Sorry, no online agents")
	}
	if err != nil {
		return conv, false, err
	}
	return a.Conversation, a.Created, nil
}

func (f *Front) roomAnswer(ctx context.Context, conv conversation.Conversation, k visitor.Known, fresh bool) (any, error) {
	r, err := f.roomOf(ctx, conv, k)
	return object{"room": r, "newRoom": fresh}, err
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

var closeShape = dict(must("token", text), must("rid", text))

func (f *Front) closeRoom(ctx context.Context, c *call) (any, error) {
	var in struct{ Token, Rid string }
	if err := c.read(closeShape, &in); err != nil {
		return nil, err
	}
	k, conv, err := f.roomOfVisitor(ctx, c.tenant, in.Token, in.Rid)
	if err != nil {
		return nil, err
	}
	if conv.Status == conversation.Closed {
		return nil, plain("room-closed")
	}
	if _, err := f.Conversations.Close(ctx, visitorActor(k.Visitor), conv.ID, conversation.EndByVisitor); err != nil {
		return nil, err
	}
	return object{"rid": in.Rid, "comment": "Closed by visitor"}, nil
}

// roomOfVisitor finds a visitor by token and a room that is the visitor's own.
func (f *Front) roomOfVisitor(ctx context.Context, t id.Tenant, token, rid string) (k visitor.Known, conv conversation.Conversation, err error) {
	if k, err = f.Visitors.ByToken(ctx, t, token); err != nil {
		return k, conv, err
	}
	conv, err = f.Conversations.Conversation(ctx, visitorActor(k.Visitor), id.Conversation(rid))
	return k, conv, err
}
