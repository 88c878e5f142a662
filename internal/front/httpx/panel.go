package httpx

import (
	"bytes"
	"encoding/json"
	"html"
	"io/fs"
	"net/http"
)

// Panel is what a page of the panel is made of.
type Panel struct {
	// Policy is the content security policy of the page.
	Policy string
	// Begin is what the panel needs to begin, as a meta element.
	Begin any
	// Beside is markup of ours that stands beside the panel.
	Beside string
}

// PanelPage writes the visitor's panel as a page of its own. It is never kept by
// caches.
func PanelPage(w http.ResponseWriter, files fs.FS, p Panel) error {
	page, err := fs.ReadFile(files, "widget/panel/index.html")
	if err != nil {
		return err
	}
	b, err := json.Marshal(p.Begin)
	if err != nil {
		return err
	}
	meta := `<meta name="parlor" content="` + html.EscapeString(string(b)) + `"><link rel="icon" href="data:,"></head>`
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", p.Policy)
	h.Set("Cache-Control", "no-store")
	page = bytes.Replace(page, []byte("</body>"), []byte(p.Beside+"</body>"), 1)
	_, _ = w.Write(bytes.Replace(page, []byte("</head>"), []byte(meta), 1)) // the client has gone if this fails
	return nil
}

// PagePolicy is the content security policy of our pages; frames says who may
// embed them.
func PagePolicy(r *http.Request, frames string) string { return pagePolicy(r, frames, "", "") }

// ConsolePolicy is the content security policy of the console: it may show pages of
// the given origins and, as messages have cards of shops, pictures of any https server.
func ConsolePolicy(r *http.Request, origins []string) string {
	shown := ""
	for _, o := range origins {
		shown += " " + o
	}
	return pagePolicy(r, "'none'", " https:", shown)
}

func pagePolicy(r *http.Request, frames, pictures, shown string) string {
	return "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' blob: data:" + pictures + "; font-src 'self'; media-src 'self' blob:; " +
		"connect-src 'self' ws://" + r.Host + " wss://" + r.Host + "; frame-src 'self'" + shown + "; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors " + frames
}
