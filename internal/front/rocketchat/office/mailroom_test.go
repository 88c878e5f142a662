package office_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net"
	"net/mail"
	"regexp"
	"strings"
	"testing"
	"time"

	"parlor/internal/front/rocketchat/contracttest"
	"parlor/internal/mail/mailtest"
	"parlor/internal/server/servertest"
)

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(15 * time.Second); !ok(); {
		if time.Now().After(end) {
			t.Fatal(what)
		}
	}
}

// parts reads the next letter with its attachments, by name and type.
func parts(t *testing.T, sent <-chan string) (head mail.Header, text string, files map[string]string) {
	t.Helper()
	raw := ""
	select {
	case raw = <-sent:
	case <-time.After(15 * time.Second):
		t.Fatal("no letter")
	}
	m, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	kind, param, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/mixed" {
		t.Fatal(kind, err)
	}
	files = map[string]string{}
	for r := multipart.NewReader(m.Body, param["boundary"]); ; {
		part, err := r.NextPart()
		if err == io.EOF {
			return m.Header, text, files
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, part))
		if err != nil {
			t.Fatal(err)
		}
		if part.Header.Get("Content-Disposition") == "" {
			text = string(b)
			continue
		}
		_, param, err := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
		if err != nil {
			t.Fatal(err)
		}
		files[param["filename"]+" "+part.Header.Get("Content-Type")] = string(b)
	}
}

var nameLine = regexp.MustCompile(`(?m)^Message-ID: (<\S+>)`)

