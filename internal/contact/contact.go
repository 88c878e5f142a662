// Package contact holds the people a company knows. A visitor is somebody on one
// channel; a contact is the person behind one or several of them, with names,
// addresses, values of the company's fields, and an agent who looks after it.
//
// The first conversation of a visitor makes an unknown contact, or joins the one
// that was entered with the visitor's address and has no channel yet. An unknown
// contact follows what the visitor says; once somebody has confirmed it, what a
// visitor says otherwise is kept as a conflict for an agent to settle.
package contact

import (
	"maps"
	"slices"
	"time"

	"parlor/internal/actor"
	"parlor/internal/id"
	"parlor/internal/mask"
)

// Bounds, in characters and rows.
const (
	MaxName  = 200
	MaxEmail = 254
	MaxPhone = 40
	// MaxPoints bounds the e-mail addresses, and the phone numbers, of a contact.
	MaxPoints = 20
	// MaxConflicts bounds the conflicts of a contact: older ones go.
	MaxConflicts = 50
	// MaxChannels bounds the channels that are read of a contact.
	MaxChannels = 200
	// MaxFound is how many contacts are looked through for a part of a name.
	MaxFound = 10_000
)

// Contact is one person.
type Contact struct {
	ID     id.Contact `json:"id"`
	Tenant id.Tenant  `json:"-"`
	Name   string     `json:"name"`
	Emails []string   `json:"emails"`
	Phones []string   `json:"phones"`
	// Manager is the agent who looks after the contact, empty for nobody.
	Manager id.Agent `json:"manager,omitempty"`
	// Unknown contacts were made by a conversation; nobody has confirmed them yet.
	Unknown bool `json:"unknown"`
	// Fields are values of visitor fields by key; some may be of fields that are gone.
	Fields    map[string]string `json:"fields"`
	Conflicts []Conflict        `json:"conflicts"`
	Channels  []Channel         `json:"channels"`
	// External is its id in the system that it was imported from.
	External  string    `json:"external,omitempty"`
	CreatedAt time.Time `json:"createdAt"`
	UpdatedAt time.Time `json:"updatedAt"`
	// LastChat is the newest conversation of any channel.
	LastChat *Last `json:"lastChat,omitempty"`
}

// Last is a conversation and when it began.
type Last struct {
	Conversation id.Conversation `json:"conversation"`
	At           time.Time       `json:"at"`
}

// Channel is a way on which the contact has written: a visitor and where its
// conversations come from.
type Channel struct {
	Visitor id.Visitor `json:"visitor"`
	// Source is the channel of the conversations, such as "web" or "api".
	Source   string `json:"source"`
	Verified bool   `json:"verified"`
	// Blocked channels begin no conversation.
	Blocked   bool      `json:"blocked"`
	CreatedAt time.Time `json:"createdAt"`
	LastChat  *Last     `json:"lastChat,omitempty"`
}

// The fields of conflicts that are not fields of visitors, and what the names of
// those begin with.
const (
	FieldName    = "name"
	FieldManager = "manager"
	FieldPrefix  = "fields."
)

// Conflict is a value that was said by a visitor and differs from what is known.
type Conflict struct {
	Field string `json:"field" doc:"name, manager, or fields. and the key of a visitor field"`
	Value string `json:"value"`
}

// For returns c as an agent may see it: without actor.Contact its numbers and
// addresses are masked.
func (c Contact) For(who actor.Actor) Contact {
	if who.Kind != actor.Agent || who.Can(actor.Contact) {
		return c
	}
	c.Emails, c.Phones = slices.Clone(c.Emails), slices.Clone(c.Phones)
	for i := range c.Emails {
		c.Emails[i] = mask.Email(c.Emails[i])
	}
	for i := range c.Phones {
		c.Phones[i] = mask.Phone(c.Phones[i])
	}
	return c
}

// Visitors are the visitors that the contact is, each once.
func (c Contact) Visitors() (list []id.Visitor) {
	for _, ch := range c.Channels {
		if !slices.Contains(list, ch.Visitor) {
			list = append(list, ch.Visitor)
		}
	}
	return list
}

// Facts are what was said of a visitor; what is empty was not said.
type Facts struct {
	Name, Email, Phone string
	// Fields are values by key; an empty one was taken back.
	Fields map[string]string
	// Sure replaces what is known of a confirmed contact too.
	Sure bool
}

// Learn takes over what was said and reports whether anything is different now.
func (c *Contact) Learn(f Facts) (changed bool) {
	if f.Name != "" && f.Name != c.Name {
		if c.Unknown || f.Sure {
			c.Name = f.Name
			changed = true
		} else {
			changed = c.conflict(FieldName, f.Name)
		}
	}
	if f.Email != "" && !slices.Contains(c.Emails, f.Email) && len(c.Emails) < MaxPoints {
		c.Emails, changed = append(c.Emails, f.Email), true
	}
	if f.Phone != "" && !slices.Contains(c.Phones, f.Phone) && len(c.Phones) < MaxPoints {
		c.Phones, changed = append(c.Phones, f.Phone), true
	}
	for _, key := range slices.Sorted(maps.Keys(f.Fields)) {
		if c.learnField(key, f.Fields[key], f.Sure) {
			changed = true
		}
	}
	return changed
}

func (c *Contact) learnField(key, value string, sure bool) bool {
	old := c.Fields[key]
	switch {
	case value == old:
		return false
	case value == "" && (c.Unknown || sure):
		delete(c.Fields, key)
	case value == "":
		return false
	case old == "" || sure:
		if c.Fields == nil {
			c.Fields = map[string]string{}
		}
		c.Fields[key] = value
	default:
		return c.conflict(FieldPrefix+key, value)
	}
	return true
}

// conflict notes a value that differs, once.
func (c *Contact) conflict(field, value string) bool {
	x := Conflict{field, value}
	if slices.Contains(c.Conflicts, x) {
		return false
	}
	c.Conflicts = append(c.Conflicts, x)
	if n := len(c.Conflicts) - MaxConflicts; n > 0 {
		c.Conflicts = slices.Delete(c.Conflicts, 0, n)
	}
	return true
}

// settle drops the conflicts of a field.
func (c *Contact) settle(field string) {
	c.Conflicts = slices.DeleteFunc(c.Conflicts, func(x Conflict) bool { return x.Field == field })
}

// Changed is the payload of event.ContactChanged.
type Changed struct {
	Contact id.Contact `json:"contact"`
	// Visitors are those that the contact is.
	Visitors []id.Visitor `json:"visitors"`
}
