package office

import (
	"context"
	"net/http"

	"parlor/internal/front/rocketchat/contract"
)

// apps adds the calls about extensions that run inside that server. None run in
// this one: the list is empty, and whoever wants to install one is told so.
func (f *Front) apps() {
	needs := []string{"manage-apps"}
	f.Add(
		contract.Route{Method: http.MethodGet, Path: "apps", Do: f.noApps, Auth: true, Needs: needs},
		contract.Route{Method: http.MethodGet, Path: "apps/installed", Do: f.noApps, Auth: true, Needs: needs},
		contract.Route{Method: http.MethodPost, Path: "apps", Do: f.installApp, Auth: true, Needs: needs},
		contract.Route{Method: http.MethodGet, Path: "apps/:id", Do: f.noApp, Auth: true, Needs: needs},
		contract.Route{Method: http.MethodPost, Path: "apps/:id", Do: f.noApp, Auth: true, Needs: needs},
		contract.Route{Method: http.MethodDelete, Path: "apps/:id", Do: f.noApp, Auth: true, Needs: needs},
	)
}

func (f *Front) noApps(context.Context, *contract.Call) (any, error) {
	return contract.Object{"apps": []contract.Object{}}, nil
}

func (f *Front) noApp(_ context.Context, c *contract.Call) (any, error) {
	return nil, contract.NotFound("No App found by the id of: " + c.Params["id"])
}

// installApp refuses every app: their code cannot run here.
func (f *Front) installApp(context.Context, *contract.Call) (any, error) {
	return nil, contract.Structured("error-apps-not-supported", "Apps do not run in this server")
}
