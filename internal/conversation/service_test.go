package conversation_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/bus/memory"
	"parlor/internal/clock"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
	"parlor/internal/routing"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
	"parlor/internal/visitor"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// files knows one picture that the visitor uploaded.
type files struct{ owner id.Visitor }

func (f *files) ForMessage(_ context.Context, who actor.Actor, file id.File) (conversation.File, error) {
	if file != "pic" || who.Visitor != f.owner {
		return conversation.File{}, errs.New(errs.NotFound, "file_not_found", "none")
	}
	return conversation.File{ID: "pic", Name: "灯.png", Type: "image/png", Size: 5}, nil
}

type fixture struct {
	*conversation.Service
	t       *testing.T
	store   *store.Store
	clock   *clock.Stub
	events  []*event.Event
	visitor actor.Actor
	agent   actor.Actor
	other   actor.Actor
	boss    actor.Actor
	conv    id.Conversation
}

// setup makes a visitor's conversation that is open with agent.
func setup(t *testing.T, st *store.Store) *fixture {
	t.Helper()
	f := &fixture{t: t, store: st, clock: clock.NewStub(time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC))}
	b := memory.New()
	accounts := account.New(st, b, f.clock)
	_, err := accounts.Setup(t.Context())
	f.must(err)
	add := func(name string, role account.Role) actor.Actor {
		a, err := accounts.AddAgent(t.Context(), account.NewAgent{Tenant: "main", Email: name + "@example.com", Name: name, Password: "correct horse", Role: role})
		f.must(err)
		return account.Login{Agent: a}.Actor()
	}
	f.agent, f.other, f.boss = add("lin", account.Member), add("bo", account.Member), add("cy", account.Supervisor)
	v, err := visitor.New(st, b, f.clock, []byte("key")).Arrive(t.Context(), "", visitor.Visitor{Tenant: "main", Inbox: "main", Name: "Ann"})
	f.must(err)
	f.visitor = v.Actor()
	f.Service = conversation.New(st, &files{v.ID}, b, f.clock)
	c, created, err := f.Start(t.Context(), f.visitor, conversation.StartInput{Channel: "web"})
	f.must(err)
	if !created || c.Status != conversation.Queued {
		t.Fatalf("%+v", c)
	}
	f.conv = c.ID
	_, err = st.Assign(t.Context(), routing.AssignInput{Tenant: "main", Conversation: c.ID, Version: c.Version, To: f.agent.Agent, Force: true, At: f.clock.Now(),
		Line: conversation.Message{ID: id.Message(id.New()), Tenant: "main", Conversation: c.ID, Kind: conversation.Event, Line: &conversation.Line{Name: conversation.LineAssigned}, At: f.clock.Now()}})
	f.must(err)
	b.Subscribe(func(e *event.Event) { f.events = append(f.events, e) })
	return f
}

func (f *fixture) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) post(who actor.Actor, kind conversation.Kind, text string) (conversation.Posted, error) {
	return f.Post(f.t.Context(), who, conversation.PostInput{Conversation: f.conv, Kind: kind, Text: text})
}

func (f *fixture) refused(reason string, err error) {
	f.t.Helper()
	if errs.ReasonOf(err) != reason {
		f.t.Fatalf("got %v, want %s", err, reason)
	}
}

func TestPostNumbersCountsAndAnnounces(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		f := setup(t, st)
		for i, say := range []struct {
			who    actor.Actor
			kind   conversation.Kind
			text   string
			seq    int64
			prev   int64
			unread int
			waits  bool
		}{
			{f.visitor, conversation.Text, " 你好\r\n世界\x00 ", 2, 1, 1, true},
			{f.visitor, conversation.Text, "?", 3, 2, 2, true},
			{f.agent, conversation.Note, "VIP", 4, 3, 0, true},
			{f.agent, conversation.Text, "hi", 5, 3, 0, false},
			{f.visitor, conversation.Text, "ok", 6, 5, 1, true},
		} {
			p, err := f.post(say.who, say.kind, say.text)
			f.must(err)
			c := p.Conversation
			if p.Message.Seq != say.seq || p.Message.Prev != say.prev || c.Unread != say.unread || (c.WaitingSince != nil) != say.waits {
				t.Fatalf("message %d: %+v of %+v", i, p.Message, c)
			}
		}
		list, err := f.Messages(t.Context(), f.visitor, f.conv, conversation.Range{})
		f.must(err)
		var got []string
		for _, m := range list {
			got = append(got, fmt.Sprintf("%d %s", m.Seq, m.Text))
		}
		if want := "[1  2 你好\n世界 3 ? 5 hi 6 ok]"; fmt.Sprint(got) != want {
			t.Fatalf("the visitor sees %q", got)
		}
		for _, e := range f.events {
			d := e.Data.(*conversation.Posted)
			toVisitor := false
			for _, topic := range e.To {
				toVisitor = toVisitor || topic == event.ToVisitor("main", f.visitor.Visitor)
			}
			if toVisitor == (d.Message.Kind == conversation.Note) {
				t.Fatalf("a %s goes to %v", d.Message.Kind, e.To)
			}
		}
	})
}

