// Package knowledge holds what a company's robots and agents answer with: articles,
// each with the wordings in which visitors ask for it, in a tree of categories. It
// finds the articles that fit a question. What is said to whom and when is not
// decided here.
package knowledge

import (
	"time"

	"parlor/internal/id"
)

// Bounds, in characters and rows.
const (
	MaxTitle     = 200
	MaxQuestion  = 200
	MaxQuestions = 50
	MaxAnswer    = 10000
	MaxLink      = 2000
	MaxLinkTitle = 100
	MaxRelated   = 5
	MaxInboxes   = 100
	MaxName      = 60
	// MaxDepth is how deep categories may be nested.
	MaxDepth = 4
	// MaxCategories, MaxArticles and MaxWordings bound what a company has. Titles
	// and questions are wordings.
	MaxCategories = 500
	MaxArticles   = 5000
	MaxWordings   = 50000
	// MaxFound is how many articles a search returns at most, MaxText how much of a
	// question is looked at.
	MaxFound = 10
	MaxText  = 500
)

// Category is a node of the tree.
type Category struct {
	ID     string    `json:"id"`
	Tenant id.Tenant `json:"-"`
	// Parent is the category above, empty at the top.
	Parent string `json:"parent,omitempty"`
	Name   string `json:"name"`
	// Sort orders the children of a parent, lowest first.
	Sort      int       `json:"sort"`
	CreatedAt time.Time `json:"createdAt"`
}

// File is the picture of an article.
type File struct {
	ID     id.File `json:"id"`
	Name   string  `json:"name"`
	Type   string  `json:"type"`
	Size   int64   `json:"size"`
	Width  int     `json:"width,omitempty"`
	Height int     `json:"height,omitempty"`
}

// Article is one answer with the questions that it answers.
type Article struct {
	ID     string    `json:"id"`
	Tenant id.Tenant `json:"-"`
	// Category is where it lies in the tree, empty at the top.
	Category string `json:"category,omitempty"`
	// Title is the usual wording of the question, Questions are the others.
	Title     string   `json:"title"`
	Questions []string `json:"questions"`
	// Answer is plain text with line breaks.
	Answer string `json:"answer"`
	// Link is an address with more to read, LinkTitle what it is called.
	Link      string `json:"link,omitempty"`
	LinkTitle string `json:"linkTitle,omitempty"`
	Picture   *File  `json:"picture,omitempty"`
	// Related are the ids of articles that may be asked for next.
	Related []string `json:"related"`
	// Inboxes are those whose visitors it is for; none means all.
	Inboxes []id.Inbox `json:"inboxes"`
	// Locale is its language; "" is for all.
	Locale string `json:"locale"`
	// Active articles are found; the others only stand in the list.
	Active bool `json:"active"`
	// Version grows with each change.
	Version int `json:"version"`
	// Asked, Solved and Unsolved count how often it was given as an answer and what
	// visitors said of it.
	Asked    int `json:"asked"`
	Solved   int `json:"solved"`
	Unsolved int `json:"unsolved"`
	// Used counts how often an agent sent it.
	Used      int       `json:"used"`
	CreatedAt time.Time `json:"createdAt"`
	UpdatedAt time.Time `json:"updatedAt"`
	UpdatedBy id.Agent  `json:"updatedBy,omitempty"`
}

// wordings are the title and the questions.
func (a Article) wordings() []string { return append([]string{a.Title}, a.Questions...) }

// Text is what finding needs of an article.
type Text struct {
	Article   string
	Category  string
	Title     string
	Questions []string
	Inboxes   []id.Inbox
	Locale    string
	Active    bool
}

// Happening is what is counted of an article.
type Happening string

// What is counted.
const (
	Asked    Happening = "asked"
	Solved   Happening = "solved"
	Unsolved Happening = "unsolved"
	Used     Happening = "used"
)

// Changed says that articles or categories of a tenant were changed.
type Changed struct{}
