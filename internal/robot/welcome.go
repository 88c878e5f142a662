package robot

import (
	"context"

	"parlor/internal/account"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// Welcome is what a robot would begin with, for pages that show it before a visitor
// says anything.
type Welcome struct {
	// Robot is the id of the robot, Text its first word.
	Robot, Text string
	// Title and Items are its first menu.
	Title string
	Items []WelcomeItem
	// Button offers a person, after as many messages of the visitor as After says.
	Button bool
	After  int
}

// WelcomeItem is an item of the first menu.
type WelcomeItem struct {
	Choice
	// Person is set for one that asks for a person, of Team if it names one.
	Person bool
	Team   id.Team
	// Link is set for one that leads to a page.
	Link string
}

// Receptions tells who receives visitors.
type Receptions interface {
	// Robots reports whether a robot receives who comes to an inbox now.
	Robots(ctx context.Context, t id.Tenant, in id.Inbox) (r account.Reception, ok bool, err error)
}

// Welcome returns what the robot that receives who comes to an inbox now would begin
// with; ok is false if none receives.
func (s *Service) Welcome(ctx context.Context, t id.Tenant, in id.Inbox, locale string) (w Welcome, ok bool, err error) {
	defer errs.Wrap(&err, "robot.Welcome")
	rec, ok, err := s.Routing.Robots(ctx, t, in)
	if err != nil || !ok {
		return w, false, err
	}
	r, err := s.Store.Robot(ctx, t, rec.Robot)
	if errs.CodeOf(err) == errs.NotFound {
		return w, false, nil
	}
	lang := Language(locale)
	w = Welcome{Robot: r.ID, Text: title(r.Greeting, lang), Button: r.Button, After: r.ButtonAfter}
	m, _ := r.menu(r.Menu)
	w.Title = title(m.Title, lang)
	for _, i := range m.Items {
		w.Items = append(w.Items, WelcomeItem{Choice{i.ID, title(i.Title, lang)}, i.Does == DoesTeam || i.Does == DoesHuman, i.Team, link(i)})
	}
	return w, err == nil, err
}

// link is the page that an item leads to.
func link(i Item) string {
	if i.Does == DoesLink {
		return i.Link
	}
	return ""
}

// maxSuggest is how many articles are offered while a visitor types.
const maxSuggest = 5

// Suggest returns the titles of articles that come near what a visitor types to a
// robot. While a person has the conversation there are none.
func (s *Service) Suggest(ctx context.Context, t id.Tenant, v id.Visitor, c id.Conversation, text string) (list []Choice, err error) {
	defer errs.Wrap(&err, "robot.Suggest")
	w, ok, err := s.held(ctx, t, v, c)
	if err != nil || !ok || text == "" {
		return nil, err
	}
	found, err := s.Finder.Find(ctx, t, Query{Text: clip(text, maxHeading), Inbox: w.conv.Inbox, Locale: w.lang, Limit: maxSuggest})
	for _, m := range found {
		if m.Score >= floor {
			list = append(list, Choice{chosen + m.ID, clip(m.Title, maxTitle)})
		}
	}
	return list, err
}
