// Package site serves what browsers open: the start page, the console, the
// widget's loader and panel, the demo shop, the set-up page and stored files.
package site

import (
	"context"
	"encoding/json"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"parlor/internal/account"
	"parlor/internal/canvas"
	"parlor/internal/circular"
	"parlor/internal/errs"
	"parlor/internal/front/httpx"
	"parlor/internal/front/wire"
	"parlor/internal/id"
	"parlor/internal/media"
	"parlor/internal/setting"
	"parlor/internal/survey"
)

// Deps are what the pages need.
type Deps struct {
	Accounts *account.Service
	Media    *media.Service
	Clients  httpx.ClientIP
	Surveys  *survey.Service
	// Circulars are letters to many, which people unsubscribe from.
	Circulars *circular.Service
	Canvases  *canvas.Service
	Views     wire.Views
	// Calls limits answers to surveys by address.
	Calls *httpx.Limiter
	// Files are the built web applications; Built is false if they are missing.
	Files fs.FS
	Built bool
	// Start is what the start page shows; nil sends people to the console.
	Start *Start
	// SetupToken opens the set-up page while nobody can log in, "" for none.
	SetupToken string
	PublicURL  string
	// Cookie is the name of the console's session cookie.
	Cookie string
	Log    *slog.Logger
}

// Start is the content of the start page of the demo.
type Start struct {
	Company string
	Logins  []Login
}

// Login is a demo login.
type Login struct{ Name, Role, Email, Password string }

// Site is the mounted front.
type Site struct {
	Deps
	static *httpx.Static
}

// Mount adds the pages to mux.
func Mount(mux *http.ServeMux, d Deps) *Site {
	s := &Site{Deps: d, static: httpx.NewStatic(d.Files)}
	mux.HandleFunc("GET /{$}", s.start)
	mux.HandleFunc("GET /console", redirect("/console/"))
	mux.HandleFunc("GET /console/{path...}", s.built(s.console))
	mux.HandleFunc("GET /w/{file}", s.built(s.loader))
	mux.HandleFunc("GET /w/panel/{path...}", s.built(s.framedBy("panel", "")))
	mux.HandleFunc("GET /w/vec/{path...}", s.built(s.framedBy("vec", "'self' ")))
	mux.HandleFunc("GET /demo", redirect("/demo/"))
	mux.HandleFunc("GET /demo/{path...}", s.built(s.demo))
	mux.HandleFunc("GET /files/{id}/{variant}", s.file)
	mux.HandleFunc("GET /files/canvas/{token}", s.drawn)
	s.survey(mux)
	s.unsubscribe(mux)
	if d.SetupToken != "" {
		mux.HandleFunc("GET /setup", s.setupForm)
		mux.HandleFunc("POST /setup", s.setup)
	}
	return s
}

func redirect(to string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) }
}

// built answers 503 while the web applications have not been built.
func (s *Site) built(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !s.Built {
			http.Error(w, "The web applications are not built into this binary. Run: make build", http.StatusServiceUnavailable)
			return
		}
		h(w, r)
	}
}

// policy is the content security policy of our pages; frames says who may embed them.
func policy(r *http.Request, frames string) string { return httpx.PagePolicy(r, frames) }

// console serves the single-page application: its files, and its page for every
// other path. The page is never taken from a cache: who is logged in decides what it
// may show.
func (s *Site) console(w http.ResponseWriter, r *http.Request) {
	name := "console/" + r.PathValue("path")
	if !s.static.Has(name) {
		name = "console/index.html"
	}
	var origins []string
	if name == "console/index.html" {
		r.Header.Del("If-None-Match")
		origins = s.framed(r)
	}
	w.Header().Set("Content-Security-Policy", httpx.ConsolePolicy(r, origins))
	w.Header().Set("X-Frame-Options", "DENY")
	s.static.Serve(w, r, name)
}

// framed are the origins whose pages the company of whoever is logged in shows beside
// conversations. Without a session there are none.
func (s *Site) framed(r *http.Request) []string {
	c, err := r.Cookie(s.Cookie)
	if err != nil {
		return nil
	}
	l, err := s.Accounts.Authenticate(r.Context(), c.Value)
	if err != nil || l.Credential.Kind != account.SessionCookie {
		httpx.LogInternal(s.Log, r, err)
		return nil
	}
	book, err := s.Accounts.Book(r.Context(), l.Agent.Tenant)
	if err != nil {
		httpx.LogInternal(s.Log, r, err)
		return nil
	}
	return book.Tenant.Settings.Windows.Origins()
}

// framedBy serves a page of visitors and its files, the panel or the video counter: only
// pages of the inbox's origins, and those of also, may embed it.
func (s *Site) framedBy(folder, also string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		path := r.PathValue("path")
		if path == "" {
			path = "index.html"
		}
		frames := "*"
		if in := r.URL.Query().Get("inbox"); in != "" {
			if inbox, err := s.Accounts.Inbox(r.Context(), id.Inbox(in)); err == nil && len(inbox.Settings.Origins) > 0 {
				frames = also + strings.Join(inbox.Settings.Origins, " ")
			}
		}
		w.Header().Set("Content-Security-Policy", policy(r, frames))
		s.static.Serve(w, r, "widget/"+folder+"/"+path)
	}
}

