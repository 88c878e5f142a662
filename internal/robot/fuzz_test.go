package robot_test

import (
	"testing"
	"unicode/utf8"

	"parlor/internal/robot"
)

func FuzzChoiceOf(f *testing.F) {
	for _, s := range []string{`{"msgtype":{"choice":{"menuid":"a"}}}`, `{"msgtype":{"choice":{"menuid":12}}}`, `{"msgtype":{"choice":{"menuid":null,"relatedRuleClickActionData":"{\"answerId\":\"x\"}"}}}`,
		`{"msgtype":{"choice":[]}}`, `[]`, ``, `{"msgtype":{"choice":{"menuid":{"a":1}}}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if got := robot.ChoiceOf(raw); utf8.Valid(raw) && !utf8.ValidString(got) || len(got) > len(raw)+2 {
			t.Errorf("%q gives %q", raw, got)
		}
	})
}

func TestChoices(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{`{"msgtype":{"choice":{"menuid":"a-1"}}}`: "a-1", `{"msgtype":{"choice":{"menuid":12}}}`: "12", `{"msgtype":{"choice":{"menuid":null}}}`: "",
		`{"msgtype":{"choice":{"relatedRuleClickActionData":"{\"ruleId\":1,\"answerId\":\"x\"}"}}}`: "a:x", `{"msgtype":{}}`: "", `nonsense`: "", `{"weichat":{}}`: ""} {
		if got := robot.ChoiceOf([]byte(raw)); got != want {
			t.Errorf("%s gives %q, want %q", raw, got, want)
		}
	}
}
