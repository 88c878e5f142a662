package wsconn

import (
	"errors"
	"testing"
)

// bomb is a handler that panics.
type bomb struct {
	inMessage, inClosed bool
	closed              chan error
}

func (b *bomb) Message(OpCode, []byte) {
	if b.inMessage {
		panic("boom")
	}
}

func (b *bomb) Closed(err error) {
	b.closed <- err
	if b.inClosed {
		panic("boom again")
	}
}

// brittle is a network connection whose writing panics.
type brittle struct {
	chunks
	hold chan struct{}
}

func (b *brittle) Read([]byte) (int, error)  { <-b.hold; return 0, errors.New("closed") }
func (b *brittle) Write([]byte) (int, error) { panic("torn") }
func (b *brittle) Close() error {
	select {
	case <-b.hold:
	default:
		close(b.hold)
	}
	return nil
}

func TestAPanicEndsItsConnectionOnly(t *testing.T) {
	t.Parallel()
	hello := []byte{0x81, 0x82, 0, 0, 0, 0, 'h', 'i'}
	for name, c := range map[string]struct {
		b      bomb
		panics int
		want   error
	}{"in Message": {bomb{inMessage: true}, 1, ErrPanic}, "in Message and Closed": {bomb{inMessage: true, inClosed: true}, 2, ErrPanic}, "in Closed": {bomb{inClosed: true}, 1, nil}} {
		b := c.b
		b.closed = make(chan error, 2)
		caught := 0
		opts := Options{Panicked: func(any) { caught++ }}.WithDefaults()
		conn := New(&chunks{in: hello, size: 100}, nil, &opts, &b)
		conn.Run()
		if got := <-b.closed; (c.want != nil && !errors.Is(got, c.want)) || got == nil {
			t.Errorf("%s: closed with %v", name, got)
		}
		if len(b.closed) > 0 || caught != c.panics {
			t.Errorf("%s: %d panics caught, Closed called again: %v", name, caught, len(b.closed) > 0)
		}
		if name == "in Closed" {
			continue
		}
		for conn.Write([]byte{0x81, 0}) == nil { // the lock is taken in the background
			continue
		}
	}
}

func TestAPanicOfTheWriterEndsItsConnection(t *testing.T) {
	t.Parallel()
	caught := make(chan any, 4)
	b := &bomb{closed: make(chan error, 1)}
	opts := Options{Panicked: func(v any) { caught <- v }}.WithDefaults()
	conn := New(&brittle{hold: make(chan struct{})}, nil, &opts, b)
	if err := conn.Write([]byte{0x81, 0}); err != nil {
		t.Fatal(err)
	}
	conn.Run()
	if v := <-caught; v != "torn" {
		t.Fatal(v)
	}
	if err := <-b.closed; err == nil {
		t.Fatal("closed without a cause")
	}
}

func TestWithoutAGuardAPanicGoesOn(t *testing.T) {
	t.Parallel()
	opts := Options{}.WithDefaults()
	defer func() {
		if recover() == nil {
			t.Fatal("a panic was swallowed although nobody hears of it")
		}
	}()
	New(&chunks{in: []byte{0x81, 0x80, 0, 0, 0, 0}, size: 100}, nil, &opts, &bomb{inMessage: true, closed: make(chan error, 1)}).Run()
}
