package rocketchat

import (
	"context"
	"net/http"
	"slices"

	"parlor/internal/errs"
	"parlor/internal/grant"
	"parlor/internal/setting"
)

// options adds the calls about settings and permissions.
func (f *Front) options() {
	f.add(
		route{method: http.MethodGet, path: "settings.public", do: f.listSettings(publicSetting)},
		route{method: http.MethodGet, path: "settings", do: f.listSettings(plainSetting), auth: true, needs: []string{"view-privileged-setting"}},
		route{method: http.MethodGet, path: "settings/:id", do: f.oneSetting, auth: true, needs: []string{"view-privileged-setting"}},
		route{method: http.MethodPost, path: "settings/:id", do: f.setSetting, auth: true, needs: []string{"edit-privileged-setting"}},
		route{method: http.MethodGet, path: "permissions.listAll", do: f.permissions, auth: true},
		route{method: http.MethodPost, path: "permissions.update", do: f.setPermissions, auth: true, needs: []string{"access-permissions"}},
		route{method: http.MethodGet, path: "roles.list", do: f.listRoles, auth: true},
		route{method: http.MethodGet, path: "livechat/appearance", do: f.appearance, auth: true, needs: []string{"view-livechat-manager"}},
		route{method: http.MethodPost, path: "livechat/appearance", do: f.setAppearance, auth: true, needs: []string{"view-livechat-manager"}},
	)
}

// company returns the settings of the caller's company as they are now.
func (f *Front) company(ctx context.Context, c *call) (setting.Company, error) {
	book, err := f.Accounts.Book(ctx, c.tenant)
	if err != nil {
		return setting.Company{}, err
	}
	return book.Tenant.Settings, nil
}

// settingOf is the contract's form of an option.
func settingOf(o setting.Option, company setting.Company) object {
	out := object{"_id": o.ID, "value": o.Value(company), "packageValue": o.Default, "type": o.Kind, "public": o.Public, "group": "Omnichannel",
		"section": o.Section, "i18nLabel": o.ID}
	if len(o.Values) > 0 {
		values := make([]object, len(o.Values))
		for i, v := range o.Values {
			values[i] = object{"key": v, "i18nLabel": v}
		}
		out["values"] = values
	}
	return out
}

// listSettings answers a page of the options that view shows; it leaves out those
// for which it returns nil.
func (f *Front) listSettings(view func(o setting.Option, company setting.Company) object) handler {
	return func(ctx context.Context, c *call) (any, error) {
		company, err := f.company(ctx, c)
		if err != nil {
			return nil, err
		}
		w, err := c.window()
		if err != nil {
			return nil, err
		}
		var list []object
		for _, o := range setting.Options() {
			if v := view(o, company); v != nil {
				list = append(list, v)
			}
		}
		return page("settings", list, w), nil
	}
}

// publicSetting shows what may be read without a login.
func publicSetting(o setting.Option, company setting.Company) object {
	if !o.Public {
		return nil
	}
	return object{"_id": o.ID, "value": o.Value(company), "enterprise": false}
}

// plainSetting shows everything but passwords.
func plainSetting(o setting.Option, company setting.Company) object {
	if o.Kind == "password" {
		return nil
	}
	return settingOf(o, company)
}

func (f *Front) oneSetting(ctx context.Context, c *call) (any, error) {
	if s, ok := hookSettingByID(c.params["id"]); ok {
		h, err := f.Hooks.Plain(ctx, grant.Lend(c.who, "view-livechat-webhooks"), formatName)
		return s.view(h), err
	}
	o, ok := setting.OptionByID(c.params["id"])
	if !ok || o.Kind == "password" {
		return nil, bare
	}
	company, err := f.company(ctx, c)
	if err != nil {
		return nil, err
	}
	return settingOf(o, company), nil
}

func (f *Front) setSetting(ctx context.Context, c *call) (any, error) {
	var in struct{ Value any }
	if err := c.read(dict(must("value", anything)).open(), &in); err != nil {
		return nil, err
	}
	if s, ok := hookSettingByID(c.params["id"]); ok {
		return object{}, f.setHookSetting(ctx, c, s, in.Value)
	}
	err := f.Accounts.SetOption(ctx, c.who, c.params["id"], in.Value)
	if errs.ReasonOf(err) == "option_not_found" {
		return nil, bare
	}
	return object{}, err
}

