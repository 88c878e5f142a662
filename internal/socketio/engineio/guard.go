package engineio

import (
	"fmt"
	"runtime/debug"
)

// guard is deferred where the clock calls a connection: a panic there is logged and ends the connection by end, and
// nothing else. Readers and writers of WebSockets are guarded below, in wsconn, and requests by the HTTP server.
func (s *Server) guard(where string, end func()) {
	if v := recover(); v != nil {
		s.panicked(where, v)
		end()
	}
}

// panicked counts a panic and logs it with the stack, but without what a client may have sent: of values that are not
// errors of the runtime only the type is told.
func (s *Server) panicked(where string, v any) {
	s.panics.Add(1)
	what := fmt.Sprintf("%T", v)
	if err, ok := v.(interface{ RuntimeError() }); ok {
		what = fmt.Sprint(err)
	}
	s.opts.Logger.Error("transport panicked", "in", where, "panic", what, "stack", string(debug.Stack()))
}
