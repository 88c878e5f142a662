package robot

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/audit"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/ext"
	"parlor/internal/id"
	"parlor/internal/setting"
)

// Bounds of what is set, in characters and rows.
const (
	maxName    = 60
	maxLabel   = 100
	maxSaid    = 2000
	maxMenus   = 50
	maxItems   = 20
	maxWords   = 100
	maxWord    = 60
	maxInboxes = 500
	maxAddress = 2000
	maxModel   = 200
	maxKey     = 500
	nearEnough = 45
)

// Input is what is set for a robot; what is left out has its default.
type Input struct {
	Name          string              `json:"name"`
	Active        bool                `json:"active,omitempty"`
	Inboxes       []id.Inbox          `json:"inboxes,omitempty"`
	When          When                `json:"when,omitempty" enum:"always,off_hours,unattended"`
	Greeting      setting.Text        `json:"greeting,omitempty"`
	Menu          string              `json:"menu,omitempty"`
	Threshold     *int                `json:"threshold,omitempty" doc:"0 to 100; 45 by default"`
	Suggest       *int                `json:"suggest,omitempty" doc:"0 to 5; 3 by default"`
	FailedTurns   *int                `json:"failedTurns,omitempty" doc:"1 to 10; 2 by default"`
	Words         map[string][]string `json:"words,omitempty" doc:"Words that ask for a person, by language; without them the built-in ones"`
	Button        *bool               `json:"button,omitempty"`
	ButtonAfter   int                 `json:"buttonAfter,omitempty"`
	Rate          *bool               `json:"rate,omitempty"`
	UnsolvedHands *bool               `json:"unsolvedHands,omitempty"`
	Team          id.Team             `json:"team,omitempty"`
	Nobody        Nobody              `json:"nobody,omitempty" enum:"wait,stay,leave"`
	Texts         Texts               `json:"texts,omitempty"`
	Menus         []Menu              `json:"menus,omitempty"`
	Engine        EngineInput         `json:"engine,omitempty"`
	// Version is the one that was read.
	Version int64 `json:"version,omitempty"`
}

// EngineInput is what is set for the answer engine.
type EngineInput struct {
	On             bool   `json:"on,omitempty"`
	BaseURL        string `json:"baseUrl,omitempty"`
	Model          string `json:"model,omitempty"`
	TimeoutSeconds *int   `json:"timeoutSeconds,omitempty" doc:"1 to 60; 15 by default"`
	MaxTokens      *int   `json:"maxTokens,omitempty" doc:"16 to 2000; 400 by default"`
	Passages       *int   `json:"passages,omitempty" doc:"1 to 8; 4 by default"`
	// Key replaces the key; without it the key stays, "" removes it.
	Key *string `json:"key,omitempty"`
	// KeySet is read only: it may come back as it was told.
	KeySet bool `json:"keySet,omitempty"`
}

func or[T any](v *T, otherwise T) T {
	if v == nil {
		return otherwise
	}
	return *v
}

// apply makes a robot of what is set, over one that was there.
func (in Input) apply(r Robot) Robot {
	r.Name, r.Active, r.Inboxes, r.Greeting, r.Menu, r.Words = strings.TrimSpace(in.Name), in.Active, in.Inboxes, in.Greeting, in.Menu, in.Words
	r.When, r.Nobody, r.Team, r.Texts, r.Menus, r.ButtonAfter = in.When, in.Nobody, in.Team, in.Texts, in.Menus, in.ButtonAfter
	if r.When == "" {
		r.When = Always
	}
	if r.Nobody == "" {
		r.Nobody = Wait
	}
	if r.Words == nil {
		r.Words = DefaultWords()
	}
	if r.Inboxes == nil {
		r.Inboxes = []id.Inbox{}
	}
	if r.Menus == nil {
		r.Menus = []Menu{}
	}
	r.Threshold, r.Suggest, r.FailedTurns = or(in.Threshold, nearEnough), or(in.Suggest, 3), or(in.FailedTurns, 2)
	r.Button, r.Rate, r.UnsolvedHands = or(in.Button, true), or(in.Rate, true), or(in.UnsolvedHands, true)
	e := in.Engine
	r.Engine = Engine{On: e.On, BaseURL: strings.TrimSpace(e.BaseURL), Model: strings.TrimSpace(e.Model), TimeoutSeconds: or(e.TimeoutSeconds, 15), MaxTokens: or(e.MaxTokens, 400), Passages: or(e.Passages, 4)}
	r.Key = or(e.Key, r.Key)
	r.Engine.KeySet = r.Key != ""
	r.Version = in.Version
	return r
}

