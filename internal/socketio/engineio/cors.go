package engineio

import (
	"net/http"
	"net/url"
	"strings"
)

// sameHost allows pages of the host that is being asked, whatever their scheme: behind a proxy the server cannot know
// its own.
func sameHost(r *http.Request, origin string) bool {
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, r.Host)
}

// allowOrigin checks the Origin of a request and sets the CORS headers. Requests without Origin pass: they do not come
// from a page. It reports false after it answered a refusal.
func (s *Server) allowOrigin(w http.ResponseWriter, r *http.Request) bool {
	from := r.Header.Get("Origin")
	if from == "" {
		return true
	}
	h := w.Header()
	h.Add("Vary", "Origin")
	if !s.opts.AllowOrigin(r, from) {
		s.refuse(w, errForbidden)
		return false
	}
	h.Set("Access-Control-Allow-Origin", from)
	h.Set("Access-Control-Allow-Credentials", "true")
	return true
}

// preflight answers the question a browser asks before a cross-origin request. The origin has been allowed by then. Any
// header may be sent, as none means anything here; the answer holds for two hours.
func preflight(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Access-Control-Allow-Methods", "GET, POST, OPTIONS")
	if asked := r.Header.Get("Access-Control-Request-Headers"); asked != "" {
		h.Set("Access-Control-Allow-Headers", asked)
		h.Add("Vary", "Access-Control-Request-Headers")
	}
	h.Set("Access-Control-Max-Age", "7200")
	w.WriteHeader(http.StatusOK)
}
