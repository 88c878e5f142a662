package easemob

import (
	"context"
	"slices"

	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/setting"
	"parlor/internal/visitor"
)

// askAction is the control word by which a page asks for a rating.
const askAction = "inviteEnquiry"

// inviteOf is the number of an invitation on the wire: a visitor begins one
// conversation in a millisecond at most.
func inviteOf(c conversation.Conversation) int64 { return c.CreatedAt.UnixMilli() }

// asking is the message by which a visitor's page asks for a rating of a conversation:
// because its agent does, or because it has ended. It is nil where nothing is asked.
func (f *Front) asking(ctx context.Context, p party, k visitor.Known, c conversation.Conversation) (object, error) {
	if c.Agent == "" || c.Agent.Robot() {
		return nil, nil
	}
	book, err := f.Accounts.Book(ctx, c.Tenant)
	if err != nil {
		return nil, err
	}
	form := book.Inboxes[c.Inbox].Settings.Survey
	if form.Disabled || form.NoAuto && c.Status == conversation.Closed {
		return nil, nil
	}
	got, err := f.Surveys.Of(ctx, actor.ForSystem(c.Tenant), c.ID)
	if err != nil || got.Level != "" {
		return nil, err
	}
	video, over, err := f.videoOver(ctx, c)
	if err != nil || !got.Asked && c.Status != conversation.Closed && (!over || form.NoAuto) {
		return nil, err
	}
	if late := f.Surveys.MayAnswer(ctx, k.Visitor.Actor(), c.ID); late != nil {
		return nil, nil // nothing is asked that would be refused
	}
	if video {
		return f.enquiryInvite(p, k, c, form), nil
	}
	return object{"from": serviceNumber + string(p.inbox), "to": p.name, "bodies": []object{{"type": "txt", "msg": ""}}, "ext": object{"weichat": object{"ctrlType": askAction,
		"ctrlArgs": object{"inviteId": inviteOf(c), "serviceSessionId": c.ID}, "service_session": object{"serviceSessionId": c.ID}}}, "timestamp": f.Clock.Now().UnixMilli()}, nil
}

// ratings are the visitor's own of a conversation: one, or none.
func (f *Front) ratings(ctx context.Context, c *visitorCall) (any, error) {
	talk, err := f.own(ctx, c)
	if err != nil {
		return nil, err
	}
	got, err := f.Surveys.Of(ctx, c.Visitor.Actor(), talk.ID)
	if err != nil {
		return nil, err
	}
	out := []object{}
	if got.Level != "" {
		book, err := f.Accounts.Book(ctx, talk.Tenant)
		if err != nil {
			return nil, err
		}
		out = append(out, object{"inviteId": inviteOf(talk), "serviceSessionId": talk.ID, "evaluationDegreeId": got.Level, "appraiseTags": got.Reasons, "detail": got.Comment,
			"score": points(book.Inboxes[talk.Inbox].Settings.Survey.LevelList(), got.Level), "agentUserId": nullable(string(got.Agent))})
	}
	return list{entities: out, bare: true}, nil
}

// points are what an answer is worth on the wire: as many as there are for the best, 1 for
// the last, 0 for one that is gone.
func points(levels []setting.Level, code string) int {
	i := slices.IndexFunc(levels, func(l setting.Level) bool { return l.Code == code })
	if i < 0 {
		return 0
	}
	return len(levels) - i
}
