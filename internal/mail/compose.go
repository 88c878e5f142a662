package mail

import (
	"bufio"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"net/textproto"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// parcel is an attachment that is open.
type parcel struct {
	File
	body io.ReadCloser
}

// unpack opens attachments, all of them before the first is sent. The caller closes
// what it returns, after an error too.
func unpack(ctx context.Context, files []File) (list []parcel, err error) {
	for _, f := range files {
		body, err := f.Open(ctx)
		if err != nil {
			return list, fmt.Errorf("%w: %w", ErrFile, err)
		}
		list = append(list, parcel{f, body})
	}
	return list, nil
}

// patience is how long a letter with attachments may take.
func patience(files []File) time.Duration {
	d := timeout
	for _, f := range files {
		d += time.Duration(f.Size/rate) * time.Second
	}
	return d
}

// compose writes a letter: header fields are encoded, so that no text of a person
// can add one, the body is base64 of UTF-8, and attachments are parts behind it.
// Nothing of them is held in memory but a buffer.
func compose(w io.Writer, from, to *mail.Address, l Letter, files []parcel) error {
	b := bufio.NewWriter(w)
	head(b, from, to, l)
	kind, text := `text/plain; charset="utf-8"`, l.Text
	if l.HTML != "" {
		kind, text = `text/html; charset="utf-8"`, l.HTML
	}
	body := strings.NewReader(strings.ReplaceAll(text, "\n", "\r\n"))
	if len(files) == 0 {
		line(b, "Content-Type", kind)
		line(b, "Content-Transfer-Encoding", "base64")
		_, _ = b.WriteString("\r\n") // the error stays until Flush
		if err := encode(b, body); err != nil {
			return err
		}
		return b.Flush()
	}
	parts := multipart.NewWriter(b)
	line(b, "Content-Type", `multipart/mixed; boundary="`+parts.Boundary()+`"`)
	_, _ = b.WriteString("\r\n") // the error stays until Flush
	add := func(h textproto.MIMEHeader, r io.Reader) error {
		h.Set("Content-Transfer-Encoding", "base64")
		part, err := parts.CreatePart(h)
		if err != nil {
			return err
		}
		return encode(part, r)
	}
	if err := add(textproto.MIMEHeader{"Content-Type": {kind}}, body); err != nil {
		return err
	}
	for _, f := range files {
		kind, _, err := mime.ParseMediaType(f.Type)
		if err != nil {
			kind = "application/octet-stream"
		}
		h := textproto.MIMEHeader{"Content-Type": {kind}, "Content-Disposition": {"attachment" + param("filename", f.Name)}}
		if err := add(h, &told{r: f.body}); err != nil {
			return err
		}
	}
	if err := parts.Close(); err != nil {
		return err
	}
	return b.Flush()
}

// line writes a field of the head. Errors of a bufio.Writer stay until it is flushed.
func line(b *bufio.Writer, name, value string) {
	_, _ = b.WriteString(name + ": " + strings.NewReplacer("\r", "", "\n", "").Replace(value) + "\r\n")
}

// head writes the fields that all letters have.
func head(b *bufio.Writer, from, to *mail.Address, l Letter) {
	domain := from.Address[strings.LastIndexByte(from.Address, '@')+1:]
	line(b, "From", from.String())
	line(b, "To", to.String())
	if l.ReplyTo != "" {
		line(b, "Reply-To", (&mail.Address{Address: l.ReplyTo}).String())
	}
	subject := mime.BEncoding.Encode("utf-8", strings.NewReplacer("\r", "", "\n", "").Replace(l.Subject))
	_, _ = b.WriteString("Subject: " + strings.ReplaceAll(subject, "?= =?", "?=\r\n =?") + "\r\n") // a line of a letter has 998 bytes at most
	line(b, "Date", l.At.Format(time.RFC1123Z))
	line(b, "Message-ID", "<"+l.ID+"@"+domain+">")
	if n := len(l.References); n > 0 {
		line(b, "In-Reply-To", l.References[n-1])
		_, _ = b.WriteString("References:")
		for _, r := range l.References {
			_, _ = b.WriteString("\r\n " + strings.NewReplacer("\r", "", "\n", "", " ", "").Replace(r))
		}
		_, _ = b.WriteString("\r\n")
	}
	line(b, "Auto-Submitted", "no")
	line(b, "MIME-Version", "1.0")
	if l.Unsubscribe != "" {
		line(b, "List-Unsubscribe", "<"+l.Unsubscribe+">")
		line(b, "List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
	}
}

// encode copies r to w in base64, in lines.
func encode(w io.Writer, r io.Reader) error {
	e := base64.NewEncoder(base64.StdEncoding, &lines{w: w})
	if _, err := io.Copy(e, r); err != nil {
		return err
	}
	if err := e.Close(); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\r\n")
	return err
}

// told is an attachment; that it broke off is told from a server that did.
type told struct{ r io.Reader }

// Read implements io.Reader.
func (t *told) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	if err != nil && err != io.EOF {
		err = fmt.Errorf("%w: %w", ErrFile, err)
	}
	return n, err
}

// lines breaks what is written to it into lines of 76 bytes.
type lines struct {
	w io.Writer
	n int
}

var lineEnd = []byte("\r\n")

// Write implements io.Writer.
func (l *lines) Write(p []byte) (int, error) {
	total := len(p)
	for len(p) > 0 {
		if l.n == 76 {
			if _, err := l.w.Write(lineEnd); err != nil {
				return 0, err
			}
			l.n = 0
		}
		n, err := l.w.Write(p[:min(len(p), 76-l.n)])
		if err != nil {
			return 0, err
		}
		l.n, p = l.n+n, p[n:]
	}
	return total, nil
}

// param writes a parameter of a field as RFC 2231 has it: in parts of which each has a
// line, with everything but letters, digits and three signs by its number.
func param(name, value string) string {
	var b strings.Builder
	part, n := "", 0
	flush := func() {
		b.WriteString(";\r\n\t" + name + "*" + strconv.Itoa(n) + "*=")
		if n == 0 {
			b.WriteString("utf-8''")
		}
		b.WriteString(part)
		part, n = "", n+1
	}
	for _, r := range strings.ToValidUTF8(value, "") {
		code := string(r)
		if !(r < utf8.RuneSelf && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(".-_", r))) {
			code = ""
			for _, c := range []byte(string(r)) {
				code += fmt.Sprintf("%%%02X", c)
			}
		}
		if len(part)+len(code) > 55 {
			flush()
		}
		part += code
	}
	flush()
	return b.String()
}
