// Package wstest is a small blocking WebSocket client for tests and load programs. It speaks RFC 6455 without
// extensions and lets a test send frames that a well-behaved client never would.
package wstest

import (
	"bufio"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"parlor/internal/wsconn"
)

// Client is one connection. Reads and writes may each be used by one goroutine at a time.
type Client struct {
	Conn    net.Conn      // the socket, for tests that go below frames
	Reader  *bufio.Reader // what reads go through
	scratch []byte
}

// Dial opens a ws:// address. A refusal is returned with the response, whose body is already read and closed.
func Dial(address string, header http.Header) (*Client, *http.Response, error) {
	return DialSize(address, header, 4096)
}

// DialSize is Dial with a chosen read buffer.
func DialSize(address string, header http.Header, size int) (*Client, *http.Response, error) {
	return DialFrom(nil, address, header, size)
}

// DialFrom is DialSize from a chosen address of this machine, nil for any. One address has some 28,000 ports for
// connections to one server; more connections than that need several.
func DialFrom(from net.IP, address string, header http.Header, size int) (*Client, *http.Response, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, nil, err
	}
	d := net.Dialer{}
	if from != nil {
		d.LocalAddr = &net.TCPAddr{IP: from}
	}
	nc, err := d.Dial("tcp", u.Host)
	if err != nil {
		return nil, nil, err
	}
	c, resp, err := handshake(nc, u, header, size)
	if err != nil {
		_ = nc.Close() // the handshake error is what matters
	}
	return c, resp, err
}

// handshake asks for the upgrade and checks the answer.
func handshake(nc net.Conn, u *url.URL, header http.Header, size int) (*Client, *http.Response, error) {
	u.Scheme = "http"
	req, err := http.NewRequest(http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, nil, err
	}
	key := make([]byte, 16)
	if _, err := rand.Read(key); err != nil {
		return nil, nil, err
	}
	for k, v := range header {
		req.Header[k] = v
	}
	req.Header.Set("Connection", "Upgrade")
	req.Header.Set("Upgrade", "websocket")
	req.Header.Set("Sec-WebSocket-Version", "13")
	req.Header.Set("Sec-WebSocket-Key", base64.StdEncoding.EncodeToString(key))
	if err := req.Write(nc); err != nil {
		return nil, nil, err
	}
	br := bufio.NewReaderSize(nc, size)
	resp, err := http.ReadResponse(br, req)
	if err != nil {
		return nil, nil, err
	}
	if resp.StatusCode != http.StatusSwitchingProtocols {
		body, _ := io.ReadAll(resp.Body) // shown in the error, whatever arrived
		return nil, resp, fmt.Errorf("wstest: status %d: %s", resp.StatusCode, body)
	}
	if got := resp.Header.Get("Sec-WebSocket-Accept"); got != wsconn.AcceptKey(req.Header.Get("Sec-WebSocket-Key")) {
		return nil, resp, fmt.Errorf("wstest: wrong accept key %q", got)
	}
	return &Client{Conn: nc, Reader: br}, resp, nil
}

// AppendFrame appends a masked frame. Set fin to false for a fragment.
func AppendFrame(dst []byte, fin bool, op wsconn.OpCode, payload []byte) []byte {
	first := byte(op)
	if fin {
		first |= 0x80
	}
	switch n := len(payload); {
	case n <= 125:
		dst = append(dst, first, 0x80|byte(n))
	case n <= 0xffff:
		dst = binary.BigEndian.AppendUint16(append(dst, first, 0x80|126), uint16(n))
	default:
		dst = binary.BigEndian.AppendUint64(append(dst, first, 0x80|127), uint64(n))
	}
	key := [4]byte{0x12, 0x34, 0x56, 0x78}
	dst = append(dst, key[:]...)
	at := len(dst)
	dst = append(dst, payload...)
	wsconn.Mask(dst[at:], key, 0)
	return dst
}

// Write sends one message.
func (c *Client) Write(op wsconn.OpCode, payload []byte) error {
	c.scratch = AppendFrame(c.scratch[:0], true, op, payload)
	_, err := c.Conn.Write(c.scratch)
	return err
}

// Text sends one text message.
func (c *Client) Text(s string) error { return c.Write(wsconn.OpText, []byte(s)) }

// ReadFrame reads one frame into buf, growing it if needed, and returns its payload.
func (c *Client) ReadFrame(buf []byte) (wsconn.OpCode, []byte, error) {
	h, err := c.take(2)
	if err != nil {
		return 0, nil, err
	}
	op, n := wsconn.OpCode(h[0]&0x0f), int(h[1]&0x7f)
	switch n {
	case 126:
		if h, err = c.take(2); err != nil {
			return 0, nil, err
		}
		n = int(binary.BigEndian.Uint16(h))
	case 127:
		if h, err = c.take(8); err != nil {
			return 0, nil, err
		}
		n = int(binary.BigEndian.Uint64(h))
	}
	if cap(buf) < n {
		buf = make([]byte, n)
	}
	_, err = io.ReadFull(c.Reader, buf[:n])
	return op, buf[:n], err
}

// take returns the next n bytes, valid until the next read.
func (c *Client) take(n int) ([]byte, error) {
	b, err := c.Reader.Peek(n)
	if err != nil {
		return nil, err
	}
	_, err = c.Reader.Discard(n)
	return b, err
}

// Read returns the next text or binary message. A close frame is answered and returned as *wsconn.CloseError.
func (c *Client) Read() (wsconn.OpCode, []byte, error) {
	for {
		op, p, err := c.ReadFrame(nil)
		if err != nil {
			return 0, nil, err
		}
		switch op {
		case wsconn.OpText, wsconn.OpBinary:
			return op, p, nil
		case wsconn.OpPing:
			if err := c.Write(wsconn.OpPong, p); err != nil {
				return 0, nil, err
			}
		case wsconn.OpClose:
			end := &wsconn.CloseError{Code: wsconn.CloseNoStatus}
			if len(p) >= 2 {
				end.Code, end.Reason = int(binary.BigEndian.Uint16(p)), string(p[2:])
			}
			_ = c.Write(wsconn.OpClose, p) // the peer may be gone already
			return 0, nil, end
		}
	}
}

// ReadText is Read for a message that is expected to be text and to come within 10 s.
func (c *Client) ReadText() (string, error) {
	if err := c.Conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return "", err
	}
	op, p, err := c.Read()
	if err != nil {
		return "", err
	}
	if op != wsconn.OpText {
		return "", fmt.Errorf("wstest: got opcode %d, want text", op)
	}
	return string(p), nil
}

// Close drops the connection without a close frame.
func (c *Client) Close() error { return c.Conn.Close() }
