//go:build !linux

package wsconn

import (
	"errors"
	"net"
)

// socket exists on Linux only. Elsewhere a goroutine with a buffer waits for each connection.
type socket struct{ net.Conn }

func adopt(net.Conn, *Conn) *socket { return nil }

func (*socket) tryWrite([]byte) (int, error) { return 0, errors.ErrUnsupported }

func (*socket) start(func()) {}
