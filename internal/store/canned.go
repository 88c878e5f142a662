package store

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"parlor/internal/canned"
	"parlor/internal/errs"
	"parlor/internal/id"
)

const entryColumns = `id, tenant, kind, scope, owner, category, title, shortcut, text, initials, language, file_info,
	uses, created_at, updated_at, updated_by, visitors, tags, created_by`

// scanEntry reads a row of entryColumns.
func scanEntry(r row) (e canned.Entry, err error) {
	var created, updated, visitors int64
	var file, tags string
	if err = r.Scan(&e.ID, &e.Tenant, &e.Kind, &e.Scope, &e.Owner, &e.Category, &e.Title, &e.Shortcut, &e.Text, &e.Initials, &e.Language,
		&file, &e.Uses, &created, &updated, &e.UpdatedBy, &visitors, &tags, &e.CreatedBy); err != nil {
		return e, err
	}
	e.CreatedAt, e.UpdatedAt, e.Visitors = at(created), at(updated), visitors != 0
	if tags != "" {
		if err = json.Unmarshal([]byte(tags), &e.Tags); err != nil {
			return e, err
		}
	}
	if file != "" {
		e.File = &canned.File{}
		err = json.Unmarshal([]byte(file), e.File)
	}
	return e, err
}

const onShelf = ` WHERE tenant = $1 AND kind = $2 AND scope = $3 AND owner = $4`

func shelfArgs(t id.Tenant, s canned.Shelf, more ...any) []any {
	return append([]any{string(t), string(s.Kind), string(s.Scope), s.Owner}, more...)
}

// CannedEntries implements canned.Store.
func (s *Store) CannedEntries(ctx context.Context, t id.Tenant, shelf canned.Shelf) (list []canned.Entry, err error) {
	defer errs.Wrap(&err, "store.CannedEntries")
	return all(ctx, s.readers, scanEntry, `SELECT `+entryColumns+` FROM canned_entry`+onShelf+` ORDER BY id LIMIT $5`,
		shelfArgs(t, shelf, canned.MaxShared)...)
}

// CannedEntry implements canned.Store.
func (s *Store) CannedEntry(ctx context.Context, t id.Tenant, entry string) (e canned.Entry, err error) {
	defer errs.Wrap(&err, "store.CannedEntry %s", entry)
	e, ok, err := first(ctx, s.readers, scanEntry, `SELECT `+entryColumns+` FROM canned_entry WHERE id = $1 AND tenant = $2`, entry, string(t))
	if err == nil && !ok {
		err = missing("canned")
	}
	return e, err
}

// CannedByFile implements canned.Store.
func (s *Store) CannedByFile(ctx context.Context, t id.Tenant, f id.File) (list []canned.Shelf, err error) {
	defer errs.Wrap(&err, "store.CannedByFile %s", f)
	return all(ctx, s.readers, func(r row) (sh canned.Shelf, err error) { return sh, r.Scan(&sh.Kind, &sh.Scope, &sh.Owner) },
		`SELECT kind, scope, owner FROM canned_entry WHERE tenant = $1 AND file = $2 AND file <> '' ORDER BY scope LIMIT 100`, string(t), string(f))
}

// SaveCanned implements canned.Store.
func (s *Store) SaveCanned(ctx context.Context, t id.Tenant, shelf canned.Shelf, categories []canned.Category, entries []canned.Entry, most int) (err error) {
	defer errs.Wrap(&err, "store.SaveCanned")
	rows, err := entryRows(t, shelf, entries)
	if err != nil {
		return err
	}
	return s.write(ctx, func(ctx context.Context, x *tx) error {
		if err := s.lockTenant(ctx, x, t); err != nil {
			return err
		}
		if err := s.checkShelf(ctx, x, t, shelf, categories, entries, most); err != nil {
			return err
		}
		if err := insertRows(ctx, x, `INSERT INTO canned_category (id, tenant, kind, scope, owner, parent, name, sort, created_at)`,
			`ON CONFLICT (id) DO UPDATE SET parent = excluded.parent, name = excluded.name, sort = excluded.sort
			WHERE canned_category.tenant = excluded.tenant AND canned_category.scope = excluded.scope AND canned_category.owner = excluded.owner`,
			categoryRows(t, shelf, categories)); err != nil {
			return err
		}
		return insertRows(ctx, x, insertEntry, `ON CONFLICT (id) DO UPDATE SET category = excluded.category, title = excluded.title,
			shortcut = excluded.shortcut, text = excluded.text, initials = excluded.initials, language = excluded.language,
			file = excluded.file, file_info = excluded.file_info, updated_at = excluded.updated_at, updated_by = excluded.updated_by, visitors = excluded.visitors, tags = excluded.tags
			WHERE canned_entry.tenant = excluded.tenant AND canned_entry.scope = excluded.scope AND canned_entry.owner = excluded.owner`, rows)
	})
}

