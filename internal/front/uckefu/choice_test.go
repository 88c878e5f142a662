package uckefu_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/canned"
	"parlor/internal/id"
	"parlor/internal/server/servertest"
	"parlor/internal/setting"
)

// hangzhou starts a server for which this machine is in Hangzhou.
func hangzhou(t *testing.T) *servertest.Instance {
	t.Helper()
	path := filepath.Join(t.TempDir(), "regions.txt")
	if err := os.WriteFile(path, []byte("127.0.0.0|127.255.255.255|CN|0|浙江省|杭州市|0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return servertest.Start(t, map[string]string{"region-file": path})
}

// regional adds a team that serves some regions.
func regional(t *testing.T, s *servertest.Instance, name string, regions ...string) id.Team {
	t.Helper()
	team := s.Team(name)
	if err := s.Accounts().SetTeam(t.Context(), actor.ForSystem("main"), account.Team{ID: team, Name: name, Settings: setting.Team{Regions: regions}}); err != nil {
		t.Fatal(err)
	}
	return team
}

func setInbox(t *testing.T, s *servertest.Instance, in setting.Inbox) {
	t.Helper()
	if err := s.Accounts().SetInbox(t.Context(), actor.ForSystem("main"), account.Inbox{ID: "main", Name: "Shop", Settings: in}); err != nil {
		t.Fatal(err)
	}
}

// script reads what the script of a page is told.
func script(t *testing.T, s *servertest.Instance, query string) (out struct {
	Choice *struct {
		Title setting.Text
		Teams []struct {
			ID     id.Team
			Name   string
			Agents []struct{ Name string }
		}
		Ad *struct{ Image, Link string }
	}
	Ad   *struct{ Link string }
	Pass map[string]string
}) {
	t.Helper()
	code, text, _ := s.Call(http.MethodGet, "/im/main.html"+query, "")
	text, _, _ = strings.Cut(strings.TrimPrefix(text, "window.__ukefu="), ";\n")
	if err := json.Unmarshal([]byte(text), &out); err != nil || code != 200 {
		t.Fatal(code, err, text)
	}
	return out
}

// Row 74: the list of teams at the button follows the visitor's region, and so
// does the wish that a page may express.
func TestRow74TeamsOfTheVisitorsRegion(t *testing.T) {
	t.Parallel()
	s := hangzhou(t)
	near, far := regional(t, s, "华东", "浙江", "江苏"), regional(t, s, "华南", "广东")
	all := regional(t, s, "总部")
	s.Agent("lin@example.com", account.Member, "华东")
	if got := script(t, s, ""); got.Choice != nil {
		t.Fatal("a list nobody asked for")
	}
	if got := script(t, s, "?skill=true"); got.Choice == nil || len(got.Choice.Teams) != 2 || got.Pass["skill"] != "" {
		t.Fatalf("%+v", got)
	}
	look := setting.Look{Teams: []string{string(far), string(all), string(near)}, TeamList: setting.TeamList{Enabled: true, Title: setting.Text{"": "选择"}, Agents: 3}}
	setInbox(t, s, setting.Inbox{Look: look})
	got := script(t, s, "")
	if len(got.Choice.Teams) != 2 || got.Choice.Teams[0].ID != all || got.Choice.Teams[1].ID != near || got.Choice.Title.In("en") != "选择" || len(got.Choice.Teams[1].Agents) != 0 {
		t.Fatalf("%+v", got.Choice)
	}
	if _, body, _ := s.Call(http.MethodPost, "/api/parlor/v1/visitor/session", `{"inbox":"main"}`, "Content-Type", "application/json"); !strings.Contains(body, "华东") || strings.Contains(body, "华南") || strings.Contains(body, "teamList") {
		t.Error("the panel is told", body)
	}
	look.TeamList.Shown = 1
	setInbox(t, s, setting.Inbox{Look: look, Team: string(all)})
	if got = script(t, s, ""); len(got.Choice.Teams) != 1 {
		t.Fatalf("%+v", got.Choice)
	}
	s.Agent("boss@example.com", account.Admin)
	token := s.Token("boss@example.com")
	for userid, c := range map[string]struct{ wish, want id.Team }{"u1": {near, near}, "u2": {far, all}, "u3": {"", all}} {
		q := page(userid)
		q["skill"] = string(c.wish)
		k, refused := join(t, s, "/im/user", q)
		must(t, k, refused).until("status")
		_, body, _ := s.Call(http.MethodGet, "/api/parlor/v1/conversations?view=queue", "", "Authorization", "Bearer "+token)
		if !strings.Contains(body, `"team":"`+string(c.want)+`"`) || c.want != c.wish && strings.Contains(body, string(far)) {
			t.Errorf("%s: %s", userid, body)
		}
	}
}

// Row 99: adverts stand in their slots, with safe links only.
func TestRow99AdvertsOfThePage(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, nil)
	ads := []setting.Ad{}
	for _, slot := range []string{"point", "invite", "welcome", "image"} {
		ads = append(ads, setting.Ad{Slot: slot, Text: setting.Text{"": "<b>" + slot + "</b>"}, Link: "https://shop.example.com/" + slot})
	}
	setInbox(t, s, setting.Inbox{Look: setting.Look{Ads: ads, TeamList: setting.TeamList{Enabled: true}}})
	got := script(t, s, "")
	if got.Choice.Ad == nil || got.Choice.Ad.Link != "https://shop.example.com/point" || got.Ad == nil || got.Ad.Link != "https://shop.example.com/invite" {
		t.Fatalf("%+v", got)
	}
	code, body, _ := s.Call(http.MethodGet, "/im/index.html?userid=u&sessionid=s&appid=main", "")
	if code == http.StatusServiceUnavailable {
		t.Skip("the web applications are not built into this binary")
	}
	for _, part := range []string{`<aside class="ad top"><a href="https://shop.example.com/welcome" target="_blank" rel="noopener noreferrer"><span>&lt;b&gt;welcome`, `href="https://shop.example.com/image"`} {
		if !strings.Contains(body, part) {
			t.Errorf("%s is not in %s", part, body)
		}
	}
	if strings.Contains(body, "<b>image") {
		t.Error("an advert is markup")
	}
}

// Row 74: what a visitor is offered while typing are the company's replies for visitors.
func TestRow74Suggestions(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, nil)
	yes := true
	admin := actor.ForSystem("main")
	shelf := canned.Shelf{Kind: canned.Reply, Scope: canned.Company}
	for _, in := range []canned.EntryInput{{Title: "如何退货", Text: "七天内可以退货，{company}。\n<a>", Visitors: &yes}, {Title: "退货内部流程", Text: "不给访客看"},
		{Title: "Refund rules", Text: "english only", Language: "en", Visitors: &yes}} {
		if _, err := s.Canned().Add(t.Context(), admin, shelf, in); err != nil {
			t.Fatal(err)
		}
	}
	type item struct{ ID, Title, Content, MsgType string }
	for path, want := range map[string]string{"/im/suggest/mobile/main?q=" + url.QueryEscape("退货"): "如何退货", "/im/suggest/pc/main.html?q=" + url.QueryEscape("请问如何退货呢"): "如何退货",
		"/im/suggest/pc/main?q=" + url.QueryEscape("退"): "", "/im/suggest/pc/main?q=refund": ""} {
		code, body, _ := s.Call(http.MethodGet, path, "")
		var list []item
		if err := json.Unmarshal([]byte(body), &list); err != nil || code != 200 || len(list) > 1 || (len(list) == 1) != (want != "") {
			t.Fatal(path, code, body)
		}
		if want != "" && (list[0].Title != want || list[0].MsgType != "text" || !strings.HasPrefix(list[0].Content, "七天内可以退货，") || !strings.HasSuffix(list[0].Content, "<br>&lt;a&gt;")) {
			t.Error(path, body)
		}
	}
	code, body, _ := s.Call(http.MethodGet, "/api/webim/suggest/mobile/main?q=refund", "", "Accept-Language", "en")
	if code != 200 || !strings.Contains(body, `"status":"OK"`) || !strings.Contains(body, "english only") {
		t.Error(code, body)
	}
	for _, path := range []string{"/im/suggest/tv/main?q=refund", "/im/suggest/pc/nowhere?q=refund"} {
		if code, body, _ := s.Call(http.MethodGet, path, ""); code != 404 {
			t.Error(path, code, body)
		}
	}
}

