package easemob

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// maxBody bounds the bodies of calls, in bytes; imports and uploads have their own.
const maxBody = 256 << 10

// call is one call of a program.
type call struct {
	*http.Request
	tenant id.Tenant
	// number is the tenant on the wire.
	number int64
	who    actor.Actor
	body   []byte
}

// handler answers a call: nil, an entity, a list or a plain value.
type handler func(ctx context.Context, c *call) (any, error)

// bearer is the token of a request, in the header that it should have or in one of
// those that it has by mistake.
func bearer(r *http.Request) string {
	for _, name := range []string{"Kefu-Token", "Kefu-Toke"} {
		if v := strings.TrimSpace(r.Header.Get(name)); v != "" {
			return v
		}
	}
	v := r.Header.Get("Authorization")
	for _, scheme := range []string{"Bearer ", "Easemob IM "} {
		v = strings.TrimPrefix(v, scheme)
	}
	return strings.TrimSpace(v)
}

// tenantOf finds a tenant by its number on the wire.
func (f *Front) tenantOf(ctx context.Context, number string) (t account.Tenant, err error) {
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return t, faultTenant
	}
	all, err := f.Accounts.Tenants(ctx)
	if err != nil {
		return t, err
	}
	for _, t := range all {
		if t.Number == n {
			return t, nil
		}
	}
	return t, faultTenant
}

// program checks the token of a program against the tenant of the path.
func (f *Front) program(r *http.Request, number string) (c call, err error) {
	token := bearer(r)
	if token == "" {
		return c, faultToken
	}
	client, err := f.Accounts.ByClientToken(r.Context(), token)
	if err != nil {
		return c, err
	}
	c = call{Request: r, tenant: client.Tenant, who: client.Actor()}
	book, err := f.Accounts.Book(r.Context(), client.Tenant)
	if err != nil {
		return c, err
	}
	if c.number = book.Tenant.Number; number != strconv.FormatInt(c.number, 10) {
		return c, faultTenant
	}
	return c, f.Programs.Take(client.ID)
}

// serve registers a call of programs at a path below the tenant's.
func (f *Front) serve(method, path string, h handler) {
	f.mux.HandleFunc(method+" /api/platform/tenants/{tenant}/"+path, func(w http.ResponseWriter, r *http.Request) {
		c, err := f.program(r, r.PathValue("tenant"))
		var v any
		if err == nil {
			if c.body, err = read(w, r); err == nil {
				v, err = h(r.Context(), &c)
			}
		}
		f.write(w, r, c.tenant, v, err)
	})
}

// read reads a body of a call.
func read(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return nil, errs.New(errs.TooLarge, "body_too_large", "The body has more than %d bytes.", maxBody)
	}
	if err != nil {
		return nil, faultParam
	}
	return b, nil
}

// json reads the body into v; a body that does not fit is a wrong parameter.
func (c *call) json(v any) error { return decode(c.body, v) }

func decode(body []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	if d.Decode(v) != nil || d.More() {
		return faultParam
	}
	return nil
}

// mostPages bounds the pages that are reached by number.
const mostPages = 100_000

// page reads the page that is asked for, from 1, of at most 50.
func (c *call) page() (page, size int, err error) {
	q := c.URL.Query()
	page, size = 1, 20
	for name, dest := range map[string]*int{"page": &page, "per_page": &size} {
		if v := q.Get(name); v != "" {
			if *dest, err = strconv.Atoi(v); err != nil {
				return 0, 0, faultParam
			}
		}
	}
	switch {
	case page < 1:
		return 0, 0, faultPage
	case size > 50:
		return 0, 0, faultSize
	case size < 1 || page > mostPages:
		return 0, 0, faultParam
	}
	return page, size, nil
}
