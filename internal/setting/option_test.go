package setting_test

import (
	"encoding/json"
	"testing"

	"parlor/internal/errs"
	"parlor/internal/setting"
)

func TestOptionsHaveDefaultsAndKeepWhatFits(t *testing.T) {
	t.Parallel()
	var c setting.Company
	if !c.On("Livechat_enabled") || c.Number("Livechat_max_queue_wait_time") != -1 || c.Word("Livechat_title_color") != "#C1272D" ||
		len(c.Words("Livechat_hide_system_messages")) != 3 || c.On("none") {
		t.Fatal("the defaults are wrong")
	}
	for _, x := range []struct {
		id   string
		v    any
		want any
	}{
		{"Livechat_enabled", "false", false}, {"Livechat_max_queue_wait_time", 5.0, 5}, {"Livechat_message_character_limit", "12", 12},
		{"Livechat_message_character_limit", "many", 0}, {"Livechat_title", "Shop", "Shop"}, {"Livechat_Routing_Method", "Manual_Selection", "Manual_Selection"},
	} {
		o, ok := setting.OptionByID(x.id)
		if !ok {
			t.Fatal(x.id)
		}
		if err := o.Set(&c, x.v); err != nil {
			t.Fatal(x.id, err)
		}
		b, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		var again setting.Company
		if err := json.Unmarshal(b, &again); err != nil {
			t.Fatal(err)
		}
		if got := o.Value(again); got != x.want {
			t.Fatalf("%s is %v, want %v", x.id, got, x.want)
		}
	}
	for id, v := range map[string]any{"Livechat_enabled": "maybe", "Livechat_max_queue_wait_time": 1.5, "Livechat_title": 7.0, "Livechat_Routing_Method": "Nonsense",
		"Livechat_hide_system_messages": "uj"} {
		o, _ := setting.OptionByID(id)
		if err := o.Set(&c, v); errs.FieldOf(err) != id {
			t.Errorf("%s: %v", id, err)
		}
	}
}

func TestPasswordsAreNotShownAndStay(t *testing.T) {
	t.Parallel()
	c := setting.Company{Options: map[string]any{"SMS_Twilio_authToken": "s3cret", "SMS_Mobex_password": "", "Livechat_title": "Shop"}}
	shown := c.Shown()
	if shown.Word("SMS_Twilio_authToken") != setting.Hidden || shown.Word("SMS_Mobex_password") != "" || shown.Word("Livechat_title") != "Shop" || c.Word("SMS_Twilio_authToken") != "s3cret" {
		t.Fatalf("%v", shown.Options)
	}
	if !shown.Hides() || c.Hides() {
		t.Fatal("what is hidden is not known")
	}
	if back := shown.Keeping(c); back.Word("SMS_Twilio_authToken") != "s3cret" || back.Word("Livechat_title") != "Shop" {
		t.Fatalf("%v", back.Options)
	}
	if back := shown.Keeping(setting.Company{}); back.Word("SMS_Twilio_authToken") != "" {
		t.Fatal("the mark became a password")
	}
}
