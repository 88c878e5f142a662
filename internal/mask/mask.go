// Package mask hides most of a phone number or an address, so that it can be
// told from another one but not be used.
package mask

import (
	"strings"
	"unicode"
)

// Dot stands for what is hidden. A value that holds one is not a whole one.
const Dot = "•"

// What a masked number shows at its ends, in digits.
const (
	head = 3
	tail = 4
)

// Phone hides the digits of a number but the first three and the last four. Of a
// number with less than eight digits all but the last two are hidden.
func Phone(v string) string {
	digits := 0
	for _, r := range v {
		if unicode.IsDigit(r) {
			digits++
		}
	}
	first, last := head, tail
	if digits < head+tail+1 {
		first, last = 0, min(2, digits-1)
	}
	n := 0
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsLetter(r):
			return '•' // not a number at all
		case !unicode.IsDigit(r):
			return r
		}
		if n++; n <= first || n > digits-last {
			return r
		}
		return '•'
	}, v)
}

// Email hides an address but the first character and the host. What is not an
// address is hidden whole.
func Email(v string) string {
	at := strings.LastIndexByte(v, '@')
	if v == "" {
		return ""
	}
	if at < 1 {
		return strings.Repeat(Dot, 3)
	}
	first := []rune(v[:at])[0]
	return string(first) + strings.Repeat(Dot, 3) + v[at:]
}

// Contact hides a number or an address, whichever v is.
func Contact(v string) string {
	if strings.Contains(v, "@") {
		return Email(v)
	}
	return Phone(v)
}

// Is reports whether v has been masked.
func Is(v string) bool { return strings.Contains(v, Dot) }
