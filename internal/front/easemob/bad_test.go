package easemob_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"parlor/internal/account"
	"parlor/internal/front/easemob"
	"parlor/internal/server/servertest"
)

// routes collects the patterns of all calls.
type routes []string

func (r *routes) HandleFunc(pattern string, _ func(http.ResponseWriter, *http.Request)) {
	*r = append(*r, pattern)
}

// good are bodies that fit, by the end of the pattern; fields in need are marked with *.
var good = map[string]string{
	"POST accessToken":                           `{"clientId*":"x","secretId*":"x"}`,
	"POST busniessbind":                          `{"businessFlag*":"bad","visitUserName*":"bad_1","agentUserName*":"li.na@example.com"}`,
	"DELETE busniessbind":                        `{"businessFlag*":"kept","visitUserName*":"kept"}`,
	"PUT busniessbind":                           `{"businessFlag*":"bad","visitUserName*":"bad_1","agentUserName*":"li.na@example.com"}`,
	"POST autoCreateImAssociation":               `{"associationName":"bad"}`,
	"POST sessions":                              `{"visitUserName*":"bad_1","imServiceNumber":"kefuchannelimid_main","queueName":"SAC","agentUserName":"x","businessFlag":"x","routingRuleFlag":"x"}`,
	"POST sessions/{id}/transfer":                `{"queueId":"none","agentUserName":"nobody"}`,
	"POST agents":                                `{"username*":"bad@example.com","password*":"long enough 1","nicename":"x","roles":"agent","maxServiceSessionCount":3,"queueIds":[]}`,
	"PUT agents/{id}":                            `{"username":"x@example.com","nicename":"x","password":"long enough 1","roles":"agent","maxServiceSessionCount":3,"queueIds":[],"status":"Enable"}`,
	"PUT visitors/{username}":                    `{"userNickname":"bad","phone":"1","email":"bad@example.com","description":"bad"}`,
	"POST tickets":                               `{"visitUserName*":"bad_1","imServiceNumber":"kefuchannelimid_main","subject":"bad","content":"bad","creator":{}}`,
	"PUT tickets/{id}":                           `{"state":"SOLVED","agentUserName":"","note":"bad"}`,
	"POST webhooks":                              `{"url*":"https://example.com/","name":"bad","eventNames":[],"imServiceNumbers":[],"secret":"bad"}`,
	"POST exports":                               `{"type*":"session","format":"csv","beginDateTime*":1700000000000,"endDateTime":1700086400000,"queueId":"","agentUserId":"","imServiceNumber":"","state":"","timeZone":"UTC","language":"en"}`,
	"POST messages":                              `{"from*":"bad_1","to":"kefuchannelimid_main","bodies*":[{"type":"txt","msg":"bad"}],"ext":{}}`,
	"POST webimplugin/visitors":                  `{"imServiceNumber":"kefuchannelimid_main","specifiedUserName":"bad_1"}`,
	"POST satisfaction-comment":                  `{"satisfactionCommentKey*":"none","type":1}`,
	"POST /parlor/{app}/token":                   `{"grant_type*":"password","username*":"bad_1","password*":"bad"}`,
	"POST {id}/messagePredict":                   `{"content":"bad"}`,
	"POST {id}/attributes":                       `{"accessUrl":"https://shop.example/"}`,
	"POST enquiry/visitor/submit":                `{"rtcSessionId*":"none","visitorUserId":"kept","score*":5,"comment":"bad","tagData":[]}`,
	"POST init-language/set":                     `{"language":"zh-CN"}`,
	"POST event_collector/events":                `{"type*":"VISIT_URL","imServiceNumber":"kefuchannelimid_main","userId*":{"type":"GUEST","uid":"a-word-of-the-browser"}}`,
	"POST tenants/{tenant}/projects/{p}/tickets": `{"subject":"bad","content":"bad","creator":{}}`,
}

// bare are calls that change something and read no body.
var bare = []string{"/close", "/AgentQueue/{queueId}", "/conferences", "DELETE /api/platform/tenants/{tenant}/agents/{id}", "webhooks/{id}", "/read", "/keepalive", "/closechat", "/stop", "/stop-wait-session", "/increase"}

