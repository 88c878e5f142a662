package call_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"parlor/internal/actor"
	"parlor/internal/call"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
)

// ours knows one picture.
type ours struct{}

const picture = "/files/here/original?s=1"

func (ours) Signed(t id.Tenant, address string) bool { return t == "main" && address == picture }

// talk brings both sides of a call together.
func (w *world) talk() (c call.Call, ticket func(actor.Actor) string) {
	w.t.Helper()
	j := w.invite(w.agent)
	got, err := w.Accept(w.t.Context(), w.visitor, j.Call.ID)
	w.must(err)
	return got.Call, func(who actor.Actor) string { return w.Ticket("main", got.Call.ID, who.Kind) }
}

// signals are the signals that were told, and to whom.
func (w *world) signals() (list []call.Signal, to []event.Topic) {
	for _, e := range w.events {
		if g, ok := e.Data.(*call.Signal); ok {
			list, to = append(list, *g), append(to, e.To...)
		}
	}
	return list, to
}

func TestOnlyTheAgentSwitchesDevices(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, ticket := w.talk()
	for _, bad := range []string{``, `{}`, `{"device":"microphone"}`, `{"device":"screen","action":"on"}`, `{"device":"camera","action":"toggle"}`} {
		w.reason(w.Pass(w.agent, c, ticket(w.agent), "device", bad), errs.Invalid, "bad_signal")
	}
	const off = `{"device":"microphone","action":"off"}`
	w.reason(w.Pass(w.visitor, c, ticket(w.visitor), "device", off), errs.Forbidden, "agents_only")
	w.reason(w.Pass(w.agent, c, ticket(w.visitor), "device", off), errs.Forbidden, "bad_ticket")
	if list, _ := w.signals(); len(list) != 0 {
		t.Fatalf("told nevertheless: %+v", list)
	}
	w.must(w.Pass(w.agent, c, ticket(w.agent), "device", `{"device":"camera","action":"on","more":1}`))
	// The recorder of a recorded call has no devices: the browser is told itself.
	c.Recorded = true
	w.must(w.Pass(w.agent, c, ticket(w.agent), "device", off))
	w.must(w.Pass(w.agent, c, ticket(w.agent), "board", `{"hello":true}`))
	w.must(w.Pass(w.agent, c, ticket(w.agent), "state", `{}`))
	list, to := w.signals()
	if len(list) != 4 || list[0].Data != `{"device":"camera","action":"on"}` || list[1].Data != off || list[1].ToRecorder || list[2].ToRecorder || !list[3].ToRecorder {
		t.Fatalf("%+v", list)
	}
	for i, topic := range to[:3] {
		if topic != event.ToVisitor("main", w.visitor.Visitor) {
			t.Errorf("signal %d goes to %s", i, topic)
		}
	}
	if to[3] != event.ToNodes {
		t.Errorf("the recorder's goes to %s", to[3])
	}
}