// permissionOf is the contract's form of a permission.
func permissionOf(e grant.Entry) object {
	return object{"_id": e.Permission, "roles": e.Roles, "_updatedAt": stamp(e.UpdatedAt), "groupPermissionId": ""}
}

func (f *Front) permissions(ctx context.Context, c *call) (any, error) {
	list, err := f.Grants.List(ctx, c.tenant)
	out := make([]object, len(list))
	for i, e := range list {
		out[i] = permissionOf(e)
	}
	return object{"update": out, "remove": []object{}}, err
}

func (f *Front) setPermissions(ctx context.Context, c *call) (any, error) {
	v, err := c.body()
	if err != nil {
		return nil, err
	}
	body, _ := v.(map[string]any)
	items, ok := body["permissions"].([]any)
	if !ok || len(items) == 0 {
		return nil, plain("error-invalid-body-params")
	}
	var list []grant.Entry
	for _, item := range items {
		m, _ := item.(map[string]any)
		name, ok := m["_id"].(string)
		names, isList := m["roles"].([]any)
		if !ok || !isList {
			return nil, plain("error-invalid-body-params")
		}
		e := grant.Entry{Permission: name, Roles: []string{}}
		for _, r := range names {
			s, ok := r.(string)
			if !ok {
				return nil, plain("error-invalid-body-params")
			}
			e.Roles = append(e.Roles, s)
		}
		list = append(list, e)
	}
	known, err := f.roleNames(ctx, c)
	if err != nil {
		return nil, err
	}
	switch err := f.Grants.Set(ctx, c.who, list, known); errs.ReasonOf(err) {
	case "unknown_permission":
		return nil, plain("error-invalid-permission")
	case "unknown_role":
		return nil, plain("error-invalid-role")
	default:
		if err != nil {
			return nil, err
		}
	}
	all, err := f.Grants.List(ctx, c.tenant)
	out := make([]object, len(all))
	for i, e := range all {
		out[i] = permissionOf(e)
	}
	return object{"permissions": out}, err
}

// roleNames are the contract's names of all roles.
func (f *Front) roleNames(ctx context.Context, c *call) ([]string, error) {
	own, err := f.Accounts.Roles(ctx, grant.Lend(c.who, "access-permissions"))
	list := grant.Roles()
	for _, r := range own {
		list = append(list, string(r.ID))
	}
	return list, err
}

func (f *Front) listRoles(ctx context.Context, c *call) (any, error) {
	names, err := f.roleNames(ctx, c)
	out := make([]object, len(names))
	for i, n := range names {
		out[i] = object{"_id": n, "name": n, "scope": "Users", "protected": slices.Contains(grant.Roles(), n), "description": ""}
	}
	return object{"roles": out}, err
}

// looks are the settings that the appearance page may change.
var looks = []string{"Livechat_title", "Livechat_title_color", "Livechat_enable_message_character_limit", "Livechat_message_character_limit",
	"Livechat_show_agent_info", "Livechat_show_agent_email", "Livechat_display_offline_form", "Livechat_offline_form_unavailable", "Livechat_offline_message",
	"Livechat_offline_success_message", "Livechat_offline_title", "Livechat_offline_title_color", "Livechat_offline_email",
	"Livechat_conversation_finished_message", "Livechat_conversation_finished_text", "Livechat_registration_form", "Livechat_name_field_registration_form",
	"Livechat_email_field_registration_form", "Livechat_registration_form_message", "Livechat_hide_watermark", "Livechat_background",
	"Livechat_widget_position", "Livechat_hide_system_messages", "Omnichannel_allow_visitors_to_close_conversation"}

func (f *Front) appearance(ctx context.Context, c *call) (any, error) {
	company, err := f.company(ctx, c)
	if err != nil {
		return nil, err
	}
	list := make([]object, 0, len(looks))
	for _, name := range looks {
		if o, ok := setting.OptionByID(name); ok {
			list = append(list, settingOf(o, company))
		}
	}
	return object{"appearance": list}, nil
}

func (f *Front) setAppearance(ctx context.Context, c *call) (any, error) {
	var in []struct {
		ID    string `json:"_id"`
		Value any    `json:"value"`
	}
	if err := c.read(list(dict(must("_id", text), must("value", anything))).atLeast(1), &in); err != nil {
		return nil, err
	}
	for _, s := range in {
		if !slices.Contains(looks, s.ID) {
			return nil, plain("invalid-setting")
		}
	}
	who := grant.Lend(c.who, "edit-privileged-setting")
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
	return object{}, nil
}
