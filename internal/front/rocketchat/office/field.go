package office

import (
	"cmp"
	"context"
	"net/http"
	"strings"

	"parlor/internal/errs"
	"parlor/internal/field"
	"parlor/internal/front/rocketchat/contract"
	"parlor/internal/grant"
)

// customFields adds the calls about custom fields.
func (f *Front) customFields() {
	change, manager := []string{"view-livechat-customfields"}, []string{"view-livechat-manager"}
	f.Add(
		contract.Route{Method: http.MethodGet, Path: "livechat/custom-fields", Do: f.listFields, Auth: true, Needs: []string{"view-l-room"}},
		contract.Route{Method: http.MethodGet, Path: "livechat/custom-fields/:_id", Do: f.oneField, Auth: true, Needs: []string{"view-l-room"}},
		contract.Route{Method: http.MethodPost, Path: "livechat/custom.field", Do: f.setField},
		contract.Route{Method: http.MethodPost, Path: "livechat/custom.fields", Do: f.setFields},
		contract.Route{Method: http.MethodPost, Path: "livechat/custom-fields.save", Do: f.saveFieldCall, Auth: true, Needs: manager},
		contract.Route{Method: http.MethodPost, Path: "livechat/custom-fields.delete", Do: f.removeFieldCall, Auth: true, Needs: manager},
	)
	f.AddMethods(
		contract.Method{Name: "livechat:saveCustomField", Auth: true, Needs: change, Do: func(ctx context.Context, c *contract.Call, p contract.Params) (any, error) {
			which, _ := p.At(0).(string)
			return f.saveField(ctx, c, which, p.At(1))
		}},
		contract.Method{Name: "livechat:removeCustomField", Auth: true, Needs: change, Do: func(ctx context.Context, c *contract.Call, p contract.Params) (any, error) {
			which, err := p.Text(0)
			if err != nil {
				return nil, err
			}
			return 1, f.removeField(ctx, c, which)
		}},
		contract.Method{Name: "livechat:getCustomFields", Do: func(ctx context.Context, c *contract.Call, _ contract.Params) (any, error) {
			list, err := f.Fields.All(ctx, c.Tenant)
			return fieldViews(list, ""), err
		}},
	)
}

func fieldOf(x field.VisitorField) contract.Object {
	visibility, kind, options := "visible", "input", x.Custom.Choices
	if x.Custom.Hidden {
		visibility = "hidden"
	}
	if x.Kind == field.Choice {
		kind, options = "select", strings.Join(x.Options, ",")
	}
	return contract.Object{"_id": x.Key, "label": x.Name, "scope": x.Custom.In(), "visibility": cmp.Or(x.Custom.Visibility, visibility), "regexp": x.Custom.Pattern,
		"searchable": x.Custom.Searchable, "type": kind, "required": x.Required, "defaultValue": x.Custom.Preset, "options": options, "public": x.Custom.Public,
		"_updatedAt": contract.StampOf(x.CreatedAt)}
}

func fieldViews(list []field.VisitorField, wanted string) []contract.Object {
	out := []contract.Object{}
	for _, x := range list {
		if strings.Contains(strings.ToLower(x.Key+"\n"+x.Name), strings.ToLower(wanted)) {
			out = append(out, fieldOf(x))
		}
	}
	return out
}

func (f *Front) listFields(ctx context.Context, c *contract.Call) (any, error) {
	w, err := c.Window()
	if err != nil {
		return nil, err
	}
	list, err := f.Fields.All(ctx, c.Tenant)
	return contract.Page("customFields", fieldViews(list, c.Arg("text")), w), err
}

func (f *Front) oneField(ctx context.Context, c *contract.Call) (any, error) {
	list, err := f.Fields.All(ctx, c.Tenant)
	for _, x := range list {
		if x.Key == c.Params["_id"] {
			return contract.Object{"customField": fieldOf(x)}, err
		}
	}
	return contract.Object{"customField": nil}, err
}

var fieldShape = contract.Dict(contract.Must("field", contract.Text), contract.Must("label", contract.Text), contract.Must("scope", contract.Text), contract.Must("visibility", contract.Text), contract.Maybe("regexp", contract.Text), contract.Maybe("searchable", contract.Boolean),
	contract.Maybe("type", contract.Text), contract.Maybe("required", contract.Boolean), contract.Maybe("defaultValue", contract.Text), contract.Maybe("options", contract.Text), contract.Maybe("public", contract.Boolean), contract.Maybe("order", contract.Anything)).Open().Matched()

