package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/knowledge"
)

var _ knowledge.Store = (*Store)(nil)

const articleColumns = `id, tenant, category, title, questions, answer, link, link_title, picture_info, related, inboxes, locale,
	active, version, asked, solved, unsolved, used, created_at, updated_at, updated_by`

// scanArticle reads a row of articleColumns.
func scanArticle(r row) (a knowledge.Article, err error) {
	var active, created, updated int64
	var questions, picture, related, inboxes string
	if err = r.Scan(&a.ID, &a.Tenant, &a.Category, &a.Title, &questions, &a.Answer, &a.Link, &a.LinkTitle, &picture, &related, &inboxes, &a.Locale,
		&active, &a.Version, &a.Asked, &a.Solved, &a.Unsolved, &a.Used, &created, &updated, &a.UpdatedBy); err != nil {
		return a, err
	}
	a.Active, a.CreatedAt, a.UpdatedAt = active != 0, at(created), at(updated)
	if picture != "" {
		a.Picture = &knowledge.File{}
		if err = json.Unmarshal([]byte(picture), a.Picture); err != nil {
			return a, err
		}
	}
	return a, unpack([]string{questions, related, inboxes}, &a.Questions, &a.Related, &a.Inboxes)
}

// KnowledgeTexts implements knowledge.Store.
func (s *Store) KnowledgeTexts(ctx context.Context, t id.Tenant) (list []knowledge.Text, err error) {
	defer errs.Wrap(&err, "store.KnowledgeTexts")
	return all(ctx, s.readers, func(r row) (x knowledge.Text, err error) {
		var active int64
		var questions, inboxes string
		if err = r.Scan(&x.Article, &x.Category, &x.Title, &questions, &inboxes, &x.Locale, &active); err != nil {
			return x, err
		}
		x.Active = active != 0
		return x, unpack([]string{questions, inboxes}, &x.Questions, &x.Inboxes)
	}, `SELECT id, category, title, questions, inboxes, locale, active FROM knowledge_article WHERE tenant = $1 ORDER BY id LIMIT $2`, string(t), knowledge.MaxArticles)
}

// unpack reads lists that are kept as JSON.
func unpack(texts []string, into ...any) error {
	for i, text := range texts {
		if err := json.Unmarshal([]byte(text), into[i]); err != nil {
			return err
		}
	}
	return nil
}

// KnowledgeArticles implements knowledge.Store.
func (s *Store) KnowledgeArticles(ctx context.Context, t id.Tenant, ids []string) (list []knowledge.Article, err error) {
	defer errs.Wrap(&err, "store.KnowledgeArticles")
	return all(ctx, s.readers, scanArticle, `SELECT `+articleColumns+` FROM knowledge_article WHERE id IN `+s.dialect.list("$2")+` AND tenant = $1 ORDER BY id`, string(t), jsonList(ids))
}

// KnowledgePopular implements knowledge.Store.
func (s *Store) KnowledgePopular(ctx context.Context, t id.Tenant, ids []string, offset, limit int) (list []knowledge.Article, err error) {
	defer errs.Wrap(&err, "store.KnowledgePopular")
	return all(ctx, s.readers, scanArticle, `SELECT `+articleColumns+` FROM knowledge_article WHERE id IN `+s.dialect.list("$2")+` AND tenant = $1
		ORDER BY asked DESC, id LIMIT $3 OFFSET $4`, string(t), jsonList(ids), limit, offset)
}

