package hook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"parlor/internal/clock"
	"parlor/internal/errs"
	"parlor/internal/outward"
)

// client posts bodies to addresses that its guard lets through.
type client struct {
	http  *http.Client
	guard outward.Guard
	agent string
}

func newClient(o Options) *client {
	g := outward.Guard{Private: o.Private}
	return &client{http: g.Client(), guard: g, agent: o.Agent}
}

// Private reports whether an error says that an address belongs to no open network.
func Private(err error) bool { return errors.Is(err, outward.ErrPrivate) }

// Fetch gets an address under the same protection as deliveries have, and returns at
// most MaxBody of the answer. An answer other than 200 is an error.
func (s *Service) Fetch(ctx context.Context, address string, header http.Header) (body []byte, err error) {
	defer errs.Wrap(&err, "hook.Fetch")
	if err = s.client.guard.Allowed(address); err != nil {
		return nil, err
	}
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	q.Header = header
	r, err := s.client.http.Do(q)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Body.Close()) }()
	if body, err = io.ReadAll(io.LimitReader(r.Body, MaxBody)); err != nil {
		return nil, err
	}
	if r.StatusCode != http.StatusOK {
		return nil, errs.New(errs.Unavailable, "bad_answer", "%s answered %d.", q.URL.Host, r.StatusCode)
	}
	return body, nil
}

// post makes one attempt and fills in what came of it.
func (c *client) post(ctx context.Context, ck clock.Clock, h Hook, f Format, body []byte, a *Attempt) {
	a.Request = cut(body)
	start := time.Now()
	status, answer, err := c.send(ctx, h, f, body, a)
	a.Took = int(time.Since(start) / time.Millisecond)
	a.Status, a.Answer = status, cut(answer)
	switch {
	case err != nil:
		a.Failure = reason(err)
	case h.AnySuccess && (status < 200 || status > 299), !h.AnySuccess && status != http.StatusOK:
		a.Failure = fmt.Sprintf("answered %d", status)
	}
}

// send makes the request, with the headers of the format if there is one, and reads
// at most MaxBody of the answer.
func (c *client) send(ctx context.Context, h Hook, f Format, body []byte, a *Attempt) (int, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(h.Timeout)*time.Millisecond)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, h.URL, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", c.agent)
	r.Header.Set("X-Webhook-Id", a.Delivery)
	r.Header.Set("X-Webhook-Attempt", strconv.Itoa(a.Number))
	if a.Occasion == Sample {
		r.Header.Set("Accept", "application/json")
	}
	if f != nil && h.Secret != "" && f.Header() != "" {
		r.Header.Set(f.Header(), h.Secret)
	}
	if signer, ok := f.(Signer); ok {
		for name, values := range signer.Sign(h, a.Delivery, a.At, body) {
			r.Header[name] = values
		}
	}
	if h.Key != "" {
		r.Header.Set("X-Parlor-Signature", Sign(h.Key, a.At, body))
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = answer.Body.Close() }() // it was read as far as wanted
	text, err := io.ReadAll(io.LimitReader(answer.Body, MaxBody))
	return answer.StatusCode, text, err
}

// Sign returns the value of X-Parlor-Signature: the time in seconds and the
// SHA-256 HMAC, in hex, of that time, a dot and the body.
func Sign(key string, at time.Time, body []byte) string {
	t := strconv.FormatInt(at.Unix(), 10)
	m := hmac.New(sha256.New, []byte(key))
	m.Write([]byte(t + ".")) // hashes do not fail
	m.Write(body)
	return "t=" + t + ",v1=" + hex.EncodeToString(m.Sum(nil))
}

// cut returns what the log keeps of a body.
func cut(b []byte) string {
	if len(b) > MaxBody {
		b = b[:MaxBody]
	}
	return strings.ToValidUTF8(strings.ReplaceAll(string(b), "\x00", ""), "")
}

// reason is the sentence for the log: without the address, whose path may hold secrets.
func reason(err error) string {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	switch {
	case errors.Is(err, outward.ErrPrivate):
		return outward.ErrPrivate.Error()
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	}
	return err.Error()
}
