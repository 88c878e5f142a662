package mail

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"strings"
	"testing"
	"time"

	"parlor/internal/mail/mailtest"
)

// enclosed is an attachment of the test; closed counts how often it was closed.
func enclosed(name, kind string, r io.Reader, size int64, closed *int) File {
	return File{Name: name, Type: kind, Size: size, Open: func(context.Context) (io.ReadCloser, error) {
		return struct {
			io.Reader
			io.Closer
		}{r, closer(func() error { *closed++; return nil })}, nil
	}}
}

type closer func() error

func (c closer) Close() error { return c() }

func TestAttachments(t *testing.T) {
	t.Parallel()
	at, got := mailtest.Server(t, "")
	s := New(Options{Server: at, From: "help@example.com", TLS: "off"})
	long := strings.Repeat("月灯使用说明书", 17) + `"; x=1` + "\r\nBcc: evil@x.test.pdf"
	data := bytes.Repeat([]byte{0, 1, 2, '.', '\r', '\n', '.', '\r', '\n', 255}, 200_000)
	closed := 0
	files := []File{enclosed(long, "application/pdf", bytes.NewReader(data), int64(len(data)), &closed), enclosed("a b.txt", "text/plain; charset=utf-8", strings.NewReader("."), 1, &closed),
		enclosed("", "no type", strings.NewReader(""), 0, &closed)}
	if err := s.Send(t.Context(), Letter{To: "w@example.com", Subject: strings.Repeat("主题", 400), Text: "你好\n.", ID: "a", At: time.Unix(0, 0), Files: files}); err != nil {
		t.Fatal(err)
	}
	if closed != 3 {
		t.Errorf("%d of 3 files were closed", closed)
	}
	raw := <-got
	for l := range strings.SplitSeq(raw, "\r\n") {
		if len(l) > 998 {
			t.Fatalf("a line of %d bytes", len(l))
		}
	}
	m, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	if subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil || subject != strings.Repeat("主题", 400) || m.Header.Get("Bcc") != "" {
		t.Errorf("%q %v", subject, err)
	}
	kind, param, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/mixed" {
		t.Fatal(kind, err)
	}
	r := multipart.NewReader(m.Body, param["boundary"])
	for i, want := range []struct{ kind, name, data string }{{`text/plain; charset="utf-8"`, "", "你好\r\n."}, {"application/pdf", long, string(data)}, {"text/plain", "a b.txt", "."}, {"application/octet-stream", "", ""}} {
		part, err := r.NextPart()
		if err != nil {
			t.Fatal(i, err)
		}
		how, param, err := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
		if i > 0 && (err != nil || how != "attachment" || param["filename"] != want.name || len(param) != 1) {
			t.Errorf("%d: %q %v %v", i, how, param, err)
		}
		if got := part.Header.Get("Content-Type"); got != want.kind {
			t.Errorf("%d: %s", i, got)
		}
		if body := decode(t, part); body != want.data {
			t.Errorf("%d: %d bytes, not %d", i, len(body), len(want.data))
		}
	}
	if _, err := r.NextPart(); err != io.EOF {
		t.Error("there are more parts", err)
	}
}

// decode reads what is in base64, which the reader of parts leaves as it is.
func decode(t *testing.T, part *multipart.Part) string {
	t.Helper()
	if part.Header.Get("Content-Transfer-Encoding") != "base64" {
		t.Fatal(part.Header)
	}
	b, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, part))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// A letter whose attachment cannot be read is not sent in part.
func TestBrokenAttachmentsSendNothing(t *testing.T) {
	t.Parallel()
	at, got := mailtest.Server(t, "")
	s := New(Options{Server: at, From: "help@example.com", TLS: "off"})
	closed, bad := 0, errors.New("bad disk")
	first := enclosed("a", "text/plain", strings.NewReader("x"), 1, &closed)
	gone := File{Name: "b", Open: func(context.Context) (io.ReadCloser, error) { return nil, bad }}
	broken := enclosed("c", "text/plain", io.MultiReader(strings.NewReader(strings.Repeat("x", 100_000)), failing{bad}), 200_000, &closed)
	for _, f := range []File{gone, broken} {
		closed = 0
		err := s.Send(t.Context(), Letter{To: "w@example.com", Text: "x", Files: []File{first, f}})
		if !errors.Is(err, ErrFile) || !errors.Is(err, bad) || errors.Is(err, ErrRefused) || closed == 0 {
			t.Errorf("%v, %d closed", err, closed)
		}
	}
	if err := s.Send(t.Context(), Letter{To: "w@example.com", Text: "whole"}); err != nil {
		t.Fatal(err)
	}
	if text := <-got; strings.Contains(text, "multipart") {
		t.Error("a part of a letter arrived", text[:200])
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// What a letter with 10 MB of attachments costs in memory.
func BenchmarkCompose(b *testing.B) {
	from := &mail.Address{Address: "a@b.test"}
	b.ReportAllocs()
	for b.Loop() {
		body := io.NopCloser(io.LimitReader(zeros{}, 10<<20))
		if err := compose(io.Discard, from, from, Letter{ID: "x", Text: "hi"}, []parcel{{File{Name: "x", Type: "text/plain"}, body}}); err != nil {
			b.Fatal(err)
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
