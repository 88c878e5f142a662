// Package colleague is the chat among the agents of a tenant: between two of
// them, and in groups. It has nothing to do with visitors.
package colleague

import (
	"context"
	"time"

	"parlor/internal/id"
)

// Bounds.
const (
	// MaxText is the longest line, in characters.
	MaxText = 10000
	// MaxName is the longest name of a group, in characters.
	MaxName = 60
	// MaxMembers bounds the members of a group, MaxGroups the groups of an agent.
	MaxMembers = 200
	MaxGroups  = 200
	// Preview is how much of the newest line a list of chats shows, in characters.
	Preview = 50
)

// Remark is one line from an agent to a colleague, or to a group.
type Remark struct {
	ID     string    `json:"id"`
	Tenant id.Tenant `json:"-"`
	From   id.Agent  `json:"from"`
	// To is the colleague, empty in a group.
	To id.Agent `json:"to,omitempty"`
	// Group is the group, empty between two.
	Group string `json:"group,omitempty"`
	// FromName is the sender's name at the time of writing.
	FromName string    `json:"fromName"`
	Text     string    `json:"text"`
	At       time.Time `json:"at"`
}

// Group is a room of colleagues.
type Group struct {
	ID     string    `json:"id"`
	Tenant id.Tenant `json:"-"`
	Name   string    `json:"name"`
	// Owner made it and may change it.
	Owner     id.Agent   `json:"owner"`
	Members   []id.Agent `json:"members"`
	CreatedAt time.Time  `json:"createdAt"`
}

// Chat is a conversation among colleagues in the list of an agent.
type Chat struct {
	// Peer is the colleague or the group.
	Peer  string `json:"peer"`
	Group bool   `json:"group,omitempty"`
	// Name is that of the colleague or group now.
	Name string `json:"name"`
	// Unread counts lines of others since the agent last looked.
	Unread int `json:"unread"`
	// LastAt, LastText and LastFrom describe the newest line; LastText has at
	// most Preview characters.
	LastAt   time.Time `json:"lastAt"`
	LastText string    `json:"lastText"`
	LastFrom string    `json:"lastFrom"`
}

// Changed is the payload of event.ColleagueChanged: the agents addressed should
// look at a chat again.
type Changed struct {
	// Read is set if an agent has read the chat with Peer.
	Read *ReadMark `json:"read,omitempty"`
	// Group is set if a group is new or has changed; members that have gone find
	// themselves left out.
	Group *Group `json:"group,omitempty"`
}

// ReadMark says that an agent has read a chat.
type ReadMark struct {
	Peer string `json:"peer"`
	// Unread counts the unread lines of all chats of the agent.
	Unread int `json:"unread"`
}

// GroupChange is what the verb ChangeGroup does.
type GroupChange struct {
	Tenant id.Tenant
	Group  string
	// Name, if set, renames.
	Name        string
	Add, Remove []id.Agent
	At          time.Time
}

// Store is the memory that colleague needs.
type Store interface {
	// AppendColleague adds a line between two agents and moves both sides' chats.
	AppendColleague(ctx context.Context, m Remark) error
	// AppendToGroup adds a line to a group and moves the chats of its members,
	// whom it returns. NotFound "group_not_found" unless the sender is one.
	AppendToGroup(ctx context.Context, m Remark) ([]id.Agent, error)
	// Between returns up to limit messages of two agents, newest first, older than before (zero: all).
	Between(ctx context.Context, t id.Tenant, a, b id.Agent, before time.Time, limit int) ([]Remark, error)
	// History returns a page of the lines between two agents, newest first, and
	// the cursor of the next page, "" at the end.
	History(ctx context.Context, t id.Tenant, a, b id.Agent, after string, limit int) (page []Remark, next string, err error)
	// GroupHistory is History of a group; NotFound unless who is a member.
	GroupHistory(ctx context.Context, t id.Tenant, group string, who id.Agent, after string, limit int) (page []Remark, next string, err error)
	// Chats returns a page of an agent's chats, the newest line first.
	Chats(ctx context.Context, t id.Tenant, a id.Agent, after string, limit int) (page []Chat, next string, err error)
	// UnreadChats counts the unread lines of all chats of an agent.
	UnreadChats(ctx context.Context, t id.Tenant, a id.Agent) (int, error)
	// ReadChat sets a chat's unread count to 0; moved is false if it was.
	ReadChat(ctx context.Context, t id.Tenant, a id.Agent, peer string) (moved bool, err error)
	// CreateGroup adds g with its members, who must be of the tenant. Errors:
	// NotFound "agent_not_found"; Conflict "too_many_groups" for the owner.
	CreateGroup(ctx context.Context, g Group) error
	// ChangeGroup renames a group, adds and removes members and returns it as it
	// is then, with those who were members before. An owner who goes leaves the
	// group to another member; a group without members is deleted. Errors: NotFound "group_not_found", "agent_not_found"; Conflict
	// "too_many_members".
	ChangeGroup(ctx context.Context, c GroupChange) (after Group, before []id.Agent, err error)
	// DeleteGroup removes a group and returns it as it was; NotFound "group_not_found".
	DeleteGroup(ctx context.Context, t id.Tenant, group string) (Group, error)
	// Group returns a group with its members.
	Group(ctx context.Context, t id.Tenant, group string) (Group, error)
	// GroupsOf returns the groups of an agent with their members, ordered by name.
	GroupsOf(ctx context.Context, t id.Tenant, a id.Agent) ([]Group, error)
}
