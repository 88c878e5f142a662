package office_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"parlor/internal/front/rocketchat/contracttest"
	"parlor/internal/server/servertest"
)

func TestTriggersGreetVisitors(t *testing.T) {
	t.Parallel()
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-RocketChat-Livechat-Token") != "pssst" {
			t.Errorf("secret %q", r.Header.Get("X-RocketChat-Livechat-Token"))
		}
		if b, err := io.ReadAll(r.Body); err != nil || !strings.Contains(string(b), `"visitorToken"`) {
			t.Errorf("body %s %v", b, err)
		}
		switch r.URL.Path {
		case "/good":
			_, _ = fmt.Fprint(w, `{"contents":[{"msg":"second <b>","order":2},{"msg":"first","order":1}]}`)
		case "/odd":
			_, _ = fmt.Fprint(w, `{"contents":"x"}`)
		case "/slow":
			<-r.Context().Done()
		default:
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	t.Cleanup(service.Close)
	servertest.Each(t, map[string]string{"webhook-private": "allow"}, func(t *testing.T, s *servertest.Instance) {
		d := contracttest.NewDesk(t, s)
		badTriggers(t, d)
		good := `{"name":"Welcome","description":"after 10 s","enabled":true,"runOnce":true,"conditions":[{"name":"time-on-site","value":"10"}],"actions":[{"name":"send-message","params":{"sender":"custom","name":"Ana","msg":"Hi <b>!"}}]}`
		d.Root.Post("livechat/triggers", "%s", good).Want(200, `{"success":true}`)
		a := d.Root.Call("GET", "livechat/triggers", "")
		a.Is("total", 1)
		a.Is("triggers.0.name", "Welcome")
		a.Is("triggers.0.actions.0.params.msg", "Hi <b>!")
		which := fmt.Sprint(a.Get("triggers.0._id"))
		d.Root.Call("GET", "livechat/triggers/"+which, "").Is("trigger.runOnce", true)
		d.Root.Call("GET", "livechat/triggers/none", "").Want(200, `{"trigger":null,"success":true}`)
		a = d.C.Call("GET", "livechat/config", "")
		a.Is("config.triggers.0._id", which)
		a.Is("config.triggers.0.conditions.0.value", 10)
		a.Is("config.triggers.0.name", nil)
		d.Root.Post("livechat/triggers", `{"_id":%q,%s`, which, strings.Replace(good[1:], `"enabled":true`, `"enabled":false`, 1)).Is("success", true)
		d.C.Call("GET", "livechat/config", "").Is("config.triggers", "[]")
		d.Root.Post("livechat/triggers", `{"_id":"none",%s`, good[1:]).Want(400, `{"error":"error-invalid-trigger","success":false}`)

		// The method takes conditions of any name; no page knows them.
		method := func(conditions string) contracttest.Answer {
			return d.Root.Method("livechat:saveTrigger", `[{"name":"Loose","description":"x","enabled":true,"runOnce":false,"conditions":`+conditions+`,"actions":[{"name":"send-message","params":{"msg":"x","name":"Ann","sender":"queue"}}]}]`)
		}
		method(`[{"name":"lorem","value":4200000}]`).Is("result", true)
		for _, bad := range []string{`[]`, `[{}]`, `[{"name":""}]`, `[{"name":"x","value":{}}]`, `[{"name":"x","value":[1]}]`, `[1]`, `"x"`} {
			if a := method(bad); a.Get("error") == nil {
				t.Errorf("%s was taken: %s", bad, a.Text)
			}
		}
		a = d.Root.Call("GET", "livechat/triggers", "")
		a.Is("total", 2)
		a.Is("triggers.1.conditions.0.name", "lorem")
		a.Is("triggers.1.conditions.0.value", "4200000")
		d.Root.Method("livechat:removeTrigger", fmt.Sprintf("[%q]", a.Get("triggers.1._id"))).Is("error", nil)

		d.Root.Post("livechat/triggers/external-service/test", `{"webhookUrl":%q,"timeout":500,"fallbackMessage":"sorry","extraData":[]}`, service.URL+"/good").
			Want(400, `{"error":"Livechat secret token is not configured","success":false}`)
		d.Root.Option("Livechat_secret_token", `"pssst"`)
		test := func(path string) contracttest.Answer {
			return d.Root.Post("livechat/triggers/external-service/test", `{"webhookUrl":%q,"timeout":300,"fallbackMessage":"sorry","extraData":[{"key":"a","value":"b"}]}`, service.URL+path)
		}
		test("/good").Want(200, `{"response":{"contents":[{"msg":"first","order":1},{"msg":"second \u003cb\u003e","order":2}],"statusCode":200},"success":true}`)
		test("/none").Is("error", "error-invalid-external-service-response")
		test("/odd").Is("error", "error-invalid-external-service-response")
		a = test("/slow")
		a.Is("error", "error-timeout")
		a.Is("fallbackMessage", "sorry")
		a.Is("success", false)

		d.C.Post("livechat/triggers/"+which+"/external-service/call", `{"token":"new"}`).Want(400, `{"error":"Trigger is not configured to use an external service","success":false}`)
		d.C.Post("livechat/triggers/none/external-service/call", `{"token":"new"}`).Want(400, `{"error":"Invalid trigger","success":false}`)
		d.C.Post("livechat/triggers/"+which+"/external-service/call", `{}`).Want(400, `{"error":"must have required property 'token' [invalid-params]","errorType":"invalid-params","success":false}`)
		d.Root.Post("livechat/triggers", `{"_id":%q,"name":"Ask","description":"","enabled":true,"runOnce":false,"conditions":[{"name":"chat-opened-by-visitor"}],"actions":[{"name":"use-external-service","params":{"serviceUrl":%q,"serviceTimeout":500,"serviceFallbackMessage":"later","sender":"queue"}}]}`, which, service.URL+"/good").Is("success", true)
		a = d.C.Post("livechat/triggers/"+which+"/external-service/call", `{"token":"new","extraData":[{"key":"page","value":"<script>"}]}`)
		a.Is("triggerId", which)
		a.Is("response.contents.0.msg", "first")
		d.Root.Call("DELETE", "livechat/triggers/"+which, "").Want(200, `{"success":true}`)
		d.Root.Call("DELETE", "livechat/triggers/"+which, "").Want(400, `{"error":"error-invalid-trigger","success":false}`)
	})
}

