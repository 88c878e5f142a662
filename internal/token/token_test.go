package token_test

import (
	"strings"
	"testing"

	"parlor/internal/token"
)

func TestTextsFallIntoWordsAndPairs(t *testing.T) {
	t.Parallel()
	if got := strings.Join(token.Words(" ＡＢ　ﬁ\tStraße\x00退货 "), "|"); got != "ab|fi|strasse|退货" {
		t.Errorf("words %q", got)
	}
	for word, want := range map[string]string{"": "", "退": "", "退货": "退货 ", "退货吗": "退货 货吗 ", "abc": "ab bc "} {
		got := ""
		for a, b := range token.Pairs(word) {
			got += string([]rune{a, b}) + " "
		}
		if got != want {
			t.Errorf("%q has the pairs %q, want %q", word, got, want)
		}
	}
	for a := range token.Pairs("abc") {
		if a != 'a' {
			t.Fatal("it goes on after a stop")
		}
		break
	}
}
