package office

import (
	"context"
	"net/http"
	"slices"

	"parlor/internal/errs"
	"parlor/internal/front/rocketchat/contract"
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

// onOff is a switch for an occasion; what more it stands for goes with it.
func onOff(id, name string, o hook.Occasion, more ...hook.Occasion) hookSetting {
	return hookSetting{id, name, "boolean", false, func(h hook.Hook) any { return slices.Contains(h.Occasions, o) }, func(h *hook.Hook, v any) bool {
		on, ok := v.(bool)
		h.Occasions = slices.DeleteFunc(slices.Clone(h.Occasions), func(x hook.Occasion) bool { return x == o || slices.Contains(more, x) })
		if on {
			h.Occasions = append(append(h.Occasions, o), more...)
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
	onOff("Livechat_webhook_on_close", "LivechatWebhookOnClose", hook.Closed, hook.Edited),
	onOff("Livechat_webhook_on_chat_taken", "LivechatWebhookOnChatTaken", hook.Assigned),
	onOff("Livechat_webhook_on_chat_queued", "LivechatWebhookOnChatQueued", hook.Queued),
	onOff("Livechat_webhook_on_forward", "LivechatWebhookOnForward", hook.Forwarded),
	onOff("Livechat_webhook_on_offline_msg", "LivechatWebhookOnOfflineMsg", hook.LeftMessage),
	onOff("Livechat_webhook_on_visitor_message", "LivechatWebhookOnVisitorMessage", hook.FromVisitor),
	onOff("Livechat_webhook_on_agent_message", "LivechatWebhookOnAgentMessage", hook.FromAgent),
	onOff("Livechat_webhook_on_capture", "LivechatWebhookOnCapture", hook.Lead),
	onOff("Send_visitor_navigation_history_livechat_webhook_request", "SendVisitorNavigationHistory", hook.Page),
}

// view is the contract's form of the setting.
func (s hookSetting) view(h hook.Hook) contract.Object {
	return contract.Object{"_id": s.id, "value": s.get(h), "packageValue": s.initial, "type": s.kind, "public": false, "group": "Omnichannel", "section": "CRM_Integration", "i18nLabel": s.id}
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
	f.Add(
		contract.Route{Method: http.MethodGet, Path: "livechat/integrations.settings", Do: f.hookPage, Auth: true, Needs: []string{"view-livechat-manager"}},
		contract.Route{Method: http.MethodPost, Path: "omnichannel/integrations", Do: f.setHook, Auth: true, Needs: []string{"view-livechat-manager"}},
		contract.Route{Method: http.MethodPost, Path: "livechat/webhook.test", Do: f.testHook, Auth: true, Needs: []string{"view-livechat-webhooks"}},
	)
}

func (f *Front) hookPage(ctx context.Context, c *contract.Call) (any, error) {
	h, err := f.Hooks.Plain(ctx, grant.Lend(c.Who, "view-livechat-webhooks"), formatName)
	list := make([]contract.Object, len(hookSettings))
	for i, s := range hookSettings {
		list[i] = s.view(h)
	}
	return contract.Object{"settings": list}, err
}

// setHook answers POST omnichannel/integrations.
func (f *Front) setHook(ctx context.Context, c *contract.Call) (any, error) {
	v, err := c.Body()
	if err != nil {
		return nil, err
	}
	body, ok := v.(map[string]any)
	if !ok {
		return nil, contract.InvalidParams("must be object")
	}
	for name := range body {
		if !slices.ContainsFunc(hookSettings, func(s hookSetting) bool { return s.name == name }) {
			return nil, contract.InvalidParams("must NOT have additional properties")
		}
	}
	return contract.Object{}, f.changeHook(ctx, c, func(h *hook.Hook) error {
		for _, s := range hookSettings {
			v, given := body[s.name]
			if given && !s.set(h, fitted(v, s.kind)) {
				return contract.InvalidParams("must be " + string(kinds[s.kind]))
			}
		}
		return nil
	})
}

// kinds are the JSON types of kinds of setting.
var kinds = map[string]contract.Kind{"int": contract.KindNumber, "boolean": contract.KindBoolean, "string": contract.KindString}

// fitted makes a scalar one of the wanted kind, if it can be.
func fitted(v any, to string) any {
	want := kinds[to]
	if contract.TypeOf(v) == want {
		return v
	}
	if fit, ok := contract.Coerce(v, want); ok {
		return fit
	}
	return nil
}

// changeHook reads the webhook, changes it and keeps it.
func (f *Front) changeHook(ctx context.Context, c *contract.Call, change func(h *hook.Hook) error) error {
	who := grant.Lend(c.Who, "view-livechat-webhooks")
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
func (f *Front) testHook(ctx context.Context, c *contract.Call) (any, error) {
	h, err := f.Hooks.Plain(ctx, c.Who, formatName)
	if err != nil {
		return nil, err
	}
	if h.URL == "" {
		return nil, contract.Plain("Webhook_URL_not_set")
	}
	a, err := f.Hooks.Test(ctx, c.Who, h.ID)
	if err != nil {
		return nil, err
	}
	if a.Failure != "" || a.Status != http.StatusOK {
		return nil, contract.Plain("error-invalid-webhook-response")
	}
	return contract.Object{}, nil
}

// setHookSetting changes one setting of the webhook by its id.
func (f *Front) setHookSetting(ctx context.Context, c *contract.Call, s hookSetting, v any) error {
	return f.changeHook(ctx, c, func(h *hook.Hook) error {
		if !s.set(h, fitted(v, s.kind)) {
			return errs.Field(s.id, "bad_option", "%s is a %s.", s.id, s.kind)
		}
		return nil
	})
}
