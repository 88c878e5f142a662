package live

import (
	"context"

	"parlor/internal/conversation"
	"parlor/internal/id"
)

// recall takes back a message of the agent's, or of anybody's for who may manage.
func (c *agentConn) recall(ctx context.Context, in resumeInput) (out agentPosted, err error) {
	if err := c.f.Posts.Take("a " + string(c.who.Agent)); err != nil {
		return out, err
	}
	m, err := c.f.Conversations.Recall(ctx, c.who, in.Conversation, in.Seq)
	return agentPosted{c.f.Views.Message(m)}, err
}

// recall takes back a message of the visitor's.
func (c *visitorConn) recall(ctx context.Context, in resumeInput) (out agentPosted, err error) {
	if err := c.f.Posts.Take("v " + string(c.who.Visitor)); err != nil {
		return out, err
	}
	m, err := c.f.Conversations.Recall(ctx, c.who, in.Conversation, in.Seq)
	return agentPosted{c.f.Views.VisitorMessage(m)}, err
}

// draft keeps what the agent has written and not sent.
func (c *agentConn) draft(ctx context.Context, in struct {
	Conversation id.Conversation
	Text, Origin string
	Note         bool
}) (conversation.Draft, error) {
	return c.f.Conversations.SaveDraft(ctx, c.who, conversation.Draft{Conversation: in.Conversation, Text: in.Text, Note: in.Note, Origin: in.Origin})
}
