package mask_test

import (
	"testing"
	"unicode"

	"parlor/internal/mask"
)

func TestMask(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"": "", "13800138000": "138••••8000", "+86 138 0013 8000": "+86 1•• •••• 8000", "0571-1234": "057•-1234", "12345": "•••45", "7": "•", "call me": "•••• ••",
		"wang@example.com": "w•••@example.com", "王@example.cn": "王•••@example.cn", "@host": "•••",
	} {
		if got := mask.Contact(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	if got := mask.Email("nobody"); got != "•••" {
		t.Error(got)
	}
	if !mask.Is(mask.Phone("13800138000")) || mask.Is("13800138000") {
		t.Error("what is masked is known")
	}
}

// No number of eight digits or more shows more than seven of them, and of none all are shown.
func FuzzPhone(f *testing.F) {
	f.Add("+55 11 91234-5678")
	f.Fuzz(func(t *testing.T, v string) {
		digits := func(s string) (n int) {
			for _, r := range s {
				if unicode.IsDigit(r) {
					n++
				}
			}
			return n
		}
		got := mask.Phone(v)
		if d := digits(v); d > 0 && (digits(got) >= d || digits(got) > 7) {
			t.Fatalf("%q shows %d of %d digits", got, digits(got), d)
		}
		if mask.Phone(got) == v && digits(v) > 0 {
			t.Fatalf("%q is not masked", v)
		}
	})
}
