package store

import (
	"encoding/base64"
	"math"
	"strconv"
	"strings"

	"parlor/internal/errs"
)

// cursor is a place in a list ordered by a number and an id.
type cursor struct {
	key int64
	id  string
}

// The places before the first row of a list.
var (
	cursorTop    = cursor{math.MaxInt64, "~"}
	cursorBottom = cursor{math.MinInt64, ""}
)

// String is the opaque form that callers pass around.
func (c cursor) String() string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(c.key, 36) + "/" + c.id))
}

// parseCursor reads a cursor; "" is from. A cursor is not secret and not signed:
// whatever it holds, it only chooses where a list begins, within the tenant and
// scope of the request that brings it.
func parseCursor(s string, from cursor) (cursor, error) {
	if s == "" {
		return from, nil
	}
	bad := errs.Field("after", "bad_cursor", "this is not a cursor of ours")
	if len(s) > 200 {
		return from, bad
	}
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return from, bad.Because(err)
	}
	number, id, ok := strings.Cut(string(b), "/")
	key, err := strconv.ParseInt(number, 36, 64)
	if !ok || err != nil || checkTexts([]any{id}) != nil {
		return from, bad
	}
	return cursor{key, id}, nil
}
