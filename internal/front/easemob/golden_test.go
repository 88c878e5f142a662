package easemob_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"parlor/internal/server/servertest"
	"parlor/internal/wsconn/wstest"
)

// rewrite has transcripts written anew from what the server answers on SQLite. What
// changed is then reviewed as text.
var rewrite = flag.Bool("rewrite", false, "write the transcripts in testdata anew")

// TestTranscripts plays every file of testdata against a fresh company, on each engine.
//
// A file is prose, a line "Section: 1.3, 1.4" and steps. A step is a request line, its
// headers, its body, then "<", status, content type and body of the answer:
//
//	> a call whose answer is exactly this
//	? the same, repeated until the answer holds what the header Until says; {{n}} counts
//	~ a call that sets the scene: any 2xx answer
//	@ an event of the agent's console with its argument; the id of the call in the
//	  acknowledgement is {{call}}
//	! a request that we send to {{receiver}}: its headers and body are exactly these
//
// The header Until belongs to "?", Id names the id in the answer of "~", and in one that
// is written anew.
// {{name}} is what it was the first time, {{ms}}, {{iso}} and {{day}} are times, {{num}}
// is a number that depends on them, {{any}} anything. Blanks outside texts do not count.
func TestTranscripts(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no transcripts", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			settings := map[string]string{"webhook-private": "allow"}
			if *rewrite {
				if err := os.WriteFile(file, newPlay(t, servertest.Start(t, settings), file).all().text(), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			servertest.Each(t, settings, func(t *testing.T, s *servertest.Instance) { newPlay(t, s, file).all() })
		})
	}
}

// step is one step of a transcript.
type step struct {
	prose         string
	kind          byte
	method, path  string
	header        [][2]string
	body          string
	status, ctype string
	want          string
}

// script is a transcript.
type script struct {
	head  string
	steps []step
}

var headerLine = regexp.MustCompile(`^([A-Za-z][A-Za-z-]*): (.*)$`)

// readScript reads a transcript.
func readScript(t *testing.T, file string) script {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var s script
	prose, part := "", &s.head
	answered := false
	for _, line := range strings.Split(string(b), "\n") {
		kind, rest, _ := strings.Cut(line, " ")
		switch {
		case len(kind) == 1 && strings.Contains(">?~!@", kind):
			method, path, _ := strings.Cut(rest, " ")
			s.steps = append(s.steps, step{prose: prose, kind: kind[0], method: method, path: path})
			prose, part, answered = "", &s.steps[len(s.steps)-1].body, false
		case strings.HasPrefix(line, "# "):
			prose += line + "\n"
		case kind == "<" && len(s.steps) > 0:
			now := &s.steps[len(s.steps)-1]
			now.status, now.ctype, _ = strings.Cut(rest, " ")
			part, answered = &now.want, true
		case len(s.steps) > 0 && *part == "" && !answered && headerLine.MatchString(line):
			now := &s.steps[len(s.steps)-1]
			m := headerLine.FindStringSubmatch(line)
			now.header = append(now.header, [2]string{m[1], m[2]})
		case line != "" || len(s.steps) == 0:
			*part += line + "\n"
		}
	}
	return s
}

// text is the transcript as it is kept.
func (s script) text() []byte {
	var b bytes.Buffer
	b.WriteString(strings.TrimRight(s.head, "\n") + "\n")
	for _, x := range s.steps {
		fmt.Fprintf(&b, "\n%s%c %s", x.prose, x.kind, x.method)
		if x.path != "" {
			b.WriteString(" " + x.path)
		}
		b.WriteString("\n")
		for _, h := range x.header {
			b.WriteString(h[0] + ": " + h[1] + "\n")
		}
		b.WriteString(x.body)
		if x.status != "" {
			b.WriteString(strings.TrimSpace("< "+x.status+" "+x.ctype) + "\n" + x.want)
		}
	}
	return b.Bytes()
}

// push is a request that we sent.
type push struct {
	header http.Header
	body   string
}

// play is a transcript that is being played.
type play struct {
	*desk
	script script
	vars   map[string]string
	pushes chan push
	// id is what an id is called that stands at no other key, in this step.
	id string
	// console is the agent's socket, nil before it is used.
	console *wstest.Client
}

func newPlay(t *testing.T, s *servertest.Instance, file string) *play {
	p := &play{desk: newDesk(t, s), script: readScript(t, file), pushes: make(chan push, 100)}
	out := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			b = []byte(err.Error())
		}
		p.pushes <- push{r.Header, string(b)}
	}))
	t.Cleanup(out.Close)
	p.vars = map[string]string{"client": p.client.ID, "secret": p.secret, "token": p.token, "team": string(p.sac), "lin": string(p.lin.ID), "receiver": out.URL,
		"agent": s.Token("li.na@example.com"), "admin": s.Token("root@example.com"), "server": s.URL, "blank": ""}
	return p
}

var placeholder = regexp.MustCompile(`\{\{(\w+)\}\}`)

