package office

import (
	"context"
	"net/http"
	"slices"

	"parlor/internal/errs"
	"parlor/internal/front/rocketchat/contract"
	"parlor/internal/grant"
	"parlor/internal/setting"
)

// options adds the calls about settings and permissions.
func (f *Front) options() {
	f.Add(
		contract.Route{Method: http.MethodGet, Path: "settings.public", Do: f.listSettings(publicSetting)},
		contract.Route{Method: http.MethodGet, Path: "settings", Do: f.listSettings(plainSetting), Auth: true, Needs: []string{"view-privileged-setting"}},
		contract.Route{Method: http.MethodGet, Path: "settings/:id", Do: f.oneSetting, Auth: true, Needs: []string{"view-privileged-setting"}},
		contract.Route{Method: http.MethodPost, Path: "settings/:id", Do: f.setSetting, Auth: true, Needs: []string{"edit-privileged-setting"}},
		contract.Route{Method: http.MethodGet, Path: "permissions.listAll", Do: f.permissions, Auth: true},
		contract.Route{Method: http.MethodPost, Path: "permissions.update", Do: f.setPermissions, Auth: true, Needs: []string{"access-permissions"}},
		contract.Route{Method: http.MethodGet, Path: "roles.list", Do: f.listRoles, Auth: true},
		contract.Route{Method: http.MethodGet, Path: "livechat/appearance", Do: f.appearance, Auth: true, Needs: []string{"view-livechat-manager"}},
		contract.Route{Method: http.MethodPost, Path: "livechat/appearance", Do: f.setAppearance, Auth: true, Needs: []string{"view-livechat-manager"}},
	)
}

// listSettings answers a page of the options that view shows; it leaves out those
// for which it returns nil.
func (f *Front) listSettings(view func(o setting.Option, company setting.Company) contract.Object) contract.Handler {
	return func(ctx context.Context, c *contract.Call) (any, error) {
		company, err := f.Company(ctx, c)
		if err != nil {
			return nil, err
		}
		w, err := c.Window()
		if err != nil {
			return nil, err
		}
		var list []contract.Object
		for _, o := range setting.Options() {
			if v := view(o, company); v != nil {
				list = append(list, v)
			}
		}
		return contract.Page("settings", list, w), nil
	}
}

// publicSetting shows what may be read without a login.
func publicSetting(o setting.Option, company setting.Company) contract.Object {
	if !o.Public {
		return nil
	}
	return contract.Object{"_id": o.ID, "value": o.Value(company), "enterprise": false}
}

// plainSetting shows everything but passwords.
func plainSetting(o setting.Option, company setting.Company) contract.Object {
	if o.Kind == "password" {
		return nil
	}
	return contract.SettingOf(o, company)
}

func (f *Front) oneSetting(ctx context.Context, c *contract.Call) (any, error) {
	if s, ok := hookSettingByID(c.Params["id"]); ok {
		h, err := f.Hooks.Plain(ctx, grant.Lend(c.Who, "view-livechat-webhooks"), formatName)
		return s.view(h), err
	}
	o, ok := setting.OptionByID(c.Params["id"])
	if !ok || o.Kind == "password" {
		return nil, contract.Bare
	}
	company, err := f.Company(ctx, c)
	if err != nil {
		return nil, err
	}
	return contract.SettingOf(o, company), nil
}

func (f *Front) setSetting(ctx context.Context, c *contract.Call) (any, error) {
	var in struct{ Value any }
	if err := c.Read(contract.Dict(contract.Must("value", contract.Anything)).Open(), &in); err != nil {
		return nil, err
	}
	if s, ok := hookSettingByID(c.Params["id"]); ok {
		return contract.Object{}, f.setHookSetting(ctx, c, s, in.Value)
	}
	if o, ok := setting.OptionByID(c.Params["id"]); ok && o.Kind == "boolean" {
		in.Value = truth(in.Value)
	}
	err := f.Accounts.SetOption(ctx, c.Who, c.Params["id"], in.Value)
	if errs.ReasonOf(err) == "option_not_found" {
		return nil, contract.Bare
	}
	return contract.Object{}, err
}

// truth makes a switch of a text: there any value is kept, and a text that is not
// empty counts as on.
func truth(v any) any {
	if s, ok := v.(string); ok && s != "false" {
		return s != ""
	}
	return v
}

func (f *Front) permissions(ctx context.Context, c *contract.Call) (any, error) {
	list, err := f.Grants.List(ctx, c.Tenant)
	out := make([]contract.Object, len(list))
	for i, e := range list {
		out[i] = contract.PermissionOf(e)
	}
	return contract.Object{"update": out, "remove": []contract.Object{}}, err
}

