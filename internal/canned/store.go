package canned

import (
	"context"
	"time"

	"parlor/internal/id"
)

// Store is the memory that canned needs. What belongs to another tenant does
// not exist for it: errs.NotFound "canned_not_found" or "category_not_found".
type Store interface {
	// CannedEntries returns the entries of a shelf ordered by id, all of them:
	// the shelf's bound is theirs.
	CannedEntries(ctx context.Context, t id.Tenant, s Shelf) ([]Entry, error)
	// CannedEntry returns one entry.
	CannedEntry(ctx context.Context, t id.Tenant, entry string) (Entry, error)
	// CannedByFile returns the shelves on which a file lies, at most 100.
	CannedByFile(ctx context.Context, t id.Tenant, f id.File) ([]Shelf, error)
	// CannedShelves returns the shelves of a kind and scope that hold something,
	// ordered by owner, at most limit.
	CannedShelves(ctx context.Context, t id.Tenant, kind Kind, scope Scope, limit int) ([]Shelf, error)
	// CannedShortcuts returns the ids of the replies with exactly this shortcut, at
	// most 100.
	CannedShortcuts(ctx context.Context, t id.Tenant, shortcut string) ([]string, error)
	// SaveCanned adds categories and entries or replaces those with the same id
	// (the shelf of a known one stays), all or none. most bounds the entries of
	// the shelf: errs.Conflict "shelf_full" beyond. A category that is not on the
	// entry's shelf is errs.NotFound "category_not_found".
	SaveCanned(ctx context.Context, t id.Tenant, s Shelf, categories []Category, entries []Entry, most int) error
	// MoveCanned replaces the entry with the id of e, which lies on the shelf from,
	// by e on e's own shelf, all or none. Errors: NotFound "canned_not_found" and
	// those of SaveCanned.
	MoveCanned(ctx context.Context, t id.Tenant, e Entry, from Shelf, most int) error
	// DeleteCanned removes an entry.
	DeleteCanned(ctx context.Context, t id.Tenant, entry string) error
	// CannedCategories returns the categories of a shelf ordered by sort and id.
	CannedCategories(ctx context.Context, t id.Tenant, s Shelf) ([]Category, error)
	// CannedCategory returns one category.
	CannedCategory(ctx context.Context, t id.Tenant, category string) (Category, error)
	// DeleteCannedCategory removes a category; what was in it moves to its parent.
	DeleteCannedCategory(ctx context.Context, t id.Tenant, category string) error
	// UseCanned counts a use of an entry by an agent.
	UseCanned(ctx context.Context, t id.Tenant, a id.Agent, entry string, at time.Time) error
	// CannedUses returns the newest uses of an agent, at most limit.
	CannedUses(ctx context.Context, t id.Tenant, a id.Agent, limit int) ([]Use, error)
	// SeedCanned adds entries to a tenant that was never seeded before; seeded
	// tells whether it did.
	SeedCanned(ctx context.Context, t id.Tenant, entries []Entry, at time.Time) (seeded bool, err error)
}
