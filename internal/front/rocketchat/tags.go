package rocketchat

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/tag"
)

// tagCalls adds the calls about tags and their departments.
func (f *Front) tagCalls() {
	view, manage := []string{"view-l-room", "manage-livechat-tags"}, []string{"manage-livechat-tags"}
	f.add(
		route{method: http.MethodGet, path: "livechat/tags", do: f.listTags, auth: true, needs: view},
		route{method: http.MethodGet, path: "livechat/tags/:tagId", do: f.oneTag, auth: true, needs: view},
		route{method: http.MethodPost, path: "livechat/tags.save", do: f.saveTagCall, auth: true, needs: manage},
		route{method: http.MethodPost, path: "livechat/tags.delete", do: f.removeTagCall, auth: true, needs: manage},
	)
	f.methods.add(
		method{name: "livechat:saveTag", auth: true, needs: manage, do: f.saveTagMethod},
		method{name: "livechat:removeTag", auth: true, needs: manage, do: func(ctx context.Context, c *call, p params) (any, error) {
			which, err := p.text(0)
			if err != nil {
				return nil, err
			}
			return true, f.removeTag(ctx, c, which)
		}},
		method{name: "livechat:getTagsList", auth: true, needs: view, do: func(ctx context.Context, c *call, _ params) (any, error) {
			list, err := f.tags(ctx, c)
			names := make([]string, len(list))
			for i, t := range list {
				names[i] = t.Name
			}
			return names, err
		}},
	)
}

func tagOf(t tag.Tag) object {
	return object{"_id": t.ID, "name": t.Name, "description": t.About, "numDepartments": len(t.Teams), "departments": some(t.Teams), "_updatedAt": stamp(t.CreatedAt)}
}

// tags are the tags of conversations by name.
func (f *Front) tags(ctx context.Context, c *call) ([]tag.Tag, error) {
	list, err := f.Tags.List(ctx, c.who, tag.Conversation)
	slices.SortStableFunc(list, func(a, b tag.Tag) int { return strings.Compare(a.Name, b.Name) })
	return list, err
}

// listTags answers the tags that are for everybody and those of a department, or
// of the caller's.
func (f *Front) listTags(ctx context.Context, c *call) (any, error) {
	w, err := c.window()
	if err != nil {
		return nil, err
	}
	all, err := c.may(ctx, "manage-livechat-tags")
	if err != nil {
		return nil, err
	}
	all = all && c.yes("viewAll")
	teams := c.who.Teams
	if d := c.arg("department"); d != "" {
		teams = []id.Team{id.Team(d)}
	}
	list, err := f.tags(ctx, c)
	out := []object{}
	for _, t := range list {
		seen := all || len(t.Teams) == 0 || slices.ContainsFunc(t.Teams, func(x id.Team) bool { return slices.Contains(teams, x) })
		if seen && !t.Archived && matches(c.arg("text"), t.Name, t.About) {
			out = append(out, tagOf(t))
		}
	}
	return page("tags", out, w), err
}

func (f *Front) oneTag(ctx context.Context, c *call) (any, error) {
	t, err := f.Tags.Find(ctx, c.who, c.params["tagId"])
	if errs.CodeOf(err) == errs.NotFound || err == nil && t.Kind != tag.Conversation {
		return nil, nil
	}
	return tagOf(t), err
}

var tagShape = dict(must("name", text), maybe("description", text))

// tagInput is a tag as callers send it; no id makes a new one.
type tagInput struct {
	ID    string                             `json:"_id"`
	Data  struct{ Name, Description string } `json:"tagData"`
	Teams []id.Team                          `json:"tagDepartments"`
}

func (f *Front) saveTag(ctx context.Context, c *call, in tagInput) (any, error) {
	next := tag.Input{Name: in.Data.Name, About: in.Data.Description, Teams: in.Teams}
	if in.ID != "" {
		was, err := f.Tags.Find(ctx, c.who, in.ID)
		if err != nil {
			return nil, tagFault(err)
		}
		next.Color, next.Sort, next.Archived = was.Color, was.Sort, was.Archived
	}
	t, err := f.Tags.Save(ctx, c.who, tag.Conversation, in.ID, next)
	if err != nil {
		return nil, tagFault(err)
	}
	return tagOf(t), nil
}

func tagFault(err error) error {
	switch errs.ReasonOf(err) {
	case "tag_not_found":
		return structured("tag-not-found", "Tag not found")
	case "tag_exists":
		return structured("error-duplicate-tag-name", "Tag name already exists")
	}
	return err
}

func (f *Front) saveTagCall(ctx context.Context, c *call) (any, error) {
	var in tagInput
	if err := c.read(dict(maybe("_id", text), must("tagData", tagShape), maybe("tagDepartments", list(text))), &in); err != nil {
		return nil, err
	}
	return f.saveTag(ctx, c, in)
}

func (f *Front) saveTagMethod(ctx context.Context, c *call, p params) (any, error) {
	var in tagInput
	in.ID, _ = p.at(0).(string)
	if p.at(1) == nil {
		return nil, mismatch("Expected object")
	}
	if err := p.read(1, tagShape.matched(), &in.Data); err != nil {
		return nil, err
	}
	if err := p.read(2, list(text).matched(), &in.Teams); err != nil {
		return nil, err
	}
	return f.saveTag(ctx, c, in)
}

func (f *Front) removeTag(ctx context.Context, c *call, which string) error {
	return tagFault(f.Tags.Remove(ctx, c.who, which))
}

func (f *Front) removeTagCall(ctx context.Context, c *call) (any, error) {
	var in struct{ ID string }
	if err := c.read(dict(must("id", text)), &in); err != nil {
		return nil, err
	}
	return object{}, f.removeTag(ctx, c, in.ID)
}
