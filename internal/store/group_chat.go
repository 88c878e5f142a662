package store

import (
	"context"
	"slices"
	"time"

	"parlor/internal/colleague"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// CreateGroup implements colleague.Store.
func (s *Store) CreateGroup(ctx context.Context, g colleague.Group) (err error) {
	defer errs.Wrap(&err, "store.CreateGroup")
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		n, _, err := first(ctx, t, scalar[int], `SELECT COUNT(*) FROM colleague_member WHERE tenant = $1 AND agent = $2`, string(g.Tenant), string(g.Owner))
		if err == nil && n >= colleague.MaxGroups {
			err = errs.New(errs.Conflict, "too_many_groups", "an agent is in %d groups at most", colleague.MaxGroups)
		}
		if err != nil {
			return err
		}
		if err := s.mustBeAgents(ctx, t, g.Tenant, g.Members); err != nil {
			return err
		}
		if _, err := t.exec(ctx, `INSERT INTO colleague_group (id, tenant, name, owner, created_at) VALUES ($1, $2, $3, $4, $5)`,
			g.ID, string(g.Tenant), g.Name, string(g.Owner), ms(g.CreatedAt)); err != nil {
			return err
		}
		return addMembers(ctx, t, g.Tenant, g.ID, g.Members, g.CreatedAt)
	})
}

// mustBeAgents refuses agents that the tenant does not have.
func (s *Store) mustBeAgents(ctx context.Context, t *tx, tenant id.Tenant, list []id.Agent) error {
	if len(list) == 0 {
		return nil
	}
	n, _, err := first(ctx, t, scalar[int], `SELECT COUNT(*) FROM agent WHERE id IN `+s.dialect.list("$1")+` AND tenant = $2`, jsonList(list), string(tenant))
	if err == nil && n != len(list) {
		err = missing("agent")
	}
	return err
}

// addMembers adds members and puts the group into their lists of chats.
func addMembers(ctx context.Context, t *tx, tenant id.Tenant, group string, list []id.Agent, when time.Time) error {
	members, chats := make([][]any, len(list)), make([][]any, len(list))
	for i, a := range list {
		members[i] = []any{string(tenant), group, string(a), ms(when)}
		chats[i] = []any{string(tenant), string(a), group, 1, 0, ms(when), "", ""}
	}
	if err := insertRows(ctx, t, `INSERT INTO colleague_member (tenant, room, agent, joined_at)`, `ON CONFLICT (tenant, room, agent) DO NOTHING`, members); err != nil {
		return err
	}
	return insertRows(ctx, t, `INSERT INTO colleague_recent (tenant, agent, peer, grouped, unread, last_at, last_text, last_from)`,
		`ON CONFLICT (tenant, agent, peer) DO NOTHING`, chats)
}

// ChangeGroup implements colleague.Store.
func (s *Store) ChangeGroup(ctx context.Context, c colleague.GroupChange) (after colleague.Group, before []id.Agent, err error) {
	defer errs.Wrap(&err, "store.ChangeGroup %s", c.Group)
	err = s.write(ctx, func(ctx context.Context, t *tx) error {
		g, err := groupOf(ctx, t, c.Tenant, c.Group, s.dialect.lock("g"))
		if err != nil {
			return err
		}
		before = g.Members
		left := slices.Concat(g.Members, c.Add)
		slices.Sort(left)
		left = slices.DeleteFunc(slices.Compact(left), func(a id.Agent) bool { return slices.Contains(c.Remove, a) })
		if len(left) > colleague.MaxMembers {
			return errs.New(errs.Conflict, "too_many_members", "there would be %d members, %d are allowed", len(left), colleague.MaxMembers)
		}
		if err := s.mustBeAgents(ctx, t, c.Tenant, left); err != nil {
			return err
		}
		if err := s.dropMembers(ctx, t, c); err != nil {
			return err
		}
		fresh := slices.DeleteFunc(slices.Clone(left), func(a id.Agent) bool { return slices.Contains(before, a) })
		if err := addMembers(ctx, t, c.Tenant, c.Group, fresh, c.At); err != nil {
			return err
		}
		if g.Members = left; c.Name != "" {
			g.Name = c.Name
		}
		after = g
		if len(left) == 0 {
			_, err = t.exec(ctx, `DELETE FROM colleague_group WHERE id = $1`, c.Group)
			return err
		}
		if !slices.Contains(left, g.Owner) {
			g.Owner = left[0]
		}
		after = g
		_, err = t.exec(ctx, `UPDATE colleague_group SET name = $2, owner = $3 WHERE id = $1`, c.Group, g.Name, string(g.Owner))
		return err
	})
	return after, before, err
}

