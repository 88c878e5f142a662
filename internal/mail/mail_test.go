package mail_test

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"net/mail"
	"strings"
	"testing"
	"time"

	own "parlor/internal/mail"
	"parlor/internal/mail/mailtest"
)

func TestSend(t *testing.T) {
	t.Parallel()
	at, got := mailtest.Server(t, "")
	s := own.New(own.Options{Server: at, From: "客服 <help@example.com>", TLS: "off"})
	if !s.Ready() || own.New(own.Options{Server: at}).Ready() {
		t.Fatal("Ready is wrong")
	}
	text := "您好，\n" + strings.Repeat("一二三四五六七八九十", 20) + "\n."
	err := s.Send(t.Context(), own.Letter{To: "w@example.com", Subject: "回复\r\nBcc: evil@example.com", Text: text, ID: "abc", At: time.Unix(0, 0)})
	if err != nil {
		t.Fatal(err)
	}
	m, err := mail.ReadMessage(strings.NewReader(<-got))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil || !strings.HasPrefix(subject, "回复") || m.Header.Get("Bcc") != "" || m.Header.Get("Message-Id") != "<abc@example.com>" {
		t.Errorf("%q %v %v", subject, m.Header, err)
	}
	body, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, m.Body))
	if err != nil || strings.ReplaceAll(string(body), "\r\n", "\n") != text {
		t.Errorf("%q %v", body, err)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	at, _ := mailtest.Server(t, "550 no such user")
	err := own.New(own.Options{Server: at, From: "help@example.com", TLS: "off"}).Send(t.Context(), own.Letter{To: "w@example.com"})
	if !errors.Is(err, own.ErrRefused) {
		t.Error("a final refusal:", err)
	}
	at, _ = mailtest.Server(t, "450 later")
	err = own.New(own.Options{Server: at, From: "help@example.com", TLS: "off"}).Send(t.Context(), own.Letter{To: "w@example.com"})
	if err == nil || errors.Is(err, own.ErrRefused) {
		t.Error("a refusal for now:", err)
	}
	at, _ = mailtest.Server(t, "")
	err = own.New(own.Options{Server: at, From: "help@example.com"}).Send(t.Context(), own.Letter{To: "w@example.com"})
	if err == nil {
		t.Error("a letter went out without TLS")
	}
	for _, bad := range []string{"", "nobody", "a@b, c@d"} {
		if err := own.New(own.Options{Server: at, From: "help@example.com", TLS: "off"}).Send(context.Background(), own.Letter{To: bad}); !errors.Is(err, own.ErrRefused) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
