package easemob

import (
	"context"
	"crypto/hmac"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/identity"
	"parlor/internal/sign"
	"parlor/internal/visitor"
)

// webPrefix is the prefix of the calls of visitors' pages.
const webPrefix = "/v1/webimplugin"

// visitorCall is a call of a visitor's page with its visitor.
type visitorCall struct {
	*http.Request
	visitor.Known
	body []byte
}

// guestHandler answers a call of a visitor.
type guestHandler func(ctx context.Context, c *visitorCall) (any, error)

// guests registers a call for the visitor whose token the call shows: what the path
// says of the visitor counts for nothing then. A program names the visitor in the
// path or the query.
func (f *Front) guests(pattern string, h guestHandler) {
	f.mux.HandleFunc(pattern, f.answered(func(ctx context.Context, r *http.Request, body []byte) (id.Tenant, any, error) {
		k, err := f.caller(r)
		if err != nil {
			return k.Visitor.Tenant, nil, err
		}
		v, err := h(ctx, &visitorCall{r, k, body})
		return k.Visitor.Tenant, v, err
	}))
}

// caller is the visitor for whom a call is made.
func (f *Front) caller(r *http.Request) (k visitor.Known, err error) {
	if token := visitorToken(r); token != "" {
		if k, err = f.guest(r, token); err == nil {
			err = f.Calls.Take("kefu visitor " + string(k.Visitor.ID))
		}
		return k, err
	}
	q, tenant := r.URL.Query(), r.PathValue("tenant")
	if tenant == "" {
		tenant = q.Get("tenantId")
	}
	c, err := f.program(r, tenant)
	if err != nil {
		return k, err
	}
	name := r.PathValue("v")
	for _, key := range []string{"userName", "visitorEasemobId"} {
		if v := q.Get(key); v != "" {
			name = v
		}
	}
	inbox, err := f.inbox(r.Context(), c.tenant, q.Get("imServiceNumber"))
	if err != nil {
		return k, err
	}
	if k, err = f.Intake.Visitor(r.Context(), c.tenant, inbox, name, false); errs.CodeOf(err) != errs.NotFound {
		return k, err
	}
	if k.Visitor, err = f.Visitors.Visitor(r.Context(), c.tenant, id.Visitor(name)); err != nil {
		return k, err
	}
	k.Identity, err = f.Visitors.Identity(r.Context(), c.tenant, k.Visitor.ID)
	return k, err
}

// open registers a call that needs no token: the tenant stands in the path or query.
func (f *Front) open(pattern string, h func(ctx context.Context, c *call) (any, error)) {
	f.mux.HandleFunc(pattern, f.answered(func(ctx context.Context, r *http.Request, body []byte) (t id.Tenant, v any, err error) {
		number := r.PathValue("tenant")
		if number == "" {
			number = r.URL.Query().Get("tenantId")
		}
		tenant, err := f.tenantOf(ctx, number)
		if err == nil {
			err = f.Calls.Take("kefu address " + f.Clients.Of(r))
		}
		if err != nil {
			return tenant.ID, nil, err
		}
		v, err = h(ctx, &call{Request: r, tenant: tenant.ID, number: tenant.Number, body: body})
		return tenant.ID, v, err
	}))
}

// password is the word by which a page shows that it is a visitor. It is given out
// once, when the visitor is made, and begins with the inbox.
func (f *Front) password(v visitor.Visitor) string {
	return string(v.Inbox) + "." + base64.RawURLEncoding.EncodeToString(sign.Of(f.Key, "easemob password", string(v.Tenant), string(v.Inbox), string(v.ID))[:24])
}

// makeVisitor answers POST visitors. A name that somebody has already is refused
// unless a program asks: whoever knows a name is not its owner.
func (f *Front) makeVisitor(ctx context.Context, c *call) (any, error) {
	var in struct {
		Number string `json:"imServiceNumber"`
		Name   string `json:"specifiedUserName"`
		// Identity is a token of ours: who the company says that the visitor is.
		Identity string `json:"identity"`
	}
	if len(c.body) > 0 {
		if err := c.json(&in); err != nil {
			return nil, err
		}
	}
	inbox, err := f.inbox(ctx, c.tenant, in.Number)
	if err != nil {
		return nil, err
	}
	if in.Identity != "" {
		return f.signedVisitor(ctx, c, inbox, in.Identity)
	}
	if err := f.Identities.Admits(ctx, c.tenant, inbox); err != nil {
		if _, perr := f.program(c.Request, c.URL.Query().Get("tenantId")); perr != nil {
			return nil, err
		}
	}
	if in.Name == "" {
		in.Name = "webim-visitor-" + strings.ToUpper(id.Secret(20))
	}
	if _, err := f.Intake.Visitor(ctx, c.tenant, inbox, in.Name, false); errs.CodeOf(err) != errs.NotFound {
		if err != nil {
			return nil, faultMake
		}
		if _, err := f.program(c.Request, c.URL.Query().Get("tenantId")); err != nil {
			return nil, faultMake
		}
	}
	k, err := f.Intake.Visitor(ctx, c.tenant, inbox, in.Name, true)
	if err != nil {
		return nil, err
	}
	return plain{object{"status": "OK", "userId": k.Identity.Username, "userPassword": f.password(k.Visitor), "nicename": k.Visitor.Name,
		"entity": object{"userId": k.Identity.Username, "userPassword": f.password(k.Visitor), "nicename": k.Visitor.Name}}}, nil
}

