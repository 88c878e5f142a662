package account_test

import (
	"testing"

	"parlor/internal/account"
	"parlor/internal/id"
	"parlor/internal/setting"
)

func TestRatingWordsAreThoseOfAllInboxes(t *testing.T) {
	t.Parallel()
	own := setting.Survey{Levels: []setting.Level{{Code: "bad", Score: 10}, {Code: "good", Score: 90, Text: setting.Text{"en": "Fine"}}}, Reasons: []setting.Reason{{Code: "slow"}}}
	other := setting.Survey{Levels: []setting.Level{{Code: "good", Score: 50, Text: setting.Text{"en": "Twice"}}, {Code: "top", Score: 100}}, Reasons: []setting.Reason{{Code: "slow"}, {Code: "rude"}}}
	b := &account.Book{Inboxes: map[id.Inbox]account.Inbox{
		"2": {ID: "2", Name: "Zoo", Settings: setting.Inbox{Survey: other}}, "1": {ID: "1", Name: "Abc", Settings: setting.Inbox{Survey: own}},
	}}
	w := b.RatingWords()
	if len(w.Levels) != 3 || w.Levels[0].Code != "top" || w.Levels[1].Text["en"] != "Fine" || w.Levels[2].Code != "bad" {
		t.Errorf("%+v", w.Levels)
	}
	if len(w.Reasons) != 2 || w.Reasons[1].Code != "rude" {
		t.Errorf("%+v", w.Reasons)
	}
	if n := b.Names(); len(n) != 2 || n[0].Name != "Abc" || n[1].ID != "2" {
		t.Errorf("%+v", n)
	}
}
