package httpx

import (
	"bytes"
	"encoding/json"
	"html"
	"io/fs"
	"net/http"
)

// PanelPage writes the visitor's panel as a page of its own, with what it needs
// to begin in a meta element. The page is never kept by caches.
func PanelPage(w http.ResponseWriter, files fs.FS, policy string, begin any) error {
	page, err := fs.ReadFile(files, "widget/panel/index.html")
	if err != nil {
		return err
	}
	b, err := json.Marshal(begin)
	if err != nil {
		return err
	}
	meta := `<meta name="parlor" content="` + html.EscapeString(string(b)) + `"><link rel="icon" href="data:,"></head>`
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", policy)
	h.Set("Cache-Control", "no-store")
	_, _ = w.Write(bytes.Replace(page, []byte("</head>"), []byte(meta), 1)) // the client has gone if this fails
	return nil
}

// PagePolicy is the content security policy of our pages; frames says who may
// embed them.
func PagePolicy(r *http.Request, frames string) string {
	return "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' blob: data:; font-src 'self'; media-src 'self' blob:; " +
		"connect-src 'self' ws://" + r.Host + " wss://" + r.Host + "; frame-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors " + frames
}
