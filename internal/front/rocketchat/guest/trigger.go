package guest

import (
	"context"
	"net/http"

	"parlor/internal/front/rocketchat/contract"
	"parlor/internal/id"
	"parlor/internal/trigger"
)

// greetings adds the call by which a page asks what a trigger says.
func (f *Front) greetings() {
	f.Add(contract.Route{Method: http.MethodPost, Path: "livechat/triggers/:_id/external-service/call", Do: f.askService, Calls: 10})
}

var askShape = contract.Dict(contract.Must("token", contract.Text),
	contract.Maybe("extraData", contract.List(contract.Dict(contract.Must("key", contract.Text), contract.Must("value", contract.Text)))))

// askService answers livechat/triggers/:_id/external-service/call. A trigger may
// greet somebody who has not registered yet, so the token need not be known.
func (f *Front) askService(ctx context.Context, c *contract.Call) (any, error) {
	var in struct {
		Token     string
		ExtraData []trigger.Pair
	}
	if err := c.Read(askShape, &in); err != nil {
		return nil, err
	}
	r, p, err := f.Triggers.Call(ctx, c.Tenant, c.Params["_id"], in.Token, in.ExtraData)
	return contract.ServiceAnswer(c.Params["_id"], r, p.Fallback, err)
}

// pageTriggers are the triggers that the page judges, without their names.
func (f *Front) pageTriggers(ctx context.Context, t id.Tenant) ([]contract.Object, error) {
	list, err := f.Triggers.Enabled(ctx, t)
	out := make([]contract.Object, 0, len(list))
	for _, tr := range list {
		out = append(out, contract.Object{"_id": tr.ID, "actions": tr.Actions, "conditions": tr.Conditions, "runOnce": tr.RunOnce})
	}
	return out, err
}
