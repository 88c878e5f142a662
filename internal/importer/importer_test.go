package importer_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/id"
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
			"servedBy": o{"_id": "u1", "ts": stamp(1000*i + 1)}, "v": o{"_id": "v1", "token": "tok", "username": "guest-1"}, "source": o{"type": "api"}, "livechatData": o{"order": "b"}})
	}
	list = append(list, o{"_id": "running", "open": true, "ts": stamp(0), "v": o{"_id": "v2", "token": "t2"}})
	answer("livechat/rooms", "rooms", list)
	answer("livechat/custom-fields", "customFields", []o{{"_id": "address", "label": "Address", "scope": "visitor", "visibility": "visible", "regexp": ""},
		{"_id": "order", "label": "Order", "scope": "room", "type": "select", "options": "a, b"}})
	answer("canned-responses", "cannedResponses", []o{{"_id": "c1", "shortcut": "hi", "text": "Hello", "scope": "global", "tags": []string{"x"}, "createdBy": o{"_id": "u1"}},
		{"_id": "c2", "shortcut": "mine", "text": "Mine", "scope": "user", "userId": "u1"}, {"_id": "c3", "shortcut": "gone", "text": "x", "scope": "user", "userId": "nobody"},
		{"_id": "c4", "shortcut": "sac", "text": "Team", "scope": "department", "departmentId": "d1"}})
	answer("omnichannel/contacts.search", "contacts", []o{{"_id": "k1", "name": "Bia Rocha", "emails": []o{{"address": "Bia@x.test"}}, "phones": []o{{"phoneNumber": "+55 1"}},
		"contactManager": "u1", "customFields": o{"address": "Rua A"}, "createdAt": stamp(1), "channels": []o{
			{"visitor": o{"visitorId": "v1", "source": o{"type": "widget"}}, "verified": true, "lastChat": o{"_id": "room0", "ts": stamp(0)}},
			{"visitor": o{"visitorId": "stranger", "source": o{"type": "api"}}}}}})
	mux.HandleFunc("GET /file-upload/x/photo.png", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Auth-Token") != "secret" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		_, _ = w.Write([]byte("picture"))
	})
	mux.HandleFunc("GET /api/v1/livechat/visitors.info", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprint(w, `{"visitor":{"_id":"v1","name":"Bia","visitorEmails":[{"address":"bia@x.test"}],"phone":[{"phoneNumber":"+55 1"}],"livechatData":{"address":"Rua A, 5","none":"x","n":{}}}}`)
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
			case n == 5:
				m["msg"], m["attachments"] = "look", []o{{"title": "gone.png", "title_link": "/file-upload/x/gone.png"}, {"title": "two.png", "title_link": "/file-upload/x/two.png"}}
			case n == 7:
				m["msg"], m["attachments"] = "", []o{{"title": "away.png", "title_link": "https://elsewhere.test/away.png"}}
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

// keeper keeps files in memory.
type keeper struct{ kept []string }

func (k *keeper) Keep(_ context.Context, who actor.Actor, name string, r io.Reader) (conversation.File, error) {
	b, err := io.ReadAll(r)
	k.kept = append(k.kept, string(who.Kind)+" "+string(who.Agent)+" "+name+" "+string(b))
	return conversation.File{ID: "f1", Name: name, Type: "image/png", Size: int64(len(b)), Width: 4, Height: 3}, err
}

func TestImportKeepsIdsAndCanBeTakenUpAgain(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		w := storetest.NewWorld(t, st, "main")
		w.Team("Sales") // is there already, under another id
		src := importer.RocketChat{URL: fake(t, 3), User: "root", Token: "secret"}
		files := &keeper{}
		o := importer.Options{Tenant: w.Tenant, Inbox: w.Inbox, Now: storetest.T0.Add(time.Hour), Files: files}
		o.Dry = true
		do := func() string {
			t.Helper()
			rep, err := importer.Run(t.Context(), src, st, o)
			if err != nil {
				t.Fatal(err)
			}
			return fmt.Sprint(rep.Teams, rep.Agents, rep.Visitors, rep.Talks, rep.Messages.New, rep.Open, rep.Fields, rep.Replies, rep.Files.New, rep.Contacts)
		}
		if got := do(); got != "{1 1} {2 0} {1 2} {3 0} 387 1 {2 0} {3 0} 9 {2 0}" {
			t.Fatal("dry:", got)
		}
		if teams, err := st.Teams(t.Context(), w.Tenant); err != nil || len(teams) != 1 {
			t.Fatal("a dry run changed something", teams, err)
		}
		o.Dry = false
		if got := do(); got != "{1 1} {2 0} {1 2} {3 0} 387 1 {2 0} {3 0} 9 {1 1}" {
			t.Fatal("first:", got)
		}
		if got := do(); got != "{0 2} {0 2} {0 0} {0 3} 0 1 {0 2} {0 3} 0 {0 2}" {
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
		for i, want := range map[int]string{0: "1 system  assigned text 1 room1-m1", 1: "2 visitor Bia text 2 room1-m2", 2: "3 agent Ana  room1-m3", 4: "5 agent Ana look\ntwo.png /file-upload/x/two.png\ngone.png /file-upload/x/gone.png room1-m5",
			6: "7 agent Ana away.png https://elsewhere.test/away.png room1-m7", 128: "129 system  closed bye room1-m129"} {
			if got := text(i); got != want {
				t.Errorf("message %d: %s, want %s", i, got, want)
			}
		}
		k, err := st.ByToken(t.Context(), w.Tenant, "tok", time.Now())
		if err != nil || k.Visitor.Email != "bia@x.test" || k.Identity.Username != "guest-1" {
			t.Fatal(k, err)
		}
		agents, err := st.Agents(t.Context(), w.Tenant)
		if err != nil || len(agents) != 2 || agents[0].PasswordHash != "" || agents[1].Role != account.Supervisor {
			t.Fatal(agents, err)
		}
		if f := list[2].File; f == nil || f.Name != "photo.png" || list[2].Kind != conversation.Image || len(files.kept) != 3 || files.kept[0] != "agent u1 photo.png picture" {
			t.Fatal(list[2], files.kept)
		}
		library(t, st, w.Tenant)
		hits, err := st.IndexNext(t.Context(), 10)
		if err != nil || hits != 0 {
			t.Fatal("imported messages are not in the search index", hits, err)
		}
	})
}

