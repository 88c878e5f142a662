package canned

import (
	"sort"
	"strings"
	"unicode"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// The 3,755 most common characters stand in GBK in the order of their sounds, so
// that the first character of each letter is enough to find the letter.
var (
	letters  = []byte("abcdefghjklmnopqrstwxyz")
	firstOf  = []int{0xB0A1, 0xB0C5, 0xB2C1, 0xB4EE, 0xB6EA, 0xB7A2, 0xB8C1, 0xB9FE, 0xBBF7, 0xBFA6, 0xC0AC, 0xC2E8, 0xC4C3, 0xC5B6, 0xC5BE, 0xC6DA, 0xC8BB, 0xC8F6, 0xCBFA, 0xCDDA, 0xCEF4, 0xD1B9, 0xD4D1}
	behindZ  = 0xD7FA
	maxCount = 60
)

// Initials returns the first letters of the words of a text, lower case:
// "退款说明" gives "tksm", "Order number" gives "on". Rare characters have none.
func Initials(text string) string {
	var b strings.Builder
	inWord := false
	for _, r := range text {
		if b.Len() >= maxCount {
			break
		}
		switch {
		case unicode.Is(unicode.Han, r):
			inWord = false
			if c := sound(r); c != 0 {
				b.WriteByte(c)
			}
		case unicode.IsLetter(r), unicode.IsDigit(r):
			if !inWord {
				b.WriteRune(unicode.ToLower(r))
			}
			inWord = true
		default:
			inWord = false
		}
	}
	return b.String()
}

// sound returns the first letter of the sound of a Chinese character, 0 if it is
// not known.
func sound(r rune) byte {
	b, err := simplifiedchinese.GBK.NewEncoder().String(string(r))
	if err != nil || len(b) != 2 {
		return 0
	}
	code := int(b[0])<<8 | int(b[1])
	if code < firstOf[0] || code >= behindZ {
		return 0
	}
	return letters[sort.SearchInts(firstOf, code+1)-1]
}
