package store

import (
	"syscall"
	"testing"
)

// TestOnlyTheCopyingIsHumble asks the system for the places of two threads.
func TestOnlyTheCopyingIsHumble(t *testing.T) {
	t.Parallel()
	place := func() int {
		n, err := syscall.Getpriority(syscall.PRIO_PROCESS, 0) // 20 less the niceness
		if err != nil {
			t.Error(err)
		}
		return n
	}
	before, during := place(), make(chan int)
	go func() {
		if err := humble(); err != nil {
			t.Error(err)
		}
		during <- place()
	}()
	if got, want := <-during, max(before-humbleness, 1); got != want {
		t.Errorf("the copying stands at %d, everybody else at %d; expected %d", got, before, want)
	}
	if after := place(); after != before {
		t.Errorf("everybody else stands at %d afterwards, at %d before", after, before)
	}
}
