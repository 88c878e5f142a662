package easemob_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"

	"parlor/internal/account"
	"parlor/internal/id"
	"parlor/internal/server/servertest"
	"parlor/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

const tenant = "/api/platform/tenants/1/"

// desk is a server with a program, an agent and an administrator.
type desk struct {
	*servertest.Instance
	t             *testing.T
	client        account.APIClient
	secret, token string
	lin           account.Agent
	sac           id.Team
}

func newDesk(t *testing.T, s *servertest.Instance) *desk {
	t.Helper()
	d := &desk{Instance: s, t: t}
	var err error
	if d.client, d.secret, err = s.Accounts().AddAPIClient(t.Context(), account.MainTenant, "CRM"); err != nil {
		t.Fatal(err)
	}
	d.sac = s.Team("SAC")
	d.lin = s.Agent("li.na@example.com", account.Member, "SAC")
	s.Agent("root@example.com", account.Admin)
	d.token = d.enter()
	return d
}

// enter gets a token.
func (d *desk) enter() string {
	d.t.Helper()
	a := d.call("POST", tenant+"accessToken", fmt.Sprintf(`{"tenantId":"1","clientId":%q,"secretId":%q}`, d.client.ID, d.secret), "")
	a.is("status", "OK")
	a.is("entity.expireTime", 7200)
	return fmt.Sprint(a.get("entity.accessToken"))
}

// answer is what a call was answered with.
type answer struct {
	t      *testing.T
	status int
	text   string
}

// call makes a call; token is sent as Kefu-Token unless it is "".
func (d *desk) call(method, path, body, token string, header ...string) answer {
	d.t.Helper()
	if token != "" {
		header = append(header, "Kefu-Token", token)
	}
	status, text, _ := d.Call(method, path, body, append(header, "Content-Type", "application/json")...)
	return answer{d.t, status, strings.TrimSpace(text)}
}

// do is call with the program's token below the tenant's path.
func (d *desk) do(method, path, body string) answer {
	d.t.Helper()
	return d.call(method, tenant+path, body, d.token)
}

func (a answer) want(status int, text string) {
	a.t.Helper()
	if a.status != status || a.text != text {
		a.t.Fatalf("%d %s\nwant %d %s", a.status, a.text, status, text)
	}
}

// get returns what stands at a path such as entities.0.state.
func (a answer) get(path string) any {
	a.t.Helper()
	var v any
	if err := json.Unmarshal([]byte(a.text), &v); err != nil {
		a.t.Fatalf("%v: %d %s", err, a.status, a.text)
	}
	for _, key := range strings.Split(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[key]
		case []any:
			n := 0
			if _, err := fmt.Sscan(key, &n); err != nil || n >= len(x) {
				return nil
			}
			v = x[n]
		default:
			return nil
		}
	}
	return v
}

func (a answer) is(path string, want any) {
	a.t.Helper()
	if got := a.get(path); fmt.Sprint(got) != fmt.Sprint(want) {
		a.t.Fatalf("%s is %v, want %v: %d %s", path, got, want, a.status, a.text)
	}
}

const fail = `{"status":"FAIL","errorCode":%q,"errorDescription":%q}`

func failure(code, text string) string { return fmt.Sprintf(fail, code, text) }

var (
	wrongParam  = failure("API_001", "param is invalid,please check your param is correct!")
	wrongToken  = failure("API_002", "token is invalid")
	wrongTenant = failure("API_003", "tenantId is incorrect,please confirm that the tenant ID belongs to you")
	wrongClient = failure("API_004", "clientId or secretId is incorrect")
	wrongBind   = failure("API_120", "business bind operation failed")
)

// ready makes the agent available.
func (d *desk) ready() (bearer string) {
	d.t.Helper()
	bearer = d.Token("li.na@example.com")
	status, text, _ := d.Call("PUT", "/api/parlor/v1/me/state", `{"state":"ready"}`, "Authorization", "Bearer "+bearer, "Content-Type", "application/json")
	if status != 200 {
		d.t.Fatal(text)
	}
	return bearer
}

// send sends a text as a visitor through the gateway, with the program's token.
func (d *desk) send(from, text, ext string) answer {
	d.t.Helper()
	if ext == "" {
		ext = "{}"
	}
	return d.call("POST", "/v1/imgateway/messages?tenantId=1", fmt.Sprintf(`{"from":%q,"to":"kefuchannelimid_main","tenantId":1,"orgName":"parlor","appName":"kefuchannelapp1","originType":"webim","bodies":[{"type":"txt","msg":%q}],"ext":%s}`, from, text, ext), d.token)
}

// poll fetches what a tab of a visitor's has not been told.
func (d *desk) poll(visitor, tab string) answer {
	d.t.Helper()
	q := url.Values{"orgName": {"parlor"}, "appName": {"kefuchannelapp1"}, "easemobId": {"kefuchannelimid_main"}, "tenantId": {"1"}, "visitorEasemobId": {visitor}, "tabId": {tab}}
	return d.call("GET", "/v1/imgateway/messages?"+q.Encode(), "", d.token)
}

// visitor makes a visitor of a page and returns its token.
func (d *desk) visitor(name string) string {
	d.t.Helper()
	a := d.call("POST", "/v1/webimplugin/visitors?tenantId=1", fmt.Sprintf(`{"specifiedUserName":%q}`, name), "")
	a = d.call("POST", "/parlor/kefuchannelapp1/token", fmt.Sprintf(`{"grant_type":"password","username":%q,"password":"%v"}`, name, a.get("userPassword")), "")
	return fmt.Sprint(a.get("access_token"))
}
