package engineio

import (
	"crypto/rand"
	"encoding/base64"

	"parlor/internal/wsconn"
)

// Types of packets, as their first character.
const (
	packetOpen    = '0'
	packetClose   = '1'
	packetPing    = '2'
	packetPong    = '3'
	packetMessage = '4'
	packetUpgrade = '5'
	packetNoop    = '6'
)

// Message is one encoded outgoing packet. It is immutable and may be sent to any number of connections.
type Message struct {
	frame  []byte // a complete WebSocket frame
	start  uint8  // where the packet begins in it
	binary bool
	json   bool // characters beyond ASCII may be written as \u escapes
}

// textStart is where the payload of a text message begins in a buffer of StartText.
const textStart = wsconn.MaxHeader + 1

// StartText returns a buffer to which the text of a message is appended, with room for size bytes.
func StartText(size int) []byte {
	buf := make([]byte, textStart, textStart+size)
	buf[textStart-1] = packetMessage
	return buf
}

// FinishText makes a message of a buffer begun by StartText. Say json if every character beyond ASCII stands inside a
// JSON string, so that it may be escaped for clients that would misread it.
func FinishText(buf []byte, json bool) Message { return finishPacket(buf, json) }

// finishPacket frames a packet for WebSocket. Polling takes the packet out of the frame again (packet), so one encoding
// does for both. It makes a text message of a buffer whose packet starts at wsconn.MaxHeader.
func finishPacket(buf []byte, json bool) Message {
	frame := wsconn.FinishFrame(buf, wsconn.OpText)
	return Message{frame: frame, start: uint8(len(frame) - (len(buf) - wsconn.MaxHeader)), json: json}
}

// Text makes a message of a text, which is copied. It must be valid UTF-8, or clients close the connection.
func Text(payload []byte) Message {
	return FinishText(append(StartText(len(payload)), payload...), false)
}

// Binary makes a message of bytes, which are copied, for connections of one protocol version. Sent to one of the other
// version, the client would misread it.
func Binary(protocol int, payload []byte) Message {
	buf := make([]byte, wsconn.MaxHeader, wsconn.MaxHeader+1+len(payload))
	if protocol == V3 {
		buf = append(buf, packetMessage-'0')
	}
	buf = append(buf, payload...)
	frame := wsconn.FinishFrame(buf, wsconn.OpBinary)
	return Message{frame: frame, start: uint8(len(frame) - (len(buf) - wsconn.MaxHeader)), binary: true}
}

// control makes a packet that is no message, such as a pong with the data of its ping.
func control(kind byte, data string) Message {
	buf := append(make([]byte, wsconn.MaxHeader, wsconn.MaxHeader+1+len(data)), kind)
	return finishPacket(append(buf, data...), false)
}

// Packets without content, encoded once.
var (
	pingMessage  = control(packetPing, "")
	closeMessage = control(packetClose, "")
	noopMessage  = control(packetNoop, "")
)

// packet is the engine packet without transport framing.
func (m Message) packet() []byte { return m.frame[m.start:] }

// size is what the message counts for in a queue.
func (m Message) size() int { return len(m.frame) }

// NewID makes an id of 20 URL-safe characters with 120 random bits.
func NewID() string {
	var b [15]byte
	_, _ = rand.Read(b[:]) // never fails: the runtime ends the program instead
	return base64.RawURLEncoding.EncodeToString(b[:])
}
