package uckefu_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"parlor/internal/account"
	"parlor/internal/server/servertest"
)

// The weak points of the contract's servers that no other test names. The list
// of all, with the test of each, is docs/uckefu.md.

// S3: nobody becomes an administrator without an invitation, and there is no
// account that everybody knows.
func TestS3NoBackDoorAndNoKnownAccount(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, nil)
	for _, path := range []string{"/addAdmin", "/addAdmin.html", "/register/addAdmin", "/apps/tenant/addAdmin"} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			if code, text, _ := s.Call(method, path+"?username=eve&password=123456", ""); code != 404 && code != 405 {
				t.Errorf("%s %s: %d %s", method, path, code, text)
			}
		}
	}
	for _, known := range [][2]string{{"admin", "123456"}, {"admin", "admin1234"}, {"admin", "admin"}, {"eve", "123456"}} {
		form := url.Values{"username": {known[0]}, "password": {known[1]}}.Encode()
		if code, text, _ := s.Call(http.MethodPost, "/tokens", form, "Content-Type", "application/x-www-form-urlencoded"); code/100 == 2 {
			t.Errorf("/tokens lets %v in: %s", known, text)
		}
		body, err := json.Marshal(map[string]string{"login": known[0], "password": known[1]})
		if err != nil {
			t.Fatal(err)
		}
		if code, text, _ := s.Call(http.MethodPost, "/api/parlor/v1/session", string(body), "Content-Type", "application/json"); code != 401 {
			t.Errorf("/session answers %v with %d %s", known, code, text)
		}
	}
}

// S4: passwords are hashed slowly and with a salt, tokens are made of the
// installation's own secrets.
func TestS4PasswordsAreSaltedAndSecretsAreOwn(t *testing.T) {
	t.Parallel()
	one, two := servertest.Start(t, nil), servertest.Start(t, nil)
	a, b := one.Agent("lin@example.com", account.Member), one.Agent("bo@example.com", account.Member)
	if !strings.Contains(a.PasswordHash, "$argon2id$") || a.PasswordHash == b.PasswordHash {
		t.Errorf("two agents with one password: %s, %s", a.PasswordHash, b.PasswordHash)
	}
	var got struct{ Token string }
	_, text, _ := one.Call(http.MethodPost, "/api/parlor/v1/visitor/session", `{"inbox":"main","page":{"url":"https://shop.example/","title":"Shop"}}`, "Content-Type", "application/json")
	if err := json.Unmarshal([]byte(text), &got); err != nil || got.Token == "" {
		t.Fatal(text, err)
	}
	if code, text, _ := one.Call(http.MethodGet, "/api/parlor/v1/visitor/history", "", "Authorization", "Bearer "+got.Token); code != 200 {
		t.Fatalf("the own token: %d %s", code, text)
	}
	if code, text, _ := two.Call(http.MethodGet, "/api/parlor/v1/visitor/history", "", "Authorization", "Bearer "+got.Token); code != 401 {
		t.Errorf("another installation takes the token: %d %s", code, text)
	}
}

// S7: nothing is deserialised from templates, and what is searched for is data.
func TestS7NoTemplateImportAndTypedQueries(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		s.Agent("lin@example.com", account.Admin)
		token := "Bearer " + s.Token("lin@example.com")
		for _, path := range []string{"/admin/template/impsave", "/admin/template/impsave.html", "/admin/skill/imp"} {
			if code, text, _ := s.Call(http.MethodPost, path, "\xac\xed\x00\x05sr", "Authorization", token); code != 404 && code != 405 {
				t.Errorf("%s: %d %s", path, code, text)
			}
		}
		for _, q := range []string{`' OR '1'='1`, `"; DROP TABLE message; --`, `a* OR b:c NEAR(d`, `%' OR 1=1 --`} {
			code, text, _ := s.Call(http.MethodGet, "/api/parlor/v1/search?q="+url.QueryEscape(q), "", "Authorization", token)
			if code != 200 || !strings.Contains(text, `"items":[]`) {
				t.Errorf("%q: %d %s", q, code, text)
			}
		}
		for _, path := range []string{"/conversations?view=all&after=%27", "/audit?after=%27%20OR%201", "/conversations?view=all&tag=%27%20OR%20%271"} {
			if code, text, _ := s.Call(http.MethodGet, "/api/parlor/v1"+path, "", "Authorization", token); code >= 500 {
				t.Errorf("%s: %d %s", path, code, text)
			}
		}
	})
}

// S14 and row 5: telephones are out of scope, so no endpoint can give their
// passwords away.
func TestS14NoTelephoneEndpoints(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, nil)
	for _, path := range []string{"/apps/callcenter/extention", "/apps/callcenter/configuration", "/apps/callcenter/ivr", "/apps/callcenter/acl", "/callcenter/event"} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			if code, text, _ := s.Call(method, path+"?hostname=pbx&key_value=1001", ""); code != 404 {
				t.Errorf("%s %s: %d %s", method, path, code, text)
			}
		}
	}
}
