package rocketchat

import (
	"context"
	"net/http"

	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/leave"
	"parlor/internal/routing"
	"parlor/internal/transcript"
	"parlor/internal/visitor"
)

// visits adds the calls about what visitors do beside writing.
func (f *Front) visits() {
	f.add(
		route{method: http.MethodPost, path: "livechat/page.visited", do: f.pageVisited, calls: 60},
		route{method: http.MethodPost, path: "livechat/offline.message", do: f.offlineMessage},
		route{method: http.MethodPost, path: "livechat/transcript", do: f.transcript},
		route{method: http.MethodPost, path: "livechat/room.transfer", do: f.transferByVisitor},
		route{method: http.MethodPost, path: "livechat/visitor/department.transfer", do: f.transferByVisitor},
		route{method: http.MethodPost, path: "livechat/visitor.callStatus", do: f.callStatus},
	)
}

// pageInfo is a page that a visitor looks at.
type pageInfo struct {
	Change   string `json:"change"`
	Title    string `json:"title"`
	Location struct {
		Href string `json:"href"`
	} `json:"location"`
}

var pageShape = dict(must("token", text), maybe("rid", text), must("pageInfo", dict(must("change", text), must("title", text),
	must("location", dict(must("href", text)).open())).open()))

// pageVisited answers livechat/page.visited. A visitor who is known gets the page
// into its trail; of one who is not nothing is kept.
func (f *Front) pageVisited(ctx context.Context, c *call) (any, error) {
	var in struct {
		Token, Rid string
		PageInfo   pageInfo
	}
	if err := c.read(pageShape, &in); err != nil {
		return nil, err
	}
	company, err := f.company(ctx, c)
	if err != nil {
		return nil, err
	}
	if in.PageInfo.Change != company.Word("Livechat_history_monitor_type") {
		return object{}, nil
	}
	k, err := f.Visitors.ByToken(ctx, c.tenant, in.Token)
	if err == nil {
		err = f.Visitors.Look(ctx, visitorActor(k.Visitor), in.PageInfo.Location.Href, in.PageInfo.Title)
	}
	if err != nil && errs.CodeOf(err) != errs.NotFound {
		return nil, err
	}
	return object{"page": object{"msg": in.PageInfo.Title + " - " + in.PageInfo.Location.Href,
		"navigation": object{"page": in.PageInfo, "token": in.Token}}}, nil
}

var offlineShape = dict(must("name", text), must("email", text), must("message", text), maybe("department", text), maybe("host", text))

// offlineMessage answers livechat/offline.message.
func (f *Front) offlineMessage(ctx context.Context, c *call) (any, error) {
	var in struct{ Name, Email, Message, Department, Host string }
	if err := c.read(offlineShape, &in); err != nil {
		return nil, err
	}
	team, err := f.department(ctx, c.tenant, in.Department)
	if err != nil {
		return nil, err
	}
	who := actor.Actor{Kind: actor.Visitor, Tenant: c.tenant, Inbox: c.inbox, Name: in.Name}
	_, err = f.Leaves.Leave(ctx, who, leave.Input{Answers: map[string]string{"name": in.Name, "email": in.Email, "content": in.Message},
		Known: []string{"name", "email", "content"}, Team: team, Strict: true, URL: in.Host})
	if code := errs.CodeOf(err); code == errs.Invalid || code == errs.Conflict {
		return nil, plain("Error sending Omnichannel offline message")
	}
	return object{"message": "Livechat offline message sent"}, err
}

var transcriptShape = dict(must("token", text), must("rid", text), must("email", text))

// transcript answers livechat/transcript: the record goes to an address.
func (f *Front) transcript(ctx context.Context, c *call) (any, error) {
	var in struct{ Token, Rid, Email string }
	if err := c.read(transcriptShape, &in); err != nil {
		return nil, err
	}
	k, err := f.Visitors.ByToken(ctx, c.tenant, in.Token)
	if errs.CodeOf(err) == errs.NotFound {
		return nil, plain("error-invalid-visitor")
	}
	if err != nil {
		return nil, err
	}
	company, err := f.company(ctx, c)
	if err != nil {
		return nil, err
	}
	err = f.Transcripts.Send(ctx, visitorActor(k.Visitor), transcript.Letter{Conversation: id.Conversation(in.Rid), To: in.Email, Lang: company.Word("Language")})
	switch errs.ReasonOf(err) {
	case "conversation_not_found":
		return nil, plain("error-invalid-room")
	case "bad_email":
		return nil, plain("error-invalid-email")
	}
	return object{"message": "Omnichannel transcript sent"}, err
}

var transferShape = dict(must("token", text), must("rid", text), must("department", text))

// transferByVisitor answers livechat/room.transfer: the visitor goes to another
// department.
func (f *Front) transferByVisitor(ctx context.Context, c *call) (any, error) {
	var in struct{ Token, Rid, Department string }
	if err := c.read(transferShape, &in); err != nil {
		return nil, err
	}
	k, conv, err := f.roomOfVisitor(ctx, c.tenant, in.Token, in.Rid)
	if err != nil {
		return nil, err
	}
	team, err := f.department(ctx, c.tenant, in.Department)
	if err != nil {
		return nil, err
	}
	switch {
	case team == "":
		return nil, plain("error-invalid-department")
	case team == conv.Team:
		return nil, plain("error-forwarding-chat-same-department")
	}
	got, err := f.Routing.Transfer(ctx, visitorActor(k.Visitor), conv.ID, routing.Target{Team: team})
	if err != nil {
		return nil, err
	}
	return f.roomOnly(ctx, got.ID, k)
}

// roomOnly is the answer of calls that give the room back.
func (f *Front) roomOnly(ctx context.Context, rid id.Conversation, k visitor.Known) (any, error) {
	conv, err := f.Conversations.Conversation(ctx, visitorActor(k.Visitor), rid)
	if err != nil {
		return nil, err
	}
	r, err := f.roomOf(ctx, conv, k)
	return object{"room": r}, err
}

var callShape = dict(must("token", text), must("rid", text), must("callStatus", text), must("callId", text))

// callStatus answers livechat/visitor.callStatus. Calls are not carried here; the
// visitor's word is repeated.
func (f *Front) callStatus(ctx context.Context, c *call) (any, error) {
	var in struct{ Token, Rid, CallStatus, CallID string }
	if err := c.read(callShape, &in); err != nil {
		return nil, err
	}
	if _, _, err := f.roomOfVisitor(ctx, c.tenant, in.Token, in.Rid); err != nil {
		return nil, err
	}
	return object{"token": in.Token, "callStatus": in.CallStatus}, nil
}
