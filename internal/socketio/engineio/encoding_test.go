package engineio

import (
	"bytes"
	"net/url"
	"strconv"
	"strings"
	"testing"
)

// twice encodes text to UTF-8 inside the string, as clients up to 1.4 do.
func twice(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		b.WriteRune(rune(c))
	}
	return b.String()
}

func units(s string) string { return strconv.Itoa(unitsOf([]byte(s))) }

func TestDoubleUTF8OfOldClientsIsUndone(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		body []string // packets as text in the body
		want []string
	}{
		{"Twice", []string{twice(`4["message",{"message":"你好"}]`)}, []string{`["message",{"message":"你好"}]`}},
		{"Once", []string{`4["message",{"message":"你好"}]`}, []string{`["message",{"message":"你好"}]`}},
		{"EmojiTwice", []string{twice("4😀👩‍👩‍👧")}, []string{"😀👩‍👩‍👧"}},
		{"EmojiOnce", []string{"4😀👩‍👩‍👧"}, []string{"😀👩‍👩‍👧"}},
		{"ASCII", []string{"4plain"}, []string{"plain"}},
		{"LatinOnce", []string{"4señor"}, []string{"señor"}},
		{"LatinTwice", []string{twice("4señor")}, []string{"señor"}},
		{"AmbiguousAlone", []string{"4Ã©"}, []string{"é"}},
		{"AmbiguousAfterOnce", []string{"4你", "4Ã©"}, []string{"你", "Ã©"}},
		{"AmbiguousAfterLatinOnce", []string{"4é", "4Ã©"}, []string{"é", "Ã©"}},
		{"TwiceAfterTwice", []string{twice("4你"), twice("4Ã©")}, []string{"你", "Ã©"}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, Options{})
			q := s.poll("3")
			for _, p := range tc.body {
				s.want("POST", q, units(p)+":"+p, 200, "ok")
			}
			if got := s.messages(); strings.Join(got, "|") != strings.Join(tc.want, "|") {
				t.Fatalf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestExactBytesOfOldClients(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"1.4.8": "43:42/im/user,[\"message\",{\"message\":\"\xc3\xa4\xc2\xbd\xc2\xa0\xc3\xa5\xc2\xa5\xc2\xbd\"}]",
		"2.5.0": "39:42/im/user,[\"message\",{\"message\":\"你好\"}]",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, Options{})
			q := s.poll("3")
			s.want("POST", q, body, 200, "ok")
			if got := s.messages(); len(got) != 1 || got[0] != `2/im/user,["message",{"message":"你好"}]` {
				t.Fatalf("got %q", got)
			}
		})
	}
}

func TestPollingOutputOfVersion3(t *testing.T) {
	t.Parallel()
	json := FinishText(append(StartText(0), `2["m","你😀"]`...), true)
	s := newSite(t, Options{})
	open := func(extra string) (string, *Conn) {
		_, text := s.do("GET", base("3")+extra, "")
		_, text, _ = strings.Cut(text, ":")
		return base("3") + extra + "&sid=" + parseOpen(t, text).SID, <-s.opened
	}
	check := func(q, kind, want string) {
		t.Helper()
		status, got, h := s.full("GET", q, "")
		if status != 200 || got != want || h.Get("Content-Type") != kind {
			t.Fatalf("%d %q as %q, want %q", status, got, h.Get("Content-Type"), want)
		}
	}
	q, c := open("")
	send := func(c *Conn, m ...Message) {
		t.Helper()
		if err := c.SendAll(m); err != nil {
			t.Fatal(err)
		}
	}
	send(c, json)
	check(q, "application/octet-stream", "\x00\x01\x07\xff42[\"m\",\"你😀\"]")
	send(c, Text([]byte("hello")), Binary(V3, []byte{1, 2, 3, 4}))
	check(q, "application/octet-stream", "\x00\x06\xff4hello\x01\x05\xff\x04\x01\x02\x03\x04")
	send(c, Text([]byte("ascii")))
	check(q, "text/plain; charset=UTF-8", "6:4ascii")

	q, c = open("&b64=1")
	send(c, json, Binary(V3, []byte{1, 2, 3, 4}))
	check(q, "text/plain; charset=UTF-8", `28:42["m","\u4f60\ud83d\ude00"]10:b4AQIDBA==`)
	send(c, Text([]byte("你😀")))
	check(q, "text/plain; charset=UTF-8", "4:4你😀")
	p := twice("4é😀")
	s.want("POST", q, units(p)+":"+p, 200, "ok") // now the client is known to decode twice
	check(q, "text/plain; charset=UTF-8", units(p)+":"+p)
}

