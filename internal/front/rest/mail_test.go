package rest_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/mail"
	"regexp"
	"strings"
	"testing"

	"parlor/internal/account"
	"parlor/internal/mail/mailtest"
	"parlor/internal/server/servertest"
)

// Row 72 from end to end: a message is left, an agent answers, and the letter
// leaves through the mail server with the headers that let the customer answer it.
func TestRow72LeftMessageIsAnsweredByMail(t *testing.T) {
	t.Parallel()
	at, letters := mailtest.Server(t, "")
	s := servertest.Start(t, map[string]string{"smtp-server": at, "smtp-tls": "off", "smtp-from": "Aurora 客服 <help@aurora.example>"})
	s.Agent("lin@example.com", account.Supervisor)
	lin := login(t, s, "lin@example.com")
	_, body, _ := s.Call("POST", api+"/visitor/session", `{"inbox":"main"}`, "Content-Type", "application/json")
	var session struct{ Token string }
	if err := json.Unmarshal([]byte(body), &session); err != nil {
		t.Fatal(err)
	}
	code, body, _ := s.Call("POST", api+"/visitor/leave", `{"answers":{"name":"王","email":"wang@example.com","content":"有现货吗？"},"reason":"closed"}`,
		"Content-Type", "application/json", "Authorization", "Bearer "+session.Token)
	var left struct{ ID string }
	if err := json.Unmarshal([]byte(body), &left); err != nil || code != 200 {
		t.Fatal(code, body)
	}
	lin.ask(t, 200, "GET", "/leave-messages/counts", "", `"mail":true`)
	lin.ask(t, 200, "POST", "/leave-messages/"+left.ID+"/reply", `{"subject":"关于您的留言","text":"有现货。\n谢谢"}`, `"state":"processed"`, `"repliedBy":"Lin"`)
	m, err := mail.ReadMessage(strings.NewReader(<-letters))
	if err != nil {
		t.Fatal(err)
	}
	for name, form := range map[string]string{"From": `^=\?utf-8\?.*<help@aurora\.example>$`, "To": `^<wang@example\.com>$`, "Message-Id": `^<[0-9a-f]{32}@aurora\.example>$`, "Auto-Submitted": `^no$`} {
		if got := m.Header.Get(name); !regexp.MustCompile(form).MatchString(got) {
			t.Errorf("%s: %q", name, got)
		}
	}
	if m.Header.Get("Reply-To") != "" {
		t.Error("an answer of the customer goes to the sender, which is a mailbox of the company")
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil || subject != "关于您的留言" {
		t.Error(subject, err)
	}
	text, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, m.Body))
	if err != nil || string(text) != "有现货。\r\n谢谢" {
		t.Errorf("%q %v", text, err)
	}
	if strings.Contains(fmt.Sprint(m.Header), left.ID) {
		t.Error("the letter tells an id of the installation")
	}
}
