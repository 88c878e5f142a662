package engineio

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// Forms of a payload that holds the text "héllo" and the bytes 1 2 3 as messages:
//
//	version 4          4héllo 1E bAQID
//	version 3, text    6:4héllo6:b4AQID
//	version 3, binary  00 07 FF 4héllo 01 04 FF 04 01 02 03
//
// The lengths of the text form count UTF-16 units, those of the binary form bytes.

const (
	separator      = 0x1e // between the packets of a version 4 payload
	maxLengthDigit = 10   // digits in a version 3 length
)

// errPayload says that a polling body is malformed.
var errPayload = errors.New("engineio: malformed payload")

// packet is one inbound packet.
type packet struct {
	kind   byte   // packetOpen to packetNoop
	data   []byte // what follows the type; part of the body or frame, and only valid as long as that
	binary bool   // bytes rather than text
}

// sink takes the packets of a payload one by one and may stop it with an error, which the decoder returns as it is. The
// decoders hand each packet on before they look at the next: no list of packets is ever built, so a body of a million
// one-byte packets costs no more memory than the body.
type sink func(p packet) error

// parsePacket decodes one text packet: a type and its data, or b and base64. In version 3 the type stands behind the b.
func parsePacket(protocol int, b []byte) (packet, error) {
	if len(b) == 0 {
		return packet{}, errPayload
	}
	kind := b[0]
	if kind != 'b' {
		if kind < packetOpen || kind > packetNoop {
			return packet{}, errPayload
		}
		return packet{kind: kind, data: b[1:]}, nil
	}
	b, kind = b[1:], packetMessage
	if protocol == V3 {
		if len(b) == 0 || b[0] < packetOpen || b[0] > packetNoop {
			return packet{}, errPayload
		}
		kind, b = b[0], b[1:]
	}
	data := make([]byte, base64.StdEncoding.DecodedLen(len(b)))
	n, err := base64.StdEncoding.Decode(data, b)
	if err != nil {
		return packet{}, errPayload
	}
	return packet{kind: kind, data: data[:n], binary: true}, nil
}

// decodeV4 splits a version 4 payload. A body without a packet is malformed, and so is an empty packet between two
// separators.
func decodeV4(body []byte, out sink) error {
	if !utf8.Valid(body) {
		return errPayload
	}
	for more := true; more; {
		var one []byte
		one, body, more = bytes.Cut(body, []byte{separator})
		p, err := parsePacket(V4, one)
		if err != nil {
			return err
		}
		if err := out(p); err != nil {
			return err
		}
	}
	return nil
}

// encoding is what is known of how a version 3 client writes text into polling bodies. Clients up to 1.4 encode it to
// UTF-8 twice, later ones once.
type encoding uint8

const (
	encodingUnknown encoding = iota
	encodingOnce
	encodingTwice
)

// decodeV3Text splits a version 3 text payload: length in UTF-16 units, colon, packet. What the packets show of the
// client's encoding is remembered in known.
func decodeV3Text(body []byte, known *encoding, out sink) error {
	if !utf8.Valid(body) || len(body) == 0 {
		return errPayload
	}
	for len(body) > 0 {
		units, rest, err := textLength(body)
		if err != nil {
			return err
		}
		n := prefixUnits(rest, units)
		if n < 0 {
			return errPayload
		}
		p, err := parsePacket(V3, known.decode(rest[:n]))
		if err != nil {
			return err
		}
		if err := out(p); err != nil {
			return err
		}
		body = rest[n:]
	}
	return nil
}

// textLength decodes the decimal length before a packet and returns what follows the colon. The digits are limited so
// that the length cannot overflow; whether so much follows is for the caller to see.
func textLength(b []byte) (int, []byte, error) {
	colon := bytes.IndexByte(b[:min(len(b), maxLengthDigit+1)], ':')
	if colon <= 0 {
		return 0, nil, errPayload
	}
	n := 0
	for _, c := range b[:colon] {
		if c < '0' || c > '9' {
			return 0, nil, errPayload
		}
		n = n*10 + int(c-'0')
	}
	return n, b[colon+1:], nil
}

// prefixUnits is how many bytes of b hold exactly n UTF-16 units, or -1 if b is shorter. b must be valid UTF-8. A
// character beyond U+FFFF counts for two units, as in the length of a JavaScript string.
func prefixUnits(b []byte, n int) int {
	at := 0
	for n > 0 {
		if at >= len(b) {
			return -1
		}
		if b[at] < utf8.RuneSelf {
			at++
			n--
			continue
		}
		r, size := utf8.DecodeRune(b[at:])
		at += size
		n -= utf16.RuneLen(r)
	}
	if n < 0 {
		return -1 // the length ends between the two halves of a character
	}
	return at
}

// decode undoes the second UTF-8 encoding of older clients. A text that could be read both ways is taken as encoded
// twice unless the client is known to encode once.
func (known *encoding) decode(b []byte) []byte {
	if *known == encodingOnce || !hasHigh(b) {
		return b
	}
	inner := make([]byte, 0, len(b))
	// A text encoded twice looks like Latin-1: one character for each byte of the inner encoding.
	for _, r := range string(b) {
		if r > 0xff {
			*known = encodingOnce
			return b
		}
		inner = append(inner, byte(r))
	}
	if !utf8.Valid(inner) {
		// Latin-1 that is no UTF-8 inside, like a lone é, can only have been encoded once.
		*known = encodingOnce
		return b
	}
	*known = encodingTwice
	return inner
}

