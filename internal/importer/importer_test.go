package importer_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"parlor/internal/account"
	"parlor/internal/conversation"
	"parlor/internal/importer"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// fake is a server of the other kind, with so many closed rooms of 130 messages.
func fake(t *testing.T, rooms int) string {
	t.Helper()
	type o = map[string]any
	stamp := func(n int) string {
		return storetest.T0.Add(time.Duration(n) * time.Second).Format("2006-01-02T15:04:05.000Z")
	}
	mux := http.NewServeMux()
	answer := func(path, name string, list []o) {
		mux.HandleFunc("GET /api/v1/"+path, func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("X-Auth-Token") != "secret" || r.Header.Get("X-User-Id") != "root" {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			from, _ := strconv.Atoi(r.URL.Query().Get("offset")) // absent is 0
			count, err := strconv.Atoi(r.URL.Query().Get("count"))
			if err != nil {
				t.Error(err)
			}
			part := list[min(from, len(list)):]
			if err := json.NewEncoder(w).Encode(o{name: part[:min(count, len(part))], "total": len(list), "success": true}); err != nil {
				t.Error(err)
			}
		})
	}
	answer("livechat/department", "departments", []o{{"_id": "d1", "name": "SAC"}, {"_id": "d2", "name": "Sales"}})
	answer("livechat/users/agent", "users", []o{{"_id": "u1", "username": "ana", "name": "Ana", "emails": []o{{"address": "ana@shop.test"}}, "departments": []string{"d1"}}})
	answer("livechat/users/manager", "users", []o{{"_id": "u2", "username": "max", "emails": []o{{"address": "max@shop.test"}}}})
	var list []o
	for i := range rooms {
		list = append(list, o{"_id": fmt.Sprint("room", i), "t": "l", "departmentId": "d1", "ts": stamp(1000 * i), "closedAt": stamp(1000*i + 500), "closer": "visitor",
			"servedBy": o{"_id": "u1", "ts": stamp(1000*i + 1)}, "v": o{"_id": "v1", "token": "tok", "username": "guest-1"}, "source": o{"type": "api"}})
	}
	list = append(list, o{"_id": "running", "open": true, "ts": stamp(0), "v": o{"_id": "v2", "token": "t2"}})
	answer("livechat/rooms", "rooms", list)
	mux.HandleFunc("GET /api/v1/livechat/visitors.info", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprint(w, `{"visitor":{"_id":"v1","name":"Bia","visitorEmails":[{"address":"bia@x.test"}],"phone":[{"phoneNumber":"+55 1"}]}}`)
	})
	mux.HandleFunc("GET /api/v1/livechat/messages.history/{rid}", func(w http.ResponseWriter, r *http.Request) {
		var page []o
		for n := 129; n >= 0 && len(page) < 100; n-- {
			m := o{"_id": fmt.Sprint(r.PathValue("rid"), "-m", n), "ts": stamp(n), "msg": fmt.Sprint("text ", n), "u": o{"_id": "u1", "name": "Ana"}}
			switch {
			case n == 0:
				m["t"] = "livechat-started"
			case n == 1:
				m["t"] = "uj"
			case n == 129:
				m["t"], m["msg"] = "livechat-close", "bye"
			case n%2 == 0:
				m["token"] = "tok"
			case n == 3:
				m["msg"], m["attachments"] = "", []o{{"title": "photo.png", "title_link": "/file-upload/x/photo.png"}}
			}
			if end := r.URL.Query().Get("end"); end == "" || stamp(n) < end {
				page = append(page, m)
			}
		}
		if r.URL.Query().Get("token") != "tok" {
			t.Errorf("read with token %q", r.URL.Query().Get("token"))
		}
		if err := json.NewEncoder(w).Encode(o{"messages": page}); err != nil {
			t.Error(err)
		}
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL
}

func TestImportKeepsIdsAndCanBeTakenUpAgain(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		w := storetest.NewWorld(t, st, "main")
		w.Team("Sales") // is there already, under another id
		src := importer.RocketChat{URL: fake(t, 3), User: "root", Token: "secret"}
		o := importer.Options{Tenant: w.Tenant, Inbox: w.Inbox, Now: storetest.T0.Add(time.Hour)}
		o.Dry = true
		do := func() string {
			t.Helper()
			rep, err := importer.Run(t.Context(), src, st, o)
			if err != nil {
				t.Fatal(err)
			}
			return fmt.Sprint(rep.Teams, rep.Agents, rep.Visitors.New > 0, rep.Talks, rep.Messages.New, rep.Open)
		}
		if got := do(); got != "{1 1} {2 0} true {3 0} 387 1" {
			t.Fatal("dry:", got)
		}
		if teams, err := st.Teams(t.Context(), w.Tenant); err != nil || len(teams) != 1 {
			t.Fatal("a dry run changed something", teams, err)
		}
		o.Dry = false
		if got := do(); got != "{1 1} {2 0} true {3 0} 387 1" {
			t.Fatal("first:", got)
		}
		if got := do(); got != "{0 2} {0 2} false {0 3} 0 1" {
			t.Fatal("again:", got)
		}
		c, err := st.Conversation(t.Context(), w.Tenant, "room1")
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.TrimSpace(fmt.Sprintln(c.Status, c.Agent, c.AgentName, c.Team, c.Visitor, c.VisitorName, c.EndBy, c.LastSeq, c.LastText)); got != "closed u1 Ana d1 v1 Bia user 129 text 128" {
			t.Fatal(got)
		}
		list, err := st.Messages(t.Context(), w.Tenant, "room1", conversation.Range{Limit: 200})
		if err != nil || len(list) != 129 {
			t.Fatal(len(list), err)
		}
		text := func(i int) string {
			m := list[i]
			line := ""
			if m.Line != nil {
				line = m.Line.Name + " " + m.Line.Text
			}
			return fmt.Sprint(m.Seq, " ", m.From.Kind, " ", m.From.Name, " ", m.Text, line, " ", m.ClientID)
		}
		for i, want := range map[int]string{0: "1 system  assigned text 1 room1-m1", 1: "2 visitor Bia text 2 room1-m2", 2: "3 agent Ana photo.png /file-upload/x/photo.png room1-m3", 128: "129 system  closed bye room1-m129"} {
			if got := text(i); got != want {
				t.Errorf("message %d: %s, want %s", i, got, want)
			}
		}
		k, err := st.ByToken(t.Context(), w.Tenant, "tok")
		if err != nil || k.Visitor.Email != "bia@x.test" || k.Identity.Username != "guest-1" {
			t.Fatal(k, err)
		}
		agents, err := st.Agents(t.Context(), w.Tenant)
		if err != nil || len(agents) != 2 || agents[0].PasswordHash != "" || agents[1].Role != account.Supervisor {
			t.Fatal(agents, err)
		}
		hits, err := st.IndexNext(t.Context(), 10)
		if err != nil || hits != 0 {
			t.Fatal("imported messages are not in the search index", hits, err)
		}
	})
}

func TestReportSaysWhatIsToBeDone(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	importer.Report{Talks: importer.Counted{New: 3}, Open: 2, Notes: []string{"set passwords"}}.Write(&out)
	for _, want := range []string{"conversations       3 new", "2 conversations are still open", "note: set passwords"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in %s", want, out.String())
		}
	}
}

func TestRefusedCredentialsAreSaid(t *testing.T) {
	t.Parallel()
	st := storetest.SQLite(t)
	w := storetest.NewWorld(t, st, "main")
	src := importer.RocketChat{URL: fake(t, 1), User: "root", Token: "wrong"}
	if _, err := importer.Run(t.Context(), src, st, importer.Options{Tenant: w.Tenant, Inbox: w.Inbox}); err == nil || !strings.Contains(err.Error(), "livechat/department answered 401") {
		t.Fatal(err)
	}
}
