package binding

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"parlor/internal/errs"
)

// MaxLine is the longest line of an import, in bytes. A longer one is refused by
// itself.
const MaxLine = 16 << 10

// Row is one line of an import.
type Row struct {
	// Line counts from 1, headings and empty lines included.
	Line int
	Flag string
	// Visitor and Agent are names; Agent may be an id, e-mail address or username.
	Visitor string
	Agent   string
	// Until is "" or a day or time.
	Until string
}

// Reader reads the lines of an import: either CSV, separated by comma, semicolon or
// tab, with or without a heading, or one JSON object a line. Which it is shows the
// first line. Columns without a heading are flag, visitor, agent and until; the
// names of the platform API (businessFlag, visitUserName, agentUserName, validUntil)
// are known too. A quoted value ends on its line.
type Reader struct {
	in   *bufio.Reader
	line int
	// comma is the separator of CSV, 0 before the first line, '{' for JSON.
	comma rune
	// columns are the places of flag, visitor, agent and until.
	columns [4]int
}

// NewReader returns a reader of in whose first line counts as number first, 1 if it
// is less.
func NewReader(in io.Reader, first int) *Reader {
	return &Reader{in: bufio.NewReaderSize(in, MaxLine), line: max(first, 1) - 1, columns: [4]int{0, 1, 2, 3}}
}

// lineError is a line that cannot be read.
type lineError struct {
	line int
	err  error
}

func (e lineError) Error() string { return e.err.Error() }

func (e lineError) Unwrap() error { return e.err }

// badLine returns the number of the line that err is about.
func badLine(err error) (line int, ok bool) {
	var e lineError
	ok = errors.As(err, &e)
	return e.line, ok
}

// Next returns the next line with something on it; io.EOF at the end. After any
// other error about a line the next call goes on behind it.
func (r *Reader) Next() (row Row, err error) {
	for {
		text, err := r.read()
		if err != nil {
			return row, err
		}
		if strings.TrimSpace(text) == "" {
			continue
		}
		if r.comma == 0 && r.begin(text) {
			continue
		}
		if r.comma == '{' {
			return r.object(text)
		}
		cells, err := split(text, r.comma)
		if err != nil {
			return row, lineError{r.line, err}
		}
		return r.row(cells), nil
	}
}

// read returns the next line without its end.
func (r *Reader) read() (string, error) {
	r.line++
	b, err := r.in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = r.in.ReadSlice('\n')
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return "", err
		}
		return "", lineError{r.line, errs.New(errs.Invalid, "line_too_long", "The line has more than %d bytes.", MaxLine)}
	}
	if err != nil && (len(b) == 0 || !errors.Is(err, io.EOF)) {
		return "", err
	}
	if r.comma == 0 {
		b = bytes.TrimPrefix(b, []byte("\ufeff"))
	}
	if !utf8.Valid(b) {
		return "", lineError{r.line, errs.New(errs.Invalid, "bad_line", "The line is not UTF-8.")}
	}
	return strings.TrimRight(string(b), "\r\n"), nil
}

// headings are the names of the columns in the order of Reader.columns.
var headings = [4][]string{
	{"flag", "businessflag", "业务标识", "业务标签"},
	{"visitor", "visitusername", "visitorusername", "visitante", "访客"},
	{"agent", "agentusername", "atendente", "坐席", "客服"},
	{"until", "validuntil", "até", "有效期"},
}

// begin looks at the first line; heading is true if it holds names of columns.
func (r *Reader) begin(text string) (heading bool) {
	if strings.HasPrefix(strings.TrimSpace(text), "{") {
		r.comma = '{'
		return false
	}
	r.comma = ','
	for _, c := range []rune{'\t', ';'} {
		if strings.ContainsRune(text, c) && !strings.ContainsRune(text, r.comma) {
			r.comma = c
		}
	}
	cells, err := split(text, r.comma)
	if err != nil {
		return false
	}
	places := [4]int{-1, -1, -1, -1}
	for i, cell := range cells {
		name := strings.ToLower(strings.TrimSpace(cell))
		for j, known := range headings {
			for _, k := range known {
				if name == k {
					places[j] = i
				}
			}
		}
	}
	if places[0] < 0 || places[1] < 0 || places[2] < 0 {
		return false
	}
	r.columns = places
	return true
}

// row picks the columns.
func (r *Reader) row(cells []string) Row {
	at := func(i int) string {
		if i < 0 || i >= len(cells) {
			return ""
		}
		return strings.TrimSpace(cells[i])
	}
	return Row{Line: r.line, Flag: at(r.columns[0]), Visitor: at(r.columns[1]), Agent: at(r.columns[2]), Until: at(r.columns[3])}
}

// object reads a line of JSON.
func (r *Reader) object(text string) (row Row, err error) {
	var o struct {
		Flag, Visitor, Agent, Until                                             string
		BusinessFlag, VisitUserName, VisitorUserName, AgentUserName, ValidUntil string
	}
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return row, lineError{r.line, errs.New(errs.Invalid, "bad_line", "The line is not a JSON object of texts.").Because(err)}
	}
	or := func(list ...string) string {
		for _, s := range list {
			if s = strings.TrimSpace(s); s != "" {
				return s
			}
		}
		return ""
	}
	return Row{Line: r.line, Flag: or(o.Flag, o.BusinessFlag), Visitor: or(o.Visitor, o.VisitUserName, o.VisitorUserName),
		Agent: or(o.Agent, o.AgentUserName), Until: or(o.Until, o.ValidUntil)}, nil
}

// split cuts a line of CSV into its cells.
func split(text string, comma rune) (cells []string, err error) {
	for {
		rest := strings.TrimLeft(text, " ")
		if !strings.HasPrefix(rest, `"`) {
			cell, after, more := strings.Cut(text, string(comma))
			cells = append(cells, cell)
			if !more {
				return cells, nil
			}
			text = after
			continue
		}
		var cell strings.Builder
		rest = rest[1:]
		for {
			part, after, ok := strings.Cut(rest, `"`)
			if !ok {
				return nil, errs.New(errs.Invalid, "bad_line", "A quoted value does not end on its line.")
			}
			cell.WriteString(part)
			if rest = after; !strings.HasPrefix(rest, `"`) {
				break
			}
			cell.WriteByte('"')
			rest = rest[1:]
		}
		cells = append(cells, cell.String())
		rest = strings.TrimLeft(rest, " ")
		if rest == "" {
			return cells, nil
		}
		var ok bool
		if text, ok = strings.CutPrefix(rest, string(comma)); !ok {
			return nil, errs.New(errs.Invalid, "bad_line", "%s", fmt.Sprintf("Something follows the quoted value %q.", clip(cell.String())))
		}
	}
}
