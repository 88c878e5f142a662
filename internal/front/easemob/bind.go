package easemob

import (
	"context"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"parlor/internal/binding"
)

// bindings registers the calls of business binding, under the contract's spelling
// and the right one.
func (f *Front) bindings() {
	for _, path := range []string{"busniessbind", "businessbind"} {
		f.serve(http.MethodPost, path, f.bind)
		f.serve(http.MethodDelete, path, f.unbind)
		f.serve(http.MethodPut, path, f.rebind)
		f.serve(http.MethodGet, path, f.bound)
		f.importing(path)
	}
}

// bindInput is a binding on the wire.
type bindInput struct {
	Flag    string `json:"businessFlag"`
	Visitor string `json:"visitUserName"`
	Agent   string `json:"agentUserName"`
	// ValidUntil is our addition: epoch milliseconds.
	ValidUntil int64 `json:"validUntil"`
}

// words checks that all of them are there.
func words(list ...string) error {
	for _, s := range list {
		if n := utf8.RuneCountInString(strings.TrimSpace(s)); n < 1 || n > binding.MaxName {
			return faultParam
		}
	}
	return nil
}

func (in bindInput) input() binding.Input {
	b := binding.Input{Flag: in.Flag, Visitor: in.Visitor, Agent: in.Agent}
	if in.ValidUntil > 0 {
		until := time.UnixMilli(in.ValidUntil)
		b.Until = &until
	}
	return b
}

var byAPI = binding.Cause{How: binding.ByAPI}

func (f *Front) bind(ctx context.Context, c *call) (any, error) {
	in, err := bindBody(c)
	if err != nil {
		return nil, err
	}
	_, err = f.Bindings.Bind(ctx, c.who, in, byAPI)
	return nil, err
}

// rebind is our addition: it binds anew whoever is bound already.
func (f *Front) rebind(ctx context.Context, c *call) (any, error) {
	in, err := bindBody(c)
	if err != nil {
		return nil, err
	}
	_, _, err = f.Bindings.Put(ctx, c.who, in, byAPI)
	return nil, err
}

func bindBody(c *call) (binding.Input, error) {
	var in bindInput
	if err := c.json(&in); err != nil {
		return binding.Input{}, err
	}
	return in.input(), words(in.Flag, in.Visitor, in.Agent)
}

func (f *Front) unbind(ctx context.Context, c *call) (any, error) {
	var in bindInput
	if err := c.json(&in); err != nil {
		return nil, err
	}
	if err := words(in.Flag, in.Visitor); err != nil {
		return nil, err
	}
	_, err := f.Bindings.Unbind(ctx, c.who, in.Flag, in.Visitor, byAPI)
	return nil, err
}

// bound lists bindings, our addition.
func (f *Front) bound(ctx context.Context, c *call) (any, error) {
	page, size, err := c.page()
	if err != nil {
		return nil, err
	}
	q := c.URL.Query()
	found, total, err := f.Bindings.Page(ctx, c.who, binding.Filter{Flag: q.Get("businessFlag"), Visitor: q.Get("visitUserName")}, page, size)
	if err != nil {
		return nil, err
	}
	logins, err := f.logins(ctx, c.tenant)
	if err != nil {
		return nil, err
	}
	out := make([]object, len(found))
	for i, b := range found {
		out[i] = object{"businessFlag": b.Flag, "visitUserName": b.Visitor, "agentUserName": logins[b.Agent], "createDateTime": b.CreatedAt.UnixMilli()}
		if b.Until != nil {
			out[i]["validUntil"] = b.Until.UnixMilli()
		}
	}
	return list{entities: out, total: total}, nil
}

// maxImport bounds the body of an import, in bytes.
const maxImport = 256 << 20

// importing registers the bulk call, our addition: objects, one in each line, or CSV.
func (f *Front) importing(path string) {
	f.mux.HandleFunc("POST /api/platform/tenants/{tenant}/"+path+"/import", func(w http.ResponseWriter, r *http.Request) {
		c, err := f.program(r, r.PathValue("tenant"))
		var report any
		if err == nil {
			report, err = f.Bindings.Import(r.Context(), c.who, binding.NewReader(http.MaxBytesReader(w, r.Body, maxImport), 1), binding.ImportOptions{Replace: r.URL.Query().Get("replace") == "true"})
		}
		f.write(w, r, c.tenant, report, err)
	})
}
