package rocketchat

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/field"
	"parlor/internal/id"
	"parlor/internal/visitor"
)

// customFields adds the calls about custom fields.
func (f *Front) customFields() {
	change := []string{"view-livechat-customfields"}
	f.add(
		route{method: http.MethodGet, path: "livechat/custom-fields", do: f.listFields, auth: true, needs: []string{"view-l-room"}},
		route{method: http.MethodGet, path: "livechat/custom-fields/:_id", do: f.oneField, auth: true, needs: []string{"view-l-room"}},
		route{method: http.MethodPost, path: "livechat/custom.field", do: f.setField},
		route{method: http.MethodPost, path: "livechat/custom.fields", do: f.setFields},
	)
	f.methods.add(
		method{name: "livechat:saveCustomField", auth: true, needs: change, do: func(ctx context.Context, c *call, p params) (any, error) {
			which, _ := p.at(0).(string)
			return f.saveField(ctx, c, which, p.at(1))
		}},
		method{name: "livechat:removeCustomField", auth: true, needs: change, do: func(ctx context.Context, c *call, p params) (any, error) {
			which, err := p.text(0)
			if err != nil {
				return nil, err
			}
			return 1, f.removeField(ctx, c, which)
		}},
		method{name: "livechat:getCustomFields", do: func(ctx context.Context, c *call, _ params) (any, error) {
			list, err := f.Fields.All(ctx, c.tenant)
			return fieldViews(list, ""), err
		}},
	)
}

func fieldOf(x field.VisitorField) object {
	visibility, kind := "visible", "input"
	if x.Custom.Hidden {
		visibility = "hidden"
	}
	if x.Kind == field.Choice {
		kind = "select"
	}
	return object{"_id": x.Key, "label": x.Name, "scope": x.Custom.In(), "visibility": visibility, "regexp": x.Custom.Pattern, "searchable": x.Custom.Searchable,
		"type": kind, "required": x.Required, "defaultValue": x.Custom.Preset, "options": strings.Join(x.Options, ","), "public": x.Custom.Public, "_updatedAt": stampOf(x.CreatedAt)}
}

func fieldViews(list []field.VisitorField, wanted string) []object {
	out := []object{}
	for _, x := range list {
		if strings.Contains(strings.ToLower(x.Key+"\n"+x.Name), strings.ToLower(wanted)) {
			out = append(out, fieldOf(x))
		}
	}
	return out
}

func (f *Front) listFields(ctx context.Context, c *call) (any, error) {
	w, err := c.window()
	if err != nil {
		return nil, err
	}
	list, err := f.Fields.All(ctx, c.tenant)
	return page("customFields", fieldViews(list, c.arg("text")), w), err
}

func (f *Front) oneField(ctx context.Context, c *call) (any, error) {
	list, err := f.Fields.All(ctx, c.tenant)
	for _, x := range list {
		if x.Key == c.params["_id"] {
			return object{"customField": fieldOf(x)}, err
		}
	}
	return object{"customField": nil}, err
}

var fieldShape = dict(must("field", text), must("label", text), must("scope", text), must("visibility", text), must("regexp", text), must("searchable", boolean),
	maybe("type", text), maybe("required", boolean), maybe("defaultValue", text), maybe("options", text), maybe("public", boolean), maybe("order", anything)).open().matched()

// saveField adds a field, or changes the one with a key.
func (f *Front) saveField(ctx context.Context, c *call, which string, data any) (any, error) {
	var in struct {
		Field, Label, Scope, Visibility, Regexp, Type, DefaultValue, Options string
		Searchable, Required, Public                                         bool
	}
	if err := fieldShape.decode(data, &in); err != nil {
		return nil, err
	}
	list, err := f.Fields.All(ctx, c.tenant)
	if err != nil {
		return nil, err
	}
	has := func(key string) bool {
		for _, x := range list {
			if x.Key == key {
				return true
			}
		}
		return false
	}
	switch {
	case which != "" && !has(which):
		return nil, structured("error-invalid-custom-field", "Custom Field Not found")
	case which == "" && has(in.Field), which != "" && which != in.Field && has(in.Field):
		return nil, structured("error-custom-field-name-already-exists", "Custom field name already exists")
	}
	var options []string
	for _, o := range strings.Split(in.Options, ",") {
		if o = strings.TrimSpace(o); o != "" && in.Type == "select" {
			options = append(options, o)
		}
	}
	x, err := f.Fields.Put(ctx, c.who, in.Field, field.FieldInput{Name: in.Label, Options: options, Required: in.Required},
		field.Custom{Scope: in.Scope, Hidden: in.Visibility == "hidden", Pattern: in.Regexp, Searchable: in.Searchable, Public: in.Public, Preset: in.DefaultValue})
	if errs.ReasonOf(err) == "bad_key" {
		err = structured("error-invalid-custom-field-name", "Invalid custom field name. Use only letters, numbers, hyphens and underscores.")
	}
	return fieldOf(x), err
}

