package easemob

import (
	"context"
	_ "embed" // the script for pages
	"net/http"
	"strconv"

	"parlor/internal/errs"
	"parlor/internal/id"
)

//go:embed embed.js
var embedScript string

// embed registers what pages of the contract load.
func (f *Front) embed() {
	for _, path := range []string{"/webim/easemob.js", "/webim/en-US/easemob.js"} {
		f.mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
			w.Header().Set("Cache-Control", "public, max-age=300")
			_, _ = w.Write([]byte(embedScript)) // the client has gone if this fails
		})
	}
	f.mux.HandleFunc("GET /webim/im.html", f.wholePage)
	f.mux.HandleFunc("GET /webim-vec/index.html", f.videoPage)
	f.mux.HandleFunc("GET /webim/entry", f.answered(f.entry))
	for _, path := range []string{"/webim/", webPrefix + "/", "/v1/imgateway/", "/v1/event_collector/", "/" + org + "/", "/v1/Tenant/", vecPrefix + "/"} {
		f.mux.HandleFunc("OPTIONS "+path, func(w http.ResponseWriter, _ *http.Request) {
			cross(w)
			w.WriteHeader(http.StatusNoContent)
		})
	}
}

// cross lets pages of other sites call: who they speak for is the token that they
// show, never a cookie.
func cross(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
	h.Set("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE")
	h.Set("Access-Control-Max-Age", "600")
}

// entry tells a page which inbox its configuration stands for: the configuration is
// the inbox itself; a company without one has its oldest.
func (f *Front) entry(ctx context.Context, r *http.Request, _ []byte) (id.Tenant, any, error) {
	if err := f.Calls.Take("kefu address " + f.Clients.Of(r)); err != nil {
		return "", nil, err
	}
	q := r.URL.Query()
	name := q.Get("configId")
	if name == "" {
		name = q.Get("inbox")
	}
	if name == "" {
		tenant, err := f.tenantOf(ctx, q.Get("tenantId"))
		if err != nil {
			return "", nil, err
		}
		inbox, err := f.inbox(ctx, tenant.ID, "")
		return tenant.ID, object{"inbox": inbox, "tenantId": tenant.Number}, err
	}
	in, err := f.Accounts.Inbox(ctx, id.Inbox(name))
	if errs.CodeOf(err) == errs.NotFound {
		return "", nil, faultParam
	}
	if err != nil {
		return "", nil, err
	}
	book, err := f.Accounts.Book(ctx, in.Tenant)
	if err != nil {
		return in.Tenant, nil, err
	}
	if said := q.Get("tenantId"); said != "" && said != strconv.FormatInt(book.Tenant.Number, 10) {
		return "", nil, faultTenant
	}
	return in.Tenant, object{"inbox": in.ID, "tenantId": book.Tenant.Number}, nil
}

// wholePage leads to the chat as a page of its own.
func (f *Front) wholePage(w http.ResponseWriter, r *http.Request) {
	_, v, err := f.entry(r.Context(), r, nil)
	if err != nil {
		f.write(w, r, "", nil, err)
		return
	}
	http.Redirect(w, r, "/im/text/"+string(v.(object)["inbox"].(id.Inbox)), http.StatusFound)
}
