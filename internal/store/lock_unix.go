//go:build unix

package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"parlor/internal/errs"
)

// lockName is the file in the data folder that the serving process holds locked.
const lockName = "parlor.lock"

// fileLock is an advisory lock that the system takes away when the process dies.
type fileLock struct{ f *os.File }

// lockDir takes the serve lock of a data folder.
// It returns Conflict "data_in_use" if another process holds it.
func lockDir(dir string) (*fileLock, error) {
	f, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = inUse(dir, f.Name())
	} else if err == nil {
		err = writePid(f)
	}
	if err != nil {
		_ = f.Close() // the first error is the one to report
		return nil, err
	}
	return &fileLock{f}, nil
}

// inUse names the process that holds the lock, as far as it has said so.
func inUse(dir, name string) error {
	holder := "another process"
	if b, err := os.ReadFile(name); err == nil && len(b) > 0 {
		holder = "process " + strings.TrimSpace(string(b))
	}
	return errs.New(errs.Conflict, "data_in_use", "the data folder %s is in use by %s", dir, holder)
}

// writePid lets others name the holder of the lock. The number is a hint only:
// what counts is the lock itself, which dies with the process.
func writePid(f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := f.WriteAt(fmt.Appendf(nil, "%d\n", os.Getpid()), 0)
	return err
}

// release gives the lock up; the file stays. Closing alone would not do: a process
// that is just being forked holds the file open for a moment longer.
func (l *fileLock) release() error {
	err := syscall.Flock(int(l.f.Fd()), syscall.LOCK_UN)
	return errors.Join(err, l.f.Close())
}
