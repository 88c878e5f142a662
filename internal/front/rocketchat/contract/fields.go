package contract

import (
	"context"
	"encoding/json"

	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/field"
	"parlor/internal/id"
	"parlor/internal/visitor"
)

// FillFields sets values of a visitor and of its open room.
func (f *Kit) FillFields(ctx context.Context, k visitor.Known, values []CustomValue, lax bool) ([]string, error) {
	t := k.Visitor.Tenant
	active, err := f.Conversations.Active(ctx, t, k.Visitor.ID)
	if err != nil && !IsMissing(err) {
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
		return Plain("invalid-custom-field")
	case "bad_value":
		return Plain("Invalid value for " + errs.FieldOf(err) + " field")
	}
	return err
}

// SaveData sets the values that an agent wrote for a visitor and a room; keys
// that are no field are left out.
func (f *Kit) SaveData(ctx context.Context, conv conversation.Conversation, guest, room json.RawMessage) error {
	var values []field.Value
	for _, part := range []json.RawMessage{guest, room} {
		var m map[string]string
		if len(part) > 0 && json.Unmarshal(part, &m) != nil {
			return InvalidParams("must be string")
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

// WithData adds the values of a visitor's fields.
func (f *Kit) WithData(ctx context.Context, v visitorView, t id.Tenant) (visitorView, error) {
	values, err := f.Fields.ValuesOf(ctx, t, []id.Visitor{v.ID})
	v.Livechat = values[v.ID]
	return v, err
}

// WithChat adds the values of a visitor's fields and its last room.
func (f *Kit) WithChat(ctx context.Context, v visitorView, t id.Tenant) (visitorView, error) {
	list, _, err := f.Conversations.Look(ctx, actor.ForSystem(t), conversation.Query{Visitor: v.ID, Limit: 1})
	if err != nil {
		return v, err
	}
	if len(list) > 0 {
		v.LastChat = Object{"_id": list[0].ID, "ts": StampOf(list[0].CreatedAt)}
	}
	return f.WithData(ctx, v, t)
}

// CustomValue is a custom field as callers send it.
type CustomValue struct {
	Key       string `json:"key"`
	Value     string `json:"value"`
	Overwrite bool   `json:"overwrite"`
}
