package guest

import (
	"context"
	"net/http"
	"strings"

	"parlor/internal/errs"
	"parlor/internal/front/httpx"
	"parlor/internal/front/rocketchat/contract"
	"parlor/internal/id"
	"parlor/internal/visitor"
)

// registerShape is the body of POST livechat/visitor.
var registerShape = contract.Dict(
	contract.Must("visitor", contract.Dict(contract.Must("token", contract.Text), contract.Maybe("name", contract.Text), contract.Maybe("email", contract.Text), contract.Maybe("phone", contract.Text), contract.Maybe("username", contract.Text), contract.Maybe("id", contract.Text),
		contract.Maybe("department", contract.Text), contract.Maybe("identity", contract.Text), contract.Maybe("customFields", contract.List(contract.Dict(contract.Must("key", contract.Text), contract.Must("value", contract.Text), contract.Must("overwrite", contract.Boolean)))),
		contract.Maybe("connectionData", contract.Anything)).Open()),
).Matched()

type registerBody struct {
	Visitor struct {
		Token, Name, Email, Phone, Username, ID, Department string
		// Identity is a token of ours: who the company says that the visitor is.
		Identity     string
		CustomFields []contract.CustomValue
	}
}

// visitors adds the calls about visitors by their token.
func (f *Front) visitors() {
	f.Add(
		contract.Route{Method: http.MethodPost, Path: "livechat/visitor", Do: f.register, Calls: 5},
		contract.Route{Method: http.MethodGet, Path: "livechat/visitor/:token", Do: f.visitorByToken},
		contract.Route{Method: http.MethodPost, Path: "livechat/visitor.status", Do: f.visitorStatus},
	)
}

// register answers POST livechat/visitor: it recognises a visitor or makes one.
func (f *Front) register(ctx context.Context, c *contract.Call) (any, error) {
	var in registerBody
	if err := c.Read(registerShape, &in); err != nil {
		return nil, err
	}
	v := in.Visitor
	if strings.TrimSpace(v.Token) == "" {
		return nil, contract.Structured("error-invalid-token", "Token cannot be empty")
	}
	r := visitor.Registration{Tenant: c.Tenant, Inbox: c.Inbox, Token: v.Token, ID: id.Visitor(v.ID), Username: v.Username, Name: v.Name, Email: v.Email, Phone: v.Phone}
	if v.Department != "" {
		team, err := f.Department(ctx, c.Tenant, v.Department)
		if err != nil {
			return nil, err
		}
		if team == "" {
			return nil, contract.Structured("error-invalid-department", "The provided department is invalid")
		}
		r.Team = team
	}
	r.Seen.Browser, r.Seen.OS, r.Seen.Mobile = httpx.UserAgent(c.R.UserAgent())
	r.Seen.IP = f.Clients.Of(c.R)
	k, err := f.meet(ctx, r, v.Identity)
	switch errs.ReasonOf(err) {
	case "bad_email":
		return nil, contract.Structured("error-invalid-email", errs.MessageOf(err))
	case "visitor_exists":
		return nil, contract.Structured("error-livechat-visitor-registration", "")
	}
	if err != nil {
		return nil, err
	}
	if len(v.CustomFields) > 0 {
		if _, err := f.FillFields(ctx, k, v.CustomFields, true); err != nil {
			return nil, err
		}
	}
	view, err := f.WithData(ctx, contract.VisitorOf(k), c.Tenant)
	return contract.Object{"visitor": view}, err
}

// meet registers a visitor the way its inbox recognises them.
func (f *Front) meet(ctx context.Context, r visitor.Registration, identity string) (visitor.Known, error) {
	book, err := f.Accounts.Book(ctx, r.Tenant)
	if err != nil {
		return visitor.Known{}, err
	}
	in := book.Inboxes[r.Inbox].Settings
	r.ByPhone, r.ByEmail = in.MatchPhone, in.MatchEmail
	k, err := f.Identities.Register(ctx, r, identity)
	return k, unidentified(err)
}

// unidentified puts an identity that does not hold, or is missing, into the words of
// the contract.
func unidentified(err error) error {
	switch errs.ReasonOf(err) {
	case "identity_invalid", "identity_expired", "identity_required":
		return contract.Structured("error-"+strings.ReplaceAll(errs.ReasonOf(err), "_", "-"), errs.MessageOf(err))
	}
	return err
}

func (f *Front) visitorByToken(ctx context.Context, c *contract.Call) (any, error) {
	k, err := f.Visitors.ByToken(ctx, c.Tenant, c.Params["token"])
	if errs.CodeOf(err) == errs.NotFound {
		return nil, contract.Structured("invalid-token", "")
	}
	if err != nil {
		return nil, err
	}
	view, err := f.WithChat(ctx, contract.VisitorOf(k), c.Tenant)
	return contract.Object{"visitor": view}, err
}

var statusShape = contract.Dict(contract.Must("token", contract.Text), contract.Must("status", contract.Text)).Matched()

func (f *Front) visitorStatus(ctx context.Context, c *contract.Call) (any, error) {
	var in struct{ Token, Status string }
	if err := c.Read(statusShape, &in); err != nil {
		return nil, err
	}
	k, err := f.Visitors.ByToken(ctx, c.Tenant, in.Token)
	if err != nil {
		return nil, err
	}
	if err := f.Visitors.SetStatus(ctx, c.Tenant, k.Visitor.ID, in.Status); err != nil {
		return nil, err
	}
	return contract.Object{"token": in.Token, "status": in.Status}, nil
}
