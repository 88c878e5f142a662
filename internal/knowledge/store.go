package knowledge

import (
	"context"

	"parlor/internal/id"
)

// Filter chooses articles of a list, the newest change first.
type Filter struct {
	Tenant id.Tenant
	// Query is a part of a wording or the answer, in any case; "" is everything.
	Query string
	// Categories are those of which an article is in one; none is all.
	Categories []string
	// Active chooses those that are or are not found; nil is both.
	Active *bool
	After  string
	Limit  int
}

// Save is what is stored together.
type Save struct {
	Tenant     id.Tenant
	Categories []Category
	// Articles are new if their Version is 0. The others replace the one with the
	// same id and version; counters stay.
	Articles []Article
	// MostArticles and MostWordings bound what the tenant has afterwards.
	MostArticles, MostWordings int
}

// Store is the memory that knowledge needs. What belongs to another tenant does not
// exist for it: errs.NotFound "article_not_found" or "category_not_found".
type Store interface {
	// KnowledgeTexts returns what finding needs of all articles, ordered by id.
	KnowledgeTexts(ctx context.Context, t id.Tenant) ([]Text, error)
	// KnowledgeArticles returns those of the named articles that exist, ordered by id.
	KnowledgeArticles(ctx context.Context, t id.Tenant, ids []string) ([]Article, error)
	// KnowledgePopular returns those of the named articles that exist, the most asked
	// first and then by id, from an offset on.
	KnowledgePopular(ctx context.Context, t id.Tenant, ids []string, offset, limit int) ([]Article, error)
	// KnowledgeList returns a page and the cursor of the next, "" at the end.
	KnowledgeList(ctx context.Context, f Filter) ([]Article, string, error)
	// SaveKnowledge stores categories and articles, all or none. Errors: Conflict
	// "changed_meanwhile" if an article has another version, "knowledge_full" beyond
	// the bounds; NotFound if an article, its category or a related one is not there.
	SaveKnowledge(ctx context.Context, in Save) error
	// DeleteKnowledge removes an article, also from what is related to it.
	DeleteKnowledge(ctx context.Context, t id.Tenant, article string) error
	// KnowledgeCategories returns all categories ordered by sort and id.
	KnowledgeCategories(ctx context.Context, t id.Tenant) ([]Category, error)
	// DeleteKnowledgeCategory removes a category; what was in it moves to its parent.
	DeleteKnowledgeCategory(ctx context.Context, t id.Tenant, category string) error
	// CountKnowledge counts one happening.
	CountKnowledge(ctx context.Context, t id.Tenant, article string, what Happening) error
	// KnowledgeShows reports whether a file is the picture of an article.
	KnowledgeShows(ctx context.Context, t id.Tenant, f id.File) (bool, error)
}
