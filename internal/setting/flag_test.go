package setting_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"parlor/internal/errs"
	"parlor/internal/setting"
)

func TestPoliciesOfFlagsHaveDefaults(t *testing.T) {
	t.Parallel()
	f := setting.Flags{Default: setting.FlagPolicy{Overflow: "at_once"}, Policies: []setting.FlagPolicy{{Name: "lead", Order: "routing_first", MaxHold: p(0)}, {Name: "late"}}}
	for flag, want := range map[string]string{"lead": "true false 0s", "late": "false false 2m0s", "other": "false true 2m0s", "Lead": "false true 2m0s"} {
		x := f.Policy(flag)
		if got := fmt.Sprint(x.RoutingFirst(), x.AtOnce(), x.Hold()); got != want {
			t.Errorf("%s: %s, want %s", flag, got, want)
		}
	}
	if d := (setting.Flags{}).Policy("x"); d.Hold() != setting.DefaultHold*time.Second || d.RoutingFirst() || d.AtOnce() {
		t.Errorf("%+v", d)
	}
}

func TestRulesInUse(t *testing.T) {
	t.Parallel()
	f := setting.Flags{Rules: []setting.BindRule{{Name: "a", On: setting.OnRated, Off: true}, {Name: "b", On: setting.OnAge}}}
	if f.Acts() || len(f.On(setting.OnAge)) != 1 || len(f.On(setting.OnRated)) != 0 {
		t.Fatal("what is off or goes by age does not follow conversations")
	}
	f.Rules[0].Off = false
	if !f.Acts() {
		t.Fatal("a rule in use follows conversations")
	}
}

func TestFlagsAreChecked(t *testing.T) {
	t.Parallel()
	rule := func(r setting.BindRule) setting.Flags { return setting.Flags{Rules: []setting.BindRule{r}} }
	good := setting.BindRule{Name: "r", On: setting.OnAge, Flag: "f", Unbind: true, Days: 1}
	for reason, f := range map[string]setting.Flags{
		"":              rule(good),
		"bad_rule":      rule(setting.BindRule{Name: "r", On: setting.OnAge, Flag: "f", Days: 1}),
		"unknown_value": {Default: setting.FlagPolicy{Overflow: "never"}},
		"flag_twice":    {Policies: []setting.FlagPolicy{{Name: "a"}, {Name: "a"}}},
		"rule_twice":    {Rules: []setting.BindRule{good, good}},
		"bad_flag":      {Policies: []setting.FlagPolicy{{Name: strings.Repeat("标", 129)}}},
		"team_missing":  {Teams: map[string]string{"buy": ""}},
		"out_of_range":  rule(setting.BindRule{Name: "r", On: setting.OnRated, Flag: "f", MinScore: 101}),
	} {
		if got := errs.ReasonOf(setting.Company{Flags: f}.Check()); got != reason {
			t.Errorf("%q, want %q", got, reason)
		}
	}
	for reason, s := range map[string]setting.Spill{"": {Waiting: 1, Notify: []string{"a"}}, "out_of_range": {Team: "x"}, "team_missing": {Waiting: 1}} {
		if got := errs.ReasonOf(setting.Team{Spills: []setting.Spill{s}}.Check()); got != reason {
			t.Errorf("%q, want %q", got, reason)
		}
	}
}
