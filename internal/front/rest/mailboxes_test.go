package rest_test

import (
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"parlor/internal/account"
	"parlor/internal/mail/mailtest"
	"parlor/internal/server/servertest"
)

// box is what the tests read of a mailbox.
type box struct {
	ID, Name, Team string
	Active         bool
	IMAP, SMTP     struct{ HasPassword bool }
	Look           *struct {
		Waiting  *int
		Failures int
		Taken    int64
		Fault    *struct{ Reason, Text, Detail string }
	}
}

func boxes(t *testing.T, b *browser) []box {
	t.Helper()
	code, text := b.call("GET", "/mailboxes", "")
	var list []box
	if err := json.Unmarshal([]byte(text), &list); err != nil || code != 200 {
		t.Fatal(code, text)
	}
	if strings.Contains(text, `"pw"`) || strings.Contains(text, "assword\":\"") {
		t.Fatal("a password is shown", text)
	}
	return list
}

// looked waits until the newest look into the only mailbox is as wanted.
func looked(t *testing.T, b *browser, what string, ok func(box) bool) box {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; {
		x := boxes(t, b)[0]
		if x.Look != nil && ok(x) {
			return x
		}
		if time.Now().After(end) {
			t.Fatalf("%s: %+v", what, x.Look)
		}
	}
}

// An administrator keeps a mailbox: it is read at once, its state is told, passwords
// are not, and its conversations go to its team.
func TestMailboxesOverREST(t *testing.T) {
	t.Parallel()
	servertest.Each(t, map[string]string{"webhook-private": "allow"}, func(t *testing.T, s *servertest.Instance) {
		s.Agent("root@example.com", account.Admin)
		s.Agent("lin@example.com", account.Supervisor)
		team := s.Team("Support")
		root, lin := login(t, s, "root@example.com"), login(t, s, "lin@example.com")
		post := mailtest.NewInbox(t, nil, false)
		smtp, sent := mailtest.Serve(t, mailtest.Options{Password: "pw"})
		_, port, err := net.SplitHostPort(smtp)
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			post.Put("From: li@cliente.test", "Subject: Hello", "", "Where is it?")
		}
		body := func(imapPassword, smtpPassword, team string) string {
			word := func(s string) string {
				if s == "-" {
					return ""
				}
				return `"password":"` + s + `",`
			}
			return fmt.Sprintf(`{"name":"Desk","email":"desk@shop.test","active":true,"sender":"Shop","team":%q,
				"imap":{"host":"127.0.0.1","port":%d,"username":"desk",%s"secure":false},"smtp":{"host":"127.0.0.1","port":%s,"username":"desk",%s"secure":false}}`,
				team, post.Port, word(imapPassword), port, word(smtpPassword))
		}

		// A wrong password is said in words, and the letters stay where they are.
		var made box
		_, text := root.call("POST", "/mailboxes", body("wrong", "wrong", string(team)))
		if err := json.Unmarshal([]byte(text), &made); err != nil || !made.IMAP.HasPassword || !made.SMTP.HasPassword || made.Team != string(team) {
			t.Fatal(text)
		}
		bad := looked(t, root, "a wrong password", func(b box) bool { return b.Look.Fault != nil })
		if f := bad.Look.Fault; f.Reason != "login" || f.Text != "The server does not accept this user name and password." || bad.Look.Failures < 1 || bad.Look.Waiting != nil || bad.Look.Taken != 0 || post.Unread() != 3 {
			t.Fatalf("%+v", bad.Look)
		}
		root.ask(t, 200, "POST", "/mailboxes/"+made.ID+"/test", "", `"to":"root@example.com"`, `"reason":"login"`, `535 5.7.8 wrong name or password`)

		// With the right ones the letters become conversations of the team.
		root.ask(t, 200, "PUT", "/mailboxes/"+made.ID, body("pw", "pw", string(team)), `"hasPassword":true`)
		good := looked(t, root, "the letters", func(b box) bool { return b.Look.Taken == 3 })
		if good.Look.Waiting == nil || *good.Look.Waiting != 0 || good.Look.Failures != 0 || good.Look.Fault != nil || post.Unread() != 0 {
			t.Fatalf("%+v", good.Look)
		}
		root.ask(t, 200, "GET", "/conversations?view=queue", "", `"channel":"email"`, `"team":"`+string(team)+`"`)
		code, text := root.call("POST", "/mailboxes/"+made.ID+"/test", "")
		if code != 200 || strings.Contains(text, "fault") || !strings.Contains(<-sent, "To: <root@example.com>") {
			t.Fatal(code, text)
		}

		// Saved without passwords it keeps them, at the same servers only.
		post.Put("From: li@cliente.test", "Subject: More", "", "And now?")
		root.ask(t, 200, "PUT", "/mailboxes/"+made.ID, body("-", "-", ""), `"team":""`, `"hasPassword":true`)
		looked(t, root, "the kept password", func(b box) bool { return b.Look.Taken == 4 })
		root.ask(t, 400, "PUT", "/mailboxes/"+made.ID, strings.Replace(body("-", "-", ""), `"host":"127.0.0.1"`, `"host":"evil.test"`, 1), `"reason":"password_needed"`, `"field":"imap"`)
		root.ask(t, 400, "POST", "/mailboxes", body("pw", "pw", "nobody"), `"reason":"team_not_found"`)
		root.ask(t, 409, "POST", "/mailboxes", body("pw", "pw", ""), `"reason":"mailbox_exists"`)
		post.Put("From: li@cliente.test", "Subject: Again", "", "Still there?")
		root.ask(t, 204, "POST", "/mailboxes/"+made.ID+"/fetch", "")
		looked(t, root, "a look now", func(b box) bool { return b.Look.Taken == 5 })
		root.ask(t, 200, "PUT", "/mailboxes/"+made.ID, strings.Replace(body("-", "-", ""), `"active":true`, `"active":false`, 1), `"active":false`)
		root.ask(t, 409, "POST", "/mailboxes/"+made.ID+"/fetch", "", `"reason":"mailbox_off"`)

		for _, x := range [][3]string{{"GET", "/mailboxes", ""}, {"POST", "/mailboxes", body("pw", "pw", "")}, {"PUT", "/mailboxes/" + made.ID, body("-", "-", "")}, {"DELETE", "/mailboxes/" + made.ID, ""},
			{"POST", "/mailboxes/" + made.ID + "/test", ""}, {"POST", "/mailboxes/" + made.ID + "/fetch", ""}} {
			if code, text := lin.call(x[0], x[1], x[2]); code != 403 {
				t.Errorf("%v for a supervisor: %d %s", x, code, text)
			}
		}
		root.ask(t, 204, "DELETE", "/mailboxes/"+made.ID, "")
		root.ask(t, 404, "DELETE", "/mailboxes/"+made.ID, "", `"reason":"mailbox_not_found"`)
		if list := boxes(t, root); len(list) != 0 {
			t.Fatalf("%+v", list)
		}
		root.ask(t, 200, "GET", "/admin/audit?thing=mailbox", "", `"action":"delete"`, `"action":"create"`)
		if _, text := root.call("GET", "/admin/audit?thing=mailbox&limit=200", ""); strings.Contains(text, "wrong") || strings.Contains(text, `"pw"`) {
			t.Fatal("a password is in the audit log", text)
		}
	})
}
