//go:build !unix

package store

// fileLock does nothing here: this system has no advisory locks of the kind used
// elsewhere. SQLite's own locks still keep the data whole if two servers start
// on one folder.
type fileLock struct{}

func lockDir(string) (*fileLock, error) { return &fileLock{}, nil }

func (*fileLock) release() error { return nil }
