package invite

import (
	"time"

	"parlor/internal/errs"
	"parlor/internal/setting"
)

// Moment is what the server knows when a page says that a rule of its inbox
// invites. Time on the page, its address and its referrer the page alone knows.
type Moment struct {
	// Now is in the zone of the inbox.
	Now time.Time
	// VisitSince is when this visit began, Visits which one it is, from 1.
	VisitSince time.Time
	Visits     int
	// Asked is when a rule invited the visitor last; zero for never.
	Asked time.Time
	// Available says whether an agent can take a conversation.
	Available bool
}

// Refusal returns why a rule does not invite at a moment, nil if it does: always
// errs.Conflict, with the reason "nobody_available", "wrong_time", "wrong_visit",
// "invited_already" (for good, or in this visit) or "invited_lately".
func Refusal(r setting.InviteRule, m Moment) error {
	refuse := func(reason, text string) error { return errs.New(errs.Conflict, reason, "%s", text) }
	switch {
	case r.MinVisits > 0 && m.Visits < r.MinVisits, r.MaxVisits > 0 && m.Visits > r.MaxVisits:
		return refuse("wrong_visit", "The rule is for other visits.")
	case !r.Within(m.Now):
		return refuse("wrong_time", "The rule is for another time of day.")
	case !m.Asked.IsZero() && r.Repeat == 0:
		return refuse("invited_already", "The visitor was invited before.")
	case !m.Asked.IsZero() && r.Once && !m.Asked.Before(m.VisitSince):
		return refuse("invited_already", "The visitor was invited in this visit.")
	case !m.Asked.IsZero() && m.Now.Sub(m.Asked) < time.Duration(r.Repeat)*time.Second:
		return refuse("invited_lately", "The visitor was invited a short while ago.")
	case r.Online && !m.Available:
		return refuse("nobody_available", "No agent is available at the moment.")
	}
	return nil
}
