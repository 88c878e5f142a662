package office_test

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"parlor/internal/front/rocketchat/contracttest"
	"parlor/internal/mail/mailtest"
	"parlor/internal/server/servertest"
)

// letter waits for one and returns its head and its body.
func letter(t *testing.T, got <-chan string) (head, body string) {
	t.Helper()
	select {
	case text := <-got:
		head, body, _ = strings.Cut(text, "\r\n\r\n")
		b, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(body, "\r\n", ""))
		if err != nil {
			t.Fatal(err, text)
		}
		return head, string(b)
	case <-time.After(15 * time.Second):
		t.Fatal("no letter")
	}
	return "", ""
}

var unsubscribeLink = regexp.MustCompile(`https://chat\.shop\.test(/mailer/unsubscribe/[^"<\s]+)`)

func TestMailer(t *testing.T) {
	t.Parallel()
	at, got := mailtest.Server(t, "")
	s := servertest.Start(t, map[string]string{"smtp-server": at, "smtp-tls": "off", "smtp-from": "desk@shop.test", "public-url": "https://chat.shop.test"})
	d := contracttest.NewDesk(t, s)
	send := func(from, body, more string) contracttest.Answer {
		return d.Root.Post("mailer", `{"from":%q,"subject":"News 新","body":%q%s}`, from, body, more)
	}
	for _, x := range []struct{ body, want string }{
		{`{"subject":"x","body":"y"}`, "must have required property 'from' [invalid-params]"},
		{`{"from":12345,"subject":{},"body":"y","dryrun":true,"query":""}`, "must be string [invalid-params]"},
		{`{"from":"nobody","subject":"x","body":"[unsubscribe]"}`, "Invalid from address [error-invalid-from-address]"},
		{`{"from":"a@b.test\r\nBcc: x@y.test","subject":"x","body":"[unsubscribe]"}`, "Invalid from address [error-invalid-from-address]"},
		{`{"from":"a@b.test","subject":"x","body":"y"}`, "You must provide the [unsubscribe] link. [error-missing-unsubscribe-link]"},
		{`{"from":"a@b.test","subject":"x","body":"[unsubscribe]","dryrun":true}`, "Invalid user [error-invalid-user]"},
		{`{"from":"a@b.test","subject":"x","body":"[unsubscribe]","query":"{\"password\":1}"}`, `Invalid query parameter provided: "{"password":1}" [error-invalid-query]`},
		{`{"from":"a@b.test","subject":"x","body":"[unsubscribe]","more":1}`, "must NOT have additional properties [invalid-params]"},
	} {
		a := d.Root.Call("POST", "mailer", x.body)
		if got := fmt.Sprint(a.Get("error")); a.Status != 400 || got != x.want {
			t.Errorf("%s: %d %s, want %s", x.body, a.Status, got, x.want)
		}
	}
	if a := d.Ana.Call("POST", "mailer", `{}`); a.Status != 403 {
		t.Fatal(a.Text)
	}
	send("root@example.com", "Hi [name] [unsubscribe]", `,"dryrun":true,"query":null`).Want(200, `{"success":true}`)
	head, body := letter(t, got)
	if !strings.Contains(head, "root@example.com") || !strings.Contains(head, "List-Unsubscribe: <https://chat.shop.test/") || !strings.Contains(head, "text/html") || !strings.HasPrefix(body, "Hi ") {
		t.Fatal(head, body)
	}
	send("Shop <news@shop.test>", "Hi [email] [unsubscribe]", `,"query":"{\"username\":{\"$in\":[\"ana\",\"bob\"]}}"`).Want(200, `{"success":true}`)
	var link string
	for range 2 {
		head, body = letter(t, got)
		if !strings.Contains(head, `From: "Shop" <news@shop.test>`) {
			t.Fatal(head)
		}
		if strings.Contains(body, "ana@example.com") {
			link = unsubscribeLink.FindStringSubmatch(body)[1]
		}
	}
	// The link asks first, and only its own signature opens it.
	if status, page, _ := s.Call("GET", link, ""); status != 200 || !strings.Contains(page, "<form") {
		t.Fatal(status, page)
	}
	if status, _, _ := s.Call("POST", link+"x", ""); status != 403 {
		t.Fatal(status)
	}
	if status, page, _ := s.Call("POST", link, "List-Unsubscribe=One-Click", "Content-Type", "application/x-www-form-urlencoded"); status != 200 || strings.Contains(page, "<form") {
		t.Fatal(status, page)
	}
	for _, x := range []string{`{}`, `{"_id":"x"}`, `{"createdAt":"1"}`} {
		if a := d.Bob.Call("POST", "mailer.unsubscribe", x); a.Status != 400 {
			t.Error(x, a.Text)
		}
	}
	d.Bob.Post("mailer.unsubscribe", `{"_id":%q,"createdAt":"1700000000000"}`, d.Bob.ID()).Want(200, `{"success":true}`)
	d.Bob.Post("mailer.unsubscribe", `{"_id":%q,"createdAt":"x"}`, d.Root.ID()).Want(200, `{"success":true}`)
	send("news@shop.test", "Again [unsubscribe]", `,"query":"{\"roles\":\"livechat-agent\"}"`).Want(200, `{"success":true}`)
	if head, _ = letter(t, got); !strings.Contains(head, "bob@example.com") {
		t.Fatal(head)
	}
	select {
	case text := <-got:
		t.Fatal("a letter to who has unsubscribed", text)
	default:
	}
}
