package wsconn

import (
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

// batch is what waits for the next system call.
type batch struct{ frames [][]byte }

var batches = sync.Pool{New: func() any { return &batch{frames: make([][]byte, 0, 8)} }}

func getBatch() *batch { return batches.Get().(*batch) }

func (b *batch) size() int {
	n := 0
	for _, f := range b.frames {
		n += len(f) + frameOverhead
	}
	return n
}

func (b *batch) release() {
	clear(b.frames)
	b.frames = b.frames[:0]
	if cap(b.frames) <= maxPooled {
		batches.Put(b)
	}
}

// writer is what a flush needs only while it runs.
type writer struct {
	scratch []byte
	direct  directWriter
}

var writers = sync.Pool{New: func() any { return &writer{scratch: make([]byte, 0, scratchSize)} }}

// flush writes until nothing is waiting. At most one runs for a connection.
func (c *Conn) flush() {
	w := writers.Get().(*writer)
	defer writers.Put(w)
	written := 0
	for {
		c.mu.Lock()
		c.queued -= written
		b := c.pending
		c.pending = nil
		if b == nil {
			c.writing = false
			hangup := c.hangup
			c.mu.Unlock()
			if hangup {
				_ = c.nc.Close() // all is written; the reader reports the end
			}
			return
		}
		c.mu.Unlock()
		written = b.size()
		err := c.writeBatch(w, b.frames)
		b.release()
		if err != nil {
			c.Abort(writeError(err))
		}
	}
}

func writeError(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return ErrSlowReader
	}
	return err
}

// writeBatch combines small frames and writes large ones as they are.
func (c *Conn) writeBatch(w *writer, frames [][]byte) error {
	if len(frames) == 1 {
		return c.writeOut(w, frames[0])
	}
	for _, f := range frames {
		if len(w.scratch) > 0 && (len(f) > bigFrame || len(w.scratch)+len(f) > scratchSize) {
			err := c.writeOut(w, w.scratch)
			w.scratch = w.scratch[:0]
			if err != nil {
				return err
			}
		}
		if len(f) > bigFrame {
			if err := c.writeOut(w, f); err != nil {
				return err
			}
			continue
		}
		w.scratch = append(w.scratch, f...)
	}
	if len(w.scratch) == 0 {
		return nil
	}
	err := c.writeOut(w, w.scratch)
	w.scratch = w.scratch[:0]
	return err
}

// writeOut writes b. The deadline is set only when the socket does not take everything at once.
func (c *Conn) writeOut(w *writer, b []byte) error {
	c.opts.Counters.Writes.Add(1)
	c.opts.Counters.BytesOut.Add(int64(len(b)))
	if c.raw != nil {
		n, err := w.direct.write(c.raw, b)
		if err != nil || n == len(b) {
			return err
		}
		b = b[n:]
	}
	if err := c.nc.SetWriteDeadline(time.Now().Add(c.opts.WriteTimeout)); err != nil {
		return err
	}
	if _, err := c.nc.Write(b); err != nil {
		return err
	}
	return c.nc.SetWriteDeadline(time.Time{})
}
