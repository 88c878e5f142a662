package rest_test

import (
	"strings"
	"testing"

	"parlor/internal/server/servertest"
)

func TestOwnAccessTokens(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, nil)
	s.Agent("ann@example.com", "agent")
	s.Agent("bob@example.com", "agent")
	ann, bob := login(t, s, "ann@example.com"), login(t, s, "bob@example.com")
	var made, next struct{ Secret, Hint, Name string }
	ann.want(t, 200, "POST", "/me/tokens", `{"name":"CRM <b>"}`, &made)
	if len(made.Secret) != 43 || !strings.HasSuffix(made.Secret, made.Hint) || len(made.Hint) != 6 {
		t.Fatal(made)
	}
	if text := ann.want(t, 409, "POST", "/me/tokens", `{"name":"CRM <b>"}`, nil); !strings.Contains(text, "token_exists") {
		t.Fatal(text)
	}
	if text := bob.want(t, 200, "GET", "/me/tokens", "", nil); strings.Contains(text, "CRM") {
		t.Fatal("another agent's tokens are seen", text)
	}
	text := ann.want(t, 200, "GET", "/me/tokens", "", nil)
	if !strings.Contains(text, made.Hint) || strings.Contains(text, made.Secret) {
		t.Fatal(text)
	}
	by := func(secret string) int {
		code, _, _ := s.Call("GET", api+"/session", "", "Authorization", "Bearer "+secret)
		return code
	}
	if by(made.Secret) != 200 {
		t.Fatal("the token does not work")
	}
	ann.want(t, 200, "POST", "/me/tokens/renew", `{"name":"CRM <b>"}`, &next)
	if by(made.Secret) != 401 || by(next.Secret) != 200 {
		t.Fatal("renewing did not end the old token")
	}
	bob.want(t, 404, "DELETE", "/me/tokens?name=CRM%20%3Cb%3E", "", nil)
	ann.want(t, 204, "DELETE", "/me/tokens?name=CRM%20%3Cb%3E", "", nil)
	if by(next.Secret) != 401 {
		t.Fatal("a removed token works")
	}
	ann.want(t, 404, "POST", "/me/tokens/renew", `{"name":"none"}`, nil)
	ann.want(t, 400, "POST", "/me/tokens", `{"name":7}`, nil)
}
