package guest

import (
	"context"
	"strings"

	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/front/rocketchat/contract"
	"parlor/internal/id"
	"parlor/internal/visitor"
)

// visitorMethods adds the methods that visitors call without a login.
func (f *Front) visitorMethods() {
	f.AddMethods(
		contract.Method{Name: "livechat:registerGuest", Do: f.guestMethod},
		contract.Method{Name: "livechat:loginByToken", Do: f.tokenMethod},
		contract.Method{Name: "livechat:loadHistory", Do: f.historyMethod},
		contract.Method{Name: "sendMessageLivechat", Do: f.guestSendMethod},
		contract.Method{Name: "livechat:setUpConnection", Do: f.setUpMethod},
	)
}

func (f *Front) guestMethod(ctx context.Context, c *contract.Call, p contract.Params) (any, error) {
	var in struct{ Token, Name, Email, Department, Identity string }
	shape := contract.Dict(contract.Maybe("token", contract.Text), contract.Maybe("name", contract.Text), contract.Maybe("email", contract.Text), contract.Maybe("department", contract.Text), contract.Maybe("identity", contract.Text)).Open().Matched()
	if err := shape.Decode(p.At(0), &in); err != nil {
		return nil, err
	}
	if strings.TrimSpace(in.Token) == "" {
		return nil, contract.Structured("error-invalid-token", "Invalid token")
	}
	team, err := f.Department(ctx, c.Tenant, in.Department)
	if err != nil {
		return nil, err
	}
	k, err := f.meet(ctx, visitor.Registration{Tenant: c.Tenant, Inbox: c.Inbox, Token: in.Token, Name: in.Name, Email: in.Email, Team: team}, in.Identity)
	if err != nil {
		return nil, err
	}
	v := contract.VisitorOf(k)
	return contract.Object{"userId": v.ID, "visitor": contract.Object{"_id": v.ID, "token": v.Token, "name": v.Name, "username": v.Username, "visitorEmails": v.Emails,
		"department": v.Department}}, nil
}

func (f *Front) tokenMethod(ctx context.Context, c *contract.Call, p contract.Params) (any, error) {
	token, err := p.Text(0)
	if err != nil {
		return nil, err
	}
	k, err := f.Visitors.ByToken(ctx, c.Tenant, token)
	if errs.CodeOf(err) == errs.NotFound {
		return nil, nil
	}
	return contract.Object{"_id": k.Visitor.ID}, err
}

func (f *Front) historyMethod(ctx context.Context, c *contract.Call, p contract.Params) (any, error) {
	var in struct {
		Token, Rid string
		Limit      int
	}
	shape := contract.Dict(contract.Must("token", contract.Text), contract.Must("rid", contract.Text), contract.Maybe("limit", contract.Integer), contract.Maybe("end", contract.Anything), contract.Maybe("ls", contract.Anything)).Open().Matched()
	if err := shape.Decode(p.At(0), &in); err != nil {
		return nil, err
	}
	k, err := f.Visitors.ByToken(ctx, c.Tenant, in.Token)
	if errs.CodeOf(err) == errs.NotFound {
		return nil, contract.Structured("invalid-visitor", "Invalid Visitor")
	}
	if err != nil {
		return nil, err
	}
	w := contract.Window{Count: contract.HistoryCount}
	if in.Limit > 0 {
		w.Count = min(in.Limit, contract.HistoryMost)
	}
	list, err := f.past(ctx, k.Visitor.Actor(), k, id.Conversation(in.Rid), conversation.Range{}, w)
	if errs.CodeOf(err) == errs.NotFound {
		return nil, contract.Structured("invalid-room", "Invalid room")
	}
	return contract.Object{"messages": list, "firstUnread": nil, "unreadNotLoaded": 0}, err
}

// guestSendMethod is the method sendMessageLivechat. A room that is closed or
// unknown makes a new one.
func (f *Front) guestSendMethod(ctx context.Context, c *contract.Call, p contract.Params) (any, error) {
	var in struct {
		Token string
		contract.DraftMessage
	}
	if err := contract.Dict(contract.Maybe("_id", contract.Text), contract.Must("rid", contract.Text), contract.Must("msg", contract.Text), contract.Must("token", contract.Text)).Open().Matched().Decode(p.At(0), &in); err != nil {
		return nil, err
	}
	k, err := f.Visitors.ByToken(ctx, c.Tenant, in.Token)
	if err != nil {
		return nil, err
	}
	send := conversation.PostInput{Conversation: id.Conversation(in.Rid), Kind: conversation.Text, Text: in.Msg, ClientID: in.ID, Blank: true}
	m, err := f.Conversations.Post(ctx, k.Visitor.Actor(), send)
	fresh := false
	if reason := errs.ReasonOf(err); reason == "conversation_closed" || reason == "conversation_not_found" {
		var conv conversation.Conversation
		if conv, fresh, err = f.start(ctx, c, k, ""); err != nil {
			return nil, err
		}
		send.Conversation = conv.ID
		m, err = f.Conversations.Post(ctx, k.Visitor.Actor(), send)
	}
	if err != nil {
		return nil, err
	}
	a, err := f.Authors(ctx, k)
	if err != nil {
		return nil, err
	}
	v, _ := a.Message(m.Message)
	return sent{MessageView: v, NewRoom: fresh}, nil
}

// setUpMethod binds a connection to a visitor's token. Over REST there is no
// connection.
func (f *Front) setUpMethod(ctx context.Context, c *contract.Call, p contract.Params) (any, error) {
	var in struct{ Token string }
	if err := contract.Dict(contract.Must("token", contract.Text)).Open().Matched().Decode(p.At(0), &in); err != nil {
		return nil, err
	}
	if c.Bind != nil {
		return c.Bind(ctx, in.Token)
	}
	return contract.Object{"token": in.Token}, nil
}