// element is an element as a browser tells of it.
func element(name string, change ...string) string {
	e := map[string]any{"id": name, "page": "a0", "tool": "line", "colour": "#111318", "width": 40, "points": []int{0, 0, 10000, 10000}, "at": 3}
	for i := 0; i < len(change); i += 2 {
		var v any
		if err := json.Unmarshal([]byte(change[i+1]), &v); err != nil {
			panic(err)
		}
		e[change[i]] = v
	}
	b, err := json.Marshal(e)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func numbers(n int) string { return "[" + strings.TrimSuffix(strings.Repeat("7,", n), ",") + "]" }

func TestWhoDrawsWhatOnTheBoard(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, ticket := w.talk()
	mine, yours := element("a1"), element("v1")
	for _, x := range []struct {
		data           string
		agent, visitor string
	}{
		{`{"hello":true}`, "", ""},
		{`{"open":true,"at":9}`, "", ""},
		{`{"put":[` + mine + `]}`, "", "not_yours"},
		{`{"put":[` + yours + `]}`, "not_yours", ""},
		{`{"draft":` + yours + `}`, "not_yours", ""},
		{`{"whole":true,"draft":` + mine + `}`, "", "not_yours"},
		{`{"whole":true,"put":[` + mine + `,` + yours + `],"pages":[{"id":"a2","at":1},{"id":"v2","at":2}],"on":"a2"}`, "", ""},
		{`{"pages":[{"id":"v2","at":1,"picture":"` + picture + `"}]}`, "not_yours", ""},
		{`{"gone":["v1"]}`, "", ""},
		{`{"gone":["v1","a1"]}`, "", "not_yours"},
		{`{"whole":true,"gone":["a1"]}`, "", "not_yours"},
		{`{"clear":[{"page":"a0","at":8}]}`, "", "agents_only"},
		{`{"whole":true,"clear":[{"page":"a0","at":8}]}`, "", "agents_only"},
		{`{"turn":{"page":"a0","at":8}}`, "", "agents_only"},
	} {
		for who, want := range map[*actor.Actor]string{&w.agent: x.agent, &w.visitor: x.visitor} {
			if err := w.Pass(*who, c, ticket(*who), "board", x.data); errs.ReasonOf(err) != want {
				t.Errorf("%s of the %s: %v, want %q", x.data, who.Kind, err, want)
			}
		}
	}
}

func TestTheBoardIsBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, ticket := w.talk()
	pass := func(data string) error { return w.Pass(w.agent, c, ticket(w.agent), "board", data) }
	put := func(change ...string) string { return `{"put":[` + element("a1", change...) + `]}` }
	many := func(n int, one string) string { return strings.TrimSuffix(strings.Repeat(one+",", n), ",") }
	for name, data := range map[string]string{
		"no json": `{`, "two": `{}{}`, "unknown": `{"html":"x"}`, "no list": `{"put":1}`,
		"clock": `{"at":1000000001}`, "before": `{"at":-1}`, "page shown": `{"on":"../x"}`,
		"id": put("id", `"x1"`), "long id": put("id", `"a`+strings.Repeat("1", 21)+`"`), "page": put("page", `""`),
		"tool": put("tool", `"spray"`), "colour": put("colour", `"red"`), "capital colour": put("colour", `"#FFFFFF"`),
		"thin": put("width", `0`), "thick": put("width", `401`), "late": put("at", `1000000001`),
		"no points": put("points", `[]`), "half a point": put("points", `[1,2,3]`), "three points": put("points", `[1,2,3,4,5,6]`),
		"outside": put("points", `[0,0,0,10001]`), "negative": put("points", `[0,0,-1,0]`), "fraction": put("points", `[0,0,0.5,1]`),
		"pen": put("tool", `"pen"`, "points", numbers(514)), "empty pen": put("tool", `"pen"`, "points", `[]`),
		"no words": put("tool", `"text"`, "points", `[1,1]`), "words of a line": put("text", `"x"`),
		"long text":  put("tool", `"text"`, "points", `[1,1]`, "text", `"`+strings.Repeat("会", 201)+`"`),
		"two lines":  put("tool", `"text"`, "points", `[1,1]`, "text", `"a\nb"`),
		"draft":      `{"draft":` + element("a1", "width", "0") + `}`,
		"elements":   `{"put":[` + many(201, `{}`) + `]}`,
		"gone":       `{"gone":[` + many(1001, `"a1"`) + `]}`,
		"gone what":  `{"gone":["*"]}`,
		"pages":      `{"pages":[` + many(21, `{"id":"a1"}`) + `]}`,
		"page id":    `{"pages":[{"id":"1"}]}`,
		"elsewhere":  `{"pages":[{"id":"a1","picture":"https://example.com/x.png"}]}`,
		"clear what": `{"clear":[{"page":"","at":1}]}`,
		"turn what":  `{"turn":{"page":"","at":1}}`,
		"turn when":  `{"turn":{"page":"a0","at":-1}}`,
	} {
		if err := pass(data); errs.ReasonOf(err) != "bad_board" {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.reason(pass(`{"put":[`+strings.Repeat(" ", call.MaxSignal)+`]}`), errs.Invalid, "bad_signal")
	if list, _ := w.signals(); len(list) != 0 {
		t.Fatalf("told nevertheless: %+v", list)
	}
	for _, data := range []string{
		put("tool", `"pen"`, "points", numbers(512)), put("tool", `"pen"`, "points", `[5,5]`), put("tool", `"text"`, "points", `[1,1]`, "text", `"<b>会客 & co</b>"`),
		put("tool", `"ellipse"`), put("tool", `"arrow"`), put("tool", `"rectangle"`), `{"pages":[{"id":"a1","picture":"` + picture + `"}]}`, `{"gone":["a1"]}`,
	} {
		w.must(pass(data))
	}
	// What was checked is what the other side reads: a second key of the same name is none.
	w.must(pass(`{"put":[{"id":"v9"}],"PUT":[` + element("a5") + `]}`))
	list, _ := w.signals()
	if got := list[2].Data; !strings.Contains(got, `"text":"<b>会客 & co</b>"`) {
		t.Errorf("a text became %s", got)
	}
	if got := list[len(list)-1].Data; strings.Contains(got, "v9") || strings.Contains(got, "PUT") || !strings.Contains(got, `"id":"a5"`) {
		t.Errorf("told %s", got)
	}
}

func TestABoardIsOpenedInACall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	j := w.invite(w.visitor)
	w.reason(w.Board(ctx, w.visitor, j.Call.ID), errs.Conflict, "call_not_answered")
	_, err := w.Accept(ctx, w.agent, j.Call.ID)
	w.must(err)
	for _, who := range []actor.Actor{w.stranger, w.other, w.boss} {
		w.reason(w.Board(ctx, who, j.Call.ID), errs.NotFound, "call_not_found")
	}
	w.must(w.Board(ctx, w.visitor, j.Call.ID))
	w.must(w.Board(ctx, w.agent, j.Call.ID))
	list, to := w.signals()
	if len(list) != 2 || list[0].From != actor.Visitor || list[1].From != actor.Agent || list[0].Type != "board" || list[0].Data != `{"open":true}` ||
		to[0] != event.ToAgent("main", w.agent.Agent) || to[1] != event.ToVisitor("main", w.visitor.Visitor) {
		t.Fatalf("%+v to %v", list, to)
	}
	all, err := w.talks.Messages(ctx, w.visitor, w.conv, conversation.Range{Limit: 50})
	w.must(err)
	told := ""
	for _, m := range all {
		if m.Line != nil && m.Line.Name == conversation.LineBoard {
			told += fmt.Sprint(m.Line.By == j.Call.VisitorName, m.Line.CallNumber, m.Line.Call == j.Call.ID, ";")
		}
	}
	if told != "true 1 true;" {
		t.Errorf("the conversation tells %q", told)
	}
	_, err = w.Leave(ctx, w.agent, j.Call.ID, false)
	w.must(err)
	w.reason(w.Board(ctx, w.agent, j.Call.ID), errs.Conflict, "call_over")
}
