package leave_test

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"parlor/internal/actor"
	"parlor/internal/clock"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
	"parlor/internal/leave"
	"parlor/internal/setting"
	"parlor/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// inbox is what is set for the inbox.
type inbox struct {
	form   setting.Offline
	notice leave.Notice
}

func (i *inbox) Offline(context.Context, id.Tenant, id.Inbox) (setting.Offline, error) {
	return i.form, nil
}

// notice is what is set for the company.
func (i *inbox) Notice(context.Context, id.Tenant, id.Team) (leave.Notice, error) {
	return i.notice, nil
}

type events struct{ fresh, changed int }

func (e *events) Publish(x *event.Event) {
	if x.Data.(*leave.Changed).New {
		e.fresh++
	} else {
		e.changed++
	}
}

type fixture struct {
	*leave.Service
	t       *testing.T
	world   *storetest.World
	clock   *clock.Stub
	inbox   *inbox
	events  *events
	queued  int
	visitor actor.Actor
	lin     actor.Actor
}

func setup(t *testing.T, mail bool) *fixture {
	t.Helper()
	st := storetest.SQLite(t)
	w := storetest.NewWorld(t, st, "main")
	f := &fixture{t: t, world: w, clock: clock.NewStub(storetest.T0), inbox: &inbox{}, events: &events{},
		visitor: actor.Actor{Kind: actor.Visitor, Tenant: w.Tenant, Inbox: w.Inbox, Visitor: w.Visitor("Vera"), Name: "Vera"},
		lin:     actor.Actor{Kind: actor.Agent, Tenant: w.Tenant, Agent: w.Ready("lin", 3), Name: "Lin", Permissions: []actor.Permission{actor.Reply}}}
	f.Service = leave.New(st, f.inbox, f.events, f.clock, leave.Mail{Ready: mail, Kind: "mail"}, func() { f.queued++ })
	return f
}

func (f *fixture) left(answers map[string]string) leave.Message {
	f.t.Helper()
	m, err := f.Leave(f.t.Context(), f.visitor, leave.Input{Answers: answers, Reason: "closed", URL: "https://shop.example/lamp"})
	if err != nil {
		f.t.Fatal(err)
	}
	return m
}

func (f *fixture) reason(err error, want string) {
	f.t.Helper()
	if err == nil || errs.ReasonOf(err) != want {
		f.t.Fatalf("%v, want %q", err, want)
	}
}

// Row 72, R16: each message stands by itself; agents move it between its states.
func TestRow72StatesOfAMessage(t *testing.T) {
	t.Parallel()
	f := setup(t, true)
	first := f.left(map[string]string{"content": "call me", "phone": "13800138000"})
	f.clock.Advance(time.Minute)
	second := f.left(map[string]string{"content": "again", "name": "V. W."})
	if first.State != leave.Open || first.Name != "Vera" || second.Name != "V. W." || first.Kind != leave.Form || f.events.fresh != 2 {
		t.Fatalf("%+v %+v %+v", first, second, f.events)
	}
	list, _, err := f.List(t.Context(), f.lin, leave.Filter{State: leave.Open})
	if err != nil || len(list) != 2 || list[0].ID != second.ID {
		t.Fatalf("%+v %v", list, err)
	}
	done, note, me, nobody := leave.Done, " called\u202e ", f.lin.Agent, id.Agent("")
	got, err := f.Change(t.Context(), f.lin, first.ID, leave.Change{Assignee: &me})
	if err != nil || got.Assignee != me || got.State != leave.Open {
		t.Fatalf("%+v %v", got, err)
	}
	if n, err := f.Count(t.Context(), f.lin); err != nil || n != (leave.Counts{Open: 2, Mine: 1}) {
		t.Fatal(n, err)
	}
	f.clock.Advance(time.Hour)
	got, err = f.Change(t.Context(), f.lin, first.ID, leave.Change{State: &done, Note: &note})
	if err != nil || got.State != leave.Done || got.Note != "called" || got.ChangedBy != "Lin" || !got.ChangedAt.Equal(f.clock.Now()) || got.Assignee != me {
		t.Fatalf("%+v %v", got, err)
	}
	open := leave.Open
	if got, err = f.Change(t.Context(), f.lin, first.ID, leave.Change{State: &open, Assignee: &nobody}); err != nil || got.State != leave.Open || got.Assignee != "" {
		t.Fatalf("%+v %v", got, err)
	}
	odd, long, stranger := leave.State("lost"), strings.Repeat("字", 2001), id.Agent("stranger")
	for want, c := range map[string]leave.Change{"unknown_state": {State: &odd}, "note_too_long": {Note: &long}, "agent_not_found": {Assignee: &stranger}} {
		_, err = f.Change(t.Context(), f.lin, first.ID, c)
		f.reason(err, want)
	}
	_, err = f.Change(t.Context(), f.lin, "nothing", leave.Change{State: &done})
	f.reason(err, "leave_not_found")
	_, _, err = f.List(t.Context(), f.lin, leave.Filter{State: "lost"})
	f.reason(err, "unknown_state")
}