// streams are calls with bodies that are no JSON object.
var streams = []string{"/import", "/MediaFiles"}

// goodBody is the body for a pattern, and whether it reads one.
func goodBody(pattern string) (body string, reads bool) {
	method, path, _ := strings.Cut(strings.Replace(pattern, "businessbind", "busniessbind", 1), " ")
	best := ""
	for key := range good {
		m, end, _ := strings.Cut(key, " ")
		if m == method && (strings.HasSuffix(path, "/"+end) || path == end) && len(end) > len(best) {
			best = end
		}
	}
	return good[method+" "+best], best != ""
}

// bad makes calls that are refused.
type bad struct {
	*desk
	agent, other, page string
	calls              int
}

// refused makes a call and holds the answer to the contract's form.
func (b *bad) refused(what, method, path, body, token string, code string, status ...int) {
	b.t.Helper()
	b.calls++
	header := []string{"Content-Type", "application/json"}
	if strings.Count(token, ".") == 3 {
		header = append(header, "Authorization", "Bearer "+token)
	} else if token != "" {
		header = append(header, "Kefu-Token", token)
	}
	got, text, h := b.Call(method, path, body, header...)
	var a struct{ Status, ErrorCode, ErrorDescription string }
	if err := json.Unmarshal([]byte(text), &a); err != nil || a.Status != "FAIL" || a.ErrorCode != code || a.ErrorDescription == "" || !slices.Contains(status, got) ||
		h.Get("Content-Type") != "application/json;charset=UTF-8" || strings.Contains(text, "<script") {
		b.t.Errorf("%s: %s %.200s %.200s: %d %s, want %v %s", what, method, path, body, got, text, status, code)
	}
}

// filled puts names into a pattern.
func filled(pattern, tenant, id string) (method, path string) {
	method, path, _ = strings.Cut(pattern, " ")
	path = strings.NewReplacer("{tenant}", tenant, "{org}", "parlor", "{app}", "kefuchannelapp"+tenant, "{user}", "bad_1", "{v}", "kept", "{oa}", "main", "{robot}", "1", "{p}", "1").Replace(path)
	for strings.Contains(path, "{") {
		a, z := strings.IndexByte(path, '{'), strings.IndexByte(path, '}')
		path = path[:a] + id + path[z+1:]
	}
	sep := "?"
	if !strings.Contains(pattern, "{tenant}") || strings.Contains(pattern, "{app}") {
		path += sep + "tenantId=" + tenant
	}
	return method, path
}

// state is all that calls could change, as one text.
func (b *bad) state() string {
	b.t.Helper()
	var all strings.Builder
	for _, path := range []string{"sessions", "agents", "queues", "busniessbind", "tickets", "webhooks"} {
		all.WriteString(b.do("GET", path+"?per_page=50", "").text + "\n")
	}
	all.WriteString(b.call("GET", "/v1/webimplugin/targetChannels?tenantId=1", "", "").text)
	root := b.Token("root@example.com")
	for _, path := range []string{"/contacts?kind=all", "/contacts?kind=unknown", "/audit"} {
		_, text, _ := b.Call("GET", "/api/parlor/v1"+path, "", "Authorization", "Bearer "+root)
		if path != "/audit" {
			all.WriteString(text)
		}
	}
	for _, name := range []string{"bad_1", "bad_2"} {
		b.do("GET", "visitors/"+name, "").want(404, wrongParam)
	}
	return all.String()
}