// fill puts in what placeholders stand for.
func (p *play) fill(s string) string {
	return placeholder.ReplaceAllStringFunc(s, func(m string) string {
		if v, ok := p.vars[m[2:len(m)-2]]; ok {
			return v
		}
		p.t.Fatalf("nothing is known as %s", m)
		return ""
	})
}

// all plays all steps.
func (p *play) all() script {
	p.t.Helper()
	for i := range p.script.steps {
		p.step(&p.script.steps[i])
	}
	return p.script
}

func (p *play) step(x *step) {
	p.t.Helper()
	switch x.kind {
	case '!':
		p.pushed(x)
		return
	case '@':
		p.emit(x.method, p.fill(x.body))
		return
	}
	deadline, tick := time.After(20*time.Second), time.NewTicker(30*time.Millisecond)
	defer tick.Stop()
	for n := 1; ; n++ {
		p.vars["n"] = fmt.Sprint(n)
		status, text, ctype, until := p.request(x)
		switch {
		case x.kind == '~':
			if status/100 != 2 {
				p.t.Fatalf("%s %s: %d %s", x.method, x.path, status, text)
			}
			if p.id != "id" {
				p.vars[p.id] = fmt.Sprint(answer{p.t, status, text}.get("id"))
			}
			return
		case x.kind == '>' || strings.Contains(text, until):
			p.answered(x, status, ctype, text)
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			p.t.Fatalf("%s %s never holds %q: %d %s", x.method, x.path, until, status, text)
		}
	}
}

// request makes the request of a step.
func (p *play) request(x *step) (status int, text, ctype, until string) {
	p.t.Helper()
	p.id = "id"
	header := []string{}
	for _, h := range x.header {
		switch h[0] {
		case "Until":
			until = p.fill(h[1])
			continue
		case "Id":
			p.id = h[1]
			continue
		}
		header = append(header, h[0], p.fill(h[1]))
	}
	if x.body != "" && !strings.Contains(strings.Join(header, "\n"), "Content-Type\n") {
		header = append(header, "Content-Type", "application/json")
	}
	status, text, h := p.Call(x.method, p.fill(x.path), strings.TrimSuffix(p.fill(x.body), "\n"), header...)
	if to := h.Get("Location"); to != "" {
		text = to
	}
	return status, text, h.Get("Content-Type"), until
}

// answered compares an answer, or keeps it.
func (p *play) answered(x *step, status int, ctype, text string) {
	p.t.Helper()
	if *rewrite {
		x.status, x.ctype, x.want = fmt.Sprint(status), ctype, p.abstract(text)
		return
	}
	if fmt.Sprint(status) != x.status || ctype != x.ctype {
		p.t.Fatalf("%s %s: %d %q, want %s %q\n%s", x.method, x.path, status, ctype, x.status, x.ctype, text)
	}
	p.compare(x.method+" "+x.path, x.want, text)
}

// pushed takes the next request that we sent.
func (p *play) pushed(x *step) {
	p.t.Helper()
	select {
	case got := <-p.pushes:
		for i, h := range x.header {
			if *rewrite {
				x.header[i][1] = p.abstractLine(h[0], got.header.Get(h[0]))
			} else {
				p.compare(h[0], h[1], got.header.Get(h[0]))
			}
		}
		if *rewrite {
			x.body = total.ReplaceAllString(p.abstract(got.body), `"$1": {{num}}`) // as it is when it is sent
		} else {
			p.compare("a push", x.body, got.body)
		}
	case <-time.After(20 * time.Second):
		p.t.Fatal("nothing was pushed")
	}
}

// compare holds an answer against what is wanted, and learns what placeholders are.
func (p *play) compare(what, want, got string) {
	p.t.Helper()
	want, got = squeeze(want), squeeze(got)
	pattern, at, learnt := "(?s)^", 0, []string{}
	for _, m := range placeholder.FindAllStringSubmatchIndex(want, -1) {
		pattern += regexp.QuoteMeta(want[at:m[0]])
		at = m[1]
		switch name := want[m[2]:m[3]]; {
		case name == "ms":
			pattern += `\d{13}`
		case name == "iso":
			pattern += `\d{4}-\d\d-\d\dT[0-9:.]+[0-9+Z-]+`
		case name == "day":
			pattern += `\d{4}-\d\d-\d\d`
		case name == "num":
			pattern += `\d+`
		case name == "any":
			pattern += `.*`
		case p.vars[name] != "":
			pattern += regexp.QuoteMeta(squeeze(p.vars[name]))
		default:
			pattern += `([^"\s,}\]]+)`
			learnt = append(learnt, name)
		}
	}
	found := regexp.MustCompile(pattern + regexp.QuoteMeta(want[at:]) + "$").FindStringSubmatch(got)
	if found == nil {
		p.t.Fatalf("%s: got\n%s\nwant\n%s", what, got, want)
	}
	for i, name := range learnt {
		if old := p.vars[name]; old != "" && old != found[i+1] {
			p.t.Fatalf("%s: {{%s}} is %s and %s in\n%s", what, name, old, found[i+1], got)
		}
		p.vars[name] = found[i+1]
	}
}

