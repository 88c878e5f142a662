package rocketchat

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/grant"
	"parlor/internal/id"
	"parlor/internal/routing"
)

// roomActions adds what agents do with rooms.
func (f *Front) roomActions() {
	f.add(
		route{method: http.MethodPost, path: "livechat/room.closeByUser", do: f.closeByUser, auth: true, needs: []string{"close-livechat-room"}},
		route{method: http.MethodPost, path: "livechat/room.forward", do: f.forward, auth: true, needs: []string{"view-l-room"}},
		route{method: http.MethodGet, path: "livechat/room.join", do: f.join, auth: true, needs: []string{"view-l-room"}},
		route{method: http.MethodPost, path: "livechat/room.onHold", do: f.hold, auth: true, needs: []string{"on-hold-livechat-room"}},
		route{method: http.MethodPost, path: "livechat/room.resumeOnHold", do: f.resume, auth: true, needs: []string{"view-l-room"}},
		route{method: http.MethodPost, path: "livechat/inquiries.returnAsInquiry", do: f.returnAsInquiry, auth: true, needs: []string{"view-l-room"}},
	)
}

// lent is the caller with what a permission means, if it has it.
func (c *call) lent(ctx context.Context, permission string) (actor.Actor, bool, error) {
	ok, err := c.may(ctx, permission)
	if !ok || err != nil {
		return c.who, false, err
	}
	return grant.Lend(c.who, permission), true, nil
}

// serves lends the caller what it needs for a room of its own, or with the
// permission for a room of others; allowed is false if it has neither.
func (f *Front) serves(ctx context.Context, c *call, conv conversation.Conversation, others string) (who actor.Actor, allowed bool, err error) {
	if conv.Agent == c.who.Agent && conv.Agent != "" {
		return c.who, true, nil
	}
	return c.lent(ctx, others)
}

var closeByUserShape = dict(must("rid", text), maybe("comment", text), maybe("tags", list(text)), maybe("generateTranscriptPdf", boolean), maybe("forceClose", boolean),
	maybe("transcriptEmail", dict(must("sendToVisitor", boolean), maybe("requestData", dict(must("email", text), must("subject", text))))))

type closeByUserBody struct {
	Rid, Comment    string
	Tags            []string
	TranscriptEmail struct {
		SendToVisitor bool
		RequestData   struct{ Email, Subject string }
	}
}

func (f *Front) closeByUser(ctx context.Context, c *call) (any, error) {
	var in closeByUserBody
	if err := c.read(closeByUserShape, &in); err != nil {
		return nil, err
	}
	conv, err := f.found(ctx, c, in.Rid, "error-invalid-room")
	if err != nil {
		return nil, err
	}
	if conv.Status == conversation.Closed {
		return nil, plain("error-room-already-closed")
	}
	who, allowed, err := f.serves(ctx, c, conv, "close-others-livechat-room")
	if err != nil {
		return nil, err
	}
	if !allowed {
		return nil, plain("error-not-authorized")
	}
	company, err := f.company(ctx, c)
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(in.Comment) == "" && company.On("Livechat_request_comment_when_closing_conversation") {
		return nil, plain("error-comment-is-required")
	}
	if len(in.Tags) > 0 {
		if _, err := f.Conversations.Label(ctx, who, conv.ID, in.Tags, true); err != nil {
			return nil, err
		}
	}
	if t := in.TranscriptEmail; t.SendToVisitor && t.RequestData.Email != "" {
		wish := conversation.DetailChange{Transcript: &conversation.TranscriptWish{Email: t.RequestData.Email, Subject: t.RequestData.Subject, By: who.Agent, At: f.Clock.Now()}}
		if err := f.Conversations.Describe(ctx, who, conv.ID, wish); err != nil {
			return nil, err
		}
	}
	_, err = f.Conversations.CloseWith(ctx, who, conv.ID, conversation.EndByAgent, in.Comment)
	if errs.ReasonOf(err) == "conversation_closed" {
		err = plain("error-room-already-closed")
	}
	return object{}, err
}