// TestBadInputStoresNothing goes through every call of the platform, the gateway and the
// page with what it must refuse, and finds all as it was.
func TestBadInputStoresNothing(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		b := &bad{desk: newDesk(t, s)}
		b.agent = s.Token("li.na@example.com")
		other, err := s.Accounts().AddTenant(t.Context(), account.Tenant{ID: "other", Name: "Other"}, account.NewAgent{Email: "o@example.com", Name: "O", Password: servertest.Password})
		if err != nil {
			t.Fatal(err)
		}
		client, secret, err := s.Accounts().AddAPIClient(t.Context(), other.ID, "Theirs")
		if err != nil {
			t.Fatal(err)
		}
		b.other = fmt.Sprint(b.call("POST", fmt.Sprintf("/api/tenant/%d/accessToken", other.Number), fmt.Sprintf(`{"clientId":%q,"secretId":%q}`, client.ID, secret), "").get("entity.accessToken"))
		b.page = b.visitor("kept")
		session := fmt.Sprint(b.send("kept", "kept", "").get("entities.0.ext.weichat.service_session.serviceSessionId"))
		b.do("POST", "busniessbind", `{"businessFlag":"kept","visitUserName":"kept","agentUserName":"li.na@example.com"}`).is("status", "OK")
		b.do("POST", "tickets", `{"visitUserName":"kept","content":"kept"}`).is("status", "OK")
		var all routes
		easemob.Mount(&all, easemob.Deps{})
		before := b.state()
		for _, pattern := range all {
			b.tokens(pattern)
			b.tenants(pattern, fmt.Sprint(other.Number))
			b.bodies(pattern)
			b.paths(pattern)
		}
		b.values(session)
		b.foreign(session)
		if b.calls < 1500 {
			t.Errorf("only %d calls were made", b.calls)
		}
		if after := b.state(); after != before {
			t.Errorf("before\n%s\nafter\n%s", before, after)
		}
		b.samples(all)
	})
}

// kind says who may make a call: "program", "guest", "open", or "" for files and entries.
func kind(pattern string) string {
	_, path, _ := strings.Cut(pattern, " ")
	for _, x := range []struct{ part, kind string }{{"/accessToken", "entry"}, {"/parlor/{app}/token", "entry"}, {"/webim/", ""}, {"/webim-vec/", ""}, {"OPTIONS", ""}, {"configs/{config}", ""}, {"plugin/webim", ""}, {"/v1/kefurtc", "guest"}, {"/api/", "program"}, {"/v1/monitor", "wall"},
		{"/v1/Tenant/me", "wall"}, {"/v1/ServiceSession", "wall"}, {"/daas/", "wall"}, {"/v1/rtcmedia", "wall"}, {"/v1/imgateway", "guest"}, {"/MediaFiles", "guest"}, {"password2", ""},
		{"/robot-agents", "guest"}, {"standard_suggestion", "guest"}, {"{tenant}/visitors", "guest"}, {"{tenant}/sessions", "guest"}, {"webimplugin/sessions", "guest"}, {"ervicesessions", "guest"}, {"serviceSessions", "guest"},
		{"waitings", "guest"}, {"/projects", "guest"}, {"", "open"}} {
		if strings.Contains(path, x.part) || strings.HasPrefix(pattern, x.part) && x.part != "" {
			return x.kind
		}
	}
	return ""
}

// tokens leaves the token out, and shows wrong ones.
func (b *bad) tokens(pattern string) {
	body, _ := goodBody(pattern)
	body = strings.ReplaceAll(body, `*"`, `"`)
	method, path := filled(pattern, "1", "none")
	switch kind(pattern) {
	case "program", "wall":
		for _, token := range []string{"", "x", b.agent, b.page, strings.Repeat("x", 4000), "<script>"} {
			if pattern == "/api/platform/" {
				continue
			}
			b.refused("token", method, path, body, token, "API_002", 401)
		}
	case "guest":
		for _, token := range []string{"", "x", b.agent, b.page + "x", "a.b.c.d"} {
			b.refused("token", method, path, body, token, "API_002", 401)
		}
	}
}

// tenants names companies that are not the caller's, or none.
func (b *bad) tenants(pattern, other string) {
	body, _ := goodBody(pattern)
	body = strings.ReplaceAll(body, `*"`, `"`)
	k := kind(pattern)
	if k == "" || k == "wall" || pattern == "/api/platform/" {
		return
	}
	for _, tenant := range []string{other, "0", "-1", "x", "20080", "99999999999999999999", "1%20", "%3Cscript%3E"} {
		method, path := filled(pattern, tenant, "none")
		if k == "open" && tenant == other {
			continue // its own page may ask
		}
		if k == "entry" && tenant == other {
			continue // wrong credentials, see below
		}
		b.refused("tenant", method, path, body, b.token, "API_003", 403)
	}
	if k == "program" || k == "guest" {
		method, path := filled(pattern, "1", "none")
		b.refused("another company's token", method, path, body, b.other, "API_003", 403)
	}
}

