package sign_test

import (
	"bytes"
	"testing"

	"parlor/internal/sign"
)

// TestListsAreSignedApart: the key and every border between parts count.
func TestListsAreSignedApart(t *testing.T) {
	t.Parallel()
	key := []byte("key")
	one := sign.Of(key, "what", "ab", "c")
	if !bytes.Equal(one, sign.Of(key, "what", "ab", "c")) || len(one) != 32 {
		t.Fatal("not the same twice")
	}
	for _, other := range [][]byte{sign.Of(key, "what", "a", "bc"), sign.Of(key, "what", "abc"), sign.Of(key, "what", "ab", "c", ""), sign.Of([]byte("yek"), "what", "ab", "c")} {
		if bytes.Equal(one, other) {
			t.Error("two lists are signed alike")
		}
	}
}
