package store

import (
	"hash/fnv"
	"strconv"

	"parlor/internal/id"
	"parlor/internal/token"
)

// The search index holds, for each message, the pairs of neighbouring characters
// of its folded text. Pairs do not reach across white space. A message that
// holds a word of two or more characters holds all pairs of that word; those
// found by their pairs are then checked against the real text.

// words splits a text into folded words.
func words(text string) []string { return token.Words(text) }

// tokensOf returns the distinct tokens of some words for one tenant.
func tokensOf(t id.Tenant, words []string) []string {
	prefix := tenantPrefix(t)
	// A message often repeats its pairs; the index is told once.
	seen := map[string]bool{}
	var tokens []string
	for _, w := range words {
		for a, b := range token.Pairs(w) {
			tok := prefix + string([]rune{tokenRune(a), tokenRune(b)})
			if !seen[tok] {
				seen[tok] = true
				tokens = append(tokens, tok)
			}
		}
	}
	return tokens
}

// tenantPrefix keeps the tokens of tenants apart. It is short, so tenants may
// share one; the tenant of a hit is checked on its conversation.
func tenantPrefix(t id.Tenant) string {
	const letters = 36 * 36 * 36
	h := fnv.New32a()
	_, _ = h.Write([]byte(t)) // never fails
	return strconv.FormatUint(letters+uint64(h.Sum32()%letters), 36)[1:]
}

// tokenRune replaces what has a meaning in the query languages of the engines:
// of ASCII only letters and digits stay, the rest moves to the private use area.
func tokenRune(r rune) rune {
	if r >= 0x80 || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' {
		return r
	}
	return 0xE000 + r
}
