package desk

import (
	"context"
	"net/http"

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
	Rid, Comment string
	Tags         []string
	ForceClose   bool
	// GenerateTranscriptPdf has the record made at once.
	GenerateTranscriptPdf bool
	TranscriptEmail       struct {
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
	who, allowed, err := f.serves(ctx, c, conv, "close-others-livechat-room")
	if err != nil {
		return nil, err
	}
	if !allowed {
		return nil, contract.Plain("error-not-authorized")
	}
	form := conversation.FinishInput{Comment: in.Comment, Tags: in.Tags, Force: in.ForceClose}
	if t := in.TranscriptEmail; t.SendToVisitor && t.RequestData.Email != "" {
		form.Transcript = &conversation.TranscriptWish{Email: t.RequestData.Email, Subject: t.RequestData.Subject}
	}
	_, err = f.Conversations.Finish(ctx, who, conv.ID, form)
	switch errs.ReasonOf(err) {
	case "conversation_closed":
		err = contract.Plain("error-room-already-closed")
	case "closed_at_once":
		err = contract.Plain("error-room-cannot-be-closed-try-again")
	case "comment_missing":
		err = contract.Plain("error-comment-is-required")
	case "tag_missing":
		err = contract.Plain("error-tags-must-be-assigned-before-closing-chat")
	}
	if err == nil && in.GenerateTranscriptPdf {
		err = f.record(ctx, c, conv)
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
	to := routing.Target{Agent: id.Agent(in.UserID), Team: id.Team(in.DepartmentID), Note: in.Comment, Direct: true, Attended: true, Other: true}
	// The permission is for every room of which one has the id, a monitor's too.
	who.Bound = false
	_, err = f.Routing.Transfer(ctx, who, conv.ID, to)
	if code, ok := forwardFaults[errs.ReasonOf(err)]; ok {
		err = contract.Plain(code)
	}
	return contract.Object{}, err
}

// forwardFaults are what routing refuses in the words of the contract.
var forwardFaults = map[string]string{
	"same_team": "error-forwarding-chat-same-department", "one_target": "error-forwarding-chat", "conversation_moved": "error-forwarding-chat", "conversation_closed": "This_conversation_is_already_closed",
	"agent_unavailable": "error-user-is-offline", "agent_disabled": "error-user-is-offline", "agent_not_found": "error-user-is-offline",
	"agent_full": "error-max-number-simultaneous-chats-reached", "agent_not_in_team": "error-user-not-belong-to-department",
	"same_agent": "error-selected-agent-room-agent-are-same", "team_not_found": "error-invalid-department",
	"team_unattended": "error-no-agents-online-in-department", "forward_not_allowed": "error-forwarding-department-target-not-allowed",
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
	if conv.HeldAt != nil {
		return nil, contract.Plain("error-room-is-already-on-hold")
	}
	_, err = f.Conversations.Hold(ctx, who, conv.ID, "")
	switch errs.ReasonOf(err) {
	case "conversation_queued":
		err = contract.Plain("error-unserved-rooms-cannot-be-placed-onhold")
	case "visitor_waits":
		err = contract.Plain("error-cannot-place-chat-on-hold")
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