// bodies sends what is no object, objects with wrong types and without what they need,
// and too much.
func (b *bad) bodies(pattern string) {
	method, path := filled(pattern, "1", "none")
	sample, reads := goodBody(pattern)
	changes := method == "POST" || method == "PUT" || method == "DELETE"
	ends := func(list []string) bool {
		return slices.ContainsFunc(list, func(end string) bool { return strings.HasSuffix(pattern, end) })
	}
	if changes && !reads && !ends(bare) && !ends(streams) {
		b.t.Errorf("%s has no body in this test", pattern)
	}
	if !reads || !changes {
		return
	}
	token := b.token
	if kind(pattern) == "guest" {
		token = b.page
		sample = strings.Replace(sample, `"from*":"bad_1"`, `"from":"kept"`, 1)
	}
	optional := strings.HasSuffix(pattern, "autoCreateImAssociation") || strings.HasSuffix(pattern, "webimplugin/visitors")
	for _, x := range []string{"", " ", "[]", "{", `"x"`, "7", "{}{}", "<script>alert(1)</script>", "\x00", "{\"a\":\xff\xfe"} {
		if optional && x == "" {
			continue
		}
		b.refused("no object", method, path, x, token, "API_001", 400)
	}
	var fields map[string]any
	if err := json.Unmarshal([]byte(sample), &fields); err != nil {
		b.t.Fatal(err)
	}
	clean := map[string]any{}
	for k, v := range fields {
		clean[strings.TrimSuffix(k, "*")] = v
	}
	send := func(what, k string, v any, there bool, code string, status int) {
		with := map[string]any{}
		for k, v := range clean {
			with[k] = v
		}
		if delete(with, k); there {
			with[k] = v
		}
		text, err := json.Marshal(with)
		if err != nil {
			b.t.Fatal(err)
		}
		b.refused(what+" "+k, method, path, string(text), token, code, status)
	}
	for k, v := range fields {
		name := strings.TrimSuffix(k, "*")
		var wrong any = 7
		switch v.(type) {
		case float64:
			wrong = []int{}
		case []any, map[string]any:
			wrong = "x"
		}
		send("type of", name, wrong, true, "API_001", 400)
		if strings.HasSuffix(k, "*") {
			send("without", name, nil, false, "API_001", 400)
			if _, text := v.(string); text {
				send("blank", name, " ", true, "API_001", 400)
			}
		}
	}
	send("too much", "padding", strings.Repeat("x", 300<<10), true, "API_001", 413)
}

// paths names what does not exist.
func (b *bad) paths(pattern string) {
	has := func(list ...string) bool {
		return slices.ContainsFunc(list, func(part string) bool { return strings.Contains(pattern, part) })
	}
	if !has("{id}", "{agent}", "{session}", "visitors/{username}") || has("/evaluationdegrees/", "/keepalive", "/closechat") {
		return
	}
	body, _ := goodBody(pattern)
	body = strings.ReplaceAll(body, `*"`, `"`)
	token := b.token
	if kind(pattern) == "guest" {
		token = b.page
	}
	for _, id := range []string{"none", "%3Cscript%3Ealert(1)%3C%2Fscript%3E", "%00", strings.Repeat("x", 3000), "..%2F..%2Fetc", "'%20OR%201=1--"} {
		if strings.HasPrefix(pattern, "PUT") && has("visitors/{username}") && len(id) < 200 {
			continue // a name is a name
		}
		method, path := filled(pattern, "1", id)
		b.refused("path", method, path, body, token, "API_001", 400, 404)
	}
}

