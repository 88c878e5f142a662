package conversation_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"parlor/internal/conversation"
)

// TestRedact is row 38: numbers of cards and people do not reach the agent before
// they are sent.
func TestRedact(t *testing.T) {
	t.Parallel()
	mask := strings.Repeat("•", 4)
	for in, want := range map[string]string{
		"卡号 4111 1111 1111 1111 谢谢":               "卡号 " + mask + " " + mask + " " + mask + " " + mask + " 谢谢",
		"6222021234567890128":                     strings.Repeat("•", 19),
		"身份证11010519491231002X，对吗":                "身份证" + strings.Repeat("•", 18) + "，对吗",
		"440524188001010014":                      strings.Repeat("•", 18),
		"CPF 529.982.247-25":                      "CPF •••.•••.•••-••",
		"电话 13800138000":                          "电话 13800138000",
		"订单 2026112000012345":                     "订单 2026112000012345",
		"4111 1111 1111 1112":                     "4111 1111 1111 1112",
		"0000 0000 0000 0000":                     "0000 0000 0000 0000",
		"价格 12.50，数量 3":                           "价格 12.50，数量 3",
		"a 4111111111111111 b 4111111111111111 c": "a " + strings.Repeat("•", 16) + " b " + strings.Repeat("•", 16) + " c",
		"": "",
	} {
		if got := conversation.Redact(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

func FuzzRedact(f *testing.F) {
	f.Add("4111 1111 1111 1111")
	f.Add("1-1.1 1x")
	f.Add("11010519491231002X 你好")
	f.Fuzz(func(t *testing.T, s string) {
		got := conversation.Redact(s)
		if again := conversation.Redact(got); again != got {
			t.Fatalf("%q became %q and then %q", s, got, again)
		}
		if utf8.ValidString(s) && (!utf8.ValidString(got) || utf8.RuneCountInString(got) != utf8.RuneCountInString(s)) {
			t.Fatalf("%q became %q", s, got)
		}
	})
}
