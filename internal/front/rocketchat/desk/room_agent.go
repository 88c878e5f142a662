package desk

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/front/rocketchat/contract"
	"parlor/internal/grant"
	"parlor/internal/id"
	"parlor/internal/routing"
)

// roomActions adds what agents do with rooms.
func (f *Front) roomActions() {
	f.Add(
		contract.Route{Method: http.MethodPost, Path: "livechat/room.closeByUser", Do: f.closeByUser, Auth: true, Needs: []string{"close-livechat-room"}},
		contract.Route{Method: http.MethodPost, Path: "livechat/room.forward", Do: f.forward, Auth: true, Needs: []string{"view-l-room"}},
		contract.Route{Method: http.MethodGet, Path: "livechat/room.join", Do: f.join, Auth: true, Needs: []string{"view-l-room"}},
		contract.Route{Method: http.MethodPost, Path: "livechat/room.onHold", Do: f.hold, Auth: true, Needs: []string{"on-hold-livechat-room"}},
		contract.Route{Method: http.MethodPost, Path: "livechat/room.resumeOnHold", Do: f.resume, Auth: true, Needs: []string{"view-l-room"}},
		contract.Route{Method: http.MethodPost, Path: "livechat/inquiries.returnAsInquiry", Do: f.returnAsInquiry, Auth: true, Needs: []string{"view-l-room"}},
	)
}

// lent is the caller with what a permission means, if it has it.
func lent(ctx context.Context, c *contract.Call, permission string) (actor.Actor, bool, error) {
	ok, err := c.May(ctx, permission)
	if !ok || err != nil {
		return c.Who, false, err
	}
	return grant.Lend(c.Who, permission), true, nil
}

// serves lends the caller what it needs for a room of its own, or with the
// permission for a room of others; allowed is false if it has neither.
func (f *Front) serves(ctx context.Context, c *contract.Call, conv conversation.Conversation, others string) (who actor.Actor, allowed bool, err error) {
	if conv.Agent == c.Who.Agent && conv.Agent != "" {
		return c.Who, true, nil
	}
	return lent(ctx, c, others)
}

var closeByUserShape = contract.Dict(contract.Must("rid", contract.Text), contract.Maybe("comment", contract.Text), contract.Maybe("tags", contract.List(contract.Text)), contract.Maybe("generateTranscriptPdf", contract.Boolean), contract.Maybe("forceClose", contract.Boolean),
	contract.Maybe("transcriptEmail", contract.Dict(contract.Must("sendToVisitor", contract.Boolean), contract.Maybe("requestData", contract.Dict(contract.Must("email", contract.Text), contract.Must("subject", contract.Text))))))

type closeByUserBody struct {
	Rid, Comment    string
	Tags            []string
	TranscriptEmail struct {
		SendToVisitor bool
		RequestData   struct{ Email, Subject string }
	}
}

func (f *Front) closeByUser(ctx context.Context, c *contract.Call) (any, error) {
	var in closeByUserBody
	if err := c.Read(closeByUserShape, &in); err != nil {
		return nil, err
	}
	conv, err := f.Found(ctx, c, in.Rid, "error-invalid-room")
	if err != nil {
		return nil, err
	}
	if conv.Status == conversation.Closed {
		return nil, contract.Plain("error-room-already-closed")
	}
	who, allowed, err := f.serves(ctx, c, conv, "close-others-livechat-room")
	if err != nil {
		return nil, err
	}
	if !allowed {
		return nil, contract.Plain("error-not-authorized")
	}
	company, err := f.Company(ctx, c)
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(in.Comment) == "" && company.On("Livechat_request_comment_when_closing_conversation") {
		return nil, contract.Plain("error-comment-is-required")
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
		err = contract.Plain("error-room-already-closed")
	}
	return contract.Object{}, err
}

var forwardShape = contract.Dict(contract.Must("roomId", contract.Text), contract.Maybe("userId", contract.Text), contract.Maybe("departmentId", contract.Text), contract.Maybe("comment", contract.Text), contract.Maybe("clientAction", contract.Boolean))

