package mailroom

import (
	"context"
	"errors"

	"parlor/internal/job"
	"parlor/internal/mailbox"
)

// errBusy says that this node reads as many mailboxes as it may.
var errBusy = errors.New("other mailboxes are read now")

// Fetch is the worker of JobFetch. A mailbox that cannot be reached is tried again,
// less and less often; what came of it is kept with the mailbox.
func (s *Service) Fetch(ctx context.Context, j job.Job) error {
	b, ok, err := s.box(ctx, j.Tenant, j.Key)
	if err != nil {
		return err
	}
	if !ok || !b.Active {
		return nil
	}
	taken, left, err := s.collect(ctx, b)
	if errors.Is(err, errBusy) {
		return job.Again(s.Clock.Now().Add(pause))
	}
	if ctx.Err() != nil {
		return ctx.Err() // this node stops
	}
	l, now := b.Look, s.Clock.Now()
	l.At, l.Waiting = now, nil
	if taken > 0 {
		l.Taken, l.LastTaken = l.Taken+int64(taken), now
	}
	if left >= 0 {
		l.Waiting = &left
	}
	if err == nil {
		l.Failures, l.Fault = 0, nil
	} else {
		f := faultOf(err)
		l.Failures, l.Fault = l.Failures+1, &f
		s.Log.Warn("mailbox not read", "tenant", b.Tenant, "mailbox", b.ID, "failures", l.Failures, "error", err)
	}
	if err := s.Boxes.SaveLook(ctx, b.Tenant, b.ID, l); err != nil {
		return err
	}
	switch {
	case l.Failures > 0:
		return job.Again(now.Add(min(pause<<min(l.Failures, 10), longest)))
	case left > 0:
		return job.Again(now)
	}
	return job.Again(now.Add(pause))
}

// collect takes what is new in a mailbox and returns how much that was, and how many
// letters are left there; -1 if they were not counted.
func (s *Service) collect(ctx context.Context, b mailbox.Box) (taken, left int, err error) {
	ctx, cancel := context.WithTimeout(ctx, look)
	defer cancel()
	select {
	case s.room <- struct{}{}:
		defer func() { <-s.room }()
	case <-ctx.Done():
		return 0, -1, errBusy
	}
	p, err := open(ctx, s.Hooks.Dialer(), b.IMAP, s.TLS)
	if err != nil {
		return 0, -1, err
	}
	defer func() {
		if err != nil {
			err = p.why(ctx, err)
		}
		_ = p.close() // what was read is marked
	}()
	list, err := p.unread(b.CreatedAt)
	if err != nil {
		return 0, -1, err
	}
	for _, uid := range list[:min(len(list), perRun)] {
		raw, err := p.letter(uid)
		if err != nil {
			return taken, len(list) - taken, err
		}
		if raw != nil {
			if err := s.Take(ctx, b, raw); err != nil {
				return taken, len(list) - taken, errors.Join(errKeep, err)
			}
		}
		if err := p.seen(uid); err != nil {
			return taken, len(list) - taken, err
		}
		taken++
	}
	return taken, len(list) - taken, nil
}