const insertEntry = `INSERT INTO canned_entry (id, tenant, kind, scope, owner, category, title, shortcut, text, initials, language,
	file, file_info, uses, created_at, updated_at, updated_by, visitors, tags, created_by)`

// entryRows are the rows of entries on a shelf.
func entryRows(t id.Tenant, shelf canned.Shelf, entries []canned.Entry) ([][]any, error) {
	rows := make([][]any, len(entries))
	for i, e := range entries {
		var file id.File
		info := ""
		if e.File != nil {
			b, err := json.Marshal(e.File)
			if err != nil {
				return nil, err
			}
			file, info = e.File.ID, string(b)
		}
		rows[i] = append([]any{e.ID}, shelfArgs(t, shelf, e.Category, e.Title, e.Shortcut, e.Text, e.Initials, e.Language, string(file), info,
			e.Uses, ms(e.CreatedAt), ms(e.UpdatedAt), string(e.UpdatedBy), flag(e.Visitors), tagsText(e.Tags), string(e.CreatedBy))...)
	}
	return rows, nil
}

// tagsText is how the tags of an entry are kept, "" for none.
func tagsText(tags []string) string {
	if len(tags) == 0 {
		return ""
	}
	return jsonList(tags)
}

// CannedShelves implements canned.Store.
func (s *Store) CannedShelves(ctx context.Context, t id.Tenant, kind canned.Kind, scope canned.Scope, limit int) (list []canned.Shelf, err error) {
	defer errs.Wrap(&err, "store.CannedShelves")
	return all(ctx, s.readers, func(r row) (sh canned.Shelf, err error) { return sh, r.Scan(&sh.Kind, &sh.Scope, &sh.Owner) },
		`SELECT DISTINCT kind, scope, owner FROM canned_entry WHERE tenant = $1 AND kind = $2 AND scope = $3 ORDER BY owner LIMIT $4`,
		string(t), string(kind), string(scope), limit)
}

// CannedShortcuts implements canned.Store.
func (s *Store) CannedShortcuts(ctx context.Context, t id.Tenant, shortcut string) (list []string, err error) {
	defer errs.Wrap(&err, "store.CannedShortcuts")
	return all(ctx, s.readers, scalar[string], `SELECT id FROM canned_entry
		WHERE tenant = $1 AND shortcut = $2 AND shortcut <> '' AND kind = 'reply' ORDER BY id LIMIT 100`, string(t), shortcut)
}

// untagCanned takes a tag that is gone off the entries that have it.
func untagCanned(ctx context.Context, x *tx, t id.Tenant, tag string) error {
	list, err := all(ctx, x, func(r row) (p [2]string, err error) { return p, r.Scan(&p[0], &p[1]) },
		`SELECT id, tags FROM canned_entry WHERE tenant = $1 AND kind = 'reply' AND tags LIKE $2 ESCAPE '\'`, string(t), "%"+literal.Replace(tag)+"%")
	if err != nil {
		return err
	}
	for _, p := range list {
		var tags []string
		if err := json.Unmarshal([]byte(p[1]), &tags); err != nil {
			return err
		}
		tags = slices.DeleteFunc(tags, func(s string) bool { return s == tag })
		if _, err := x.exec(ctx, `UPDATE canned_entry SET tags = $3 WHERE id = $1 AND tenant = $2`, p[0], string(t), tagsText(tags)); err != nil {
			return err
		}
	}
	return nil
}

func categoryRows(t id.Tenant, shelf canned.Shelf, list []canned.Category) [][]any {
	rows := make([][]any, len(list))
	for i, c := range list {
		rows[i] = append([]any{c.ID}, shelfArgs(t, shelf, c.Parent, c.Name, c.Sort, ms(c.CreatedAt))...)
	}
	return rows
}

