// Package audit says what was changed, by whom, and what it was before, and who
// looked at what is delicate. An entry is written in the transaction of its change: there is no change without
// its entry and no entry without its change.
package audit

import (
	"encoding/json"
	"time"

	"parlor/internal/actor"
	"parlor/internal/id"
)

// By is who makes a change. The zero By is the installation itself, whose
// changes (first start, imports of a whole database) are not recorded.
type By struct {
	Kind actor.Kind
	// ID is the agent's id, empty for a command of the installation.
	ID string
	// Name is the name at the time of the change.
	Name string
	At   time.Time
}

// None is for changes that nobody made.
var None By

// Of returns who as the maker of a change at a time.
func Of(who actor.Actor, at time.Time) By {
	return By{Kind: who.Kind, ID: string(who.Agent), Name: who.Name, At: at}
}

// Entry is one change.
type Entry struct {
	ID     string     `json:"id"`
	Tenant id.Tenant  `json:"-"`
	At     time.Time  `json:"at"`
	By     string     `json:"by"`
	ByKind actor.Kind `json:"byKind" enum:"agent,system"`
	ByName string     `json:"byName"`
	// Action is "create", "update" or "delete"; "read" is for what not everybody should
	// look at unnoticed.
	Action string `json:"action" enum:"create,update,delete,read"`
	// Thing is what kind of thing it is about: "tenant", "inbox", "team",
	// "agent", "role", "api_client" or another domain's.
	Thing   string `json:"thing"`
	ThingID string `json:"thingId"`
	// Name is the thing's name after the change.
	Name string `json:"name"`
	// Before and After are the thing as JSON; Before is absent for a new thing,
	// After for a deleted one.
	Before json.RawMessage `json:"before,omitempty"`
	After  json.RawMessage `json:"after,omitempty"`
}

// Filter selects entries; a zero field is open.
type Filter struct {
	Thing   string
	ThingID string
	By      string
	// From and To, which is left out itself, restrict the time.
	From, To time.Time
	// After is the cursor of the previous page.
	After string
	Limit int
}