func TestMailBecomesConversationsAndAnswersGoOut(t *testing.T) {
	t.Parallel()
	servertest.Each(t, map[string]string{"webhook-private": "allow", "public-url": "https://chat.shop.test"}, func(t *testing.T, s *servertest.Instance) {
		d := contracttest.NewDesk(t, s)
		d.Ana.There()
		// What visitors may write into the widget is no limit for letters.
		d.Root.Option("Livechat_enable_message_character_limit", "true")
		d.Root.Option("Livechat_message_character_limit", "5")
		post := mailtest.NewInbox(t, nil, false)
		smtp, sent := mailtest.Server(t, "")
		_, port, err := net.SplitHostPort(smtp)
		if err != nil {
			t.Fatal(err)
		}
		which := ""
		save := func(smtpPort string) {
			t.Helper()
			a := d.Root.Post("email-inbox", `{%s"name":"Desk","active":true,"email":"desk@shop.test","description":"","senderInfo":"Shop 店","department":"SAC",
				"smtp":{"server":"127.0.0.1","port":%s,"username":"","password":"","secure":false},
				"imap":{"server":"127.0.0.1","port":%d,"username":"desk","password":"pw","secure":false,"maxRetries":3}}`, which, smtpPort, post.Port)
			a.Is("success", true)
			which = fmt.Sprintf(`"_id":"%v",`, a.Get("_id"))
		}
		read := func() {
			t.Helper()
			save(port) // what is saved is looked into at once
			eventually(t, "letters are not read", func() bool { return post.Unread() == 0 })
		}
		post.Put("From: =?utf-8?B?5byg5LiJ?= <Li@Cliente.test>", "To: desk@shop.test", "Subject: Order 7", "Message-ID: <one@cliente.test>", "Content-Type: multipart/mixed; boundary=B", "",
			"--B", "Content-Type: text/html", "", "<p>Where is <b>it</b>?</p><script>alert(1)</script>", "--B", "Content-Type: image/png", `Content-Disposition: attachment; filename="it.png"`,
			"Content-Transfer-Encoding: base64", "", base64.StdEncoding.EncodeToString(contracttest.Square(t)), "--B", `Content-Disposition: attachment; filename="it.exe"`, "", "\x00\x01", "--B--")
		post.Put("From: other@cliente.test", "Subject: away", "Message-ID: <auto@x>", "Auto-Submitted: auto-replied", "", "I am away")
		post.Put("From: desk@shop.test", "Message-ID: <own@x>", "", "our own")
		post.Put("no letter at all")
		read()
		a := d.Root.Call("GET", "livechat/rooms", "")
		a.Is("total", 1)
		for path, want := range map[string]string{"fname": "张三", "departmentId": string(d.Sac), "source.type": "email", "source.destination": "desk@shop.test", "email.inbox": "desk@shop.test",
			"email.replyTo": "li@cliente.test", "email.subject": "Order 7", "email.thread.0": "<one@cliente.test>", "topic": "Order 7", "servedBy.username": "ana"} {
			a.Is("rooms.0."+path, want)
		}
		rid, token := fmt.Sprint(a.Get("rooms.0._id")), fmt.Sprint(a.Get("rooms.0.v.token"))
		said := func() string { return d.C.Call("GET", "livechat/messages.history/"+rid+"?token="+token, "").Text }
		if got := said(); !strings.Contains(got, `"msg":"Where is it?"`) || !strings.Contains(got, `"image_type":"image/png"`) || strings.Contains(got, "alert") {
			t.Fatal(got)
		}
		inside := func(want string) {
			t.Helper()
			bearer := s.Token("ana@example.com")
			got := ""
			eventually(t, "nobody is told "+want, func() bool {
				_, got, _ = s.Call("GET", "/api/parlor/v1/conversations/"+rid+"/messages", "", "Authorization", "Bearer "+bearer)
				return strings.Contains(got, `"undelivered"`) && strings.Contains(got, want)
			})
		}
		inside(`"reason":"type_not_allowed","title":"it.exe"`)

		// The agent answers; the answer to that comes back into the conversation.
		d.Ana.Post("chat.sendMessage", `{"message":{"rid":%q,"msg":"On its way 路上"}}`, rid).Is("success", true)
		top, body := letter(t, sent)
		for _, want := range []string{"To: <li@cliente.test>", "In-Reply-To: <one@cliente.test>", "References:\r\n <one@cliente.test>", "Subject: Re: Order 7", "<desk@shop.test>"} {
			if !strings.Contains(top, want) {
				t.Fatalf("no %s in %s", want, top)
			}
		}
		if body != "On its way 路上" {
			t.Fatal(body)
		}
		ours := nameLine.FindStringSubmatch(top)[1]
		post.Put("From: li@cliente.test", "Subject: Re: Order 7", "Message-ID: <two@cliente.test>", "In-Reply-To: "+ours, "", "Thanks!", "", "Shop wrote:", "> On its way")
		post.Put("From: li@cliente.test", "Subject: Re: Order 7", "Message-ID: <two@cliente.test>", "In-Reply-To: "+ours, "", "Thanks!") // once more
		post.Put("From: boss@cliente.test", "Subject: Re: Order 7", "Message-ID: <three@cliente.test>", "References: <one@cliente.test>", "", "And mine?")
		post.Put("From: li@cliente.test", "Subject: another matter", "Message-ID: <four@cliente.test>", "", "Something else")
		read()
		d.Root.Call("GET", "livechat/rooms", "").Is("total", 2)
		got := said()
		if strings.Count(got, `"msg":"Thanks!"`) != 1 || !strings.Contains(got, `boss@cliente.test`) || strings.Contains(got, "Something else") {
			t.Fatal(got)
		}
		d.Ana.Upload("rooms.upload/"+rid, "square.png", contracttest.Square(t)).Is("success", true)
		head, text, files := parts(t, sent)
		if text != "look" || len(files) != 1 || files["square.png image/png"] != string(contracttest.Square(t)) || head.Get("In-Reply-To") != "<three@cliente.test>" {
			t.Fatal(head, text, len(files))
		}
		// The files of one message go out together, up to 10 MB; the rest as links.
		send := func(msg string, ids ...any) {
			t.Helper()
			d.Ana.Method("sendMessage", fmt.Sprintf(`[{"rid":%q,"msg":%q},[],[{"_id":%q,"name":"x"},{"_id":%q,"name":"y"}]]`, rid, msg, ids[0], ids[1])).Is("result.msg", msg)
		}
		big := []byte(strings.Repeat("all work and no play\n", 6<<20/21))
		first := d.Ana.Upload("rooms.media/"+rid, "说明 b.txt", []byte("hello")).Get("file._id")
		second := d.Ana.Upload("rooms.media/"+rid, "c.png", contracttest.Square(t)).Get("file._id")
		send("two", first, second)
		if _, text, files = parts(t, sent); text != "two" || len(files) != 2 || files["说明 b.txt text/plain"] != "hello" || files["c.png image/png"] != string(contracttest.Square(t)) {
			t.Fatal(text, len(files))
		}
		first, second = d.Ana.Upload("rooms.media/"+rid, "one.txt", big).Get("file._id"), d.Ana.Upload("rooms.media/"+rid, "two.txt", big).Get("file._id")
		send("large", first, second)
		if _, text, files = parts(t, sent); !strings.HasPrefix(text, "large\r\n\r\ntwo.txt\r\nhttps://chat.shop.test/files/") || len(files) != 1 || files["one.txt text/plain"] != string(big) {
			t.Fatal(text, len(files))
		}
		// What a letter brings beyond the limit is told to the agents.
		many := []string{"From: li@cliente.test", "Message-ID: <many@x>", "In-Reply-To: " + ours, "Content-Type: multipart/mixed; boundary=M", ""}
		for i := range 12 {
			many = append(many, "--M", fmt.Sprintf(`Content-Disposition: attachment; filename="n%d.txt"`, i), "", "y")
		}
		post.Put(append(many, "--M--")...)
		read()
		inside("2 more files")
		inside(`"reason":"mail_more","title":"2"`)
		// A letter that comes back is told to the agents, and so is one that is refused.
		post.Put("From: MAILER-DAEMON@shop.test", "Subject: Undelivered", "Message-ID: <b@x>", "Content-Type: multipart/report; boundary=R", "", "--R", "", "Message-ID: "+ours, "--R--")
		read()
		inside("the letter came back")
		inside(`"reason":"mail_returned","title":"Undelivered"`)
		closed, _ := mailtest.Server(t, "550 nobody here")
		_, no, err := net.SplitHostPort(closed)
		if err != nil {
			t.Fatal(err)
		}
		save(no)
		d.Ana.Post("chat.sendMessage", `{"message":{"rid":%q,"msg":"lost"}}`, rid).Is("success", true)
		inside(`"reason":"mail_refused","title":"550 nobody here"`)

		// The test letter.
		path := "email-inbox.send-test/" + strings.Split(which, `"`)[3]
		if a := d.Root.Call("POST", path, ""); a.Status != 400 || a.Get("errorType") != "error-email-send-failed" {
			t.Fatal(a.Text)
		}
		save(port)
		d.Root.Call("POST", path, "").Is("success", true)
		if top, _ = letter(t, sent); !strings.Contains(top, "To: <root@example.com>") {
			t.Fatal(top)
		}
		d.Root.Call("POST", "email-inbox.send-test/none", "").Want(404, `{"error":"Resource not found","success":false}`)
		if a := d.Ana.Call("POST", path, ""); a.Status != 403 {
			t.Fatal(a.Text)
		}
	})
}
