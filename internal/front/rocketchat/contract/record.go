package contract

import (
	"context"

	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/errs"
)

// KeepRecord has the record of a room made as a PDF document, under the name of its
// inbox and in a language as documents have it; the room then names its file.
func (f *Kit) KeepRecord(ctx context.Context, who actor.Actor, conv conversation.Conversation, lang string) error {
	inbox, err := f.Accounts.Inbox(ctx, conv.Inbox)
	if err != nil {
		return err
	}
	_, err = f.Transcripts.Keep(ctx, who, conv.ID, inbox.Name, lang)
	switch errs.ReasonOf(err) {
	case "conversation_open":
		return Plain("room-still-open")
	case "conversation_not_found":
		return Plain("error-not-allowed")
	}
	return err
}