func TestWhoMayPost(t *testing.T) {
	t.Parallel()
	f := setup(t, storetest.SQLite(t))
	stranger := f.visitor
	stranger.Visitor = "somebody else"
	foreign := f.agent
	foreign.Tenant = "other"
	mute := f.agent
	mute.Permissions = nil
	_, err := f.post(stranger, conversation.Text, "x")
	f.refused("conversation_not_found", err)
	_, err = f.post(foreign, conversation.Text, "x")
	f.refused("conversation_not_found", err)
	_, err = f.post(f.other, conversation.Text, "x")
	f.refused("not_your_conversation", err)
	_, err = f.post(f.boss, conversation.Text, "x")
	f.refused("not_your_conversation", err)
	_, err = f.post(f.other, conversation.Note, "x")
	f.refused("conversation_not_found", err)
	_, err = f.post(mute, conversation.Text, "x")
	f.refused("not_allowed", err)
	_, err = f.post(f.visitor, conversation.Note, "x")
	f.refused("kind_not_allowed", err)
	_, err = f.post(f.visitor, conversation.Event, "x")
	f.refused("kind_not_allowed", err)
	_, err = f.post(f.boss, conversation.Note, "watch this one")
	f.must(err)
	if len(f.events) != 1 {
		t.Fatalf("%d events: a refused message was announced", len(f.events))
	}
	_, err = f.Close(t.Context(), f.other, f.conv, "")
	f.refused("conversation_not_found", err)
	c, err := f.Close(t.Context(), f.boss, f.conv, "")
	f.must(err)
	if c.Status != conversation.Closed || c.EndBy != conversation.EndByAgent {
		t.Fatalf("%+v", c)
	}
	_, err = f.post(f.visitor, conversation.Text, "late")
	f.refused("conversation_closed", err)
	_, err = f.Close(t.Context(), f.visitor, f.conv, "")
	f.refused("conversation_closed", err)
}

func TestBadMessagesAreRefusedByField(t *testing.T) {
	t.Parallel()
	f := setup(t, storetest.SQLite(t))
	for _, c := range []struct {
		field, reason string
		in            conversation.PostInput
	}{
		{"text", "empty_text", conversation.PostInput{Kind: conversation.Text, Text: " \n\u202e "}},
		{"text", "text_too_long", conversation.PostInput{Kind: conversation.Text, Text: strings.Repeat("字", conversation.MaxText+1)}},
		{"kind", "unknown_kind", conversation.PostInput{Kind: "video"}},
		{"clientId", "bad_client_id", conversation.PostInput{Kind: conversation.Text, Text: "x", ClientID: strings.Repeat("x", 65)}},
		{"", "file_not_found", conversation.PostInput{Kind: conversation.Image, File: "other"}},
	} {
		if err := f.Takes(t.Context(), f.visitor, c.in); errs.ReasonOf(err) != c.reason || errs.FieldOf(err) != c.field {
			t.Errorf("%s: foreseen as %v", c.reason, err)
		}
		c.in.Conversation = f.conv
		_, err := f.Post(t.Context(), f.visitor, c.in)
		if errs.ReasonOf(err) != c.reason || errs.FieldOf(err) != c.field {
			t.Errorf("%s: got %v", c.reason, err)
		}
	}
	for text, ext := range map[string]string{"x": "", "": `{"msgtype":{"order":{"title":"x"}}}`, " ": `{"weichat":{"queueName":"SAC"}}`} {
		f.must(f.Takes(t.Context(), f.visitor, conversation.PostInput{Kind: conversation.Text, Text: text, Ext: []byte(ext)}))
	}
	if err := f.Takes(t.Context(), f.visitor, conversation.PostInput{Kind: conversation.Text, Text: "x", Ext: []byte(`[]`)}); errs.ReasonOf(err) != "bad_ext" {
		t.Error(err)
	}
	p, err := f.Post(t.Context(), f.visitor, conversation.PostInput{Conversation: f.conv, Kind: conversation.Image, File: "pic"})
	f.must(err)
	if p.Message.Seq != 2 || p.Message.File == nil || p.Message.File.Name != "灯.png" {
		t.Fatalf("refused messages left a gap, or the file is lost: %+v", p.Message)
	}
}

