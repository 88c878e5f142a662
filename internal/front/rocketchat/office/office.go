// Package office is the part of the Rocket.Chat front that administrators use: log-in, users,
// roles, departments, units, tags, fields, settings and the webhook.
package office

import (
	"sync"

	"parlor/internal/front/rocketchat/contract"
)

// Front is this part of the front.
type Front struct {
	*contract.Kit
	// staffed are the companies that have the contract's own user.
	staffed sync.Map
}

// Mount adds the calls of administrators to the kit.
func Mount(kit *contract.Kit) {
	f := &Front{Kit: kit}
	f.session()
	f.options()
	f.webhooks()
	f.statuses()
	f.users()
	f.tokens()
	f.agentCalls()
	f.roleCalls()
	f.departmentCalls()
	f.tagCalls()
	f.unitCalls()
	f.customFields()
	f.hourCalls()
	f.triggers()
	f.mailboxes()
	f.mailer()
	f.statistics()
	f.apps()
}
