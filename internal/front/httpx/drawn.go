package httpx

import (
	"net/http"
	"strconv"

	"parlor/internal/canvas"
)

// ServeDrawn writes the drawn picture of a canvas. A request that names its
// version in v may be remembered, any other asks again each time.
func ServeDrawn(w http.ResponseWriter, r *http.Request, d canvas.Drawn) {
	h, version := w.Header(), strconv.FormatInt(d.Version, 10)
	h.Set("Content-Type", "image/png")
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("ETag", `"`+version+`"`)
	h.Set("Cache-Control", "private, no-cache")
	if r.URL.Query().Get("v") == version {
		h.Set("Cache-Control", "private, max-age=86400, immutable")
	}
	if r.Header.Get("If-None-Match") == `"`+version+`"` {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(d.PNG)))
	_, _ = w.Write(d.PNG) // the client has gone if this fails
}