// forward answers room.forward.
func (f *Front) forward(ctx context.Context, c *contract.Call) (any, error) {
	who, allowed, err := lent(ctx, c, "transfer-livechat-guest")
	if err != nil {
		return nil, err
	}
	if !allowed {
		return nil, contract.ErrPermission
	}
	var in struct{ RoomID, UserID, DepartmentID, Comment string }
	if err := c.Read(forwardShape, &in); err != nil {
		return nil, err
	}
	conv, err := f.Found(ctx, c, in.RoomID, "error-invalid-room")
	switch {
	case err != nil:
		return nil, err
	case conv.Status == conversation.Closed:
		return nil, contract.Plain("This_conversation_is_already_closed")
	case conv.HeldAt != nil:
		return nil, contract.Plain("error-room-onHold")
	}
	to := routing.Target{Agent: id.Agent(in.UserID), Team: id.Team(in.DepartmentID), Note: in.Comment, Direct: true}
	if err := f.checkTarget(ctx, c, conv, to); err != nil {
		return nil, err
	}
	_, err = f.Routing.Transfer(ctx, who, conv.ID, to)
	switch errs.ReasonOf(err) {
	case "agent_unavailable", "agent_disabled", "agent_not_found":
		err = contract.Plain("error-user-is-offline")
	case "agent_full":
		err = contract.Plain("error-max-number-simultaneous-chats-reached")
	case "team_not_found":
		err = contract.Plain("error-invalid-department")
	case "conversation_closed":
		err = contract.Plain("This_conversation_is_already_closed")
	case "conversation_moved":
		err = contract.Plain("error-forwarding-chat")
	}
	return contract.Object{}, err
}

// checkTarget tells in the words of the contract why a target cannot take a room.
func (f *Front) checkTarget(ctx context.Context, c *contract.Call, conv conversation.Conversation, to routing.Target) error {
	if to.Agent == "" && to.Team == "" {
		return contract.Plain("error-forwarding-chat")
	}
	if to.Agent != "" {
		st, err := f.Accounts.AgentStatus(ctx, c.Tenant, to.Agent, f.Clock.Now())
		switch {
		case contract.IsMissing(err):
			return contract.Plain("error-user-is-offline")
		case err != nil:
			return err
		case to.Agent == conv.Agent:
			return contract.Plain("error-selected-agent-room-agent-are-same")
		case !st.Available():
			return contract.Plain("error-user-is-offline")
		case to.Team != "" && !slices.Contains(st.Teams, to.Team):
			return contract.Plain("error-user-not-belong-to-department")
		}
		return nil
	}
	return f.checkDepartment(ctx, c, conv, to.Team)
}

// checkDepartment refuses a department that cannot take a room now.
func (f *Front) checkDepartment(ctx context.Context, c *contract.Call, conv conversation.Conversation, team id.Team) error {
	teams, err := f.Routing.Teams(ctx, c.Tenant)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(teams, func(t routing.TeamLoad) bool { return t.ID == team })
	switch {
	case i < 0:
		return contract.Plain("error-invalid-department")
	case conv.Team == team && conv.Status == conversation.Open:
		return contract.Plain("error-forwarding-chat-same-department")
	case teams[i].Ready == 0:
		return contract.Plain("error-no-agents-online-in-department")
	}
	return nil
}

func (f *Front) join(ctx context.Context, c *contract.Call) (any, error) {
	if err := c.ReadQuery(contract.Dict(contract.Must("roomId", contract.Text)), &struct{}{}); err != nil {
		return nil, err
	}
	conv, err := f.Found(ctx, c, c.Arg("roomId"), "error-invalid-room")
	if err != nil {
		return nil, err
	}
	if conv.Status == conversation.Closed {
		return nil, contract.Plain("room-closed")
	}
	who := c.Who
	for _, p := range []string{"view-livechat-rooms", "view-livechat-manager"} {
		lent, ok, err := lent(ctx, c, p)
		if err != nil {
			return nil, err
		}
		if ok {
			who = lent
		}
	}
	err = f.Conversations.Join(ctx, who, conv.ID)
	if contract.IsMissing(err) {
		err = contract.Plain("error-not-allowed")
	}
	return contract.Object{}, err
}

var roomIDShape = contract.Dict(contract.Must("roomId", contract.Text))

