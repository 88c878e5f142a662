package wire

import (
	"math/rand/v2"
	"slices"
	"strings"

	"parlor/internal/account"
	"parlor/internal/id"
	"parlor/internal/region"
	"parlor/internal/setting"
)

// TeamsFor returns the teams of an inbox that a visitor from a place may choose,
// in the order that is set; without a choice in the settings all teams by name.
// Teams that serve other regions only are left out.
func TeamsFor(book *account.Book, inbox account.Inbox, from region.Place) []NamedTeam {
	var list []NamedTeam
	add := func(t account.Team) {
		if t.Settings.Listed() && t.Settings.Serves(from.Country, from.Province, from.City) {
			list = append(list, NamedTeam{t.ID, t.Name})
		}
	}
	for _, t := range inbox.Settings.Look.Teams {
		if team, ok := book.Teams[id.Team(t)]; ok {
			add(team)
		}
	}
	if len(inbox.Settings.Look.Teams) == 0 {
		for _, team := range book.Teams {
			add(team)
		}
		slices.SortFunc(list, func(a, b NamedTeam) int { return strings.Compare(a.Name, b.Name) })
	}
	return list
}

// Advert is an advert as pages show it.
type Advert struct {
	// Image is the address of the picture, empty for none.
	Image string       `json:"image,omitempty"`
	Text  setting.Text `json:"text,omitempty"`
	// Link is an http or https address, empty for none.
	Link string `json:"link,omitempty"`
}

// AdvertOf draws the advert of a slot, nil if there is none. base is put in front
// of the picture's path.
func (v Views) AdvertOf(inbox account.Inbox, slot, base string) *Advert {
	ad, ok := inbox.Settings.Look.Advert(slot, rand.Uint())
	if !ok {
		return nil
	}
	out := &Advert{Text: ad.Text, Link: ad.Link}
	if path := v.Picture(inbox.Tenant, ad.Image); path != "" {
		out.Image = base + path
	}
	return out
}
