package setting

import (
	"unicode/utf8"
)

// Desk is what is said of a team as a department that visitors turn to.
type Desk struct {
	// About says what the team is for.
	About string `json:"about,omitempty"`
	// Email is where messages to the team go while nobody is there.
	Email string `json:"email,omitempty"`
	// Off takes the team out of use: nobody is offered it, its members get nothing by it.
	Off bool `json:"off,omitempty"`
	// Archived keeps the team for what it has done; it is off as well.
	Archived bool `json:"archived,omitempty"`
	// Unlisted teams are not offered to visitors before a conversation, those
	// Unmailed not in the off-line form.
	Unlisted bool `json:"unlisted,omitempty"`
	Unmailed bool `json:"unmailed,omitempty"`
	// TagRequired asks for a tag before a conversation is closed.
	TagRequired bool `json:"tagRequired,omitempty"`
	// ClosingTags are names of tags that are offered at closing.
	ClosingTags []string `json:"closingTags,omitempty"`
	// Fallback is the team that serves while nobody of this one is available.
	Fallback string `json:"fallback,omitempty"`
	// Forwards are the teams to which conversations may be forwarded; none means all.
	Forwards []string `json:"forwards,omitempty"`
	// ForwardIdle lets conversations be forwarded to the team while nobody is there.
	ForwardIdle bool `json:"forwardIdle,omitempty"`
	// LeftUnit says that the team was in a unit once and is in none now.
	LeftUnit bool `json:"leftUnit,omitempty"`
	// Extra are further values of integrations: text, numbers and switches by name.
	Extra map[string]any `json:"extra,omitempty"`
}

// Bounds of a desk.
const (
	maxDeskText = 1000
	maxDeskList = 100
	maxExtra    = 50
)

// Shut reports whether the team is out of use.
func (d Desk) Shut() bool { return d.Off || d.Archived }

// Listed reports whether visitors are offered the team before a conversation.
func (d Desk) Listed() bool { return !d.Shut() && !d.Unlisted }

func (d Desk) check(c *check) {
	for field, s := range map[string]string{"about": d.About, "email": d.Email, "fallback": d.Fallback} {
		c.line(field, s)
	}
	for field, list := range map[string][]string{"closingTags": d.ClosingTags, "forwards": d.Forwards} {
		c.number(field, len(list), 0, maxDeskList)
		for _, s := range list {
			c.line(field, s)
		}
	}
	c.number("extra", len(d.Extra), 0, maxExtra)
	for name, v := range d.Extra {
		c.line("extra", name)
		switch x := v.(type) {
		case string:
			c.line("extra."+name, x)
		case float64, bool, int:
		default:
			c.fail("extra."+name, "bad_extra", "%s is not a text, a number or a switch.", clip(name))
		}
	}
}

// line refuses a text that is too long or no text.
func (c *check) line(field, s string) {
	if n := utf8.RuneCountInString(s); n > maxDeskText || !utf8.ValidString(s) {
		c.fail(field, "text_too_long", "The text has %d characters; %d are allowed.", n, maxDeskText)
	}
}