func (f *Front) setPermissions(ctx context.Context, c *contract.Call) (any, error) {
	v, err := c.Body()
	if err != nil {
		return nil, err
	}
	body, _ := v.(map[string]any)
	items, ok := body["permissions"].([]any)
	if !ok || len(items) == 0 {
		return nil, contract.Plain("error-invalid-body-params")
	}
	var list []grant.Entry
	for _, item := range items {
		m, _ := item.(map[string]any)
		name, ok := m["_id"].(string)
		names, isList := m["roles"].([]any)
		if !ok || !isList {
			return nil, contract.Plain("error-invalid-body-params")
		}
		e := grant.Entry{Permission: name, Roles: []string{}}
		for _, r := range names {
			s, ok := r.(string)
			if !ok {
				return nil, contract.Plain("error-invalid-body-params")
			}
			e.Roles = append(e.Roles, s)
		}
		list = append(list, e)
	}
	known, err := f.roleNames(ctx, c)
	if err != nil {
		return nil, err
	}
	switch err := f.Grants.Set(ctx, c.Who, list, known); errs.ReasonOf(err) {
	case "unknown_permission":
		return nil, contract.Plain("error-invalid-permission")
	case "unknown_role":
		return nil, contract.Plain("error-invalid-role")
	default:
		if err != nil {
			return nil, err
		}
	}
	all, err := f.Grants.List(ctx, c.Tenant)
	out := make([]contract.Object, len(all))
	for i, e := range all {
		out[i] = contract.PermissionOf(e)
	}
	return contract.Object{"permissions": out}, err
}

// roleNames are the contract's names of all roles.
func (f *Front) roleNames(ctx context.Context, c *contract.Call) ([]string, error) {
	own, err := f.Accounts.Roles(ctx, grant.Lend(c.Who, "access-permissions"))
	list := grant.Roles()
	for _, r := range own {
		list = append(list, string(r.ID))
	}
	return list, err
}

func (f *Front) listRoles(ctx context.Context, c *contract.Call) (any, error) {
	names, err := f.roleNames(ctx, c)
	out := make([]contract.Object, len(names))
	for i, n := range names {
		out[i] = contract.Object{"_id": n, "name": n, "scope": "Users", "protected": slices.Contains(grant.Roles(), n), "description": ""}
	}
	return contract.Object{"roles": out}, err
}

// looks are the settings that the appearance page may change.
var looks = []string{"Livechat_title", "Livechat_title_color", "Livechat_enable_message_character_limit", "Livechat_message_character_limit",
	"Livechat_show_agent_info", "Livechat_show_agent_email", "Livechat_display_offline_form", "Livechat_offline_form_unavailable", "Livechat_offline_message",
	"Livechat_offline_success_message", "Livechat_offline_title", "Livechat_offline_title_color", "Livechat_offline_email",
	"Livechat_conversation_finished_message", "Livechat_conversation_finished_text", "Livechat_registration_form", "Livechat_name_field_registration_form",
	"Livechat_email_field_registration_form", "Livechat_registration_form_message", "Livechat_hide_watermark", "Livechat_background",
	"Livechat_widget_position", "Livechat_hide_system_messages", "Omnichannel_allow_visitors_to_close_conversation"}

func (f *Front) appearance(ctx context.Context, c *contract.Call) (any, error) {
	company, err := f.Company(ctx, c)
	if err != nil {
		return nil, err
	}
	list := make([]contract.Object, 0, len(looks))
	for _, name := range looks {
		if o, ok := setting.OptionByID(name); ok {
			list = append(list, contract.SettingOf(o, company))
		}
	}
	return contract.Object{"appearance": list}, nil
}

func (f *Front) setAppearance(ctx context.Context, c *contract.Call) (any, error) {
	var in []struct {
		ID    string `json:"_id"`
		Value any    `json:"value"`
	}
	if err := c.Read(contract.List(contract.Dict(contract.Must("_id", contract.Text), contract.Must("value", contract.Anything))).AtLeast(1), &in); err != nil {
		return nil, err
	}
	for _, s := range in {
		if !slices.Contains(looks, s.ID) {
			return nil, contract.Plain("invalid-setting")
		}
	}
	who := grant.Lend(c.Who, "edit-privileged-setting")
	for _, s := range in {
		if s.ID == "Livechat_hide_system_messages" {
			if _, isList := s.Value.([]any); !isList {
				continue
			}
		}
		if err := f.Accounts.SetOption(ctx, who, s.ID, s.Value); err != nil {
			return nil, err
		}
	}
	return contract.Object{}, nil
}
