//go:build !unix

package wsconn

import (
	"errors"
	"net"
	"syscall"
)

// rawConn returns nil: reads and writes go through net.Conn on this system.
func rawConn(net.Conn) syscall.RawConn { return nil }

// directReader is unused where rawConn returns nil.
type directReader struct {
	buffer func() []byte
	idle   func()
}

func (*directReader) read(syscall.RawConn) (int, error) { return 0, errors.ErrUnsupported }

// directWriter is unused where rawConn returns nil.
type directWriter struct{}

func (*directWriter) write(syscall.RawConn, []byte) (int, error) { return 0, errors.ErrUnsupported }
