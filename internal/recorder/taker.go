package recorder

import (
	"bytes"
	"sync"
	"time"

	"parlor/internal/call"
)

// late is how many packets of each kind may come out of order before one counts as lost.
var late = [2]uint16{sound: 50, picture: 400}

// rate is the clock of each kind's time stamps, in Hz.
var rate = [2]uint32{sound: 48_000, picture: 90_000}

// maxParts bounds the files of one side of a call.
const maxParts = 24

// taker writes what one side of a call sends, in as many files as it needs.
type taker struct {
	b    *bridge
	side int

	mu    sync.Mutex
	file  *file
	parts int
	done  bool
}

// source is one track as it comes.
type source struct {
	t     *taker
	order order
	maker assembler
	// base is when its first piece came, counted from the beginning of the call; zero is
	// that piece's time stamp.
	base   time.Duration
	zero   uint32
	begun  bool
	broken bool
}

// source begins to take a track.
func (t *taker) source(kind int) *source {
	// What comes before the first whole picture cannot be shown.
	return &source{t: t, order: order{late: late[kind]}, maker: assembler{kind: kind}, broken: kind == picture}
}

// push takes a packet, whose data are not used again by others. It reports true if a
// whole picture is needed: something was lost.
func (s *source) push(p packet) (need bool) {
	kind := s.maker.kind
	s.order.push(p)
	for {
		p, lost, ok := s.order.pop()
		if lost && kind == picture {
			s.maker.gap()
			s.broken, need = true, true
		}
		if !ok {
			return need
		}
		data, whole := s.maker.add(p)
		if !whole {
			continue
		}
		if !s.begun {
			s.begun, s.base, s.zero = true, time.Since(s.t.b.began), p.at
		}
		x := frame{kind: kind, key: true, at: s.base + time.Duration(p.at-s.zero)*time.Second/time.Duration(rate[kind])}
		if kind == picture {
			x.key = data[0]&1 == 0
			if s.broken = s.broken && !x.key; s.broken {
				continue // pictures that build on what was lost would smear
			}
		}
		x.data = bytes.Clone(data)
		s.t.put(x)
	}
}

// put writes a frame to the file in progress.
func (t *taker) put(x frame) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.done {
		return
	}
	// A picture that comes to a file without one begins another.
	if t.file != nil && t.file.began && x.kind == picture && !t.file.take.Video {
		t.closeFile()
	}
	if t.file == nil {
		if t.parts == maxParts {
			return
		}
		c := t.b.call
		t.file = newFile(t.b.r.opts.Dir, call.Take{Tenant: c.Tenant, Call: c.ID, Side: kinds[t.side], Part: t.parts, Offset: x.at, Began: t.b.began.Add(x.at)})
		t.parts++
	}
	if t.file.write(x) {
		t.closeFile()
	}
}

// closeFile needs mu. It hands the file over.
func (t *taker) closeFile() {
	take, ok, err := t.file.close()
	t.file = nil
	if err != nil {
		t.b.r.opts.Log.Error("recording not whole", "call", t.b.call.ID, "side", kinds[t.side], "error", err)
	}
	if ok {
		t.b.r.opts.Done(take)
	}
}

// finish closes the file in progress; what comes after is not taken.
func (t *taker) finish() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.done = true
	if t.file != nil {
		t.closeFile()
	}
}
