package wsconn

import (
	"crypto/sha1" //nolint:gosec // the handshake of RFC 6455 prescribes it
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"
)

const acceptGUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

// ErrNotWebSocket says that a request is no valid WebSocket handshake.
var ErrNotWebSocket = errors.New("wsconn: not a WebSocket handshake")

// IsUpgrade reports whether r asks for a WebSocket.
func IsUpgrade(r *http.Request) bool {
	return hasToken(r.Header, "Connection", "upgrade") && hasToken(r.Header, "Upgrade", "websocket")
}

// Upgrade answers a WebSocket handshake and takes the connection over. On a bad request it writes the HTTP error itself
// and returns ErrNotWebSocket. The header may be nil; its entries are added to the 101 answer. Compression is never
// negotiated; a subprotocol is chosen by the caller through header. The returned bytes came after the request and must
// be given to New. The origin is not looked at.
func Upgrade(w http.ResponseWriter, r *http.Request, header http.Header) (net.Conn, []byte, error) {
	// RFC 6455, 4.2.1. HTTP/2 has another way to ask for a WebSocket, which no client of ours uses.
	key := r.Header.Get("Sec-WebSocket-Key")
	raw, err := base64.StdEncoding.DecodeString(key)
	switch {
	case r.Method != http.MethodGet || !r.ProtoAtLeast(1, 1) || !IsUpgrade(r) || err != nil || len(raw) != 16:
		http.Error(w, "not a WebSocket handshake", http.StatusBadRequest)
		return nil, nil, ErrNotWebSocket
	case r.Header.Get("Sec-WebSocket-Version") != "13":
		w.Header().Set("Sec-WebSocket-Version", "13")
		http.Error(w, "unsupported WebSocket version", http.StatusUpgradeRequired)
		return nil, nil, ErrNotWebSocket
	}
	nc, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, "connection cannot be taken over", http.StatusInternalServerError)
		return nil, nil, fmt.Errorf("wsconn: hijack: %w", err)
	}
	// A client may send frames without waiting for the answer; they are in the buffer we are about to lose.
	var early []byte
	if n := rw.Reader.Buffered(); n > 0 {
		peeked, _ := rw.Reader.Peek(n) // n bytes are buffered, so this cannot fail
		early = append(early, peeked...)
	}
	if err := writeAccept(nc, key, header); err != nil {
		_ = nc.Close() // the write error is what matters
		return nil, nil, fmt.Errorf("wsconn: handshake: %w", err)
	}
	return nc, early, nil
}

// writeAccept writes the 101 answer under a deadline, and clears the deadlines net/http may have left.
func writeAccept(nc net.Conn, key string, header http.Header) error {
	var b strings.Builder
	b.WriteString("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ")
	b.WriteString(AcceptKey(key))
	b.WriteString("\r\n")
	if err := header.Write(&b); err != nil {
		return err
	}
	b.WriteString("\r\n")
	if err := nc.SetDeadline(time.Now().Add(defaultWriteTimeout)); err != nil {
		return err
	}
	if _, err := nc.Write([]byte(b.String())); err != nil {
		return err
	}
	return nc.SetDeadline(time.Time{})
}

// AcceptKey proves to the client that its handshake was understood, and nothing else. It is the Sec-WebSocket-Accept
// value that answers a Sec-WebSocket-Key.
func AcceptKey(key string) string {
	sum := sha1.Sum([]byte(key + acceptGUID)) //nolint:gosec // prescribed
	return base64.StdEncoding.EncodeToString(sum[:])
}

// hasToken reports whether a comma-separated header holds a token, in any case. The header may come in several lines.
func hasToken(h http.Header, name, token string) bool {
	for _, line := range h.Values(name) {
		for part := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.TrimSpace(part), token) {
				return true
			}
		}
	}
	return false
}