func (f *Front) removeField(ctx context.Context, c *call, key string) error {
	list, err := f.Fields.All(ctx, c.tenant)
	if err != nil {
		return err
	}
	for _, x := range list {
		if x.Key == key {
			return f.Fields.Remove(ctx, c.who, x.ID)
		}
	}
	return structured("error-invalid-custom-field", "Custom field not found")
}

var (
	valueProps = []prop{must("key", text), must("value", text), must("overwrite", boolean)}
	valueShape = dict(append([]prop{must("token", text)}, valueProps...)...)
	valuesForm = dict(must("token", text), must("customFields", list(dict(valueProps...))))
)

// fillFields sets values of a visitor and of its open room.
func (f *Front) fillFields(ctx context.Context, k visitor.Known, values []customValue, lax bool) ([]string, error) {
	t := k.Visitor.Tenant
	active, err := f.Conversations.Active(ctx, t, k.Visitor.ID)
	if err != nil && !isMissing(err) {
		return nil, err
	}
	var room map[string]string
	if active.ID != "" {
		d, err := f.Conversations.DetailsOf(ctx, t, []id.Conversation{active.ID})
		if err != nil {
			return nil, err
		}
		room = d[active.ID].Fields
	}
	list := make([]field.Value, len(values))
	for i, v := range values {
		list[i] = field.Value{Key: v.Key, Value: v.Value, Overwrite: v.Overwrite}
	}
	changed, err := f.Fields.SetBy(ctx, t, k.Visitor.ID, active.ID, room, list, lax)
	return changed, fieldFault(err)
}

// fieldFault puts what fields refuse into the words of the contract.
func fieldFault(err error) error {
	switch errs.ReasonOf(err) {
	case "unknown_field":
		return plain("invalid-custom-field")
	case "bad_value":
		return plain("Invalid value for " + errs.FieldOf(err) + " field")
	}
	return err
}

func (f *Front) setField(ctx context.Context, c *call) (any, error) {
	var in struct {
		Token string
		customValue
	}
	if err := c.read(valueShape, &in); err != nil {
		return nil, err
	}
	k, err := f.Visitors.ByToken(ctx, c.tenant, in.Token)
	if err != nil {
		return nil, err
	}
	changed, err := f.fillFields(ctx, k, []customValue{in.customValue}, false)
	if err == nil && len(changed) == 0 {
		err = bare
	}
	return object{"field": in.customValue}, err
}

func (f *Front) setFields(ctx context.Context, c *call) (any, error) {
	var in struct {
		Token        string
		CustomFields []customValue
	}
	if err := c.read(valuesForm, &in); err != nil {
		return nil, err
	}
	k, err := f.Visitors.ByToken(ctx, c.tenant, in.Token)
	if err != nil {
		return nil, err
	}
	out := []object{}
	for _, v := range in.CustomFields {
		out = append(out, object{"Key": v.Key, "value": v.Value, "overwrite": v.Overwrite})
	}
	_, err = f.fillFields(ctx, k, in.CustomFields, false)
	return object{"fields": out}, err
}

// saveData sets the values that an agent wrote for a visitor and a room; keys
// that are no field are left out.
func (f *Front) saveData(ctx context.Context, conv conversation.Conversation, guest, room json.RawMessage) error {
	var values []field.Value
	for _, part := range []json.RawMessage{guest, room} {
		var m map[string]string
		if len(part) > 0 && json.Unmarshal(part, &m) != nil {
			return invalidParams("must be string")
		}
		for k, v := range m {
			values = append(values, field.Value{Key: k, Value: v, Overwrite: true})
		}
	}
	if len(values) == 0 {
		return nil
	}
	d, err := f.Conversations.DetailsOf(ctx, conv.Tenant, []id.Conversation{conv.ID})
	if err != nil {
		return err
	}
	_, err = f.Fields.SetBy(ctx, conv.Tenant, conv.Visitor, conv.ID, d[conv.ID].Fields, values, true)
	return fieldFault(err)
}

// withData adds the values of a visitor's fields.
func (f *Front) withData(ctx context.Context, v visitorView, t id.Tenant) (visitorView, error) {
	values, err := f.Fields.ValuesOf(ctx, t, []id.Visitor{v.ID})
	v.Livechat = values[v.ID]
	return v, err
}
