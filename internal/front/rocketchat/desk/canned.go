package desk

import (
	"context"
	"net/http"
	"slices"

	"parlor/internal/canned"
	"parlor/internal/errs"
	"parlor/internal/front/rocketchat/contract"
	"parlor/internal/id"
)

// cannedResponses adds the calls about canned replies.
func (f *Front) cannedResponses() {
	view, save, remove := []string{"view-canned-responses"}, []string{"save-canned-responses"}, []string{"remove-canned-responses"}
	f.Add(
		contract.Route{Method: http.MethodGet, Path: "canned-responses.get", Do: f.allCanned, Auth: true, Needs: view},
		contract.Route{Method: http.MethodGet, Path: "canned-responses", Do: f.listCanned, Auth: true, Needs: view},
		contract.Route{Method: http.MethodGet, Path: "canned-responses/:_id", Do: f.oneCanned, Auth: true, Needs: view},
		contract.Route{Method: http.MethodPost, Path: "canned-responses", Do: f.saveCannedCall, Auth: true, Needs: save},
		contract.Route{Method: http.MethodDelete, Path: "canned-responses", Do: f.removeCannedCall, Auth: true, Needs: remove},
	)
	f.AddMethods(
		contract.Method{Name: "saveCannedResponse", Auth: true, Needs: save, Do: f.saveCannedMethod},
		contract.Method{Name: "removeCannedResponse", Auth: true, Needs: remove, Do: func(ctx context.Context, c *contract.Call, p contract.Params) (any, error) {
			which, err := p.Text(0)
			if err != nil {
				return nil, err
			}
			return true, f.removeCanned(ctx, c, which)
		}},
	)
}

// The scopes in the words of the contract.
var (
	cannedScopes = map[string]canned.Scope{"user": canned.Personal, "department": canned.Team, "global": canned.Company}
)

// maxAllCanned bounds what canned-responses.get answers.
const maxAllCanned = 5000

// allCanned answers everything that the caller may use.
func (f *Front) allCanned(ctx context.Context, c *contract.Call) (any, error) {
	list, _, err := f.Canned.Find(ctx, c.Who, canned.Search{Limit: maxAllCanned})
	if err != nil {
		return nil, err
	}
	views, err := f.CannedViews(ctx, c.Tenant, list)
	return contract.Object{"responses": views}, err
}

// cannedSorts are the keys by which lists are ordered.
var cannedSorts = map[string]string{"shortcut": "shortcut", "text": "text", "_createdAt": "created", "_updatedAt": "updated"}

func (f *Front) listCanned(ctx context.Context, c *contract.Call) (any, error) {
	w, err := c.Window()
	if err != nil {
		return nil, err
	}
	q := canned.Search{Team: id.Team(c.Arg("departmentId")), Shortcut: c.Arg("shortcut"), Text: c.Arg("text"), CreatedBy: id.Agent(c.Arg("createdBy")),
		Tags: slices.Clone(c.List("tags")), Offset: w.Offset, Limit: max(w.Count, 1)}
	if scope := c.Arg("scope"); scope != "" {
		if q.Scope = cannedScopes[scope]; q.Scope == "" {
			return nil, contract.InvalidParams("must be equal to one of the allowed values")
		}
	}
	order, err := c.Sort()
	if err != nil {
		return nil, err
	}
	if len(order) > 0 {
		q.Sort, q.Down = cannedSorts[order[0].Key], order[0].Desc
	}
	if len(q.Tags) > 0 {
		ids, err := f.Tags.Named(ctx, c.Tenant, q.Tags)
		if err != nil {
			return nil, err
		}
		q.Tags = append(q.Tags, ids...)
	}
	if err := c.Lend(ctx, "view-all-canned-responses"); err != nil {
		return nil, err
	}
	list, total, err := f.Canned.Find(ctx, c.Who, q)
	if err != nil {
		return nil, err
	}
	views, err := f.CannedViews(ctx, c.Tenant, list)
	return contract.Object{"cannedResponses": views, "count": len(views), "offset": w.Offset, "total": total}, err
}

func (f *Front) oneCanned(ctx context.Context, c *contract.Call) (any, error) {
	if err := c.Lend(ctx, "view-all-canned-responses"); err != nil {
		return nil, err
	}
	e, err := f.Canned.Entry(ctx, c.Who, c.Params["_id"])
	if contract.IsMissing(err) || err == nil && e.Kind != canned.Reply {
		return nil, contract.NotFound("Resource not found")
	}
	if err != nil {
		return nil, err
	}
	views, err := f.CannedViews(ctx, c.Tenant, []canned.Entry{e})
	if err != nil {
		return nil, err
	}
	return contract.Object{"cannedResponse": views[0]}, nil
}

