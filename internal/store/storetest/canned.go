package storetest

import (
	"fmt"
	"testing"
	"time"

	"parlor/internal/canned"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/store"
	"parlor/internal/tag"
)

var companyShelf = canned.Shelf{Kind: canned.Reply, Scope: canned.Company}

func reply(title, category string) canned.Entry {
	return canned.Entry{ID: id.New(), Shelf: companyShelf, Title: title, Category: category, Text: "text of " + title, CreatedAt: T0, UpdatedAt: T0}
}

// testCanned keeps shelves, trees and uses.
func testCanned(t *testing.T, s *store.Store) {
	w, o := NewWorld(t, s, "main"), NewWorld(t, s, "other")
	ann := w.Agent("ann", 5)
	ctx := t.Context()
	top := canned.Category{ID: id.New(), Name: "top", CreatedAt: T0}
	below := canned.Category{ID: id.New(), Name: "below", Parent: top.ID, Sort: 2, CreatedAt: T0}
	a, b := reply("a", below.ID), reply("b", "")
	b.File = &canned.File{ID: "f1", Name: "灯.png", Type: "image/png", Size: 5, Width: 1, Height: 2}
	must(t, s.SaveCanned(ctx, w.Tenant, companyShelf, []canned.Category{top, below}, []canned.Entry{a, b}, 2))
	list, err := s.CannedEntries(ctx, w.Tenant, companyShelf)
	must(t, err)
	equal(t, "entries", spaced(len(list), list[0].Title, list[0].Category == below.ID, list[0].UpdatedAt.Equal(T0), *list[1].File), spaced(2, "a", true, true, *b.File))
	shelves, err := s.CannedByFile(ctx, w.Tenant, "f1")
	must(t, err)
	equal(t, "shelves of the file", spaced(shelves), spaced([]canned.Shelf{companyShelf}))

	wantReason(t, s.SaveCanned(ctx, w.Tenant, companyShelf, nil, []canned.Entry{reply("c", "")}, 2), errs.Conflict, "shelf_full")
	wantReason(t, s.SaveCanned(ctx, w.Tenant, companyShelf, nil, []canned.Entry{reply("c", "nowhere")}, 9), errs.NotFound, "category_not_found")
	personal := canned.Shelf{Kind: canned.Reply, Scope: canned.Personal, Owner: string(ann)}
	wantReason(t, s.SaveCanned(ctx, w.Tenant, personal, nil, []canned.Entry{reply("c", top.ID)}, 9), errs.NotFound, "category_not_found")
	a.Title = "stolen"
	must(t, s.SaveCanned(ctx, w.Tenant, personal, nil, []canned.Entry{{ID: a.ID, Title: "stolen", CreatedAt: T0}}, 9))
	must(t, s.SaveCanned(ctx, o.Tenant, companyShelf, nil, []canned.Entry{{ID: a.ID, Title: "stolen", CreatedAt: T0}}, 9))
	e, err := s.CannedEntry(ctx, w.Tenant, a.ID)
	must(t, err)
	equal(t, "an entry is changed from its own shelf only", e.Title, "a")
	e.Title = "a2"
	must(t, s.SaveCanned(ctx, w.Tenant, companyShelf, nil, []canned.Entry{e}, 2))

	must(t, s.DeleteCannedCategory(ctx, w.Tenant, below.ID))
	e, err = s.CannedEntry(ctx, w.Tenant, a.ID)
	must(t, err)
	tree, err := s.CannedCategories(ctx, w.Tenant, companyShelf)
	must(t, err)
	equal(t, "after the category went", spaced(e.Title, e.Category == top.ID, len(tree)), "a2 true 1")

	for i := range 3 {
		must(t, s.UseCanned(ctx, w.Tenant, ann, a.ID, T0.Add(time.Duration(i)*time.Minute)))
	}
	must(t, s.UseCanned(ctx, w.Tenant, ann, b.ID, T0.Add(time.Hour)))
	uses, err := s.CannedUses(ctx, w.Tenant, ann, 9)
	must(t, err)
	equal(t, "uses", spaced(len(uses), uses[0].Entry == b.ID, uses[1].Uses, uses[1].LastAt.Equal(T0.Add(2*time.Minute))), "2 true 3 true")
	must(t, s.DeleteCanned(ctx, w.Tenant, b.ID))
	wantReason(t, s.UseCanned(ctx, w.Tenant, ann, b.ID, T0), errs.NotFound, "canned_not_found")
	testCannedIsolation(t, s, o.Tenant, a.ID, top.ID, ann)
	testCannedTags(t, s, w.Tenant, o.Tenant)
}

