package setting

import (
	"net/url"
	"strconv"
	"unicode/utf8"
)

// TeamList is the list of teams at the entry button, before the chat opens. The
// teams are those of Look.Teams that serve the visitor's region; without
// Look.Teams, all teams that do.
type TeamList struct {
	Enabled bool `json:"enabled,omitempty"`
	// Title, Text and Note head, introduce and end the list.
	Title Text `json:"title,omitempty"`
	Text  Text `json:"text,omitempty"`
	Note  Text `json:"note,omitempty"`
	// Elsewhere is said instead where no team serves the visitor's region; the
	// button opens the chat with the inbox's own team all the same.
	Elsewhere Text `json:"elsewhere,omitempty"`
	// Shown is how many teams are listed at most, 0 to 50; 0 lists all.
	Shown int `json:"shown,omitempty"`
	// Agents is how many of a team's available agents are listed by name below
	// it, 0 to 20; 0 (default) names nobody.
	Agents int `json:"agents,omitempty"`
}

// The slots of adverts, in the words of the UCKeFu contract.
const (
	// SlotPoint is above the list of teams at the entry button.
	SlotPoint = "point"
	// SlotInvite is in the invitation box.
	SlotInvite = "invite"
	// SlotWelcome is above the conversation on the chat page.
	SlotWelcome = "welcome"
	// SlotImage is the right column of the chat page, where the page is wide.
	SlotImage = "image"
)

// Ad is an advert in one of the slots: a picture, a text, or both.
type Ad struct {
	Slot string `json:"slot" enum:"point,invite,welcome,image"`
	// Image is the id of an uploaded picture.
	Image string `json:"image,omitempty"`
	// Text is shown below the picture, and said of it to those who do not see it.
	Text Text `json:"text,omitempty"`
	// Link is an address of the web; it opens in a new window. Empty for none.
	Link string `json:"link,omitempty"`
	// Weight is the share of an advert among those of its slot, 1 to 100; 0 means 1.
	Weight int `json:"weight,omitempty"`
	// Off keeps it without showing it.
	Off bool `json:"off,omitempty"`
}

// Bounds of the entry button.
const (
	maxAds    = 20
	maxLink   = 1000 // bytes
	maxListed = 50
	maxNamed  = 20
)

// Advert returns the advert of a slot that is shown for a draw, any number from
// 0; each has its weight's share of the draws. ok is false if the slot is empty.
func (l Look) Advert(slot string, draw uint) (ad Ad, ok bool) {
	total := uint(0)
	weigh := func(a Ad) uint {
		if a.Slot != slot || a.Off {
			return 0
		}
		return uint(max(a.Weight, 1))
	}
	for _, a := range l.Ads {
		total += weigh(a)
	}
	if total == 0 {
		return ad, false
	}
	at := draw % total
	for _, a := range l.Ads {
		if w := weigh(a); at < w {
			return a, true
		} else {
			at -= w
		}
	}
	return ad, false
}

func (l TeamList) check(c *check) {
	for name, t := range map[string]Text{"title": l.Title, "text": l.Text, "note": l.Note, "elsewhere": l.Elsewhere} {
		c.text("look.teamList."+name, t)
	}
	c.number("look.teamList.shown", l.Shown, 0, maxListed)
	c.number("look.teamList.agents", l.Agents, 0, maxNamed)
}

func (c *check) ads(list []Ad) {
	c.number("look.ads", len(list), 0, maxAds)
	for i, a := range list {
		field := "look.ads." + strconv.Itoa(i)
		c.oneOf(field+".slot", a.Slot, SlotPoint, SlotInvite, SlotWelcome, SlotImage)
		c.file(field+".image", a.Image)
		c.text(field+".text", a.Text)
		c.number(field+".weight", a.Weight, 0, 100)
		if a.Image == "" && len(a.Text) == 0 {
			c.fail(field, "empty_ad", "An advert has a picture or a text.")
		}
		if a.Link != "" && !webLink(a.Link) {
			c.fail(field+".link", "bad_link", "%q is not an http or https address of at most %d characters.", clip(a.Link), maxLink)
		}
	}
}

// webLink reports whether s is an address that a page may lead to: http or
// https, with a host, without a login in it.
func webLink(s string) bool {
	u, err := url.Parse(s)
	return err == nil && len(s) <= maxLink && utf8.ValidString(s) && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil
}
