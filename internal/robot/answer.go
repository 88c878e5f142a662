package robot

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"parlor/internal/conversation"
	"parlor/internal/id"
)

// Article is a piece of knowledge as a robot uses it.
type Article struct {
	ID, Title, Answer string
	// Link leads on, under the words of LinkTitle.
	Link, LinkTitle string
	// Picture is a file that is shown with it, "" for none.
	Picture id.File
	// Related are further articles.
	Related []string
	// Inboxes are those whose visitors may be told it, none for all.
	Inboxes []id.Inbox
	// Active is false for one that is not to be told.
	Active bool
}

// tells reports whether the visitors of an inbox may be told a; "" is any inbox.
func (a Article) tells(in id.Inbox) bool {
	return a.Active && (in == "" || len(a.Inboxes) == 0 || slices.Contains(a.Inboxes, in))
}

// Match is an article that was found; Score is 0 to 100.
type Match struct {
	Article
	Score int
}

// Query asks for articles; an inbox and a locale restrict them.
type Query struct {
	Text   string
	Inbox  id.Inbox
	Locale string
	Limit  int
}

// Count is what happened to an article.
type Count string

// The counts.
const (
	Asked    Count = "asked"
	Solved   Count = "solved"
	Unsolved Count = "unsolved"
)

// Finder finds articles.
type Finder interface {
	// Find returns articles that fit a text, the best first.
	Find(ctx context.Context, t id.Tenant, q Query) ([]Match, error)
	// Articles returns those of the articles that exist, in no order.
	Articles(ctx context.Context, t id.Tenant, ids []string) ([]Article, error)
	// Counted counts what happened to an article.
	Counted(ctx context.Context, t id.Tenant, article string, what Count) error
}

// Ask is what an answer engine is asked.
type Ask struct {
	BaseURL, Model, Key string
	Timeout             time.Duration
	MaxTokens           int
	// Text is the question, in the language Locale, to the company Company.
	Text, Locale, Company string
	// Passages are all that it may answer from, History what was said before.
	Passages []Article
	History  []Said
}

// Said is one message of a history.
type Said struct {
	Visitor bool
	Text    string
}

// Told is what an answer engine answers.
type Told struct {
	Text string
	// Sources are the ids of the articles that it is taken from.
	Sources []string
	// HandOff asks for a person; Nothing says that the passages have no answer.
	HandOff, Nothing bool
}

// Engines answers out of articles. It never acts: all it gives is words.
type Engines interface {
	// Check tells what is wrong with what is set, by its field.
	Check(q Ask) error
	Answer(ctx context.Context, q Ask) (Told, error)
}

// Reply is one message of a robot.
type Reply struct {
	Text string
	// Title and Items are a menu; Text says the same in words.
	Title string
	Items []Choice
	Note  conversation.RobotNote
	// Picture, if set, is all that the message is.
	Picture id.File
}

// input is a message of a visitor.
type input struct {
	tenant id.Tenant
	inbox  id.Inbox
	lang   string
	text   string
	// choice is the id that was chosen, "" for none.
	choice string
	// wordless is a picture, a file or a voice message without words.
	wordless bool
	// history reads what was said before, for an engine, and makes sure that there is
	// time for one.
	history func() ([]Said, error)
}

// outcome is what a robot does about a message.
type outcome struct {
	replies []Reply
	state   State
	// hand asks for a person, in a team if one was chosen.
	hand bool
	team id.Team
	// asked are the articles that were told.
	asked []string
}

// chosen marks choices that are articles and no items of menus.
const chosen = "a:"

// floor is the score below which an article has nothing to do with a question.
const floor = 12

// respond decides what r does about a message, by the rules in their order: a choice,
// words that ask for a person, an article, the answer engine, articles that come near,
// and that it does not understand. It changes nothing.
func (s *Service) respond(ctx context.Context, r *Robot, st State, in input) (out outcome, err error) {
	out.state = st
	if done, err := s.choose(ctx, r, &out, in); done || err != nil {
		return out, err
	}
	if asks(r.Words, in.text) {
		return out.handing(), nil
	}
	var near []Match
	if !in.wordless && in.text != "" {
		limit := max(r.Suggest, r.Engine.Passages, 1)
		if near, err = s.Finder.Find(ctx, in.tenant, Query{Text: in.text, Inbox: in.inbox, Locale: in.lang, Limit: limit}); err != nil {
			return out, err
		}
		near = slices.DeleteFunc(near, func(m Match) bool { return m.Score < floor })
	}
	if len(near) > 0 && near[0].Score >= r.Threshold {
		return out, s.tell(ctx, r, &out, in, near[0].Article, RuleAnswer)
	}
	if r.Engine.On && len(near) > 0 {
		if done := s.engine(ctx, r, &out, in, near); done {
			return out, nil
		}
	}
	out.lost(r, in, near)
	return out, nil
}

