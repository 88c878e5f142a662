package mailroom

import (
	"context"

	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/id"
	letters "parlor/internal/mail"
	"parlor/internal/mailbox"
)

// Trial is what came of a test letter.
type Trial struct {
	// To is where it was sent.
	To string `json:"to"`
	// Fault says why it was not taken, nil if it was.
	Fault *mailbox.Fault `json:"fault,omitempty"`
}

// Try sends a letter by a mailbox to the address of who asks, and says what the server
// made of it. Errors: NotFound "mailbox_not_found"; Conflict "no_address". It needs
// the permission actor.Administer.
func (s *Service) Try(ctx context.Context, who actor.Actor, which string) (t Trial, err error) {
	defer errs.Wrap(&err, "mailroom.Try")
	b, err := s.own(ctx, who, which)
	if err != nil {
		return t, err
	}
	a, err := s.Accounts.Agent(ctx, who.Tenant, who.Agent)
	if err != nil {
		return t, err
	}
	if t.To = a.Email; t.To == "" {
		return t, errs.New(errs.Conflict, "no_address", "You have no e-mail address.")
	}
	err = s.sender(b).Send(ctx, letters.Letter{To: a.Email, Subject: b.Name, Text: b.Name + " <" + b.Email + ">", ID: id.New(), At: s.Clock.Now()})
	if err != nil {
		f := faultOf(err)
		t.Fault = &f
	}
	return t, nil
}

// Test is Try with a letter that was not taken as an error: Conflict "mail_failed"
// with the reason.
func (s *Service) Test(ctx context.Context, who actor.Actor, which string) error {
	t, err := s.Try(ctx, who, which)
	if err == nil && t.Fault != nil {
		err = errs.New(errs.Conflict, "mail_failed", "The letter was not taken: %s", plain(*t.Fault))
	}
	return err
}

// Look has a mailbox looked into now. Errors: NotFound "mailbox_not_found"; Conflict
// "mailbox_off" for one that is switched off. It needs actor.Administer.
func (s *Service) Look(ctx context.Context, who actor.Actor, which string) (err error) {
	defer errs.Wrap(&err, "mailroom.Look")
	b, err := s.own(ctx, who, which)
	if err != nil {
		return err
	}
	if !b.Active {
		return errs.New(errs.Conflict, "mailbox_off", "The mailbox is switched off.")
	}
	return s.Watch(ctx, b)
}

// own finds a mailbox of who may administer it.
func (s *Service) own(ctx context.Context, who actor.Actor, which string) (b mailbox.Box, err error) {
	if !who.Can(actor.Administer) {
		return b, errs.New(errs.Forbidden, "not_allowed", "Your role does not allow changing mailboxes.")
	}
	b, ok, err := s.box(ctx, who.Tenant, which)
	if err == nil && !ok {
		err = errs.New(errs.NotFound, "mailbox_not_found", "There is no such mailbox.")
	}
	return b, err
}
