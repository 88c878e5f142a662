package easemob_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"parlor/internal/server/servertest"
)

func TestProgramsTakeListsAway(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		d := newDesk(t, s)
		d.do("POST", "sessions", `{"visitUserName":"u_9","queueName":"SAC"}`)
		d.send("u_9", "=您好", "").is("status", "OK")
		begin := time.Now().Add(-time.Hour).UnixMilli()
		a := d.do("POST", "exports", fmt.Sprintf(`{"type":"message","beginDateTime":%d,"imServiceNumber":"kefuchannelimid_main"}`, begin))
		a.is("status", "OK")
		a.is("entity.type", "message")
		a.is("entity.status", "Waiting")
		path := "exports/" + fmt.Sprint(a.get("entity.id"))
		for a = d.do("GET", path, ""); a.get("entity.status") != "Finished"; a = d.do("GET", path, "") {
			if word := a.get("entity.status"); word != "Waiting" && word != "Processing" {
				t.Fatal(a.text)
			}
		}
		if n := a.get("entity.count"); fmt.Sprint(n) == "0" || a.get("entity.finishDateTime") == nil {
			t.Error(a.text)
		}
		status, text, h := s.Call("GET", tenant+path+"/file", "", "Kefu-Token", d.token)
		if status != 200 || !strings.HasPrefix(text, "\ufeff会话编号,") || !strings.Contains(text, ",'=您好,") || !strings.HasPrefix(h.Get("Content-Disposition"), "attachment; ") {
			t.Error(status, text, h)
		}
		d.call("GET", tenant+path+"/file", "", "").want(401, wrongToken)
		d.call("GET", "/api/platform/tenants/2/"+path, "", d.token).want(403, wrongTenant)
		d.do("GET", "exports/none", "").want(404, wrongParam)
		d.do("GET", "exports/none/file", "").want(404, wrongParam)
		for _, bad := range []string{`{"type":"message"}`, `{"type":"agent","beginDateTime":1}`, `{"type":"message","beginDateTime":-1}`, `{"type":"message","beginDateTime":1}`,
			fmt.Sprintf(`{"type":"session","state":"x","beginDateTime":%d}`, begin), fmt.Sprintf(`{"type":"session","format":"pdf","beginDateTime":%d}`, begin),
			fmt.Sprintf(`{"type":"session","imServiceNumber":"none","beginDateTime":%d}`, begin), `{`} {
			d.do("POST", "exports", bad).want(400, wrongParam)
		}
		// An export of a person's is none of a program's.
		s.Agent("boss@example.com", "supervisor")
		_, text, _ = s.Call("POST", "/api/parlor/v1/exports", fmt.Sprintf(`{"kind":"messages","from":%q}`, time.UnixMilli(begin).UTC().Format(time.RFC3339)), "Authorization", "Bearer "+s.Token("boss@example.com"), "Content-Type", "application/json")
		_, id, _ := strings.Cut(text, `"id":"`)
		d.do("GET", "exports/"+id[:32], "").want(404, wrongParam)
	})
}
