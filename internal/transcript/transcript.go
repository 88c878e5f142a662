// Package transcript writes the record of a conversation for its visitor, as text,
// as a page or as a PDF document. It names people but holds no ids, and nothing a person wrote
// becomes markup.
package transcript

import (
	"html/template"
	"io"
	"strings"
	"time"

	"parlor/internal/pdf"
)

// Entry is one message or one line about the conversation.
type Entry struct {
	At time.Time
	// Name is who wrote it; empty for a line about the conversation.
	Name string
	Mine bool
	Text string
	// File is the name of an attachment, "" for none.
	File string
}

// Record is the whole conversation.
type Record struct {
	// Title is the company or website.
	Title   string
	Lang    string
	Entries []Entry
}

// stamp is how times are written.
const stamp = "2006-01-02 15:04:05"

// text is what the entry says, with the name of its attachment.
func (e Entry) text() string {
	s := e.Text
	if e.File != "" {
		s = strings.TrimSpace(s + " [" + e.File + "]")
	}
	return s
}

// Text writes the record as plain text in a time zone.
func (r Record) Text(w io.Writer, zone *time.Location) error {
	var b strings.Builder
	b.WriteString(r.Title + "\r\n\r\n")
	for _, e := range r.Entries {
		b.WriteString(e.At.In(zone).Format(stamp) + "  ")
		if e.Name != "" {
			b.WriteString(e.Name + ": ")
		}
		b.WriteString(strings.ReplaceAll(e.text(), "\n", "\r\n    ") + "\r\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// PDF writes the record as a document in a time zone.
func (r Record) PDF(w io.Writer, zone *time.Location) error {
	d := pdf.New(r.Title)
	d.Add(r.Title, pdf.Style{Size: 16})
	for _, e := range r.Entries {
		if e.Name == "" {
			d.Add(e.At.In(zone).Format(stamp)+" · "+e.text(), pdf.Style{Size: 8.5, Gray: 0.4, Center: true, Above: 8})
			continue
		}
		d.Add(e.At.In(zone).Format(stamp)+" · "+e.Name, pdf.Style{Size: 8.5, Gray: 0.4, Above: 8})
		d.Add(e.text(), pdf.Style{})
	}
	_, err := d.WriteTo(w)
	return err
}

var page = template.Must(template.New("record").Parse(`<!doctype html><html lang="{{.Lang}}"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{{.Title}}</title>
<style>:root{color-scheme:light dark}body{font:15px/1.6 system-ui,"PingFang SC","Noto Sans CJK SC",sans-serif;max-width:720px;margin:0 auto;padding:24px}h1{font-size:20px}
p{margin:0 0 12px;white-space:pre-wrap;overflow-wrap:anywhere}small{display:block;opacity:.75}.me{margin-inline-start:15%}.line{text-align:center;opacity:.8}</style></head>
<body><h1>{{.Title}}</h1>{{range .Rows}}<p class="{{.Class}}"><small>{{.At}}{{with .Name}} · {{.}}{{end}}</small>{{.Text}}</p>
{{end}}</body></html>`))

type row struct{ Class, At, Name, Text string }

// HTML writes the record as a page in a time zone.
func (r Record) HTML(w io.Writer, zone *time.Location) error {
	rows := make([]row, 0, len(r.Entries))
	for _, e := range r.Entries {
		class := "them"
		switch {
		case e.Name == "":
			class = "line"
		case e.Mine:
			class = "me"
		}
		rows = append(rows, row{class, e.At.In(zone).Format(stamp), e.Name, e.text()})
	}
	return page.Execute(w, map[string]any{"Lang": r.Lang, "Title": r.Title, "Rows": rows})
}