// checkShelf refuses entries of categories that the shelf does not have, and
// more than it may hold.
func (s *Store) checkShelf(ctx context.Context, x *tx, t id.Tenant, shelf canned.Shelf, categories []canned.Category, entries []canned.Entry, most int) error {
	known := map[string]bool{"": true}
	for _, c := range categories {
		known[c.ID] = true
	}
	var ask, names []string
	for _, e := range entries {
		names = append(names, e.ID)
		if !known[e.Category] {
			known[e.Category] = true
			ask = append(ask, e.Category)
		}
	}
	found, _, err := first(ctx, x, scalar[int], `SELECT COUNT(*) FROM canned_category WHERE id IN `+s.dialect.list("$5")+
		` AND tenant = $1 AND kind = $2 AND scope = $3 AND owner = $4`, shelfArgs(t, shelf, jsonList(ask))...)
	if err != nil {
		return err
	}
	if found != len(ask) {
		return missing("category")
	}
	others, _, err := first(ctx, x, scalar[int], `SELECT COUNT(*) FROM canned_entry`+onShelf+` AND id NOT IN `+s.dialect.list("$5"),
		shelfArgs(t, shelf, jsonList(names))...)
	if err == nil && len(entries) > 0 && others+len(entries) > most {
		err = errs.New(errs.Conflict, "shelf_full", "there are %d entries, %d are allowed", others, most)
	}
	return err
}

// MoveCanned implements canned.Store.
func (s *Store) MoveCanned(ctx context.Context, t id.Tenant, e canned.Entry, from canned.Shelf, most int) (err error) {
	defer errs.Wrap(&err, "store.MoveCanned %s", e.ID)
	rows, err := entryRows(t, e.Shelf, []canned.Entry{e})
	if err != nil {
		return err
	}
	return s.write(ctx, func(ctx context.Context, x *tx) error {
		if err := s.lockTenant(ctx, x, t); err != nil {
			return err
		}
		n, err := x.exec(ctx, `DELETE FROM canned_entry`+onShelf+` AND id = $5`, shelfArgs(t, from, e.ID)...)
		if err == nil && n == 0 {
			err = missing("canned")
		}
		if err != nil {
			return err
		}
		if err := s.checkShelf(ctx, x, t, e.Shelf, nil, []canned.Entry{e}, most); err != nil {
			return err
		}
		return insertRows(ctx, x, insertEntry, "", rows)
	})
}

// DeleteCanned implements canned.Store.
func (s *Store) DeleteCanned(ctx context.Context, t id.Tenant, entry string) (err error) {
	defer errs.Wrap(&err, "store.DeleteCanned %s", entry)
	return s.write(ctx, func(ctx context.Context, x *tx) error {
		n, err := x.exec(ctx, `DELETE FROM canned_entry WHERE id = $1 AND tenant = $2`, entry, string(t))
		if err == nil && n == 0 {
			err = missing("canned")
		}
		return err
	})
}

const categoryColumns = `id, tenant, kind, scope, owner, parent, name, sort, created_at`

func scanCategory(r row) (c canned.Category, err error) {
	var created int64
	err = r.Scan(&c.ID, &c.Tenant, &c.Kind, &c.Scope, &c.Owner, &c.Parent, &c.Name, &c.Sort, &created)
	c.CreatedAt = at(created)
	return c, err
}

// CannedCategories implements canned.Store.
func (s *Store) CannedCategories(ctx context.Context, t id.Tenant, shelf canned.Shelf) (list []canned.Category, err error) {
	defer errs.Wrap(&err, "store.CannedCategories")
	return all(ctx, s.readers, scanCategory, `SELECT `+categoryColumns+` FROM canned_category`+onShelf+` ORDER BY sort, id LIMIT $5`,
		shelfArgs(t, shelf, canned.MaxCategories)...)
}

// CannedCategory implements canned.Store.
func (s *Store) CannedCategory(ctx context.Context, t id.Tenant, category string) (c canned.Category, err error) {
	defer errs.Wrap(&err, "store.CannedCategory %s", category)
	return categoryOf(ctx, s.readers, t, category)
}