// library checks what came beside the conversations.
func library(t *testing.T, st *store.Store, tenant id.Tenant) {
	t.Helper()
	ctx := t.Context()
	values, err := st.ValuesOf(ctx, tenant, []id.Visitor{"v1"})
	if err != nil || len(values["v1"]) != 1 || values["v1"]["address"] != "Rua A, 5" {
		t.Fatal(values, err)
	}
	details, err := st.Details(ctx, tenant, []id.Conversation{"room1"})
	if err != nil || len(details) != 1 || details[0].Fields["order"] != "b" {
		t.Fatal(details, err)
	}
	for entry, want := range map[string]string{"c1": "company  u1 [x]", "c2": "personal u1  []", "c4": "team d1  []"} {
		e, err := st.CannedEntry(ctx, tenant, entry)
		if got := fmt.Sprint(e.Scope, " ", e.Owner, " ", e.CreatedBy, " ", e.Tags); err != nil || got != want {
			t.Fatal(entry, got, err)
		}
	}
	c, err := st.Contact(ctx, tenant, "k1")
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(c.Name, c.Emails, c.Phones, c.Manager, c.Fields, c.External, len(c.Channels), c.Channels[0].Source, c.Channels[0].Verified, c.Channels[0].LastChat.Conversation); got != "Bia Rocha[bia@x.test] [+55 1]u1map[address:Rua A]k11webtrueroom0" {
		t.Fatal(got)
	}
}

// A server that has no contacts and no canned replies is no fault.
func TestWhatTheOtherServerDoesNotHaveIsSaid(t *testing.T) {
	t.Parallel()
	st := storetest.SQLite(t)
	w := storetest.NewWorld(t, st, "main")
	mux := http.NewServeMux()
	for _, path := range []string{"livechat/department", "livechat/users/agent", "livechat/users/manager", "livechat/rooms", "livechat/custom-fields"} {
		mux.HandleFunc("GET /api/v1/"+path, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = fmt.Fprint(w, `{"departments":[],"users":[],"rooms":[],"customFields":[]}`)
		})
	}
	mux.HandleFunc("GET /api/v1/omnichannel/contacts.search", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	mux.HandleFunc("GET /", func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, "<!DOCTYPE html>") })
	s := httptest.NewServer(mux)
	defer s.Close()
	rep, err := importer.Run(t.Context(), importer.RocketChat{URL: s.URL, User: "u", Token: "t"}, st, importer.Options{Tenant: w.Tenant, Inbox: w.Inbox})
	if err != nil || len(rep.Notes) != 2 || !strings.Contains(rep.Notes[0], "canned replies") || !strings.Contains(rep.Notes[1], "contacts") {
		t.Fatal(rep.Notes, err)
	}
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