// values are of the right types and wrong all the same.
func (b *bad) values(session string) {
	long := func(n int) string { return strings.Repeat("字", n) }
	for _, x := range [][3]string{
		{"POST", "busniessbind", `{"businessFlag":"` + long(129) + `","visitUserName":"bad_1","agentUserName":"li.na@example.com"}`},
		{"POST", "busniessbind", `{"businessFlag":"bad","visitUserName":"` + long(129) + `","agentUserName":"li.na@example.com"}`},
		{"POST", "busniessbind", `{"businessFlag":"bad","visitUserName":"bad_1","agentUserName":"nobody@example.com"}`},
		{"PUT", "busniessbind", `{"businessFlag":"bad","visitUserName":"bad_1","agentUserName":"<script>"}`},
		{"POST", "autoCreateImAssociation", `{"associationName":"` + long(500) + `"}`},
		{"POST", "sessions", `{"visitUserName":"` + long(101) + `"}`},
		{"POST", "sessions", `{"visitUserName":"bad_1","imServiceNumber":"kefuchannelimid_none"}`},
		{"POST", "sessions/" + session + "/transfer", `{}`},
		{"POST", "sessions/" + session + "/transfer", `{"agentUserName":"nobody"}`},
		{"POST", "agents", `{"username":"no address","password":"long enough 1"}`},
		{"POST", "agents", `{"username":"bad@example.com","password":"x"}`},
		{"POST", "agents", `{"username":"bad@example.com","password":"long enough 1","nicename":"` + long(500) + `"}`},
		{"POST", "agents", `{"username":"bad@example.com","password":"long enough 1","maxServiceSessionCount":-1}`},
		{"POST", "agents", `{"username":"bad@example.com","password":"long enough 1","queueIds":["none"]}`},
		{"PUT", "agents/" + string(b.lin.ID), `{"username":"no address"}`},
		{"PUT", "agents/" + string(b.lin.ID), `{"maxServiceSessionCount":100000}`},
		{"PUT", "visitors/bad_1", `{"phone":"` + long(41) + `"}`},
		{"PUT", "visitors/bad_1", `{"userNickname":"` + long(500) + `"}`},
		{"PUT", "visitors/bad_1?imServiceNumber=none", `{"userNickname":"x"}`},
		{"POST", "tickets", `{"visitUserName":"bad_1"}`},
		{"POST", "tickets", `{"visitUserName":"bad_1","content":"x","creator":{"email":"<script>"}}`},
		{"POST", "tickets", `{"visitUserName":"bad_1","content":"x","creator":{"phone":"javascript:alert(1)"}}`},
		{"POST", "tickets", `{"visitUserName":"bad_1","content":"` + long(5001) + `"}`},
		{"POST", "tickets", `{"visitUserName":"bad_1","imServiceNumber":"none","content":"x"}`},
		{"POST", "webhooks", `{"url":"javascript:alert(1)"}`},
		{"POST", "webhooks", `{"url":"ftp://example.com/"}`},
		{"POST", "webhooks", `{"url":"https://me:secret@example.com/"}`},
		{"POST", "webhooks", `{"url":"http://127.0.0.1:1/"}`},
		{"POST", "webhooks", `{"url":"http://10.0.0.1/"}`},
		{"POST", "webhooks", `{"url":"http://[::1]/"}`},
		{"POST", "webhooks", `{"url":"http://169.254.169.254/latest"}`},
		{"POST", "webhooks", `{"url":"https://example.com/` + strings.Repeat("x", 2000) + `"}`},
		{"POST", "webhooks", `{"url":"https://example.com/","name":"` + long(81) + `"}`},
		{"POST", "webhooks", `{"url":"https://example.com/","secret":"` + strings.Repeat("x", 501) + `"}`},
		{"POST", "webhooks", `{"url":"https://example.com/","eventNames":["TicketEvent","<script>"]}`},
		{"POST", "webhooks", `{"url":"https://example.com/","imServiceNumbers":["kefuchannelimid_none"]}`},
		{"GET", "tickets?state=<script>", ""}, {"GET", "tickets?visitUserName=x&imServiceNumber=none", ""}, {"GET", "sessions?state=x", ""}, {"GET", "sessions?sortOrder=up", ""}, {"GET", "sessions?beginDate=soon", ""},
	} {
		b.refused("value", x[0], tenant+strings.ReplaceAll(x[1], "<script>", "%3Cscript%3E"), x[2], b.token, "API_001", 400)
	}
	for _, path := range []string{"sessions", "sessions/" + session + "/messages", "agents", "busniessbind", "tickets", "webhooks", "/v1/monitor/alarms", "/v1/Tenant/me/ServiceSessionHistorys"} {
		if !strings.HasPrefix(path, "/") {
			path = tenant + path
		}
		for query, code := range map[string]string{"page=0": "API_111", "page=-1": "API_111", "per_page=51": "API_112", "per_page=0": "API_001", "page=x": "API_001", "per_page=1.5": "API_001", "page=100001": "API_001"} {
			b.refused("page", "GET", path+"?"+query, "", b.token, code, 400)
		}
	}
	for _, body := range []string{`"bodies":[]`, `"bodies":[{"type":"hologram"}]`, `"bodies":[{"type":"img","url":"javascript:alert(1)"}]`, `"bodies":[{"type":"file","url":"data:text/html,<script>"}]`,
		`"bodies":[{"type":"txt","msg":"x"}],"ext":[]`, `"bodies":[{"type":"txt","msg":"x"}],"ext":{"a":"` + strings.Repeat("x", 17<<10) + `"}`, `"bodies":[{"type":"txt","msg":"` + long(10001) + `"}]`,
		`"bodies":[` + strings.Repeat(`{"type":"txt","msg":"x"},`, 10) + `{"type":"txt","msg":"x"}]`, `"bodies":[{"type":"txt","msg":""}]`, `"bodies":[{"type":"loc","lat":"north"}]`,
		`"bodies":[{"type":"txt","msg":""}],"ext":{"targetSystem":"kefurtc","msgtype":{"liveStreamInvitation":{}},"sessionExt":{"taskId":"` + long(129) + `"}}`,
		`"to":"kefuchannelimid_none","bodies":[{"type":"txt","msg":"x"}]`, `"bodies":[{"type":"cmd","action":"KEFU_MESSAGE_RECALL"}],"ext":{"weichat":{"recall_msg_id":"none"}}`,
		`"bodies":[{"type":"cmd","action":"Agorartcmedia"}],"ext":{"msgtype":{}}`, `"bodies":[{"type":"txt","msg":"x"},{"type":"hologram"}]`,
		`"bodies":[{"type":"txt","msg":""}],"ext":{"weichat":{"ctrlType":"enquiry","ctrlArgs":{"serviceSessionId":"none","summary":"5"}}}`} {
		b.refused("message", "POST", "/v1/imgateway/messages?tenantId=1", `{"from":"bad_1",`+body+`}`, b.token, "API_001", 400, 404)
	}
	b.refused("message", "POST", "/v1/imgateway/messages?tenantId=1", `{"from":"`+strings.Repeat("u", 101)+`","bodies":[{"type":"txt","msg":"x"}]}`, b.token, "API_001", 400)
	b.refused("message", "POST", "/v1/imgateway/messages?tenantId=1", `{"from":"bad_1","tenantId":2,"bodies":[{"type":"txt","msg":"x"}]}`, b.token, "API_003", 403)
	b.refused("tab", "GET", "/v1/imgateway/messages?tenantId=1&visitorEasemobId=kept&tabId="+strings.Repeat("x", 101), "", b.token, "API_001", 400)
	b.refused("name", "POST", "/v1/webimplugin/visitors?tenantId=1", `{"specifiedUserName":"`+strings.Repeat("x", 101)+`"}`, "", "API_001", 400)
	b.refused("bound", "POST", tenant+"busniessbind", `{"businessFlag":"kept","visitUserName":"KEPT","agentUserName":"root@example.com"}`, b.token, "API_120", 409)
	for _, x := range []string{`{"clientId":"` + b.client.ID + `","secretId":"wrong"}`, `{"clientId":"nobody","secretId":"` + b.secret + `"}`, `{"clientId":"<script>","secretId":"x"}`} {
		b.refused("credentials", "POST", tenant+"accessToken", x, "", "API_004", 403)
		b.refused("credentials", "POST", "/api/tenant/1/accessToken", x, "", "API_004", 403)
	}
	b.refused("grant", "POST", "/parlor/kefuchannelapp1/token", `{"grant_type":"client_credentials","username":"kept","password":"x"}`, "", "API_001", 400)
	b.refused("password", "POST", "/parlor/kefuchannelapp1/token", `{"grant_type":"password","username":"kept","password":"main.x"}`, "", "API_002", 401)
}

