// Package robot answers visitors before people do: with menus and with answers
// from the company's articles, and hands over to people when it is asked to, when it
// does not understand, and when an answer did not help.
//
// A robot speaks as an agent of its own. Routing gives a new conversation to the
// robot of its inbox; a turn answers what the visitor has said since the last one,
// in order and never twice, beside the visitor's messages and not within them. After
// it has handed over it never gets the conversation back. docs/robot.md has the rules.
package robot

import (
	"time"

	"parlor/internal/id"
	"parlor/internal/setting"
)

// When says at what times a robot receives visitors.
type When string

// The times.
const (
	Always When = "always"
	// OffHours is outside the working hours of the inbox.
	OffHours When = "off_hours"
	// Unattended is while nobody could answer.
	Unattended When = "unattended"
)

// Nobody says what a robot does with a visitor who asks for a person while nobody is there.
type Nobody string

// What is done then.
const (
	// Wait brings the visitor into the queue nevertheless.
	Wait Nobody = "wait"
	// Stay keeps the visitor with the robot, which says so.
	Stay Nobody = "stay"
	// Leave asks to leave a message, in the words of the offline form.
	Leave Nobody = "leave"
)

// What a menu item does.
const (
	DoesAnswer = "answer"
	DoesMenu   = "menu"
	DoesText   = "text"
	DoesTeam   = "team"
	DoesHuman  = "human"
	DoesLink   = "link"
)

// The rules by which a robot says something.
const (
	RuleGreeting = "greeting"
	RuleAnswer   = "answer"
	RuleSuggest  = "suggest"
	RuleMenu     = "menu"
	RuleUnknown  = "unknown"
	RuleHanding  = "handing"
	RuleEngine   = "engine"
	RuleText     = "text"
	// RuleLeave offers to leave a message, which the inbox takes.
	RuleLeave = "leave"
)

// Robot is one robot of a company.
type Robot struct {
	ID     string    `json:"id"`
	Tenant id.Tenant `json:"-"`
	// Agent is the agent as which it answers.
	Agent id.Agent `json:"agent"`
	// Name is what visitors see.
	Name   string `json:"name"`
	Active bool   `json:"active"`
	// Inboxes are those whose visitors it receives.
	Inboxes []id.Inbox `json:"inboxes"`
	When    When       `json:"when" enum:"always,off_hours,unattended"`
	// Greeting is its first word and Menu the menu below it; both may be empty.
	Greeting setting.Text `json:"greeting,omitempty"`
	Menu     string       `json:"menu,omitempty"`
	// Threshold is the score from which an article is the answer.
	Threshold int `json:"threshold"`
	// Suggest is how many articles are offered below it.
	Suggest int `json:"suggest"`
	// FailedTurns is how many messages in a row it does not understand before it hands over.
	FailedTurns int `json:"failedTurns"`
	// Words ask for a person, by language.
	Words map[string][]string `json:"words,omitempty"`
	// Button offers a person, after as many messages of the visitor as ButtonAfter says.
	Button      bool `json:"button"`
	ButtonAfter int  `json:"buttonAfter"`
	// Rate asks whether an answer helped; UnsolvedHands hands over if it did not.
	Rate          bool `json:"rate"`
	UnsolvedHands bool `json:"unsolvedHands"`
	// Team takes what it hands over, "" for that of the inbox.
	Team    id.Team `json:"team,omitempty"`
	Nobody  Nobody  `json:"nobody" enum:"wait,stay,leave"`
	Texts   Texts   `json:"texts"`
	Menus   []Menu  `json:"menus"`
	Engine  Engine  `json:"engine"`
	Version int64   `json:"version"`

	CreatedAt time.Time `json:"createdAt"`
	UpdatedAt time.Time `json:"updatedAt"`
	// Key is that of the engine; it is told to nobody.
	Key string `json:"-"`
}

// Texts are what a robot says; an empty one is the built-in one.
type Texts struct {
	Unknown  setting.Text `json:"unknown,omitempty"`
	Suggest  setting.Text `json:"suggest,omitempty"`
	Handing  setting.Text `json:"handing,omitempty"`
	Waiting  setting.Text `json:"waiting,omitempty"`
	Nobody   setting.Text `json:"nobody,omitempty"`
	Solved   setting.Text `json:"solved,omitempty"`
	Unsolved setting.Text `json:"unsolved,omitempty"`
}

// Menu is a list to choose from.
type Menu struct {
	ID    string       `json:"id" minLength:"1" maxLength:"64"`
	Title setting.Text `json:"title,omitempty"`
	Items []Item       `json:"items" maxItems:"20"`
}

// Item is one choice.
type Item struct {
	ID    string       `json:"id" minLength:"1" maxLength:"64"`
	Title setting.Text `json:"title"`
	Does  string       `json:"does" enum:"answer,menu,text,team,human,link"`
	// Article, Menu, Team, Text and Link are what it leads to.
	Article string       `json:"article,omitempty" maxLength:"64"`
	Menu    string       `json:"menu,omitempty" maxLength:"64"`
	Team    id.Team      `json:"team,omitempty" maxLength:"64"`
	Text    setting.Text `json:"text,omitempty"`
	Link    string       `json:"link,omitempty" maxLength:"2000"`
}

// Engine is what is set for the answer engine.
type Engine struct {
	On      bool   `json:"on"`
	BaseURL string `json:"baseUrl,omitempty"`
	Model   string `json:"model,omitempty"`
	// TimeoutSeconds bounds one answer, MaxTokens its length, Passages what it is made of.
	TimeoutSeconds int `json:"timeoutSeconds"`
	MaxTokens      int `json:"maxTokens"`
	Passages       int `json:"passages"`
	// KeySet says that there is a key.
	KeySet bool `json:"keySet"`
}

// menu returns a menu of the robot.
func (r *Robot) menu(name string) (Menu, bool) {
	for _, m := range r.Menus {
		if m.ID == name {
			return m, true
		}
	}
	return Menu{}, false
}

// item returns an item of any menu.
func (r *Robot) item(name string) (Item, bool) {
	for _, m := range r.Menus {
		for _, i := range m.Items {
			if i.ID == name {
				return i, true
			}
		}
	}
	return Item{}, false
}
