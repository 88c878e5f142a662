package store

import (
	"runtime"
	"syscall"
)

// humbleness is how far behind all other threads the copying stands, 19 at most.
const humbleness = 10

// humble gives the goroutine a thread of its own that stands behind the others
// for the processor. The thread ends with the goroutine.
func humble() error {
	runtime.LockOSThread()
	return syscall.Setpriority(syscall.PRIO_PROCESS, 0, humbleness)
}
