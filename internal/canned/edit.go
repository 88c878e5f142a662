package canned

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

// EntryInput is what an agent says of an entry.
type EntryInput struct {
	Title    string `json:"title" maxLength:"100"`
	Shortcut string `json:"shortcut,omitempty" maxLength:"100"`
	Text     string `json:"text,omitempty" maxLength:"10000"`
	Category string `json:"category,omitempty" maxLength:"64"`
	Language string `json:"language,omitempty" enum:",zh-CN,en,pt-BR"`
	// Visitors offers the reply to visitors while they type; replies of the company
	// only. Left out it stays as it is.
	Visitors *bool `json:"visitors,omitempty"`
	// Tags replaces the tags. Left out they stay as they are.
	Tags *[]string `json:"tags,omitempty" maxItems:"20"`
	// File is an uploaded file; required for pictures.
	File id.File `json:"file,omitempty" maxLength:"64"`
}

// Add puts a new entry on a shelf. Errors: Forbidden "not_allowed", Conflict
// "shelf_full", Invalid with the field at fault.
func (s *Service) Add(ctx context.Context, who actor.Actor, shelf Shelf, in EntryInput) (e Entry, err error) {
	defer errs.Wrap(&err, "canned.Add")
	if !mayEdit(who, shelf) {
		return e, errNotAllowed
	}
	now := s.clock.Now()
	e = Entry{ID: id.New(), Tenant: who.Tenant, Shelf: shelf, CreatedAt: now, CreatedBy: who.Agent}
	if err = s.fill(ctx, who, &e, in); err != nil {
		return e, err
	}
	if err = s.store.SaveCanned(ctx, who.Tenant, shelf, nil, []Entry{e}, shelf.most()); err != nil {
		return e, err
	}
	s.altered(who.Tenant, Changed{Shelf: shelf, Entry: e.ID})
	return e, nil
}

// Change replaces what an entry says; it stays on its shelf.
func (s *Service) Change(ctx context.Context, who actor.Actor, entry string, in EntryInput) (e Entry, err error) {
	defer errs.Wrap(&err, "canned.Change")
	if e, err = s.entry(ctx, who, entry); err != nil {
		return e, err
	}
	if !mayEdit(who, e.Shelf) {
		return e, errNotAllowed
	}
	if err = s.fill(ctx, who, &e, in); err != nil {
		return e, err
	}
	if err = s.store.SaveCanned(ctx, who.Tenant, e.Shelf, nil, []Entry{e}, e.most()); err != nil {
		return e, err
	}
	s.altered(who.Tenant, Changed{Shelf: e.Shelf, Entry: e.ID})
	return e, nil
}

// Remove deletes an entry.
func (s *Service) Remove(ctx context.Context, who actor.Actor, entry string) (err error) {
	defer errs.Wrap(&err, "canned.Remove")
	e, err := s.entry(ctx, who, entry)
	if err != nil {
		return err
	}
	if !mayEdit(who, e.Shelf) {
		return errNotAllowed
	}
	if err = s.store.DeleteCanned(ctx, who.Tenant, entry); err != nil {
		return err
	}
	s.altered(who.Tenant, Changed{Shelf: e.Shelf, Entry: e.ID, Gone: true})
	return nil
}

// fill checks in and puts it into e. A file that the entry has already is not
// asked for again: who edits it need not be who uploaded it.
func (s *Service) fill(ctx context.Context, who actor.Actor, e *Entry, in EntryInput) (err error) {
	e.Category, e.Language = in.Category, in.Language
	e.UpdatedAt, e.UpdatedBy = s.clock.Now(), who.Agent
	if err := fillTexts(e, in); err != nil {
		return err
	}
	if in.Tags != nil {
		if e.Tags, err = tagsOf(*in.Tags); err != nil {
			return err
		}
	}
	if in.Visitors != nil {
		e.Visitors = *in.Visitors
	}
	if e.Visitors && (e.Shelf != companyReplies || e.Text == "") {
		return errs.Field("visitors", "company_only", "Visitors are offered the texts of the whole company only.")
	}
	switch {
	case in.File == "":
		e.File = nil
	case e.File == nil || e.File.ID != in.File:
		f, err := s.files.ForCanned(ctx, who, in.File)
		if err != nil {
			return err
		}
		e.File = &f
	}
	if e.Kind == Picture && (e.File == nil || !strings.HasPrefix(e.File.Type, "image/")) {
		return errs.Field("file", "not_an_image", "A common picture needs a picture.")
	}
	if e.Kind == Reply && e.Text == "" && e.File == nil {
		return errs.Field("text", "empty_text", "The reply has neither text nor file.")
	}
	return nil
}

// fillTexts checks and sets title, shortcut, text and initials.
func fillTexts(e *Entry, in EntryInput) error {
	e.Title, e.Shortcut, e.Text = clean(in.Title, false), strings.TrimPrefix(clean(in.Shortcut, false), "/"), clean(in.Text, true)
	for _, f := range []struct {
		field, value string
		least, most  int
	}{{"title", e.Title, 1, MaxTitle}, {"shortcut", e.Shortcut, 0, MaxShortcut}, {"text", e.Text, 0, MaxText}} {
		if n := utf8.RuneCountInString(f.value); n < f.least || n > f.most {
			return errs.Field(f.field, "bad_length", "%s has %d characters; %d to %d are allowed.", f.field, n, f.least, f.most)
		}
	}
	if strings.ContainsFunc(e.Shortcut, unicode.IsSpace) {
		return errs.Field("shortcut", "bad_shortcut", "A shortcut has no blanks.")
	}
	switch in.Language {
	case "", "zh-CN", "en", "pt-BR":
	default:
		return errs.Field("language", "unknown_language", "%q is not a language; zh-CN, en and pt-BR are.", in.Language)
	}
	e.Initials = Initials(e.Title)
	return nil
}