// squeeze leaves out blanks outside texts.
func squeeze(s string) string {
	var b strings.Builder
	in, escaped := false, false
	for _, r := range s {
		if !in && strings.ContainsRune(" \n\t\r", r) {
			continue
		}
		b.WriteRune(r)
		switch {
		case escaped:
			escaped = false
		case in && r == '\\':
			escaped = true
		case r == '"':
			in = !in
		}
	}
	return b.String()
}

var (
	// random are the values by their keys that differ each time as a whole.
	random = regexp.MustCompile(`"(roomToken|accessToken|access_token|userPassword|secret|token|X-Kefu-Signature)": "([^"]+)"`)
	guest  = regexp.MustCompile(`webim-guest-[0-9A-F]{20}`)
	short  = regexp.MustCompile(`"id": "([0-9a-z]{8})"`)
	hexID  = regexp.MustCompile(`[0-9a-f]{32}`)
	moment = regexp.MustCompile(`\b1[0-9]{12}\b`)
	// counted are figures that depend on how fast all is.
	counted = regexp.MustCompile(`"(avg_session_time|avgSessionTime|avgFirstResponseTime|avgResponseTime|duration)": \d+`)
	total   = regexp.MustCompile(`"(messageCount)": \d+`)
	signed  = regexp.MustCompile(`(t=main\\u0026e=)\d+(\\u0026s=)[\w-]+`)
	namedAt = regexp.MustCompile(`("fileName": "\w+)-\d{8}-\d{4}\.csv"`)
	dated   = regexp.MustCompile(`"(date)": "\d{4}-\d\d-\d\d"`)
	stamped = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(Z|[+-]\d{4})`)
	// lastParam is the name in the query of an address.
	lastParam = regexp.MustCompile(`[?&](\w+)=$`)
	lastKey   = regexp.MustCompile(`"([\w-]+)":[^:]*$`)
)

// aliases are the names of placeholders by the keys at which their values stand.
var aliases = map[string]string{"msgId": "session", "msg_id": "session", "sessionId": "session", "serviceSessionId": "session", "session_id": "session", "visitorUserId": "visitor",
	"visitorId": "visitor", "userPassword": "password", "access_token": "im", "accessToken": "access"}

// abstract is an answer with placeholders for what differs each time.
func (p *play) abstract(text string) string {
	var b bytes.Buffer
	if json.Indent(&b, []byte(text), "", "  ") != nil {
		return strings.TrimSpace(text) + "\n"
	}
	if b.Len() < 160 {
		b.Reset()
		if err := json.Compact(&b, []byte(text)); err != nil {
			p.t.Fatal(err)
		}
		text = strings.NewReplacer(`":`, `": `, `,"`, `, "`).Replace(b.String())
	} else {
		text = b.String()
	}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for i, line := range lines {
		lines[i] = p.abstractLine("", line)
	}
	return strings.Join(lines, "\n") + "\n"
}

func (p *play) abstractLine(key, line string) string {
	line = random.ReplaceAllStringFunc(line, func(m string) string {
		part := random.FindStringSubmatch(m)
		if strings.Contains(part[2], ".visitor.") { // the ticket of a call, which ends later each time
			return `"` + part[1] + `": "{{any}}"`
		}
		return `"` + part[1] + `": "` + p.name(part[1], part[2]) + `"`
	})
	line = guest.ReplaceAllStringFunc(line, func(m string) string { return p.name("guest", m) })
	out, at := "", 0
	for _, m := range hexID.FindAllStringIndex(line, -1) {
		name := key
		if k := lastKey.FindStringSubmatch(line[:m[0]]); k != nil {
			name = k[1]
		}
		if k := lastParam.FindStringSubmatch(line[:m[0]]); k != nil {
			name = k[1]
		}
		out += line[at:m[0]] + p.name(name, line[m[0]:m[1]])
		at = m[1]
	}
	line = counted.ReplaceAllString(dated.ReplaceAllString(out+line[at:], `"$1": "{{day}}"`), `"$1": {{num}}`)
	if strings.HasPrefix(key, "X-Kefu-Signature") {
		return "v1={{any}}"
	}
	if m := short.FindStringSubmatch(line); m != nil {
		p.name("inbox", m[1])
	}
	line = namedAt.ReplaceAllString(line, `$1-{{any}}.csv"`)
	line = signed.ReplaceAllString(line, `$1{{num}}$2{{any}}`)
	for name, v := range p.vars {
		if len(v) >= 8 {
			line = strings.ReplaceAll(line, v, "{{"+name+"}}")
		}
	}
	return stamped.ReplaceAllString(moment.ReplaceAllString(line, "{{ms}}"), "{{iso}}")
}

// name is the placeholder of a value, a new one if it has none.
func (p *play) name(key, value string) string {
	for name, v := range p.vars {
		if v == value && name != "n" {
			return "{{" + name + "}}"
		}
	}
	if known := aliases[key]; known != "" {
		key = known
	} else if key == "id" {
		key = p.id
	}
	key = strings.ReplaceAll(key, "-", "")
	name := key
	for n := 2; p.vars[name] != ""; n++ {
		name = key + fmt.Sprint(n)
	}
	p.vars[name] = value
	return "{{" + name + "}}"
}
