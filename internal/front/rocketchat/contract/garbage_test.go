package contract_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"parlor/internal/front/rocketchat/contracttest"
	"parlor/internal/server/servertest"
)

// served is a call as the sources name it, with the names of all values that its
// file reads.
type served struct {
	method, path string
	keys, args   []string
}

var (
	routeText  = regexp.MustCompile(`Method: http\.Method(\w+), Path: "([^"]+)"`)
	methodText = regexp.MustCompile(`contract\.Method\{Name: "([^"]+)"`)
	keyText    = regexp.MustCompile(`(?:Must|Maybe)\("([^"]+)"`)
	argText    = regexp.MustCompile(`\.(?:Arg|List|Yes)\("([^"]+)"`)
)

// calls reads the calls out of the sources: what is added later is tested too.
func calls(t *testing.T) (routes []served, methods []string) {
	t.Helper()
	files, err := filepath.Glob("../*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		var keys, args []string
		for _, m := range keyText.FindAllStringSubmatch(string(b), -1) {
			keys = append(keys, m[1])
		}
		for _, m := range argText.FindAllStringSubmatch(string(b), -1) {
			args = append(args, m[1])
		}
		slices.Sort(keys)
		slices.Sort(args)
		keys, args = slices.Compact(keys), append(slices.Compact(args), "offset", "count", "sort", "query", "fields")
		for _, m := range routeText.FindAllStringSubmatch(string(b), -1) {
			routes = append(routes, served{strings.ToUpper(m[1]), m[2], keys, args})
		}
		for _, m := range methodText.FindAllStringSubmatch(string(b), -1) {
			methods = append(methods, m[1])
		}
	}
	return routes, methods
}

// garbage are values of every wrong type and size.
var garbage = []string{`null`, `true`, `-1`, `1e300`, `""`, `"<script>alert(1)</script>"`, `"a\u0000b"`, `"\ud800"`, `[]`, `[[{"a":1}],null,7]`, `{}`,
	`{"$ne":null,"_id":{"$gt":""},"name":["x"]}`, `"` + strings.Repeat("长", 20_000) + `"`, strings.Repeat(`[`, 200) + strings.Repeat(`]`, 200)}

// places are texts in the place of an id.
var places = []string{"none", "%00", "..%2f..%2fetc%2fpasswd", "%3Cscript%3E", strings.Repeat("9", 3000), "%ff%fe"}

var parameter = regexp.MustCompile(`:\w+`)

// attacker calls as an administrator, who gets past every permission.
type attacker struct {
	c, root *contracttest.Client
	// real are values that there are, by the names of parameters and keys.
	real  map[string]string
	calls int
}

// fill puts the real values into a path, and another text for what has none.
func (a *attacker) fill(path, other string) string {
	return parameter.ReplaceAllStringFunc(path, func(name string) string {
		if v, ok := a.real[name[1:]]; ok && other == places[0] {
			return v
		}
		return other
	})
}

// call makes one call and judges how it was answered.
func (a *attacker) call(t *testing.T, method, path, body string) {
	t.Helper()
	got := a.root.Call(method, path, body)
	a.calls++
	short := path + " " + body
	short = short[:min(len(short), 300)]
	if got.Status >= 500 {
		t.Errorf("%s %s answered %d %.200s", method, short, got.Status, got.Text)
	}
	if kind := got.Header.Get("Content-Type"); kind == "application/json" && !json.Valid([]byte(got.Text)) {
		t.Errorf("%s %s answered no JSON: %.200q", method, short, got.Text)
	} else if strings.HasPrefix(kind, "text/html") {
		t.Errorf("%s %s answered a page", method, short)
	}
}

// back logs the administrator in again if a call has put it out.
func (a *attacker) back(t *testing.T) {
	t.Helper()
	if me := a.root.Call("GET", "me", ""); me.Status != 200 {
		a.root = a.c.LogIn("root")
	}
}