var forwardShape = dict(must("roomId", text), maybe("userId", text), maybe("departmentId", text), maybe("comment", text), maybe("clientAction", boolean))

// forward answers room.forward.
func (f *Front) forward(ctx context.Context, c *call) (any, error) {
	who, allowed, err := c.lent(ctx, "transfer-livechat-guest")
	if err != nil {
		return nil, err
	}
	if !allowed {
		return nil, errPermission
	}
	var in struct{ RoomID, UserID, DepartmentID, Comment string }
	if err := c.read(forwardShape, &in); err != nil {
		return nil, err
	}
	conv, err := f.found(ctx, c, in.RoomID, "error-invalid-room")
	switch {
	case err != nil:
		return nil, err
	case conv.Status == conversation.Closed:
		return nil, plain("This_conversation_is_already_closed")
	case conv.HeldAt != nil:
		return nil, plain("error-room-onHold")
	}
	to := routing.Target{Agent: id.Agent(in.UserID), Team: id.Team(in.DepartmentID), Note: in.Comment, Direct: true}
	if err := f.checkTarget(ctx, c, conv, to); err != nil {
		return nil, err
	}
	_, err = f.Routing.Transfer(ctx, who, conv.ID, to)
	switch errs.ReasonOf(err) {
	case "agent_unavailable", "agent_disabled", "agent_not_found":
		err = plain("error-user-is-offline")
	case "agent_full":
		err = plain("error-max-number-simultaneous-chats-reached")
	case "team_not_found":
		err = plain("error-invalid-department")
	case "conversation_closed":
		err = plain("This_conversation_is_already_closed")
	case "conversation_moved":
		err = plain("error-forwarding-chat")
	}
	return object{}, err
}

// checkTarget tells in the words of the contract why a target cannot take a room.
func (f *Front) checkTarget(ctx context.Context, c *call, conv conversation.Conversation, to routing.Target) error {
	if to.Agent == "" && to.Team == "" {
		return plain("error-forwarding-chat")
	}
	if to.Agent != "" {
		st, err := f.Accounts.AgentStatus(ctx, c.tenant, to.Agent, f.Clock.Now())
		switch {
		case isMissing(err):
			return plain("error-user-is-offline")
		case err != nil:
			return err
		case to.Agent == conv.Agent:
			return plain("error-selected-agent-room-agent-are-same")
		case !st.Available():
			return plain("error-user-is-offline")
		case to.Team != "" && !slices.Contains(st.Teams, to.Team):
			return plain("error-user-not-belong-to-department")
		}
		return nil
	}
	return f.checkDepartment(ctx, c, conv, to.Team)
}

// checkDepartment refuses a department that cannot take a room now.
func (f *Front) checkDepartment(ctx context.Context, c *call, conv conversation.Conversation, team id.Team) error {
	teams, err := f.Routing.Teams(ctx, c.tenant)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(teams, func(t routing.TeamLoad) bool { return t.ID == team })
	switch {
	case i < 0:
		return plain("error-invalid-department")
	case conv.Team == team && conv.Status == conversation.Open:
		return plain("error-forwarding-chat-same-department")
	case teams[i].Ready == 0:
		return plain("error-no-agents-online-in-department")
	}
	return nil
}

func (f *Front) join(ctx context.Context, c *call) (any, error) {
	if err := c.readQuery(dict(must("roomId", text)), &struct{}{}); err != nil {
		return nil, err
	}
	conv, err := f.found(ctx, c, c.arg("roomId"), "error-invalid-room")
	if err != nil {
		return nil, err
	}
	if conv.Status == conversation.Closed {
		return nil, plain("room-closed")
	}
	who := c.who
	for _, p := range []string{"view-livechat-rooms", "view-livechat-manager"} {
		lent, ok, err := c.lent(ctx, p)
		if err != nil {
			return nil, err
		}
		if ok {
			who = lent
		}
	}
	err = f.Conversations.Join(ctx, who, conv.ID)
	if isMissing(err) {
		err = plain("error-not-allowed")
	}
	return object{}, err
}

