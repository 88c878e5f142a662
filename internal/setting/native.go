package setting

// native are what options stand for that are set elsewhere.
var native = map[string]way{
	"Livechat_Routing_Method": {get: func(c Company) any { return methodOf(c.Routing.Rule) }, set: func(c *Company, v any) { c.Routing.Rule = methodRules[v.(string)] }},
	"Livechat_last_chatted_agent_routing": {get: func(c Company) any { return flagOf(c.Routing.Returning, true) || flagOf(c.Routing.LastServed, true) }, set: func(c *Company, v any) {
		c.Routing.Returning, c.Routing.LastServed = flagAt(v), flagAt(v)
	}},
	"Livechat_agent_leave_action": {get: func(c Company) any { return leaveOf(c.Routing.Lost) }, set: func(c *Company, v any) {
		c.Routing.Lost = map[any]string{"none": "wait", "close": "end", "forward": "requeue"}[v]
	}},
	"Omnichannel_contact_manager_routing":     {get: func(c Company) any { return flagOf(c.Routing.Manager, true) }, set: func(c *Company, v any) { c.Routing.Manager = flagAt(v) }},
	"Livechat_assign_new_conversation_to_bot": {get: func(c Company) any { return flagOf(c.Routing.BotsFirst, false) }, set: func(c *Company, v any) { c.Routing.BotsFirst = flagAt(v) }},
	"Livechat_accept_chats_with_no_agents":    {get: func(c Company) any { return flagOf(c.Routing.Unattended, false) }, set: func(c *Company, v any) { c.Routing.Unattended = flagAt(v) }},
	"Livechat_enabled_when_agent_idle": {get: func(c Company) any { return !flagOf(c.Routing.SkipAway, false) }, set: func(c *Company, v any) {
		skip := v != true
		c.Routing.SkipAway = &skip
	}},
	"Livechat_maximum_chats_per_agent": {get: func(c Company) any { return numberOf(c.Routing.AgentCap, 0) }, set: func(c *Company, v any) {
		n := min(max(v.(int), 0), maxCap)
		c.Routing.AgentCap = &n
	}},
	"Livechat_enable_business_hours": {get: func(c Company) any { return c.Shifts.On }, set: func(c *Company, v any) { c.Shifts.On = v == true }},
	"Livechat_business_hour_type": {get: func(c Company) any {
		if c.Shifts.Several {
			return "Multiple"
		}
		return "Single"
	}, set: func(c *Company, v any) { c.Shifts.Several = v == "Multiple" }},
	"Livechat_auto_close_on_hold_chats_timeout": {get: func(c Company) any { return numberOf(c.Timers.Hold, 3600) }, set: func(c *Company, v any) { c.Timers.Hold = spanAt(v) }},
	"Livechat_auto_transfer_chat_timeout":       {get: func(c Company) any { return numberOf(c.Timers.Silent, 0) }, set: func(c *Company, v any) { c.Timers.Silent = spanAt(v) }},
	"Livechat_visitor_inactivity_timeout":       {get: func(c Company) any { return numberOf(c.Timers.AbandonAfter, 3600) }, set: func(c *Company, v any) { c.Timers.AbandonAfter = spanAt(v) }},
	"Livechat_abandoned_rooms_action": {get: func(c Company) any { return actionOf(c.Timers.Abandon) }, set: func(c *Company, v any) {
		c.Timers.Abandon = map[any]string{"close": "close", "Livechat_close_chat": "close", "on-hold": "hold", "none": "none"}[v]
	}},
	"Livechat_abandoned_rooms_closed_custom_message":   promptOption(PromptIdleEnd),
	"Livechat_auto_close_on_hold_chats_custom_message": promptOption(PromptHoldEnd),
	"Livechat_max_queue_wait_time": {get: func(c Company) any {
		if n := numberOf(c.Timers.Queue, 0); n > 0 {
			return (n + 59) / 60
		}
		return -1
	}, set: func(c *Company, v any) {
		n := min(max(v.(int), 0)*60, maxSpan)
		c.Timers.Queue = &n
	}},
}

// way reads and writes what an option stands for.
type way struct {
	get func(c Company) any
	set func(c *Company, v any)
}

// promptOption stands for a prompt in every language.
func promptOption(name string) way {
	return way{get: func(c Company) any { return c.Prompts[name][""] }, set: func(c *Company, v any) {
		prompts := map[string]Text{}
		for n, t := range c.Prompts {
			if n != name {
				prompts[n] = t
			}
		}
		if v != "" {
			prompts[name] = Text{"": v.(string)}
		}
		c.Prompts = prompts
	}}
}

// actionOf is the contract's word for what happens to an abandoned conversation.
func actionOf(abandon string) string {
	switch abandon {
	case "close":
		return abandon
	case "hold":
		return "on-hold"
	}
	return "none"
}

// leaveOf is the contract's word for what happens to the conversations of an agent
// who is lost. A company that set nothing has them served by others.
func leaveOf(lost string) string {
	switch lost {
	case "wait":
		return "none"
	case "end":
		return "close"
	}
	return "forward"
}

func spanAt(v any) *int {
	n := min(max(v.(int), 0), maxSpan)
	return &n
}

// maxCap is the most conversations that a limit can allow; a higher one is none.
const maxCap = 1_000_000

// methodRules are the rules of distribution by the name of their method.
var methodRules = map[string]string{"Auto_Selection": "served", "Manual_Selection": "manual", "Load_Balancing": "fewest", "Load_Rotation": "rotation", "External": "external"}

// methodOf is the method of a rule. A company that set none is told the usual
// method, which distributes evenly like its rule.
func methodOf(rule string) string {
	for method, r := range methodRules {
		if r == rule {
			return method
		}
	}
	switch rule {
	case "idle", "least":
		return "Load_Balancing"
	case "offer":
		return "Manual_Selection"
	}
	return "Auto_Selection"
}

func flagOf(p *bool, unset bool) bool {
	if p == nil {
		return unset
	}
	return *p
}

func flagAt(v any) *bool {
	on := v == true
	return &on
}

func numberOf(p *int, unset int) int {
	if p == nil {
		return unset
	}
	return *p
}

// reaching gives options their way to what they stand for.
func reaching(list []Option) []Option {
	for i, o := range list {
		list[i].get, list[i].set = native[o.ID].get, native[o.ID].set
	}
	return list
}