func categoryOf(ctx context.Context, q runner, t id.Tenant, category string) (canned.Category, error) {
	c, ok, err := first(ctx, q, scanCategory, `SELECT `+categoryColumns+` FROM canned_category WHERE id = $1 AND tenant = $2`, category, string(t))
	if err == nil && !ok {
		err = missing("category")
	}
	return c, err
}

// DeleteCannedCategory implements canned.Store.
func (s *Store) DeleteCannedCategory(ctx context.Context, t id.Tenant, category string) (err error) {
	defer errs.Wrap(&err, "store.DeleteCannedCategory %s", category)
	return s.write(ctx, func(ctx context.Context, x *tx) error {
		if err := s.lockTenant(ctx, x, t); err != nil {
			return err
		}
		c, err := categoryOf(ctx, x, t, category)
		if err != nil {
			return err
		}
		if _, err := x.exec(ctx, `UPDATE canned_category SET parent = $6`+onShelf+` AND parent = $5`, shelfArgs(t, c.Shelf, category, c.Parent)...); err != nil {
			return err
		}
		if _, err := x.exec(ctx, `UPDATE canned_entry SET category = $3 WHERE tenant = $1 AND category = $2`, string(t), category, c.Parent); err != nil {
			return err
		}
		_, err = x.exec(ctx, `DELETE FROM canned_category WHERE id = $1`, category)
		return err
	})
}

// UseCanned implements canned.Store.
func (s *Store) UseCanned(ctx context.Context, t id.Tenant, a id.Agent, entry string, when time.Time) (err error) {
	defer errs.Wrap(&err, "store.UseCanned %s", entry)
	return s.write(ctx, func(ctx context.Context, x *tx) error {
		n, err := x.exec(ctx, `UPDATE canned_entry SET uses = uses + 1 WHERE id = $1 AND tenant = $2`, entry, string(t))
		if err == nil && n == 0 {
			err = missing("canned")
		}
		if err != nil {
			return err
		}
		_, err = x.exec(ctx, `INSERT INTO canned_use (tenant, agent, entry, uses, last_at) VALUES ($1, $2, $3, 1, $4)
			ON CONFLICT (tenant, agent, entry) DO UPDATE SET uses = canned_use.uses + 1, last_at = excluded.last_at`,
			string(t), string(a), entry, ms(when))
		return err
	})
}

// CannedUses implements canned.Store.
func (s *Store) CannedUses(ctx context.Context, t id.Tenant, a id.Agent, limit int) (list []canned.Use, err error) {
	defer errs.Wrap(&err, "store.CannedUses")
	return all(ctx, s.readers, func(r row) (u canned.Use, err error) {
		var last int64
		err = r.Scan(&u.Entry, &u.Uses, &last)
		u.LastAt = at(last)
		return u, err
	}, `SELECT entry, uses, last_at FROM canned_use WHERE tenant = $1 AND agent = $2 ORDER BY last_at DESC, entry DESC LIMIT $3`,
		string(t), string(a), max(limit, 1))
}

// SeedCanned implements canned.Store.
func (s *Store) SeedCanned(ctx context.Context, t id.Tenant, entries []canned.Entry, when time.Time) (seeded bool, err error) {
	defer errs.Wrap(&err, "store.SeedCanned")
	// Most starts find the tenant seeded; then nothing is written.
	_, known, err := first(ctx, s.readers, scalar[int64], `SELECT at FROM canned_seed WHERE tenant = $1`, string(t))
	if err != nil || known {
		return false, err
	}
	shelf := canned.Shelf{Kind: canned.Reply, Scope: canned.Company}
	rows, err := entryRows(t, shelf, entries)
	if err != nil {
		return false, err
	}
	err = s.write(ctx, func(ctx context.Context, x *tx) error {
		if err := s.lockTenant(ctx, x, t); err != nil {
			return err
		}
		n, err := x.exec(ctx, `INSERT INTO canned_seed (tenant, at) VALUES ($1, $2) ON CONFLICT (tenant) DO NOTHING`, string(t), ms(when))
		if seeded = n == 1; err != nil || !seeded {
			return err
		}
		return insertRows(ctx, x, insertEntry, "", rows)
	})
	return seeded, err
}
