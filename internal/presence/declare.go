package presence

import (
	"context"
	"sync"
	"time"

	"parlor/internal/errs"
)

// DeclaredFor is how long an agent who works through programs counts as
// connected after the last sign of life.
const DeclaredFor = 30 * time.Minute

// signEvery is how often a sign of life is written down.
const signEvery = time.Minute

// declared remembers when the signs of life of agents were last written.
type declared struct {
	mu sync.Mutex
	at map[Agent]time.Time
}

// pretend is the node that stands for an agent who says to be there without a
// connection. Its lease ends by itself, like that of a node that died.
func pretend(a Agent) string { return "declared " + string(a.Tenant) + " " + string(a.Agent) }

// Declare makes an agent count as connected, or ends that, at once and without a
// connection: for agents who answer through a program. It holds for DeclaredFor
// after the last Alive.
func (s *Service) Declare(ctx context.Context, a Agent, there bool) (err error) {
	defer errs.Wrap(&err, "presence.Declare")
	now := s.clock.Now()
	s.declared.mu.Lock()
	if there {
		s.declared.at[a] = now
	} else {
		delete(s.declared.at, a)
	}
	s.declared.mu.Unlock()
	if !there {
		if _, err := s.store.DropNode(ctx, pretend(a), now); err != nil {
			return err
		}
		s.changed(ctx, a)
		return nil
	}
	if err := s.store.Beat(ctx, pretend(a), now.Add(DeclaredFor)); err != nil {
		return err
	}
	if err := s.store.Connect(ctx, pretend(a), a.Tenant, a.Agent, now); err != nil {
		return err
	}
	s.changed(ctx, a)
	return nil
}

// Alive is a sign of life of an agent: if it was declared on this node, that goes on.
func (s *Service) Alive(ctx context.Context, a Agent) error {
	now := s.clock.Now()
	s.declared.mu.Lock()
	last, ok := s.declared.at[a]
	old := now.Sub(last)
	switch {
	case ok && old >= DeclaredFor:
		delete(s.declared.at, a)
	case ok && old >= signEvery:
		s.declared.at[a] = now
	}
	s.declared.mu.Unlock()
	if !ok || old < signEvery || old >= DeclaredFor {
		return nil
	}
	return s.store.Beat(ctx, pretend(a), now.Add(DeclaredFor))
}
