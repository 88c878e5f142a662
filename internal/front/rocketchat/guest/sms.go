package guest

import (
	"context"
	"io"
	"net/http"
	"strings"

	"parlor/internal/errs"
	"parlor/internal/front/rocketchat/contract"
	"parlor/internal/sms"
)

// smsCalls is how many text messages a minute one address may bring: all those of a
// provider come from few.
const smsCalls = 3000

// texts adds the call by which providers bring text messages.
func (f *Front) texts() {
	f.Add(contract.Route{Method: http.MethodPost, Path: "livechat/sms-incoming/:service", Do: f.incomingText, Calls: smsCalls})
}

// incomingText answers livechat/sms-incoming/:service in the words of the provider.
func (f *Front) incomingText(ctx context.Context, c *contract.Call) (any, error) {
	v, err := c.Body()
	if err != nil {
		return nil, err
	}
	body, _ := v.(map[string]any)
	q := sms.Request{Header: c.R.Header, URL: f.base(c.R) + c.R.URL.RequestURI(), Body: body, Team: c.Arg("department")}
	r, err := f.SMS.Receive(ctx, c.Tenant, c.Inbox, c.Params["service"], q)
	switch errs.ReasonOf(err) {
	case "unknown_service":
		return nil, contract.Plain("Invalid service")
	case "bad_signature":
		return nil, contract.Plain("Invalid request")
	case "sms_disabled":
		return nil, contract.Plain("error-sms-service-disabled")
	case "bad_message":
		return nil, contract.Plain("Invalid data")
	}
	if err != nil {
		return nil, err
	}
	c.Answered = true
	c.W.Header().Set("Content-Type", r.Type)
	_, _ = io.WriteString(c.W, r.Body) // the provider has gone if this fails
	return nil, nil
}

// base is the address of this server as others reach it.
func (f *Front) base(r *http.Request) string {
	switch {
	case f.PublicURL != "":
		return strings.TrimSuffix(f.PublicURL, "/")
	case f.Clients.Secure(r):
		return "https://" + r.Host
	}
	return "http://" + r.Host
}
