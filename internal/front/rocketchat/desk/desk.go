// Package desk is the part of the Rocket.Chat front that agents work with: rooms, the queue,
// messages, priorities, what is known of visitors, and the dashboards.
package desk

import "parlor/internal/front/rocketchat/contract"

// Front is this part of the front.
type Front struct{ *contract.Kit }

// Mount adds the calls of agents to the kit.
func Mount(kit *contract.Kit) {
	f := &Front{Kit: kit}
	f.chat()
	f.roomLists()
	f.roomActions()
	f.roomPast()
	f.inquiries()
	f.routingCalls()
	f.priorities()
	f.roomMethods()
	f.guestsForAgents()
	f.guestSearch()
	f.calls()
	f.analytics()
	f.cannedResponses()
	f.contacts()
	f.visitorContacts()
	f.records()
	f.groups()
}