// handing makes the outcome that the visitor gets a person.
func (o outcome) handing() outcome {
	o.hand, o.state.Failed = true, 0
	return o
}

// lost is what is done about a message that was not understood.
func (o *outcome) lost(r *Robot, in input, near []Match) {
	if o.state.Failed++; o.state.Failed >= r.FailedTurns {
		*o = o.handing()
		return
	}
	if n := min(r.Suggest, len(near)); n > 0 {
		items := make([]Choice, n)
		for i, m := range near[:n] {
			items[i] = Choice{chosen + m.ID, clip(m.Title, maxTitle)}
		}
		o.offer(menuOf(say(r.Texts.Suggest, builtin.Suggest, in.lang), items, RuleSuggest))
		return
	}
	o.add(Reply{Text: say(r.Texts.Unknown, builtin.Unknown, in.lang), Note: conversation.RobotNote{Rule: RuleUnknown}})
}

func (o *outcome) add(r Reply) { o.replies = append(o.replies, r) }

// offer adds a menu, from which can be chosen from now on.
func (o *outcome) offer(r Reply) {
	o.add(r)
	o.state.Menu = r.Items
}

// chosenBy is the id that a message chooses, "" for none.
func chosenBy(st State, in input) string {
	if in.choice != "" {
		return in.choice
	}
	c, _ := pick(st.Menu, in.text)
	return c.ID
}

// choose does what a message chooses; done is false if it chooses nothing.
func (s *Service) choose(ctx context.Context, r *Robot, out *outcome, in input) (done bool, err error) {
	name := chosenBy(out.state, in)
	if name == "" {
		return false, nil
	}
	if article, ok := strings.CutPrefix(name, chosen); ok {
		return s.tellNamed(ctx, r, out, in, article)
	}
	item, ok := r.item(name)
	if !ok {
		return false, nil
	}
	out.state.Failed = 0
	switch item.Does {
	case DoesAnswer:
		return s.tellNamed(ctx, r, out, in, item.Article)
	case DoesMenu:
		m, ok := r.menu(item.Menu)
		if ok {
			out.offer(r.show(m, in.lang, RuleMenu))
		}
		return ok, nil
	case DoesTeam, DoesHuman:
		*out = out.handing()
		out.team = item.Team
	case DoesLink:
		out.add(Reply{Text: strings.TrimSpace(title(item.Text, in.lang) + "\n" + item.Link), Note: conversation.RobotNote{Rule: RuleText}})
	default:
		out.add(Reply{Text: title(item.Text, in.lang), Note: conversation.RobotNote{Rule: RuleText}})
	}
	return true, nil
}

// tellNamed tells an article by its id, if it is there still.
func (s *Service) tellNamed(ctx context.Context, r *Robot, out *outcome, in input, article string) (bool, error) {
	list, err := s.Finder.Articles(ctx, in.tenant, []string{article})
	if err != nil || len(list) == 0 || !list[0].tells(in.inbox) {
		return false, err
	}
	return true, s.tell(ctx, r, out, in, list[0], RuleAnswer)
}

