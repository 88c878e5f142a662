// Package actor says who does something. An Actor is made by a front from a
// checked credential, never from a payload, and is passed explicitly.
package actor

import "parlor/internal/id"

// Kind is what sort of party acts.
type Kind string

// The kinds of actor.
const (
	Visitor Kind = "visitor"
	Agent   Kind = "agent"
	System  Kind = "system"
)

// Permission is one thing a role may do.
type Permission string

// The permissions that exist. A role is a set of them.
const (
	// Reply allows serving conversations: taking, answering, closing one's own.
	Reply Permission = "conversation.reply"
	// SeeAll allows reading conversations of other agents and teams.
	SeeAll Permission = "conversation.see_all"
	// Manage allows closing and transferring conversations of others.
	Manage Permission = "conversation.manage"
	// Content allows changing what all agents share: the company's canned replies
	// and pictures, tags, session types and visitor fields.
	Content Permission = "content.manage"
	// Administer allows changing agents, teams, inboxes and settings.
	Administer Permission = "account.administer"
	// Invite allows inviting visitors who look at a page.
	Invite Permission = "visitor.invite"
	// Block allows refusing visitors for a time or for ever.
	Block Permission = "visitor.block"
	// Contact allows seeing phone numbers and e-mail addresses of visitors whole.
	Contact Permission = "visitor.contact"
	// Export allows taking lists away as files: whatever of them one may read.
	Export Permission = "data.export"
	// Audit allows reading who changed what.
	Audit Permission = "audit.read"
)

// Permissions returns all permissions in the order in which they are offered.
func Permissions() []Permission {
	return []Permission{Reply, Invite, Block, Contact, SeeAll, Manage, Content, Export, Audit, Administer}
}

// Actor is a party with a tenant and, if it is an agent, its permissions.
type Actor struct {
	Kind    Kind
	Tenant  id.Tenant
	Agent   id.Agent
	Visitor id.Visitor
	// Inbox is the inbox that a visitor's credential is bound to.
	Inbox id.Inbox
	// Verified is set for a visitor whose identity the company has signed.
	Verified bool
	// Name is shown in records of what the actor did.
	Name string
	// Teams are the agent's teams.
	Teams []id.Team
	// Permissions are those of the agent's role.
	Permissions []Permission
	// Bound limits the agent to its teams, whatever its permissions are: SeeAll is
	// not among them.
	Bound bool
}

// Can reports whether a has permission p. The system may do everything.
func (a Actor) Can(p Permission) bool {
	if a.Kind == System {
		return true
	}
	if a.Bound && p == SeeAll {
		return false
	}
	for _, q := range a.Permissions {
		if q == p {
			return true
		}
	}
	return false
}

// ForSystem returns the actor for work that nobody asked for, such as timers.
func ForSystem(t id.Tenant) Actor { return Actor{Kind: System, Tenant: t, Name: "system"} }