// signedVisitor answers with the visitor whose identity the company has signed, and
// with a token instead of a password: there is none for such a visitor.
func (f *Front) signedVisitor(ctx context.Context, c *call, inbox id.Inbox, token string) (any, error) {
	v, err := f.Identities.Arrive(ctx, identity.Arrival{Identity: token, Seen: visitor.Visitor{Tenant: c.tenant, Inbox: inbox, IP: f.Clients.Of(c.Request)}})
	if err != nil {
		return nil, err
	}
	o := object{"userId": v.External, "nicename": v.Name, "access_token": f.Visitors.Token(v), "expires_in": int(v.Until.Sub(f.Clock.Now()).Seconds())}
	return plain{object{"status": "OK", "userId": o["userId"], "nicename": v.Name, "access_token": o["access_token"], "expires_in": o["expires_in"], "entity": o}}, nil
}

// visitorPassword answers GET visitors/password2 for programs and for the visitor itself.
func (f *Front) visitorPassword(ctx context.Context, c *call) (any, error) {
	q := c.URL.Query()
	var k visitor.Known
	var err error
	if token := visitorToken(c.Request); token != "" {
		if k, err = f.guest(c.Request, token); err == nil && (k.Visitor.Verified || k.Visitor.Tenant != c.tenant || !strings.EqualFold(k.Identity.Username, q.Get("userId"))) {
			err = faultUser
		}
	} else if _, err = f.program(c.Request, q.Get("tenantId")); err == nil {
		var inbox id.Inbox
		if inbox, err = f.inbox(ctx, c.tenant, q.Get("imServiceNumber")); err == nil {
			k, err = f.Intake.Visitor(ctx, c.tenant, inbox, q.Get("userId"), false)
		}
	}
	if code := errs.CodeOf(err); code == errs.NotFound || code == errs.Invalid || errors.Is(err, faultToken) {
		return nil, faultUser
	}
	if err != nil {
		return nil, err
	}
	return object{"userPassword": f.password(k.Visitor), "nicename": k.Visitor.Name}, nil
}

// imToken answers POST /parlor/{app}/token: a visitor's token for its password.
func (f *Front) imToken(ctx context.Context, r *http.Request, body []byte) (t id.Tenant, v any, err error) {
	var in struct {
		Grant    string `json:"grant_type"`
		Name     string `json:"username"`
		Password string `json:"password"`
	}
	if err = json.Unmarshal(body, &in); err != nil || in.Grant != "password" || words(in.Name, in.Password) != nil {
		return "", nil, faultParam
	}
	tenant, err := f.tenantOf(ctx, strings.TrimPrefix(r.PathValue("app"), "kefuchannelapp"))
	if err != nil {
		return "", nil, err
	}
	if err = f.Entries.Take("kefu visitor " + f.Clients.Of(r)); err != nil {
		return tenant.ID, nil, err
	}
	inbox, _, _ := strings.Cut(in.Password, ".")
	k, err := f.Intake.Visitor(ctx, tenant.ID, id.Inbox(inbox), in.Name, false)
	if code := errs.CodeOf(err); code == errs.NotFound || code == errs.Invalid {
		return tenant.ID, nil, faultToken
	}
	if err != nil {
		return tenant.ID, nil, err
	}
	if !hmac.Equal([]byte(in.Password), []byte(f.password(k.Visitor))) {
		return tenant.ID, nil, faultToken
	}
	return tenant.ID, plain{object{"access_token": f.Visitors.Token(k.Visitor), "expires_in": tokenLife, "user": object{"username": k.Identity.Username, "activated": true}}}, nil
}

// tokenLife is what pages are told of a token's life, in seconds: 60 days.
const tokenLife = 60 * 24 * 3600
