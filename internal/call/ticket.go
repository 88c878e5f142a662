package call

import (
	"crypto/hmac"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/sign"
)

var errTicket = errs.New(errs.Forbidden, "bad_ticket", "The ticket of the call is not valid or no longer valid.")

// Ticket returns the word by which one side of a call shows that it is in it.
func (s *Service) Ticket(t id.Tenant, c id.Call, side actor.Kind) string {
	until := strconv.FormatInt(s.Clock.Now().Add(TicketFor).Unix(), 36)
	return string(c) + "." + string(side) + "." + until + "." + s.seal(t, c, side, until)
}

func (s *Service) seal(t id.Tenant, c id.Call, side actor.Kind, until string) string {
	return base64.RawURLEncoding.EncodeToString(sign.Of(s.Key, "call", string(t), string(c), string(side), until)[:18])
}

// Holder checks a ticket that who shows and returns the call it is for. A ticket is
// good for its own side alone. Errors: Forbidden "bad_ticket".
func (s *Service) Holder(who actor.Actor, ticket string) (id.Call, error) {
	part := strings.Split(ticket, ".")
	if len(part) != 4 || part[1] != string(who.Kind) {
		return "", errTicket
	}
	until, err := strconv.ParseInt(part[2], 36, 64)
	if err != nil || !id.Valid(part[0]) || !hmac.Equal([]byte(part[3]), []byte(s.seal(who.Tenant, id.Call(part[0]), who.Kind, part[2]))) ||
		!s.Clock.Now().Before(time.Unix(until, 0)) {
		return "", errTicket
	}
	return id.Call(part[0]), nil
}
