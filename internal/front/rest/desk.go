package rest

import (
	"parlor/internal/canned"
	"parlor/internal/clock"
)

// Desk are the services of the agent's desk.
type Desk struct {
	Canned *canned.Service
	Clock  clock.Clock
}

// desk registers the calls of the agent's desk.
func (a *API) desk() {
	a.cannedReplies()
	a.commonPictures()
}
