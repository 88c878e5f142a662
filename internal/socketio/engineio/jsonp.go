package engineio

import (
	"bytes"
	"net/url"
	"strconv"
	"unicode/utf8"
)

// JSONP is polling for browsers without cross-origin requests: a GET is a script element whose script calls a function
// of the page with the payload, and a POST is a form with the payload in one field.

// appendJSONP wraps a payload into the script that calls the client's callback number. The number has been through
// callbackNumber, as anything else would let a request choose the script.
func appendJSONP(dst []byte, number string, payload []byte) []byte {
	dst = append(append(append(dst, "___eio["...), number...), "]("...)
	dst = appendScriptString(dst, payload)
	return append(dst, ");"...)
}

// appendScriptString writes text as a string literal that is safe in a script: line separators that JSON allows but
// older engines do not are escaped, and so is what could end a script element.
func appendScriptString(dst, text []byte) []byte {
	const digits = "0123456789abcdef"
	dst = append(dst, '"')
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c < 0x20 || c == '<' || c == '>' || c == '&' || c == 0x7f:
			dst = append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		case c < utf8.RuneSelf:
			dst = append(dst, c)
		default:
			r, size := utf8.DecodeRune(text[i:])
			if r == '\u2028' || r == '\u2029' {
				dst = append(dst, `\u202`...)
				dst = append(dst, digits[r&15])
			} else {
				dst = append(dst, text[i:i+size]...)
			}
			i += size
			continue
		}
		i++
	}
	return append(dst, '"')
}

// jsonpBody takes the payload out of the form field d of a JSONP request; other fields are ignored. The client writes a
// newline as \n and the two characters \n as \\n, because browsers rewrite newlines in form fields.
func jsonpBody(body []byte) ([]byte, error) {
	var field []byte
	for part := range bytes.SplitSeq(body, []byte{'&'}) {
		if value, ok := bytes.CutPrefix(part, []byte("d=")); ok {
			field = value
			break
		}
	}
	if field == nil {
		return nil, errPayload
	}
	text, err := url.QueryUnescape(string(field))
	if err != nil {
		return nil, errPayload
	}
	return unescapeNewlines([]byte(text)), nil
}

// unescapeNewlines undoes what the client does to newlines, in one pass over the text. It turns \n into a newline, and
// one backslash less before any longer run: \\n becomes \n.
func unescapeNewlines(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); {
		if text[i] != '\\' {
			out = append(out, text[i])
			i++
			continue
		}
		run := i
		for run < len(text) && text[run] == '\\' {
			run++
		}
		slashes := text[i:run]
		i = run
		switch {
		case run == len(text) || text[run] != 'n':
			out = append(out, slashes...)
		case len(slashes) == 1:
			out = append(out, '\n')
			i++
		default:
			out = append(out, slashes[1:]...)
		}
	}
	return out
}

// callbackNumber checks the j parameter, which is written into a script, and returns it in its plain form. It reports
// false for anything but a decimal number of 32 bits.
func callbackNumber(j string) (string, bool) {
	n, err := strconv.ParseUint(j, 10, 32)
	if err != nil {
		return "", false
	}
	return strconv.FormatUint(n, 10), true
}