// check finds the first thing that is wrong with a robot.
func (r *Robot) check() error {
	if n := utf8.RuneCountInString(r.Name); n < 1 || n > maxName || conversation.CleanText(r.Name) != r.Name {
		return errs.Field("name", "bad_name", "A name has 1 to %d characters.", maxName)
	}
	for _, x := range []struct {
		field         string
		v, least, top int
	}{{"threshold", r.Threshold, 0, 100}, {"suggest", r.Suggest, 0, 5}, {"failedTurns", r.FailedTurns, 1, 10}, {"buttonAfter", r.ButtonAfter, 0, 20},
		{"engine.timeoutSeconds", r.Engine.TimeoutSeconds, 1, int(mostEngine.Seconds())}, {"engine.maxTokens", r.Engine.MaxTokens, 16, 2000}, {"engine.passages", r.Engine.Passages, 1, 8},
		{"menus", len(r.Menus), 0, maxMenus}, {"inboxes", len(r.Inboxes), 0, maxInboxes}} {
		if x.v < x.least || x.v > x.top {
			return errs.Field(x.field, "out_of_range", "%d is not between %d and %d.", x.v, x.least, x.top)
		}
	}
	if !slices.Contains([]When{Always, OffHours, Unattended}, r.When) {
		return errs.Field("when", "unknown_when", "always, off_hours and unattended are known.")
	}
	if !slices.Contains([]Nobody{Wait, Stay, Leave}, r.Nobody) {
		return errs.Field("nobody", "unknown_nobody", "wait, stay and leave are known.")
	}
	for _, f := range []func() error{r.checkTexts, r.checkWords, r.checkMenus, r.checkEngine} {
		if err := f(); err != nil {
			return err
		}
	}
	return nil
}

func checkText(field string, t setting.Text, most int) error {
	for lang, s := range t {
		if lang != "" && !slices.Contains(setting.Languages, lang) {
			return errs.Field(field, "unknown_language", "%s are languages, and the empty one for all.", strings.Join(setting.Languages, ", "))
		}
		if n := utf8.RuneCountInString(s); n > most || !utf8.ValidString(s) {
			return errs.Field(field, "text_too_long", "The text has %d characters; %d are allowed.", n, most)
		}
	}
	return nil
}

func (r *Robot) checkTexts() error {
	for field, t := range map[string]setting.Text{"greeting": r.Greeting, "texts.unknown": r.Texts.Unknown, "texts.handing": r.Texts.Handing, "texts.waiting": r.Texts.Waiting,
		"texts.nobody": r.Texts.Nobody, "texts.solved": r.Texts.Solved, "texts.unsolved": r.Texts.Unsolved} {
		if err := checkText(field, t, maxSaid); err != nil {
			return err
		}
	}
	return checkText("texts.suggest", r.Texts.Suggest, maxHeading)
}

func (r *Robot) checkWords() error {
	for lang, list := range r.Words {
		if !slices.Contains(setting.Languages, lang) {
			return errs.Field("words", "unknown_language", "%s are languages.", strings.Join(setting.Languages, ", "))
		}
		if len(list) > maxWords {
			return errs.Field("words", "too_many_words", "%d words; %d are allowed.", len(list), maxWords)
		}
		for _, w := range list {
			if n := utf8.RuneCountInString(w); n > maxWord || fold(w) == "" {
				return errs.Field("words", "bad_word", "A word has 1 to %d characters.", maxWord)
			}
		}
	}
	return nil
}

// checkMenus also makes sure that every item has a name of its own: it is all that a
// visitor's choice tells.
func (r *Robot) checkMenus() error {
	seen := map[string]bool{}
	for i, m := range r.Menus {
		at := fmt.Sprintf("menus.%d", i)
		if m.ID == "" || len(m.ID) > 64 || seen["menu "+m.ID] {
			return errs.Field(at, "bad_id", "Every menu has an id of its own.")
		}
		seen["menu "+m.ID] = true
		if len(m.Items) > maxItems {
			return errs.Field(at, "too_many_items", "%d items; %d are allowed.", len(m.Items), maxItems)
		}
		if err := checkText(at+".title", m.Title, maxHeading); err != nil {
			return err
		}
		for k, item := range m.Items {
			where := fmt.Sprintf("%s.items.%d", at, k)
			if item.ID == "" || len(item.ID) > 64 || seen[item.ID] || strings.HasPrefix(item.ID, chosen) {
				return errs.Field(where, "bad_id", "Every item has an id of its own, which does not begin with %q.", chosen)
			}
			seen[item.ID] = true
			if err := r.checkItem(where, item); err != nil {
				return err
			}
		}
	}
	if _, ok := r.menu(r.Menu); r.Menu != "" && !ok {
		return errs.Field("menu", "menu_not_found", "There is no menu %q.", clip(r.Menu, 64))
	}
	return nil
}