// holding reads the room that is to be put on hold or taken off it, and whether
// the caller may.
func (f *Front) holding(ctx context.Context, c *contract.Call) (conv conversation.Conversation, who actor.Actor, err error) {
	var in struct{ RoomID string }
	if err = c.Read(roomIDShape, &in); err != nil {
		return conv, who, err
	}
	if conv, err = f.Found(ctx, c, in.RoomID, "error-invalid-room"); err != nil {
		return conv, who, err
	}
	who, allowed, err := f.serves(ctx, c, conv, "on-hold-others-livechat-room")
	switch {
	case err != nil:
	case !allowed:
		err = contract.Plain("Not_authorized")
	case conv.Status == conversation.Closed:
		err = contract.Plain("error-room-already-closed")
	}
	return conv, who, err
}

func (f *Front) hold(ctx context.Context, c *contract.Call) (any, error) {
	conv, who, err := f.holding(ctx, c)
	if err != nil {
		return nil, err
	}
	company, err := f.Company(ctx, c)
	switch {
	case err != nil:
		return nil, err
	case conv.HeldAt != nil:
		return nil, contract.Plain("error-room-is-already-on-hold")
	case conv.LastFrom == actor.Visitor && company.On("Livechat_allow_manual_on_hold_upon_agent_engagement_only"):
		return nil, contract.Plain("error-cannot-place-chat-on-hold")
	}
	_, err = f.Conversations.Hold(ctx, who, conv.ID, "")
	switch errs.ReasonOf(err) {
	case "conversation_queued":
		err = contract.Plain("error-unserved-rooms-cannot-be-placed-onhold")
	case "held":
		err = contract.Plain("error-room-is-already-on-hold")
	}
	return contract.Object{}, err
}

func (f *Front) resume(ctx context.Context, c *contract.Call) (any, error) {
	conv, who, err := f.holding(ctx, c)
	switch {
	case err != nil:
		return nil, err
	case conv.HeldAt == nil:
		return nil, contract.Plain("error-room-not-on-hold")
	case conv.Agent == "":
		return nil, contract.Plain("error-room-not-served")
	}
	_, err = f.Conversations.Unhold(ctx, who, conv.ID)
	if errs.ReasonOf(err) == "agent_full" {
		err = contract.Plain("error-max-number-simultaneous-chats-reached")
	}
	return contract.Object{}, err
}

var returnShape = contract.Dict(contract.Must("roomId", contract.Text), contract.Maybe("departmentId", contract.Text))

// returnAsInquiry puts a room into the queue again.
func (f *Front) returnAsInquiry(ctx context.Context, c *contract.Call) (any, error) {
	var in struct{ RoomID, DepartmentID string }
	if err := c.Read(returnShape, &in); err != nil {
		return nil, err
	}
	done, err := f.returned(ctx, c, in.RoomID, in.DepartmentID)
	return contract.Object{"result": done}, err
}

// returned puts a room into the queue and reports whether it did.
func (f *Front) returned(ctx context.Context, c *contract.Call, rid, department string) (bool, error) {
	conv, err := f.Found(ctx, c, rid, "error-invalid-room")
	switch {
	case err != nil:
		return false, err
	case conv.Status == conversation.Closed:
		return false, contract.Plain("room-closed")
	case conv.HeldAt != nil:
		return false, contract.Plain("error-room-onHold")
	case conv.Status == conversation.Queued:
		return false, nil
	}
	who := c.Who
	if conv.Agent != who.Agent {
		if lent, ok, err := lent(ctx, c, "transfer-livechat-guest"); err != nil {
			return false, err
		} else if ok {
			who = lent
		}
	}
	_, err = f.Routing.Return(ctx, who, conv.ID, id.Team(department))
	switch errs.ReasonOf(err) {
	case "team_not_found":
		err = contract.Plain("error-invalid-department")
	case "not_your_conversation":
		err = contract.Refused()
	}
	return err == nil, err
}

// isAgent reports whether somebody can serve rooms.
func isAgent(a account.Agent) bool {
	return !a.Disabled && (a.Has(account.Member) || a.Has(account.Supervisor) || a.Has(account.Admin))
}
