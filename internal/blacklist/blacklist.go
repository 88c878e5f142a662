// Package blacklist (黑名单) holds whom a company does not serve, for a time or
// for ever. An entry names a visitor, a network address, a browser fingerprint,
// or several of them: whoever fits one of the keys of an entry is refused.
package blacklist

import (
	"context"
	"net/netip"
	"strings"
	"time"
	"unicode/utf8"

	"parlor/internal/actor"
	"parlor/internal/clock"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
	"parlor/internal/memo"
)

// Bounds.
const (
	// MaxReason is the longest reason, in characters.
	MaxReason = 500
	// MaxHours is the longest time, ten years; 0 hours is for ever.
	MaxHours = 10 * 366 * 24
	// MaxBlocks bounds the entries of a company.
	MaxBlocks = 10_000
)

// Block is one entry.
type Block struct {
	ID     string    `json:"id"`
	Tenant id.Tenant `json:"-"`
	// Visitor, Address and Fingerprint are its keys; one at least is set.
	Visitor     id.Visitor `json:"visitor,omitempty"`
	Address     string     `json:"address,omitempty"`
	Fingerprint string     `json:"fingerprint,omitempty"`
	Reason      string     `json:"reason"`
	// Conversation is where it came from.
	Conversation id.Conversation `json:"conversation,omitempty"`
	// Agent and AgentName say by whom.
	Agent     id.Agent  `json:"agent"`
	AgentName string    `json:"agentName"`
	CreatedAt time.Time `json:"createdAt"`
	// Until is its end; nil is for ever.
	Until *time.Time `json:"until,omitempty"`
}

// Subject is who asks to be let in; empty keys are not known.
type Subject struct {
	Tenant      id.Tenant
	Visitor     id.Visitor
	Address     string
	Fingerprint string
}

// Changed is the payload of event.BlacklistChanged.
type Changed struct {
	// Blocked is a visitor who is refused from now on, empty if nobody is.
	Blocked id.Visitor `json:"blocked,omitempty"`
	// Address and Fingerprint are refused from now on too; empty for none. They are
	// for the nodes, which close the open connections they fit.
	Address     string `json:"address,omitempty"`
	Fingerprint string `json:"fingerprint,omitempty"`
}

// Fits reports whether a connection from an address, in its usual form, and with
// a fingerprint is one that is refused by what was added.
func (c *Changed) Fits(address, fingerprint string) bool {
	return c.Address != "" && c.Address == Address(address) || c.Fingerprint != "" && c.Fingerprint == fingerprint
}

// Store is the memory that blacklist needs.
type Store interface {
	// AddBlock adds b. Conflict "blacklist_full" beyond most entries.
	AddBlock(ctx context.Context, b Block, most int) error
	// RemoveBlock deletes an entry; NotFound "block_not_found".
	RemoveBlock(ctx context.Context, t id.Tenant, block string) error
	// Blocks returns a page of entries, newest first, those behind the id after.
	Blocks(ctx context.Context, t id.Tenant, after string, limit int) ([]Block, error)
	// ExpireBlocks deletes entries of all companies that ended before now and
	// returns how many.
	ExpireBlocks(ctx context.Context, now time.Time) (int, error)
}

// Service is the use cases of the blacklist.
type Service struct {
	store  Store
	events event.Publisher
	clock  clock.Clock
	lists  *memo.Memo[id.Tenant, *list]
}

// list is the blacklist of a company by key.
type list struct {
	visitors     map[id.Visitor]Block
	addresses    map[string]Block
	fingerprints map[string]Block
}

// Lists are remembered for a while; an event forgets them earlier.
const (
	listLife = 30 * time.Second
	maxLists = 200
)

// New returns a service.
func New(store Store, events event.Publisher, c clock.Clock) *Service {
	return &Service{store: store, events: events, clock: c, lists: memo.New[id.Tenant, *list](c, listLife, maxLists)}
}

// Heed forgets what another node has changed; it does not block.
func (s *Service) Heed(e *event.Event) {
	if e.Kind == event.BlacklistChanged {
		s.forget(e.Tenant)
	}
}

func (s *Service) forget(t id.Tenant) { s.lists.Forget(func(k id.Tenant) bool { return k == t }) }

// Input is what is said of an entry.
type Input struct {
	Visitor      id.Visitor      `json:"visitor,omitempty" maxLength:"64"`
	Address      string          `json:"address,omitempty" maxLength:"64" doc:"IP address"`
	Fingerprint  string          `json:"fingerprint,omitempty" maxLength:"128"`
	Reason       string          `json:"reason,omitempty" maxLength:"500"`
	Conversation id.Conversation `json:"conversation,omitempty" maxLength:"64"`
	Hours        int             `json:"hours,omitempty" minimum:"0" maximum:"87840" doc:"How long; 0 is for ever"`
}