func (r *Robot) checkItem(field string, item Item) error {
	if title(item.Title, "") == "" {
		return errs.Field(field, "no_title", "An item needs a title.")
	}
	if err := checkText(field+".title", item.Title, maxLabel); err != nil {
		return err
	}
	if err := checkText(field+".text", item.Text, maxSaid); err != nil {
		return err
	}
	_, known := r.menu(item.Menu)
	full := map[string]bool{DoesAnswer: item.Article != "", DoesMenu: known, DoesText: title(item.Text, "") != "", DoesTeam: item.Team != "", DoesHuman: true,
		DoesLink: item.Link != ""}
	ok, does := full[item.Does]
	if !does {
		return errs.Field(field, "unknown_does", "answer, menu, text, team, human and link are known.")
	}
	if !ok {
		return errs.Field(field, "no_target", "The item does not say what it leads to.")
	}
	// It is read in mails and apps too, where a path leads nowhere.
	if u, _, _ := strings.Cut(item.Link, "://"); item.Does == DoesLink && (ext.Link(item.Link) == "" || u != "https" && u != "http") {
		return errs.Field(field+".link", "bad_link", "This is not an address that starts with https:// or http://.")
	}
	return nil
}

func (r *Robot) checkEngine() error {
	e := r.Engine
	u, err := url.Parse(e.BaseURL)
	if e.BaseURL != "" && (err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || len(e.BaseURL) > maxAddress) {
		return errs.Field("engine.baseUrl", "bad_address", "This is not an address of the web.")
	}
	if e.On && (e.BaseURL == "" || e.Model == "") {
		return errs.Field("engine.on", "engine_incomplete", "The engine needs an address and a model.")
	}
	if len(e.Model) > maxModel || len(r.Key) > maxKey || strings.ContainsFunc(r.Key, func(c rune) bool { return c <= ' ' || c > '~' }) {
		return errs.Field("engine.key", "bad_key", "The model has at most %d characters, the key %d of ASCII.", maxModel, maxKey)
	}
	return nil
}

var errAdminOnly = errs.New(errs.Forbidden, "not_allowed", "Your role does not allow changing robots.")

// List returns the robots of a company.
func (s *Service) List(ctx context.Context, who actor.Actor) (list []Robot, err error) {
	if !who.Can(actor.Administer) {
		return nil, errAdminOnly
	}
	return s.Store.Robots(ctx, who.Tenant)
}

// Robot returns one robot.
func (s *Service) Robot(ctx context.Context, who actor.Actor, name string) (r Robot, err error) {
	if !who.Can(actor.Administer) {
		return r, errAdminOnly
	}
	return s.Store.Robot(ctx, who.Tenant, name)
}

// Add makes a robot, and the agent as which it answers. Errors: Conflict
// "inbox_taken", "too_many_robots".
func (s *Service) Add(ctx context.Context, who actor.Actor, in Input) (r Robot, err error) {
	defer errs.Wrap(&err, "robot.Add")
	if !who.Can(actor.Administer) {
		return r, errAdminOnly
	}
	in.Version = 0
	now := s.Clock.Now()
	return s.save(ctx, who, in.apply(Robot{ID: id.New(), Tenant: who.Tenant, Agent: id.NewRobot(), CreatedAt: now, UpdatedAt: now}))
}

// Change replaces a robot. One that is switched off hands over what it has. Errors:
// NotFound "robot_not_found"; Conflict "changed_meanwhile", "inbox_taken"; Invalid
// "key_again" if the engine is another server and its key is not given.
func (s *Service) Change(ctx context.Context, who actor.Actor, name string, in Input) (r Robot, err error) {
	defer errs.Wrap(&err, "robot.Change")
	if r, err = s.Robot(ctx, who, name); err != nil {
		return r, err
	}
	if in.Version < 1 || in.Version != r.Version {
		return r, errs.New(errs.Conflict, "changed_meanwhile", "The robot was changed meanwhile. Load it again.")
	}
	if in.Engine.Key == nil && r.Key != "" && origin(in.Engine.BaseURL) != origin(r.Engine.BaseURL) {
		return r, errs.Field("engine.key", "key_again", "Give the key again: it was for another server.")
	}
	if r = in.apply(r); !r.Active {
		defer func() {
			if err == nil {
				err = s.sweepOne(ctx, r, atOnce)
			}
		}()
	}
	r.UpdatedAt = s.Clock.Now()
	r, err = s.save(ctx, who, r)
	return r, err
}