var roomIDShape = dict(must("roomId", text))

// holding reads the room that is to be put on hold or taken off it, and whether
// the caller may.
func (f *Front) holding(ctx context.Context, c *call) (conv conversation.Conversation, who actor.Actor, err error) {
	var in struct{ RoomID string }
	if err = c.read(roomIDShape, &in); err != nil {
		return conv, who, err
	}
	if conv, err = f.found(ctx, c, in.RoomID, "error-invalid-room"); err != nil {
		return conv, who, err
	}
	who, allowed, err := f.serves(ctx, c, conv, "on-hold-others-livechat-room")
	switch {
	case err != nil:
	case !allowed:
		err = plain("Not_authorized")
	case conv.Status == conversation.Closed:
		err = plain("error-room-already-closed")
	}
	return conv, who, err
}

func (f *Front) hold(ctx context.Context, c *call) (any, error) {
	conv, who, err := f.holding(ctx, c)
	if err != nil {
		return nil, err
	}
	company, err := f.company(ctx, c)
	switch {
	case err != nil:
		return nil, err
	case conv.HeldAt != nil:
		return nil, plain("error-room-is-already-on-hold")
	case conv.LastFrom == actor.Visitor && company.On("Livechat_allow_manual_on_hold_upon_agent_engagement_only"):
		return nil, plain("error-cannot-place-chat-on-hold")
	}
	_, err = f.Conversations.Hold(ctx, who, conv.ID, "")
	switch errs.ReasonOf(err) {
	case "conversation_queued":
		err = plain("error-unserved-rooms-cannot-be-placed-onhold")
	case "held":
		err = plain("error-room-is-already-on-hold")
	}
	return object{}, err
}

func (f *Front) resume(ctx context.Context, c *call) (any, error) {
	conv, who, err := f.holding(ctx, c)
	switch {
	case err != nil:
		return nil, err
	case conv.HeldAt == nil:
		return nil, plain("error-room-not-on-hold")
	case conv.Agent == "":
		return nil, plain("error-room-not-served")
	}
	_, err = f.Conversations.Unhold(ctx, who, conv.ID)
	if errs.ReasonOf(err) == "agent_full" {
		err = plain("error-max-number-simultaneous-chats-reached")
	}
	return object{}, err
}

var returnShape = dict(must("roomId", text), maybe("departmentId", text))

// returnAsInquiry puts a room into the queue again.
func (f *Front) returnAsInquiry(ctx context.Context, c *call) (any, error) {
	var in struct{ RoomID, DepartmentID string }
	if err := c.read(returnShape, &in); err != nil {
		return nil, err
	}
	done, err := f.returned(ctx, c, in.RoomID, in.DepartmentID)
	return object{"result": done}, err
}

// returned puts a room into the queue and reports whether it did.
func (f *Front) returned(ctx context.Context, c *call, rid, department string) (bool, error) {
	conv, err := f.found(ctx, c, rid, "error-invalid-room")
	switch {
	case err != nil:
		return false, err
	case conv.Status == conversation.Closed:
		return false, plain("room-closed")
	case conv.HeldAt != nil:
		return false, plain("error-room-onHold")
	case conv.Status == conversation.Queued:
		return false, nil
	}
	who := c.who
	if conv.Agent != who.Agent {
		if lent, ok, err := c.lent(ctx, "transfer-livechat-guest"); err != nil {
			return false, err
		} else if ok {
			who = lent
		}
	}
	_, err = f.Routing.Return(ctx, who, conv.ID, id.Team(department))
	switch errs.ReasonOf(err) {
	case "team_not_found":
		err = plain("error-invalid-department")
	case "not_your_conversation":
		err = refused()
	}
	return err == nil, err
}

// isAgent reports whether somebody can serve rooms.
func isAgent(a account.Agent) bool {
	return !a.Disabled && (a.Has(account.Member) || a.Has(account.Supervisor) || a.Has(account.Admin))
}
