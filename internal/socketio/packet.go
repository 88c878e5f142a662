package socketio

import (
	"bytes"
	"errors"
	"strconv"
)

// Types of packets.
const (
	typeConnect = iota
	typeDisconnect
	typeEvent
	typeAck
	typeConnectError
	typeBinaryEvent
	typeBinaryAck
)

const (
	maxNamespaceName = 256
	maxAckDigits     = 15 // keeps ids exact in clients that count in floating point
	noAck            = -1
)

// errPacket says that a client sent what is no Socket.IO packet; its connection is closed.
var errPacket = errors.New("socketio: malformed packet")

// Packets, without the engine's leading 4:
//
//	0/im/user?userid=u1,         CONNECT with the query of a 2.x client
//	2/im/user,["message",{}]     EVENT
//	2/im/user,17["message",{}]   EVENT that asks for acknowledgement 17
//	3/im/user,17[]               ACK
//	51-["file",{"_placeholder":true,"num":0}]   BINARY_EVENT, one attachment follows

// packet is a decoded header; its slices point into the message.
type packet struct {
	kind        byte
	attachments int
	namespace   []byte // as sent, without query; "/" if none was sent
	query       []byte // what stood behind ? in the namespace
	id          int64  // noAck if there is none
	data        []byte // JSON, not yet checked
}

// rootName is the namespace of packets that name none. It is shared by all of them and must not be changed.
var rootName = []byte{'/'}

// parsePacket decodes: type, [attachments-], [/namespace[?query],], [id], [json].
func parsePacket(b []byte) (packet, error) {
	p := packet{id: noAck, namespace: rootName}
	if len(b) == 0 || b[0] < '0' || b[0] > '0'+typeBinaryAck {
		return p, errPacket
	}
	p.kind, b = b[0]-'0', b[1:]
	if p.kind >= typeBinaryEvent {
		n, rest := number(b, 4)
		if n < 0 || len(rest) == 0 || rest[0] != '-' {
			return p, errPacket
		}
		p.attachments, b = int(n), rest[1:]
	}
	if len(b) > 0 && b[0] == '/' {
		p.namespace, b, _ = bytes.Cut(b, []byte{','})
		p.namespace, p.query, _ = bytes.Cut(p.namespace, []byte{'?'})
		if len(p.namespace) > maxNamespaceName {
			return p, errPacket
		}
	}
	if len(b) > 0 && b[0] >= '0' && b[0] <= '9' {
		if p.id, b = number(b, maxAckDigits); p.id < 0 {
			return p, errPacket
		}
	}
	p.data = b
	return p, p.check()
}

// check looks at what each type may carry, apart from the JSON itself.
func (p *packet) check() error {
	ok := false
	switch p.kind {
	case typeConnect:
		ok = p.id == noAck
	case typeDisconnect:
		ok = p.id == noAck && len(p.data) == 0
	case typeEvent, typeBinaryEvent:
		ok = len(p.data) > 0
	case typeAck, typeBinaryAck:
		ok = p.id != noAck && len(p.data) > 0
	}
	if !ok {
		return errPacket
	}
	return nil
}

// number takes a decimal number of up to so many digits off b and returns it with the rest. It is -1 if there is none
// or it is longer. With at most 18 digits it cannot overflow.
func number(b []byte, digits int) (int64, []byte) {
	n, i := int64(0), 0
	for i < len(b) && b[i] >= '0' && b[i] <= '9' {
		if i == digits {
			return -1, b
		}
		n = n*10 + int64(b[i]-'0')
		i++
	}
	if i == 0 {
		return -1, b
	}
	return n, b[i:]
}

// appendHeader writes what stands before the JSON of a packet. The namespace "/" is left out, which every client
// expects; any other ends with a comma even if nothing follows.
func appendHeader(dst []byte, kind byte, attachments int, namespace string, id int64) []byte {
	dst = append(dst, '0'+kind)
	if attachments > 0 {
		dst = append(strconv.AppendInt(dst, int64(attachments), 10), '-')
	}
	if namespace != "/" {
		dst = append(append(dst, namespace...), ',')
	}
	if id != noAck {
		dst = strconv.AppendInt(dst, id, 10)
	}
	return dst
}
