package rocketchat

import (
	"context"
	"net/http"
	"slices"

	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// wishes adds what is wished at the end of a room: answers to the survey, and the
// record by mail.
func (f *Front) wishes() {
	sends := []string{"send-omnichannel-chat-transcript"}
	f.add(
		route{method: http.MethodPost, path: "livechat/room.survey", do: f.survey},
		route{method: http.MethodPost, path: "livechat/transcript/:rid", do: f.wishTranscript, auth: true, needs: sends},
		route{method: http.MethodDelete, path: "livechat/transcript/:rid", do: f.dropTranscript, auth: true, needs: sends},
	)
}

var surveyShape = dict(must("token", text), must("rid", text), must("data", list(dict(must("name", text), must("value", text))).atLeast(1)))

// survey answers livechat/room.survey. Questions and values that do not exist are
// left out.
func (f *Front) survey(ctx context.Context, c *call) (any, error) {
	var in struct {
		Token, Rid string
		Data       []struct{ Name, Value string }
	}
	if err := c.read(surveyShape, &in); err != nil {
		return nil, err
	}
	k, conv, err := f.roomOfVisitor(ctx, c.tenant, in.Token, in.Rid)
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
		return nil, plain("invalid-data")
	}
	if err := f.Conversations.Describe(ctx, visitorActor(k.Visitor), conv.ID, conversation.DetailChange{Survey: given}); err != nil {
		return nil, err
	}
	return object{"rid": in.Rid, "data": given}, nil
}

// wished reads an open room with its details.
func (f *Front) wished(ctx context.Context, c *call) (conv conversation.Conversation, d conversation.Details, err error) {
	conv, err = f.Conversations.Conversation(ctx, c.who, id.Conversation(c.params["rid"]))
	if err != nil || conv.Status == conversation.Closed {
		return conv, d, err
	}
	all, err := f.Conversations.DetailsOf(ctx, c.tenant, []id.Conversation{conv.ID})
	return conv, all[conv.ID], err
}

// wishTranscript answers POST livechat/transcript/:rid: the record is mailed at
// the end.
func (f *Front) wishTranscript(ctx context.Context, c *call) (any, error) {
	var in struct{ Email, Subject string }
	if err := c.read(dict(must("email", text), must("subject", text)), &in); err != nil {
		return nil, err
	}
	conv, d, err := f.wished(ctx, c)
	switch {
	case errs.CodeOf(err) == errs.NotFound || err == nil && conv.Status == conversation.Closed:
		return nil, structured("error-invalid-room", "Invalid room")
	case err != nil:
		return nil, err
	case d.Transcript != nil:
		return nil, structured("error-transcript-already-requested", "Transcript already requested")
	}
	wish := conversation.TranscriptWish{Email: in.Email, Subject: in.Subject, By: c.who.Agent, At: f.Clock.Now()}
	return object{}, f.Conversations.Describe(ctx, c.who, conv.ID, conversation.DetailChange{Transcript: &wish})
}

func (f *Front) dropTranscript(ctx context.Context, c *call) (any, error) {
	conv, d, err := f.wished(ctx, c)
	switch {
	case errs.CodeOf(err) == errs.NotFound || err == nil && conv.Status == conversation.Closed:
		return nil, plain("error-invalid-room")
	case err != nil:
		return nil, err
	case d.Transcript == nil:
		return nil, plain("error-transcript-not-requested")
	}
	return object{}, f.Conversations.Describe(ctx, c.who, conv.ID, conversation.DetailChange{NoTranscript: true})
}