// KnowledgeList implements knowledge.Store.
func (s *Store) KnowledgeList(ctx context.Context, f knowledge.Filter) (list []knowledge.Article, next string, err error) {
	defer errs.Wrap(&err, "store.KnowledgeList")
	from, err := parseCursor(f.After, cursorTop)
	if err != nil {
		return nil, "", err
	}
	args := []any{string(f.Tenant), from.key, from.id}
	where := ""
	arg := func(v any) string {
		args = append(args, v)
		return fmt.Sprintf("$%d", len(args))
	}
	if f.Query != "" {
		where += ` AND folded LIKE ` + arg("%"+literal.Replace(fold(f.Query))+"%") + ` ESCAPE '\'`
	}
	if len(f.Categories) > 0 {
		// The sign keeps the planner on the index that has the order.
		where += ` AND category || '' IN ` + s.dialect.list(arg(jsonList(f.Categories)))
	}
	if f.Active != nil {
		where += ` AND active = ` + arg(flag(*f.Active))
	}
	most := max(f.Limit, 1)
	list, err = all(ctx, s.readers, scanArticle, `SELECT `+articleColumns+` FROM knowledge_article WHERE tenant = $1 AND (updated_at, id) < ($2, $3)`+where+
		` ORDER BY updated_at DESC, id DESC LIMIT `+arg(most+1), args...)
	if err == nil && len(list) > most {
		list = list[:most]
		next = cursor{ms(list[most-1].UpdatedAt), list[most-1].ID}.String()
	}
	return list, next, err
}

// SaveKnowledge implements knowledge.Store. Changes of one tenant wait for one another.
func (s *Store) SaveKnowledge(ctx context.Context, in knowledge.Save) (err error) {
	defer errs.Wrap(&err, "store.SaveKnowledge")
	articles := make([][]any, len(in.Articles))
	for i, a := range in.Articles {
		if articles[i], err = articleRow(in.Tenant, a); err != nil {
			return err
		}
	}
	categories := make([][]any, len(in.Categories))
	for i, c := range in.Categories {
		categories[i] = []any{c.ID, string(in.Tenant), c.Parent, c.Name, c.Sort, ms(c.CreatedAt)}
	}
	return s.write(ctx, func(ctx context.Context, x *tx) error {
		if err := s.lockTenant(ctx, x, in.Tenant); err != nil {
			return err
		}
		if err := s.checkKnowledge(ctx, x, in); err != nil {
			return err
		}
		if err := insertRows(ctx, x, `INSERT INTO knowledge_category (id, tenant, parent, name, sort, created_at)`,
			`ON CONFLICT (id) DO UPDATE SET parent = excluded.parent, name = excluded.name, sort = excluded.sort
			WHERE knowledge_category.tenant = excluded.tenant`, categories); err != nil {
			return err
		}
		return insertRows(ctx, x, insertArticle, `ON CONFLICT (id) DO UPDATE SET category = excluded.category, title = excluded.title, questions = excluded.questions,
			answer = excluded.answer, folded = excluded.folded, link = excluded.link, link_title = excluded.link_title, picture = excluded.picture,
			picture_info = excluded.picture_info, related = excluded.related, inboxes = excluded.inboxes, locale = excluded.locale, active = excluded.active,
			version = excluded.version, wordings = excluded.wordings, updated_at = excluded.updated_at, updated_by = excluded.updated_by
			WHERE knowledge_article.tenant = excluded.tenant`, articles)
	})
}

const insertArticle = `INSERT INTO knowledge_article (id, tenant, category, title, questions, answer, folded, link, link_title, picture, picture_info,
	related, inboxes, locale, active, version, wordings, asked, solved, unsolved, created_at, updated_at, updated_by)`

// articleRow is the row of an article that is saved.
func articleRow(t id.Tenant, a knowledge.Article) ([]any, error) {
	var file id.File
	info := ""
	if a.Picture != nil {
		b, err := json.Marshal(a.Picture)
		if err != nil {
			return nil, err
		}
		file, info = a.Picture.ID, string(b)
	}
	folded := fold(a.Title + "\n" + strings.Join(a.Questions, "\n") + "\n" + a.Answer)
	return []any{a.ID, string(t), a.Category, a.Title, jsonList(a.Questions), a.Answer, folded, a.Link, a.LinkTitle, string(file), info,
		jsonList(a.Related), jsonList(a.Inboxes), a.Locale, flag(a.Active), a.Version + 1, 1 + len(a.Questions), 0, 0, 0,
		ms(a.CreatedAt), ms(a.UpdatedAt), string(a.UpdatedBy)}, nil
}

