package rocketchat

import (
	"context"
	"net/http"
	"strings"

	"parlor/internal/errs"
	"parlor/internal/front/httpx"
	"parlor/internal/id"
	"parlor/internal/visitor"
)

// registerShape is the body of POST livechat/visitor.
var registerShape = dict(
	must("visitor", dict(must("token", text), maybe("name", text), maybe("email", text), maybe("phone", text), maybe("username", text), maybe("id", text),
		maybe("department", text), maybe("customFields", list(dict(must("key", text), must("value", text), must("overwrite", boolean)))),
		maybe("connectionData", anything)).open()),
).matched()

type registerBody struct {
	Visitor struct {
		Token, Name, Email, Phone, Username, ID, Department string
		CustomFields                                        []customValue
	}
}

// customValue is a custom field as callers send it.
type customValue struct {
	Key       string `json:"key"`
	Value     string `json:"value"`
	Overwrite bool   `json:"overwrite"`
}

// visitors adds the calls about visitors by their token.
func (f *Front) visitors() {
	f.add(
		route{method: http.MethodPost, path: "livechat/visitor", do: f.register, calls: 5},
		route{method: http.MethodGet, path: "livechat/visitor/:token", do: f.visitorByToken},
		route{method: http.MethodPost, path: "livechat/visitor.status", do: f.visitorStatus},
	)
}

// register answers POST livechat/visitor: it recognises a visitor or makes one.
func (f *Front) register(ctx context.Context, c *call) (any, error) {
	var in registerBody
	if err := c.read(registerShape, &in); err != nil {
		return nil, err
	}
	v := in.Visitor
	if strings.TrimSpace(v.Token) == "" {
		return nil, structured("error-invalid-token", "Token cannot be empty")
	}
	r := visitor.Registration{Tenant: c.tenant, Inbox: c.inbox, Token: v.Token, ID: id.Visitor(v.ID), Username: v.Username, Name: v.Name, Email: v.Email, Phone: v.Phone}
	if v.Department != "" {
		team, err := f.department(ctx, c.tenant, v.Department)
		if err != nil {
			return nil, err
		}
		if team == "" {
			return nil, structured("error-invalid-department", "The provided department is invalid")
		}
		r.Team = team
	}
	r.Seen.Browser, r.Seen.OS, r.Seen.Mobile = httpx.UserAgent(c.r.UserAgent())
	r.Seen.IP = f.Clients.Of(c.r)
	k, _, err := f.Visitors.Register(ctx, r)
	switch errs.ReasonOf(err) {
	case "bad_email":
		return nil, structured("error-invalid-email", errs.MessageOf(err))
	case "visitor_exists":
		return nil, structured("error-livechat-visitor-registration", "")
	}
	if err != nil {
		return nil, err
	}
	if len(v.CustomFields) > 0 {
		if _, err := f.fillFields(ctx, k, v.CustomFields, true); err != nil {
			return nil, err
		}
	}
	view, err := f.withData(ctx, visitorOf(k), c.tenant)
	return object{"visitor": view}, err
}

// department finds a team by id or by its exact name, "" if there is none.
func (f *Front) department(ctx context.Context, t id.Tenant, which string) (id.Team, error) {
	book, err := f.Accounts.Book(ctx, t)
	if err != nil {
		return "", err
	}
	if _, ok := book.Teams[id.Team(which)]; ok {
		return id.Team(which), nil
	}
	for _, team := range book.Teams {
		if team.Name == which {
			return team.ID, nil
		}
	}
	return "", nil
}

func (f *Front) visitorByToken(ctx context.Context, c *call) (any, error) {
	k, err := f.Visitors.ByToken(ctx, c.tenant, c.params["token"])
	if errs.CodeOf(err) == errs.NotFound {
		return nil, structured("invalid-token", "")
	}
	if err != nil {
		return nil, err
	}
	view, err := f.withData(ctx, visitorOf(k), c.tenant)
	return object{"visitor": view}, err
}

var statusShape = dict(must("token", text), must("status", text)).matched()

func (f *Front) visitorStatus(ctx context.Context, c *call) (any, error) {
	var in struct{ Token, Status string }
	if err := c.read(statusShape, &in); err != nil {
		return nil, err
	}
	k, err := f.Visitors.ByToken(ctx, c.tenant, in.Token)
	if err != nil {
		return nil, err
	}
	if err := f.Visitors.SetStatus(ctx, c.tenant, k.Visitor.ID, in.Status); err != nil {
		return nil, err
	}
	return object{"token": in.Token, "status": in.Status}, nil
}

// known is a visitor with its identity.
type known = visitor.Known

func knownWith(v visitor.Visitor) known { return known{Visitor: v} }