// hasHigh reports whether b holds anything beyond ASCII.
func hasHigh(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return true
		}
	}
	return false
}

// decodeV3Binary splits a version 3 binary payload: 0 or 1 for text or binary, the length in bytes as digits of value
// 0 to 9, 255, the packet.
func decodeV3Binary(body []byte, out sink) error {
	if len(body) == 0 {
		return errPayload
	}
	for len(body) > 0 {
		kind := body[0]
		end := bytes.IndexByte(body[:min(len(body), maxLengthDigit+2)], 0xff)
		if kind > 1 || end < 2 {
			return errPayload
		}
		n := 0
		for _, c := range body[1:end] {
			if c > 9 {
				return errPayload
			}
			n = n*10 + int(c)
		}
		body = body[end+1:]
		if n > len(body) {
			return errPayload
		}
		p, err := binaryPacket(kind == 1, body[:n])
		if err != nil {
			return err
		}
		if err := out(p); err != nil {
			return err
		}
		body = body[n:]
	}
	return nil
}

// binaryPacket decodes one packet of a binary payload, where the type of binary packets is a byte of value 0 to 6.
func binaryPacket(isBinary bool, b []byte) (packet, error) {
	if !isBinary {
		if !utf8.Valid(b) {
			return packet{}, errPayload
		}
		return parsePacket(V3, b)
	}
	if len(b) == 0 || b[0] > packetNoop-'0' {
		return packet{}, errPayload
	}
	return packet{kind: '0' + b[0], data: b[1:], binary: true}, nil
}

// appendV4 encodes messages as a version 4 payload. The separator cannot occur inside a packet of ours: JSON escapes
// it, and base64 does not have it. Text of an application that uses the engine alone must not hold it.
func appendV4(dst []byte, messages []Message) []byte {
	for i, m := range messages {
		if i > 0 {
			dst = append(dst, separator)
		}
		if m.binary {
			dst = base64.StdEncoding.AppendEncode(append(dst, 'b'), m.packet())
		} else {
			dst = append(dst, m.packet()...)
		}
	}
	return dst
}

// appendV3Binary encodes messages in the binary framing of version 3. Its lengths count bytes, and text is plain UTF-8,
// which all clients of that version decode alike.
func appendV3Binary(dst []byte, messages []Message) []byte {
	for _, m := range messages {
		kind := byte(0)
		if m.binary {
			kind = 1
		}
		dst = append(dst, kind)
		at := len(dst)
		dst = strconv.AppendInt(dst, int64(len(m.packet())), 10)
		for i := at; i < len(dst); i++ {
			dst[i] -= '0'
		}
		dst = append(append(dst, 0xff), m.packet()...)
	}
	return dst
}

// appendV3Text encodes messages in the text framing of version 3. JSON is written in ASCII, which reads the same
// whether the client decodes once or twice; other text follows what is known of the client.
func appendV3Text(dst []byte, messages []Message, known encoding) []byte {
	var one []byte
	for _, m := range messages {
		one = one[:0]
		switch {
		case m.binary:
			p := m.packet()
			one = base64.StdEncoding.AppendEncode(append(one, 'b', '0'+p[0]), p[1:])
		case m.json:
			one = appendASCII(one, m.packet())
		case known == encodingTwice: // such a client decodes what it gets as it encodes what it sends
			for _, c := range m.packet() {
				one = utf8.AppendRune(one, rune(c))
			}
		default:
			one = append(one, m.packet()...)
		}
		dst = strconv.AppendInt(dst, int64(unitsOf(one)), 10)
		dst = append(append(dst, ':'), one...)
	}
	return dst
}

// unitsOf is the length of b in UTF-16 units, which is what JavaScript calls the length of a string.
func unitsOf(b []byte) int {
	n := 0
	for _, r := range string(b) {
		n += utf16.RuneLen(r)
	}
	return n
}

// appendASCII writes every character beyond ASCII as a JSON escape, those beyond U+FFFF as a pair of them.
func appendASCII(dst, text []byte) []byte {
	const digits = "0123456789abcdef"
	for _, r := range string(text) {
		if r < utf8.RuneSelf {
			dst = append(dst, byte(r))
			continue
		}
		units := [2]rune{r}
		n := 1
		if r > 0xffff {
			units[0], units[1] = utf16.EncodeRune(r)
			n = 2
		}
		for _, u := range units[:n] {
			dst = append(dst, '\\', 'u', digits[u>>12&15], digits[u>>8&15], digits[u>>4&15], digits[u&15])
		}
	}
	return dst
}

// plainASCII reports whether every packet is text of ASCII only, and so means the same in every framing and encoding.
func plainASCII(messages []Message) bool {
	for _, m := range messages {
		if m.binary || hasHigh(m.packet()) {
			return false
		}
	}
	return true
}
