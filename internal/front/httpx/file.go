package httpx

import (
	"io"
	"mime"
	"net/http"
	"strings"

	"parlor/internal/media"
)

// ServeOnce writes an opened file that nobody may keep but who asked for it, as a
// download, and closes it.
func ServeOnce(w http.ResponseWriter, r *http.Request, o media.Opened) {
	defer func() { _ = o.Body.Close() }() // read-only
	h := w.Header()
	h.Set("Content-Type", o.Type)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": o.File.Name}))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "private, no-store")
	http.ServeContent(w, r, "", o.File.CreatedAt, o.Body)
}

// ServeFile writes an opened file and closes it. Pictures, sound and film are
// shown in place, anything else is a download; nothing a visitor uploaded may
// run as a page.
func ServeFile(w http.ResponseWriter, r *http.Request, o media.Opened) {
	defer func() { _ = o.Body.Close() }() // read-only
	h := w.Header()
	kind := "attachment"
	if t, _, _ := strings.Cut(o.Type, "/"); t == "image" || t == "audio" || t == "video" {
		kind = "inline"
	}
	h.Set("Content-Type", o.Type)
	h.Set("Content-Disposition", mime.FormatMediaType(kind, map[string]string{"filename": o.File.Name}))
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "private, max-age=86400, immutable")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	http.ServeContent(w, r, "", o.File.CreatedAt, io.ReadSeeker(o.Body))
}
