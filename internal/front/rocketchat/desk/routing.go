package desk

import (
	"context"
	"net/http"

	"parlor/internal/front/rocketchat/contract"
)

// routingCalls tell clients how conversations are distributed.
func (f *Front) routingCalls() {
	config := func(ctx context.Context, c *contract.Call) (any, error) {
		v, err := f.routingConfig(ctx, c)
		return contract.Object{"config": v}, err
	}
	f.Add(contract.Route{Method: http.MethodGet, Path: "livechat/config/routing", Do: config, Auth: true})
	f.AddMethods(contract.Method{Name: "livechat:getRoutingConfig", Auth: true, Do: func(ctx context.Context, c *contract.Call, _ contract.Params) (any, error) {
		return f.routingConfig(ctx, c)
	}})
}

// routingConfig is what a client may show with the method that is set.
func (f *Front) routingConfig(ctx context.Context, c *contract.Call) (contract.Object, error) {
	company, err := f.Company(ctx, c)
	if err != nil {
		return nil, err
	}
	method := company.Word("Livechat_Routing_Method")
	manual := method == "Manual_Selection"
	return contract.Object{"previewRoom": manual, "showConnecting": manual, "showQueue": manual, "showQueueLink": method == "Auto_Selection", "returnQueue": manual,
		"enableTriggerAction": !manual, "autoAssignAgent": !manual}, nil
}
