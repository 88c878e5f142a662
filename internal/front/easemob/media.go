package easemob

import (
	"context"
	"encoding/json"
	"strconv"

	"parlor/internal/actor"
	calls "parlor/internal/call"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/intake"
	"parlor/internal/visitor"
)

// The words of calls on the wire.
const (
	mediaAction = "Agorartcmedia"
	mediaType   = "agorartcmedia/video"
	// boardApp names whose whiteboard it is.
	boardApp = "parlor"
)

// The users of a call on the wire.
const (
	agentUID   = 1001
	visitorUID = 1002
)

// media registers the calls about video.
func (f *Front) media() {
	f.wall("DELETE /v1/rtcmedia/serviceSession/{session}/conferences", func(ctx context.Context, c *call) (any, error) {
		talk, err := f.Conversations.Conversation(ctx, actor.ForSystem(c.tenant), id.Conversation(c.PathValue("session")))
		if err != nil {
			return nil, err
		}
		_, _, err = f.Video.Withdraw(ctx, c.tenant, talk.ID)
		return nil, err
	})
}

// mediaExt is what a message says of a call.
type mediaExt struct {
	Kinds struct {
		Invitation json.RawMessage `json:"liveStreamInvitation"`
		Reject     json.RawMessage `json:"visitorRejectInvitation"`
		Cancel     json.RawMessage `json:"visitorCancelInvitation"`
		Accept     json.RawMessage `json:"visitorAcceptInvitation"`
		Board      json.RawMessage `json:"whiteboardInvitaion"`
	} `json:"msgtype"`
}

// invites reports whether a message invites to a call.
func invites(raw json.RawMessage) bool {
	var e mediaExt
	return len(raw) > 0 && json.Unmarshal(raw, &e) == nil && len(e.Kinds.Invitation) > 0
}

// inviteMedia begins the call that a message of the visitor asks for. Without an
// agent, or beside a call that goes on, the message is all there is.
func (f *Front) inviteMedia(ctx context.Context, k visitor.Known, got intake.Received, raw json.RawMessage) error {
	if v, ok, err := readVideoVisit(raw); ok || err != nil {
		return f.askVideo(ctx, got, v)
	}
	c := got.Conversation.ID
	_, err := f.Video.Invite(ctx, k.Visitor.Actor(), c, calls.Video)
	switch errs.ReasonOf(err) {
	case "no_agent", "call_running", "calls_off":
		return nil
	}
	return err
}

// signalMedia takes what the visitor's page says of the call that goes on. What comes
// too late, or is about another call, changes nothing.
func (f *Front) signalMedia(ctx context.Context, k visitor.Known, raw json.RawMessage) error {
	var e mediaExt
	if err := decode(raw, &e); err != nil {
		return err
	}
	word := e.Kinds.Board
	for _, other := range []json.RawMessage{e.Kinds.Accept, e.Kinds.Reject, e.Kinds.Cancel} {
		if len(other) > 0 {
			word = other
		}
	}
	if len(word) == 0 {
		return faultParam
	}
	var about struct {
		Call *int64 `json:"callId"`
	}
	if err := decode(word, &about); err != nil {
		return err
	}
	c, err := f.Conversations.Active(ctx, k.Visitor.Tenant, k.Visitor.ID)
	if errs.CodeOf(err) == errs.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	who := k.Visitor.Actor()
	got, ok, err := f.Video.Running(ctx, who, c.ID)
	if err != nil || !ok || about.Call != nil && *about.Call != got.Number {
		return err
	}
	switch {
	case len(e.Kinds.Reject) > 0 || len(e.Kinds.Cancel) > 0:
		_, err = f.Video.Leave(ctx, who, got.ID, false)
	case len(e.Kinds.Accept) > 0:
		_, err = f.Video.Accept(ctx, who, got.ID)
	default:
		err = f.Video.Board(ctx, who, got.ID)
	}
	switch errs.ReasonOf(err) {
	case "call_over", "call_not_answered":
		return nil
	}
	return err
}

// mediaMessage is what the line of a call tells the visitor's page: the ticket when it
// begins, the whiteboard, and the end. It is nil for other lines.
func (f *Front) mediaMessage(p party, m conversation.Message) object {
	l := m.Line
	if l != nil && l.Name == conversation.LineCallAsked {
		return object{"rtcSession": rtcSession(p, m.Conversation, inbound)}
	}
	if l == nil || l.Call == "" {
		return nil
	}
	switch l.Name {
	case conversation.LineCalled:
		if l.Asked && l.ByAgent != "" {
			return object{"sendVisitorCallback": object{"rtcSessionId": m.Conversation, "callId": l.CallNumber, "agentTicket": agentTicket(l.AgentName)}}
		}
		return object{"sendVisitorTicket": object{"ticket": f.callTicket(p, l), "extend": object{}}}
	case conversation.LineCallAnswered:
		return object{"sendVisitorCallbackTicket": object{"ticket": f.callTicket(p, l)}}
	case conversation.LineBoard:
		return object{"roomData": object{"roomUUID": l.Call, "roomToken": f.Video.Ticket(p.tenant, l.Call, actor.Visitor), "appIdentifier": boardApp}}
	case conversation.LineCallEnded:
		if l.Asked && l.ByAgent != "" && l.Reason == calls.Cancelled {
			return object{"agentCancelCallback": object{"callId": l.CallNumber}}
		}
		return object{"videoPlayback": object{"callId": l.CallNumber, "duration": l.Duration, "reason": l.Reason}}
	}
	return nil
}

// callTicket is the visitor's way into the call of a line.
func (f *Front) callTicket(p party, l *conversation.Line) object {
	return mediaTicket(p, l.CallNumber, f.Video.Ticket(p.tenant, l.Call, actor.Visitor), l.AgentName)
}

func mediaTicket(p party, number int64, token, agent string) object {
	return object{"appId": appName(p.number), "channel": "call-" + strconv.FormatInt(number, 10), "token": token, "uid": visitorUID, "callId": number, "isThirdAgent": false,
		"agentTicket": agentTicket(agent)}
}

func agentTicket(name string) object {
	return object{"uid": agentUID, "niceName": name, "trueName": name}
}