func TestRepeatedClientIDIsStoredAndAnnouncedOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		f := setup(t, st)
		in := conversation.PostInput{Conversation: f.conv, Kind: conversation.Text, Text: "once", ClientID: "m1"}
		first, err := f.Post(t.Context(), f.visitor, in)
		f.must(err)
		in.Text = "twice"
		again, err := f.Post(t.Context(), f.visitor, in)
		f.must(err)
		if again.Message.ID != first.Message.ID || again.Message.Text != "once" || len(f.events) != 1 {
			t.Fatalf("%+v, %d events", again.Message, len(f.events))
		}
		_, err = f.Close(t.Context(), f.agent, f.conv, "")
		f.must(err)
		again, err = f.Post(t.Context(), f.visitor, in)
		f.must(err)
		if again.Message.Seq != first.Message.Seq {
			t.Fatalf("a message that had arrived must be found after the end: %+v", again.Message)
		}
	})
}

func TestTypingGoesToTheOtherSideOnlyAndIsNotStored(t *testing.T) {
	t.Parallel()
	f := setup(t, storetest.SQLite(t))
	c, err := f.Conversation(t.Context(), f.agent, f.conv)
	f.must(err)
	f.Type(f.visitor, conversation.TypeInput{Conversation: c, Text: "secret draft"})
	f.Type(f.agent, conversation.TypeInput{Conversation: c, Text: "agents' drafts stay here", On: true})
	f.Type(f.other, conversation.TypeInput{Conversation: c, On: true})
	if len(f.events) != 2 {
		t.Fatalf("%d events", len(f.events))
	}
	fromVisitor, fromAgent := f.events[0], f.events[1]
	if len(fromVisitor.To) != 1 || fromVisitor.To[0] != event.ToAgent("main", f.agent.Agent) || fromVisitor.Data.(*conversation.Typing).Text != "secret draft" {
		t.Fatalf("%+v", fromVisitor)
	}
	if d := fromAgent.Data.(*conversation.Typing); d.Text != "" || !d.On {
		t.Fatalf("%+v", d)
	}
	list, err := f.Messages(t.Context(), f.agent, f.conv, conversation.Range{})
	f.must(err)
	if len(list) != 1 {
		t.Fatal("typing was stored")
	}
}

func TestReadMarksMoveForwardAndOnlyForTheirSide(t *testing.T) {
	t.Parallel()
	f := setup(t, storetest.SQLite(t))
	for range 3 {
		_, err := f.post(f.visitor, conversation.Text, "x")
		f.must(err)
	}
	f.events = nil
	c, err := f.Read(t.Context(), f.boss, f.conv, 4)
	f.must(err)
	if c.AgentRead != 0 || len(f.events) != 0 {
		t.Fatal("a supervisor reads without a trace")
	}
	c, err = f.Read(t.Context(), f.agent, f.conv, 3)
	f.must(err)
	if c.AgentRead != 3 || c.Unread != 1 {
		t.Fatalf("%+v", c)
	}
	c, err = f.Read(t.Context(), f.agent, f.conv, 1)
	f.must(err)
	if c.AgentRead != 3 || len(f.events) != 1 {
		t.Fatalf("moved back: %+v, %d events", c, len(f.events))
	}
	c, err = f.Read(t.Context(), f.agent, f.conv, 99)
	f.must(err)
	if c.AgentRead != 4 || c.Unread != 0 {
		t.Fatalf("%+v", c)
	}
}

func FuzzCleanText(f *testing.F) {
	for _, s := range []string{"", "plain", "你好\r\n世界", "\x00\xff\u202eabc", "a\tb\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := conversation.CleanText(s)
		if again := conversation.CleanText(got); again != got {
			t.Fatalf("cleaning twice changes %q to %q", got, again)
		}
		if strings.ContainsAny(got, "\x00\r\u202e\u2066") || strings.TrimSpace(got) != got {
			t.Fatalf("%q is not clean", got)
		}
	})
}
