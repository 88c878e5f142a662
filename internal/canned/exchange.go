package canned

import (
	"context"
	"strings"

	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/sheet"
)

// MaxImport is the most lines that one import takes.
const MaxImport = 5000

// maxFaults is how many faulty lines a report names.
const maxFaults = 200

// heading is the first row of an export; an import finds its columns by these
// names or the Chinese ones.
var heading = []string{"category", "title", "shortcut", "text", "language"}

// columnNames are the names of columns that an import understands.
var columnNames = map[string]string{
	"category": "category", "分类": "category", "title": "title", "标题": "title", "shortcut": "shortcut", "快捷键": "shortcut",
	"text": "text", "content": "text", "内容": "text", "language": "language", "语言": "language",
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
	// Lines is how many lines there were, the heading and empty ones aside.
	Lines int `json:"lines"`
	// Added and Changed count what was, or on a dry run would be, done.
	Added   int `json:"added"`
	Changed int `json:"changed"`
	// Categories counts new categories.
	Categories int `json:"categories"`
	// Faults are the faulty lines, at most 200; if there is one, nothing was done.
	Faults []ImportFault `json:"faults"`
	Done   bool          `json:"done"`
}

// Export returns a shelf as a table with a heading. Files are left out. The
// category is its path, with slashes between the names.
func (s *Service) Export(ctx context.Context, who actor.Actor, shelf Shelf) (rows [][]string, err error) {
	defer errs.Wrap(&err, "canned.Export")
	if !mayRead(who, shelf) {
		return nil, errNotAllowed
	}
	entries, err := s.store.CannedEntries(ctx, who.Tenant, shelf)
	if err != nil {
		return nil, err
	}
	categories, err := s.store.CannedCategories(ctx, who.Tenant, shelf)
	if err != nil {
		return nil, err
	}
	paths := pathsOf(categories)
	rows = append(rows, heading)
	for _, e := range entries {
		rows = append(rows, []string{paths[e.Category], e.Title, e.Shortcut, e.Text, e.Language})
	}
	return rows, nil
}

// pathsOf returns the path of each category.
func pathsOf(list []Category) map[string]string {
	by := make(map[string]Category, len(list))
	for _, c := range list {
		by[c.ID] = c
	}
	paths := make(map[string]string, len(list))
	for _, c := range list {
		path := c.Name
		for at, n := by[c.Parent], 0; at.ID != "" && n < MaxDepth; at, n = by[at.Parent], n+1 {
			path = at.Name + "/" + path
		}
		paths[c.ID] = path
	}
	return paths
}

// Import puts the lines of a table on a shelf of replies: all of them, or none if
// one is faulty or dry is set. A line whose title and category are there already
// changes that entry; missing categories are made. Errors: Invalid "no_heading";
// TooLarge "too_many_lines"; Conflict "shelf_full".
func (s *Service) Import(ctx context.Context, who actor.Actor, shelf Shelf, rows [][]string, dry bool) (rep ImportReport, err error) {
	defer errs.Wrap(&err, "canned.Import")
	if !mayEdit(who, shelf) || shelf.Kind != Reply {
		return rep, errNotAllowed
	}
	if len(rows) > MaxImport+1 {
		return rep, errs.New(errs.TooLarge, "too_many_lines", "The table has %d lines; %d are allowed.", len(rows)-1, MaxImport)
	}
	// Everything is checked before anything is stored, so that a report names all
	// faults at once and nothing is half done.
	im := &importing{s: s, who: who, shelf: shelf}
	if err = im.begin(ctx, rows); err != nil {
		return rep, err
	}
	for n, row := range rows[1:] {
		im.line(n+2, row)
	}
	rep = im.rep
	if total := im.known + rep.Added; total > shelf.most() {
		return rep, errs.New(errs.Conflict, "shelf_full", "There would be %d entries; %d are allowed.", total, shelf.most())
	}
	if dry || len(rep.Faults) > 0 || rep.Lines == 0 {
		return rep, nil
	}
	if err = s.store.SaveCanned(ctx, who.Tenant, shelf, im.categories, im.entries, shelf.most()); err != nil {
		return rep, err
	}
	rep.Done = true
	s.changed(who.Tenant, shelf)
	return rep, nil
}

