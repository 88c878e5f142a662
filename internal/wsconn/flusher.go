package wsconn

import (
	"runtime"
	"sync"
)

// flushGroup writes for the connections that have something to write: a few goroutines that end when nothing is left.
// Since they never block, a queue in front of them costs less than a goroutine for each connection, and lets messages
// for the same connection gather.
type flushGroup struct {
	mu         sync.Mutex
	head, tail *Conn // linked by Conn.next
	running    int
	limit      int
}

// flushers serves all connections of the process.
var flushers = flushGroup{limit: runtime.GOMAXPROCS(0)}

// add queues a connection. It must not be queued already, and must have something to write. The caller may hold the
// lock of the connection. A goroutine is started while fewer than limit run, so what is queued is always about to be
// written.
func (g *flushGroup) add(c *Conn) {
	g.mu.Lock()
	if g.tail == nil {
		g.head = c
	} else {
		g.tail.next = c
	}
	g.tail = c
	start := g.running < g.limit
	if start {
		g.running++
	}
	g.mu.Unlock()
	if start {
		go flushWaiting()
	}
}

// flushWaiting has no argument because starting it then allocates nothing.
func flushWaiting() { flushers.run() }

// run flushes one connection after another until none is queued.
func (g *flushGroup) run() {
	w := writers.Get().(*writer)
	defer writers.Put(w)
	for {
		g.mu.Lock()
		c := g.pop()
		if c == nil {
			g.running--
			g.mu.Unlock()
			return
		}
		g.mu.Unlock()
		c.flush(w)
	}
}

// pop needs mu.
func (g *flushGroup) pop() *Conn {
	c := g.head
	if c == nil {
		return nil
	}
	if g.head = c.next; g.head == nil {
		g.tail = nil
	}
	c.next = nil
	return c
}

// help writes for one connection on the caller's goroutine. It reports false if none waits, which means that every
// connection with something to write is in somebody's hands.
func (g *flushGroup) help() bool {
	g.mu.Lock()
	c := g.pop()
	g.mu.Unlock()
	if c == nil {
		return false
	}
	w := writers.Get().(*writer)
	c.flush(w)
	writers.Put(w)
	return true
}