// samples are taken as they are: what was refused was refused for what was wrong with it.
func (b *bad) samples(all routes) {
	taken := 0
	for _, pattern := range all {
		body, reads := goodBody(pattern)
		if !reads || kind(pattern) != "program" && !strings.HasSuffix(pattern, "imgateway/messages") || strings.Contains(pattern, "{id}") || strings.Contains(pattern, "businessbind") {
			continue
		}
		method, path := filled(pattern, "1", "bad_1")
		if a := b.call(method, path, strings.ReplaceAll(body, `*"`, `"`), b.token); a.get("status") != "OK" {
			b.t.Errorf("%s %s: %d %s", method, path, a.status, a.text)
		}
		taken++
	}
	if taken < 11 {
		b.t.Errorf("only %d samples were tried", taken)
	}
}

// foreign names what belongs to another company or visitor.
func (b *bad) foreign(session string) {
	stranger := b.visitor("kept_2")
	for _, path := range []string{"/v1/ServiceSession/" + session + "/AgentQueue/" + string(b.sac), "/v1/rtcmedia/serviceSession/" + session + "/conferences"} {
		method := "PUT"
		if strings.HasSuffix(path, "conferences") {
			method = "DELETE"
		}
		b.refused("another company's session", method, path, "", b.other, "API_001", 404)
	}
	const w = "/v1/webimplugin/"
	for _, x := range [][3]string{{"GET", w + "sessions/" + session + "/agent-input-state", ""}, {"POST", w + "servicesessions/" + session + "/messagePredict", `{"content":"x"}`},
		{"POST", w + "tenants/1/servicesessions/" + session + "/read", ""}, {"GET", "/v1/kefurtc/tenant/1/webim/session/" + session + "/waiting", ""}, {"GET", "/v1/kefurtc/visitor/kept/session/" + session + "/ticket", ""},
		{"POST", "/v1/kefurtc/tenant/1/session/" + session + "/visitor/kept/close", ""}, {"POST", "/v1/kefurtc/tenant/1/enquiry/visitor/submit", `{"rtcSessionId":"` + session + `","score":5}`}, {"POST", w + "tenants/1/visitors/kept/servicesessions/" + session + "/stop", ""}, {"GET", w + "tenants/1/servicesessions/" + session + "/enquiries", ""},
		{"POST", "/webimplugin/tenants/1/visitors/kept/servicesessions/" + session + "/stop-wait-session", ""}, {"POST", w + "tenants/1/sessions/" + session + "/attributes", `{"accessUrl":"https://shop.example/"}`},
		{"GET", w + "tenants/1/serviceSessions/" + session + "/evaluate/verify", ""}, {"GET", w + "tenants/1/servicesessions/" + session + "/standard_suggestion/questions?input=" + url.QueryEscape("邮费"), ""}} {
		b.refused("another visitor's session", x[0], x[1], x[2], stranger, "API_001", 404)
	}
	b.refused("another visitor's name", "POST", "/v1/imgateway/messages?tenantId=1", `{"from":"kept","bodies":[{"type":"txt","msg":"x"}]}`, stranger, "API_002", 401)
	b.refused("another visitor's message", "POST", "/v1/imgateway/messages?tenantId=1", `{"bodies":[{"type":"cmd","action":"KEFU_MESSAGE_RECALL"}],"ext":{"weichat":{"recall_msg_id":"`+session+`-1"}}}`, stranger, "API_001", 404)
}
