package uckefu

import "sync"

// maxSerial bounds what may wait for one console.
const maxSerial = 8192

// serial runs functions one after another in order, in a goroutine that exists
// only while there is something to run.
type serial struct {
	mu      sync.Mutex
	queue   []func()
	running bool
}

// do queues fn; false if too much is waiting.
func (s *serial) do(fn func()) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) >= maxSerial {
		return false
	}
	s.queue = append(s.queue, fn)
	if !s.running {
		s.running = true
		go s.run()
	}
	return true
}

func (s *serial) run() {
	for {
		s.mu.Lock()
		batch := s.queue
		s.queue = nil
		if len(batch) == 0 {
			s.running = false
			s.mu.Unlock()
			return
		}
		s.mu.Unlock()
		for _, fn := range batch {
			fn()
		}
	}
}
