package contract

import (
	"context"

	"parlor/internal/conversation"
	"parlor/internal/id"
	"parlor/internal/visitor"
)

// Subscription is an agent's entry of a room.
type Subscription struct {
	ID            string          `json:"_id"`
	Room          id.Conversation `json:"rid"`
	User          userView        `json:"u"`
	Type          string          `json:"t"`
	Name          string          `json:"name"`
	FullName      string          `json:"fname"`
	Open          bool            `json:"open"`
	Alert         bool            `json:"alert"`
	Unread        int             `json:"unread"`
	UserMentions  int             `json:"userMentions"`
	GroupMentions int             `json:"groupMentions"`
	At            *Stamp          `json:"ts,omitempty"`
	Visitor       RoomVisitor     `json:"v"`
	Department    id.Team         `json:"department,omitempty"`
	UpdatedAt     *Stamp          `json:"_updatedAt"`
}

// SubscriptionOf is the entry of the agent who serves a conversation.
func (f *Kit) SubscriptionOf(ctx context.Context, conv conversation.Conversation, k visitor.Known) (Subscription, error) {
	x, err := f.Agent(ctx, conv.Tenant, conv.Agent)
	if err != nil {
		return Subscription{}, err
	}
	book, err := f.Accounts.Book(ctx, conv.Tenant)
	if err != nil {
		return Subscription{}, err
	}
	// That a room was begun counts, too, until the agent has looked at it.
	unread := 0
	if conv.AgentRead == 0 {
		unread = 1
	}
	if book.Tenant.Settings.Word("Unread_Count_Omni") == "all_messages" {
		unread += conv.Unread
	}
	s := Subscription{ID: string(conv.ID) + string(conv.Agent), Room: conv.ID, User: userView{ID: string(conv.Agent), Username: x.Username, Name: x.Name}, Type: "l", Name: k.Visitor.Name,
		FullName: k.Visitor.Name, Open: conv.Status == conversation.Open, Alert: unread > 0, Unread: unread, At: StampOf(conv.CreatedAt),
		Visitor:    RoomVisitor{ID: k.Visitor.ID, Username: k.Identity.Username, Token: k.Identity.Token, Status: k.Identity.Status},
		Department: conv.Team, UpdatedAt: StampOf(conv.LastAt)}
	return s, err
}
