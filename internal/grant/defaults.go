package grant

import (
	"strings"

	"parlor/internal/actor"
)

// defaults are the roles of each permission in a new company.
var defaults = build()

// Groups of permissions with the same roles.
var (
	forAll = []string{"view-l-room", "close-livechat-room", "on-hold-livechat-room", "view-livechat-queue", "create-livechat-contact", "update-livechat-contact",
		"view-livechat-contact", "view-livechat-contact-history", "view-canned-responses", "save-canned-responses", "remove-canned-responses",
		"request-pdf-transcript", "view-livechat-room-customfields", "edit-livechat-room-customfields", "view-omnichannel-contact-center"}
	forMonitors = []string{"view-livechat-manager", "view-livechat-rooms", "close-others-livechat-room", "on-hold-others-livechat-room",
		"save-others-livechat-room-info", "transfer-livechat-guest", "manage-livechat-agents", "manage-livechat-departments", "view-livechat-departments",
		"add-livechat-department-agents", "view-livechat-business-hours", "view-livechat-current-chats", "view-livechat-real-time-monitoring",
		"view-livechat-analytics", "view-livechat-reports", "remove-closed-livechat-rooms", "manage-livechat-canned-responses",
		"view-livechat-room-closed-same-department", "view-livechat-room-closed-by-another-agent"}
	forManagers = []string{"view-livechat-triggers", "view-livechat-customfields", "view-livechat-installation", "view-livechat-appearance",
		"view-livechat-webhooks", "send-omnichannel-chat-transcript", "remove-livechat-department", "manage-livechat-managers", "remove-closed-livechat-room",
		"manage-livechat-units", "manage-livechat-monitors", "manage-livechat-tags", "manage-livechat-priorities", "manage-livechat-sla",
		"view-all-canned-responses", "save-all-canned-responses"}
	forAgentsAndManagers = []string{"change-livechat-room-visitor", "edit-omnichannel-contact"}
	forAdmins            = []string{"manage-email-inbox", "send-mail", "create-user", "edit-other-user-info", "edit-other-user-active-status", "edit-other-user-password", "delete-user",
		"view-full-other-user-info", "view-privileged-setting", "edit-privileged-setting", "manage-selected-settings", "access-permissions",
		"access-setting-permissions", "view-statistics", "view-logs", "bypass-time-limit-edit-and-delete", "assign-admin-role", "assign-roles", "user-generate-access-token", "block-livechat-contact",
		"unblock-livechat-contact", "delete-livechat-contact", "manage-apps", "import-livechat-contacts", "outbound.send-messages"}
)

// build puts the defaults together; the administrator has every permission.
func build() map[string][]string {
	m := map[string][]string{}
	give := func(list []string, roles ...string) {
		for _, p := range list {
			m[p] = append([]string{Admin}, roles...)
		}
	}
	give(forAll, Manager, Monitor, Agent)
	m["view-l-room"] = append(m["view-l-room"], Integration)
	give(forMonitors, Manager, Monitor)
	for _, p := range []string{"view-livechat-rooms", "view-livechat-departments"} {
		m[p] = append(m[p], Integration)
	}
	give(forManagers, Manager)
	give(forAgentsAndManagers, Manager, Agent)
	give(forAdmins)
	give([]string{"save-department-canned-responses"}, Monitor)
	give([]string{"view-agent-canned-responses"}, Agent)
	give([]string{"create-personal-access-tokens"}, User)
	give([]string{"api-bypass-rate-limit"}, Bot, App)
	give([]string{"create-p"}, User, Agent, Manager, Monitor, Bot, App)
	give([]string{"view-outside-room", "view-d-room", "view-c-room", "view-p-room", "delete-own-message"}, User, Agent, Manager, Monitor, Bot, App)
	return m
}

// Means returns what a permission stands for in the domains. One that only lets
// its holder look needs nothing but the agent's own right to reply.
func Means(permission string) []actor.Permission {
	switch permission {
	case "view-l-room", "view-livechat-queue", "close-livechat-room", "on-hold-livechat-room":
		return []actor.Permission{actor.Reply, actor.Contact}
	case "view-livechat-rooms", "view-livechat-manager", "view-livechat-current-chats":
		return []actor.Permission{actor.Reply, actor.Contact, actor.SeeAll}
	case "close-others-livechat-room", "on-hold-others-livechat-room", "save-others-livechat-room-info", "transfer-livechat-guest", "remove-closed-livechat-room",
		"remove-closed-livechat-rooms", "change-livechat-room-visitor", "send-omnichannel-chat-transcript":
		return []actor.Permission{actor.Reply, actor.Contact, actor.SeeAll, actor.Manage}
	case "view-livechat-webhooks", "view-livechat-triggers", "view-livechat-appearance", "view-livechat-installation", "view-livechat-departments",
		"remove-livechat-department", "add-livechat-department-agents", "view-livechat-business-hours", "create-user", "delete-user", "edit-other-user-info",
		"edit-other-user-active-status", "edit-privileged-setting", "access-permissions", "view-full-other-user-info", "manage-email-inbox", "send-mail", "user-generate-access-token":
		return []actor.Permission{actor.Administer}
	case "view-statistics":
		return []actor.Permission{actor.SeeAll}
	case "view-livechat-customfields":
		return []actor.Permission{actor.Content}
	case "block-livechat-contact", "unblock-livechat-contact":
		return []actor.Permission{actor.Block, actor.Reply, actor.Contact}
	case "delete-livechat-contact":
		return []actor.Permission{actor.Reply, actor.Manage}
	}
	switch {
	case strings.HasPrefix(permission, "manage-livechat-"):
		return []actor.Permission{actor.Administer, actor.Content, actor.SeeAll}
	case strings.HasSuffix(permission, "-contact"), strings.HasSuffix(permission, "contact-history"):
		return []actor.Permission{actor.Reply, actor.Contact, actor.SeeAll}
	case strings.HasSuffix(permission, "canned-responses"):
		switch permission {
		case "save-all-canned-responses", "view-all-canned-responses":
			return []actor.Permission{actor.Reply, actor.Content}
		case "save-department-canned-responses":
			return []actor.Permission{actor.Reply, actor.Manage}
		}
		return []actor.Permission{actor.Reply}
	}
	return nil
}
