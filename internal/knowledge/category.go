package knowledge

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// CategoryInput is what an editor says of a category.
type CategoryInput struct {
	Name   string `json:"name" minLength:"1" maxLength:"60"`
	Parent string `json:"parent,omitempty" maxLength:"64"`
	Sort   int    `json:"sort,omitempty" minimum:"0" maximum:"100000"`
}

// Categories returns the whole tree, ordered by sort.
func (s *Service) Categories(ctx context.Context, who actor.Actor) (list []Category, err error) {
	defer errs.Wrap(&err, "knowledge.Categories")
	if err = reader(who); err != nil {
		return nil, err
	}
	return s.store.KnowledgeCategories(ctx, who.Tenant)
}

// SaveCategory adds a category, or changes the one that is named. It needs the
// permission actor.Content.
//
// Errors: Invalid "bad_name", "too_deep" beyond MaxDepth, "own_parent" for a circle;
// Conflict "too_many_categories"; NotFound "category_not_found".
func (s *Service) SaveCategory(ctx context.Context, who actor.Actor, category string, in CategoryInput) (c Category, err error) {
	defer errs.Wrap(&err, "knowledge.SaveCategory")
	if err = editor(who); err != nil {
		return c, err
	}
	known, err := s.store.KnowledgeCategories(ctx, who.Tenant)
	if err != nil {
		return c, err
	}
	c = Category{ID: category, Tenant: who.Tenant, CreatedAt: s.clock.Now()}
	if category == "" {
		if c.ID = id.New(); len(known) >= MaxCategories {
			return c, errs.New(errs.Conflict, "too_many_categories", "There are %d categories; more are not allowed.", MaxCategories)
		}
	} else {
		i := slices.IndexFunc(known, func(k Category) bool { return k.ID == category })
		if i < 0 {
			return c, errNoCategory
		}
		c = known[i]
	}
	c.Parent, c.Sort = in.Parent, in.Sort
	if c.Name, err = categoryName(in.Name); err != nil {
		return c, err
	}
	if err = place(c, known); err != nil {
		return c, err
	}
	if err = s.store.SaveKnowledge(ctx, s.save(who.Tenant, []Category{c}, nil)); err != nil {
		return c, err
	}
	s.changed(who.Tenant)
	return c, nil
}

// RemoveCategory deletes a category; what is in it moves to its parent. It needs the
// permission actor.Content.
func (s *Service) RemoveCategory(ctx context.Context, who actor.Actor, category string) (err error) {
	defer errs.Wrap(&err, "knowledge.RemoveCategory")
	if err = editor(who); err != nil {
		return err
	}
	if err = s.store.DeleteKnowledgeCategory(ctx, who.Tenant, category); err != nil {
		return err
	}
	s.changed(who.Tenant)
	return nil
}

var errNoCategory = errs.New(errs.NotFound, "category_not_found", "There is no such category.")

// categoryName returns the usual form of a name. A slash divides the names of a
// path in tables and so cannot be part of one.
func categoryName(name string) (string, error) {
	name = clean(name, false)
	if n := utf8.RuneCountInString(name); n < 1 || n > MaxName || strings.Contains(name, "/") {
		return "", errs.Field("name", "bad_name", "The name of a category has 1 to %d characters and no slash.", MaxName)
	}
	return name, nil
}

// place checks where c would hang: below a category that exists, not below itself,
// and with what is below it not too deep.
func place(c Category, known []Category) error {
	parents := map[string]string{}
	for _, k := range known {
		parents[k.ID] = k.Parent
	}
	if _, ok := parents[c.Parent]; c.Parent != "" && !ok {
		return errNoCategory
	}
	parents[c.ID] = c.Parent
	for k := range parents {
		depth := 1
		for at := parents[k]; at != ""; at = parents[at] {
			if at == c.ID && k == c.ID {
				return errs.Field("parent", "own_parent", "A category cannot be below itself.")
			}
			// A circle ends here too, wherever it is entered.
			if depth++; depth > len(parents)+1 {
				break
			}
		}
		if depth > MaxDepth && depth <= len(parents) {
			return errs.Field("parent", "too_deep", "Categories are nested %d deep at most.", MaxDepth)
		}
	}
	return nil
}

// below returns a category and all that are below it.
func below(category string, known []Category) []string {
	list := []string{category}
	for i := 0; i < len(list); i++ {
		for _, c := range known {
			if c.Parent == list[i] && !slices.Contains(list, c.ID) {
				list = append(list, c.ID)
			}
		}
	}
	return list
}

// pathsOf returns the path of each category, with slashes between the names.
func pathsOf(list []Category) map[string]string {
	by := make(map[string]Category, len(list))
	for _, c := range list {
		by[c.ID] = c
	}
	paths := make(map[string]string, len(list))
	for _, c := range list {
		path := c.Name
		for at, n := by[c.Parent], 1; at.ID != "" && n < MaxDepth; at, n = by[at.Parent], n+1 {
			path = at.Name + "/" + path
		}
		paths[c.ID] = path
	}
	return paths
}

// ListInput chooses articles of a list.
type ListInput struct {
	// Query is a part of a wording or the answer, in any case.
	Query string
	// Category restricts to one and those below it.
	Category string
	// Active restricts to those that are or are not found.
	Active *bool
	After  string
	// Limit is 1 to 200; 0 is 50.
	Limit int
}

// List returns a page of articles, the newest change first, and the cursor of the
// next page.
func (s *Service) List(ctx context.Context, who actor.Actor, in ListInput) (list []Article, next string, err error) {
	defer errs.Wrap(&err, "knowledge.List")
	if err = reader(who); err != nil {
		return nil, "", err
	}
	f := Filter{Tenant: who.Tenant, Query: strings.TrimSpace(in.Query), Active: in.Active, After: in.After, Limit: in.Limit}
	if f.Limit < 1 || f.Limit > 200 {
		f.Limit = 50
	}
	if in.Category != "" {
		known, err := s.store.KnowledgeCategories(ctx, who.Tenant)
		if err != nil {
			return nil, "", err
		}
		f.Categories = below(in.Category, known)
	}
	return s.store.KnowledgeList(ctx, f)
}
