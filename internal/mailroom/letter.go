package mailroom

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/text/encoding/htmlindex"
)

// Limits of what is read of a letter.
const (
	// maxLetter is how much of a letter is fetched, in bytes: what comes behind it
	// is cut off.
	maxLetter = 16 << 20
	maxParts  = 100
	maxDepth  = 10
	maxFiles  = 10
	// maxText is the longest text, in characters; maxRaw bounds the part that it is
	// made of, in bytes.
	maxText = 9000
	maxRaw  = 1 << 20
	// maxRefs is how many letters before it are looked at.
	maxRefs = 50
	maxID   = 250
)

// letter is what is read of a mail.
type letter struct {
	// id names it, refs the letters before it, the oldest first.
	id   string
	refs []string
	// root is the letter that its thread began with.
	root          string
	from          mail.Address
	subject, text string
	files         []attachment
	// more counts the files that were left out, see maxFiles.
	more int
	// auto says that a program wrote it, bounce that it tells of a letter that did
	// not arrive.
	auto, bounce bool
	raw          []byte
}

// attachment is a file in a letter.
type attachment struct {
	name string
	data []byte
}

var words = mime.WordDecoder{CharsetReader: charset}

// charset reads text of another encoding; one that nobody knows is read as it is.
func charset(name string, r io.Reader) (io.Reader, error) {
	e, err := htmlindex.Get(name)
	if err != nil {
		return r, nil
	}
	return e.NewDecoder().Reader(r), nil
}

// readLetter reads a mail as it was sent. What is broken in its body is left out.
func readLetter(raw []byte) (l letter, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("letter cannot be read: %v", v)
		}
	}()
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return l, err
	}
	l.raw = raw
	from, err := (&mail.AddressParser{WordDecoder: &words}).ParseList(m.Header.Get("From"))
	if err != nil {
		return l, err
	}
	l.from = *from[0]
	l.from.Address, l.from.Name = strings.ToLower(l.from.Address), clip(clean(l.from.Name), 100)
	if s, err := words.DecodeHeader(m.Header.Get("Subject")); err == nil {
		l.subject = clip(clean(s), 200)
	}
	l.names(m.Header, raw)
	l.program(m.Header)
	p := &parts{}
	p.read(textproto.MIMEHeader(m.Header), m.Body, 0)
	l.text, l.files = p.plain, p.files
	if l.text == "" {
		l.text = textOf(p.html)
	}
	if len(l.refs) > 0 {
		l.text = unquoted(l.text)
	}
	l.text, l.more = strings.TrimSpace(l.text), p.more
	if short := clip(l.text, maxText); short != l.text {
		l.files = append(l.files, attachment{"letter.txt", []byte(l.text)})
		l.text = short
	}
	return l, nil
}

var messageID = regexp.MustCompile(`<[^<>\s]{1,248}>`)

// names finds out what a letter is called and which it answers.
func (l *letter) names(h mail.Header, raw []byte) {
	if l.id = messageID.FindString(h.Get("Message-Id")); l.id == "" {
		sum := sha256.Sum256(raw)
		l.id = "<" + hex.EncodeToString(sum[:]) + "@unnamed>"
	}
	l.refs = messageID.FindAllString(h.Get("References"), -1)
	for _, x := range messageID.FindAllString(h.Get("In-Reply-To"), maxRefs) {
		if !slices.Contains(l.refs, x) {
			l.refs = append(l.refs, x)
		}
	}
	l.root = l.id
	if len(l.refs) > 0 {
		l.root = l.refs[0]
	}
	if n := len(l.refs); n > maxRefs {
		l.refs = append(l.refs[:1:1], l.refs[n-maxRefs+1:]...)
	}
}

// program tells letters that nobody wrote from those of people.
func (l *letter) program(h mail.Header) {
	kind, _, _ := mime.ParseMediaType(h.Get("Content-Type"))
	local, _, _ := strings.Cut(l.from.Address, "@")
	l.bounce = kind == "multipart/report" || strings.TrimSpace(h.Get("Return-Path")) == "<>" || local == "mailer-daemon" || local == "postmaster"
	word := strings.ToLower(strings.TrimSpace(h.Get("Auto-Submitted")))
	precedence := strings.ToLower(strings.TrimSpace(h.Get("Precedence")))
	l.auto = l.bounce || word != "" && word != "no" || slices.Contains([]string{"bulk", "list", "junk", "auto_reply"}, precedence) ||
		h.Get("List-Id") != "" || h.Get("X-Autoreply") != "" || h.Get("X-Autorespond") != ""
}

// parts are what the parts of a letter hold.
type parts struct {
	plain, html string
	files       []attachment
	// n counts parts, more the files beyond maxFiles.
	n, more int
}

