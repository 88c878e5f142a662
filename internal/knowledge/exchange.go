package knowledge

import (
	"context"
	"slices"
	"strings"
	"time"

	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/sheet"
)

// maxFaults is how many faulty lines a report names.
const maxFaults = 200

// heading is the first row of an export; an import finds its columns by these
// names or the Chinese ones.
var heading = []string{"category", "title", "questions", "answer", "link", "linkTitle", "locale", "active"}

// columnNames are the names of columns that an import understands, in small letters.
var columnNames = map[string]string{
	"category": "category", "分类": "category", "title": "title", "标题": "title", "标准问": "title", "questions": "questions", "相似问": "questions",
	"answer": "answer", "答案": "answer", "link": "link", "链接": "link", "linktitle": "linkTitle", "链接标题": "linkTitle",
	"locale": "locale", "语言": "locale", "active": "active", "启用": "active",
}

// ImportFault is a line of an import that cannot be taken.
type ImportFault struct {
	// Line counts from 1, the heading included.
	Line   int    `json:"line"`
	Field  string `json:"field,omitempty"`
	Reason string `json:"reason"`
	Detail string `json:"detail"`
}

// ImportReport is the result of an import.
type ImportReport struct {
	// Added and Changed count what was, or on a dry run would be, done.
	Added   int `json:"added"`
	Changed int `json:"changed"`
	// Categories counts new categories.
	Categories int `json:"categories"`
	// Faults are the faulty lines, at most 200; if there is one, nothing was done.
	Faults []ImportFault `json:"faults"`
	Done   bool          `json:"done"`
}

// Export returns all articles as a table with a heading, ordered by category and
// title. The category is its path, questions stand in lines of their cell. Pictures,
// relations and inboxes are left out.
func (s *Service) Export(ctx context.Context, who actor.Actor) (rows [][]string, err error) {
	defer errs.Wrap(&err, "knowledge.Export")
	if err = reader(who); err != nil {
		return nil, err
	}
	texts, err := s.store.KnowledgeTexts(ctx, who.Tenant)
	if err != nil {
		return nil, err
	}
	categories, err := s.store.KnowledgeCategories(ctx, who.Tenant)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(texts))
	for i, t := range texts {
		ids[i] = t.Article
	}
	list, err := s.store.KnowledgeArticles(ctx, who.Tenant, ids)
	if err != nil {
		return nil, err
	}
	paths := pathsOf(categories)
	for _, a := range list {
		rows = append(rows, []string{paths[a.Category], a.Title, strings.Join(a.Questions, "\n"), a.Answer, a.Link, a.LinkTitle, a.Locale, yes(a.Active)})
	}
	slices.SortStableFunc(rows, func(a, b []string) int { return slices.Compare(a[:2], b[:2]) })
	return append([][]string{heading}, rows...), nil
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// Import takes the lines of a table: all of them, or none if one is faulty or dry is
// set. A line whose category, language and title are there already changes that
// article; missing categories are made. It needs the permission actor.Content.
//
// Errors: Invalid "no_heading"; TooLarge "too_many_lines"; Conflict "knowledge_full",
// "changed_meanwhile".
func (s *Service) Import(ctx context.Context, who actor.Actor, rows [][]string, dry bool) (rep ImportReport, err error) {
	defer errs.Wrap(&err, "knowledge.Import")
	if err = editor(who); err != nil {
		return rep, err
	}
	if len(rows) > MaxArticles+1 {
		return rep, errs.New(errs.TooLarge, "too_many_lines", "The table has %d lines; %d are allowed.", len(rows)-1, MaxArticles)
	}
	// Everything is checked before anything is stored, so that a report names all
	// faults at once and nothing is half done.
	im := &importing{who: who, now: s.clock.Now(), columns: map[string]int{}, byPath: map[string]string{}, byTitle: map[string]Article{}, seen: map[string]int{}}
	im.rep.Faults = []ImportFault{}
	if err = im.begin(ctx, s.store, rows); err != nil {
		return rep, err
	}
	for n, row := range rows[1:] {
		im.line(n+2, row)
	}
	rep = im.rep
	if dry || len(rep.Faults) > 0 || len(im.articles) == 0 {
		return rep, nil
	}
	if err = s.store.SaveKnowledge(ctx, s.save(who.Tenant, im.categories, im.articles)); err != nil {
		return rep, err
	}
	rep.Done = true
	s.changed(who.Tenant)
	return rep, nil
}

