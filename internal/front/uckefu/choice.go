package uckefu

import (
	"context"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"parlor/internal/account"
	"parlor/internal/front/wire"
	"parlor/internal/id"
	"parlor/internal/setting"
)

// choice is the list of teams that the entry button shows before the chat opens
// (consult_skill in the contract).
type choice struct {
	Title setting.Text `json:"title,omitempty"`
	Text  setting.Text `json:"text,omitempty"`
	Note  setting.Text `json:"note,omitempty"`
	// Elsewhere is said if Teams is empty because of the visitor's region.
	Elsewhere setting.Text  `json:"elsewhere,omitempty"`
	Teams     []offeredTeam `json:"teams"`
	Ad        *wire.Advert  `json:"ad,omitempty"`
}

// offeredTeam is a team with those of its agents who are named.
type offeredTeam struct {
	wire.NamedTeam
	Agents []offeredAgent `json:"agents,omitempty"`
}

type offeredAgent struct {
	ID   id.Agent `json:"id"`
	Name string   `json:"name"`
}

// choiceFor returns the list for the visitor of a request, nil if the button
// opens the chat at once. The parameter skill=true draws it whatever is set.
func (f *Front) choiceFor(r *http.Request, book *account.Book, inbox account.Inbox) (*choice, error) {
	l := inbox.Settings.Look.TeamList
	if !l.Enabled && r.FormValue("skill") != "true" {
		return nil, nil
	}
	c := &choice{Title: l.Title, Text: l.Text, Note: l.Note, Elsewhere: l.Elsewhere, Teams: []offeredTeam{}, Ad: f.views().AdvertOf(inbox, setting.SlotPoint, f.base(r))}
	teams := wire.TeamsFor(book, inbox, f.Visit.Online.Place(f.Clients.Of(r)))
	if l.Shown > 0 && len(teams) > l.Shown {
		teams = teams[:l.Shown]
	}
	for _, t := range teams {
		c.Teams = append(c.Teams, offeredTeam{NamedTeam: t})
	}
	if l.Agents < 1 {
		return c, nil
	}
	return c, f.nameAgents(r.Context(), inbox.Tenant, c.Teams, l.Agents)
}

// nameAgents puts at most most available agents below each team.
func (f *Front) nameAgents(ctx context.Context, t id.Tenant, teams []offeredTeam, most int) error {
	roster, err := f.Accounts.Roster(ctx, t)
	if err != nil {
		return err
	}
	slices.SortFunc(roster, func(a, b account.AgentStatus) int { return strings.Compare(a.Name, b.Name) })
	for i := range teams {
		for _, a := range roster {
			if len(teams[i].Agents) < most && a.Available() && slices.Contains(a.Teams, teams[i].ID) {
				teams[i].Agents = append(teams[i].Agents, offeredAgent{a.Agent, a.Name})
			}
		}
	}
	return nil
}

// views signs the addresses of pictures.
func (f *Front) views() wire.Views { return wire.Views{Files: f.Media} }

// beside is the markup of the adverts of the chat page: one above the
// conversation, one in a column that narrow windows leave out.
var beside = template.Must(template.New("adverts").Parse(`{{define "ad"}}{{if .Link}}<a href="{{.Link}}" target="_blank" rel="noopener noreferrer">{{end}}` +
	`{{if .Image}}<img src="{{.Image}}" alt="">{{end}}{{if .Said}}<span>{{.Said}}</span>{{end}}{{if .Link}}</a>{{end}}{{end}}` +
	`<style>body{display:grid;grid-template:auto minmax(0,1fr)/minmax(0,1fr) auto}#app{grid-area:2/1}.ad{font:14px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}` +
	`.ad a{color:inherit;display:block}.ad img{display:block;max-width:100%;height:auto}.ad span{display:block;padding:8px 12px}` +
	`.top{grid-area:1/1/2/3;border-bottom:1px solid var(--line,#ddd)}.top img{max-height:120px}.side{grid-area:2/2;width:240px;overflow:auto;border-left:1px solid var(--line,#ddd)}` +
	`@media(max-width:820px){.side{display:none}}</style>{{with .Top}}<aside class="ad top">{{template "ad" .}}</aside>{{end}}{{with .Side}}<aside class="ad side">{{template "ad" .}}</aside>{{end}}`))

// shownAd is an advert in one language.
type shownAd struct{ Image, Said, Link string }

// adverts returns the markup of the chat page's adverts, "" if there is none.
func (f *Front) adverts(inbox account.Inbox, lang string) (string, error) {
	show := func(slot string) *shownAd {
		ad := f.views().AdvertOf(inbox, slot, "")
		if ad == nil {
			return nil
		}
		return &shownAd{ad.Image, ad.Text.In(lang), ad.Link}
	}
	slots := struct{ Top, Side *shownAd }{show(setting.SlotWelcome), show(setting.SlotImage)}
	if slots.Top == nil && slots.Side == nil {
		return "", nil
	}
	var b strings.Builder
	err := beside.Execute(&b, slots)
	return b.String(), err
}
