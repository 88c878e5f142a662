package store

import (
	"context"
	"database/sql"
	"strings"

	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/visitor"
)

// foundOrders are the columns of the orders of a search for visitors.
var foundOrders = map[visitor.Order]string{visitor.ByChat: "COALESCE(c.created_at, 0)", visitor.ByName: "LOWER(v.name)", visitor.BySeen: "v.last_seen"}

// FindVisitors implements visitor.IdentityStore.
func (s *Store) FindVisitors(ctx context.Context, t id.Tenant, q visitor.Search) (page []visitor.Found, total int, err error) {
	defer errs.Wrap(&err, "store.FindVisitors")
	f := &finding{}
	tenant := f.arg(string(t))
	from := ` FROM (SELECT id FROM (SELECT id FROM visitor WHERE tenant = ` + tenant + ` ORDER BY first_seen DESC, id DESC LIMIT ` + f.arg(visitor.MaxFound) + `) newest`
	if q.Text != "" {
		whole := f.arg(q.Text)
		from += ` UNION SELECT id FROM visitor WHERE tenant = ` + tenant + ` AND email = LOWER(` + whole + `) AND email <> ''
			UNION SELECT id FROM visitor WHERE tenant = ` + tenant + ` AND phone = ` + whole + ` AND phone <> ''
			UNION SELECT visitor FROM visitor_identity WHERE tenant = ` + tenant + ` AND username = ` + whole
		like := f.arg("%" + literal.Replace(strings.ToLower(q.Text)) + "%")
		part := func(column string) string { return `LOWER(` + column + `) LIKE ` + like + ` ESCAPE '\'` }
		f.outer = append(f.outer, `(`+part("v.name")+` OR `+part("v.email")+` OR `+part("v.phone")+` OR `+part("i.username")+`
			OR EXISTS (SELECT 1 FROM visitor_field x JOIN field f ON f.id = x.field WHERE x.visitor = v.id AND x.tenant = `+tenant+` AND f.searchable = 1 AND `+part("x.value")+`))`)
	}
	if len(q.Except) > 0 {
		f.outer = append(f.outer, `(i.username IS NULL OR i.username NOT IN `+s.dialect.list(f.arg(jsonList(q.Except)))+`)`)
	}
	from += `) p JOIN visitor v ON v.id = p.id LEFT JOIN visitor_identity i ON i.visitor = v.id`
	where := ""
	if len(f.outer) > 0 {
		where = ` WHERE ` + strings.Join(f.outer, " AND ")
	}
	if total, _, err = first(ctx, s.readers, scalar[int], `SELECT COUNT(*)`+from+where, f.args...); err != nil || total == 0 {
		return nil, 0, err
	}
	way := " DESC"
	if q.Rising {
		way = ""
	}
	page, err = all(ctx, s.readers, scanFound, `SELECT `+of("v", visitorColumns)+`, i.token, i.username, i.team, i.status, i.updated_at, c.id, c.created_at`+from+`
		LEFT JOIN conversation c ON c.id = (SELECT l.id FROM conversation l WHERE l.tenant = `+tenant+` AND l.visitor = v.id ORDER BY l.created_at DESC, l.id DESC LIMIT 1)`+
		where+` ORDER BY `+foundOrders[q.Order]+way+`, v.id`+way+` LIMIT `+f.arg(q.Limit)+` OFFSET `+f.arg(q.Offset), f.args...)
	return page, total, err
}

// scanFound reads a row of FindVisitors.
func scanFound(r row) (f visitor.Found, err error) {
	var v visitorRow
	var token, username, team, status, chat sql.NullString
	var updated, chatAt sql.NullInt64
	if err = r.Scan(append(v.into(), &token, &username, &team, &status, &updated, &chat, &chatAt)...); err != nil {
		return f, err
	}
	f.Visitor = v.visitor()
	if username.Valid {
		f.Identity = visitor.Identity{Visitor: f.Visitor.ID, Tenant: f.Visitor.Tenant, Token: token.String, Username: username.String, Team: id.Team(team.String),
			Status: status.String, UpdatedAt: at(updated.Int64)}
	}
	if chat.Valid {
		f.LastChat, f.LastChatAt = id.Conversation(chat.String), at(chatAt.Int64)
	}
	return f, nil
}

// ofVisitor are the tables whose rows go with their visitor.
var ofVisitor = []string{"visitor_identity", "visitor_field", "visit", "served", "online_visitor", "invitation", "visitor_pass"}

// RemoveVisitor implements visitor.IdentityStore.
func (s *Store) RemoveVisitor(ctx context.Context, t id.Tenant, v id.Visitor) (err error) {
	defer errs.Wrap(&err, "store.RemoveVisitor %s", v)
	return s.write(ctx, func(ctx context.Context, x *tx) error {
		_, ok, err := first(ctx, x, scalar[string], `SELECT v.id FROM visitor v WHERE v.id = $1 AND v.tenant = $2`+s.dialect.lock("v"), string(v), string(t))
		if err == nil && !ok {
			err = missing("visitor")
		}
		if err != nil {
			return err
		}
		if _, ok, err := first(ctx, x, scalar[string], `SELECT c.id FROM conversation c WHERE c.tenant = $1 AND c.visitor = $2 LIMIT 1`, string(t), string(v)); err != nil || ok {
			if err == nil {
				err = errs.New(errs.Conflict, "visitor_has_conversations", "the visitor has conversations")
			}
			return err
		}
		for _, table := range ofVisitor {
			if _, err := x.exec(ctx, `DELETE FROM `+table+` WHERE visitor = $1 AND tenant = $2`, string(v), string(t)); err != nil {
				return err
			}
		}
		if err := forgetContacts(ctx, x, t, v); err != nil {
			return err
		}
		if _, err := x.exec(ctx, `DELETE FROM page WHERE visitor = $1`, string(v)); err != nil {
			return err
		}
		_, err = x.exec(ctx, `DELETE FROM visitor WHERE id = $1 AND tenant = $2`, string(v), string(t))
		return err
	})
}

// forgetContacts takes a visitor off its contacts. A contact that nobody has
// confirmed goes with its last channel.
func forgetContacts(ctx context.Context, x *tx, t id.Tenant, v id.Visitor) error {
	list, err := all(ctx, x, scalar[string], `SELECT DISTINCT contact FROM contact_channel WHERE tenant = $1 AND visitor = $2`, string(t), string(v))
	if err != nil {
		return err
	}
	if _, err := x.exec(ctx, `DELETE FROM contact_channel WHERE tenant = $1 AND visitor = $2`, string(t), string(v)); err != nil {
		return err
	}
	for _, c := range list {
		n, err := x.exec(ctx, `DELETE FROM contact WHERE id = $1 AND tenant = $2 AND unknown = 1
			AND NOT EXISTS (SELECT 1 FROM contact_channel k WHERE k.contact = $1)`, c, string(t))
		if err != nil {
			return err
		}
		if n > 0 {
			if _, err := x.exec(ctx, `DELETE FROM contact_point WHERE contact = $1`, c); err != nil {
				return err
			}
		}
	}
	return nil
}
