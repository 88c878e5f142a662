package mailroom

import (
	"strings"
	"testing"
)

func read(t *testing.T, lines ...string) letter {
	t.Helper()
	l, err := readLetter([]byte(strings.Join(lines, "\r\n")))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestLettersAreRead(t *testing.T) {
	t.Parallel()
	l := read(t, `From: =?utf-8?B?5byg5LiJ?= <Zhang@Shop.test>`, "Subject: =?gb2312?B?xOO6ww==?=", "Message-ID: <a@x>", "Content-Type: text/plain; charset=gbk", "Content-Transfer-Encoding: base64", "", "xOO6ww==")
	if l.from.Name != "张三" || l.from.Address != "zhang@shop.test" || l.subject != "你好" || l.text != "你好" || l.id != "<a@x>" || l.root != "<a@x>" || l.auto {
		t.Fatalf("%+v", l)
	}
	l = read(t, "From: a@b.test", "Message-ID: <c@x>", "References: <r@x> <s@x>", "In-Reply-To: <s@x>", "Content-Type: multipart/mixed; boundary=B", "",
		"--B", "Content-Type: multipart/alternative; boundary=C", "", "--C", "Content-Type: text/html; charset=utf-8", "Content-Transfer-Encoding: quoted-printable", "",
		"<html><head><title>t</title><style>p{}</style></head><body><p>Hello <b>you</b></p><script>alert(1)</script><p>2 &lt; 3=C2=A0!</p></body></html>", "--C--",
		"--B", `Content-Type: application/octet-stream; name="x"`, `Content-Disposition: attachment; filename="=?utf-8?Q?=C3=A4.png?="`, "Content-Transfer-Encoding: base64", "", "aGk=", "--B", "broken")
	if l.text != "Hello you\n\n2 < 3 !" || l.root != "<r@x>" || len(l.refs) != 2 || len(l.files) != 1 || l.files[0].name != "ä.png" || string(l.files[0].data) != "hi" {
		t.Fatalf("%+v", l)
	}
	l = read(t, "From: a@b.test", "In-Reply-To: <s@x>", "", "Thank you", "", "Am 1. Mai schrieb X:", "> old", "> older", "")
	if l.text != "Thank you" || !strings.HasSuffix(l.id, "@unnamed>") {
		t.Fatalf("%+v", l)
	}
	if l = read(t, "From: a@b.test", "In-Reply-To: <s@x>", "", "> only a quote"); l.text != "> only a quote" {
		t.Fatalf("%+v", l)
	}
	long := strings.Repeat("长", 20_000)
	if l = read(t, "From: a@b.test", "", long); len([]rune(l.text)) != maxText || len(l.files) != 1 || l.files[0].name != "letter.txt" || string(l.files[0].data) != long {
		t.Fatal(len([]rune(l.text)), len(l.files))
	}
	if l = read(t, "From: a@b.test", "Content-Type: text/html", "", "<html><head><title>t</title><body><p>A page whose head does not end"); l.text != "A page whose head does not end" {
		t.Fatalf("%q", l.text)
	}
	many := []string{"From: a@b.test", "Content-Type: multipart/mixed; boundary=B", ""}
	for range maxFiles + 3 {
		many = append(many, "--B", "Content-Disposition: attachment; filename=x", "", "y")
	}
	if l = read(t, append(many, "--B--")...); len(l.files) != maxFiles || l.more != 3 {
		t.Fatal(len(l.files), l.more)
	}
	for _, head := range []string{"Auto-Submitted: auto-replied", "Precedence: bulk", "List-Id: <l.x>", "Return-Path: <>", "Content-Type: multipart/report; boundary=x"} {
		if l := read(t, "From: a@b.test", head, "", "x"); !l.auto {
			t.Error(head)
		}
	}
	if l = read(t, "From: MAILER-DAEMON@b.test", "Auto-Submitted: no", "", "x"); !l.bounce {
		t.Error("a bounce is a letter")
	}
	for _, raw := range []string{"", "no head", "From: nobody\r\n\r\nx", "From: \r\n\r\nx"} {
		if _, err := readLetter([]byte(raw)); err == nil {
			t.Errorf("%q is a letter", raw)
		}
	}
}

func FuzzLetter(f *testing.F) {
	f.Add([]byte("From: a@b.test\r\nReferences: <a@b>\r\nContent-Type: multipart/mixed; boundary=B\r\n\r\n--B\r\nContent-Type: text/html\r\n\r\n<p>x\r\n--B\r\nContent-Disposition: attachment; filename=x\r\n\r\ny\r\n--B--"))
	f.Add([]byte("From: =?x?B?eA==?= <a@b>\nContent-Type: text/plain; charset=iso-2022-jp\nContent-Transfer-Encoding: quoted-printable\n\n=ZZ> x"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		l, err := readLetter(raw)
		if err == nil && (l.id == "" || l.root == "" || len([]rune(l.text)) > maxText || len(l.files) > maxFiles+1 || len(l.refs) > maxRefs+1) {
			t.Fatalf("%+v", l)
		}
	})
}