// testCannedTags keeps tags, finds shortcuts, and moves an entry between shelves.
func testCannedTags(t *testing.T, s *store.Store, mine, other id.Tenant) {
	t.Helper()
	ctx := t.Context()
	g := tag.Tag{ID: id.New(), Tenant: mine, Kind: tag.Conversation, Name: "vip", CreatedAt: T0}
	must(t, s.SaveTag(ctx, g, true, 9))
	team := canned.Shelf{Kind: canned.Reply, Scope: canned.Team, Owner: "t1"}
	e := reply("tagged", "")
	e.Tenant, e.Shelf, e.Shortcut, e.Tags, e.CreatedBy = mine, team, "tagged", []string{g.ID, "50%_off"}, "maker"
	must(t, s.SaveCanned(ctx, mine, team, nil, []canned.Entry{e}, 9))
	shelves, err := s.CannedShelves(ctx, mine, canned.Reply, canned.Team, 9)
	must(t, err)
	equal(t, "shelves", spaced(shelves), spaced([]canned.Shelf{team}))
	for tenant, want := range map[id.Tenant][]string{mine: {e.ID}, other: nil} {
		got, err := s.CannedShortcuts(ctx, tenant, "tagged")
		must(t, err)
		equal(t, "shortcuts", spaced(got), spaced(want))
	}
	got, err := s.CannedEntry(ctx, mine, e.ID)
	must(t, err)
	equal(t, "tags", spaced(got.Tags), spaced(e.Tags))
	must(t, s.DeleteTag(ctx, mine, g.ID))
	got, err = s.CannedEntry(ctx, mine, e.ID)
	must(t, err)
	equal(t, "tags that are left", spaced(got.Tags)+string(got.CreatedBy), spaced([]string{"50%_off"})+"maker")
	got.Shelf = companyShelf
	wantReason(t, s.MoveCanned(ctx, other, got, team, 9), errs.NotFound, "canned_not_found")
	wantReason(t, s.MoveCanned(ctx, mine, got, team, 1), errs.Conflict, "shelf_full")
	must(t, s.MoveCanned(ctx, mine, got, team, 9))
	moved, err := s.CannedEntry(ctx, mine, e.ID)
	must(t, err)
	equal(t, "where it lies", string(moved.Scope), string(canned.Company))
}

// testCannedIsolation calls every verb with the ids of another tenant.
func testCannedIsolation(t *testing.T, s *store.Store, other id.Tenant, entry, category string, ann id.Agent) {
	t.Helper()
	ctx := t.Context()
	_, err := s.CannedEntry(ctx, other, entry)
	wantReason(t, err, errs.NotFound, "canned_not_found")
	_, err = s.CannedCategory(ctx, other, category)
	wantReason(t, err, errs.NotFound, "category_not_found")
	wantReason(t, s.DeleteCanned(ctx, other, entry), errs.NotFound, "canned_not_found")
	wantReason(t, s.DeleteCannedCategory(ctx, other, category), errs.NotFound, "category_not_found")
	wantReason(t, s.UseCanned(ctx, other, ann, entry, T0), errs.NotFound, "canned_not_found")
	list, err := s.CannedEntries(ctx, other, companyShelf)
	must(t, err)
	tree, err := s.CannedCategories(ctx, other, companyShelf)
	must(t, err)
	uses, err := s.CannedUses(ctx, other, ann, 9)
	must(t, err)
	shelves, err := s.CannedByFile(ctx, other, "f1")
	must(t, err)
	equal(t, "of another tenant", spaced(len(list), len(tree), len(uses), len(shelves)), "0 0 0 0")
}

// testCannedSeed seeds a tenant once, and takes a large import.
func testCannedSeed(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	ctx := t.Context()
	var many []canned.Entry
	for i := range 200 {
		many = append(many, reply(fmt.Sprint("e", i), ""))
	}
	seeded, err := s.SeedCanned(ctx, w.Tenant, many, T0)
	must(t, err)
	equal(t, "seeded", seeded, true)
	list, err := s.CannedEntries(ctx, w.Tenant, companyShelf)
	must(t, err)
	equal(t, "entries", spaced(len(list), list[0].Title, list[199].Title), "200 e0 e199")
	for _, e := range many {
		must(t, s.DeleteCanned(ctx, w.Tenant, e.ID))
	}
	seeded, err = s.SeedCanned(ctx, w.Tenant, many, T0)
	must(t, err)
	list, err = s.CannedEntries(ctx, w.Tenant, companyShelf)
	must(t, err)
	equal(t, "seeded again", spaced(seeded, len(list)), "false 0")
	_, err = s.SeedCanned(ctx, "nobody", many, T0)
	wantReason(t, err, errs.NotFound, "tenant_not_found")
}
