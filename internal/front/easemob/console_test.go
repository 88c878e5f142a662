package easemob_test

import (
	"fmt"
	"strings"

	"parlor/internal/wsconn/wstest"
)

const consoleSpace = "/parlor/agent"

// emit sends an event of the agent's console and waits for its acknowledgement.
func (p *play) emit(event, arg string) {
	p.t.Helper()
	if p.console == nil {
		c, _, err := wstest.Dial("ws"+strings.TrimPrefix(p.URL, "http")+"/socket.io/?EIO=4&transport=websocket", nil)
		if err != nil {
			p.t.Fatal(err)
		}
		p.t.Cleanup(func() { _ = c.Close() }) // it may be closed already
		p.console = c
		p.say(fmt.Sprintf(`40%s,{"token":%q}`, consoleSpace, p.vars["agent"]), "40"+consoleSpace)
	}
	got := p.say(fmt.Sprintf(`42%s,1[%q,%s]`, consoleSpace, event, strings.TrimSpace(arg)), "43"+consoleSpace+",1")
	a := answer{p.t, 200, strings.TrimSuffix(strings.TrimPrefix(got, "["), "]")}
	if a.get("code") != nil || a.get("error") != nil {
		p.t.Fatalf("%s %s: %s", event, arg, got)
	}
	if c := a.get("call.id"); c != nil {
		p.vars["call"] = fmt.Sprint(c)
	}
}

// say sends a packet and returns what follows the beginning of the one that answers it.
func (p *play) say(packet, begins string) string {
	p.t.Helper()
	for err := p.console.Text(packet); ; {
		if err != nil {
			p.t.Fatal(err)
		}
		text, readErr := p.console.ReadText()
		if rest, ok := strings.CutPrefix(text, begins); ok {
			return rest
		}
		if err = readErr; err == nil && text == "2" {
			err = p.console.Text("3")
		}
	}
}
