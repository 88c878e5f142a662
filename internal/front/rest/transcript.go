package rest

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"parlor/internal/actor"
	"parlor/internal/front/httpx"
	"parlor/internal/id"
	"parlor/internal/transcript"
	"parlor/internal/visitor"
)

type transcriptInput struct {
	Conversation id.Conversation `path:"id" maxLength:"64"`
	Format       string          `query:"format" enum:"text,html,pdf" default:"html"`
	Locale       string          `query:"locale" maxLength:"16"`
	Zone         int             `query:"zone" minimum:"-900" maximum:"900" doc:"The reader's time, in minutes east of UTC"`
}

// document is an answer that is a file.
type document struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Policy      string `header:"Content-Security-Policy"`
	Body        []byte
}

type patchOwn struct{ Body visitor.Details }

// ownRecord registers what visitors keep of and say about themselves.
func (a *API) ownRecord() {
	asVisitor(a, http.MethodGet, "/visitor/conversations/{id}/transcript", "The record of one's own conversation, as text, as a page or as a PDF document", a.transcript)
	asVisitor(a, http.MethodPatch, "/visitor/me", "Say who one is: the form before a conversation", func(ctx context.Context, who actor.Actor, in *patchOwn) (*body[visitorName], error) {
		v, err := a.Visitors.Update(ctx, who, who.Visitor, in.Body)
		return reply(visitorName{v.ID, v.Name}, err)
	})
}

// transcript answers visitors and agents alike.
func (a *API) transcript(ctx context.Context, who actor.Actor, in *transcriptInput) (*document, error) {
	// Whose it is is asked once; the pages below do not ask.
	c, err := a.Conversations.Conversation(ctx, who, in.Conversation)
	if err != nil {
		return nil, err
	}
	inbox, err := a.Accounts.Inbox(ctx, c.Inbox)
	if err != nil {
		return nil, err
	}
	r, err := transcript.Read(ctx, a.Conversations, c, httpx.Language(in.Locale), who.Kind == actor.Visitor)
	if err != nil {
		return nil, err
	}
	r.Title = inbox.Name
	zone := time.FixedZone("", in.Zone*60)
	var b bytes.Buffer
	d := &document{ContentType: "text/html; charset=utf-8", Disposition: `attachment; filename="conversation.html"`, Policy: "sandbox; default-src 'none'; style-src 'unsafe-inline'"}
	switch in.Format {
	case "text":
		d.ContentType, d.Disposition = "text/plain; charset=utf-8", `attachment; filename="conversation.txt"`
		err = r.Text(&b, zone)
	case "pdf":
		d.ContentType, d.Disposition = "application/pdf", `attachment; filename="conversation.pdf"`
		err = r.PDF(&b, zone)
	default:
		err = r.HTML(&b, zone)
	}
	d.Body = b.Bytes()
	return d, err
}