// checkKnowledge refuses what is stored over another version, what lies in or is
// related to what is not there, and more than there may be.
func (s *Store) checkKnowledge(ctx context.Context, x *tx, in knowledge.Save) error {
	if len(in.Articles) == 0 {
		return nil
	}
	known := map[string]bool{"": true}
	for _, c := range in.Categories {
		known[c.ID] = true
	}
	fresh := map[string]bool{}
	for _, a := range in.Articles {
		fresh[a.ID] = true
	}
	var names, categories, related []string
	wordings := 0
	for _, a := range in.Articles {
		names = append(names, a.ID)
		wordings += 1 + len(a.Questions)
		if !known[a.Category] {
			known[a.Category] = true
			categories = append(categories, a.Category)
		}
		for _, r := range a.Related {
			if !fresh[r] && !slices.Contains(related, r) {
				related = append(related, r)
			}
		}
	}
	if err := s.mustHave(ctx, x, in.Tenant, "knowledge_category", "category", categories); err != nil {
		return err
	}
	if err := s.mustHave(ctx, x, in.Tenant, "knowledge_article", "article", related); err != nil {
		return err
	}
	if err := s.checkVersions(ctx, x, in, names); err != nil {
		return err
	}
	count, _, err := first(ctx, x, func(r row) (n [2]int, err error) { return n, r.Scan(&n[0], &n[1]) },
		`SELECT COUNT(*), COALESCE(SUM(wordings), 0) FROM knowledge_article WHERE tenant = $1 AND id NOT IN `+s.dialect.list("$2"), string(in.Tenant), jsonList(names))
	if err == nil && (count[0]+len(names) > in.MostArticles || count[1]+wordings > in.MostWordings) {
		err = errs.New(errs.Conflict, "knowledge_full", "there would be more than %d articles or %d wordings", in.MostArticles, in.MostWordings)
	}
	return err
}

// mustHave refuses ids that a table does not have.
func (s *Store) mustHave(ctx context.Context, x *tx, t id.Tenant, table, thing string, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	n, _, err := first(ctx, x, scalar[int], `SELECT COUNT(*) FROM `+table+` WHERE id IN `+s.dialect.list("$2")+` AND tenant = $1`, string(t), jsonList(ids))
	if err == nil && n != len(ids) {
		err = missing(thing)
	}
	return err
}

// checkVersions refuses articles that were changed or removed since they were read.
func (s *Store) checkVersions(ctx context.Context, x *tx, in knowledge.Save, names []string) error {
	type kept struct {
		id      string
		version int
	}
	list, err := all(ctx, x, func(r row) (k kept, err error) { return k, r.Scan(&k.id, &k.version) },
		`SELECT id, version FROM knowledge_article WHERE id IN `+s.dialect.list("$2")+` AND tenant = $1`, string(in.Tenant), jsonList(names))
	if err != nil {
		return err
	}
	versions := make(map[string]int, len(list))
	for _, k := range list {
		versions[k.id] = k.version
	}
	for _, a := range in.Articles {
		switch have, ok := versions[a.ID]; {
		case !ok && a.Version > 0:
			return missing("article")
		case have != a.Version:
			return errs.New(errs.Conflict, "changed_meanwhile", "article %s has version %d", a.ID, have)
		}
	}
	return nil
}

// DeleteKnowledge implements knowledge.Store.
func (s *Store) DeleteKnowledge(ctx context.Context, t id.Tenant, article string) (err error) {
	defer errs.Wrap(&err, "store.DeleteKnowledge %s", article)
	return s.write(ctx, func(ctx context.Context, x *tx) error {
		if err := s.lockTenant(ctx, x, t); err != nil {
			return err
		}
		n, err := x.exec(ctx, `DELETE FROM knowledge_article WHERE id = $1 AND tenant = $2`, article, string(t))
		if err == nil && n == 0 {
			err = missing("article")
		}
		if err != nil {
			return err
		}
		// Ids are letters and digits, so that one stands in the list as it is; where it
		// stands in front, its comma stands behind it.
		_, err = x.exec(ctx, `UPDATE knowledge_article SET related = REPLACE(REPLACE(REPLACE(related, ',' || CAST($2 AS TEXT), ''), CAST($2 AS TEXT) || ',', ''), CAST($2 AS TEXT), ''), version = version + 1
			WHERE tenant = $1 AND related LIKE $3 ESCAPE '\'`, string(t), `"`+article+`"`, "%"+literal.Replace(`"`+article+`"`)+"%")
		return err
	})
}

