package contract

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/grant"
	"parlor/internal/id"
)

// Call is one request with what is known of it.
type Call struct {
	f      *Kit
	W      http.ResponseWriter
	R      *http.Request
	Params map[string]string
	Tenant id.Tenant
	Inbox  id.Inbox
	// Login is nil if nobody is logged in; who is its actor.
	Login *account.Login
	Who   actor.Actor
	// Answered is true if the handler has written the answer itself.
	Answered bool
	query    url.Values
	// Bind makes the realtime connection of a call that of a visitor's token; nil
	// over REST.
	Bind func(ctx context.Context, token string) (any, error)
}

// May reports whether the caller has one of the permissions.
func (c *Call) May(ctx context.Context, permissions ...string) (bool, error) {
	if c.Login == nil {
		return false, nil
	}
	return c.f.Grants.Allowed(ctx, c.Tenant, RolesOf(c.Login.Agent), permissions...)
}

// Borrow lends the caller what those of the permissions mean that it has; having
// none of them is refused.
func (c *Call) Borrow(ctx context.Context, permissions []string) error {
	refused := true
	for _, p := range permissions {
		ok, err := c.May(ctx, p)
		if err != nil {
			return err
		}
		if ok {
			refused = false
			c.Who = grant.Lend(c.Who, p)
		}
	}
	if refused {
		return ErrPermission
	}
	return nil
}

// Lend lends the caller what those of the permissions mean that it has; having
// none of them changes nothing.
func (c *Call) Lend(ctx context.Context, permissions ...string) error {
	err := c.Borrow(ctx, permissions)
	if errors.Is(err, ErrPermission) {
		return nil
	}
	return err
}

// Arg returns a query parameter.
func (c *Call) Arg(name string) string { return c.Args().Get(name) }

// Args returns the query. A parameter may be written with brackets behind it.
func (c *Call) Args() url.Values {
	if c.query == nil {
		c.query = unnumbered(c.R.URL.Query())
	}
	return c.query
}

// unnumbered writes name[0], name[1] as name[].
func unnumbered(q url.Values) url.Values {
	for _, k := range slices.Sorted(maps.Keys(q)) {
		name, index, ok := strings.Cut(strings.TrimSuffix(k, "]"), "[")
		if n, err := strconv.Atoi(index); ok && err == nil && n >= 0 && n < MostCount {
			q[name+"[]"] = append(q[name+"[]"], q[k]...)
			delete(q, k)
		}
	}
	return q
}

// List returns the values of an array parameter.
func (c *Call) List(name string) []string {
	if v := c.Args()[name+"[]"]; len(v) > 0 {
		return v
	}
	return c.Args()[name]
}

// Yes reports whether a query parameter is "true".
func (c *Call) Yes(name string) bool { return c.Arg(name) == "true" }

// Body reads the request's body as JSON or as a form; an empty one is {}.
func (c *Call) Body() (any, error) {
	text, err := io.ReadAll(c.R.Body)
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return nil, errs.New(errs.TooLarge, "body_too_large", "The body is larger than %d bytes.", large.Limit)
	}
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(c.R.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		form, err := url.ParseQuery(string(text))
		if err != nil {
			return nil, InvalidParams("must be a form")
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
		return nil, &Fault{Status: http.StatusBadRequest, Text: "Invalid JSON"}
	}
	return v, nil
}

// With lets a handler read v as its body: methods and calls do the same.
func (c *Call) With(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	r := *c.R
	r.Body, r.Header = io.NopCloser(bytes.NewReader(b)), c.R.Header.Clone()
	r.Header.Set("Content-Type", "application/json")
	c.R = &r
	return nil
}

// Read checks the body against a shape and decodes it into dest.
func (c *Call) Read(s Shape, dest any) error {
	v, err := c.Body()
	if err != nil {
		return err
	}
	return s.Decode(v, dest)
}

// ReadQuery does the same with the query parameters.
func (c *Call) ReadQuery(s Shape, dest any) error {
	v := map[string]any{}
	for k, list := range c.Args() {
		if name, ok := strings.CutSuffix(k, "[]"); ok || len(list) > 1 {
			many := make([]any, len(list))
			for i, x := range list {
				many[i] = x
			}
			v[name] = many
			continue
		}
		if name, key, ok := strings.Cut(strings.TrimSuffix(k, "]"), "["); ok {
			v[name] = map[string]any{key: list[0]}
			continue
		}
		v[k] = list[0]
	}
	return s.Decode(v, dest)
}

// Page sizes.
const (
	DefaultCount = 50
	MostCount    = 100
)

// Window is a page of a list: how many are left out and how many wanted.
type Window struct{ Offset, Count int }

// Window reads offset and count. A count of 0 asks for everything, which is
// bounded like any other list.
func (c *Call) Window() (Window, error) {
	w := Window{0, DefaultCount}
	for name, dest := range map[string]*int{"offset": &w.Offset, "count": &w.Count} {
		text := c.Arg(name)
		if text == "" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			return w, InvalidParams("must be number")
		}
		*dest = n
	}
	if w.Count > MostCount || w.Count == 0 && c.Arg("count") == "0" {
		w.Count = MostCount
	}
	return w, nil
}

// Sorting is one key of a sort parameter.
type Sorting struct {
	Key  string
	Desc bool
}

// Sort reads the sort parameter: a JSON object of keys with 1 or -1, in order.
func (c *Call) Sort() ([]Sorting, error) {
	text := c.Arg("sort")
	if text == "" {
		return nil, nil
	}
	dec := json.NewDecoder(strings.NewReader(text))
	bad := Structured("error-invalid-sort", "Invalid sort parameter provided: \""+text+"\"")
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, bad
	}
	var list []Sorting
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
		list = append(list, Sorting{name, n < 0})
	}
	if t, err := dec.Token(); err != nil || t != json.Delim('}') {
		return nil, bad
	}
	return list, nil
}

// Page cuts a window out of a list that was read whole, and names it.
func Page[T any](name string, list []T, w Window) Object {
	total := len(list)
	list = list[min(w.Offset, total):]
	list = list[:min(w.Count, len(list))]
	return Object{name: Some(list), "count": len(list), "offset": w.Offset, "total": total}
}

// Some makes an empty list of nil, so that it is written as [].
func Some[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// Date reads a time in one of the forms that clients send.
func Date(text string) (time.Time, bool) {
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
