package engineio

import (
	"net/http"
	"net/url"
	"strings"
)

// origin is what is kept of the request that opened a connection, in as little memory as will do.
type origin struct {
	query  string // raw
	header string // in wire form
	addr   *address
}

// hopHeaders say nothing about the client or only concern the handshake.
var hopHeaders = map[string]bool{
	"Connection": true, "Upgrade": true, "Sec-Websocket-Key": true, "Sec-Websocket-Version": true,
	"Sec-Websocket-Extensions": true, "Accept-Encoding": true, "Accept": true, "Cache-Control": true, "Pragma": true,
	"Content-Length": true, "Keep-Alive": true, "Te": true,
}

// packHeader copies a header, because the strings of a request share one large buffer. One string of a few hundred
// bytes replaces a map with a slice for each field, for as long as the connection lasts.
func packHeader(h http.Header, host string) string {
	var b strings.Builder
	b.WriteString("Host: " + host + "\n")
	for name, values := range h {
		if hopHeaders[name] {
			continue
		}
		for _, v := range values {
			b.WriteString(name)
			b.WriteString(": ")
			b.WriteString(v)
			b.WriteByte('\n')
		}
	}
	return strings.Clone(b.String())
}

// unpackHeader undoes packHeader. Values hold no newline, which net/http does not let through.
func unpackHeader(packed string) http.Header {
	h := make(http.Header)
	for line := range strings.Lines(packed) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		h[name] = append(h[name], value)
	}
	return h
}

// unpackQuery never fails as a whole: pairs that cannot be decoded are left out.
func unpackQuery(raw string) url.Values {
	v, err := url.ParseQuery(raw)
	if err != nil && v == nil {
		return url.Values{}
	}
	return v
}