// tagsOf returns the usual form of tags: each once, none empty.
func tagsOf(in []string) (tags []string, err error) {
	for _, tag := range in {
		tag = clean(tag, false)
		if n := utf8.RuneCountInString(tag); n > MaxTag {
			return nil, errs.Field("tags", "bad_tag", "A tag has %d characters; %d are allowed.", n, MaxTag)
		}
		if tag != "" && !slices.Contains(tags, tag) {
			tags = append(tags, tag)
		}
	}
	if len(tags) > MaxTags {
		return nil, errs.Field("tags", "too_many_tags", "%d tags; %d are allowed.", len(tags), MaxTags)
	}
	return tags, nil
}

// clean removes control characters (but newlines and tabs, if lines) and blank ends.
func clean(s string, lines bool) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\r\n", "\n")
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case lines && (r == '\n' || r == '\t'):
			return r
		case unicode.IsControl(r):
			return ' '
		}
		return r
	}, s))
}

// CategoryInput is what an agent says of a category.
type CategoryInput struct {
	Name   string `json:"name" minLength:"1" maxLength:"60"`
	Parent string `json:"parent,omitempty" maxLength:"64"`
	Sort   int    `json:"sort,omitempty" minimum:"0" maximum:"100000"`
}

// SaveCategory adds a category to a shelf, or changes the one named by its id.
// Errors: Invalid "too_deep" beyond MaxDepth, "own_parent" for a circle;
// Conflict "too_many_categories"; NotFound "category_not_found".
func (s *Service) SaveCategory(ctx context.Context, who actor.Actor, shelf Shelf, category string, in CategoryInput) (c Category, err error) {
	defer errs.Wrap(&err, "canned.SaveCategory")
	c = Category{ID: category, Tenant: who.Tenant, Shelf: shelf, CreatedAt: s.clock.Now()}
	if category == "" {
		c.ID = id.New()
	} else if c, err = s.store.CannedCategory(ctx, who.Tenant, category); err != nil {
		return c, err
	}
	if !mayEdit(who, c.Shelf) {
		return c, errNotAllowed
	}
	c.Parent, c.Sort = in.Parent, in.Sort
	if c.Name, err = categoryName(in.Name); err != nil {
		return c, err
	}
	known, err := s.store.CannedCategories(ctx, who.Tenant, c.Shelf)
	if err != nil {
		return c, err
	}
	if category == "" && len(known) >= MaxCategories {
		return c, errs.New(errs.Conflict, "too_many_categories", "There are %d categories; more are not allowed.", MaxCategories)
	}
	if err = place(c, known); err != nil {
		return c, err
	}
	if err = s.store.SaveCanned(ctx, who.Tenant, c.Shelf, []Category{c}, nil, c.most()); err != nil {
		return c, err
	}
	s.changed(who.Tenant, c.Shelf)
	return c, nil
}

// categoryName returns the usual form of a name. A slash divides the names of a
// path in exports and so cannot be part of one.
func categoryName(name string) (string, error) {
	name = clean(name, false)
	if n := utf8.RuneCountInString(name); n < 1 || n > MaxName || strings.Contains(name, "/") {
		return "", errs.Field("name", "bad_name", "The name of a category has 1 to %d characters and no slash.", MaxName)
	}
	return name, nil
}

// place checks where c would hang in the tree: under a parent that exists, not
// under itself, and with what is below it not too deep.
func place(c Category, known []Category) error {
	parents := map[string]string{}
	for _, k := range known {
		parents[k.ID] = k.Parent
	}
	if _, ok := parents[c.Parent]; c.Parent != "" && !ok {
		return errs.New(errs.NotFound, "category_not_found", "There is no such category above.")
	}
	parents[c.ID] = c.Parent
	for at := c.Parent; at != ""; at = parents[at] {
		if at == c.ID {
			return errs.Field("parent", "own_parent", "A category cannot be below itself.")
		}
	}
	// What hangs below c moves with it, so that every node is looked at, not c alone.
	for k := range parents {
		depth := 1
		for at := parents[k]; at != ""; at = parents[at] {
			if depth++; depth > MaxDepth {
				return errs.Field("parent", "too_deep", "Categories are nested %d deep at most.", MaxDepth)
			}
		}
	}
	return nil
}

// RemoveCategory deletes a category; its entries and the categories below it
// move to its parent.
func (s *Service) RemoveCategory(ctx context.Context, who actor.Actor, category string) (err error) {
	defer errs.Wrap(&err, "canned.RemoveCategory")
	c, err := s.store.CannedCategory(ctx, who.Tenant, category)
	if err != nil {
		return err
	}
	if !mayEdit(who, c.Shelf) {
		return errNotAllowed
	}
	if err = s.store.DeleteCannedCategory(ctx, who.Tenant, category); err != nil {
		return err
	}
	s.changed(who.Tenant, c.Shelf)
	return nil
}
