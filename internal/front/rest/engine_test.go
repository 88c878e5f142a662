package rest_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"parlor/internal/account"
	"parlor/internal/server/servertest"
)

// An answer engine is asked with what the knowledge base has, and its words come out
// with their source and without foreign links.
func TestRobotsAskTheirEngine(t *testing.T) {
	t.Parallel()
	asked := make(chan string, 4)
	there := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		asked <- r.Header.Get("Authorization") + " " + string(body)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"choices":[{"message":{"content":"{\"answer\":\"七天之内都可以 https://evil.example\",\"sources\":[1]}"},"finish_reason":"stop"}]}`)
	}))
	t.Cleanup(there.Close)
	s := servertest.Start(t, map[string]string{"webhook-private": "allow"})
	s.Agent("admin@example.com", account.Admin)
	admin := login(t, s, "admin@example.com")
	admin.ask(t, 200, "POST", "/knowledge", `{"title":"退货政策","questions":["灯具退货的期限和运费"],"answer":"七天内可退","active":true}`)
	robot := admin.ask(t, 200, "POST", "/robots", fmt.Sprintf(`{"name":"小光","threshold":90,"engine":{"on":true,"baseUrl":%q,"model":"small","key":"sk-1"}}`, there.URL+"/v1"), `"keySet":true`)
	_, text := admin.call("POST", "/robots/"+robot["id"].(string)+"/try", `{"text":"灯具退货有什么期限","locale":"zh-CN","failed":0}`)
	if !strings.Contains(text, `"text":"七天之内都可以"`) || !strings.Contains(text, `"rule":"engine"`) || !strings.Contains(text, `"title":"退货政策"`) || strings.Contains(text, "evil") {
		t.Error(text)
	}
	if q := <-asked; !strings.HasPrefix(q, "Bearer sk-1 ") || !strings.Contains(q, "七天内可退") || !strings.Contains(q, "灯具退货有什么期限") {
		t.Errorf("asked %s", q)
	}
}

// An engine that the server would not ask is refused when it is set.
func TestEnginesAtPrivateAddressesAreRefused(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, nil)
	s.Agent("admin@example.com", account.Admin)
	admin := login(t, s, "admin@example.com")
	for address, reason := range map[string]string{"http://llm.example/v1": "not_encrypted", "https://127.0.0.1/v1": "private_address", "https://[fd00::1]/v1": "private_address"} {
		admin.ask(t, 400, "POST", "/robots", fmt.Sprintf(`{"name":"x","engine":{"on":true,"baseUrl":%q,"model":"m"}}`, address), reason, `"field":"engine.baseUrl"`)
		admin.ask(t, 200, "POST", "/robots", fmt.Sprintf(`{"name":"x","engine":{"on":false,"baseUrl":%q,"model":"m"}}`, address))
	}
}
