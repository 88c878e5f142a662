package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/tag"
)

// tagged restricts the walks that follow to rows with a tag. It is for lists that
// are short by nature; each row costs one look into the links' primary key.
func (l *listing) tagged(label string) {
	if label != "" {
		l.only = " AND EXISTS (SELECT 1 FROM tag_link k WHERE k.target = conversation.id AND k.tag = " + l.arg(label) + ")"
	}
}

// closedTagged adds the walk over the closed conversations of a tag, which may
// be many: along the tag's own index, which is ordered by their starts.
func (s *Store) closedTagged(l *listing, f conversation.Filter) {
	scope := ""
	if !f.Scope.All {
		scope = " AND (o.team IN " + s.dialect.list(l.arg(jsonList(teamsOf(f.Scope)))) +
			" OR (o.agent <> '' AND o.agent = " + l.arg(string(f.Scope.Agent)) + "))"
	}
	l.walks = append(l.walks, fmt.Sprintf(`SELECT * FROM (SELECT k.target AS id, k.key AS k FROM tag_link k
		JOIN conversation o ON o.id = k.target AND COALESCE(o.status, '') = 'closed'%s
		WHERE k.tenant = $1 AND k.tag = %s AND (k.key, k.target) < ($2, $3)
		ORDER BY k.key DESC, k.target DESC LIMIT $4) w`, scope, l.arg(f.Tag)))
}

// TagConversation implements conversation.Store. The ids of the tags stand in the
// conversation itself too, for lists and events.
func (s *Store) TagConversation(ctx context.Context, in conversation.TagInput) (got conversation.Conversation, err error) {
	defer errs.Wrap(&err, "store.TagConversation %s", in.Conversation)
	err = s.write(ctx, func(ctx context.Context, t *tx) (err error) {
		c, err := conversationOf(ctx, t, in.Tenant, in.Conversation, s.dialect.lock("c"))
		if err != nil {
			return err
		}
		tags := slices.DeleteFunc(slices.Clone(c.Tags), func(g string) bool { return slices.Contains(in.Remove, g) })
		var added []string
		for _, g := range in.Add {
			if !slices.Contains(tags, g) {
				tags, added = append(tags, g), append(added, g)
			}
		}
		if len(tags) > conversation.MaxTags {
			return errs.New(errs.Conflict, "too_many_tags", "there would be %d tags, %d are allowed", len(tags), conversation.MaxTags)
		}
		if err := s.mustBeTags(ctx, t, string(in.Tenant), "conversation", added); err != nil {
			return err
		}
		if err := s.relink(ctx, t, links{tenant: string(in.Tenant), target: string(c.ID), key: ms(c.CreatedAt), agent: string(in.By), at: ms(in.At)}, added, in.Remove); err != nil {
			return err
		}
		// What waits is given to an agent by the version that routing has read.
		if c.Status != conversation.Queued {
			c.Version++
		}
		_, err = t.exec(ctx, `UPDATE conversation SET tags = $2, version = $3 WHERE id = $1`, string(c.ID), strings.Join(tags, " "), c.Version)
		c.Tags = tags
		got = c
		return err
	})
	return got, err
}

// mustBeTags refuses tags that the tenant does not have.
func (s *Store) mustBeTags(ctx context.Context, t *tx, tenant, kind string, tags []string) error {
	if len(tags) == 0 {
		return nil
	}
	n, _, err := first(ctx, t, scalar[int], `SELECT COUNT(*) FROM tag WHERE id IN `+s.dialect.list("$1")+` AND tenant = $2 AND kind = $3 AND archived = 0`,
		jsonList(tags), tenant, kind)
	if err == nil && n != len(tags) {
		err = missing("tag")
	}
	return err
}

// links are what all links of a change have in common.
type links struct {
	tenant, target, agent string
	key, at               int64
}

// relink adds and removes links of one target.
func (s *Store) relink(ctx context.Context, t *tx, l links, add, remove []string) error {
	rows := make([][]any, len(add))
	for i, g := range add {
		rows[i] = []any{l.target, g, l.tenant, l.key, l.agent, l.at}
	}
	if err := insertRows(ctx, t, `INSERT INTO tag_link (target, tag, tenant, key, agent, at)`, `ON CONFLICT (target, tag) DO NOTHING`, rows); err != nil {
		return err
	}
	if len(remove) == 0 {
		return nil
	}
	_, err := t.exec(ctx, `DELETE FROM tag_link WHERE target = $1 AND tag IN `+s.dialect.list("$2"), l.target, jsonList(remove))
	return err
}

// Tags implements tag.Store.
func (s *Store) Tags(ctx context.Context, t id.Tenant, kind tag.Kind) (list []tag.Tag, err error) {
	defer errs.Wrap(&err, "store.Tags")
	return all(ctx, s.readers, func(r row) (g tag.Tag, err error) {
		var created, archived int64
		var teams string
		if err = r.Scan(&g.ID, &g.Tenant, &g.Kind, &g.Name, &g.Color, &g.Sort, &archived, &created, &g.About, &teams); err != nil {
			return g, err
		}
		g.CreatedAt, g.Archived = at(created), archived != 0
		return g, json.Unmarshal([]byte(teams), &g.Teams)
	}, `SELECT id, tenant, kind, name, color, sort, archived, created_at, about, teams FROM tag WHERE tenant = $1 AND ($2 = '' OR kind = $2)
		ORDER BY kind, sort, id LIMIT $3`, string(t), string(kind), 2*tag.MaxTags)
}

