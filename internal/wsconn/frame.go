package wsconn

import (
	"encoding/binary"
	"errors"
	"unicode/utf8"
)

// OpCode is the kind of a WebSocket frame.
type OpCode byte

// The kinds of frames of RFC 6455.
const (
	OpContinuation OpCode = 0
	OpText         OpCode = 1
	OpBinary       OpCode = 2
	OpClose        OpCode = 8
	OpPing         OpCode = 9
	OpPong         OpCode = 10
)

// Close codes of RFC 6455 and its registry.
const (
	CloseNormal          = 1000
	CloseGoingAway       = 1001
	CloseProtocol        = 1002
	CloseUnsupported     = 1003
	CloseNoStatus        = 1005
	CloseInvalidPayload  = 1007
	ClosePolicy          = 1008
	CloseTooBig          = 1009
	CloseInternal        = 1011
	CloseServiceRestart  = 1012
	CloseTryAgainLater   = 1013
	maxControlPayload    = 125
	maxFrameHeader       = 10 // server frames carry no mask
	maxMaskedFrameHeader = 14
)

// MaxHeader is the largest size of the header that FinishFrame puts before a payload.
const MaxHeader = maxFrameHeader

// FinishFrame turns buf, whose payload starts at MaxHeader, into one unmasked frame. The header is written right before
// the payload, so the result is a part of buf that starts up to 8 bytes into it.
func FinishFrame(buf []byte, op OpCode) []byte {
	n := len(buf) - MaxHeader
	// The header has 2, 4 or 10 bytes, and ends where the payload begins.
	switch {
	case n <= 125:
		buf[8], buf[9] = 0x80|byte(op), byte(n)
		return buf[8:]
	case n <= 0xffff:
		buf[6], buf[7] = 0x80|byte(op), 126
		binary.BigEndian.PutUint16(buf[8:], uint16(n))
		return buf[6:]
	default:
		buf[0], buf[1] = 0x80|byte(op), 127
		binary.BigEndian.PutUint64(buf[2:], uint64(n))
		return buf
	}
}

// Frame makes one unmasked frame of a payload, which is copied. Use FinishFrame where the payload is built anyway.
func Frame(op OpCode, payload []byte) []byte {
	buf := make([]byte, MaxHeader+len(payload))
	copy(buf[MaxHeader:], payload)
	return FinishFrame(buf, op)
}

// closeFrame never fails, as it is what a failure is answered with. It makes a close frame; the reason is cut to what a
// control frame holds.
func closeFrame(code int, reason string) []byte {
	if code == CloseNoStatus {
		return Frame(OpClose, nil)
	}
	if len(reason) > maxControlPayload-2 {
		reason = reason[:maxControlPayload-2]
		for !utf8.ValidString(reason) {
			reason = reason[:len(reason)-1]
		}
	}
	payload := make([]byte, 2, 2+len(reason))
	binary.BigEndian.PutUint16(payload, uint16(code))
	return Frame(OpClose, append(payload, reason...))
}

// header is a decoded frame header: 2 to 14 bytes on the wire. Of the three reserved bits nothing is kept, as without
// extensions they must be zero.
type header struct {
	fin    bool
	op     OpCode
	length int64
	mask   [4]byte
}

// errShort says that more bytes are needed.
var errShort = errors.New("wsconn: short header")

// A violation is a breach of the protocol by the peer, with the close code that answers it.
type violation struct {
	code int
	text string
}

// Error says what the peer did.
func (v *violation) Error() string { return "wsconn: " + v.text }

// The breaches a peer can commit.
var (
	errReserved     = &violation{CloseProtocol, "reserved bits set"}
	errOpcode       = &violation{CloseProtocol, "unknown opcode"}
	errUnmasked     = &violation{CloseProtocol, "frame is not masked"}
	errControl      = &violation{CloseProtocol, "control frame fragmented or too long"}
	errContinuation = &violation{CloseProtocol, "continuation out of place"}
	errInterleaved  = &violation{CloseProtocol, "new message inside a fragmented one"}
	errLength       = &violation{CloseProtocol, "impossible frame length"}
	errClosePayload = &violation{CloseProtocol, "malformed close frame"}
	errUTF8         = &violation{CloseInvalidPayload, "text is not UTF-8"}
	errTooBig       = &violation{CloseTooBig, "message too big"}
)

// readHeader decodes the frame header at the start of b and returns its size. Frames must be masked.
// It returns errShort when b ends inside the header, or a violation.
func readHeader(b []byte) (h header, size int, err error) {
	if len(b) < 2 {
		return h, 0, errShort
	}
	if b[0]&0x70 != 0 {
		return h, 0, errReserved
	}
	h.fin, h.op = b[0]&0x80 != 0, OpCode(b[0]&0x0f)
	if h.op > OpBinary && (h.op < OpClose || h.op > OpPong) {
		return h, 0, errOpcode
	}
	if b[1]&0x80 == 0 {
		return h, 0, errUnmasked
	}
	n := int64(b[1] & 0x7f)
	if h.op >= OpClose && (!h.fin || n > maxControlPayload) {
		return h, 0, errControl
	}
	size = 2
	switch n {
	case 126:
		size = 4
	case 127:
		size = 10
	}
	if len(b) < size+4 {
		return h, 0, errShort
	}
	switch n {
	case 126:
		n = int64(binary.BigEndian.Uint16(b[2:]))
	case 127:
		u := binary.BigEndian.Uint64(b[2:])
		if u>>63 != 0 {
			return h, 0, errLength
		}
		n = int64(u)
	}
	h.length = n
	copy(h.mask[:], b[size:])
	return h, size + 4, nil
}

// Mask applies a frame mask to b, whose first byte is at position pos of the payload.
func Mask(b []byte, key [4]byte, pos int) {
	// Turn the key so that it fits the position, then mask eight bytes at a time.
	k := [4]byte{key[pos&3], key[(pos+1)&3], key[(pos+2)&3], key[(pos+3)&3]}
	k32 := binary.LittleEndian.Uint32(k[:])
	k64 := uint64(k32)<<32 | uint64(k32)
	for len(b) >= 8 {
		binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)^k64)
		b = b[8:]
	}
	for i := range b {
		b[i] ^= k[i&3]
	}
}

// parseClose decodes the payload of a close frame. An empty one has code CloseNoStatus.
func parseClose(p []byte) (code int, reason string, err error) {
	if len(p) == 0 {
		return CloseNoStatus, "", nil
	}
	if len(p) == 1 {
		return 0, "", errClosePayload
	}
	code = int(binary.BigEndian.Uint16(p))
	// 1004 to 1006 and 1015 must not appear on the wire; 1000 to 2999 belong to the protocol.
	switch {
	case code >= 3000 && code <= 4999:
	case code >= 1000 && code <= 1003:
	case code >= 1007 && code <= 1014:
	default:
		return 0, "", errClosePayload
	}
	if !utf8.Valid(p[2:]) {
		return 0, "", errUTF8
	}
	return code, string(p[2:]), nil
}
