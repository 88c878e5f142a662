//go:build !linux

package store

// humble does nothing: elsewhere a thread has no priority of its own.
func humble() error { return nil }
