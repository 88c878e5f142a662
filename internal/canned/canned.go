// Package canned holds what agents send again and again: canned replies (常用语)
// and common pictures (常用图片), in trees of categories. An entry is personal,
// of a team, or of the whole company.
package canned

import (
	"time"

	"parlor/internal/id"
)

// Kind is what sort of thing an entry is.
type Kind string

// The kinds of entry.
const (
	// Reply is a text, with a file if there is one.
	Reply Kind = "reply"
	// Picture is a file with a name.
	Picture Kind = "picture"
)

// Scope says for whom an entry is.
type Scope string

// The scopes, in the order in which they are offered.
const (
	Personal Scope = "personal"
	Team     Scope = "team"
	Company  Scope = "company"
)

// Bounds, in characters and rows.
const (
	MaxTitle    = 100
	MaxShortcut = 100
	MaxText     = 10000
	MaxName     = 60
	// MaxTags and MaxTag bound the tags of an entry and the characters of one.
	MaxTags = 20
	MaxTag  = 100
	// MaxDepth is how deep categories may be nested.
	MaxDepth = 5
	// MaxPersonal and MaxShared bound the entries of an owner.
	MaxPersonal = 500
	MaxShared   = 5000
	// MaxCategories bounds the categories of an owner.
	MaxCategories = 200
)

// Shelf is where entries lie: those of one kind and one owner.
type Shelf struct {
	Kind  Kind  `json:"kind" enum:"reply,picture"`
	Scope Scope `json:"scope" enum:"personal,team,company"`
	// Owner is an agent or a team; empty for the company.
	Owner string `json:"owner,omitempty"`
}

// most is how many entries the shelf holds at most.
func (s Shelf) most() int {
	if s.Scope == Personal {
		return MaxPersonal
	}
	return MaxShared
}

// Category is a node of the tree of a shelf.
type Category struct {
	ID     string    `json:"id"`
	Tenant id.Tenant `json:"-"`
	Shelf
	// Parent is the category above, empty at the top.
	Parent string `json:"parent,omitempty"`
	Name   string `json:"name"`
	// Sort orders the children of a parent, lowest first.
	Sort      int       `json:"sort"`
	CreatedAt time.Time `json:"createdAt"`
}

// File is the file of an entry.
type File struct {
	ID     id.File `json:"id"`
	Name   string  `json:"name"`
	Type   string  `json:"type"`
	Size   int64   `json:"size"`
	Width  int     `json:"width,omitempty"`
	Height int     `json:"height,omitempty"`
}

// Entry is one canned reply or common picture.
type Entry struct {
	ID     string    `json:"id"`
	Tenant id.Tenant `json:"-"`
	Shelf
	// Category is where it lies in the tree, empty at the top.
	Category string `json:"category,omitempty"`
	Title    string `json:"title"`
	// Shortcut is what is typed behind a slash; may be empty.
	Shortcut string `json:"shortcut"`
	// Text may hold variables, see Expand.
	Text string `json:"text"`
	// Language restricts the entry to agents of that language; empty means all.
	Language string `json:"language,omitempty"`
	File     *File  `json:"-"`
	// Tags are ids of the company's tags or words of one's own.
	Tags []string `json:"tags,omitempty"`
	// Visitors offers a reply of the company to visitors while they type.
	Visitors bool `json:"visitors,omitempty"`
	// Initials are the first letters of the title's words, Chinese by their sound.
	Initials string `json:"-"`
	// Uses counts how often all agents have used it.
	Uses      int       `json:"uses"`
	CreatedAt time.Time `json:"createdAt"`
	// CreatedBy is empty for what came with the company.
	CreatedBy id.Agent  `json:"createdBy,omitempty"`
	UpdatedAt time.Time `json:"updatedAt"`
	UpdatedBy id.Agent  `json:"updatedBy,omitempty"`
}

// Use counts how often an agent has used an entry.
type Use struct {
	Entry  string
	Uses   int
	LastAt time.Time
}

// Offer is an entry as an agent is offered it.
type Offer struct {
	Entry
	// Mine is how often the agent has used it, UsedAt when last.
	Mine   int        `json:"mine"`
	UsedAt *time.Time `json:"usedAt,omitempty"`
	// Editable says whether the agent may change it.
	Editable bool `json:"editable"`
}

// Changed is the payload of event.CannedChanged: a shelf is to be read anew.
type Changed struct {
	Shelf
	// Entry, if set, is the one that was saved; Gone says that it was deleted.
	Entry string `json:"entry,omitempty"`
	Gone  bool   `json:"gone,omitempty"`
}