// read walks a part with all parts in it.
func (p *parts) read(h textproto.MIMEHeader, body io.Reader, depth int) {
	if p.n++; p.n > maxParts || depth > maxDepth {
		return
	}
	kind, param, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil || kind == "" {
		kind, param = "text/plain", map[string]string{}
	}
	if strings.HasPrefix(kind, "multipart/") {
		r := multipart.NewReader(body, param["boundary"])
		for p.n <= maxParts {
			part, err := r.NextRawPart()
			if err != nil {
				return // the end, or where it broke off
			}
			p.read(part.Header, part, depth+1)
		}
		return
	}
	switch strings.ToLower(strings.TrimSpace(h.Get("Content-Transfer-Encoding"))) {
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	}
	name, attached := fileName(h, param)
	if strings.HasPrefix(kind, "text/") && !attached {
		p.words(kind, param["charset"], body)
		return
	}
	if len(p.files) >= maxFiles {
		p.more++
		return
	}
	data, _ := io.ReadAll(body) // what was sent of it, if it is broken
	if len(data) > 0 {
		p.files = append(p.files, attachment{name, data})
	}
}

// words keeps the first text of each kind.
func (p *parts) words(kind, encoding string, body io.Reader) {
	if encoding != "" {
		body, _ = charset(encoding, body) // it does not fail
	}
	b, _ := io.ReadAll(io.LimitReader(body, maxRaw)) // what was sent of it, if it is broken
	text := clean(strings.ToValidUTF8(string(b), "\uFFFD"))
	switch {
	case kind == "text/html" && p.html == "":
		p.html = text
	case kind != "text/html" && p.plain == "":
		p.plain = text
	}
}

// fileName is what a part is called; attached is false for what is to be read.
func fileName(h textproto.MIMEHeader, param map[string]string) (name string, attached bool) {
	how, more, err := mime.ParseMediaType(h.Get("Content-Disposition"))
	if err != nil {
		how, more = "", nil
	}
	name = more["filename"]
	if name == "" {
		name = param["name"]
	}
	if s, err := words.DecodeHeader(name); err == nil {
		name = s
	}
	return name, how == "attachment" || name != ""
}

// textOf is what a page says: without markup, title, style sheets and scripts.
func textOf(page string) string {
	var b strings.Builder
	z := html.NewTokenizer(strings.NewReader(page))
	z.SetMaxBuf(maxRaw)
	silent := 0
	for {
		switch z.Next() {
		case html.ErrorToken:
			return squeeze(b.String())
		case html.TextToken:
			if silent == 0 {
				b.WriteString(blanks.ReplaceAllString(string(z.Text()), " "))
			}
		case html.StartTagToken, html.SelfClosingTagToken, html.EndTagToken:
			t := z.Token()
			switch t.DataAtom {
			case atom.Script, atom.Style, atom.Title:
				if t.Type == html.StartTagToken {
					silent++
				} else if t.Type == html.EndTagToken {
					silent = max(silent-1, 0)
				}
			case atom.Br, atom.P, atom.Div, atom.Tr, atom.Li, atom.H1, atom.H2, atom.H3, atom.H4, atom.Table, atom.Ul, atom.Ol, atom.Blockquote, atom.Hr:
				b.WriteByte('\n')
			}
		}
	}
}

var (
	blankLines = regexp.MustCompile(`\n{3,}`)
	blanks     = regexp.MustCompile(`[\s\x{a0}]+`)
	manyBlanks = regexp.MustCompile(` {2,}`)
)

// squeeze takes blanks off the ends of lines and keeps one empty line of many.
func squeeze(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimSpace(manyBlanks.ReplaceAllString(l, " "))
	}
	return blankLines.ReplaceAllString(strings.Join(lines, "\n"), "\n\n")
}

// unquoted leaves out the letter that an answer carries at its end, with the line
// that announces it. A text that is nothing else stays.
func unquoted(text string) string {
	lines := strings.Split(strings.TrimRight(text, "\n "), "\n")
	end := len(lines)
	for end > 0 && (strings.HasPrefix(lines[end-1], ">") || strings.TrimSpace(lines[end-1]) == "") {
		end--
	}
	if end == len(lines) {
		return text
	}
	if end > 0 && strings.HasSuffix(strings.TrimSpace(lines[end-1]), ":") {
		end--
	}
	if kept := strings.TrimSpace(strings.Join(lines[:end], "\n")); kept != "" {
		return kept
	}
	return text
}

// clean takes what no text has out of it.
func clean(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, ""), "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0x7f {
			return -1
		}
		return r
	}, s)
}

// clip cuts a text to a number of characters.
func clip(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}