// importing is one import in progress.
type importing struct {
	s       *Service
	who     actor.Actor
	shelf   Shelf
	columns map[string]int
	// byPath finds categories, byTitle entries by category and title.
	byPath  map[string]string
	byTitle map[string]Entry
	seen    map[string]int
	known   int

	categories []Category
	entries    []Entry
	rep        ImportReport
}

// begin reads the heading and what the shelf holds.
func (im *importing) begin(ctx context.Context, rows [][]string) error {
	im.rep.Faults = []ImportFault{}
	im.columns, im.byPath, im.byTitle, im.seen = map[string]int{}, map[string]string{}, map[string]Entry{}, map[string]int{}
	if len(rows) > 0 {
		for i, name := range rows[0] {
			if c, ok := columnNames[strings.ToLower(name)]; ok {
				im.columns[c] = i
			}
		}
	}
	for _, c := range []string{"title", "text"} {
		if _, ok := im.columns[c]; !ok {
			return errs.Field("file", "no_heading", "The first line must name the columns: %s. There is no column %q.", strings.Join(heading, ", "), c)
		}
	}
	categories, err := im.s.store.CannedCategories(ctx, im.who.Tenant, im.shelf)
	if err != nil {
		return err
	}
	for c, path := range pathsOf(categories) {
		im.byPath[path] = c
	}
	entries, err := im.s.store.CannedEntries(ctx, im.who.Tenant, im.shelf)
	for _, e := range entries {
		im.byTitle[e.Category+"\x00"+e.Language+"\x00"+e.Title] = e
	}
	im.known = len(entries)
	return err
}

// line takes one line or notes its fault.
func (im *importing) line(n int, row []string) {
	cell := func(name string) string {
		if i, ok := im.columns[name]; ok && i < len(row) {
			return row[i]
		}
		return ""
	}
	in := EntryInput{Title: cell("title"), Shortcut: cell("shortcut"), Text: cell("text"), Language: cell("language")}
	if in.Title == "" && in.Text == "" {
		return
	}
	im.rep.Lines++
	e := Entry{ID: id.New(), Tenant: im.who.Tenant, Shelf: im.shelf, CreatedAt: im.s.clock.Now()}
	category, err := im.category(cell("category"))
	if err == nil {
		err = fillTexts(&e, in)
	}
	if err == nil && e.Text == "" {
		err = errs.Field("text", "empty_text", "The text is empty.")
	}
	key := category + "\x00" + in.Language + "\x00" + e.Title
	if first := im.seen[key]; err == nil && first > 0 {
		err = errs.Field("title", "repeated", "The title stands in line %d already.", first)
	}
	if err != nil {
		if len(im.rep.Faults) < maxFaults {
			im.rep.Faults = append(im.rep.Faults, ImportFault{n, errs.FieldOf(err), errs.ReasonOf(err), errs.MessageOf(err)})
		}
		return
	}
	im.seen[key] = n
	// What a table cannot hold (file, offer to visitors) stays as it was.
	if old, ok := im.byTitle[key]; ok {
		im.rep.Changed++
		e.ID, e.File, e.CreatedAt, e.Visitors = old.ID, old.File, old.CreatedAt, old.Visitors
	} else {
		im.rep.Added++
	}
	e.Category, e.Language, e.UpdatedAt, e.UpdatedBy = category, in.Language, im.s.clock.Now(), im.who.Agent
	im.entries = append(im.entries, e)
}

// category finds the category of a path, planning what is missing.
func (im *importing) category(path string) (string, error) {
	return sheet.Walk(path, MaxDepth, categoryName, func(walked, parent, name string) (string, error) {
		if _, ok := im.byPath[walked]; !ok {
			if len(im.byPath) >= MaxCategories {
				return "", errs.Field("category", "too_many_categories", "There would be more than %d categories.", MaxCategories)
			}
			c := Category{ID: id.New(), Tenant: im.who.Tenant, Shelf: im.shelf, Parent: parent, Name: name, CreatedAt: im.s.clock.Now()}
			im.byPath[walked] = c.ID
			im.categories = append(im.categories, c)
			im.rep.Categories++
		}
		return im.byPath[walked], nil
	})
}