// demo serves the demo shop.
func (s *Site) demo(w http.ResponseWriter, r *http.Request) {
	name := "demo/" + r.PathValue("path")
	if !s.static.Has(name) {
		name = "demo/index.html"
	}
	w.Header().Set("Content-Security-Policy", policy(r, "'self'"))
	s.static.Serve(w, r, name)
}

// loaderConfig is what rides along with the loader.
type loaderConfig struct {
	Inbox    id.Inbox          `json:"inbox"`
	Name     string            `json:"name"`
	Origin   string            `json:"origin"`
	Color    string            `json:"color,omitempty"`
	Greeting map[string]string `json:"greeting,omitempty"`
	Online   bool              `json:"online"`
	Origins  []string          `json:"origins,omitempty"`
	// CSS, Label, Icon and Delay (in milliseconds) are the entry button's.
	CSS   string       `json:"css,omitempty"`
	Label setting.Text `json:"label,omitempty"`
	Icon  string       `json:"icon,omitempty"`
	Delay int          `json:"delay,omitempty"`
	Popup bool         `json:"popup,omitempty"`
	// Invite is how the page invites: its box always, its rules if they are on.
	Invite wire.Invitation `json:"invite"`
}

// loader serves /w/{inbox}.js: the settings of the inbox and the static loader;
// and /w/live.js, which the loader loads later.
func (s *Site) loader(w http.ResponseWriter, r *http.Request) {
	if r.PathValue("file") == "live.js" {
		w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
		s.static.Serve(w, r, "widget/live.js")
		return
	}
	name, ok := strings.CutSuffix(r.PathValue("file"), ".js")
	if !ok {
		http.NotFound(w, r)
		return
	}
	conf, err := s.loaderConfig(r.Context(), r, id.Inbox(name))
	if err != nil {
		httpx.LogInternal(s.Log, r, err)
		http.Error(w, errs.MessageOf(err), errs.Status(err))
		return
	}
	code, err := fs.ReadFile(s.Files, "widget/loader.js")
	if err == nil {
		var b []byte
		if b, err = json.Marshal(conf); err == nil {
			h := w.Header()
			h.Set("Content-Type", "text/javascript; charset=utf-8")
			h.Set("Cache-Control", "public, max-age=300, stale-while-revalidate=600")
			h.Set("Cross-Origin-Resource-Policy", "cross-origin")
			_, _ = w.Write(append(append(append([]byte("window.__parlor="), b...), ";\n"...), code...)) // the client has gone if this fails
			return
		}
	}
	httpx.LogInternal(s.Log, r, err)
	http.Error(w, "internal error", http.StatusInternalServerError)
}

func (s *Site) loaderConfig(ctx context.Context, r *http.Request, name id.Inbox) (loaderConfig, error) {
	inbox, err := s.Accounts.Inbox(ctx, name)
	if err != nil {
		return loaderConfig{}, err
	}
	if err := s.Accounts.InboxSeenOn(ctx, inbox, r.Referer()); err != nil {
		s.Log.Error("sighting of an inbox not noted", "inbox", inbox.ID, "error", err) // the page works without it
	}
	book, err := s.Accounts.Book(ctx, inbox.Tenant)
	if err != nil {
		return loaderConfig{}, err
	}
	invite := s.Views.InvitationOf(book, inbox, time.Now())
	online, err := s.Accounts.AnyoneAvailable(ctx, inbox.Tenant)
	// While nobody is there a robot receives, unless it is for other hours.
	if r, ok := book.Robots[inbox.ID]; ok && (r.When != "off_hours" || !book.Service(inbox.ID, "").Hours.OpenAt(time.Now())) {
		online = true
	}
	origin := s.PublicURL
	if origin == "" {
		origin = "http://" + r.Host
		if s.Clients.Secure(r) {
			origin = "https://" + r.Host
		}
	}
	return loaderConfig{Inbox: inbox.ID, Name: inbox.Name, Origin: strings.TrimSuffix(origin, "/"), Color: inbox.Settings.Color,
		Greeting: inbox.Settings.Greeting, Online: online, Origins: inbox.Settings.Origins, CSS: wire.BrandCSS(inbox.Settings.Color) + wire.LauncherCSS(inbox.Settings.Look), Label: baseLanguages(inbox.Settings.Look.Label),
		Icon: s.Views.Picture(inbox.Tenant, inbox.Settings.Look.Icon), Delay: inbox.Settings.Look.DelayMS, Popup: inbox.Settings.Look.Popup, Invite: invite}, err
}

// baseLanguages names languages by their first two letters.
func baseLanguages(t setting.Text) setting.Text {
	out := make(setting.Text, len(t))
	for lang, s := range t {
		base, _, _ := strings.Cut(lang, "-")
		out[base] = s
	}
	return out
}

// file serves a stored file by its signed address.
func (s *Site) file(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	o, err := s.Media.Open(r.Context(), id.Tenant(q.Get("t")), id.File(r.PathValue("id")), r.PathValue("variant"), q.Get("e"), q.Get("s"))
	if err != nil {
		httpx.LogInternal(s.Log, r, err)
		http.Error(w, errs.MessageOf(err), errs.Status(err))
		return
	}
	httpx.ServeFile(w, r, o)
}
