package mailbox

import (
	"time"

	"parlor/internal/errs"
)

// Look is what came of the newest look into a mailbox.
type Look struct {
	// At is when it ended, zero if nobody has looked yet.
	At time.Time `json:"at"`
	// Waiting is how many letters nobody has read the newest look left in the mailbox;
	// nil if it could not count them.
	Waiting *int `json:"waiting,omitempty"`
	// Taken is how many letters were taken since the mailbox is here, LastTaken when
	// the newest of them was; zero for never.
	Taken     int64     `json:"taken"`
	LastTaken time.Time `json:"lastTaken"`
	// Failures counts the looks in a row that failed; Fault says why the newest did.
	Failures int    `json:"failures"`
	Fault    *Fault `json:"fault,omitempty"`
}

// Fault is why a mail server could not be used.
type Fault struct {
	// Reason is a stable word, see package mailroom.
	Reason string `json:"reason"`
	// Text says it in a sentence, Detail is what the server or the system said.
	Text   string `json:"text"`
	Detail string `json:"detail,omitempty"`
}

// Keep puts the passwords of before in the place of those that are not given: a nil
// password keeps, "" removes. One is kept for the server only that it was given for,
// so that nobody reads it by pointing the mailbox at a server of his own.
//
// Errors: Invalid "password_needed" with the field "smtp" or "imap".
func (b *Box) Keep(before Box, smtp, imap *string) error {
	for _, side := range []struct {
		field  string
		now    *Server
		before Server
		given  *string
	}{{"imap", &b.IMAP, before.IMAP, imap}, {"smtp", &b.SMTP, before.SMTP, smtp}} {
		switch {
		case side.given != nil:
			side.now.Password = *side.given
		case side.before.Password != "" && (side.now.Host != side.before.Host || side.now.Port != side.before.Port):
			return errs.Field(side.field, "password_needed", "Another server needs its password: the one that is kept belongs to %s.", clip(side.before.Host))
		default:
			side.now.Password = side.before.Password
		}
	}
	return nil
}
