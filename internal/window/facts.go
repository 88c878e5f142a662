package window

import (
	"context"
	"strconv"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/id"
	"parlor/internal/setting"
	"parlor/internal/visitor"
)

// facts are what pages are told of a conversation.
type facts struct {
	windows        setting.Windows
	system, custom map[string]string
	about          About
}

// facts reads them for an agent who may see the conversation.
func (s *Service) facts(ctx context.Context, who actor.Actor, c id.Conversation, lang string) (f facts, err error) {
	conv, err := s.Conversations.Conversation(ctx, who, c)
	if err != nil {
		return f, err
	}
	book, err := s.Accounts.Book(ctx, who.Tenant)
	if err != nil {
		return f, err
	}
	agent, err := s.Accounts.Agent(ctx, who.Tenant, who.Agent)
	if err != nil {
		return f, err
	}
	v, err := s.Visitors.Visitor(ctx, who.Tenant, conv.Visitor)
	if err != nil {
		return f, err
	}
	known, err := s.Visitors.Identity(ctx, who.Tenant, conv.Visitor)
	if err != nil {
		return f, err
	}
	details, err := s.Conversations.DetailsOf(ctx, who.Tenant, []id.Conversation{c})
	if err != nil {
		return f, err
	}
	return facts{windows: book.Tenant.Settings.Windows, custom: details[c].Params,
		system: System(book, conv, v, known.Username, agent, lang), about: aboutOf(book, conv, v, known.Username, agent)}, nil
}

// System returns the parameters of the system by name, see setting.WindowParams.
func System(book *account.Book, c conversation.Conversation, v visitor.Visitor, username string, agent account.Agent, lang string) map[string]string {
	number := ServiceNumber + string(c.Inbox)
	return map[string]string{
		"easemobId": number, "visitorImId": username, "to": number, "lang": language(lang),
		"ssid": string(c.ID), "agentId": string(agent.ID), "email": agent.Email, "agentName": agent.Name,
		"userId": string(c.Visitor), "tenantId": strconv.FormatInt(book.Tenant.Number, 10),
		"nickname": v.Name, "originType": origin(c.Channel), "techChannelName": book.Inboxes[c.Inbox].Name,
		"serviceNumber": number, "desc": v.Memo, "trueName": agent.Name,
	}
}

func aboutOf(book *account.Book, c conversation.Conversation, v visitor.Visitor, username string, agent account.Agent) About {
	return About{ServiceSessionID: c.ID, TenantID: book.Tenant.Number, Visitor: Party{UserID: string(c.Visitor), Username: username, Nickname: v.Name},
		Agent: Party{UserID: string(agent.ID), Username: agent.Email}}
}

// origin is the word of pages for a channel.
func origin(channel string) string {
	switch channel {
	case "web", "video":
		return "webim"
	case "wechat":
		return "weixin"
	}
	return channel
}