func TestBinaryBodyOfVersion3(t *testing.T) {
	t.Parallel()
	s := newSite(t, Options{})
	_, text := s.do("GET", base("3"), "")
	_, text, _ = strings.Cut(text, ":")
	q := base("3") + "&sid=" + parseOpen(t, text).SID
	body := "\x00\x07\xff4你好\x01\x04\xff\x04\x00\xff\x01\x00\x02\xff4x"
	if status, got := s.do("POST", q, body, "Content-Type", "application/octet-stream"); status != 200 || got != "ok" {
		t.Fatalf("%d %q", status, got)
	}
	if got := s.messages(); len(got) != 3 || got[0] != "你好" || got[1] != "\x00\xff\x01" || got[2] != "x" {
		t.Fatalf("got %q", got)
	}
}

func TestBadBinaryBodies(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "\x02\x01\xff4", "\x00\xff4", "\x00\x0a\xff4", "\x00\x05\xff4x", "\x00\x01", "\x01\x01\xff\x07", "\x00\x02\xff4\xff",
		"\x00" + strings.Repeat("\x01", 11) + "\xff4"} {
		t.Run(strconv.Quote(body), func(t *testing.T) {
			t.Parallel()
			if err := decodeV3Binary([]byte(body), func(packet) error { return nil }); err == nil {
				t.Fatal("accepted")
			}
		})
	}
	s := newSite(t, Options{})
	q := s.poll("4")
	if status, _ := s.do("POST", q, "4x", "Content-Type", "application/octet-stream"); status != 400 {
		t.Fatalf("version 4 has no binary bodies, got %d", status)
	}
}

func TestJSONP(t *testing.T) {
	t.Parallel()
	eachVersion(t, func(t *testing.T, version string) {
		s := newSite(t, Options{})
		_, text, h := s.full("GET", base(version)+"&j=0", "")
		if h.Get("Content-Type") != "text/javascript; charset=UTF-8" || !strings.HasPrefix(text, `___eio[0]("`) || !strings.HasSuffix(text, `");`) {
			t.Fatalf("%q %v", text, h)
		}
		inner, err := strconv.Unquote(text[len(`___eio[0](`) : len(text)-2])
		if err != nil {
			t.Fatal(err)
		}
		if version == "3" {
			_, inner, _ = strings.Cut(inner, ":")
		}
		q := base(version) + "&j=0&sid=" + parseOpen(t, inner).SID
		// A JSON newline, a real newline, a backslash before n, quotes and a semicolon.
		message := `2["m","a\nb \\n ` + "\n" + ` \" ; & + 100% 你好"]`
		sent := strings.ReplaceAll(message, `\n`, "\\\n")
		sent = strings.ReplaceAll(sent, "\n", `\n`)
		payload := "4" + message
		escaped := "4" + sent
		if version == "3" {
			escaped = units(payload) + ":" + escaped
		}
		s.want("POST", q, "d="+url.QueryEscape(escaped), 200, "ok")
		if got := s.messages(); len(got) != 1 || got[0] != message {
			t.Fatalf("got  %q\nwant %q", got, message)
		}
		c := <-s.opened
		s.want("GET", strings.Replace(q, "j=0", "j=7", 1), "", 200, `___eio[7]("`+jsText(version, payload)+`");`)
		if err := c.Send(FinishText(append(StartText(0), "2[\"</script>\u2028\"]"...), true)); err != nil {
			t.Fatal(err)
		}
		_, text = s.do("GET", strings.Replace(q, "j=0", "j=8", 1), "")
		if strings.ContainsAny(text, "<\u2028") {
			t.Fatalf("unsafe script: %q", text)
		}
	})
}

// jsText is what a script must hold for the echo of a packet.
func jsText(version, packet string) string {
	return string(bytes.Trim(appendScriptString(nil, []byte(framed(version, packet))), `"`))
}

