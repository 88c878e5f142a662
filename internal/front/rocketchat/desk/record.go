package desk

import (
	"context"
	"net/http"

	"parlor/internal/conversation"
	"parlor/internal/front/httpx"
	"parlor/internal/front/rocketchat/contract"
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
	return contract.Object{}, f.record(ctx, c, conv)
}

// record has the record of a room made in the language of the company.
func (f *Front) record(ctx context.Context, c *contract.Call, conv conversation.Conversation) error {
	company, err := f.Company(ctx, c)
	if err != nil {
		return err
	}
	return f.KeepRecord(ctx, c.Who, conv, httpx.Language(company.Word("Language")))
}