// Row 102a: the host page hands over whom it knows; it names nobody else by that.
func TestRow102HostPageIntroducesItsVisitor(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, nil)
	call := func(query string) string {
		t.Helper()
		code, body, _ := s.Call(http.MethodGet, "/im/chatoperainit?"+query, "")
		if code != 200 {
			t.Fatal(query, code, body)
		}
		return body
	}
	wei := "userid=wei&sessionid=s-wei&uid=7&username=" + url.QueryEscape("王伟") + "&company_name=Acme"
	for _, c := range []struct{ query, want string }{{wei + "&whitelist_mode=true", "ok"}, {wei, "ok"}, {wei, "usc"}, {wei + "&whitelist_mode=true", "usc"},
		{"userid=wei&sessionid=stolen&whitelist_mode=true", "ok"}} {
		if got := call(c.query); got != c.want {
			t.Errorf("%s: %s", c.query, got)
		}
	}
	q := page("wei")
	delete(q, "nickname")
	s.Agent("lin@example.com", account.Member)
	k, refused := join(t, s, "/im/user", q)
	must(t, k, refused).until("status")
	_, body, _ := s.Call(http.MethodGet, "/api/parlor/v1/conversations?view=queue", "", "Authorization", "Bearer "+s.Token("lin@example.com"))
	if !strings.Contains(body, "王伟") {
		t.Error(body)
	}
	if code, body, _ := s.Call(http.MethodGet, "/im/chatoperainit?username=x", ""); code != 400 {
		t.Error(code, body)
	}
}
