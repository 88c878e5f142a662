package rest

import (
	"parlor/internal/blacklist"
	"parlor/internal/canned"
	"parlor/internal/clock"
	"parlor/internal/colleague"
	"parlor/internal/contact"
	"parlor/internal/field"
	"parlor/internal/knowledge"
	"parlor/internal/summary"
	"parlor/internal/tag"
)

// Desk are the services of the agent's desk.
type Desk struct {
	Blacklist  *blacklist.Service
	Contacts   *contact.Service
	Canned     *canned.Service
	Tags       *tag.Service
	Colleagues *colleague.Service
	Summaries  *summary.Service
	Fields     *field.Service
	Knowledge  *knowledge.Service
	Clock      clock.Clock
}

// desk registers the calls of the agent's desk.
func (a *API) desk() {
	a.cannedReplies()
	a.commonPictures()
	a.tags()
	a.marks()
	a.colleagues()
	a.blacklist()
	a.summaries()
	a.fields()
	a.card()
	a.contacts()
	a.words()
	a.knowledge()
}
