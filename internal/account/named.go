package account

import (
	"cmp"
	"strings"
)

// ByName orders teams by name; of one name, the one that was added first leads.
func ByName(a, b Team) int {
	return cmp.Or(strings.Compare(a.Name, b.Name), a.CreatedAt.Compare(b.CreatedAt), strings.Compare(string(a.ID), string(b.ID)))
}

// TeamNamed returns the team with exactly that name, of several the first.
func (b *Book) TeamNamed(name string) (first Team, ok bool) {
	for _, t := range b.Teams {
		if t.Name == name && (!ok || ByName(t, first) < 0) {
			first, ok = t, true
		}
	}
	return first, ok
}

// label is how a sheet calls a team: by its name, or by its id if another team
// has the name already.
func (b *Book) label(t Team) string {
	if first, ok := b.TeamNamed(t.Name); ok && first.ID != t.ID {
		return string(t.ID)
	}
	return t.Name
}
