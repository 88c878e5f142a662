package knowledge

import (
	"context"
	"fmt"
	"testing"

	"parlor/internal/clock"
	"parlor/internal/id"
)

// many is a store in which every company has ten wordings.
type many struct{ Store }

func (many) KnowledgeTexts(context.Context, id.Tenant) ([]Text, error) {
	x := Text{Article: "a", Title: "title", Active: true}
	for i := range 9 {
		x.Questions = append(x.Questions, fmt.Sprint("question ", i))
	}
	return []Text{x}, nil
}

// TestIndexesAreBoundByTheirSize: few companies that know much take no more memory than
// many that know little.
func TestIndexesAreBoundByTheirSize(t *testing.T) {
	t.Parallel()
	s := New(many{}, nil, nil, clock.System())
	s.wordings = 35
	for i := range 50 {
		name := id.Tenant(fmt.Sprint(i))
		if _, err := s.index(t.Context(), name); err != nil {
			t.Fatal(err)
		}
		if s.slots[name] == nil || len(s.slots) > 3 || len(s.slots) < min(i+1, 3) {
			t.Fatalf("%d: %d indexes are held", i, len(s.slots))
		}
	}
}