// origin is the server of an address: a key that is kept belongs to it, and goes to no
// other because somebody changes the address.
func origin(address string) string {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Scheme + "://" + u.Host)
}

// atOnce is how many conversations a robot that is switched off hands over at once; the
// others follow within seconds.
const atOnce = 50

func (s *Service) save(ctx context.Context, who actor.Actor, r Robot) (Robot, error) {
	if err := r.check(); err != nil {
		return r, err
	}
	if r.Engine.On {
		if err := s.Engines.Check(r.ask()); err != nil {
			return r, errs.Field("engine."+errs.FieldOf(err), errs.ReasonOf(err), "%s", errs.MessageOf(err))
		}
	}
	book, err := s.Accounts.Book(ctx, r.Tenant)
	if err != nil {
		return r, err
	}
	if err := teamsKnown(book, r); err != nil {
		return r, err
	}
	if r, err = s.Store.SaveRobot(ctx, r, MaxRobots, audit.Of(who, s.Clock.Now())); err == nil {
		s.Accounts.RobotsChanged(r.Tenant)
	}
	return r, err
}

// teamsKnown refuses items that lead to no team.
func teamsKnown(book *account.Book, r Robot) error {
	for _, m := range r.Menus {
		for _, i := range m.Items {
			if _, ok := book.Teams[i.Team]; i.Team != "" && !ok {
				return errs.Field("menus", "team_not_found", "There is no team %q.", clip(string(i.Team), 64))
			}
		}
	}
	return nil
}

// Remove deletes a robot that is switched off and has no conversation any more. What it
// said stays. Errors: NotFound "robot_not_found"; Conflict "robot_in_use".
func (s *Service) Remove(ctx context.Context, who actor.Actor, name string) (err error) {
	defer errs.Wrap(&err, "robot.Remove")
	if !who.Can(actor.Administer) {
		return errAdminOnly
	}
	if err = s.Store.DeleteRobot(ctx, who.Tenant, name, audit.Of(who, s.Clock.Now())); err == nil {
		s.Accounts.RobotsChanged(who.Tenant)
	}
	return err
}

// TryInput is what a robot is tried with: a text, an item of a menu, or a rating.
type TryInput struct {
	Text   string
	Item   string
	Solved *bool
	Locale string
	Inbox  id.Inbox
	Failed int
}

// Tried is what it would do.
type Tried struct {
	Replies []Reply
	HandOff bool
	Team    id.Team
	Failed  int
}

// Try tells what a robot would do about a message. Nothing is kept, told or counted;
// without a text, an item and a rating it is the greeting. Whoever asks for a person is
// answered as if somebody were there.
func (s *Service) Try(ctx context.Context, who actor.Actor, name string, in TryInput) (got Tried, err error) {
	defer errs.Wrap(&err, "robot.Try")
	r, err := s.Robot(ctx, who, name)
	if err != nil {
		return got, err
	}
	lang := Language(in.Locale)
	w := &words{s: s, r: &r, lang: lang}
	hand := func(team id.Team) (Tried, error) {
		reply, _, err := w.handing(ctx, true)
		if team == "" {
			team = r.Team
		}
		got.Replies, got.HandOff, got.Team = append(got.Replies, reply), true, team
		return got, err
	}
	switch {
	case in.Solved != nil && !*in.Solved && r.UnsolvedHands:
		return hand("")
	case in.Solved != nil:
		got.Replies, got.Failed = []Reply{r.thanks(*in.Solved, lang)}, in.Failed
		return got, nil
	case in.Text == "" && in.Item == "":
		got.Replies, _ = r.greeting(lang)
		return got, nil
	}
	out, err := s.respond(ctx, &r, State{Failed: max(in.Failed, 0), Menu: r.everything(lang)}, input{tenant: who.Tenant, inbox: in.Inbox, lang: lang, text: conversation.CleanText(in.Text), choice: in.Item})
	if err != nil {
		return got, err
	}
	got.Replies, got.Failed = out.replies, out.state.Failed
	if out.hand {
		return hand(out.team)
	}
	return got, nil
}

// everything is the greeting menu, from which can be chosen at first.
func (r *Robot) everything(lang string) []Choice {
	_, choices := r.greeting(lang)
	return choices
}
