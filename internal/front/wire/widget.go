package wire

import (
	"fmt"
	"strings"
	"time"

	"parlor/internal/account"
	"parlor/internal/id"
	"parlor/internal/media"
	"parlor/internal/region"
	"parlor/internal/setting"
)

// Widget is what is set for the visitor's side of an inbox. Texts are by
// language; pictures are signed paths.
type Widget struct {
	Look    setting.Look    `json:"look"`
	PreChat setting.PreChat `json:"preChat"`
	Offline setting.Offline `json:"offline"`
	// Survey says whether the visitor is asked at the end.
	Survey bool `json:"survey"`
	// Redact replaces card and identity numbers in what is being typed.
	Redact bool `json:"redact"`
	// Teams may be chosen before the conversation.
	Teams []NamedTeam `json:"teams,omitempty"`
	// Closed and Nobody are told when nobody can talk, Welcome opens the window.
	Closed setting.Text `json:"closed,omitempty"`
	Nobody setting.Text `json:"nobody,omitempty"`
}

// NamedTeam is a team that visitors may choose.
type NamedTeam struct {
	ID   id.Team `json:"id"`
	Name string  `json:"name"`
}

// WidgetOf returns what is set for an inbox, for a visitor from a place.
func (v Views) WidgetOf(book *account.Book, inbox account.Inbox, from region.Place) Widget {
	s := inbox.Settings
	w := Widget{Look: s.Look, PreChat: s.PreChat, Offline: s.Offline, Survey: !s.Survey.Disabled && !s.Survey.NoAuto, Redact: !s.NoRedaction}
	w.Look.Icon, w.Look.Logo = v.Picture(inbox.Tenant, s.Look.Icon), v.Picture(inbox.Tenant, s.Look.Logo)
	w.Offline.Fields = s.Offline.FieldList()
	if len(s.Look.Teams) > 0 {
		w.Teams = TeamsFor(book, inbox, from)
	}
	// What belongs to the entry button and the chat page is not the panel's affair.
	w.Look.Teams, w.Look.TeamList, w.Look.Ads = nil, setting.TeamList{}, nil
	service := book.Service(inbox.ID, "")
	w.Closed, w.Nobody = Prompts(service, setting.PromptClosed), Prompts(service, setting.PromptNobody)
	return w
}

// Prompts returns a prompt in every language.
func Prompts(s setting.Service, name string) setting.Text {
	t := setting.Text{}
	for _, lang := range setting.Languages {
		t[lang] = s.Prompt(name, lang)
	}
	return t
}

// Picture returns the signed path of an uploaded picture, "" for none.
func (v Views) Picture(t id.Tenant, f string) string {
	if f == "" {
		return ""
	}
	return v.Files.Address(t, id.File(f), media.Original)
}

// Invitation is the invitation of an inbox for its pages.
type Invitation struct {
	setting.Invite
	// Zone is the difference of the inbox's time to UTC in minutes, for the rules.
	Zone int `json:"zone"`
}

// InvitationOf returns how pages of an inbox invite. Rules that are off are left out.
func (v Views) InvitationOf(book *account.Book, inbox account.Inbox, now time.Time) Invitation {
	i := Invitation{Invite: inbox.Settings.Invite}
	i.Image = v.Picture(inbox.Tenant, i.Image)
	if !i.Enabled {
		i.Rules = nil
	}
	_, zone := now.In(book.Service(inbox.ID, "").Hours.Location()).Zone()
	i.Zone = zone / 60
	return i
}

// defaultOffset of the entry button, in CSS pixels.
const defaultOffset = 20

// Ink returns what can be read best on a colour, black or white.
func Ink(color string) string {
	black, err1 := setting.Contrast("#111111", color)
	white, err2 := setting.Contrast("#ffffff", color)
	if err1 == nil && err2 == nil && black > white {
		return "#111111"
	}
	return "#ffffff"
}

// BrandCSS paints the entry button in the brand colour of an inbox.
func BrandCSS(color string) string {
	if color == "" {
		color = setting.DefaultColor
	}
	return "button{background:" + color + ";color:" + Ink(color) + "}"
}

// LauncherCSS returns the style of an entry button as it is set, "" for the
// default. The button is `button`, the frame of the chat `iframe`.
func LauncherCSS(l setting.Look) string {
	x, y := defaultOffset, defaultOffset
	if l.OffsetX != nil {
		x = *l.OffsetX
	}
	if l.OffsetY != nil {
		y = *l.OffsetY
	}
	if l.Model == "bar" && l.OffsetX == nil {
		x = 0
	}
	side, height, _ := strings.Cut(l.Position, ",")
	if side == "" {
		side, height = "right", "bottom"
	}
	other := map[string]string{"right": "left", "left": "right"}[side]
	var b strings.Builder
	if x != defaultOffset || y != defaultOffset || side != "right" || height != "bottom" {
		fmt.Fprintf(&b, "button,iframe{inset:auto;%s:%dpx;%s:auto}", side, x, other)
		switch height {
		case "middle":
			fmt.Fprintf(&b, "button{top:calc(50%% - 29px + %dpx)}iframe{bottom:20px;%s:%dpx}", y-defaultOffset, side, x+72)
		default:
			fmt.Fprintf(&b, "button{%s:%dpx}iframe{%s:%dpx}", height, y, height, y+72)
		}
		b.WriteString("@media(max-width:480px){iframe{inset:0!important}}")
	}
	switch l.Model {
	case "square":
		b.WriteString("button{border-radius:14px}")
	case "bar":
		round := "12px 0 0 12px"
		if side == "left" {
			round = "0 12px 12px 0"
		}
		fmt.Fprintf(&b, "button{width:44px;height:auto;padding:14px 0;box-sizing:border-box;border-radius:%s;justify-items:center;gap:8px}button u{writing-mode:vertical-rl}", round)
	}
	if len(l.Label) > 0 && l.Model != "bar" {
		b.WriteString("button{width:auto;min-width:58px;padding:0 20px;grid-auto-flow:column;gap:9px;box-sizing:border-box")
		if l.Model != "square" {
			b.WriteString(";border-radius:29px")
		}
		b.WriteString("}")
	}
	if len(l.Label) > 0 {
		b.WriteString("button u{text-decoration:none}")
	}
	if l.Text != "" {
		b.WriteString("button:not(.iv *){color:" + l.Text + "!important}") // not the buttons of an invitation
	}
	return b.String()
}