func TestJSONPNewlineEscaping(t *testing.T) {
	t.Parallel()
	client := func(s string) string {
		return strings.ReplaceAll(strings.ReplaceAll(s, `\n`, "\\\n"), "\n", `\n`)
	}
	for _, s := range []string{"", "plain", "\n", `\n`, `\\n`, `\\\n`, "a\\nb\nc", `\\`, `\`, "\n\n", `\n\n`, `n`, `\r\n`} {
		if got := string(unescapeNewlines([]byte(client(s)))); got != s {
			t.Errorf("%q came back as %q", s, got)
		}
	}
}

func TestBadJSONPBody(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "x=4", "d=%zz", "d="} {
		s := newSite(t, Options{})
		q := s.poll("4")
		if status, _ := s.do("POST", q+"&j=1", body); status != 400 {
			t.Errorf("%q: %d", body, status)
		}
	}
}

func FuzzDecodeV4(f *testing.F) {
	for _, s := range []string{"4hello", "4a\x1e4b", "bAQID", "2", "\x1e", "4\xff"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var out []Message
		if decodeV4(bytes.Clone(body), remessage(V4, &out)) != nil || len(out) == 0 {
			return
		}
		var again []Message
		if err := decodeV4(appendV4(nil, out), remessage(V4, &again)); err != nil || !same(out, again) {
			t.Fatalf("%q does not survive encoding: %v", body, err)
		}
	})
}

func FuzzDecodeV3Text(f *testing.F) {
	for _, s := range []string{"6:4hello", "1:22:4é", "10:b4AQIDBA==", "3:4😀", twice("3:4é"), "0:", "x"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var out []Message
		known := encodingOnce
		if decodeV3Text(bytes.Clone(body), &known, remessage(V3, &out)) != nil {
			return
		}
		var again []Message
		if err := decodeV3Text(appendV3Text(nil, out, encodingOnce), &known, remessage(V3, &again)); err != nil || !same(out, again) {
			t.Fatalf("%q does not survive encoding: %v", body, err)
		}
		again, known = nil, encodingTwice
		if err := decodeV3Text(appendV3Text(nil, out, encodingTwice), &known, remessage(V3, &again)); err != nil || !same(out, again) {
			t.Fatalf("%q does not survive double encoding: %v", body, err)
		}
		known = encodingUnknown
		_ = decodeV3Text(body, &known, func(packet) error { return nil }) // must only not panic
	})
}

func FuzzDecodeV3Binary(f *testing.F) {
	for _, s := range []string{"\x00\x06\xff4hello\x01\x02\xff\x04\x01", "\x01\x01\xff\x02", "\x00", "\x00\x01\x00\xff4123456789"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var out []Message
		if decodeV3Binary(bytes.Clone(body), remessage(V3, &out)) != nil {
			return
		}
		var again []Message
		if err := decodeV3Binary(appendV3Binary(nil, out), remessage(V3, &again)); err != nil || !same(out, again) {
			t.Fatalf("%q does not survive encoding: %v", body, err)
		}
	})
}

func FuzzJSONP(f *testing.F) {
	f.Add([]byte(`d=4%5C%5Cn`))
	f.Add([]byte(`a=b&d=\n\\n`))
	f.Fuzz(func(t *testing.T, body []byte) {
		out, err := jsonpBody(body)
		if err == nil && len(out) > len(body) {
			t.Fatalf("%q grew to %q", body, out)
		}
		script := appendJSONP(nil, "1", bytes.ToValidUTF8(body, nil))
		if bytes.ContainsAny(script, "\n\r<>\u2028\u2029") {
			t.Fatalf("unsafe script %q", script)
		}
	})
}

// remessage turns packets back into messages.
func remessage(protocol int, out *[]Message) sink {
	return func(p packet) error {
		frame := append([]byte{p.kind}, p.data...)
		if p.binary {
			frame = frame[1:]
			if protocol == V3 {
				frame = append([]byte{p.kind - '0'}, p.data...)
			}
		}
		*out = append(*out, Message{frame: frame, binary: p.binary})
		return nil
	}
}

func same(a, b []Message) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !bytes.Equal(a[i].frame, b[i].frame) || a[i].binary != b[i].binary {
			return false
		}
	}
	return true
}
