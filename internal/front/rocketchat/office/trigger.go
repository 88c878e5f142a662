package office

import (
	"context"
	"net/http"
	"strconv"

	"parlor/internal/errs"
	"parlor/internal/front/rocketchat/contract"
	"parlor/internal/grant"
	"parlor/internal/trigger"
)

// triggers adds the calls about what greets visitors. The contract asks for the
// permission to manage; it lends that of triggers.
func (f *Front) triggers() {
	needs := []string{"view-livechat-manager"}
	f.Add(
		contract.Route{Method: http.MethodGet, Path: "livechat/triggers", Do: f.listTriggers, Auth: true, Needs: needs},
		contract.Route{Method: http.MethodPost, Path: "livechat/triggers", Do: f.saveTrigger, Auth: true, Needs: needs},
		contract.Route{Method: http.MethodGet, Path: "livechat/triggers/:_id", Do: f.oneTrigger, Auth: true, Needs: needs},
		contract.Route{Method: http.MethodDelete, Path: "livechat/triggers/:_id", Do: f.removeTrigger, Auth: true, Needs: needs},
		contract.Route{Method: http.MethodPost, Path: "livechat/triggers/external-service/test", Do: f.testService, Auth: true, Needs: needs, Calls: 15},
	)
	f.AddMethods(
		contract.Method{Name: "livechat:saveTrigger", Auth: true, Needs: needs, Do: func(ctx context.Context, c *contract.Call, p contract.Params) (any, error) {
			in, err := looseTrigger(p.At(0))
			if err != nil {
				return nil, err
			}
			return true, f.keepTrigger(ctx, c, in)
		}},
		contract.Method{Name: "livechat:removeTrigger", Auth: true, Needs: needs, Do: func(ctx context.Context, c *contract.Call, p contract.Params) (any, error) {
			which, err := p.Text(0)
			if err != nil {
				return nil, err
			}
			return true, f.dropTrigger(ctx, c, which)
		}},
	)
}

var (
	conditionShape = contract.Dict(contract.Must("name", contract.Text.OneOf(trigger.Conditions...)), contract.Maybe("value", contract.Text.OrNull()))
	paramsShape    = contract.Dict(contract.Maybe("sender", contract.Text.OneOf(trigger.Senders...).OrNull()), contract.Maybe("name", contract.Text.OrNull()),
		contract.Maybe("msg", contract.Text), contract.Maybe("serviceUrl", contract.Text), contract.Maybe("serviceTimeout", contract.Integer),
		contract.Maybe("serviceFallbackMessage", contract.Text)).Open()
	// looseShape is a condition as the method takes it: any name, any plain value.
	looseShape   = contract.Dict(contract.Must("name", contract.Text), contract.Maybe("value", contract.Anything)).Open()
	actionShape  = contract.Dict(contract.Must("name", contract.Text.OneOf(trigger.Actions...)), contract.Maybe("params", paramsShape.OrNull()))
	triggerShape = shapeOfTrigger(conditionShape)
	methodShape  = shapeOfTrigger(looseShape).Matched()
)

func shapeOfTrigger(condition contract.Shape) contract.Shape {
	return contract.Dict(contract.Maybe("_id", contract.Text), contract.Must("name", contract.Text), contract.Must("description", contract.Text),
		contract.Must("enabled", contract.Boolean), contract.Must("runOnce", contract.Boolean), contract.Must("conditions", contract.List(condition).AtLeast(1)),
		contract.Must("actions", contract.List(actionShape).AtLeast(1)))
}

// looseTrigger reads a trigger as the method has it.
func looseTrigger(v any) (trigger.Trigger, error) {
	var in struct {
		trigger.Trigger
		Conditions []struct {
			Name  string
			Value any
		} `json:"conditions"`
	}
	if err := methodShape.Decode(v, &in); err != nil {
		return trigger.Trigger{}, err
	}
	in.Trigger.Conditions = nil
	for _, c := range in.Conditions {
		value, ok := c.Value.(string)
		if n, isNumber := c.Value.(float64); isNumber {
			value, ok = strconv.FormatFloat(n, 'f', -1, 64), true
		}
		if !ok && c.Value != nil {
			return trigger.Trigger{}, contract.Mismatch("Expected string in field conditions.value")
		}
		in.Trigger.Conditions = append(in.Trigger.Conditions, trigger.Condition{Name: c.Name, Value: value})
	}
	return in.Trigger, nil
}