// tell answers with an article, and offers what belongs to it.
func (s *Service) tell(ctx context.Context, r *Robot, out *outcome, in input, a Article, rule string) error {
	text := a.Answer
	if a.Link != "" {
		text += "\n" + strings.TrimSpace(a.LinkTitle+" "+a.Link)
	}
	out.state.Failed = 0
	out.asked = append(out.asked, a.ID)
	out.add(Reply{Text: text, Note: conversation.RobotNote{Rule: rule, Sources: []conversation.RobotSource{source(a)}, Rate: r.Rate}})
	if a.Picture != "" {
		out.add(Reply{Picture: a.Picture, Note: conversation.RobotNote{Rule: rule}})
	}
	if len(a.Related) == 0 {
		return nil
	}
	list, err := s.Finder.Articles(ctx, in.tenant, a.Related)
	if err != nil {
		return err
	}
	var items []Choice
	for _, name := range a.Related {
		i := slices.IndexFunc(list, func(x Article) bool { return x.ID == name && x.tells(in.inbox) })
		if i >= 0 {
			items = append(items, Choice{chosen + name, clip(list[i].Title, maxTitle)})
		}
	}
	if len(items) > 0 {
		out.offer(menuOf(related[in.lang], items, RuleSuggest))
	}
	return nil
}

func source(a Article) conversation.RobotSource {
	return conversation.RobotSource{ID: a.ID, Title: clip(a.Title, maxTitle), Link: a.Link}
}

// ask is what every question to the robot's engine has in common.
func (r *Robot) ask() Ask {
	e := r.Engine
	return Ask{BaseURL: e.BaseURL, Model: e.Model, Key: r.Key, Timeout: time.Duration(e.TimeoutSeconds) * time.Second, MaxTokens: e.MaxTokens}
}

// engine lets the answer engine answer out of the articles that come near. done is
// false if it has no answer; one that fails has none.
func (s *Service) engine(ctx context.Context, r *Robot, out *outcome, in input, near []Match) (done bool) {
	q := r.ask()
	q.Text, q.Locale = in.text, in.lang
	for _, m := range near[:min(len(near), r.Engine.Passages)] {
		q.Passages = append(q.Passages, m.Article)
	}
	var err error
	if q.Company, err = s.company(ctx, in.tenant); err == nil && in.history != nil {
		q.History, err = in.history()
	}
	var got Told
	if err == nil {
		got, err = s.Engines.Answer(ctx, q)
	}
	if err != nil {
		s.log.Warn("answer engine failed", "robot", r.ID, "error", err)
		return false
	}
	if got.HandOff {
		*out = out.handing()
		return true
	}
	note := conversation.RobotNote{Rule: RuleEngine, Rate: r.Rate}
	for _, a := range q.Passages {
		if slices.Contains(got.Sources, a.ID) {
			note.Sources = append(note.Sources, source(a))
			out.asked = append(out.asked, a.ID)
		}
	}
	// What has no source was made up.
	if got.Nothing || len(note.Sources) == 0 || strings.TrimSpace(got.Text) == "" {
		out.asked = nil
		return false
	}
	out.state.Failed = 0
	out.add(Reply{Text: got.Text, Note: note})
	return true
}

// show is a menu as a message.
func (r *Robot) show(m Menu, lang, rule string) Reply {
	items := make([]Choice, len(m.Items))
	for i, x := range m.Items {
		items[i] = Choice{x.ID, title(x.Title, lang)}
	}
	return menuOf(title(m.Title, lang), items, rule)
}

// menuOf is a menu as a message, with numbers for those who see no menus.
func menuOf(title string, items []Choice, rule string) Reply {
	lines := make([]string, 0, len(items)+1)
	if title != "" {
		lines = append(lines, title)
	}
	for i, c := range items {
		lines = append(lines, strconv.Itoa(i+1)+". "+c.Title)
	}
	return Reply{Text: strings.Join(lines, "\n"), Title: clip(title, maxHeading), Items: items, Note: conversation.RobotNote{Rule: rule}}
}

// greeting is the first word of a robot, with its menu below.
func (r *Robot) greeting(lang string) (list []Reply, choices []Choice) {
	text := title(r.Greeting, lang)
	m, ok := r.menu(r.Menu)
	if !ok || len(m.Items) == 0 {
		if text != "" {
			list = append(list, Reply{Text: text, Note: conversation.RobotNote{Rule: RuleGreeting}})
		}
		return list, nil
	}
	shown := r.show(m, lang, RuleGreeting)
	if text != "" {
		list = append(list, Reply{Text: text, Note: conversation.RobotNote{Rule: RuleGreeting}})
	}
	return append(list, shown), shown.Items
}

// The longest titles in cards, in characters.
const (
	maxTitle   = 150
	maxHeading = 500
)

func clip(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most])
}
