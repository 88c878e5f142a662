package socketio

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Adapter keeps what connection state recovery needs. The one in memory serves a single node; another implementation
// may share the state among nodes. Its methods must not block for long: they run on the way of a message.
type Adapter interface {
	// Append keeps an event and returns its offset, which is unique in the namespace and ordered by Append.
	// The entry belongs to the adapter.
	Append(namespace string, e Entry) (offset string)
	// Save keeps a socket that lost its connection.
	Save(namespace string, s Session)
	// Restore takes out a saved socket together with all events for it after offset. It reports false if the
	// socket is not known, or if an event may be missing.
	Restore(namespace, pid, offset string) (Session, []Entry, bool)
}

// Target says whom an event was for.
type Target struct {
	Rooms  []string // any of these rooms or socket ids; none means everybody
	Except []string // none of these
}

// matches reports whether a socket with this id and these rooms was addressed.
func (t Target) matches(id string, rooms []string) bool {
	in := func(room string) bool { return room == id || slices.Contains(rooms, room) }
	return (len(t.Rooms) == 0 || slices.ContainsFunc(t.Rooms, in)) && !slices.ContainsFunc(t.Except, in)
}

// Entry is one event of the past.
type Entry struct {
	Offset      string // set by Append
	Target      Target
	JSON        []byte // the array of the event's name and arguments, without offset
	Attachments [][]byte
}

// size is what the entry counts for, overhead included.
func (e Entry) size() int { return len(e.JSON) + attachmentBytes(e.Attachments) + 128 }

// Session is a socket that may come back.
type Session struct {
	PID      string // secret name of the session
	SocketID string // which it gets again, so that messages addressed to it meanwhile count as missed
	Rooms    []string
	Data     any
}

// record keeps an event for recovery and prepares it with its offset. It is called for every event of a namespace that
// recovers, also those to nobody: who misses one is only known when a client comes back.
func (n *Namespace) record(b encoded, t Target) *Prepared {
	kept := encoded{json: slices.Clone(b.json), attachments: b.attachments}
	offset := n.srv.opts.Adapter.Append(n.name, Entry{Target: t, JSON: kept.json, Attachments: kept.attachments})
	return &Prepared{body: kept, offset: offset}
}

// MemoryOptions are limits of the adapter in memory. The zero value of a field means its default.
type MemoryOptions struct {
	Window      time.Duration    // how long events and sessions are kept; default 2 minutes
	MaxEntries  int              // events of one namespace; default 10,000
	MaxBytes    int              // of the events of one namespace; default 16 MiB
	MaxSessions int              // of one namespace; default 10,000
	Now         func() time.Time // default time.Now
}

// memory implements Adapter: for each namespace a log of recent events, numbered without gaps, and the sockets that may
// come back. An offset is the number of an event, so what follows it is a slice of the log, of which the session gets
// what was addressed to it. If the log no longer reaches back to the offset, the client is told to start anew.
type memory struct {
	opts  MemoryOptions
	epoch string // tells offsets of this process from earlier ones

	mu    sync.Mutex
	names map[string]*history
}

// history is the past of one namespace.
type history struct {
	first    int64 // number of entries[0]
	entries  []timedEntry
	bytes    int
	sessions map[string]timedSession
	order    []string // session names, oldest first; some may be gone
}

type timedEntry struct {
	Entry
	at time.Time
}

type timedSession struct {
	Session
	at time.Time
}

// NewMemoryAdapter makes an adapter for one process.
func NewMemoryAdapter(o MemoryOptions) Adapter {
	o.Window = cmp.Or(o.Window, 2*time.Minute)
	o.MaxEntries = cmp.Or(o.MaxEntries, 10_000)
	o.MaxBytes = cmp.Or(o.MaxBytes, 16<<20)
	o.MaxSessions = cmp.Or(o.MaxSessions, 10_000)
	if o.Now == nil {
		o.Now = time.Now
	}
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails: the runtime ends the program instead
	return &memory{opts: o, epoch: hex.EncodeToString(b[:]), names: make(map[string]*history)}
}

// history needs mu.
func (m *memory) history(namespace string) *history {
	h := m.names[namespace]
	if h == nil {
		h = &history{first: 1, sessions: make(map[string]timedSession)}
		m.names[namespace] = h
	}
	return h
}

// Append implements Adapter.
func (m *memory) Append(namespace string, e Entry) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	h, now := m.history(namespace), m.opts.Now()
	e.Offset = m.epoch + "-" + strconv.FormatInt(h.first+int64(len(h.entries)), 36)
	h.entries = append(h.entries, timedEntry{e, now})
	h.bytes += e.size()
	m.prune(h, now)
	return e.Offset
}

// Save implements Adapter.
func (m *memory) Save(namespace string, s Session) {
	m.mu.Lock()
	defer m.mu.Unlock()
	h, now := m.history(namespace), m.opts.Now()
	h.sessions[s.PID] = timedSession{s, now}
	h.order = append(h.order, s.PID)
	m.prune(h, now)
}

// Restore implements Adapter.
func (m *memory) Restore(namespace, pid, offset string) (Session, []Entry, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	h := m.history(namespace)
	m.prune(h, m.opts.Now())
	s, ok := h.sessions[pid]
	if !ok {
		return Session{}, nil, false
	}
	delete(h.sessions, pid) // whatever comes of it: a session is continued once
	text, ours := strings.CutPrefix(offset, m.epoch+"-")
	last, err := strconv.ParseInt(text, 36, 64)
	if !ours || err != nil || last+1 < h.first || last >= h.first+int64(len(h.entries)) {
		return Session{}, nil, false
	}
	var missed []Entry
	for _, e := range h.entries[last+1-h.first:] {
		if e.Target.matches(s.SocketID, s.Rooms) {
			missed = append(missed, e.Entry)
		}
	}
	return s.Session, missed, true
}

// prune needs mu. It forgets what is too old or too much, oldest first.
func (m *memory) prune(h *history, now time.Time) {
	drop := 0
	// Too many, too large, or too old.
	for drop < len(h.entries) && (len(h.entries)-drop > m.opts.MaxEntries || h.bytes > m.opts.MaxBytes ||
		now.Sub(h.entries[drop].at) > m.opts.Window) {
		h.bytes -= h.entries[drop].size()
		h.entries[drop] = timedEntry{}
		drop++
	}
	h.first += int64(drop)
	h.entries = h.entries[drop:]
	for len(h.order) > 0 {
		s, ok := h.sessions[h.order[0]]
		if ok && len(h.order) <= m.opts.MaxSessions && now.Sub(s.at) <= m.opts.Window {
			return
		}
		delete(h.sessions, h.order[0])
		h.order = h.order[1:]
	}
}
