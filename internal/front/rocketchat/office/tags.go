package office

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"parlor/internal/errs"
	"parlor/internal/front/rocketchat/contract"
	"parlor/internal/id"
	"parlor/internal/tag"
)

// tagCalls adds the calls about tags and their departments.
func (f *Front) tagCalls() {
	view, manage := []string{"view-l-room", "manage-livechat-tags"}, []string{"manage-livechat-tags"}
	f.Add(
		contract.Route{Method: http.MethodGet, Path: "livechat/tags", Do: f.listTags, Auth: true, Needs: view},
		contract.Route{Method: http.MethodGet, Path: "livechat/tags/:tagId", Do: f.oneTag, Auth: true, Needs: view},
		contract.Route{Method: http.MethodPost, Path: "livechat/tags.save", Do: f.saveTagCall, Auth: true, Needs: manage},
		contract.Route{Method: http.MethodPost, Path: "livechat/tags.delete", Do: f.removeTagCall, Auth: true, Needs: manage},
	)
	f.AddMethods(
		contract.Method{Name: "livechat:saveTag", Auth: true, Needs: manage, Do: f.saveTagMethod},
		contract.Method{Name: "livechat:removeTag", Auth: true, Needs: manage, Do: func(ctx context.Context, c *contract.Call, p contract.Params) (any, error) {
			which, err := p.Text(0)
			if err != nil {
				return nil, err
			}
			return true, f.removeTag(ctx, c, which)
		}},
		contract.Method{Name: "livechat:getTagsList", Auth: true, Needs: view, Do: func(ctx context.Context, c *contract.Call, _ contract.Params) (any, error) {
			list, err := f.tags(ctx, c)
			names := make([]string, len(list))
			for i, t := range list {
				names[i] = t.Name
			}
			return names, err
		}},
	)
}

func tagOf(t tag.Tag) contract.Object {
	return contract.Object{"_id": t.ID, "name": t.Name, "description": t.About, "numDepartments": len(t.Teams), "departments": contract.Some(t.Teams), "_updatedAt": contract.Stamp(t.CreatedAt)}
}

// tags are the tags of conversations by name.
func (f *Front) tags(ctx context.Context, c *contract.Call) ([]tag.Tag, error) {
	list, err := f.Tags.List(ctx, c.Who, tag.Conversation)
	slices.SortStableFunc(list, func(a, b tag.Tag) int { return strings.Compare(a.Name, b.Name) })
	return list, err
}

// listTags answers the tags that are for everybody and those of a department, or
// of the caller's.
func (f *Front) listTags(ctx context.Context, c *contract.Call) (any, error) {
	w, err := c.Window()
	if err != nil {
		return nil, err
	}
	all, err := c.May(ctx, "manage-livechat-tags")
	if err != nil {
		return nil, err
	}
	all = all && c.Yes("viewAll")
	teams := c.Who.Teams
	if d := id.Team(c.Arg("department")); d != "" {
		// A monitor has the departments of its units and no others.
		if teams = []id.Team{d}; c.Who.Bound && !slices.Contains(c.Who.Teams, d) {
			teams = nil
		}
	}
	list, err := f.tags(ctx, c)
	out := []contract.Object{}
	for _, t := range list {
		seen := all || len(t.Teams) == 0 || slices.ContainsFunc(t.Teams, func(x id.Team) bool { return slices.Contains(teams, x) })
		if seen && !t.Archived && matches(c.Arg("text"), t.Name, t.About) {
			out = append(out, tagOf(t))
		}
	}
	return contract.Page("tags", out, w), err
}

func (f *Front) oneTag(ctx context.Context, c *contract.Call) (any, error) {
	t, err := f.Tags.Find(ctx, c.Who, c.Params["tagId"])
	if errs.CodeOf(err) == errs.NotFound || err == nil && t.Kind != tag.Conversation {
		return nil, nil
	}
	return tagOf(t), err
}

var tagShape = contract.Dict(contract.Must("name", contract.Text), contract.Maybe("description", contract.Text))

// tagInput is a tag as callers send it; no id makes a new one.
type tagInput struct {
	ID    string                             `json:"_id"`
	Data  struct{ Name, Description string } `json:"tagData"`
	Teams []id.Team                          `json:"tagDepartments"`
}

func (f *Front) saveTag(ctx context.Context, c *contract.Call, in tagInput) (any, error) {
	next := tag.Input{Name: in.Data.Name, About: in.Data.Description, Teams: in.Teams}
	if in.ID != "" {
		was, err := f.Tags.Find(ctx, c.Who, in.ID)
		if err != nil {
			return nil, tagFault(err)
		}
		next.Color, next.Sort, next.Archived = was.Color, was.Sort, was.Archived
	}
	t, err := f.Tags.Save(ctx, c.Who, tag.Conversation, in.ID, next)
	if err != nil {
		return nil, tagFault(err)
	}
	return tagOf(t), nil
}

func tagFault(err error) error {
	switch errs.ReasonOf(err) {
	case "tag_not_found":
		return contract.Structured("tag-not-found", "Tag not found")
	case "tag_exists":
		return contract.Structured("error-duplicate-tag-name", "Tag name already exists")
	}
	return err
}

func (f *Front) saveTagCall(ctx context.Context, c *contract.Call) (any, error) {
	var in tagInput
	if err := c.Read(contract.Dict(contract.Maybe("_id", contract.Text), contract.Must("tagData", tagShape), contract.Maybe("tagDepartments", contract.List(contract.Text))), &in); err != nil {
		return nil, err
	}
	return f.saveTag(ctx, c, in)
}

func (f *Front) saveTagMethod(ctx context.Context, c *contract.Call, p contract.Params) (any, error) {
	var in tagInput
	in.ID, _ = p.At(0).(string)
	if p.At(1) == nil {
		return nil, contract.Mismatch("Expected object")
	}
	if err := p.Read(1, tagShape.Matched(), &in.Data); err != nil {
		return nil, err
	}
	if err := p.Read(2, contract.List(contract.Text).Matched(), &in.Teams); err != nil {
		return nil, err
	}
	return f.saveTag(ctx, c, in)
}

func (f *Front) removeTag(ctx context.Context, c *contract.Call, which string) error {
	return tagFault(f.Tags.Remove(ctx, c.Who, which))
}

func (f *Front) removeTagCall(ctx context.Context, c *contract.Call) (any, error) {
	var in struct{ ID string }
	if err := c.Read(contract.Dict(contract.Must("id", contract.Text)), &in); err != nil {
		return nil, err
	}
	return contract.Object{}, f.removeTag(ctx, c, in.ID)
}