// KnowledgeCategories implements knowledge.Store.
func (s *Store) KnowledgeCategories(ctx context.Context, t id.Tenant) (list []knowledge.Category, err error) {
	defer errs.Wrap(&err, "store.KnowledgeCategories")
	return all(ctx, s.readers, func(r row) (c knowledge.Category, err error) {
		var created int64
		err = r.Scan(&c.ID, &c.Tenant, &c.Parent, &c.Name, &c.Sort, &created)
		c.CreatedAt = at(created)
		return c, err
	}, `SELECT id, tenant, parent, name, sort, created_at FROM knowledge_category WHERE tenant = $1 ORDER BY sort, id LIMIT $2`, string(t), knowledge.MaxCategories)
}

// DeleteKnowledgeCategory implements knowledge.Store.
func (s *Store) DeleteKnowledgeCategory(ctx context.Context, t id.Tenant, category string) (err error) {
	defer errs.Wrap(&err, "store.DeleteKnowledgeCategory %s", category)
	return s.write(ctx, func(ctx context.Context, x *tx) error {
		if err := s.lockTenant(ctx, x, t); err != nil {
			return err
		}
		parent, ok, err := first(ctx, x, scalar[string], `SELECT parent FROM knowledge_category WHERE id = $1 AND tenant = $2`, category, string(t))
		if err == nil && !ok {
			err = missing("category")
		}
		if err != nil {
			return err
		}
		if _, err := x.exec(ctx, `UPDATE knowledge_category SET parent = $3 WHERE tenant = $1 AND parent = $2`, string(t), category, parent); err != nil {
			return err
		}
		if _, err := x.exec(ctx, `UPDATE knowledge_article SET category = $3 WHERE tenant = $1 AND category = $2`, string(t), category, parent); err != nil {
			return err
		}
		_, err = x.exec(ctx, `DELETE FROM knowledge_category WHERE id = $1 AND tenant = $2`, category, string(t))
		return err
	})
}

// CountKnowledge implements knowledge.Store.
func (s *Store) CountKnowledge(ctx context.Context, t id.Tenant, article string, what knowledge.Happening) (err error) {
	defer errs.Wrap(&err, "store.CountKnowledge %s", article)
	var asked, solved, unsolved, used int
	switch what {
	case knowledge.Asked:
		asked = 1
	case knowledge.Solved:
		solved = 1
	case knowledge.Unsolved:
		unsolved = 1
	case knowledge.Used:
		used = 1
	default:
		return errs.New(errs.Invalid, "unknown_happening", "%q is not counted", what)
	}
	return s.write(ctx, func(ctx context.Context, x *tx) error {
		n, err := x.exec(ctx, `UPDATE knowledge_article SET asked = asked + $3, solved = solved + $4, unsolved = unsolved + $5, used = used + $6 WHERE id = $1 AND tenant = $2`,
			article, string(t), asked, solved, unsolved, used)
		if err == nil && n == 0 {
			err = missing("article")
		}
		return err
	})
}

// KnowledgeShows implements knowledge.Store.
func (s *Store) KnowledgeShows(ctx context.Context, t id.Tenant, f id.File) (ok bool, err error) {
	defer errs.Wrap(&err, "store.KnowledgeShows %s", f)
	_, ok, err = first(ctx, s.readers, scalar[string], `SELECT id FROM knowledge_article WHERE tenant = $1 AND picture = $2 AND picture <> '' LIMIT 1`, string(t), string(f))
	return ok, err
}
