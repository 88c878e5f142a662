package uckefu_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"parlor/internal/account"
	"parlor/internal/server/servertest"
)

// rest calls a path of the contract with a token and returns status and data.
func rest(t *testing.T, s *servertest.Instance, token, method, path string) (int, json.RawMessage, string) {
	t.Helper()
	var h []string
	if token != "" {
		h = []string{"Authorization", token}
	}
	code, body, _ := s.Call(method, path, "", h...)
	var e struct {
		Status string
		Data   json.RawMessage
	}
	if err := json.Unmarshal([]byte(body), &e); err != nil {
		t.Fatalf("%s %s: %d %s", method, path, code, body)
	}
	return code, e.Data, e.Status
}

func token(t *testing.T, s *servertest.Instance, name string) string {
	t.Helper()
	code, body, _ := s.Call("POST", "/tokens?"+url.Values{"username": {name}, "password": {servertest.Password}}.Encode(), "")
	if code != 200 {
		t.Fatalf("login: %d %s", code, body)
	}
	return body
}

// TestMasters is row 103 with rows 39 and 66: canned replies, their tree, tags,
// agents, teams and the dictionary of the survey over the contract's API.
func TestMasters(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		s.Team("售后")
		s.Agent("boss@example.com", account.Admin)
		s.Agent("lin@example.com", account.Member, "售后")
		boss, lin := token(t, s, "boss"), token(t, s, "lin")
		put := func(token, path string, v url.Values) (int, string) {
			t.Helper()
			code, data, _ := rest(t, s, token, "PUT", path+"?"+v.Encode())
			var out struct{ ID string }
			if code == 200 {
				if err := json.Unmarshal(data, &out); err != nil {
					t.Fatal(err)
				}
			}
			return code, out.ID
		}
		code, cate := put(lin, "/api/quicktype", url.Values{"name": {"物流"}, "quicktype": {"pri"}, "parentid": {"0"}})
		if code != 200 || cate == "" {
			t.Fatalf("category: %d", code)
		}
		code, reply := put(lin, "/api/quickreply", url.Values{"title": {"发货"}, "content": {"今天发货"}, "type": {"pri"}, "cate": {cate}})
		if code != 200 || reply == "" {
			t.Fatalf("reply: %d", code)
		}
		if code, _ = put(lin, "/api/quickreply", url.Values{"title": {"x"}, "content": {"x"}, "type": {"pub"}}); code != 403 {
			t.Fatalf("an agent wrote for the company: %d", code)
		}
		if code, id := put(lin, "/api/quickreply", url.Values{"id": {reply}, "title": {"发货"}, "content": {"明天发货"}, "cate": {cate}}); code != 200 || id != reply {
			t.Fatalf("changed: %d", code)
		}
		if _, data, _ := rest(t, s, lin, "GET", "/api/quickreply?cate="+cate); !strings.Contains(string(data), "明天发货") || strings.Contains(string(data), "今天") {
			t.Fatalf("%s", data)
		}
		if _, data, _ := rest(t, s, boss, "GET", "/api/quickreply?q=发货"); strings.Contains(string(data), "明天发货") {
			t.Fatalf("somebody else's own reply: %s", data)
		}
		if _, data, _ := rest(t, s, lin, "GET", "/api/quicktype?quicktype=pri"); !strings.Contains(string(data), `"parentid":"0"`) {
			t.Fatalf("%s", data)
		}
		for _, path := range []string{"/api/quickreply?id=" + reply, "/api/quicktype?id=" + cate} {
			if code, _, _ := rest(t, s, lin, "DELETE", path); code != 200 {
				t.Fatalf("DELETE %s: %d", path, code)
			}
		}
		if _, data, _ := rest(t, s, lin, "GET", "/api/user"); !strings.Contains(string(data), "Boss") || strings.Contains(string(data), "@") {
			t.Fatalf("an agent learns of the others: %s", data)
		}
		if _, data, _ := rest(t, s, boss, "GET", "/api/user?p=2&ps=1"); strings.Count(string(data), `"username"`) != 1 {
			t.Fatalf("second page of one: %s", data)
		}
		if _, data, _ := rest(t, s, lin, "GET", "/api/organ"); !strings.Contains(string(data), `"skill":true`) {
			t.Fatalf("%s", data)
		}
		if _, data, _ := rest(t, s, lin, "GET", "/api/sysdic?id=com.dic.webim.comment"); strings.Count(string(data), `"code"`) != 5 {
			t.Fatalf("%s", data)
		}
		for _, path := range []string{"/api/user", "/api/organ", "/api/tags", "/api/sysdic", "/api/quickreply", "/api/quicktype"} {
			if code, _, status := rest(t, s, "not-a-token", "GET", path); code != 401 || status != "AUTH_ERROR" {
				t.Fatalf("S2: %s with any token: %d %s", path, code, status)
			}
		}
	})
}

// TestConsoleActionsNeedTheToken is S10: a change is never made by a cookie,
// which a foreign page could bring along.
func TestConsoleActionsNeedTheToken(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, nil)
	s.Agent("lin@example.com", account.Member)
	secret := token(t, s, "lin")
	for _, path := range []string{"/agent/ready", "/agent/busy.html", "/agent/end.html?userid=x", "/agent/readmsg?userid=x", "/agent/transfer/save?userid=x"} {
		for _, method := range []string{"GET", "POST"} {
			if code, body, _ := s.Call(method, path, "", "Cookie", "authorization="+secret); code != 401 {
				t.Errorf("%s %s with a cookie: %d %s", method, path, code, body)
			}
		}
	}
	if code, _, _ := rest(t, s, secret, "GET", "/agent/ready.html"); code != 200 {
		t.Fatalf("ready: %d", code)
	}
	if _, data, _ := rest(t, s, secret, "GET", "/api/servicequene"); !strings.Contains(string(data), `"agents":`) {
		t.Fatalf("%s", data)
	}
	for cookie, want := range map[string]string{"authorization=" + secret: "ok", "authorization=none": "login"} {
		if _, body, _ := s.Call("GET", "/message/ping.html", "", "Cookie", cookie); body != want {
			t.Errorf("ping with %s: %q", cookie, body)
		}
	}
	if code, _, _ := rest(t, s, secret, "POST", "/agent/end.html?userid="+strings.Repeat("a", 32)); code != 404 {
		t.Fatalf("a dialogue that is not there: %d", code)
	}
}