func (f *Front) listTriggers(ctx context.Context, c *contract.Call) (any, error) {
	w, err := c.Window()
	if err != nil {
		return nil, err
	}
	list, err := f.Triggers.List(ctx, grant.Lend(c.Who, "view-livechat-triggers"))
	views := make([]contract.Object, len(list))
	for i, tr := range list {
		views[i] = triggerOf(tr)
	}
	return contract.Page("triggers", views, w), err
}

// triggerOf is the contract's form of a trigger.
func triggerOf(tr trigger.Trigger) contract.Object {
	return contract.Object{"_id": tr.ID, "name": tr.Name, "description": tr.Description, "enabled": tr.Enabled, "runOnce": tr.RunOnce, "conditions": tr.Conditions,
		"actions": tr.Actions, "_updatedAt": contract.StampOf(tr.UpdatedAt)}
}

func (f *Front) oneTrigger(ctx context.Context, c *contract.Call) (any, error) {
	tr, err := f.Triggers.Trigger(ctx, c.Tenant, c.Params["_id"])
	if contract.IsMissing(err) {
		return contract.Object{"trigger": nil}, nil
	}
	return contract.Object{"trigger": triggerOf(tr)}, err
}

// saveTrigger answers POST livechat/triggers; one with an id is changed.
func (f *Front) saveTrigger(ctx context.Context, c *contract.Call) (any, error) {
	var in trigger.Trigger
	if err := c.Read(triggerShape, &in); err != nil {
		return nil, err
	}
	return contract.Object{}, f.keepTrigger(ctx, c, in)
}

// keepTrigger saves a trigger.
func (f *Front) keepTrigger(ctx context.Context, c *contract.Call, in trigger.Trigger) error {
	for _, a := range in.Actions {
		if a.Name == trigger.UseService && a.Params.Fallback == "" {
			return contract.InvalidParams("must have required property 'serviceFallbackMessage'")
		}
	}
	_, err := f.Triggers.Save(ctx, grant.Lend(c.Who, "view-livechat-triggers"), in)
	if errs.CodeOf(err) == errs.NotFound {
		return contract.Plain("error-invalid-trigger")
	}
	return err
}

func (f *Front) removeTrigger(ctx context.Context, c *contract.Call) (any, error) {
	return contract.Object{}, f.dropTrigger(ctx, c, c.Params["_id"])
}

func (f *Front) dropTrigger(ctx context.Context, c *contract.Call, which string) error {
	err := f.Triggers.Delete(ctx, grant.Lend(c.Who, "view-livechat-triggers"), which)
	if contract.IsMissing(err) {
		return contract.Plain("error-invalid-trigger")
	}
	return err
}

var serviceShape = contract.Dict(contract.Must("webhookUrl", contract.Text), contract.Must("timeout", contract.Integer), contract.Must("fallbackMessage", contract.Text),
	contract.Must("extraData", contract.List(contract.Dict(contract.Must("key", contract.Text), contract.Must("value", contract.Text)))))

// testService answers livechat/triggers/external-service/test: a service is asked
// before a trigger names it.
func (f *Front) testService(ctx context.Context, c *contract.Call) (any, error) {
	var in struct {
		WebhookURL      string
		Timeout         int
		FallbackMessage string
		ExtraData       []trigger.Pair
	}
	if err := c.Read(serviceShape, &in); err != nil {
		return nil, err
	}
	r, err := f.Triggers.Ask(ctx, c.Tenant, trigger.Params{URL: in.WebhookURL, Timeout: in.Timeout}, "test-token", in.ExtraData)
	return contract.ServiceAnswer("", r, in.FallbackMessage, err)
}
