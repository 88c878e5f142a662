package canvas

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"parlor/internal/errs"
	"parlor/internal/id"
)

// Addresses stay the same for a term from when the canvas was made on, and are
// valid for at least SignedFor: contracts compare them.
const (
	term = 30 * 24 * time.Hour
	// SignedFor is how long an address is valid at least.
	SignedFor = 7 * 24 * time.Hour
)

// Token returns a word that opens the pictures of a canvas for a time; it has
// no character that an address would have to escape.
func (s *Service) Token(t id.Tenant, c id.Canvas) string {
	made := madeAt(c)
	until := made.Add(term)
	if need := s.Clock.Now().Add(SignedFor); until.Before(need) {
		until = made.Add((need.Sub(made)/term + 1) * term)
	}
	e := strconv.FormatInt(until.Unix(), 36)
	return string(t) + "." + string(c) + "." + e + "." + s.sum(t, c, e)
}

// madeAt is the time that is part of a row id.
func madeAt(c id.Canvas) time.Time {
	if len(c) < 12 {
		return time.Time{}
	}
	ms, err := strconv.ParseInt(string(c[:12]), 16, 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}

func (s *Service) sum(t id.Tenant, c id.Canvas, until string) string {
	h := hmac.New(sha256.New, s.Key)
	h.Write([]byte("canvas\x00" + string(t) + "\x00" + string(c) + "\x00" + until))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:18])
}

// Named returns the canvas that a token opens; errs.Forbidden "bad_signature" if
// it is not valid or no longer valid.
func (s *Service) Named(ctx context.Context, token string) (Canvas, error) {
	part := strings.Split(token, ".")
	if len(part) != 4 {
		return Canvas{}, errSignature
	}
	t, c := id.Tenant(part[0]), id.Canvas(part[1])
	until, err := strconv.ParseInt(part[2], 36, 64)
	if err != nil || !id.Valid(string(c)) || !hmac.Equal([]byte(part[3]), []byte(s.sum(t, c, part[2]))) || s.Clock.Now().Unix() > until {
		return Canvas{}, errSignature
	}
	return s.Store.Canvas(ctx, t, c)
}

var errSignature = errs.New(errs.Forbidden, "bad_signature", "The address is not valid or no longer valid.")
