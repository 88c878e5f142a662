package desk

import (
	"context"
	"net/http"

	"parlor/internal/errs"
	"parlor/internal/front/httpx"
	"parlor/internal/front/rocketchat/contract"
	"parlor/internal/id"
)

// records adds the call for the record of a room as a PDF document.
func (f *Front) records() {
	f.Add(contract.Route{Method: http.MethodPost, Path: "omnichannel/:rid/request-transcript", Do: f.requestRecord, Auth: true, Needs: []string{"request-pdf-transcript"}})
}

// requestRecord makes the record; the room then names its file.
func (f *Front) requestRecord(ctx context.Context, c *contract.Call) (any, error) {
	conv, err := f.Found(ctx, c, c.Params["rid"], "error-invalid-room")
	if err != nil {
		return nil, err
	}
	return contract.Object{}, f.keepRecord(ctx, c, conv.ID, conv.Inbox)
}

// keepRecord has the record of a room made, under the name of its inbox.
func (f *Front) keepRecord(ctx context.Context, c *contract.Call, room id.Conversation, in id.Inbox) error {
	inbox, err := f.Accounts.Inbox(ctx, in)
	if err != nil {
		return err
	}
	company, err := f.Company(ctx, c)
	if err != nil {
		return err
	}
	_, err = f.Transcripts.Keep(ctx, c.Who, room, inbox.Name, httpx.Language(company.Word("Language")))
	switch errs.ReasonOf(err) {
	case "conversation_open":
		return contract.Plain("room-still-open")
	case "conversation_not_found":
		return contract.Plain("error-not-allowed")
	}
	return err
}
