// Package contracttest has the clients and actions that the tests of this front share.
package contracttest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"parlor/internal/server/servertest"
)

// Client calls the contract.
type Client struct {
	T *testing.T
	S *servertest.Instance
	// Auth are the headers of a login.
	Auth []string
}

// Answer is what came back.
type Answer struct {
	T      *testing.T
	Status int
	Text   string
	Header http.Header
}

// Call makes a call.
func (c *Client) Call(method, path, body string) Answer {
	c.T.Helper()
	status, text, header := c.S.Call(method, "/api/v1/"+path, body, append([]string{"Content-Type", "application/json"}, c.Auth...)...)
	return Answer{c.T, status, text, header}
}

// Want compares status and whole body.
func (a Answer) Want(status int, body string) {
	a.T.Helper()
	if a.Status != status || strings.TrimSpace(a.Text) != body {
		a.T.Fatalf("answered %d %s\nwant     %d %s", a.Status, a.Text, status, body)
	}
	if got := a.Header.Get("Content-Type"); got != "application/json" {
		a.T.Fatalf("content type %q", got)
	}
}

// Get reads a value by its path, keys with dots between them.
func (a Answer) Get(path string) any {
	a.T.Helper()
	var v any
	if err := json.Unmarshal([]byte(a.Text), &v); err != nil {
		a.T.Fatalf("%s: %v", a.Text, err)
	}
	for _, key := range strings.Split(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[key]
		case []any:
			var i int
			if _, err := fmt.Sscan(key, &i); err != nil || i >= len(x) {
				return nil
			}
			v = x[i]
		default:
			return nil
		}
	}
	return v
}

// Is compares a value by its path.
func (a Answer) Is(path string, want any) {
	a.T.Helper()
	if got := fmt.Sprint(a.Get(path)); got != fmt.Sprint(want) {
		a.T.Fatalf("%s is %s, want %v: %s", path, got, want, a.Text)
	}
}
