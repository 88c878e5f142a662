package uckefu

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
	"parlor/internal/invite"
	"parlor/internal/online"
	"parlor/internal/visitor"
)

const (
	// holdFor is how long /im/online waits for something to say.
	holdFor = 30 * time.Second
	// maxHeld is how many requests of one visitor wait at once.
	maxHeld = 8
	// maxTold bounds the memory of invitations that pages have been told of.
	maxTold = 50_000
)

// holder keeps the requests that wait for an invitation.
type holder struct {
	mu    sync.Mutex
	count map[id.Visitor]int
	// told is the newest invitation that a visitor's pages know of.
	told map[id.Visitor]string
	done chan struct{}
	once sync.Once
}

func newHolder() *holder {
	return &holder{count: map[id.Visitor]int{}, told: map[id.Visitor]string{}, done: make(chan struct{})}
}

func (h *holder) enter(v id.Visitor) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.count[v] >= maxHeld {
		return false
	}
	h.count[v]++
	return true
}

func (h *holder) leave(v id.Visitor) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.count[v]--; h.count[v] <= 0 {
		delete(h.count, v)
	}
}

// fresh notes an invitation and reports whether the visitor's pages have not
// been told of it.
func (h *holder) fresh(v id.Visitor, invitation string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.told[v] == invitation {
		return false
	}
	if len(h.told) >= maxTold {
		clear(h.told)
	}
	h.told[v] = invitation
	return true
}

// Drain ends the requests that wait, so that the server can stop. It may be
// called twice.
func (f *Front) Drain() { f.held.once.Do(func() { close(f.held.done) }) }

// heldConn is a request that waits.
type heldConn struct{ news chan invite.Invitation }

// Deliver takes the news of an invitation; one is enough to end the wait.
func (c *heldConn) Deliver(e *event.Event) {
	if d, ok := e.Data.(*invite.Changed); ok && (d.Invitation.Agent != "" || d.Invitation.Result != invite.Open) {
		select {
		case c.news <- d.Invitation:
		default:
		}
	}
}

// online is /im/online: it notes the page that is looked at and holds the request
// until there is an invitation to tell of, or an answer to one.
func (f *Front) online(w http.ResponseWriter, r *http.Request) error {
	v, inbox, err := f.arrive(r)
	if err != nil {
		return err
	}
	release, err := f.Visit.Online.Open(r.Context(), online.Look{Tenant: v.Tenant, Visitor: v.ID, Inbox: inbox.ID, URL: r.FormValue("url"), Title: r.FormValue("title"),
		Referrer: r.FormValue("referrer"), IP: v.IP})
	if err != nil {
		return err
	}
	defer release()
	if !f.held.enter(v.ID) {
		return errs.New(errs.TooMany, "rate_limited", "Too many pages wait at once.")
	}
	defer f.held.leave(v.ID)
	c := &heldConn{news: make(chan invite.Invitation, 1)}
	topic := event.ToVisitor(v.Tenant, v.ID)
	f.Hub.Follow(c, topic)
	defer f.Hub.Unfollow(c, topic)
	// An invitation that came between two requests waits in the store.
	got, waiting, err := f.Visit.Invites.Pending(r.Context(), v.Actor())
	if err != nil {
		return err
	}
	if !waiting || !f.held.fresh(v.ID, got.ID) {
		got = f.wait(r.Context(), c)
		if got.Result == invite.Open {
			f.held.fresh(v.ID, got.ID)
		}
	}
	w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	_, _ = fmt.Fprint(w, heldWord(got)) // the client has gone if this fails
	return nil
}

func (f *Front) wait(ctx context.Context, c *heldConn) invite.Invitation {
	timer := f.Clock.NewTimer(holdFor)
	defer timer.Stop()
	select {
	case got := <-c.news:
		return got
	case <-timer.C():
	case <-ctx.Done():
	case <-f.held.done:
	}
	return invite.Invitation{}
}

// heldWord is what a page looks for in the answer, as one event of a stream.
func heldWord(in invite.Invitation) string {
	switch in.Result {
	case invite.Open:
		return "data:invite " + strings.Join(strings.Fields(in.Text), " ") + "\n\n"
	case invite.Accepted, invite.Refused:
		return "data:" + string(in.Result) + "\n\n"
	}
	return "\n"
}

// inviteShown is /im/invited, an addition of ours: the page has invited by a rule.
func (f *Front) inviteShown(w http.ResponseWriter, r *http.Request) error {
	v, _, err := f.arrive(r)
	if err != nil {
		return err
	}
	if _, err := f.Visit.Invites.Shown(r.Context(), v.Actor(), r.FormValue("rule")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

// refuseInvite is /im/refuse. Nothing to refuse is no error for the page.
func (f *Front) refuseInvite(w http.ResponseWriter, r *http.Request) error {
	v, _, err := f.arrive(r)
	if err != nil {
		return err
	}
	if _, err := f.Visit.Invites.Answer(r.Context(), v.Actor(), "", false); err != nil && errs.CodeOf(err) != errs.NotFound {
		return err
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

// accept takes an invitation that brought a page to the chat. Nothing to accept
// is no error.
func (c *visitorConn) accept(ctx context.Context, v visitor.Visitor, isInvite string) error {
	if isInvite != "true" {
		return nil
	}
	_, err := c.f.Visit.Invites.Answer(ctx, v.Actor(), "", true)
	if errs.CodeOf(err) == errs.NotFound {
		return nil
	}
	return err
}