// TagUses implements tag.Store. Each count ends at most, so that a tag on a
// million conversations costs no more than that.
func (s *Store) TagUses(ctx context.Context, t id.Tenant, most int) (list []tag.Uses, err error) {
	defer errs.Wrap(&err, "store.TagUses")
	return all(ctx, s.readers, func(r row) (u tag.Uses, err error) { return u, r.Scan(&u.Tag, &u.Uses) },
		`SELECT g.id, (SELECT COUNT(*) FROM (SELECT k.target FROM tag_link k WHERE k.tenant = g.tenant AND k.tag = g.id LIMIT $2) u)
		FROM tag g WHERE g.tenant = $1 ORDER BY g.kind, g.sort, g.id LIMIT $3`, string(t), most, 2*tag.MaxTags)
}

// SaveTag implements tag.Store.
func (s *Store) SaveTag(ctx context.Context, g tag.Tag, fresh bool, most int) (err error) {
	defer errs.Wrap(&err, "store.SaveTag %s", g.ID)
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		if err := s.lockTenant(ctx, t, g.Tenant); err != nil {
			return err
		}
		key := fold(g.Name)
		if !fresh {
			n, err := t.exec(ctx, `UPDATE tag SET name = $3, name_key = $4, color = $5, sort = $6, archived = $7, about = $8, teams = $9 WHERE id = $1 AND tenant = $2`,
				g.ID, string(g.Tenant), g.Name, key, g.Color, g.Sort, flag(g.Archived), g.About, jsonList(g.Teams))
			if err == nil && n == 0 {
				err = missing("tag")
			}
			return err
		}
		n, _, err := first(ctx, t, scalar[int], `SELECT COUNT(*) FROM tag WHERE tenant = $1 AND kind = $2 AND archived = 0`, string(g.Tenant), string(g.Kind))
		if err == nil && n >= most {
			err = errs.New(errs.Conflict, "too_many_tags", "there are %d tags, more are not allowed", n)
		}
		if err != nil {
			return err
		}
		_, err = t.exec(ctx, `INSERT INTO tag (id, tenant, kind, name, name_key, color, sort, created_at, archived, about, teams)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
			g.ID, string(g.Tenant), string(g.Kind), g.Name, key, g.Color, g.Sort, ms(g.CreatedAt), flag(g.Archived), g.About, jsonList(g.Teams))
		return err
	})
}

// DeleteTag implements tag.Store. Links to it stay behind and mean nothing: a
// list of them is only reached through the tag.
func (s *Store) DeleteTag(ctx context.Context, t id.Tenant, g string) (err error) {
	defer errs.Wrap(&err, "store.DeleteTag %s", g)
	return s.write(ctx, func(ctx context.Context, x *tx) error {
		n, err := x.exec(ctx, `DELETE FROM tag WHERE id = $1 AND tenant = $2`, g, string(t))
		if err == nil && n == 0 {
			err = missing("tag")
		}
		if err != nil {
			return err
		}
		return untagCanned(ctx, x, t, g)
	})
}

// tagsOf reads the tags of a target, in the order in which they were added.
func tagsOf(ctx context.Context, q runner, t id.Tenant, target string) ([]string, error) {
	return all(ctx, q, scalar[string], `SELECT k.tag FROM tag_link k JOIN tag g ON g.id = k.tag WHERE k.target = $1 AND k.tenant = $2 ORDER BY k.at, k.tag`,
		target, string(t))
}

// TagsOf implements tag.Store.
func (s *Store) TagsOf(ctx context.Context, t id.Tenant, v id.Visitor) (list []string, err error) {
	defer errs.Wrap(&err, "store.TagsOf %s", v)
	return tagsOf(ctx, s.readers, t, string(v))
}

// TagVisitor implements tag.Store.
func (s *Store) TagVisitor(ctx context.Context, in tag.VisitorInput) (tags []string, err error) {
	defer errs.Wrap(&err, "store.TagVisitor %s", in.Visitor)
	err = s.write(ctx, func(ctx context.Context, t *tx) error {
		created, ok, err := first(ctx, t, scalar[int64], `SELECT v.first_seen FROM visitor v WHERE v.id = $1 AND v.tenant = $2`+s.dialect.lock("v"),
			string(in.Visitor), string(in.Tenant))
		if err == nil && !ok {
			err = missing("visitor")
		}
		if err != nil {
			return err
		}
		if err := s.mustBeTags(ctx, t, string(in.Tenant), string(tag.Visitor), in.Add); err != nil {
			return err
		}
		have, err := tagsOf(ctx, t, in.Tenant, string(in.Visitor))
		if err != nil {
			return err
		}
		left := slices.DeleteFunc(slices.Concat(have, in.Add), func(g string) bool { return slices.Contains(in.Remove, g) })
		slices.Sort(left)
		if n := len(slices.Compact(left)); n > tag.MaxOnVisitor {
			return errs.New(errs.Conflict, "too_many_tags", "there would be %d tags, %d are allowed", n, tag.MaxOnVisitor)
		}
		if err := s.relink(ctx, t, links{tenant: string(in.Tenant), target: string(in.Visitor), key: created, agent: string(in.By), at: ms(in.At)}, in.Add, in.Remove); err != nil {
			return err
		}
		tags, err = tagsOf(ctx, t, in.Tenant, string(in.Visitor))
		return err
	})
	return tags, err
}
