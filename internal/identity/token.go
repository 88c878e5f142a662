package identity

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"parlor/internal/errs"
	"parlor/internal/visitor"
)

// Bounds of a token.
const (
	// MaxToken and maxHeader are the longest token and header, in bytes as they come.
	MaxToken  = 4096
	maxHeader = 512
	// MaxAhead is how far in the future a token may end.
	MaxAhead = 24 * time.Hour
	// leeway is how much the clock of the company may be ahead of ours.
	leeway = 5 * time.Minute
	// mostAudiences bounds the list of those for whom a token is.
	mostAudiences = 10
)

// Claims are what a token says.
type Claims struct {
	Subject            string
	Name, Email, Phone string
	// Expires is never zero; IssuedAt is if it is not said.
	Expires, IssuedAt time.Time
	// Audience is for whom it is, empty for anybody who has the key.
	Audience []string
}

func bad(format string, args ...any) *errs.Error {
	return errs.New(errs.Unauthenticated, "identity_invalid", "The identity token is not valid: "+format+".", args...)
}

// Open checks a token against keys, of which one must have signed it, and returns what
// it says. audience are the names we have; now is our time.
//
// Errors: Unauthenticated "identity_invalid" with what is wrong, "identity_expired".
func Open(token string, keys [][]byte, audience []string, now time.Time) (c Claims, err error) {
	if len(token) > MaxToken {
		return c, bad("it has more than %d bytes", MaxToken)
	}
	part := strings.Split(token, ".")
	if len(part) != 3 {
		return c, bad("it is not a JWT of three parts")
	}
	if err := checkHeader(part[0]); err != nil {
		return c, err
	}
	sum, err := decode64(part[2])
	if err != nil || len(sum) != sha256.Size {
		return c, bad("its signature is not one of HS256")
	}
	// All keys are tried, so that the time says nothing of which one fits.
	fits := false
	for _, key := range keys {
		m := hmac.New(sha256.New, key)
		m.Write([]byte(token[:len(part[0])+1+len(part[1])]))
		fits = hmac.Equal(sum, m.Sum(nil)) || fits
	}
	if !fits {
		return c, bad("no key of this inbox has signed it")
	}
	if c, err = readClaims(part[1]); err != nil {
		return c, err
	}
	return c, c.check(audience, now)
}

// decode64 reads base64 for addresses, without padding and in its only form.
func decode64(s string) ([]byte, error) {
	if strings.ContainsAny(s, "\r\n") {
		return nil, base64.CorruptInputError(0) // which the library would skip
	}
	return base64.RawURLEncoding.Strict().DecodeString(s)
}

// object reads a JSON object by its exact names.
func object(s string) (m map[string]json.RawMessage, ok bool) {
	raw, err := decode64(s)
	if err != nil || !utf8.Valid(raw) {
		return nil, false
	}
	return m, json.Unmarshal(raw, &m) == nil && m != nil
}

// checkHeader lets HS256 through and nothing else.
func checkHeader(s string) error {
	if len(s) > maxHeader {
		return bad("its header has more than %d bytes", maxHeader)
	}
	h, ok := object(s)
	if !ok {
		return bad("its header cannot be read")
	}
	if alg, ok := text(h["alg"]); !ok || alg != "HS256" {
		return bad("its algorithm is not HS256")
	}
	if _, ok := h["crit"]; ok {
		return bad("its header asks for what we do not know")
	}
	return nil
}

// text is a JSON text.
func text(raw json.RawMessage) (s string, ok bool) {
	if len(raw) == 0 || raw[0] != '"' {
		return "", false
	}
	return s, json.Unmarshal(raw, &s) == nil
}

// subject is a text, or a whole number as numbers of customers are.
func subject(raw json.RawMessage) string {
	if s, ok := text(raw); ok {
		return s
	}
	if len(raw) > 0 && len(raw) <= 19 && !bytes.ContainsFunc(raw, func(r rune) bool { return r < '0' || r > '9' }) {
		return string(raw)
	}
	return ""
}

// moment is a time in seconds; ok is false for what is none.
func moment(raw json.RawMessage) (at time.Time, ok bool) {
	var n float64
	if len(raw) == 0 || json.Unmarshal(raw, &n) != nil || string(raw) == "null" || math.Abs(n) > 1e11 {
		return at, false
	}
	return time.Unix(int64(n), 0), true
}

func readClaims(s string) (c Claims, err error) {
	m, ok := object(s)
	if !ok {
		return c, bad("its claims cannot be read")
	}
	c.Subject = subject(m["sub"])
	if n := utf8.RuneCountInString(c.Subject); n < 1 || n > visitor.MaxSubject || strings.ContainsFunc(c.Subject, unicode.IsControl) {
		return c, bad("sub must be 1 to %d printable characters", visitor.MaxSubject)
	}
	for name, to := range map[string]*string{"name": &c.Name, "email": &c.Email, "phone": &c.Phone} {
		if raw, there := m[name]; there && string(raw) != "null" {
			if *to, ok = text(raw); !ok {
				return c, bad("%s must be a text", name)
			}
		}
	}
	if c.Expires, ok = moment(m["exp"]); !ok {
		return c, bad("exp must be a time in seconds")
	}
	if raw, there := m["iat"]; there {
		if c.IssuedAt, ok = moment(raw); !ok {
			return c, bad("iat must be a time in seconds")
		}
	}
	if raw, there := m["aud"]; there {
		one, ok := text(raw)
		if c.Audience = []string{one}; !ok {
			if json.Unmarshal(raw, &c.Audience) != nil || len(c.Audience) == 0 || len(c.Audience) > mostAudiences {
				return c, bad("aud must be a text or a short list of texts")
			}
		}
	}
	if raw, there := m["nbf"]; there {
		from, ok := moment(raw)
		if !ok {
			return c, bad("nbf must be a time in seconds")
		}
		if from.After(c.IssuedAt) {
			c.IssuedAt = from
		}
	}
	return c, nil
}

// check holds the claims against our names and time.
func (c Claims) check(audience []string, now time.Time) error {
	if len(c.Audience) > 0 && !slices.ContainsFunc(c.Audience, func(a string) bool { return slices.Contains(audience, a) }) {
		return bad("it is for somebody else (aud)")
	}
	if !now.Before(c.Expires) {
		return errs.New(errs.Unauthenticated, "identity_expired", "The identity token has expired.")
	}
	if c.Expires.Sub(now) > MaxAhead+leeway {
		return bad("exp is more than 24 hours ahead")
	}
	if c.IssuedAt.Sub(now) > leeway {
		return bad("iat or nbf is in the future")
	}
	return nil
}
