package wsconn

import (
	"os"
	"sync"
	"syscall"
)

const (
	maxEvents = 256
	maxReads  = 16 // reads of one connection before another one has its turn
	maxIdle   = 64 // goroutines that are kept for the next events
	// Every change is told once, as to Go's own poller.
	events     = syscall.EPOLLIN | syscall.EPOLLOUT | syscall.EPOLLRDHUP | edge
	edge       = 1 << 31 // EPOLLET
	hangs      = syscall.EPOLLRDHUP | syscall.EPOLLHUP | syscall.EPOLLERR
	readEvents = syscall.EPOLLIN | hangs
)

// loop reads for all sockets of the process. One goroutine asks the system who has something to read and queues them;
// others take one after another from the queue, read, and run its handler themselves. A handler may wait as long as it
// likes: as soon as somebody takes a socket and leaves others in the queue, another goroutine is got ready. So under
// load hundreds of messages pass without a change of goroutines, and nobody ever stands behind a handler that waits.
type loop struct {
	mu    sync.Mutex
	poll  *poll     // nil while there is no socket
	socks []*socket // by descriptor
	count int

	head, tail *socket // who waits for a turn
	ready      int     // goroutines on their way to the queue
	idle       int     // goroutines that wait in work
	work       sync.Cond
}

// reactor serves all sockets of the process.
var reactor = func() *loop {
	l := &loop{}
	l.work.L = &l.mu
	return l
}()

// poll is an epoll descriptor that Go's poller watches in turn, so that waiting for events costs no thread.
type poll struct {
	fd   int
	file *os.File
	buf  [maxEvents]syscall.EpollEvent
}

// openPoll makes a poll and starts its goroutine, which ends when file is closed.
func openPoll(l *loop) (*poll, error) {
	fd, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	p := &poll{fd: fd}
	err = syscall.SetNonblock(fd, true)
	p.file = os.NewFile(uintptr(fd), "epoll")
	var raw syscall.RawConn
	if err == nil {
		raw, err = p.file.SyscallConn()
	}
	if err != nil {
		_ = p.file.Close() // of use to nobody
		return nil, err
	}
	go func() {
		_ = raw.Read(func(uintptr) bool { return p.ask(l) }) // ends when the file is closed
	}()
	return p, nil
}

// ask brings the events there are into the queue. It returns false, for more.
func (p *poll) ask(l *loop) bool {
	for {
		n, err := syscall.EpollWait(p.fd, p.buf[:], 0)
		if err == syscall.EINTR { //nolint:errorlint // of a system call
			continue
		}
		if n > 0 {
			l.dispatch(p.buf[:n])
		}
		if n < maxEvents {
			return false
		}
	}
}

// join begins to watch a socket.
func (l *loop) join(s *socket) error {
	end, err := l.with(s)
	end()
	return err
}

// with is join without what is to be done without mu.
func (l *loop) with(s *socket) (end func(), err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.poll == nil {
		p, err := openPoll(l)
		if err != nil {
			return func() {}, err
		}
		l.poll = p
	}
	for len(l.socks) <= s.fd {
		l.socks = append(l.socks, nil)
	}
	l.socks[s.fd] = s
	l.count++
	if err := syscall.EpollCtl(l.poll.fd, syscall.EPOLL_CTL_ADD, s.fd, &syscall.EpollEvent{Events: events, Fd: int32(s.fd)}); err != nil {
		return l.without(s), err
	}
	return func() {}, nil
}

// leave ends the watching, before the descriptor is closed.
func (l *loop) leave(s *socket) {
	l.mu.Lock()
	_ = syscall.EpollCtl(l.poll.fd, syscall.EPOLL_CTL_DEL, s.fd, nil) // closing it would do as well, if no child process had a copy
	end := l.without(s)
	l.mu.Unlock()
	end()
}

// without needs mu. It forgets a socket; with the last one the goroutines end. What it returns is to be called without
// mu, for closing waits for the goroutine that asks for events.
func (l *loop) without(s *socket) func() {
	l.socks[s.fd] = nil
	if l.count--; l.count > 0 {
		return func() {}
	}
	file := l.poll.file
	l.poll, l.socks = nil, nil
	l.ready += l.idle
	l.idle = 0
	l.work.Broadcast()
	return func() { _ = file.Close() } // no socket is left that could miss it
}

// dispatch queues the sockets that something has happened to. An event of a socket that was closed meanwhile may meet
// its successor, which then looks in vain, and nothing else.
func (l *loop) dispatch(happened []syscall.EpollEvent) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range happened {
		e := &happened[i]
		if int(e.Fd) >= len(l.socks) || l.socks[e.Fd] == nil {
			continue
		}
		s := l.socks[e.Fd]
		if e.Events&hangs != 0 {
			s.ending.Store(true)
		}
		if e.Events&(syscall.EPOLLOUT|hangs) != 0 {
			s.roomier()
		}
		if e.Events&readEvents != 0 {
			l.wake(s)
		}
	}
	l.summon()
}

// wake needs mu. It queues a socket, or has the one who serves it look again.
func (l *loop) wake(s *socket) {
	for {
		switch s.turn.Load() {
		case resting:
			if s.turn.CompareAndSwap(resting, waiting) {
				l.push(s)
				return
			}
		case waiting:
			if s.turn.CompareAndSwap(waiting, again) {
				return
			}
		default:
			return
		}
	}
}

// kick has a socket looked at without an event.
func (l *loop) kick(s *socket) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wake(s)
	l.summon()
}

// begin queues a socket for the first time.
func (l *loop) begin(s *socket) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.push(s)
	l.summon()
}

// push needs mu.
func (l *loop) push(s *socket) {
	if l.tail == nil {
		l.head = s
	} else {
		l.tail.next = s
	}
	l.tail = s
}

// pop needs mu.
func (l *loop) pop() *socket {
	s := l.head
	if s == nil {
		return nil
	}
	if l.head = s.next; l.head == nil {
		l.tail = nil
	}
	s.next = nil
	return s
}

// summon needs mu. It makes sure that somebody is on the way to the queue unless it is empty.
func (l *loop) summon() {
	if l.head == nil || l.ready > 0 {
		return
	}
	l.ready++
	if l.idle == 0 {
		go l.serve()
		return
	}
	l.idle--
	l.work.Signal()
}

// serve gives one socket after another its turn.
func (l *loop) serve() {
	l.mu.Lock()
	l.ready--
	for {
		s := l.pop()
		switch {
		case s != nil:
			l.summon()
			l.mu.Unlock()
			more := s.serve()
			l.mu.Lock()
			if more {
				l.push(s)
			}
		case l.count == 0 || l.idle == maxIdle:
			l.mu.Unlock()
			return
		default:
			l.idle++
			l.work.Wait()
			l.ready--
		}
	}
}
