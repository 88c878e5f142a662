package rest

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"parlor/internal/account"
	"parlor/internal/conversation"
	"parlor/internal/front/wire"
	"parlor/internal/hook"
	"parlor/internal/id"
)

// Webhook is a subscription as administrators see it: secrets are never shown.
type Webhook struct {
	hook.Hook
	HasSecret bool `json:"hasSecret"`
	HasKey    bool `json:"hasKey"`
}

func webhookOf(h hook.Hook) Webhook {
	h.Occasions, h.Inboxes = full(h.Occasions), full(h.Inboxes)
	return Webhook{h, h.Secret != "", h.Key != ""}
}

// WebhookBody is what is sent to add or change a subscription.
type WebhookBody struct {
	Name       string          `json:"name" maxLength:"80"`
	URL        string          `json:"url" maxLength:"2000"`
	Format     string          `json:"format,omitempty" enum:"parlor,rocketchat,easemob,easemob-im" default:"parlor"`
	Occasions  []hook.Occasion `json:"occasions" maxItems:"20"`
	Inboxes    []id.Inbox      `json:"inboxes,omitempty" maxItems:"100" doc:"Conversations of these only; absent or [] for all"`
	Secret     *string         `json:"secret,omitempty" maxLength:"500" doc:"Sent as it is in the format's header; absent keeps, \"\" removes"`
	Key        *string         `json:"key,omitempty" maxLength:"500" doc:"Signs bodies (X-Parlor-Signature); absent keeps, \"\" removes"`
	Timeout    int             `json:"timeout,omitempty" default:"5000" doc:"Milliseconds for one attempt"`
	Tries      int             `json:"tries,omitempty" default:"10" doc:"Attempts before a delivery is set aside"`
	AnySuccess bool            `json:"anySuccess,omitempty" doc:"Every 2xx answer counts as delivered, else exactly 200"`
	Old        bool            `json:"old,omitempty" doc:"Bodies as older versions of the format wrote them"`
	Active     bool            `json:"active"`
}

// hookOf returns the subscription that a body describes; before holds what an
// absent secret keeps.
func (b WebhookBody) hookOf(before hook.Hook) hook.Hook {
	h := hook.Hook{ID: before.ID, Name: b.Name, URL: b.URL, Format: b.Format, Secret: before.Secret, Key: before.Key, Occasions: b.Occasions, Inboxes: b.Inboxes,
		Timeout: b.Timeout, Tries: b.Tries, AnySuccess: b.AnySuccess, Old: b.Old, Active: b.Active}
	if b.Secret != nil {
		h.Secret = *b.Secret
	}
	if b.Key != nil {
		h.Key = *b.Key
	}
	return h
}

type newWebhook struct{ Body WebhookBody }

type changeWebhook struct {
	ByID
	Body WebhookBody
}

type attemptsInput struct {
	ByPage
	Hook         string          `query:"hook" maxLength:"64"`
	Dead         bool            `query:"dead" doc:"Only deliveries that were set aside"`
	Conversation id.Conversation `query:"conversation" maxLength:"64"`
}

// hooks registers webhooks, for administrators.
func (a *API) hooks() {
	const tag = "webhooks"
	s := a.Hooks
	asAgent(a, http.MethodGet, "/webhooks", "All webhooks in the order in which they were made", tag, func(ctx context.Context, l account.Login, _ *none) (*body[[]Webhook], error) {
		list, err := s.List(ctx, l.Actor())
		out := make([]Webhook, 0, len(list))
		for _, h := range list {
			out = append(out, webhookOf(h))
		}
		return reply(out, err)
	})
	save := func(ctx context.Context, l account.Login, h hook.Hook) (*body[Webhook], error) {
		h, err := s.Save(ctx, l.Actor(), h)
		return reply(webhookOf(h), err)
	}
	asAgent(a, http.MethodPost, "/webhooks", "Add a webhook", tag, func(ctx context.Context, l account.Login, in *newWebhook) (*body[Webhook], error) {
		return save(ctx, l, in.Body.hookOf(hook.Hook{}))
	})
	asAgent(a, http.MethodPut, "/webhooks/{id}", "Change a webhook", tag, func(ctx context.Context, l account.Login, in *changeWebhook) (*body[Webhook], error) {
		before, err := s.Hook(ctx, l.Actor(), in.ID)
		if err != nil {
			return nil, err
		}
		return save(ctx, l, in.Body.hookOf(before))
	})
	asAgent(a, http.MethodDelete, "/webhooks/{id}", "Delete a webhook with all that is due for it", tag, func(ctx context.Context, l account.Login, in *ByID) (*none, error) {
		return nil, s.Delete(ctx, l.Actor(), in.ID)
	})
	asAgent(a, http.MethodPost, "/webhooks/{id}/test", "Send a sample now", tag, func(ctx context.Context, l account.Login, in *ByID) (*body[hook.Attempt], error) {
		return reply(s.Test(ctx, l.Actor(), in.ID))
	})
	asAgent(a, http.MethodGet, "/webhooks/attempts", "The log of deliveries, newest first, without bodies", tag, func(ctx context.Context, l account.Login, in *attemptsInput) (*body[page[hook.Attempt]], error) {
		list, next, err := s.Attempts(ctx, l.Actor(), hook.Filter{Hook: in.Hook, Dead: in.Dead, Conversation: in.Conversation, After: in.After, Limit: in.Limit})
		return reply(page[hook.Attempt]{full(list), next}, err)
	})
	asAgent(a, http.MethodGet, "/webhooks/attempts/{id}", "One entry of the log with its bodies", tag, func(ctx context.Context, l account.Login, in *ByID) (*body[hook.Attempt], error) {
		return reply(s.Attempt(ctx, l.Actor(), in.ID))
	})
	asAgent(a, http.MethodPost, "/webhooks/attempts/{id}/replay", "Send the body of an entry again", tag, func(ctx context.Context, l account.Login, in *ByID) (*none, error) {
		return nil, s.Replay(ctx, l.Actor(), in.ID)
	})
}

// HookFormat writes webhooks in the words of this API.
type HookFormat struct{ Views wire.Views }

// hookBody is the body of a webhook of format "parlor".
type hookBody struct {
	// ID is the same for every try of a delivery.
	ID           string                     `json:"id"`
	Type         hook.Occasion              `json:"type"`
	At           time.Time                  `json:"at"`
	Conversation *conversation.Conversation `json:"conversation,omitempty"`
	Message      *wire.Message              `json:"message,omitempty"`
	// Data belongs to occasions that no message tells.
	Data json.RawMessage `json:"data,omitempty"`
}

// Header implements hook.Format.
func (HookFormat) Header() string { return "X-Parlor-Token" }

// Body implements hook.Format.
func (f HookFormat) Body(_ context.Context, h hook.Happening) ([]byte, error) {
	b := hookBody{ID: h.Delivery, Type: h.Occasion, At: h.At}
	if h.Conversation.ID != "" {
		b.Conversation = &h.Conversation
	}
	if h.Message.Seq > 0 {
		m := f.Views.Message(h.Message)
		b.Message = &m
	}
	if h.Data != "" {
		b.Data = json.RawMessage(h.Data)
	}
	return json.Marshal(b)
}
