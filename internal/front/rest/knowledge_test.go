package rest_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"parlor/internal/account"
	"parlor/internal/server/servertest"
)

func TestKnowledgeOverREST(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, nil)
	s.Agent("lin@example.com", account.Member)
	s.Agent("boss@example.com", account.Supervisor)
	lin, boss := login(t, s, "lin@example.com"), login(t, s, "boss@example.com")
	c := boss.ask(t, 200, "POST", "/knowledge/categories", `{"name":"售后"}`, `"name":"售后"`)["id"].(string)
	lin.ask(t, 403, "POST", "/knowledge/categories", `{"name":"x"}`, "not_allowed")
	boss.ask(t, 200, "PUT", "/knowledge/categories/"+c, `{"name":"售后服务","sort":3}`, `"sort":3`)
	lin.ask(t, 200, "GET", "/knowledge/categories", "", "售后服务")

	code, text := boss.send(t, "/files", "lamp.png", picture(t))
	var file struct{ ID string }
	if err := json.Unmarshal([]byte(text), &file); err != nil || code > 299 {
		t.Fatal(code, text, err)
	}
	body := fmt.Sprintf(`{"title":"如何退货","questions":["我想退货"],"answer":"七天内可退","category":%q,"active":true,"picture":%q,"link":"https://shop.example/back"}`, c, file.ID)
	lin.ask(t, 403, "POST", "/knowledge", body, "not_allowed")
	a := boss.ask(t, 200, "POST", "/knowledge", body, `"version":1`, `"url":"`, `"inboxes":[]`, `"related":[]`)
	id := a["id"].(string)
	if p := a["picture"].(map[string]any); p["width"] != 8.0 || p["id"] != file.ID {
		t.Fatal(p)
	}
	boss.ask(t, 400, "POST", "/knowledge", `{"title":"x","answer":"y","link":"javascript:x"}`, "bad_url")
	lin.ask(t, 200, "GET", "/knowledge/"+id, "", `"title":"如何退货"`)
	lin.ask(t, 204, "POST", "/knowledge/"+id+"/use", "")
	lin.ask(t, 404, "POST", "/knowledge/nowhere/use", "", "article_not_found")
	lin.ask(t, 200, "GET", "/knowledge/"+id, "", `"used":1`)
	lin.ask(t, 404, "GET", "/knowledge/nowhere", "", "article_not_found")
	boss.ask(t, 409, "PUT", "/knowledge/"+id, `{"title":"x","answer":"y"}`, "changed_meanwhile")
	boss.ask(t, 200, "PUT", "/knowledge/"+id, strings.Replace(body, `"active"`, `"version":1,"active"`, 1), `"version":2`)
	lin.ask(t, 200, "POST", "/knowledge/find", `{"text":"怎么退货？"}`, `"wording":"如何退货"`, `"score":9`, `"url":"`)
	lin.ask(t, 200, "POST", "/knowledge/find", `{"text":"我想退货!","limit":1,"inbox":"main","locale":"zh-CN"}`, `"score":100`)
	lin.ask(t, 200, "POST", "/knowledge/find", `{"text":"天气"}`, `"items":[]`)
	lin.ask(t, 400, "POST", "/knowledge/find", `{"text":"x","limit":11}`)

	csv := "category,title,answer\n售后服务,保修多久,两年\n物流/国内,多久发货,两天\n"
	boss.ask(t, 200, "POST", "/knowledge/import", fmt.Sprintf(`{"csv":%q,"dry":true}`, csv), `"added":2`, `"done":false`, `"faults":[]`)
	lin.ask(t, 403, "POST", "/knowledge/import", fmt.Sprintf(`{"csv":%q}`, csv), "not_allowed")
	boss.ask(t, 200, "POST", "/knowledge/import", fmt.Sprintf(`{"csv":%q}`, csv+"x,,no title\n"), `"line":4`, `"done":false`)
	boss.ask(t, 200, "POST", "/knowledge/import", fmt.Sprintf(`{"csv":%q}`, csv), `"done":true`)
	boss.ask(t, 400, "POST", "/knowledge/import", `{"csv":"a,b\n1,2"}`, "no_heading")
	list := lin.ask(t, 200, "GET", "/knowledge?limit=2", "")
	if len(list["items"].([]any)) != 2 {
		t.Fatal(list)
	}
	rest := lin.ask(t, 200, "GET", "/knowledge?limit=2&cursor="+url.QueryEscape(list["next"].(string)), "")
	if len(rest["items"].([]any)) != 1 || rest["next"] != nil {
		t.Fatal(rest)
	}
	lin.ask(t, 200, "GET", "/knowledge?q=%E4%B8%A4%E5%A4%A9&active=true", "", "多久发货")
	lin.ask(t, 200, "GET", "/knowledge?active=false", "", `"items":[]`)
	if code, text := lin.call("GET", "/knowledge/export", ""); code != 200 || !strings.Contains(text, "物流/国内,多久发货,,两天") {
		t.Fatal(code, text)
	}
	boss.ask(t, 204, "DELETE", "/knowledge/categories/"+c, "")
	boss.ask(t, 204, "DELETE", "/knowledge/"+id, "")
	lin.ask(t, 200, "POST", "/knowledge/find", `{"text":"今天下雨吗"}`, `"items":[]`)
}
