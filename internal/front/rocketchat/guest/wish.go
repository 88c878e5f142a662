package guest

import (
	"context"
	"net/http"
	"slices"

	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/front/httpx"
	"parlor/internal/front/rocketchat/contract"
	"parlor/internal/id"
	"parlor/internal/transcript"
)

// wishes adds what is wished at the end of a room: answers to the survey, and the
// record by mail.
func (f *Front) wishes() {
	sends := []string{"send-omnichannel-chat-transcript"}
	f.Add(
		contract.Route{Method: http.MethodPost, Path: "livechat/room.survey", Do: f.survey},
		contract.Route{Method: http.MethodPost, Path: "livechat/transcript/:rid", Do: f.wishTranscript, Auth: true, Needs: sends},
		contract.Route{Method: http.MethodDelete, Path: "livechat/transcript/:rid", Do: f.dropTranscript, Auth: true, Needs: sends},
	)
	f.AddMethods(
		contract.Method{Name: "livechat:sendTranscript", Auth: true, Needs: sends, Do: f.sendTranscriptMethod},
		contract.Method{Name: "livechat:requestTranscript", Auth: true, Needs: sends, Do: func(ctx context.Context, c *contract.Call, p contract.Params) (any, error) {
			return f.onRoom(ctx, c, p, contract.Object{"email": p.At(1), "subject": p.At(2)}, f.wishTranscript)
		}},
		contract.Method{Name: "livechat:discardTranscript", Auth: true, Needs: sends, Do: func(ctx context.Context, c *contract.Call, p contract.Params) (any, error) {
			return f.onRoom(ctx, c, p, contract.Object{}, f.dropTranscript)
		}},
	)
}

// onRoom makes a call about the room that the first argument names.
func (f *Front) onRoom(ctx context.Context, c *contract.Call, p contract.Params, body contract.Object, do contract.Handler) (any, error) {
	rid, err := p.Text(0)
	if err != nil {
		return nil, err
	}
	own := *c
	own.Params = map[string]string{"rid": rid}
	if err := own.With(body); err != nil {
		return nil, err
	}
	_, err = do(ctx, &own)
	return err == nil, err
}

// sendTranscriptMethod mails the record of a visitor's room: token, room, e-mail
// address and subject.
func (f *Front) sendTranscriptMethod(ctx context.Context, c *contract.Call, p contract.Params) (any, error) {
	var text [4]string
	for i := range text {
		var err error
		if text[i], err = p.Text(i); err != nil && i < 3 {
			return nil, err
		}
	}
	k, conv, err := f.roomOfVisitor(ctx, c.Tenant, text[0], text[1])
	if contract.IsMissing(err) {
		return nil, contract.Structured("error-invalid-room", "Invalid room")
	}
	if err != nil {
		return nil, err
	}
	company, err := f.Company(ctx, c)
	if err != nil {
		return nil, err
	}
	err = f.Transcripts.Send(ctx, k.Visitor.Actor(), transcript.Letter{Conversation: conv.ID, To: text[2], Subject: text[3], Lang: company.Word("Language")})
	if errs.CodeOf(err) == errs.Invalid {
		err = contract.Structured("error-invalid-email", errs.MessageOf(err))
	}
	return err == nil, err
}

// recordFor makes the record of a room that its visitor closed, if the agent who
// served it wants one.
func (f *Front) recordFor(ctx context.Context, c *contract.Call, conv conversation.Conversation) error {
	if conv.Agent == "" {
		return nil
	}
	a, err := f.Accounts.Agent(ctx, c.Tenant, conv.Agent)
	if contract.IsMissing(err) || err == nil && a.Profile.Preferences["omnichannelTranscriptPDF"] != true {
		return nil
	}
	if err != nil {
		return err
	}
	company, err := f.Company(ctx, c)
	if err != nil {
		return err
	}
	return f.KeepRecord(ctx, actor.ForSystem(c.Tenant), conv, httpx.Language(company.Word("Language")))
}

var surveyShape = contract.Dict(contract.Must("token", contract.Text), contract.Must("rid", contract.Text), contract.Must("data", contract.List(contract.Dict(contract.Must("name", contract.Text), contract.Must("value", contract.Text))).AtLeast(1)))

// survey answers livechat/room.survey. Questions and values that do not exist are
// left out.
func (f *Front) survey(ctx context.Context, c *contract.Call) (any, error) {
	var in struct {
		Token, Rid string
		Data       []struct{ Name, Value string }
	}
	if err := c.Read(surveyShape, &in); err != nil {
		return nil, err
	}
	k, conv, err := f.roomOfVisitor(ctx, c.Tenant, in.Token, in.Rid)
	if err != nil {
		return nil, err
	}
	given := map[string]string{}
	for _, x := range in.Data {
		if x.Name == "additionalFeedback" || slices.Contains(surveyItems, x.Name) && slices.Contains(surveyValues, x.Value) {
			given[x.Name] = x.Value
		}
	}
	if len(given) == 0 {
		return nil, contract.Plain("invalid-data")
	}
	if err := f.Conversations.Describe(ctx, k.Visitor.Actor(), conv.ID, conversation.DetailChange{Survey: given}); err != nil {
		return nil, err
	}
	return contract.Object{"rid": in.Rid, "data": given}, nil
}

// wished reads an open room with its details.
func (f *Front) wished(ctx context.Context, c *contract.Call) (conv conversation.Conversation, d conversation.Details, err error) {
	conv, err = f.Conversations.Conversation(ctx, c.Who, id.Conversation(c.Params["rid"]))
	if err != nil || conv.Status == conversation.Closed {
		return conv, d, err
	}
	all, err := f.Conversations.DetailsOf(ctx, c.Tenant, []id.Conversation{conv.ID})
	return conv, all[conv.ID], err
}

// wishTranscript answers POST livechat/transcript/:rid: the record is mailed at
// the end.
func (f *Front) wishTranscript(ctx context.Context, c *contract.Call) (any, error) {
	var in struct{ Email, Subject string }
	if err := c.Read(contract.Dict(contract.Must("email", contract.Text), contract.Must("subject", contract.Text)), &in); err != nil {
		return nil, err
	}
	conv, d, err := f.wished(ctx, c)
	switch {
	case errs.CodeOf(err) == errs.NotFound || err == nil && conv.Status == conversation.Closed:
		return nil, contract.Structured("error-invalid-room", "Invalid room")
	case err != nil:
		return nil, err
	case d.Transcript != nil:
		return nil, contract.Structured("error-transcript-already-requested", "Transcript already requested")
	}
	wish := conversation.TranscriptWish{Email: in.Email, Subject: in.Subject, By: c.Who.Agent, At: f.Clock.Now()}
	return contract.Object{}, f.Conversations.Describe(ctx, c.Who, conv.ID, conversation.DetailChange{Transcript: &wish})
}

func (f *Front) dropTranscript(ctx context.Context, c *contract.Call) (any, error) {
	conv, d, err := f.wished(ctx, c)
	switch {
	case errs.CodeOf(err) == errs.NotFound || err == nil && conv.Status == conversation.Closed:
		return nil, contract.Plain("error-invalid-room")
	case err != nil:
		return nil, err
	case d.Transcript == nil:
		return nil, contract.Plain("error-transcript-not-requested")
	}
	return contract.Object{}, f.Conversations.Describe(ctx, c.Who, conv.ID, conversation.DetailChange{NoTranscript: true})
}