// importing is one import in progress.
type importing struct {
	who     actor.Actor
	now     time.Time
	columns map[string]int
	// byPath finds categories, byTitle articles by category, language and title.
	byPath  map[string]string
	byTitle map[string]Article
	seen    map[string]int

	categories []Category
	articles   []Article
	rep        ImportReport
}

// begin reads the heading and what there is.
func (im *importing) begin(ctx context.Context, store Store, rows [][]string) error {
	if len(rows) > 0 {
		for i, name := range rows[0] {
			if c, ok := columnNames[strings.ToLower(strings.TrimSpace(name))]; ok {
				im.columns[c] = i
			}
		}
	}
	for _, c := range []string{"title", "answer"} {
		if _, ok := im.columns[c]; !ok {
			return errs.Field("csv", "no_heading", "The first line must name the columns: %s. There is no column %q.", strings.Join(heading, ", "), c)
		}
	}
	categories, err := store.KnowledgeCategories(ctx, im.who.Tenant)
	if err != nil {
		return err
	}
	for c, path := range pathsOf(categories) {
		im.byPath[path] = c
	}
	texts, err := store.KnowledgeTexts(ctx, im.who.Tenant)
	if err != nil {
		return err
	}
	ids := make([]string, len(texts))
	for i, t := range texts {
		ids[i] = t.Article
	}
	known, err := store.KnowledgeArticles(ctx, im.who.Tenant, ids)
	for _, a := range known {
		im.byTitle[titleKey(a)] = a
	}
	return err
}

func titleKey(a Article) string { return a.Category + "\x00" + a.Locale + "\x00" + a.Title }

// line takes one line or notes its fault.
func (im *importing) line(n int, row []string) {
	cell := func(name string) string {
		if i, ok := im.columns[name]; ok && i < len(row) {
			return row[i]
		}
		return ""
	}
	in := ArticleInput{Title: cell("title"), Answer: cell("answer"), Link: cell("link"), LinkTitle: cell("linkTitle"), Locale: strings.TrimSpace(cell("locale"))}
	if strings.TrimSpace(strings.Join(row, "")) == "" {
		return
	}
	in.Questions = strings.FieldsFunc(cell("questions"), func(r rune) bool { return r == '\n' || r == '\r' || r == '|' || r == '｜' })
	var err error
	if in.Active, err = active(cell("active")); err == nil {
		in.Category, err = im.category(cell("category"))
	}
	a := Article{ID: id.New(), Tenant: im.who.Tenant, CreatedAt: im.now}
	if err == nil {
		err = fill(&a, in)
	}
	if first := im.seen[titleKey(a)]; err == nil && first > 0 {
		err = errs.Field("title", "repeated", "The title stands in line %d already.", first)
	}
	if err != nil {
		if len(im.rep.Faults) < maxFaults {
			im.rep.Faults = append(im.rep.Faults, ImportFault{n, errs.FieldOf(err), errs.ReasonOf(err), errs.MessageOf(err)})
		}
		return
	}
	im.seen[titleKey(a)] = n
	// What a table does not hold stays as it was.
	if old, ok := im.byTitle[titleKey(a)]; ok {
		im.rep.Changed++
		a.ID, a.Version, a.CreatedAt, a.Picture, a.Related, a.Inboxes = old.ID, old.Version, old.CreatedAt, old.Picture, old.Related, old.Inboxes
	} else {
		im.rep.Added++
	}
	a.UpdatedAt, a.UpdatedBy = im.now, im.who.Agent
	im.articles = append(im.articles, a)
}

// active reads a cell that says yes or no; an empty one says yes.
func active(s string) (bool, error) {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "", "yes", "true", "1", "是", "sim":
		return true, nil
	case "no", "false", "0", "否", "não", "nao":
		return false, nil
	}
	return false, errs.Field("active", "bad_value", "%q is neither yes nor no.", s)
}

// category finds the category of a path, planning what is missing.
func (im *importing) category(path string) (string, error) {
	return sheet.Walk(path, MaxDepth, categoryName, func(walked, parent, name string) (string, error) {
		if _, ok := im.byPath[walked]; !ok {
			if len(im.byPath) >= MaxCategories {
				return "", errs.Field("category", "too_many_categories", "There would be more than %d categories.", MaxCategories)
			}
			c := Category{ID: id.New(), Tenant: im.who.Tenant, Parent: parent, Name: name, CreatedAt: im.now}
			im.byPath[walked] = c.ID
			im.categories = append(im.categories, c)
			im.rep.Categories++
		}
		return im.byPath[walked], nil
	})
}
