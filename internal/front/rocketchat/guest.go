package rocketchat

import (
	"context"
	"strings"

	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/visitor"
)

// visitorMethods adds the methods that visitors call without a login.
func (f *Front) visitorMethods() {
	f.methods.add(
		method{name: "livechat:registerGuest", do: f.guestMethod},
		method{name: "livechat:loginByToken", do: f.tokenMethod},
		method{name: "livechat:loadHistory", do: f.historyMethod},
		method{name: "sendMessageLivechat", do: f.guestSendMethod},
		method{name: "livechat:setUpConnection", do: f.setUpMethod},
	)
}

func (f *Front) guestMethod(ctx context.Context, c *call, p params) (any, error) {
	var in struct{ Token, Name, Email, Department string }
	shape := dict(maybe("token", text), maybe("name", text), maybe("email", text), maybe("department", text)).open().matched()
	if err := shape.decode(p.at(0), &in); err != nil {
		return nil, err
	}
	if strings.TrimSpace(in.Token) == "" {
		return nil, structured("error-invalid-token", "Invalid token")
	}
	team, err := f.department(ctx, c.tenant, in.Department)
	if err != nil {
		return nil, err
	}
	k, _, err := f.Visitors.Register(ctx, visitor.Registration{Tenant: c.tenant, Inbox: c.inbox, Token: in.Token, Name: in.Name, Email: in.Email, Team: team})
	if err != nil {
		return nil, err
	}
	v := visitorOf(k)
	return object{"userId": v.ID, "visitor": object{"_id": v.ID, "token": v.Token, "name": v.Name, "username": v.Username, "visitorEmails": v.Emails,
		"department": v.Department}}, nil
}

func (f *Front) tokenMethod(ctx context.Context, c *call, p params) (any, error) {
	token, err := p.text(0)
	if err != nil {
		return nil, err
	}
	k, err := f.Visitors.ByToken(ctx, c.tenant, token)
	if errs.CodeOf(err) == errs.NotFound {
		return nil, nil
	}
	return object{"_id": k.Visitor.ID}, err
}

func (f *Front) historyMethod(ctx context.Context, c *call, p params) (any, error) {
	var in struct {
		Token, Rid string
		Limit      int
	}
	shape := dict(must("token", text), must("rid", text), maybe("limit", integer), maybe("end", anything), maybe("ls", anything)).open().matched()
	if err := shape.decode(p.at(0), &in); err != nil {
		return nil, err
	}
	k, err := f.Visitors.ByToken(ctx, c.tenant, in.Token)
	if errs.CodeOf(err) == errs.NotFound {
		return nil, structured("invalid-visitor", "Invalid Visitor")
	}
	if err != nil {
		return nil, err
	}
	w := window{0, historyCount}
	if in.Limit > 0 {
		w.count = min(in.Limit, historyMost)
	}
	list, err := f.past(ctx, visitorActor(k.Visitor), k, id.Conversation(in.Rid), conversation.Range{}, w)
	if errs.CodeOf(err) == errs.NotFound {
		return nil, structured("invalid-room", "Invalid room")
	}
	return object{"messages": list, "firstUnread": nil, "unreadNotLoaded": 0}, err
}

// guestSendMethod is the method sendMessageLivechat. A room that is closed or
// unknown makes a new one.
func (f *Front) guestSendMethod(ctx context.Context, c *call, p params) (any, error) {
	var in struct {
		Token string
		draftMessage
	}
	if err := dict(maybe("_id", text), must("rid", text), must("msg", text), must("token", text)).open().matched().decode(p.at(0), &in); err != nil {
		return nil, err
	}
	k, err := f.Visitors.ByToken(ctx, c.tenant, in.Token)
	if err != nil {
		return nil, err
	}
	send := conversation.PostInput{Conversation: id.Conversation(in.Rid), Kind: conversation.Text, Text: in.Msg, ClientID: in.ID, Blank: true}
	m, err := f.Conversations.Post(ctx, visitorActor(k.Visitor), send)
	fresh := false
	if reason := errs.ReasonOf(err); reason == "conversation_closed" || reason == "conversation_not_found" {
		var conv conversation.Conversation
		if conv, fresh, err = f.start(ctx, c, k, ""); err != nil {
			return nil, err
		}
		send.Conversation = conv.ID
		m, err = f.Conversations.Post(ctx, visitorActor(k.Visitor), send)
	}
	if err != nil {
		return nil, err
	}
	a, err := f.authors(ctx, k)
	if err != nil {
		return nil, err
	}
	v, _ := a.message(m.Message)
	return sent{messageView: v, NewRoom: fresh}, nil
}

// setUpMethod binds a connection to a visitor's token. Over REST there is no
// connection.
func (f *Front) setUpMethod(ctx context.Context, c *call, p params) (any, error) {
	var in struct{ Token string }
	if err := dict(must("token", text)).open().matched().decode(p.at(0), &in); err != nil {
		return nil, err
	}
	if c.bind != nil {
		return c.bind(ctx, in.Token)
	}
	return object{"token": in.Token}, nil
}