func TestRow72WhoMay(t *testing.T) {
	t.Parallel()
	f := setup(t, true)
	m := f.left(map[string]string{"content": "x"})
	for name, err := range map[string]error{
		"an agent leaves":     second(f.Leave(t.Context(), f.lin, leave.Input{Answers: map[string]string{"content": "x"}})),
		"a visitor reads":     second(f.Message(t.Context(), f.visitor, m.ID)),
		"a visitor changes":   second(f.Change(t.Context(), f.visitor, m.ID, leave.Change{})),
		"without permission":  second(f.Message(t.Context(), actor.Actor{Kind: actor.Agent, Tenant: "main"}, m.ID)),
		"a visitor may reply": second(f.Reply(t.Context(), f.visitor, m.ID, "s", "t")),
	} {
		if errs.CodeOf(err) != errs.Forbidden {
			t.Errorf("%s: %v", name, err)
		}
	}
	foreign := f.lin
	foreign.Tenant = "other"
	_, err := f.Message(t.Context(), foreign, m.ID)
	f.reason(err, "leave_not_found")
	f.inbox.form.Disabled = true
	_, err = f.Leave(t.Context(), f.visitor, leave.Input{Answers: map[string]string{"content": "x"}})
	f.reason(err, "offline_disabled")
}

func second[T any](_ T, err error) error { return err }

// Row 72: the answer is a letter in the outbox, written with the entry.
func TestRow72ReplyByMail(t *testing.T) {
	t.Parallel()
	f := setup(t, true)
	silent := f.left(map[string]string{"content": "no address"})
	_, err := f.Reply(t.Context(), f.lin, silent.ID, "Re", "hello")
	f.reason(err, "no_address")
	m := f.left(map[string]string{"content": "mail me", "email": "v@example.com"})
	for want, c := range map[string][2]string{"empty_text": {"Re", " "}, "text_too_long": {"Re", strings.Repeat("字", 10001)}, "bad_subject": {" ", "x"}} {
		_, err = f.Reply(t.Context(), f.lin, m.ID, c[0], c[1])
		f.reason(err, want)
	}
	got, err := f.Reply(t.Context(), f.lin, m.ID, "Re: lamp\r\nBcc: x@example.com", "It is in stock.")
	if err != nil || got.State != leave.Done || got.Reply != "It is in stock." || got.RepliedBy != "Lin" || f.queued != 1 {
		t.Fatalf("%+v %v", got, err)
	}
	jobs, err := f.world.S.Claim(t.Context(), []string{"mail"}, 9, f.clock.Now(), f.clock.Now().Add(time.Minute))
	if err != nil || len(jobs) != 1 || jobs[0].Kind != "mail" {
		t.Fatalf("%+v %v", jobs, err)
	}
	var letter leave.Letter
	if err := json.Unmarshal([]byte(jobs[0].Payload), &letter); err != nil || letter.To != "v@example.com" || letter.ID == "" || strings.ContainsAny(letter.Subject, "\r\n") {
		t.Fatalf("%+v %v", letter, err)
	}
	without := setup(t, false)
	m = without.left(map[string]string{"content": "mail me", "email": "v@example.com"})
	_, err = without.Reply(t.Context(), without.lin, m.ID, "Re", "hello")
	without.reason(err, "mail_not_set_up")
	if without.MailReady() || without.queued != 0 {
		t.Fatal("a letter without a mail server")
	}
}

