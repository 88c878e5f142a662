package contract

import (
	"context"

	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/front/httpx"
)

// KeepRecord has the record of a room made as a PDF document, under the name of its
// inbox; the room then names its file.
func (f *Kit) KeepRecord(ctx context.Context, c *Call, who actor.Actor, conv conversation.Conversation) error {
	inbox, err := f.Accounts.Inbox(ctx, conv.Inbox)
	if err != nil {
		return err
	}
	company, err := f.Company(ctx, c)
	if err != nil {
		return err
	}
	_, err = f.Transcripts.Keep(ctx, who, conv.ID, inbox.Name, httpx.Language(company.Word("Language")))
	switch errs.ReasonOf(err) {
	case "conversation_open":
		return Plain("room-still-open")
	case "conversation_not_found":
		return Plain("error-not-allowed")
	}
	return err
}
