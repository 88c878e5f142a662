package hook

import (
	"context"
	"errors"
	"time"

	"parlor/internal/errs"
	"parlor/internal/id"
)

// Secret returns the secret of the subscription that Plain returns, "" for none.
func (s *Service) Secret(ctx context.Context, t id.Tenant) (string, error) {
	h, err := s.plainOf(ctx, t)
	return h.Secret, err
}

func (s *Service) plainOf(ctx context.Context, t id.Tenant) (Hook, error) {
	list, err := s.hooks(ctx, t)
	for _, h := range list {
		if h.ID == plainID(t) {
			return h, nil
		}
	}
	return Hook{}, err
}

// Ask posts a body to a service of a company, once, with the secret and under the
// rules of its webhooks, and returns at most MaxBody bytes of the answer.
//
// Errors: Unavailable "timeout", "unreachable".
func (s *Service) Ask(ctx context.Context, t id.Tenant, url string, body []byte, timeout time.Duration) (status int, answer []byte, err error) {
	plain, err := s.plainOf(ctx, t)
	if err != nil {
		return 0, nil, err
	}
	h := Hook{URL: url, Secret: plain.Secret, Timeout: int(timeout / time.Millisecond)}
	if err := s.client.guard.Allowed(url); err != nil {
		return 0, nil, errs.New(errs.Unavailable, "unreachable", "%s", errs.MessageOf(err))
	}
	status, answer, err = s.client.send(ctx, h, s.formats[plain.Format], body, &Attempt{Occasion: Sample, At: s.clock.Now()})
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return 0, nil, errs.New(errs.Unavailable, "timeout", "no answer in time")
	case err != nil:
		return 0, nil, errs.New(errs.Unavailable, "unreachable", "%s", reason(err))
	}
	return status, answer, nil
}
