package socketio

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"sync"
	"unicode/utf8"

	"parlor/internal/socketio/engineio"
)

// outNesting is how deep raw JSON of the application may be nested.
const outNesting = 1000

// scratch holds JSON while its size is not yet known. What is made of it is copied into memory of the right size: a
// frame, or an event that is kept.
type scratch struct{ b []byte }

var scratches = sync.Pool{New: func() any { return &scratch{b: make([]byte, 0, 1024)} }}

// release returns the memory, unless one large message has made it too big to keep.
func (s *scratch) release() {
	if cap(s.b) <= 64<<10 {
		s.b = s.b[:0]
		scratches.Put(s)
	}
}

// appendEvent writes the JSON array of an event.
func appendEvent(dst []byte, event string, args []any) ([]byte, error) {
	dst = appendString(append(dst, '['), event)
	for _, arg := range args {
		var err error
		if dst, err = appendArg(append(dst, ','), arg); err != nil {
			return dst, err
		}
	}
	return append(dst, ']'), nil
}

// appendArgs writes the JSON array of an acknowledgement.
func appendArgs(dst []byte, args []any) ([]byte, error) {
	dst = append(dst, '[')
	for i, arg := range args {
		if i > 0 {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = appendArg(dst, arg); err != nil {
			return dst, err
		}
	}
	return append(dst, ']'), nil
}

// appendArg writes one argument. The common types do not go through reflection. On an error what was written so far is
// returned with it, for its memory.
func appendArg(dst []byte, arg any) ([]byte, error) {
	switch v := arg.(type) {
	case nil:
		return append(dst, "null"...), nil
	case json.RawMessage:
		if v == nil {
			return append(dst, "null"...), nil
		}
		// A client drops its whole connection over malformed JSON, so a mistake of the application ends here.
		if !utf8.Valid(v) || !validJSON(v, outNesting) {
			return dst, ErrInvalidJSON
		}
		return append(dst, v...), nil
	case string:
		return appendString(dst, v), nil
	case bool:
		return strconv.AppendBool(dst, v), nil
	case int:
		return strconv.AppendInt(dst, int64(v), 10), nil
	case int64:
		return strconv.AppendInt(dst, v, 10), nil
	}
	// Everything else is left to encoding/json, which writes behind what is there.
	buf := bytes.NewBuffer(dst)
	enc := json.NewEncoder(buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(arg); err != nil {
		return dst, fmt.Errorf("socketio: argument: %w", err)
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte{'\n'}), nil
}

// appendString writes a JSON string. Unlike encoding/json it leaves <, > and & alone, as Node's servers do. Line
// separators that JavaScript once did not allow in strings are escaped, and invalid UTF-8 becomes the replacement
// character.
func appendString(dst []byte, s string) []byte {
	const digits = "0123456789abcdef"
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			switch {
			case c == '"' || c == '\\':
				dst = append(dst, '\\', c)
			case c == '\n':
				dst = append(dst, '\\', 'n')
			case c < 0x20 || c == 0x7f:
				dst = append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
			default:
				dst = append(dst, c)
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == '\u2028' || r == '\u2029':
			dst = append(append(dst, `\u202`...), digits[r&15])
		default:
			dst = utf8.AppendRune(dst, r)
		}
		i += size
	}
	return append(dst, '"')
}

// encoded is the content of a packet, before namespace and id are known. It may lie in a scratch.
type encoded struct {
	json        []byte   // an array, with numbered placeholders
	attachments [][]byte // in the order of their numbers
}

// message puts a header before the JSON. kind is typeEvent or typeAck; attachments make it the binary form.
func (b encoded) message(kind byte, namespace string, id int64) engineio.Message {
	if len(b.attachments) > 0 {
		kind += typeBinaryEvent - typeEvent
	}
	buf := engineio.StartText(len(namespace) + len(b.json) + 32)
	buf = appendHeader(buf, kind, len(b.attachments), namespace, id)
	return engineio.FinishText(append(buf, b.json...), true)
}

// messages is message together with the attachments, for one protocol version. They must be sent together (SendAll).
func (b encoded) messages(first engineio.Message, protocol int) []engineio.Message {
	out := make([]engineio.Message, 1, 1+len(b.attachments))
	out[0] = first
	for _, a := range b.attachments {
		out = append(out, engineio.Binary(protocol, a))
	}
	return out
}

// Raw turns the arguments of a handler into arguments of Emit or ack, without decoding them. Attachments in them become
// attachments again.
func Raw(args []json.RawMessage) []any {
	out := make([]any, len(args))
	for i, a := range args {
		out[i] = a
	}
	return out
}
