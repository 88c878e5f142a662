package easemob

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"

	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/online"
	"parlor/internal/robot"
	"parlor/internal/sign"
	"parlor/internal/visitor"
)

// What pages report, and what they are answered. The last two reports are ours: the
// contract has none for what became of a call.
const (
	reportVisit  = "VISIT_URL"
	reportAccept = "CALL_ACCEPTED"
	reportRefuse = "CALL_REFUSED"
	answerNone   = "OK"
	answerCall   = "INIT_CALL"
)

// Who reports: a guest by a word that only its browser knows, a visitor by its token.
const (
	reporterGuest = "GUEST"
	// minGuest is the shortest word of a guest: it cannot be guessed.
	minGuest = 16
	maxGuest = 100
)

// pageReport is what a page tells of who looks at it.
type pageReport struct {
	Type     string          `json:"type"`
	Tenant   json.RawMessage `json:"tenantId"`
	Number   string          `json:"imServiceNumber"`
	URL      string          `json:"url"`
	Title    string          `json:"title"`
	Referrer string          `json:"referrer"`
	User     struct {
		Type string `json:"type"`
		ID   string `json:"uid"`
	} `json:"userId"`
	// Invitation is ours: which one is answered.
	Invitation string `json:"invitationId"`
}

// collect answers POST /v1/event_collector/events: whether an agent asks for the visitor
// who looks at the page.
func (f *Front) collect(ctx context.Context, r *http.Request, body []byte) (t id.Tenant, v any, err error) {
	var in pageReport
	if err = decode(body, &in); err != nil {
		return "", nil, err
	}
	if in.Type != reportVisit && in.Type != reportAccept && in.Type != reportRefuse {
		return "", nil, faultParam
	}
	k, guest, err := f.reporter(ctx, r, in)
	if err != nil {
		return k.Visitor.Tenant, nil, err
	}
	if in.Type != reportVisit {
		_, err = f.Invites.Answer(ctx, k.Visitor.Actor(), in.Invitation, in.Type == reportAccept)
		return k.Visitor.Tenant, plain{object{"type": answerNone}}, err
	}
	look := online.Look{Tenant: k.Visitor.Tenant, Visitor: k.Visitor.ID, Inbox: k.Visitor.Inbox, URL: webAddress(in.URL), Title: in.Title, Referrer: webAddress(in.Referrer)}
	if guest || visitorToken(r) != "" { // a program is somewhere else
		look.IP = f.Clients.Of(r)
	}
	if err = f.Online.Reported(ctx, look); err == nil {
		v, err = f.callOf(ctx, r, k, guest)
	}
	return k.Visitor.Tenant, v, err
}

// reporter is who looks at the page that reports. A guest is made by its first report.
func (f *Front) reporter(ctx context.Context, r *http.Request, in pageReport) (k visitor.Known, guest bool, err error) {
	if in.User.Type != reporterGuest || visitorToken(r) != "" {
		k, err = f.caller(r)
		return k, false, err
	}
	number := r.URL.Query().Get("tenantId")
	if number == "" {
		number = strings.Trim(string(in.Tenant), `" `)
	}
	tenant, err := f.tenantOf(ctx, number)
	if err == nil {
		err = f.Calls.Take("kefu address " + f.Clients.Of(r))
	}
	k.Visitor.Tenant = tenant.ID
	if err != nil {
		return k, true, err
	}
	if n := len(in.User.ID); n < minGuest || n > maxGuest {
		return k, true, faultParam
	}
	inbox, err := f.inbox(ctx, tenant.ID, in.Number)
	if err == nil {
		err = f.Identities.Admits(ctx, tenant.ID, inbox)
	}
	if err != nil {
		return k, true, err
	}
	name := "webim-guest-" + strings.ToUpper(hex.EncodeToString(sign.Of(f.Key, "easemob guest", string(tenant.ID), string(inbox), in.User.ID)[:10]))
	if k, err = f.Intake.Visitor(ctx, tenant.ID, inbox, name, false); errs.CodeOf(err) == errs.NotFound {
		if err = f.Entries.Take("kefu visitor " + f.Clients.Of(r)); err == nil { // as for every new visitor
			k, err = f.Intake.Visitor(ctx, tenant.ID, inbox, name, true)
		}
	}
	k.Visitor.Tenant = tenant.ID
	return k, true, err
}

// callOf is the call of an agent that waits for the visitor's answer, if there is one and
// the visitor is not served already.
func (f *Front) callOf(ctx context.Context, r *http.Request, k visitor.Known, guest bool) (any, error) {
	who := k.Visitor.Actor()
	in, ok, err := f.Invites.Pending(ctx, who)
	if err != nil || !ok {
		return plain{object{"type": answerNone}}, err
	}
	if _, err = f.Conversations.Active(ctx, who.Tenant, who.Visitor); errs.CodeOf(err) != errs.NotFound {
		return plain{object{"type": answerNone}}, err
	}
	book, err := f.Accounts.Book(ctx, who.Tenant)
	if err != nil {
		return nil, err
	}
	o := object{"type": answerCall, "invitationId": in.ID, "agentNickname": in.AgentName, "agentAvatar": "", "userName": k.Identity.Username,
		"orgName": org, "appName": appName(book.Tenant.Number), "message": in.Text}
	if in.Text == "" {
		o["message"] = book.Inboxes[k.Visitor.Inbox].Settings.Invite.Text.In(robot.Language(r.Header.Get("Accept-Language")))
	}
	if guest {
		o["userPassword"] = f.password(k.Visitor)
	}
	if visitorToken(r) == "" && !guest { // a program
		logins, err := f.logins(ctx, who.Tenant)
		if err != nil {
			return nil, err
		}
		o["agentUserName"] = logins[in.Agent]
	}
	return plain{o}, nil
}
