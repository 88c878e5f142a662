package account

import (
	"cmp"
	"slices"

	"parlor/internal/id"
	"parlor/internal/setting"
)

// NamedInbox is what every agent may know of an inbox.
type NamedInbox struct {
	ID   id.Inbox `json:"id"`
	Name string   `json:"name"`
}

// sorted are the inboxes by name.
func (b *Book) sorted() []Inbox {
	list := make([]Inbox, 0, len(b.Inboxes))
	for _, in := range b.Inboxes {
		list = append(list, in)
	}
	slices.SortFunc(list, func(x, y Inbox) int { return cmp.Or(cmp.Compare(x.Name, y.Name), cmp.Compare(x.ID, y.ID)) })
	return list
}

// Names returns the inboxes, ordered by name.
func (b *Book) Names() []NamedInbox {
	list := b.sorted()
	names := make([]NamedInbox, len(list))
	for i, in := range list {
		names[i] = NamedInbox{in.ID, in.Name}
	}
	return names
}

// RatingWords are the levels and reasons that surveys of any inbox offer. Where
// inboxes use a code for different things, the first by name counts.
type RatingWords struct {
	Levels  []setting.Level  `json:"levels"`
	Reasons []setting.Reason `json:"reasons"`
}

// RatingWords returns the levels, the best first, and the reasons of all inboxes.
func (b *Book) RatingWords() RatingWords {
	w := RatingWords{[]setting.Level{}, []setting.Reason{}}
	for _, in := range b.sorted() {
		for _, l := range in.Settings.Survey.LevelList() {
			if !slices.ContainsFunc(w.Levels, func(x setting.Level) bool { return x.Code == l.Code }) {
				w.Levels = append(w.Levels, l)
			}
		}
		for _, r := range in.Settings.Survey.ReasonList() {
			if !slices.ContainsFunc(w.Reasons, func(x setting.Reason) bool { return x.Code == r.Code }) {
				w.Reasons = append(w.Reasons, r)
			}
		}
	}
	slices.SortStableFunc(w.Levels, func(x, y setting.Level) int { return cmp.Compare(y.Score, x.Score) })
	return w
}
