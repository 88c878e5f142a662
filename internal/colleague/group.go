package colleague

import (
	"context"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/id"
)

var errNoGroup = errs.New(errs.NotFound, "group_not_found", "There is no such group.")

// CreateGroup makes a group of who and members.
func (s *Service) CreateGroup(ctx context.Context, who actor.Actor, name string, members []id.Agent) (g Group, err error) {
	defer errs.Wrap(&err, "colleague.CreateGroup")
	if who.Kind != actor.Agent {
		return g, errs.New(errs.Forbidden, "agents_only", "Only agents have colleagues.")
	}
	g = Group{ID: id.New(), Tenant: who.Tenant, Owner: who.Agent, CreatedAt: s.clock.Now()}
	if g.Name, err = groupName(name); err != nil {
		return g, err
	}
	g.Members = append([]id.Agent{who.Agent}, members...)
	slices.Sort(g.Members)
	if g.Members = slices.Compact(g.Members); len(g.Members) > MaxMembers {
		return g, errs.Field("members", "too_many_members", "There are %d members; %d are allowed.", len(g.Members), MaxMembers)
	}
	if err = s.store.CreateGroup(ctx, g); err != nil {
		return g, err
	}
	s.changed(who.Tenant, g.Members, Changed{Group: &g})
	return g, nil
}

func groupName(name string) (string, error) {
	name = strings.TrimSpace(name)
	if n := utf8.RuneCountInString(name); n < 1 || n > MaxName || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return "", errs.Field("name", "bad_name", "The name of a group has 1 to %d characters.", MaxName)
	}
	return name, nil
}

// GroupUpdate says what changes about a group.
type GroupUpdate struct {
	Name   string     `json:"name,omitempty" maxLength:"60"`
	Add    []id.Agent `json:"add,omitempty" maxItems:"200"`
	Remove []id.Agent `json:"remove,omitempty" maxItems:"200"`
}

// ChangeGroup renames a group, adds and removes members. The owner and who may
// manage may do so; any member may remove itself. The last who leaves closes the
// group. Errors: Forbidden "not_owner"; NotFound "group_not_found" for those who
// are not in it.
func (s *Service) ChangeGroup(ctx context.Context, who actor.Actor, group string, u GroupUpdate) (g Group, err error) {
	defer errs.Wrap(&err, "colleague.ChangeGroup")
	if g, err = s.Group(ctx, who, group); err != nil {
		return g, err
	}
	leaves := u.Name == "" && len(u.Add) == 0 && len(u.Remove) == 1 && u.Remove[0] == who.Agent
	if !leaves && g.Owner != who.Agent && !who.Can(actor.Manage) {
		return g, errs.New(errs.Forbidden, "not_owner", "Only who made the group may change it.")
	}
	c := GroupChange{Tenant: who.Tenant, Group: group, Add: u.Add, Remove: u.Remove, At: s.clock.Now()}
	if u.Name != "" {
		if c.Name, err = groupName(u.Name); err != nil {
			return g, err
		}
	}
	g, before, err := s.store.ChangeGroup(ctx, c)
	if err != nil {
		return g, err
	}
	to := append(before, g.Members...)
	slices.Sort(to)
	s.changed(who.Tenant, slices.Compact(to), Changed{Group: &g})
	return g, nil
}

// RemoveGroup deletes a group with its place in everybody's list. The owner may,
// a member who may manage, and an administrator. Errors: Forbidden "not_owner";
// NotFound "group_not_found" for those who do not know of it.
func (s *Service) RemoveGroup(ctx context.Context, who actor.Actor, group string) (err error) {
	defer errs.Wrap(&err, "colleague.RemoveGroup")
	g, err := s.store.Group(ctx, who.Tenant, group)
	if err != nil {
		return err
	}
	member := slices.Contains(g.Members, who.Agent)
	switch {
	case who.Can(actor.Administer), member && (g.Owner == who.Agent || who.Can(actor.Manage)):
	case member:
		return errs.New(errs.Forbidden, "not_owner", "Only who made the group may delete it.")
	default:
		return errNoGroup
	}
	if g, err = s.store.DeleteGroup(ctx, who.Tenant, group); err != nil {
		return err
	}
	to := g.Members
	g.Members = []id.Agent{}
	s.changed(who.Tenant, to, Changed{Group: &g})
	return nil
}

// Group returns a group that who is a member of.
func (s *Service) Group(ctx context.Context, who actor.Actor, group string) (Group, error) {
	g, err := s.store.Group(ctx, who.Tenant, group)
	if err == nil && !slices.Contains(g.Members, who.Agent) {
		return Group{}, errNoGroup
	}
	return g, err
}

// Groups returns the groups of who, ordered by name.
func (s *Service) Groups(ctx context.Context, who actor.Actor) ([]Group, error) {
	return s.store.GroupsOf(ctx, who.Tenant, who.Agent)
}