// saveField adds a field, or changes the one with a key.
func (f *Front) saveField(ctx context.Context, c *contract.Call, which string, data any) (any, error) {
	var in struct {
		Field, Label, Scope, Visibility, Regexp, Type, DefaultValue, Options string
		Searchable, Required, Public                                         bool
	}
	if err := fieldShape.Decode(data, &in); err != nil {
		return nil, err
	}
	list, err := f.Fields.All(ctx, c.Tenant)
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
		return nil, contract.Structured("error-invalid-custom-field", "Custom Field Not found")
	case which == "" && has(in.Field), which != "" && which != in.Field && has(in.Field):
		return nil, contract.Structured("error-custom-field-name-already-exists", "Custom field name already exists")
	}
	x, err := f.Fields.Put(ctx, c.Who, in.Field, field.FieldInput{Name: in.Label, Required: in.Required},
		field.Custom{Scope: in.Scope, Hidden: in.Visibility == "hidden", Visibility: in.Visibility, Pattern: in.Regexp, Searchable: in.Searchable, Public: in.Public,
			Preset: in.DefaultValue, Choices: in.Options, Select: in.Type == "select"})
	if errs.ReasonOf(err) == "bad_key" {
		err = contract.Structured("error-invalid-custom-field-name", "Invalid custom field name. Use only letters, numbers, hyphens and underscores.")
	}
	return fieldOf(x), err
}

// saveFieldCall answers POST livechat/custom-fields.save. The contract asks for the
// permission to manage; it lends that of fields.
func (f *Front) saveFieldCall(ctx context.Context, c *contract.Call) (any, error) {
	var in struct {
		CustomFieldID   *string
		CustomFieldData any
	}
	if err := c.Read(contract.Dict(contract.Must("customFieldId", contract.Text.OrNull()), contract.Must("customFieldData", contract.Dict().Open())), &in); err != nil {
		return nil, err
	}
	which := ""
	if in.CustomFieldID != nil {
		which = *in.CustomFieldID
	}
	c.Who = grant.Lend(c.Who, "view-livechat-customfields")
	v, err := f.saveField(ctx, c, which, in.CustomFieldData)
	return contract.Object{"customField": v}, err
}

func (f *Front) removeFieldCall(ctx context.Context, c *contract.Call) (any, error) {
	var in struct{ CustomFieldID string }
	if err := c.Read(contract.Dict(contract.Must("customFieldId", contract.Text)), &in); err != nil {
		return nil, err
	}
	c.Who = grant.Lend(c.Who, "view-livechat-customfields")
	return contract.Object{}, f.removeField(ctx, c, in.CustomFieldID)
}

func (f *Front) removeField(ctx context.Context, c *contract.Call, key string) error {
	list, err := f.Fields.All(ctx, c.Tenant)
	if err != nil {
		return err
	}
	for _, x := range list {
		if x.Key == key {
			return f.Fields.Remove(ctx, c.Who, x.ID)
		}
	}
	return contract.Structured("error-invalid-custom-field", "Custom field not found")
}

var (
	valueProps = []contract.Prop{contract.Must("key", contract.Text), contract.Must("value", contract.Text), contract.Must("overwrite", contract.Boolean)}
	valueShape = contract.Dict(append([]contract.Prop{contract.Must("token", contract.Text)}, valueProps...)...)
	valuesForm = contract.Dict(contract.Must("token", contract.Text), contract.Must("customFields", contract.List(contract.Dict(valueProps...)).AtLeast(1)))
)

func (f *Front) setField(ctx context.Context, c *contract.Call) (any, error) {
	var in struct {
		Token string
		contract.CustomValue
	}
	if err := c.Read(valueShape, &in); err != nil {
		return nil, err
	}
	k, err := f.Visitors.ByToken(ctx, c.Tenant, in.Token)
	if err != nil {
		return nil, err
	}
	changed, err := f.FillFields(ctx, k, []contract.CustomValue{in.CustomValue}, false)
	if err == nil && len(changed) == 0 {
		err = contract.Bare
	}
	return contract.Object{"field": in.CustomValue}, err
}

func (f *Front) setFields(ctx context.Context, c *contract.Call) (any, error) {
	var in struct {
		Token        string
		CustomFields []contract.CustomValue
	}
	if err := c.Read(valuesForm, &in); err != nil {
		return nil, err
	}
	k, err := f.Visitors.ByToken(ctx, c.Tenant, in.Token)
	if err != nil {
		return nil, err
	}
	out := []contract.Object{}
	for _, v := range in.CustomFields {
		out = append(out, contract.Object{"Key": v.Key, "value": v.Value, "overwrite": v.Overwrite})
	}
	_, err = f.FillFields(ctx, k, in.CustomFields, false)
	return contract.Object{"fields": out}, err
}
