package socketio

import (
	"runtime"
	"sync"
)

// dispatcher runs the handlers of sockets that have something to do. Workers take one socket after another and end when
// none is left. A worker that enters a handler while others wait makes sure that the next worker is on its way, so a
// handler may block for as long as it likes.
type dispatcher struct {
	mu         sync.Mutex
	head, tail *Socket // linked by Socket.next
	coming     bool    // a worker has been started and has not looked yet
	busy       int     // workers
	draining   bool
	idle       chan struct{} // closed when draining and no worker is left
	start      func()
}

// newDispatcher makes a dispatcher without workers.
func newDispatcher() *dispatcher {
	d := &dispatcher{idle: make(chan struct{})}
	d.start = d.run
	return d
}

// add queues a socket. It must not be queued or being run, which Socket.working guards. There is no limit to the
// workers: only handlers that block make more than one or two of them, at most one for each socket, and sockets are
// limited.
func (d *dispatcher) add(s *Socket) {
	d.mu.Lock()
	if d.tail == nil {
		d.head = s
	} else {
		d.tail.next = s
	}
	d.tail = s
	start := d.recruit()
	d.mu.Unlock()
	if start {
		go d.start()
	}
}

// recruit needs mu. It reports whether the caller must start a worker. One at a time is on its way: it calls the next
// itself if there is more to do than it can take.
func (d *dispatcher) recruit() bool {
	if d.coming || d.head == nil {
		return false
	}
	d.coming = true
	d.busy++
	return true
}

// run is one worker. It ends when no socket waits. The next worker is recruited before the handler is entered:
// afterwards it might be too late, and before, with nothing waiting, it would be for nothing.
func (d *dispatcher) run() {
	// Connections that are ready to be read go first. Their events then share this worker, and the answers to them the
	// goroutine that writes, instead of starting one of each for every message.
	runtime.Gosched()
	d.mu.Lock()
	d.coming = false
	for d.head != nil {
		s := d.head
		if d.head = s.next; d.head == nil {
			d.tail = nil
		}
		s.next = nil
		start := d.recruit()
		d.mu.Unlock()
		if start {
			go d.start()
		}
		s.attend()
		d.mu.Lock()
	}
	if d.busy--; d.busy == 0 && d.draining {
		close(d.idle)
		d.draining = false
	}
	d.mu.Unlock()
}

// drained returns a channel that is closed once no handler runs. It is called once, when no socket gets events any
// more.
func (d *dispatcher) drained() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.busy == 0 {
		close(d.idle)
	} else {
		d.draining = true
	}
	return d.idle
}
