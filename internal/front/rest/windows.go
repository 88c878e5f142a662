package rest

import (
	"context"
	"net/http"

	"parlor/internal/account"
	"parlor/internal/id"
	"parlor/internal/setting"
	"parlor/internal/window"
)

type windowPages struct {
	Items []window.Page `json:"items"`
	// About is told to pages with each message.
	About window.About `json:"about"`
}

type windowsOf struct {
	ByConversation
	Lang string `query:"lang" maxLength:"20" doc:"Language of the console"`
}

type interactionInput struct {
	ByConversation
	Window string `path:"window" maxLength:"64"`
	Body   struct {
		Seq int64 `json:"seq" minimum:"1" doc:"Number of the message"`
	}
}

type windowsInput struct{ Body setting.Windows }

type tryWindowInput struct {
	Body struct {
		Window       setting.Window  `json:"window"`
		Conversation id.Conversation `json:"conversation,omitempty" maxLength:"64" doc:"Made-up values if left out"`
		Lang         string          `json:"lang,omitempty" maxLength:"20"`
	}
}

type triedWindow struct {
	Address string `json:"address"`
}

// windows registers the calls about pages of business systems beside conversations.
func (a *API) windows() {
	const tag = "windows"
	asAgent(a, http.MethodGet, "/windows", "Pages beside conversations, and the buttons that open them", tag, func(ctx context.Context, l account.Login, _ *none) (*body[window.Tabs], error) {
		return reply(a.Windows.Tabs(ctx, l.Agent.Tenant))
	})
	asAgent(a, http.MethodGet, "/conversations/{id}/windows", "Addresses of the pages for a conversation, signed", tag, func(ctx context.Context, l account.Login, in *windowsOf) (*body[windowPages], error) {
		list, about, err := a.Windows.Pages(ctx, l.Actor(), in.ID, in.Lang)
		return reply(windowPages{full(list), about}, err)
	})
	asAgent(a, http.MethodPost, "/conversations/{id}/windows/{window}/interactions", "Record that a message was sent to a page", tag, func(ctx context.Context, l account.Login, in *interactionInput) (*none, error) {
		return &none{}, a.Windows.Record(ctx, l.Actor(), in.ID, in.Body.Seq, in.Window)
	})
	asAgent(a, http.MethodGet, "/admin/windows", "Settings of the pages beside conversations", "admin", func(ctx context.Context, l account.Login, _ *none) (*body[setting.Windows], error) {
		return reply(a.Accounts.Windows(ctx, l.Actor()))
	})
	asAgent(a, http.MethodPut, "/admin/windows", "Set the pages beside conversations", "admin", func(ctx context.Context, l account.Login, in *windowsInput) (*none, error) {
		return &none{}, a.Accounts.SetWindows(ctx, l.Actor(), in.Body)
	})
	asAgent(a, http.MethodPost, "/admin/windows/try", "The address that an agent would get", "admin", func(ctx context.Context, l account.Login, in *tryWindowInput) (*body[triedWindow], error) {
		address, err := a.Windows.Try(ctx, l.Actor(), in.Body.Window, in.Body.Conversation, in.Body.Lang)
		return reply(triedWindow{address}, err)
	})
}
