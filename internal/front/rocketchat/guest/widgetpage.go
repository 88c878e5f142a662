package guest

import (
	"html"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"parlor/internal/account"
	"parlor/internal/front/httpx"
)

// widgetPage serves the vendor's widget from the folder that the operator has put
// it into: the page for the frame, the script for host pages, and their parts.
func (f *Front) widgetPage(mux *http.ServeMux) {
	mux.HandleFunc("GET /avatar/{name}", f.avatar)
	mux.HandleFunc("GET /livechat", f.framePage)
	if f.Widget == "" {
		return
	}
	files := http.StripPrefix("/livechat/", http.FileServer(noFolders{http.Dir(f.Widget)}))
	mux.Handle("GET /livechat/", files)
}

// noFolders is a file system without listings.
type noFolders struct{ http.FileSystem }

// Open implements http.FileSystem.
func (n noFolders) Open(name string) (http.File, error) {
	file, err := n.FileSystem.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && info.IsDir() {
		err = os.ErrNotExist
	}
	if err != nil {
		_ = file.Close() // nothing was read
		return nil, err
	}
	return file, nil
}

// ownPage is the page inside the frame where there is no build: our own widget.
const ownPage = `<!doctype html><html><head><meta charset="utf-8"><title>Chat</title></head><body><script src="/w/main.js" async></script></body></html>`

// frame is the page inside the frame, without what the company adds to it.
func (f *Front) frame() ([]byte, error) {
	if f.Widget == "" {
		return []byte(ownPage), nil
	}
	return os.ReadFile(filepath.Join(f.Widget, "index.html"))
}

// framePage is the page inside the frame, with the address of the server. Which
// pages may embed it the company says.
func (f *Front) framePage(w http.ResponseWriter, r *http.Request) {
	page, err := f.frame()
	if err != nil {
		httpx.LogInternal(f.Log, r, err)
		http.NotFound(w, r)
		return
	}
	in, err := f.Accounts.Inbox(r.Context(), account.MainInbox)
	if err != nil {
		f.Fail(w, r, err)
		return
	}
	book, err := f.Accounts.Book(r.Context(), in.Tenant)
	if err != nil {
		f.Fail(w, r, err)
		return
	}
	company := book.Tenant.Settings
	if policy := ancestors(company.Word("Livechat_AllowedDomainsList"), r.Referer()); policy != "" {
		w.Header().Set("Content-Security-Policy", policy)
	}
	head := `<script>SERVER_URL = location.origin</script>`
	for _, src := range addresses(company.Word("Livechat_WidgetLayoutClasses")) {
		head += `<link rel="stylesheet" href="` + html.EscapeString(src) + `">`
	}
	for _, src := range addresses(company.Word("Livechat_AdditionalWidgetScripts")) {
		head += `<script defer src="` + html.EscapeString(src) + `"></script>`
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write([]byte(strings.Replace(string(page), "</head>", head+"</head>", 1))) // the client has gone if this fails
}

// addresses are the web addresses of a list with commas.
func addresses(list string) []string {
	var out []string
	for _, s := range strings.Split(list, ",") {
		if u, err := url.Parse(strings.TrimSpace(s)); err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" {
			out = append(out, u.String())
		}
	}
	return out
}

// ancestors is the policy for a page that wants to embed the widget; without a
// list of hosts everybody may.
func ancestors(list, referer string) string {
	if strings.TrimSpace(list) == "" {
		return ""
	}
	u, err := url.Parse(referer)
	if err != nil || u.Host == "" {
		return "frame-ancestors 'none'"
	}
	for _, host := range strings.Split(list, ",") {
		if host = strings.TrimSpace(host); host == u.Host || host == u.Scheme+"://"+u.Host {
			return "frame-ancestors " + u.Scheme + "://" + u.Host
		}
	}
	return "frame-ancestors 'none'"
}