func TestGarbageIsRefusedByEveryCall(t *testing.T) {
	t.Parallel()
	routes, methods := calls(t)
	if len(routes) < 180 || len(methods) < 25 {
		t.Fatalf("only %d calls and %d methods were found", len(routes), len(methods))
	}
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		c, root, _ := contracttest.Staffed(t, s)
		a := &attacker{c: c, root: root, real: map[string]string{"token": "visitor-of-the-attack"}}
		a.real["rid"] = c.Room(a.real["token"])
		a.real["roomId"] = a.real["rid"]
		for _, r := range routes {
			// The bridge follows below; the other would end the test.
			if !strings.HasPrefix(r.path, "method.call") && r.path != "users.deleteOwnAccount" {
				a.route(t, r)
			}
		}
		for _, m := range methods {
			a.method(t, m)
		}
		if me := c.LogIn("root").Call("GET", "me", ""); me.Status != 200 || a.calls < 5_000 {
			t.Fatalf("after %d calls the server does not go on: %d %s", a.calls, me.Status, me.Text)
		}
	})
}

// route sends every piece of garbage to a call, whole and as each of its values.
func (a *attacker) route(t *testing.T, r served) {
	t.Helper()
	for n, v := range garbage {
		path := a.fill(r.path, places[n%len(places)])
		q := url.Values{}
		for _, name := range r.args {
			q.Set(name, strings.Trim(v[:min(len(v), 2000)], `"`))
		}
		if r.method == "GET" || r.method == "DELETE" {
			a.call(t, r.method, path+"?"+q.Encode(), "")
			continue
		}
		a.call(t, r.method, path, v)
		body := make([]string, len(r.keys))
		for i, k := range r.keys {
			body[i] = fmt.Sprintf("%q:%s", k, v)
			if len(v) < 100 && (n+i)%3 == 0 {
				a.call(t, r.method, path, "{"+body[i]+"}") // a third of them, each kind for some
			}
		}
		a.call(t, r.method, path, "{"+strings.Join(body, ",")+"}")
		for i, k := range r.keys {
			if real, ok := a.real[k]; ok {
				body[i] = fmt.Sprintf("%q:%q", k, real)
			}
		}
		a.call(t, r.method, path, "{"+strings.Join(body, ",")+"}")
	}
	a.back(t)
}

// method sends every piece of garbage as the arguments of a method.
func (a *attacker) method(t *testing.T, name string) {
	t.Helper()
	for _, v := range garbage {
		message, err := json.Marshal(fmt.Sprintf(`{"msg":"method","id":"1","method":%q,"params":[%s,%s,%s]}`, name, v, v, v))
		if err != nil {
			t.Fatal(err)
		}
		a.call(t, "POST", "method.call/"+url.PathEscape(name), fmt.Sprintf(`{"message":%s}`, message))
	}
	a.back(t)
}

// open are the calls that need no login: visitors prove themselves by their token.
var open = []string{
	"DELETE livechat/message/:_id",
	"DELETE livechat/visitor/:token",
	"GET info",
	"GET livechat/agent.info/:rid/:token",
	"GET livechat/agent.next/:token",
	"GET livechat/config",
	"GET livechat/message/:_id",
	"GET livechat/messages.history/:rid",
	"GET livechat/room",
	"GET livechat/visitor/:token",
	"GET settings.public",
	"POST livechat/custom.field",
	"POST livechat/custom.fields",
	"POST livechat/message",
	"POST livechat/offline.message",
	"POST livechat/page.visited",
	"POST livechat/room.close",
	"POST livechat/room.survey",
	"POST livechat/room.transfer",
	"POST livechat/sms-incoming/:service",
	"POST livechat/transcript",
	"POST livechat/triggers/:_id/external-service/call",
	"POST livechat/upload/:rid",
	"POST livechat/visitor",
	"POST livechat/visitor.callStatus",
	"POST livechat/visitor.status",
	"POST livechat/visitor/department.transfer",
	"POST method.callAnon/:name",
	"PUT livechat/message/:_id",
}

// TestOnlyCallsOfVisitorsNeedNoLogin calls everything without a credential.
func TestOnlyCallsOfVisitorsNeedNoLogin(t *testing.T) {
	t.Parallel()
	routes, _ := calls(t)
	c := &contracttest.Client{T: t, S: servertest.Start(t, nil)}
	for _, r := range routes {
		if strings.HasPrefix(r.path, "livechat/analytics/") {
			continue // their paths are put together, so that the sources do not show them
		}
		got := c.Call(r.method, parameter.ReplaceAllString(r.path, "x"), "{}")
		if want := !slices.Contains(open, r.method+" "+r.path); want != (got.Status == 401) {
			t.Errorf("%s %s answered %d %.200s", r.method, r.path, got.Status, got.Text)
		}
	}
}