// Row 72: who waited and left without an agent is an entry too.
func TestRow72MissedVisitor(t *testing.T) {
	t.Parallel()
	f := setup(t, true)
	served := f.world.Start("Served", "")
	f.world.Close(f.world.Assign(served, f.lin.Agent).Conversation)
	waited := f.world.Start("Waited", "")
	if _, err := f.world.S.CloseConversation(t.Context(), conversation.CloseInput{Tenant: "main", Conversation: waited.ID, EndBy: conversation.EndByVisitor,
		At: f.clock.Now(), Line: f.world.Line(conversation.LineClosed)}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []id.Conversation{served.ID, waited.ID} {
		if err := f.Missed(t.Context(), "main", c); err != nil {
			t.Fatal(err)
		}
	}
	list, _, err := f.List(t.Context(), f.lin, leave.Filter{})
	if err != nil || len(list) != 1 || list[0].Kind != leave.Missed || list[0].Conversation != waited.ID || list[0].State != leave.Open || f.events.fresh != 1 {
		t.Fatalf("%+v %v %+v", list, err, f.events)
	}
}

// TestTheCompanyLearnsByMail: what is left is mailed to the company, and a strict
// contract refuses what cannot be.
func TestTheCompanyLearnsByMail(t *testing.T) {
	t.Parallel()
	f := setup(t, true)
	in := leave.Input{Answers: map[string]string{"name": "Vera", "email": "v@site.example", "content": "Call me\nsoon"}, Known: []string{"name", "email", "content"}, Strict: true}
	_, err := f.Leave(t.Context(), f.visitor, in)
	f.reason(err, "no_recipient")
	f.inbox.notice = leave.Notice{To: "desk@shop.example", Verify: true}
	if _, err = f.Leave(t.Context(), f.visitor, in); err != nil || f.queued != 1 {
		t.Fatal(err, f.queued)
	}
	jobs, err := f.world.S.Claim(t.Context(), []string{"mail"}, 9, f.clock.Now(), f.clock.Now().Add(time.Minute))
	if err != nil || len(jobs) != 1 {
		t.Fatal(err, jobs)
	}
	var l leave.Letter
	if err := json.Unmarshal([]byte(jobs[0].Payload), &l); err != nil || l.To != "desk@shop.example" || l.ReplyTo != "v@site.example" || l.Subject != "Vera: Call me soon" {
		t.Fatal(err, l)
	}
	f.inbox.notice.Off = true
	_, err = f.Leave(t.Context(), f.visitor, in)
	f.reason(err, "offline_disabled")
}

// TestProgramsSeeTheListByPages: counted and cut, for programs too, and what would be
// refused is known before anything is left.
func TestProgramsSeeTheListByPages(t *testing.T) {
	t.Parallel()
	f := setup(t, false)
	program := actor.Actor{Kind: actor.System, Tenant: "main", Name: "CRM"}
	for _, text := range []string{"one", "two", "three"} {
		f.clock.Advance(time.Minute)
		f.left(map[string]string{"content": text})
	}
	for _, who := range []actor.Actor{f.lin, program} {
		page, total, err := f.Page(t.Context(), who, leave.PageFilter{State: leave.Open, Offset: 1, Limit: 1})
		if err != nil || total != 3 || len(page) != 1 || page[0].Content != "two" {
			t.Fatalf("%+v %d %v", page, total, err)
		}
	}
	page, total, err := f.Page(t.Context(), program, leave.PageFilter{State: leave.Done, Limit: 9})
	if err != nil || total != 0 || len(page) != 0 {
		t.Fatal(page, total, err)
	}
	for want, find := range map[string]leave.PageFilter{"unknown_state": {State: "lost", Limit: 9}, "bad_page": {Limit: 201}} {
		_, _, err := f.Page(t.Context(), program, find)
		f.reason(err, want)
	}
	for _, offset := range []int{-1, leave.MaxFound + 1} {
		_, _, err = f.Page(t.Context(), program, leave.PageFilter{Offset: offset, Limit: 9})
		f.reason(err, "bad_page")
	}
	_, _, err = f.Page(t.Context(), f.visitor, leave.PageFilter{Limit: 9})
	f.reason(err, "not_allowed")

	good := leave.Input{Answers: map[string]string{"content": "x"}}
	if err := f.Check(t.Context(), "main", f.world.Inbox, good); err != nil {
		t.Fatal(err)
	}
	f.reason(f.Check(t.Context(), "main", f.world.Inbox, leave.Input{Answers: map[string]string{"content": "x", "email": "none"}}), "bad_email")
	f.inbox.form.Disabled = true
	f.reason(f.Check(t.Context(), "main", f.world.Inbox, good), "offline_disabled")
	if _, total, err = f.Page(t.Context(), program, leave.PageFilter{Limit: 9}); err != nil || total != 3 {
		t.Fatal(total, err)
	}
}
