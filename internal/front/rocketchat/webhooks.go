package rocketchat

import (
	"context"
	"net/http"
	"slices"

	"parlor/internal/errs"
	"parlor/internal/grant"
	"parlor/internal/hook"
)

// formatName is the name of this contract's form of webhooks.
const formatName = "rocketchat"

// hookSetting is a setting of the one webhook that this contract knows. name is
// what POST omnichannel/integrations calls it.
type hookSetting struct {
	id, name, kind string
	initial        any
	get            func(h hook.Hook) any
	set            func(h *hook.Hook, v any) bool
}

// onOff is a setting that switches an occasion.
func onOff(id, name string, o hook.Occasion) hookSetting {
	return hookSetting{id, name, "boolean", false, func(h hook.Hook) any { return slices.Contains(h.Occasions, o) }, func(h *hook.Hook, v any) bool {
		on, ok := v.(bool)
		h.Occasions = slices.DeleteFunc(slices.Clone(h.Occasions), func(x hook.Occasion) bool { return x == o })
		if on {
			h.Occasions = append(h.Occasions, o)
		}
		return ok
	}}
}

// hookSettings are all of them, in the order of the page.
var hookSettings = []hookSetting{
	{"Livechat_webhookUrl", "LivechatWebhookUrl", "string", "", func(h hook.Hook) any { return h.URL }, func(h *hook.Hook, v any) bool {
		s, ok := v.(string)
		h.URL = s
		return ok
	}},
	{"Livechat_secret_token", "LivechatSecretToken", "string", "", func(h hook.Hook) any { return h.Secret }, func(h *hook.Hook, v any) bool {
		s, ok := v.(string)
		h.Secret = s
		return ok
	}},
	{"Livechat_http_timeout", "LivechatHttpTimeout", "int", hook.DefaultTimeout, func(h hook.Hook) any { return h.Timeout }, func(h *hook.Hook, v any) bool {
		n, ok := v.(float64)
		h.Timeout = int(n)
		return ok
	}},
	onOff("Livechat_webhook_on_start", "LivechatWebhookOnStart", hook.Started),
	onOff("Livechat_webhook_on_close", "LivechatWebhookOnClose", hook.Closed),
	onOff("Livechat_webhook_on_chat_taken", "LivechatWebhookOnChatTaken", hook.Assigned),
	onOff("Livechat_webhook_on_chat_queued", "LivechatWebhookOnChatQueued", hook.Queued),
	onOff("Livechat_webhook_on_forward", "LivechatWebhookOnForward", hook.Forwarded),
	onOff("Livechat_webhook_on_offline_msg", "LivechatWebhookOnOfflineMsg", hook.LeftMessage),
	onOff("Livechat_webhook_on_visitor_message", "LivechatWebhookOnVisitorMessage", hook.FromVisitor),
	onOff("Livechat_webhook_on_agent_message", "LivechatWebhookOnAgentMessage", hook.FromAgent),
	onOff("Livechat_webhook_on_capture", "LivechatWebhookOnCapture", hook.Lead),
}

// view is the contract's form of the setting.
func (s hookSetting) view(h hook.Hook) object {
	return object{"_id": s.id, "value": s.get(h), "packageValue": s.initial, "type": s.kind, "public": false, "group": "Omnichannel", "section": "CRM_Integration", "i18nLabel": s.id}
}

// hookSettingByID finds one.
func hookSettingByID(id string) (hookSetting, bool) {
	i := slices.IndexFunc(hookSettings, func(s hookSetting) bool { return s.id == id })
	if i < 0 {
		return hookSetting{}, false
	}
	return hookSettings[i], true
}

// webhooks adds the calls about the webhook.
func (f *Front) webhooks() {
	f.add(
		route{method: http.MethodGet, path: "livechat/integrations.settings", do: f.hookPage, auth: true, needs: []string{"view-livechat-manager"}},
		route{method: http.MethodPost, path: "omnichannel/integrations", do: f.setHook, auth: true, needs: []string{"view-livechat-manager"}},
		route{method: http.MethodPost, path: "livechat/webhook.test", do: f.testHook, auth: true, needs: []string{"view-livechat-webhooks"}},
	)
}

func (f *Front) hookPage(ctx context.Context, c *call) (any, error) {
	h, err := f.Hooks.Plain(ctx, grant.Lend(c.who, "view-livechat-webhooks"), formatName)
	list := make([]object, len(hookSettings))
	for i, s := range hookSettings {
		list[i] = s.view(h)
	}
	return object{"settings": list}, err
}

// setHook answers POST omnichannel/integrations.
func (f *Front) setHook(ctx context.Context, c *call) (any, error) {
	v, err := c.body()
	if err != nil {
		return nil, err
	}
	body, ok := v.(map[string]any)
	if !ok {
		return nil, invalidParams("must be object")
	}
	for name := range body {
		if !slices.ContainsFunc(hookSettings, func(s hookSetting) bool { return s.name == name }) {
			return nil, invalidParams("must NOT have additional properties")
		}
	}
	return object{}, f.changeHook(ctx, c, func(h *hook.Hook) error {
		for _, s := range hookSettings {
			v, given := body[s.name]
			if given && !s.set(h, fitted(v, s.kind)) {
				return invalidParams("must be " + string(kinds[s.kind]))
			}
		}
		return nil
	})
}

// kinds are the JSON types of kinds of setting.
var kinds = map[string]kind{"int": kindNumber, "boolean": kindBoolean, "string": kindString}

// fitted makes a scalar one of the wanted kind, if it can be.
func fitted(v any, to string) any {
	want := kinds[to]
	if typeOf(v) == want {
		return v
	}
	if fit, ok := coerce(v, want); ok {
		return fit
	}
	return nil
}

// changeHook reads the webhook, changes it and keeps it.
func (f *Front) changeHook(ctx context.Context, c *call, change func(h *hook.Hook) error) error {
	who := grant.Lend(c.who, "view-livechat-webhooks")
	h, err := f.Hooks.Plain(ctx, who, formatName)
	if err != nil {
		return err
	}
	if err := change(&h); err != nil {
		return err
	}
	_, err = f.Hooks.SavePlain(ctx, who, h)
	return err
}

// testHook answers POST livechat/webhook.test: one sample, now.
func (f *Front) testHook(ctx context.Context, c *call) (any, error) {
	h, err := f.Hooks.Plain(ctx, c.who, formatName)
	if err != nil {
		return nil, err
	}
	if h.URL == "" {
		return nil, plain("Webhook_URL_not_set")
	}
	a, err := f.Hooks.Test(ctx, c.who, h.ID)
	if err != nil {
		return nil, err
	}
	if a.Failure != "" || a.Status != http.StatusOK {
		return nil, plain("error-invalid-webhook-response")
	}
	return object{}, nil
}

// setHookSetting changes one setting of the webhook by its id.
func (f *Front) setHookSetting(ctx context.Context, c *call, s hookSetting, v any) error {
	return f.changeHook(ctx, c, func(h *hook.Hook) error {
		if !s.set(h, fitted(v, s.kind)) {
			return errs.Field(s.id, "bad_option", "%s is a %s.", s.id, s.kind)
		}
		return nil
	})
}
