package canned

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// Search chooses replies for programs. Fields that are empty choose nothing.
type Search struct {
	Scope Scope
	Team  id.Team
	// Shortcut and Text are parts, in any case; if both are given one is enough.
	Shortcut, Text string
	// Tags are ids or words of which an entry has one.
	Tags      []string
	CreatedBy id.Agent
	// Sort is "shortcut" (default), "title", "text", "created" or "updated".
	Sort string
	// Down reverses the order.
	Down bool
	// Offset and Limit are the page; Limit 0 is everything that is left.
	Offset, Limit int
}

// Find returns a page of the replies that who may use, and how many there are.
// Who has actor.Content finds those of all teams; nobody finds what is personal
// to somebody else.
func (s *Service) Find(ctx context.Context, who actor.Actor, in Search) (page []Entry, total int, err error) {
	defer errs.Wrap(&err, "canned.Find")
	shelves, err := s.usable(ctx, who)
	if err != nil {
		return nil, 0, err
	}
	var list []Entry
	for _, shelf := range shelves {
		if in.Scope != "" && shelf.Scope != in.Scope || in.Team != "" && shelf.Owner != string(in.Team) {
			continue
		}
		// Not what is remembered: a tag that was removed a moment ago is on none.
		part, err := s.store.CannedEntries(ctx, who.Tenant, shelf)
		if err != nil {
			return nil, 0, err
		}
		for _, e := range part {
			if in.fits(e) {
				list = append(list, e)
			}
		}
	}
	in.sort(list)
	total = len(list)
	list = list[min(max(in.Offset, 0), total):]
	if in.Limit > 0 {
		list = list[:min(in.Limit, len(list))]
	}
	return list, total, nil
}

// maxTeamShelves bounds the shelves of teams that one search looks at.
const maxTeamShelves = 1000

// usable are the shelves of replies that who may use.
func (s *Service) usable(ctx context.Context, who actor.Actor) ([]Shelf, error) {
	list, err := s.offered(who, ListInput{Kind: Reply})
	if err != nil || !who.Can(actor.Content) {
		return list, err
	}
	teams, err := s.store.CannedShelves(ctx, who.Tenant, Reply, Team, maxTeamShelves)
	if err != nil {
		return nil, err
	}
	for _, shelf := range teams {
		if !slices.Contains(list, shelf) {
			list = append(list, shelf)
		}
	}
	return list, nil
}

// fits reports whether an entry is one that is searched for.
func (in Search) fits(e Entry) bool {
	has := func(text, part string) bool { return strings.Contains(strings.ToLower(text), strings.ToLower(part)) }
	switch {
	case in.CreatedBy != "" && e.CreatedBy != in.CreatedBy:
		return false
	case len(in.Tags) > 0 && !slices.ContainsFunc(e.Tags, func(t string) bool { return slices.Contains(in.Tags, t) }):
		return false
	case in.Shortcut != "" && in.Text != "":
		return has(e.Shortcut, in.Shortcut) || has(e.Text, in.Text)
	}
	return has(e.Shortcut, in.Shortcut) && has(e.Text, in.Text)
}

// sort puts entries in the order that is asked for.
func (in Search) sort(list []Entry) {
	slices.SortStableFunc(list, func(a, b Entry) int {
		d := 0
		switch in.Sort {
		case "title":
			d = cmp.Compare(a.Title, b.Title)
		case "text":
			d = cmp.Compare(a.Text, b.Text)
		case "created":
			d = a.CreatedAt.Compare(b.CreatedAt)
		case "updated":
			d = a.UpdatedAt.Compare(b.UpdatedAt)
		default:
			d = cmp.Compare(a.Shortcut, b.Shortcut)
		}
		if d == 0 {
			d = cmp.Compare(a.ID, b.ID)
		}
		if in.Down {
			return -d
		}
		return d
	})
}

// Entry returns one reply or picture that who may use; NotFound "canned_not_found".
func (s *Service) Entry(ctx context.Context, who actor.Actor, entry string) (e Entry, err error) {
	defer errs.Wrap(&err, "canned.Entry")
	return s.entry(ctx, who, entry)
}

// Put adds a reply, or changes the one with an id, for programs, to which a
// shortcut names one reply in the whole company. A reply that is changed moves to
// the shelf if it lay on another; category, language and file stay as they are.
//
// Errors: Conflict "shortcut_taken" and those of Add and Change.
func (s *Service) Put(ctx context.Context, who actor.Actor, entry string, shelf Shelf, in EntryInput) (e Entry, err error) {
	defer errs.Wrap(&err, "canned.Put")
	if entry != "" {
		if e, err = s.Entry(ctx, who, entry); err != nil {
			return e, err
		}
		if !mayEdit(who, e.Shelf) {
			return e, errNotAllowed
		}
		in.keep(e)
	}
	if !mayEdit(who, shelf) {
		return e, errNotAllowed
	}
	same, err := s.store.CannedShortcuts(ctx, who.Tenant, strings.TrimPrefix(clean(in.Shortcut, false), "/"))
	if err != nil {
		return e, err
	}
	if slices.ContainsFunc(same, func(other string) bool { return other != entry }) {
		return e, errs.New(errs.Conflict, "shortcut_taken", "There is a reply with this shortcut.")
	}
	switch {
	case entry == "":
		return s.Add(ctx, who, shelf, in)
	case e.Shelf == shelf:
		return s.Change(ctx, who, entry, in)
	}
	return s.move(ctx, who, e, shelf, in)
}

// move takes a reply from its shelf to another. It keeps its maker and file, not
// its category, which is of the shelf it lay on.
func (s *Service) move(ctx context.Context, who actor.Actor, e Entry, shelf Shelf, in EntryInput) (Entry, error) {
	from := e.Shelf
	e.Shelf = shelf
	in.Category = ""
	if err := s.fill(ctx, who, &e, in); err != nil {
		return e, err
	}
	if err := s.store.MoveCanned(ctx, who.Tenant, e, from, shelf.most()); err != nil {
		return e, err
	}
	s.altered(who.Tenant, Changed{Shelf: from, Entry: e.ID, Gone: true})
	s.altered(who.Tenant, Changed{Shelf: shelf, Entry: e.ID})
	return e, nil
}

// keep fills in what programs do not speak of with what is there.
func (in *EntryInput) keep(e Entry) {
	in.Category, in.Language = e.Category, e.Language
	if in.Title == "" {
		in.Title = e.Title
	}
	if e.File != nil && in.File == "" {
		in.File = e.File.ID
	}
}
