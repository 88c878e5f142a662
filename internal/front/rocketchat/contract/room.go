package contract

import (
	"context"

	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/visitor"
)

// SeeRooms is what lets somebody into a room.
var SeeRooms = []string{"view-l-room", "view-livechat-rooms"}

// VisitorIn returns the visitor of a conversation.
func (f *Kit) VisitorIn(ctx context.Context, conv conversation.Conversation) (visitor.Known, error) {
	v, err := f.Visitors.Visitor(ctx, conv.Tenant, conv.Visitor)
	if err != nil {
		return visitor.Known{}, err
	}
	k := visitor.Known{Visitor: v}
	k.Identity, err = f.Visitors.Identity(ctx, conv.Tenant, conv.Visitor)
	return k, err
}

// ErrNoRoom refuses a room that there is not, or that the caller may not see.
var ErrNoRoom = Structured("error-room-not-found", "The required \"roomId\" or \"roomName\" param provided does not match any channel")

// RoomOfCaller finds a room that the caller may see.
func (f *Kit) RoomOfCaller(ctx context.Context, c *Call, rid string) (k visitor.Known, conv conversation.Conversation, err error) {
	conv, err = f.Conversations.Conversation(ctx, c.Who, id.Conversation(rid))
	if errs.CodeOf(err) == errs.NotFound {
		return k, conv, ErrNoRoom
	}
	if err == nil {
		k, err = f.VisitorIn(ctx, conv)
	}
	return k, conv, err
}

// roomMore is what a room says of what is kept beside its conversation.
type roomMore struct {
	Topic        string            `json:"topic,omitempty"`
	OnHold       bool              `json:"onHold,omitempty"`
	Priority     string            `json:"priorityId,omitempty"`
	SLA          string            `json:"slaId,omitempty"`
	Survey       map[string]string `json:"surveyFeedback,omitempty"`
	Transcript   Object            `json:"transcriptRequest,omitempty"`
	Record       id.File           `json:"pdfTranscriptFileId,omitempty"`
	Last         *MessageView      `json:"lastMessage,omitempty"`
	Metrics      Object            `json:"metrics,omitempty"`
	DepartmentOf Object            `json:"department,omitempty"`
	ResponseBy   Object            `json:"responseBy,omitempty"`
	Omnichannel  Object            `json:"omnichannel,omitempty"`
	Call         string            `json:"callStatus,omitempty"`
	SMS          Object            `json:"sms,omitempty"`
	Email        Object            `json:"email,omitempty"`
}

// Found reads a room for whoever may call: which rooms those are is decided by
// the call's permissions.
func (f *Kit) Found(ctx context.Context, c *Call, rid, code string) (conversation.Conversation, error) {
	conv, err := f.Conversations.Conversation(ctx, actor.ForSystem(c.Tenant), id.Conversation(rid))
	if IsMissing(err) {
		err = Plain(code)
	}
	return conv, err
}
