package rocketchat

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/grant"
	"parlor/internal/id"
)

// call is one request with what is known of it.
type call struct {
	f      *Front
	w      http.ResponseWriter
	r      *http.Request
	params map[string]string
	tenant id.Tenant
	inbox  id.Inbox
	// login is nil if nobody is logged in; who is its actor.
	login *account.Login
	who   actor.Actor
	// answered is true if the handler has written the answer itself.
	answered bool
	query    url.Values
	// bind makes the realtime connection of a call that of a visitor's token; nil
	// over REST.
	bind func(ctx context.Context, token string) (any, error)
}

// may reports whether the caller has one of the permissions.
func (c *call) may(ctx context.Context, permissions ...string) (bool, error) {
	if c.login == nil {
		return false, nil
	}
	return c.f.Grants.Allowed(ctx, c.tenant, rolesOf(c.login.Agent), permissions...)
}

// borrow lends the caller what those of the permissions mean that it has; having
// none of them is refused.
func (c *call) borrow(ctx context.Context, permissions []string) error {
	refused := true
	for _, p := range permissions {
		ok, err := c.may(ctx, p)
		if err != nil {
			return err
		}
		if ok {
			refused = false
			c.who = grant.Lend(c.who, p)
		}
	}
	if refused {
		return errPermission
	}
	return nil
}

// arg returns a query parameter.
func (c *call) arg(name string) string { return c.args().Get(name) }

// args returns the query. A parameter may be written with brackets behind it.
func (c *call) args() url.Values {
	if c.query == nil {
		c.query = c.r.URL.Query()
	}
	return c.query
}

// list returns the values of an array parameter.
func (c *call) list(name string) []string {
	if v := c.args()[name+"[]"]; len(v) > 0 {
		return v
	}
	return c.args()[name]
}

// yes reports whether a query parameter is "true".
func (c *call) yes(name string) bool { return c.arg(name) == "true" }

// body reads the request's body as JSON or as a form; an empty one is {}.
func (c *call) body() (any, error) {
	text, err := io.ReadAll(c.r.Body)
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return nil, errs.New(errs.TooLarge, "body_too_large", "The body is larger than %d bytes.", large.Limit)
	}
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(c.r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		form, err := url.ParseQuery(string(text))
		if err != nil {
			return nil, invalidParams("must be a form")
		}
		v := map[string]any{}
		for k, list := range form {
			v[k] = list[0]
		}
		return v, nil
	}
	if len(strings.TrimSpace(string(text))) == 0 {
		return map[string]any{}, nil
	}
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		return nil, &fault{status: http.StatusBadRequest, text: "Invalid JSON"}
	}
	return v, nil
}

// read checks the body against a shape and decodes it into dest.
func (c *call) read(s shape, dest any) error {
	v, err := c.body()
	if err != nil {
		return err
	}
	return s.decode(v, dest)
}

// readQuery does the same with the query parameters.
func (c *call) readQuery(s shape, dest any) error {
	v := map[string]any{}
	for k, list := range c.args() {
		if name, ok := strings.CutSuffix(k, "[]"); ok || len(list) > 1 {
			many := make([]any, len(list))
			for i, x := range list {
				many[i] = x
			}
			v[name] = many
			continue
		}
		v[k] = list[0]
	}
	return s.decode(v, dest)
}

// Page sizes.
const (
	defaultCount = 50
	mostCount    = 100
)

// window is a page of a list: how many are left out and how many wanted.
type window struct{ offset, count int }

// window reads offset and count. A count of 0 asks for everything, which is
// bounded like any other list.
func (c *call) window() (window, error) {
	w := window{0, defaultCount}
	for name, dest := range map[string]*int{"offset": &w.offset, "count": &w.count} {
		text := c.arg(name)
		if text == "" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			return w, invalidParams("must be number")
		}
		*dest = n
	}
	if w.count > mostCount || w.count == 0 && c.arg("count") == "0" {
		w.count = mostCount
	}
	return w, nil
}

// sorting is one key of a sort parameter.
type sorting struct {
	key  string
	desc bool
}

// sort reads the sort parameter: a JSON object of keys with 1 or -1, in order.
func (c *call) sort() ([]sorting, error) {
	text := c.arg("sort")
	if text == "" {
		return nil, nil
	}
	dec := json.NewDecoder(strings.NewReader(text))
	bad := structured("error-invalid-sort", "Invalid sort parameter provided: \""+text+"\"")
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, bad
	}
	var list []sorting
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return nil, bad
		}
		name, ok := key.(string)
		var n float64
		if !ok || dec.Decode(&n) != nil {
			return nil, bad
		}
		list = append(list, sorting{name, n < 0})
	}
	if t, err := dec.Token(); err != nil || t != json.Delim('}') {
		return nil, bad
	}
	return list, nil
}

// page cuts a window out of a list that was read whole, and names it.
func page[T any](name string, list []T, w window) object {
	total := len(list)
	list = list[min(w.offset, total):]
	list = list[:min(w.count, len(list))]
	return object{name: some(list), "count": len(list), "offset": w.offset, "total": total}
}

// some makes an empty list of nil, so that it is written as [].
func some[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// date reads a time in one of the forms that clients send.
func date(text string) (time.Time, bool) {
	for _, form := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02", "2006/01/02"} {
		if t, err := time.Parse(form, text); err == nil {
			return t.UTC(), true
		}
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && n > 1e11 {
		return time.UnixMilli(n).UTC(), true
	}
	return time.Time{}, false
}
