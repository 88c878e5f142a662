package wsconn

import (
	"bytes"
	"errors"
	"os"
	"sync"
	"time"
)

const (
	scratchSize = 16 << 10 // frames are combined up to this
	bigFrame    = 4 << 10  // larger frames are written from where they are
	maxPooled   = 1024     // frames in a batch worth keeping
)

// Who writes: a connection with something to write is marked writing and belongs to exactly one of
//
//   - the flushers, in whose queue it waits or who write for it without blocking (flush);
//   - a goroutine of its own, from when its socket was full until its queue is empty (drainQueue).
//
// Whoever finds the queue empty clears the mark under the lock, so no frame is ever left behind.

// batch is what waits for the next system call.
type batch struct{ frames [][]byte }

var batches = sync.Pool{New: func() any { return &batch{frames: make([][]byte, 0, 8)} }}

// getBatch returns an empty batch. One is in use for each connection that has something to write, none for an idle one.
func getBatch() *batch { return batches.Get().(*batch) }

// size is what the batch counts for in the queue: its bytes, and something for each frame, so that a queue of tiny
// frames is bounded as well.
func (b *batch) size() int {
	n := 0
	for _, f := range b.frames {
		n += len(f) + frameOverhead
	}
	return n
}

// release empties the batch for its next use. Batches that have grown large are left to the garbage collector.
func (b *batch) release() {
	clear(b.frames)
	b.frames = b.frames[:0]
	if cap(b.frames) <= maxPooled {
		batches.Put(b)
	}
}

// writer is what writing needs only while it goes on.
type writer struct{ scratch []byte }

var writers = sync.Pool{New: func() any { return &writer{scratch: make([]byte, 0, scratchSize)} }}

// next takes the largest chunk that one write should carry off a batch, starting at frame i, and returns the frame
// behind it. The chunk is valid until the next call.
func (w *writer) next(frames [][]byte, i int) ([]byte, int) {
	// Copying costs less than another system call for small frames only.
	if len(frames)-i == 1 || len(frames[i]) > bigFrame {
		return frames[i], i + 1
	}
	w.scratch = w.scratch[:0]
	for i < len(frames) && len(frames[i]) <= bigFrame && len(w.scratch)+len(frames[i]) <= scratchSize {
		w.scratch = append(w.scratch, frames[i]...)
		i++
	}
	return w.scratch, i
}

// flush writes what is waiting, as far as the socket takes it at once. It never blocks: a socket that is full gets a
// goroutine of its own. At most one flush or drainQueue runs for a connection.
func (c *Conn) flush(w *writer) {
	defer c.guard()
	b := c.takePending(0)
	if b == nil {
		return
	}
	size := b.size()
	for i := 0; i < len(b.frames); {
		var chunk []byte
		chunk, i = w.next(b.frames, i)
		c.count(len(chunk))
		n, err := c.sock.tryWrite(chunk)
		if err != nil {
			c.Abort(err)
			break
		}
		if n < len(chunk) {
			// The client is behind. From here on a full queue means a slow reader.
			c.mu.Lock()
			c.blocked = true
			c.changed()
			c.mu.Unlock()
			go c.drainQueue(b, bytes.Clone(chunk[n:]), i)
			return
		}
	}
	b.release()
	c.mu.Lock()
	c.queued -= size
	c.changed()
	again := c.pending != nil
	hangup := false
	if !again {
		c.writing = false
		hangup = c.hangup
	}
	c.mu.Unlock()
	switch {
	case again:
		flushers.add(c) // behind the others, so that more is combined
	case hangup:
		_ = c.nc.Close() // all is written; the reader reports the end
	}
}

// takePending is called by the one who writes. It gives back the room of what was written and takes what waits. It
// returns nil and ends the writing if nothing does.
func (c *Conn) takePending(written int) *batch {
	c.mu.Lock()
	c.queued -= written
	c.changed()
	b := c.pending
	c.pending = nil
	hangup := false
	if b == nil {
		c.writing, c.blocked = false, false
		hangup = c.hangup
	}
	c.mu.Unlock()
	if hangup {
		_ = c.nc.Close() // all is written; the reader reports the end
	}
	return b
}

// drainQueue writes until nothing is waiting, blocking where it must. It goes on with rest and frame i of b, which may
// be nil.
func (c *Conn) drainQueue(b *batch, rest []byte, i int) {
	w := writers.Get().(*writer)
	defer writers.Put(w)
	defer c.guard()
	for {
		if b == nil {
			if b = c.takePending(0); b == nil {
				return
			}
			i = 0
		}
		size := b.size()
		err := c.write(rest)
		for rest = nil; err == nil && i < len(b.frames); {
			var chunk []byte
			chunk, i = w.next(b.frames, i)
			c.count(len(chunk))
			err = c.write(chunk)
		}
		b.release()
		if err != nil {
			// Ends this loop as well: what waits is dropped, and nothing more is accepted.
			c.Abort(writeError(err))
		}
		if b = c.takePending(size); b == nil {
			return
		}
		i = 0
	}
}

// writeError tells a client that does not read from a network that fails: the former runs into the deadline.
func writeError(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return ErrSlowReader
	}
	return err
}

// count counts one write of n bytes before it is made, so that a peer which has got them finds them counted.
func (c *Conn) count(n int) {
	c.opts.Counters.Writes.Add(1)
	c.opts.Counters.BytesOut.Add(int64(n))
}

// write blocks up to the write timeout. The deadline is taken away afterwards, as direct writes know none.
func (c *Conn) write(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	if err := c.nc.SetWriteDeadline(time.Now().Add(c.opts.WriteTimeout)); err != nil {
		return err
	}
	if _, err := c.nc.Write(b); err != nil {
		return err
	}
	return c.nc.SetWriteDeadline(time.Time{})
}