// badTriggers are refused in the contract's words.
func badTriggers(t *testing.T, d *contracttest.Desk) {
	t.Helper()
	head := `{"name":"x","description":"x","enabled":true,"runOnce":true,`
	when := `"conditions":[{"name":"page-url","value":"shop"}],`
	for body, want := range map[string]string{
		`{}`:                                   "must have required property 'name' [invalid-params]",
		`{"name":"x"}`:                         "must have required property 'description' [invalid-params]",
		head + `"conditions":[],"actions":[]}`: "must NOT have fewer than 1 items [invalid-params]",
		head + `"conditions":1,"actions":[{"name":"send-message"}]}`:                                                                                        "must be array [invalid-params]",
		head + `"conditions":[1],"actions":[{"name":"send-message"}]}`:                                                                                      "must be object [invalid-params]",
		head + `"conditions":[{"name":"other"}],"actions":[{}]}`:                                                                                            "must have required property 'name' [invalid-params]",
		head + when + `"actions":[{"name":"other"}]}`:                                                                                                       "must be equal to one of the allowed values [invalid-params]",
		head + when + `"actions":[{"name":"send-message","params":{"sender":"other"}}]}`:                                                                    "must be equal to one of the allowed values [invalid-params]",
		head + when + `"actions":[{"name":"send-message","params":{"sender":"custom"}}]}`:                                                                   "send-message needs a message. [invalid-params]",
		head + when + `"actions":[{"name":"send-message","params":{"msg":"x","name":{}}}]}`:                                                                 "must be string [invalid-params]",
		head + when + `"actions":[{"name":"use-external-service","params":{"serviceTimeout":5,"serviceFallbackMessage":"x"}}]}`:                             `"" is not an address of the web. [invalid-params]`,
		head + when + `"actions":[{"name":"use-external-service","params":{"serviceUrl":"http://x","serviceTimeout":5}}]}`:                                  "must have required property 'serviceFallbackMessage' [invalid-params]",
		head + when + `"actions":[{"name":"use-external-service","params":{"serviceUrl":"http://x","serviceFallbackMessage":"x"}}]}`:                        "The time to wait is 1 to 60000 milliseconds. [invalid-params]",
		head + when + `"actions":[{"name":"use-external-service","params":{"serviceUrl":"javascript:x","serviceTimeout":5,"serviceFallbackMessage":"x"}}]}`: `"javascript:x" is not an address of the web. [invalid-params]`,
		head + `"conditions":[{"name":"time-on-site","value":"soon"}],"actions":[{"name":"send-message","params":{"msg":"x"}}]}`:                            `"soon" is not a number of seconds. [invalid-params]`,
		head + `"conditions":[{"name":"page-url","value":"` + strings.Repeat("x", 6000) + `"}],"actions":[{"name":"send-message","params":{"msg":"x"}}]}`:   "A condition has a name of 1 to 200 characters",
	} {
		a := d.Root.Post("livechat/triggers", "%s", body)
		if got := fmt.Sprint(a.Get("error")); a.Status != 400 || !strings.HasPrefix(got, want) {
			t.Errorf("%.200s\n got %d %s\nwant %s", body, a.Status, got, want)
		}
	}
	for _, x := range []struct{ method, path string }{{"GET", "livechat/triggers"}, {"POST", "livechat/triggers"}, {"GET", "livechat/triggers/x"},
		{"DELETE", "livechat/triggers/x"}, {"POST", "livechat/triggers/external-service/test"}} {
		if a := d.C.Call(x.method, x.path, "{}"); a.Status != 401 {
			t.Errorf("%v without a login: %d", x, a.Status)
		}
		if a := d.Ana.Call(x.method, x.path, "{}"); a.Status != 403 {
			t.Errorf("%v for an agent: %d", x, a.Status)
		}
	}
}
