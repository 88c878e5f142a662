package guest

import (
	"context"
	"net/http"

	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/front/rocketchat/contract"
	"parlor/internal/id"
	"parlor/internal/leave"
	"parlor/internal/routing"
	"parlor/internal/transcript"
	"parlor/internal/visitor"
)

// visits adds the calls about what visitors do beside writing.
func (f *Front) visits() {
	f.Add(
		contract.Route{Method: http.MethodPost, Path: "livechat/page.visited", Do: f.pageVisited, Calls: 60},
		contract.Route{Method: http.MethodPost, Path: "livechat/offline.message", Do: f.offlineMessage},
		contract.Route{Method: http.MethodPost, Path: "livechat/transcript", Do: f.transcript},
		contract.Route{Method: http.MethodPost, Path: "livechat/room.transfer", Do: f.transferByVisitor},
		contract.Route{Method: http.MethodPost, Path: "livechat/visitor/department.transfer", Do: f.transferByVisitor},
		contract.Route{Method: http.MethodPost, Path: "livechat/visitor.callStatus", Do: f.callStatus},
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

var pageShape = contract.Dict(contract.Must("token", contract.Text), contract.Maybe("rid", contract.Text), contract.Must("pageInfo", contract.Dict(contract.Must("change", contract.Text), contract.Must("title", contract.Text),
	contract.Must("location", contract.Dict(contract.Must("href", contract.Text)).Open())).Open()))

// pageVisited answers livechat/page.visited. A visitor who is known gets the page
// into its trail; of one who is not nothing is kept.
func (f *Front) pageVisited(ctx context.Context, c *contract.Call) (any, error) {
	var in struct {
		Token, Rid string
		PageInfo   pageInfo
	}
	if err := c.Read(pageShape, &in); err != nil {
		return nil, err
	}
	company, err := f.Company(ctx, c)
	if err != nil {
		return nil, err
	}
	if in.PageInfo.Change != company.Word("Livechat_history_monitor_type") {
		return contract.Object{}, nil
	}
	k, err := f.Visitors.ByToken(ctx, c.Tenant, in.Token)
	if err == nil {
		err = f.Visitors.Look(ctx, k.Visitor.Actor(), in.PageInfo.Location.Href, in.PageInfo.Title)
	}
	if err != nil && errs.CodeOf(err) != errs.NotFound {
		return nil, err
	}
	return contract.Object{"page": contract.Object{"msg": in.PageInfo.Title + " - " + in.PageInfo.Location.Href,
		"navigation": contract.Object{"page": in.PageInfo, "token": in.Token}}}, nil
}

var offlineShape = contract.Dict(contract.Must("name", contract.Text), contract.Must("email", contract.Text), contract.Must("message", contract.Text), contract.Maybe("department", contract.Text), contract.Maybe("host", contract.Text))

// offlineMessage answers livechat/offline.message.
func (f *Front) offlineMessage(ctx context.Context, c *contract.Call) (any, error) {
	var in struct{ Name, Email, Message, Department, Host string }
	if err := c.Read(offlineShape, &in); err != nil {
		return nil, err
	}
	team, err := f.Department(ctx, c.Tenant, in.Department)
	if err != nil {
		return nil, err
	}
	who := actor.Actor{Kind: actor.Visitor, Tenant: c.Tenant, Inbox: c.Inbox, Name: in.Name}
	_, err = f.Leaves.Leave(ctx, who, leave.Input{Answers: map[string]string{"name": in.Name, "email": in.Email, "content": in.Message},
		Known: []string{"name", "email", "content"}, Team: team, Strict: true, URL: in.Host})
	if code := errs.CodeOf(err); code == errs.Invalid || code == errs.Conflict {
		return nil, contract.Plain("Error sending Omnichannel offline message")
	}
	return contract.Object{"message": "Livechat offline message sent"}, err
}

var transcriptShape = contract.Dict(contract.Must("token", contract.Text), contract.Must("rid", contract.Text), contract.Must("email", contract.Text))

// transcript answers livechat/transcript: the record goes to an address.
func (f *Front) transcript(ctx context.Context, c *contract.Call) (any, error) {
	var in struct{ Token, Rid, Email string }
	if err := c.Read(transcriptShape, &in); err != nil {
		return nil, err
	}
	k, err := f.Visitors.ByToken(ctx, c.Tenant, in.Token)
	if errs.CodeOf(err) == errs.NotFound {
		return nil, contract.Plain("error-invalid-visitor")
	}
	if err != nil {
		return nil, err
	}
	company, err := f.Company(ctx, c)
	if err != nil {
		return nil, err
	}
	err = f.Transcripts.Send(ctx, k.Visitor.Actor(), transcript.Letter{Conversation: id.Conversation(in.Rid), To: in.Email, Lang: company.Word("Language")})
	switch errs.ReasonOf(err) {
	case "conversation_not_found":
		return nil, contract.Plain("error-invalid-room")
	case "bad_email":
		return nil, contract.Plain("error-invalid-email")
	}
	return contract.Object{"message": "Omnichannel transcript sent"}, err
}

var transferShape = contract.Dict(contract.Must("token", contract.Text), contract.Must("rid", contract.Text), contract.Must("department", contract.Text))

// transferByVisitor answers livechat/room.transfer: the visitor goes to another
// department.
func (f *Front) transferByVisitor(ctx context.Context, c *contract.Call) (any, error) {
	var in struct{ Token, Rid, Department string }
	if err := c.Read(transferShape, &in); err != nil {
		return nil, err
	}
	k, conv, err := f.roomOfVisitor(ctx, c.Tenant, in.Token, in.Rid)
	if err != nil {
		return nil, err
	}
	team, err := f.Department(ctx, c.Tenant, in.Department)
	if err != nil {
		return nil, err
	}
	if team == "" {
		return nil, contract.Plain("error-invalid-department")
	}
	got, err := f.Routing.Transfer(ctx, k.Visitor.Actor(), conv.ID, routing.Target{Team: team, Other: true})
	if errs.ReasonOf(err) == "same_team" {
		return nil, contract.Plain("error-forwarding-chat-same-department")
	}
	if err != nil {
		return nil, err
	}
	return f.roomOnly(ctx, got.ID, k)
}

// roomOnly is the answer of calls that give the room back.
func (f *Front) roomOnly(ctx context.Context, rid id.Conversation, k visitor.Known) (any, error) {
	conv, err := f.Conversations.Conversation(ctx, k.Visitor.Actor(), rid)
	if err != nil {
		return nil, err
	}
	r, err := f.RoomOf(ctx, conv, k)
	return contract.Object{"room": r}, err
}

var callShape = contract.Dict(contract.Must("token", contract.Text), contract.Must("rid", contract.Text), contract.Must("callStatus", contract.Text), contract.Must("callId", contract.Text))

// callStatus answers livechat/visitor.callStatus: how a call goes on, in the
// visitor's word.
func (f *Front) callStatus(ctx context.Context, c *contract.Call) (any, error) {
	var in struct{ Token, Rid, CallStatus, CallID string }
	if err := c.Read(callShape, &in); err != nil {
		return nil, err
	}
	k, conv, err := f.roomOfVisitor(ctx, c.Tenant, in.Token, in.Rid)
	if err != nil {
		return nil, err
	}
	if err := f.Conversations.SetCall(ctx, k.Visitor.Actor(), conv.ID, in.CallStatus); err != nil {
		return nil, err
	}
	return contract.Object{"token": in.Token, "callStatus": in.CallStatus}, nil
}
