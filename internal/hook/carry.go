package hook

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"parlor/internal/actor"
	"parlor/internal/audit"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// ErrFinal wraps an error of Carry that no repetition can mend.
var ErrFinal = errors.New("cannot be delivered")

// Final is an error that wraps ErrFinal.
func Final(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrFinal}, args...)...)
}

// Carrier is a Format whose bodies do not go to the address of a subscription: the
// way out of a channel, such as text messages. Its deliveries are as durable, as
// ordered and as often tried as those of webhooks, and stand in the same log.
type Carrier interface {
	Format
	// Carry delivers one body. Status and answer are for the log. An error that
	// wraps ErrFinal sets the delivery aside at once.
	Carry(ctx context.Context, h Happening, body []byte) (status int, answer []byte, err error)
	// Lost is told of a message that was set aside, and why. It may be told twice;
	// of what was repeated by hand it is not told, for who does that looks at the log.
	Lost(ctx context.Context, h Happening, l conversation.Loss) error
}

// Cause is an error of Carry with a stable word, see conversation.Loss.
type Cause struct{ Word, About, Text string }

// Error implements error.
func (c *Cause) Error() string { return c.Text }

// loss is what a carrier is told of a message that was set aside.
func loss(seq int64, reason string, err error) conversation.Loss {
	l := conversation.Loss{Seq: seq, Reason: strings.TrimPrefix(reason, ErrFinal.Error()+": ")}
	var c *Cause
	if errors.As(err, &c) {
		l.Word, l.About = c.Word, c.About
	}
	return l
}

// Limits of what carriers do. A letter with attachments takes its time; the lease of a
// delivery is longer.
const (
	carryTimeout = 90_000
	carryTries   = MaxTries
)

// Bind makes agents' messages in the conversations of a channel go out by a
// format. Whatever brings conversations of the channel calls it before the first;
// once bound it costs nothing.
func (s *Service) Bind(ctx context.Context, t id.Tenant, channel, format string) (err error) {
	defer errs.Wrap(&err, "hook.Bind %s", channel)
	h := Hook{ID: "channel-" + channel + "-" + string(t), Tenant: t, Name: channel, Channel: channel, Format: format, Occasions: []Occasion{FromAgent},
		Timeout: DefaultTimeout, Tries: carryTries, Active: true, Old: true, Inboxes: []id.Inbox{}}
	if _, bound, err := s.find(ctx, Due{Hook: h.ID, Tenant: t}); err != nil || bound {
		return err
	}
	h.CreatedAt = s.clock.Now()
	if err = s.store.SaveHook(ctx, h, MaxHooks, audit.Of(actor.ForSystem(t), h.CreatedAt)); err != nil {
		return err
	}
	return s.changed(ctx, t, h.CreatedAt)
}

// carry makes one attempt by a carrier, fills in what came of it and returns the error.
func carry(ctx context.Context, c Carrier, h Hook, what Happening, body []byte, a *Attempt) error {
	ctx, cancel := context.WithTimeout(ctx, carryTimeout*time.Millisecond)
	defer cancel()
	a.Request = cut(body)
	start := time.Now()
	status, answer, err := c.Carry(ctx, what, body)
	a.Took = int(time.Since(start) / time.Millisecond)
	a.Status, a.Answer = status, cut(answer)
	if err != nil {
		a.Failure = reason(err)
	}
	return err
}

// Dialer connects under the same protection as deliveries have.
func (s *Service) Dialer() *net.Dialer {
	return s.client.guard.Dialer()
}

// Do makes a request under the same protection as deliveries have: no private
// addresses unless they are allowed, by name or by redirect. Up to follow redirects
// are followed. The caller bounds the time and how much it reads.
func (s *Service) Do(q *http.Request, follow int) (*http.Response, error) {
	if err := s.client.guard.Allowed(q.URL.String()); err != nil {
		return nil, err
	}
	if q.URL.Scheme != "http" && q.URL.Scheme != "https" || q.URL.Host == "" {
		return nil, errs.Field("url", "bad_url", "This is not an address that starts with http:// or https://.")
	}
	q.Header.Set("User-Agent", s.client.agent)
	c := *s.client.http
	c.CheckRedirect = func(next *http.Request, via []*http.Request) error {
		if len(via) > follow {
			return http.ErrUseLastResponse
		}
		return s.client.guard.Allowed(next.URL.String())
	}
	return c.Do(q)
}
