package wsconn

import (
	"bytes"
	"io"
	"net"
	"testing"
	"time"
	"unicode/utf8"
)

// chunks is a connection whose input comes in pieces of a fixed size.
type chunks struct {
	in   []byte
	size int
	out  bytes.Buffer
}

func (c *chunks) Read(b []byte) (int, error) {
	if len(c.in) == 0 {
		return 0, io.EOF
	}
	n := copy(b, c.in[:min(c.size, len(c.in))])
	c.in = c.in[n:]
	return n, nil
}

func (c *chunks) Write(b []byte) (int, error)      { return len(b), nil }
func (c *chunks) Close() error                     { return nil }
func (c *chunks) LocalAddr() net.Addr              { return nil }
func (c *chunks) RemoteAddr() net.Addr             { return nil }
func (c *chunks) SetDeadline(time.Time) error      { return nil }
func (c *chunks) SetReadDeadline(time.Time) error  { return nil }
func (c *chunks) SetWriteDeadline(time.Time) error { return nil }

// record keeps what a reader delivers.
type record struct {
	messages []string
	closed   error
}

func (r *record) Message(op OpCode, data []byte) {
	r.messages = append(r.messages, string(rune('0'+op))+string(data))
}
func (r *record) Closed(err error) { r.closed = err }

func readIn(data []byte, size int) *record {
	opts := Options{MaxMessage: 10_000}.WithDefaults()
	r := &record{}
	New(&chunks{in: bytes.Clone(data), size: size}, nil, &opts, r).Run()
	return r
}

// FuzzReader checks that the reader delivers the same however its input is cut, and never more than allowed.
func FuzzReader(f *testing.F) {
	masked := func(first byte, p string) []byte {
		return append([]byte{first, 0x80 | byte(len(p)), 0, 0, 0, 0}, p...)
	}
	f.Add(masked(0x81, "hello"), uint8(1))
	f.Add(append(masked(0x01, "he"), masked(0x80, "llo")...), uint8(3))
	f.Add(append(masked(0x02, ""), masked(0x89, "ping")...), uint8(7))
	f.Add(masked(0x88, "\x03\xe8bye"), uint8(2))
	f.Add([]byte{0x82, 0xfe, 0x20, 0x00, 1, 2, 3, 4, 5, 6}, uint8(4))
	f.Add([]byte{0x81, 0xff, 0, 0, 0, 0, 0, 0, 0, 3, 9, 9, 9, 9, 'a' ^ 9, 'b' ^ 9, 'c' ^ 9}, uint8(1))
	f.Fuzz(func(t *testing.T, data []byte, size uint8) {
		whole, cut := readIn(data, 1<<20), readIn(data, int(size)+1)
		if len(whole.messages) != len(cut.messages) || whole.closed == nil || cut.closed == nil {
			t.Fatalf("%d messages whole, %d in pieces", len(whole.messages), len(cut.messages))
		}
		for i, m := range whole.messages {
			if m != cut.messages[i] {
				t.Fatalf("message %d differs when cut", i)
			}
			if len(m) > 10_001 || m[0] == '1' && !utf8.ValidString(m) || m[0] != '1' && m[0] != '2' {
				t.Fatalf("message %d must not be delivered", i)
			}
		}
	})
}

// FuzzFrame checks that what FinishFrame writes is read back, once masked.
func FuzzFrame(f *testing.F) {
	f.Add([]byte("hello"))
	f.Add(bytes.Repeat([]byte{1}, 126))
	f.Add(bytes.Repeat([]byte{2}, 70_000))
	f.Fuzz(func(t *testing.T, payload []byte) {
		frame := Frame(OpBinary, payload)
		head := len(frame) - len(payload)
		frame[1] |= 0x80
		withMask := append(append(bytes.Clone(frame[:head]), 1, 2, 3, 4), frame[head:]...)
		h, size, err := readHeader(withMask)
		if err != nil || h.length != int64(len(payload)) || size != head+4 || h.op != OpBinary || !h.fin {
			t.Fatalf("header %+v, size %d, %v", h, size, err)
		}
		body := withMask[size:]
		Mask(body, h.mask, 0)
		for split := 0; split <= min(len(body), 9); split++ {
			again := bytes.Clone(body)
			Mask(again[:split], h.mask, 0)
			Mask(again[split:], h.mask, split)
			if !bytes.Equal(again, payload) {
				t.Fatal("masking in parts differs from masking at once")
			}
		}
	})
}

func BenchmarkRead(b *testing.B) {
	opts := Options{}.WithDefaults()
	one := append([]byte{0x81, 0x80 | 110, 1, 2, 3, 4}, bytes.Repeat([]byte("x"), 110)...)
	Mask(one[6:], [4]byte{1, 2, 3, 4}, 0)
	in := bytes.Repeat(one, 10_000)
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		New(&chunks{in: in, size: 4096}, nil, &opts, discard{}).Run()
	}
}

type discard struct{}

func (discard) Message(OpCode, []byte) {}
func (discard) Closed(error)           {}