// Add puts somebody on the blacklist. It needs the permission actor.Block.
func (s *Service) Add(ctx context.Context, who actor.Actor, in Input) (b Block, err error) {
	defer errs.Wrap(&err, "blacklist.Add")
	if who.Kind != actor.Agent || !who.Can(actor.Block) {
		return b, errs.New(errs.Forbidden, "not_allowed", "Your role does not allow refusing visitors.")
	}
	now := s.clock.Now()
	b = Block{ID: id.New(), Tenant: who.Tenant, Visitor: in.Visitor, Address: Address(in.Address), Fingerprint: strings.TrimSpace(in.Fingerprint),
		Reason: strings.TrimSpace(in.Reason), Conversation: in.Conversation, Agent: who.Agent, AgentName: who.Name, CreatedAt: now}
	switch {
	case in.Address != "" && b.Address == "":
		return b, errs.Field("address", "bad_address", "%q is not an IP address.", in.Address)
	case b.Visitor == "" && b.Address == "" && b.Fingerprint == "":
		return b, errs.Field("visitor", "no_key", "Name a visitor, an address or a fingerprint.")
	case utf8.RuneCountInString(b.Reason) > MaxReason:
		return b, errs.Field("reason", "too_long", "The reason has more than %d characters.", MaxReason)
	case in.Hours < 0 || in.Hours > MaxHours:
		return b, errs.Field("hours", "bad_hours", "%d hours; 0 (for ever) to %d are allowed.", in.Hours, MaxHours)
	case in.Hours > 0:
		until := now.Add(time.Duration(in.Hours) * time.Hour)
		b.Until = &until
	}
	if err = s.store.AddBlock(ctx, b, MaxBlocks); err != nil {
		return b, err
	}
	s.changed(who.Tenant, Changed{Blocked: b.Visitor, Address: b.Address, Fingerprint: b.Fingerprint})
	return b, nil
}

// Address returns the usual form of an IP address, "" if it is none.
func Address(s string) string {
	a, err := netip.ParseAddr(strings.TrimSpace(s))
	if err != nil {
		return ""
	}
	return a.Unmap().WithZone("").String()
}

// changed tells the pages of a visitor and all nodes. Whom an address or a
// fingerprint fits only the nodes can tell, from the connections they hold.
func (s *Service) changed(t id.Tenant, c Changed) {
	s.forget(t)
	to := []event.Topic{event.ToNodes}
	if c.Blocked != "" {
		to = append(to, event.ToVisitor(t, c.Blocked))
	}
	s.events.Publish(&event.Event{ID: id.New(), Tenant: t, Kind: event.BlacklistChanged, To: to, At: s.clock.Now(), Data: &c})
}

// Remove takes an entry off the blacklist. It needs the permission actor.Block.
func (s *Service) Remove(ctx context.Context, who actor.Actor, block string) (err error) {
	defer errs.Wrap(&err, "blacklist.Remove")
	if !who.Can(actor.Block) {
		return errs.New(errs.Forbidden, "not_allowed", "Your role does not allow refusing visitors.")
	}
	if err = s.store.RemoveBlock(ctx, who.Tenant, block); err != nil {
		return err
	}
	s.changed(who.Tenant, Changed{})
	return nil
}

// List returns a page of the blacklist, newest first, and the cursor of the next.
func (s *Service) List(ctx context.Context, who actor.Actor, after string, limit int) (page []Block, next string, err error) {
	defer errs.Wrap(&err, "blacklist.List")
	if !who.Can(actor.Block) {
		return nil, "", errs.New(errs.Forbidden, "not_allowed", "Your role does not allow seeing the blacklist.")
	}
	if limit < 1 || limit > 200 {
		limit = 50
	}
	if page, err = s.store.Blocks(ctx, who.Tenant, after, limit+1); err != nil || len(page) <= limit {
		return page, "", err
	}
	return page[:limit], page[limit-1].ID, nil
}

// Check returns the entry that refuses somebody, found false if there is none.
// It reads memory in the usual case, and a change is known at once everywhere.
func (s *Service) Check(ctx context.Context, who Subject) (b Block, found bool, err error) {
	l, err := s.lists.Get(ctx, who.Tenant, func(ctx context.Context) (*list, error) { return s.load(ctx, who.Tenant) })
	if err != nil {
		return b, false, err
	}
	now := s.clock.Now()
	running := func(b Block, ok bool) bool { return ok && (b.Until == nil || now.Before(*b.Until)) }
	if b, ok := l.visitors[who.Visitor]; who.Visitor != "" && running(b, ok) {
		return b, true, nil
	}
	if who.Address != "" {
		if b, ok := l.addresses[Address(who.Address)]; running(b, ok) {
			return b, true, nil
		}
	}
	if b, ok := l.fingerprints[who.Fingerprint]; who.Fingerprint != "" && running(b, ok) {
		return b, true, nil
	}
	return Block{}, false, nil
}

// Refuse returns errs.Forbidden "blacklisted" for somebody on the blacklist.
func (s *Service) Refuse(ctx context.Context, who Subject) error {
	_, found, err := s.Check(ctx, who)
	if err == nil && found {
		err = errs.New(errs.Forbidden, "blacklisted", "You cannot write to us at the moment.")
	}
	return err
}

// load reads the whole list of a company; MaxBlocks bounds it.
func (s *Service) load(ctx context.Context, t id.Tenant) (*list, error) {
	l := &list{visitors: map[id.Visitor]Block{}, addresses: map[string]Block{}, fingerprints: map[string]Block{}}
	blocks, err := s.store.Blocks(ctx, t, "", MaxBlocks)
	for _, b := range blocks {
		if b.Visitor != "" && longer(b, l.visitors[b.Visitor]) {
			l.visitors[b.Visitor] = b
		}
		if b.Address != "" && longer(b, l.addresses[b.Address]) {
			l.addresses[b.Address] = b
		}
		if b.Fingerprint != "" && longer(b, l.fingerprints[b.Fingerprint]) {
			l.fingerprints[b.Fingerprint] = b
		}
	}
	return l, err
}

// longer reports whether b outlasts the entry known for the same key.
func longer(b, known Block) bool {
	switch {
	case known.ID == "":
		return true
	case known.Until == nil:
		return false
	}
	return b.Until == nil || b.Until.After(*known.Until)
}

// Expire deletes entries that are over and returns how many. They refuse nobody
// from their end on; this makes room.
func (s *Service) Expire(ctx context.Context) (int, error) {
	return s.store.ExpireBlocks(ctx, s.clock.Now())
}
