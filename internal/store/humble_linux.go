package store

import (
	"runtime"
	"syscall"
)

// humbleness is how far behind all other threads the copying stands.
const humbleness = 10

// humble gives the goroutine a thread of its own that stands behind the others
// for the processor. The thread ends with the goroutine.
func humble() error {
	runtime.LockOSThread()
	place, err := syscall.Getpriority(syscall.PRIO_PROCESS, 0) // 20 less the niceness
	if err != nil {
		return err
	}
	return syscall.Setpriority(syscall.PRIO_PROCESS, 0, min(20-place+humbleness, 19))
}
