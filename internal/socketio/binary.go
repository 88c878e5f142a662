package socketio

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
)

// Binary is a value that travels as a binary attachment. It may stand anywhere inside the arguments of Emit and ack.
//
// Inside handlers an attachment is part of its argument's JSON, as {"_placeholder":true,"base64":"…"}; decode it with a
// field or variable of type Binary. Arguments handed on as json.RawMessage become attachments again.
type Binary []byte

const (
	inlinePrefix = `{"_placeholder":true,"base64":"`
	numberPrefix = `{"_placeholder":true,"num":`
)

// MarshalJSON writes the inline form, which sending turns into an attachment.
func (b Binary) MarshalJSON() ([]byte, error) {
	out := append(make([]byte, 0, len(inlinePrefix)+base64.StdEncoding.EncodedLen(len(b))+2), inlinePrefix...)
	out = base64.StdEncoding.AppendEncode(out, b)
	return append(out, `"}`...), nil
}

// UnmarshalJSON reads the inline form. Null leaves b unchanged. Anything else, also a placeholder with a number, is an
// error: numbers are replaced before a handler sees them.
func (b *Binary) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		return nil
	}
	var form struct {
		Placeholder bool    `json:"_placeholder"`
		Base64      *[]byte `json:"base64"`
	}
	if err := json.Unmarshal(text, &form); err != nil {
		return fmt.Errorf("socketio: binary value: %w", err)
	}
	if !form.Placeholder || form.Base64 == nil {
		return fmt.Errorf("socketio: binary value: not an attachment")
	}
	*b = *form.Base64
	return nil
}

// Two forms of an attachment in JSON: outside, on the wire, a numbered placeholder whose bytes follow in frames of
// their own; inside, in arguments and in what handlers send on, the bytes as base64. The inner form lets arguments be
// plain JSON that can be stored, compared and passed on; the price is the encoding, which only events with attachments
// pay.

// inline replaces the numbered placeholders of an inbound event by their attachments. Each number must occur exactly
// once. The marker cannot occur inside a JSON string, where its quotes would be escaped.
func inline(data []byte, attachments [][]byte) ([]byte, error) {
	// Text is copied up to each placeholder, and the attachment written in its place.
	out := make([]byte, 0, len(data)+2*attachmentBytes(attachments))
	used := make([]bool, len(attachments))
	for left := len(attachments); ; left-- {
		at := bytes.Index(data, []byte(numberPrefix))
		if at < 0 {
			if left != 0 {
				return nil, errPacket
			}
			return append(out, data...), nil
		}
		n, rest := number(data[at+len(numberPrefix):], 4)
		if n < 0 || n >= int64(len(attachments)) || used[n] || len(rest) == 0 || rest[0] != '}' {
			return nil, errPacket
		}
		used[n] = true
		out = append(append(out, data[:at]...), inlinePrefix...)
		out = append(base64.StdEncoding.AppendEncode(out, attachments[n]), `"}`...)
		data = rest[1:]
	}
}

// attachmentBytes is the size of all attachments together.
func attachmentBytes(attachments [][]byte) int {
	n := 0
	for _, a := range attachments {
		n += len(a)
	}
	return n
}

// detach takes the inline attachments out of buf[from:] and leaves numbered placeholders, in the order they occur.
// Without attachments, which is nearly always, it returns buf as it is after one search. What looks like an attachment
// but was not written by Binary stays in the text.
func detach(buf []byte, from int) ([]byte, [][]byte) {
	if !bytes.Contains(buf[from:], []byte(inlinePrefix)) {
		return buf, nil
	}
	data := bytes.Clone(buf[from:])
	buf = buf[:from]
	var attachments [][]byte
	for {
		at := bytes.Index(data, []byte(inlinePrefix))
		if at < 0 {
			return append(buf, data...), attachments
		}
		buf = append(buf, data[:at]...)
		data = data[at:]
		text, after, closed := bytes.Cut(data[len(inlinePrefix):], []byte{'"'})
		content, err := base64.StdEncoding.AppendDecode(nil, text)
		if err != nil || !closed || len(after) == 0 || after[0] != '}' {
			buf = append(buf, inlinePrefix...) // not written by Binary: leave it as it is
			data = data[len(inlinePrefix):]
			continue
		}
		buf = strconv.AppendInt(append(buf, numberPrefix...), int64(len(attachments)), 10)
		buf = append(buf, '}')
		attachments = append(attachments, content)
		data = after[1:]
	}
}
