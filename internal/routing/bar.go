package routing

import (
	"context"

	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// The options by which a company serves only contacts whom it knows.
const (
	unknownOption    = "Livechat_Block_Unknown_Contacts"
	unverifiedOption = "Livechat_Block_Unverified_Contacts"
)

// ContactState is what is known of the contact of a conversation.
type ContactState struct {
	// Unknown is true for a contact that nobody has confirmed.
	Unknown bool
	// Verified is true if the channel of the conversation is verified.
	Verified bool
}

// bar marks the conversations of a page that nobody may take yet. Companies that
// serve everybody are not asked for it.
func (s *Service) bar(ctx context.Context, snap *Snapshot, list []Waiting) error {
	company := snap.book.Tenant.Settings
	unknown, unverified := company.On(unknownOption), company.On(unverifiedOption)
	if !unknown && !unverified || len(list) == 0 {
		return nil
	}
	ids := make([]id.Conversation, len(list))
	for i, w := range list {
		ids[i] = w.Conversation
	}
	known, err := s.store.ContactStates(ctx, snap.book.Tenant.ID, ids)
	if err != nil {
		return err
	}
	for i, w := range list {
		list[i].Barred = known[w.Conversation].barred(unknown, unverified)
	}
	return nil
}

// barred says why a conversation cannot be taken, "" if it can.
func (c ContactState) barred(unknown, unverified bool) Filter {
	switch {
	case unknown && c.Unknown:
		return FilterUnknown
	case unverified && !c.Verified:
		return FilterUnverified
	}
	return ""
}

// mayTake refuses an agent a conversation that nobody may take yet: Conflict
// "contact_unknown", "contact_unverified".
func (s *Service) mayTake(ctx context.Context, c conversation.Conversation) error {
	book, err := s.accounts.Book(ctx, c.Tenant)
	if err != nil {
		return err
	}
	list := []Waiting{{Conversation: c.ID}}
	if err := s.bar(ctx, &Snapshot{book: book}, list); err != nil {
		return err
	}
	switch list[0].Barred {
	case FilterUnknown:
		return errs.New(errs.Conflict, "contact_unknown", "The contact has to be confirmed first.")
	case FilterUnverified:
		return errs.New(errs.Conflict, "contact_unverified", "The channel of the contact has to be verified first.")
	}
	return nil
}
