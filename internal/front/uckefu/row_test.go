package uckefu_test

import (
	"bytes"
	"encoding/json"
	"image"
	"image/png"
	"net/http"
	"strings"
	"testing"

	"parlor/internal/account"
	"parlor/internal/server/servertest"
)

// multipart sends one file as a form field.
func multipart(t *testing.T, s *servertest.Instance, path, field, name string, content []byte) (int, string) {
	t.Helper()
	body := "--b\r\nContent-Disposition: form-data; name=\"" + field + "\"; filename=\"" + name + "\"\r\n\r\n" + string(content) + "\r\n--b--\r\n"
	code, text, _ := s.Call(http.MethodPost, path, body, "Content-Type", "multipart/form-data; boundary=b")
	return code, text
}

// Row 31: a screenshot that is pasted is uploaded first and sent with the text
// around it; upload alone says nothing to anybody.
func TestRow31PastedScreenshot(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, nil)
	v, a, _ := pair(t, s)
	var shot bytes.Buffer
	if err := png.Encode(&shot, image.NewGray(image.Rect(0, 0, 30, 20))); err != nil {
		t.Fatal(err)
	}
	v.until("status", `"messageType":"message"`) // from here on the page counts as open
	code, text := multipart(t, s, "/im/image/upload.html?userid=ann&appid=main&paste=1", "imgFile", "shot.png", shot.Bytes())
	var answer struct {
		Error int
		URL   string
	}
	if err := json.Unmarshal([]byte(text), &answer); err != nil || code != 200 || answer.Error != 0 || !strings.HasPrefix(answer.URL, "/res/image.html?id=") {
		t.Fatal(code, text)
	}
	v.emit("message", map[string]string{"type": "message", "message": `see <b>this</b>: <img src="` + answer.URL + `"><img src="https://evil.example/x.png">`})
	for name, k := range map[string]*sock{"agent": a, "echo": v} {
		if got := k.until("message", "see this:"); strings.Contains(got, "evil") || strings.Contains(got, "img") {
			t.Errorf("%s: %s", name, got)
		}
		k.until("message", `"msgtype":"image"`, `/res/image.html?id=`)
	}
	for _, p := range a.held {
		if strings.Contains(p, `"msgtype":"image"`) {
			t.Errorf("the picture came twice: %s", p)
		}
	}
	if code, _, h := s.Call(http.MethodGet, answer.URL, ""); code != 200 || !strings.HasPrefix(h.Get("Content-Type"), "image/") {
		t.Error(code, h)
	}
	if code, text = multipart(t, s, "/im/image/upload.html?userid=stranger&appid=main&paste=1", "imgFile", "shot.png", shot.Bytes()); code != 403 {
		t.Error("an upload without an open page:", code, text)
	}
}

// Row 41: a link that names an agent or a team leads there, and one that names
// nobody known to anybody.
func TestRow41NamedAgentOrTeam(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, nil)
	team := s.Team("Repairs")
	agents := map[string]*sock{}
	ids := map[string]string{}
	for name, teams := range map[string][]string{"lin": nil, "bo": nil, "eve": {"Repairs"}} {
		a := s.Agent(name+"@example.com", account.Member, teams...)
		token := s.Token(name + "@example.com")
		k, refused := join(t, s, "/im/agent", map[string]string{"userid": string(a.ID), "orgi": "ukewo", "session": token})
		agents[name], ids[name] = must(t, k, refused), string(a.ID)
		if code, body, _ := s.Call("PUT", "/api/servicequene?status=ready", "", "authorization", token); code != 200 {
			t.Fatal(body)
		}
	}
	come := func(userid, field, value string) {
		t.Helper()
		q := page(userid)
		q[field] = value
		k, refused := join(t, s, "/im/user", q)
		must(t, k, refused).until("status", `"messageType":"message"`)
	}
	for userid, c := range map[string][3]string{"v1": {"agent", ids["lin"], "lin"}, "v2": {"agent", ids["bo"], "bo"}, "v3": {"skill", string(team), "eve"}, "v4": {"agent", ids["lin"], "lin"}} {
		come(userid, c[0], c[1])
		agents[c[2]].until("new", `"userid":"`+userid+`"`)
	}
	come("v5", "agent", "nobody")
	come("v6", "skill", "no team")
	list := ""
	for _, name := range []string{"lin", "bo", "eve"} {
		_, body, _ := s.Call("GET", "/api/agentuser", "", "authorization", s.Token(name+"@example.com"))
		list += body
	}
	for _, userid := range []string{"v5", "v6"} {
		if !strings.Contains(list, `"userid":"`+userid+`"`) {
			t.Errorf("%s, who asked for nobody there is, is served by nobody: %s", userid, list)
		}
	}
}

// Row 81: a voice message over the contract: kept with its length, and played by
// the address that page and console get.
func TestRow81VoiceMessage(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, nil)
	v, a, conv := pair(t, s)
	// The beginning of a WebM file, as a browser records it.
	sound := append([]byte{0x1A, 0x45, 0xDF, 0xA3, 0x9F, 0x42, 0x86, 0x81, 1, 0x42, 0xF7, 0x81, 1, 0x42, 0xF2, 0x81, 4, 0x42, 0xF3, 0x81, 8, 0x42, 0x82, 0x84, 'w', 'e', 'b', 'm'}, make([]byte, 300)...)
	v.until("status", `"messageType":"message"`) // from here on the page counts as open
	if code, text := multipart(t, s, "/im/voice/upload?userid=ann&appid=main&duration=2300", "voice", "rec.webm", sound); code != 200 || !strings.Contains(text, `"error":0`) {
		t.Fatal(code, text)
	}
	for name, k := range map[string]*sock{"agent": a, "echo": v} {
		got := k.until("message", `"msgtype":"voice"`, `"duration":3`)
		_, rest, _ := strings.Cut(got, `"message":"`)
		address, _, _ := strings.Cut(rest, `"`)
		code, body, h := s.Call(http.MethodGet, address, "")
		if code != 200 || body != string(sound) || !strings.Contains(h.Get("Content-Type"), "webm") || !strings.HasPrefix(h.Get("Content-Disposition"), "inline") {
			t.Errorf("%s: %s gives %d, %d bytes, %v", name, address, code, len(body), h)
		}
	}
	_, body, _ := s.Call("GET", "/api/parlor/v1/conversations/"+conv+"/messages", "", "Authorization", "Bearer "+s.Token("lin@example.com"))
	if !strings.Contains(body, `"kind":"voice"`) || !strings.Contains(body, `"duration":2300`) {
		t.Error(body)
	}
	if code, text := multipart(t, s, "/im/voice/upload?userid=ann&appid=main", "voice", "rec.webm", []byte("just text")); code < 400 || !strings.Contains(text, `"error":1`) {
		t.Error("a text is taken for a recording:", code, text)
	}
	if code, text := multipart(t, s, "/im/voice/upload?userid=nobody&appid=main", "voice", "rec.webm", sound); code != 403 {
		t.Error(code, text)
	}
}