// cannedShape is a reply as callers send it; with an _id it is changed.
var cannedShape = contract.Dict(contract.Maybe("_id", contract.Text), contract.Must("shortcut", contract.Text), contract.Must("text", contract.Text),
	contract.Must("scope", contract.Text.OneOf("user", "department", "global")), contract.Maybe("departmentId", contract.Text),
	contract.Maybe("tags", contract.List(contract.Text)))

type cannedBody struct {
	ID                    string `json:"_id"`
	Shortcut, Text, Scope string
	DepartmentID          id.Team
	Tags                  []string
}

func (f *Front) saveCannedCall(ctx context.Context, c *contract.Call) (any, error) {
	var in cannedBody
	if err := c.Read(cannedShape, &in); err != nil {
		return nil, err
	}
	_, err := f.saveCanned(ctx, c, in)
	return contract.Object{}, err
}

// saveCannedMethod takes the id and the reply apart.
func (f *Front) saveCannedMethod(ctx context.Context, c *contract.Call, p contract.Params) (any, error) {
	var in cannedBody
	if p.At(1) == nil {
		return nil, contract.Mismatch("Expected object")
	}
	if err := p.Read(1, cannedShape, &in); err != nil {
		return nil, err
	}
	in.ID, _ = p.At(0).(string)
	e, err := f.saveCanned(ctx, c, in)
	if err != nil {
		return nil, err
	}
	views, err := f.CannedViews(ctx, c.Tenant, []canned.Entry{e})
	if err != nil {
		return nil, err
	}
	return views[0], nil
}

func (f *Front) saveCanned(ctx context.Context, c *contract.Call, in cannedBody) (canned.Entry, error) {
	scope := cannedScopes[in.Scope]
	shelf := canned.Shelf{Kind: canned.Reply, Scope: scope}
	switch scope {
	case canned.Personal:
		shelf.Owner = string(c.Who.Agent)
	case canned.Team:
		team, err := f.Department(ctx, c.Tenant, string(in.DepartmentID))
		if err != nil {
			return canned.Entry{}, err
		}
		if in.DepartmentID == "" || team == "" {
			return canned.Entry{}, contract.Structured("error-invalid-department", "Invalid department")
		}
		shelf.Owner = string(team)
		if err := c.Lend(ctx, "save-department-canned-responses"); err != nil {
			return canned.Entry{}, err
		}
	}
	if scope != canned.Personal || in.ID != "" {
		if err := c.Lend(ctx, "save-all-canned-responses"); err != nil {
			return canned.Entry{}, err
		}
	}
	tags := contract.Some(in.Tags)
	e, err := f.Canned.Put(ctx, c.Who, in.ID, shelf, canned.EntryInput{Title: titleOf(in.Shortcut), Shortcut: in.Shortcut, Text: in.Text, Tags: &tags})
	return e, cannedFault(err)
}

// titleOf is the title of a reply of this contract, which has none of its own.
func titleOf(shortcut string) string {
	if r := []rune(shortcut); len(r) > canned.MaxTitle {
		return string(r[:canned.MaxTitle])
	}
	return shortcut
}

// cannedFault puts what canned replies refuse into the words of the contract.
func cannedFault(err error) error {
	switch errs.ReasonOf(err) {
	case "not_allowed", "team_not_found":
		return contract.Structured("error-not-allowed", "Not allowed")
	case "shortcut_taken":
		return contract.Structured("error-invalid-shortcut", "Shortcut provided already exists")
	case "bad_shortcut":
		return contract.Structured("error-invalid-shortcut", "Invalid shortcut")
	case "canned_not_found":
		return contract.Structured("error-canned-response-not-found", "Canned Response not found")
	}
	return err
}

func (f *Front) removeCannedCall(ctx context.Context, c *contract.Call) (any, error) {
	var in struct {
		ID string `json:"_id"`
	}
	body, err := c.Body()
	if err != nil {
		return nil, err
	}
	// Some clients and proxies drop the body of a DELETE.
	if m, ok := body.(map[string]any); ok && len(m) == 0 && c.Arg("_id") != "" {
		m["_id"] = c.Arg("_id")
	}
	if err := contract.Dict(contract.Must("_id", contract.Text)).Decode(body, &in); err != nil {
		return nil, err
	}
	return contract.Object{}, f.removeCanned(ctx, c, in.ID)
}

func (f *Front) removeCanned(ctx context.Context, c *contract.Call, which string) error {
	if err := c.Lend(ctx, "save-all-canned-responses"); err != nil {
		return err
	}
	return cannedFault(f.Canned.Remove(ctx, c.Who, which))
}
