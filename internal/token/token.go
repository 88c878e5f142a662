// Package token says what the smallest parts of a text are, for everything that
// finds texts: the folded form, the words, and the pairs of neighbouring
// characters that stand for words in scripts that write none apart.
package token

import (
	"iter"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Fold makes letters that differ in case or width only the same. It may turn one
// character into several, or into a blank.
func Fold(s string) string { return cases.Fold().String(norm.NFKC.String(s)) }

// Words splits a text into folded words at white space and control characters.
func Words(text string) []string {
	return strings.FieldsFunc(Fold(text), func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) })
}

// Pairs yields the pairs of neighbouring characters of a word, none for a word of
// one character.
func Pairs(word string) iter.Seq2[rune, rune] {
	return func(yield func(rune, rune) bool) {
		previous := rune(-1)
		for _, r := range word {
			if previous >= 0 && !yield(previous, r) {
				return
			}
			previous = r
		}
	}
}