// DeleteGroup implements colleague.Store. The lines stay behind; they are
// reached through the group only.
func (s *Store) DeleteGroup(ctx context.Context, t id.Tenant, group string) (g colleague.Group, err error) {
	defer errs.Wrap(&err, "store.DeleteGroup %s", group)
	err = s.write(ctx, func(ctx context.Context, x *tx) error {
		if g, err = groupOf(ctx, x, t, group, s.dialect.lock("g")); err != nil {
			return err
		}
		if err := s.dropMembers(ctx, x, colleague.GroupChange{Tenant: t, Group: group, Remove: g.Members}); err != nil {
			return err
		}
		_, err := x.exec(ctx, `DELETE FROM colleague_group WHERE id = $1`, group)
		return err
	})
	return g, err
}

// dropMembers takes members out of a group and the group out of their lists.
func (s *Store) dropMembers(ctx context.Context, t *tx, c colleague.GroupChange) error {
	if len(c.Remove) == 0 {
		return nil
	}
	gone := s.dialect.list("$3")
	if _, err := t.exec(ctx, `DELETE FROM colleague_member WHERE tenant = $1 AND room = $2 AND agent IN `+gone,
		string(c.Tenant), c.Group, jsonList(c.Remove)); err != nil {
		return err
	}
	_, err := t.exec(ctx, `DELETE FROM colleague_recent WHERE tenant = $1 AND peer = $2 AND agent IN `+gone, string(c.Tenant), c.Group, jsonList(c.Remove))
	return err
}

const groupColumns = `g.id, g.tenant, g.name, g.owner, g.created_at`

func scanGroup(r row) (g colleague.Group, err error) {
	var created int64
	err = r.Scan(&g.ID, &g.Tenant, &g.Name, &g.Owner, &created)
	g.CreatedAt = at(created)
	return g, err
}

func groupOf(ctx context.Context, q runner, t id.Tenant, group, lock string) (colleague.Group, error) {
	g, ok, err := first(ctx, q, scanGroup, `SELECT `+groupColumns+` FROM colleague_group g WHERE g.id = $1 AND g.tenant = $2`+lock, group, string(t))
	if err == nil && !ok {
		err = missing("group")
	}
	if err != nil {
		return g, err
	}
	g.Members, err = memberList(ctx, q, t, group)
	return g, err
}

// Group implements colleague.Store.
func (s *Store) Group(ctx context.Context, t id.Tenant, group string) (g colleague.Group, err error) {
	defer errs.Wrap(&err, "store.Group %s", group)
	return groupOf(ctx, s.readers, t, group, "")
}

// GroupsOf implements colleague.Store. The members of all groups are read at once.
func (s *Store) GroupsOf(ctx context.Context, t id.Tenant, a id.Agent) (list []colleague.Group, err error) {
	defer errs.Wrap(&err, "store.GroupsOf")
	list, err = all(ctx, s.readers, scanGroup, `SELECT `+groupColumns+` FROM colleague_member m JOIN colleague_group g ON g.id = m.room
		WHERE m.tenant = $1 AND m.agent = $2 ORDER BY g.name, g.id`, string(t), string(a))
	if err != nil || len(list) == 0 {
		return list, err
	}
	names := make([]string, len(list))
	where := make(map[string]int, len(list))
	for i, g := range list {
		names[i], where[g.ID] = g.ID, i
	}
	type member struct {
		group string
		agent id.Agent
	}
	members, err := all(ctx, s.readers, func(r row) (m member, err error) { return m, r.Scan(&m.group, &m.agent) },
		`SELECT room, agent FROM colleague_member WHERE tenant = $1 AND room IN `+s.dialect.list("$2")+` ORDER BY room, agent`, string(t), jsonList(names))
	for _, m := range members {
		g := &list[where[m.group]]
		g.Members = append(g.Members, m.agent)
	}
	return list, err
}
