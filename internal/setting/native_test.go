package setting_test

import (
	"encoding/json"
	"testing"

	"parlor/internal/setting"
)

// TestOptionsActOnWhatTheyStandFor: each of them is written to its own place, comes
// back as it was set, and is not kept a second time.
func TestOptionsActOnWhatTheyStandFor(t *testing.T) {
	t.Parallel()
	for id, values := range map[string][]any{
		"Livechat_Routing_Method":                          {"Auto_Selection", "Manual_Selection", "Load_Balancing", "Load_Rotation", "External"},
		"Livechat_last_chatted_agent_routing":              {true, false},
		"Livechat_assign_new_conversation_to_bot":          {true, false},
		"Livechat_accept_chats_with_no_agents":             {true, false},
		"Livechat_enabled_when_agent_idle":                 {false, true},
		"Livechat_maximum_chats_per_agent":                 {3, 0},
		"Livechat_enable_business_hours":                   {true, false},
		"Livechat_business_hour_type":                      {"Multiple", "Single"},
		"Livechat_max_queue_wait_time":                     {5, -1},
		"Livechat_agent_leave_action":                      {"none", "close", "forward"},
		"Livechat_auto_close_on_hold_chats_timeout":        {60, 0},
		"Livechat_visitor_inactivity_timeout":              {60, 7200},
		"Livechat_abandoned_rooms_action":                  {"close", "on-hold", "none"},
		"Livechat_abandoned_rooms_closed_custom_message":   {"bye", ""},
		"Livechat_auto_close_on_hold_chats_custom_message": {"bye", ""},
		"Omnichannel_contact_manager_routing":              {false, true},
	} {
		o, ok := setting.OptionByID(id)
		if !ok {
			t.Fatal(id)
		}
		var c setting.Company
		for _, v := range values {
			if err := o.Set(&c, v); err != nil {
				t.Fatal(id, v, err)
			}
			if err := c.Check(); err != nil {
				t.Fatal(id, v, err)
			}
			b, err := json.Marshal(c)
			if err != nil {
				t.Fatal(err)
			}
			c = setting.Company{}
			if err := json.Unmarshal(b, &c); err != nil {
				t.Fatal(err)
			}
			if got := o.Value(c); got != v || len(c.Options) != 0 {
				t.Errorf("%s is %v after %v was set; kept besides: %v", id, got, v, c.Options)
			}
		}
	}
	if c := (setting.Company{}); c.Word("Livechat_Routing_Method") != "Auto_Selection" || c.Word("Livechat_agent_leave_action") != "forward" || !c.On("Livechat_enabled_when_agent_idle") {
		t.Error("what holds for a company that set nothing")
	}
}
