package export_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"parlor/internal/actor"
	"parlor/internal/audit"
	"parlor/internal/bus/memory"
	"parlor/internal/clock"
	"parlor/internal/contact"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/export"
	"parlor/internal/id"
	"parlor/internal/job"
	"parlor/internal/leave"
	"parlor/internal/media"
	"parlor/internal/sheet"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
	"parlor/internal/survey"
	"parlor/internal/visitor"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// house is a company with its exports.
type house struct {
	*storetest.World
	s     *export.Service
	ck    *clock.Stub
	dir   string
	files *media.Service
	// boss sees and may everything; lin is an agent of team sac.
	boss, lin actor.Actor
	sac       id.Team
	gone      error
}

// ActorOf implements export.World.
func (h *house) ActorOf(_ context.Context, _ id.Tenant, a id.Agent) (actor.Actor, error) {
	if a == h.lin.Agent {
		return h.lin, h.gone
	}
	return h.boss, h.gone
}

// Names implements export.World.
func (h *house) Names(context.Context, id.Tenant, string) (export.Names, error) {
	return export.Names{Inboxes: map[id.Inbox]string{h.Inbox: "Shop"}, Teams: map[id.Team]string{h.sac: "SAC"}, Levels: map[string]string{"5": "很满意"}}, nil
}

// Fields implements export.World.
func (h *house) Fields(context.Context, actor.Actor) (func(map[string]string) map[string]string, error) {
	return func(v map[string]string) map[string]string { return v }, nil
}

func newHouse(t *testing.T, st *store.Store) *house {
	h := &house{World: storetest.NewWorld(t, st, "main"), ck: clock.NewStub(storetest.T0.Add(24 * time.Hour)), dir: t.TempDir()}
	h.sac = h.Team("SAC")
	h.boss = actor.Actor{Kind: actor.Agent, Tenant: h.Tenant, Agent: h.Ready("Boss", 100), Name: "Boss", Permissions: actor.Permissions()}
	h.lin = actor.Actor{Kind: actor.Agent, Tenant: h.Tenant, Agent: h.Ready("Lin", 100, h.sac), Name: "Lin", Teams: []id.Team{h.sac}, Permissions: []actor.Permission{actor.Reply, actor.Export}}
	h.files = media.New(st, h.ck, media.Options{Dir: h.dir, Key: []byte("k")})
	h.s = h.service(st)
	return h
}

func (h *house) service(lists export.Lists) *export.Service {
	return export.New(export.Deps{Store: h.S, Lists: lists, Files: h.files, World: h, Events: memory.New(), Clock: h.ck, Wake: func() {}, Log: slog.New(slog.DiscardHandler)})
}

// ask asks for a list of the last two days.
func (h *house) ask(who actor.Actor, in export.Input) export.Export {
	h.T.Helper()
	in.Filter.From = storetest.T0.Add(-24 * time.Hour)
	x, err := h.s.Ask(h.T.Context(), who, in)
	if err != nil {
		h.T.Fatal(err)
	}
	return x
}

// work runs the job of an export until it is over.
func (h *house) work(s *export.Service, x export.Export) export.Export {
	h.T.Helper()
	for range 100 {
		err := s.Write(h.T.Context(), job.Job{Tenant: x.Tenant, Payload: x.ID})
		got, gerr := h.S.Export(h.T.Context(), x.Tenant, x.ID)
		if gerr != nil || err != nil && !isAgain(err) {
			h.T.Fatal(err, gerr)
		}
		if got.Over() {
			return got
		}
	}
	h.T.Fatal("the export does not end")
	return x
}

func isAgain(err error) bool { return strings.Contains(err.Error(), "to run again at") }

// read returns the rows of a file without the heading.
func (h *house) read(who actor.Actor, x export.Export) [][]string {
	h.T.Helper()
	o, err := h.s.Open(h.T.Context(), who, x.ID)
	if err != nil {
		h.T.Fatal(err)
	}
	b, err := io.ReadAll(o.Body)
	if err = errors.Join(err, o.Body.Close()); err != nil || int64(len(b)) != o.File.Size || int64(len(b)) != x.Size {
		h.T.Fatal(err, len(b), o.File.Size, x.Size)
	}
	if x.Format == sheet.XLSX {
		rows, err := sheet.Read(bytes.NewReader(b))
		if err != nil {
			h.T.Fatal(err)
		}
		return rows[1:]
	}
	text, ok := bytes.CutPrefix(b, []byte("\ufeff"))
	if !ok || !bytes.HasSuffix(text, []byte("\r\n")) {
		h.T.Fatalf("%q", b)
	}
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		h.T.Fatal(err)
	}
	return rows[1:]
}

func column(rows [][]string, n int) string {
	var list []string
	for _, r := range rows {
		list = append(list, r[n])
	}
	return strings.Join(list, "|")
}

// talks adds a conversation of Lin's with a formula, one of another team, one that waits.
func (h *house) talks() (own, other conversation.Conversation) {
	h.T.Helper()
	own = h.Start("Vera 王", h.sac)
	email, phone := "vera@example.com", "13800138000"
	if _, err := h.S.UpdateVisitor(h.T.Context(), h.Tenant, own.Visitor, visitor.Details{Email: &email, Phone: &phone}); err != nil {
		h.T.Fatal(err)
	}
	h.Assign(own, h.lin.Agent)
	h.Append(h.Say(own, "=1+1"))
	h.Append(h.Answer(own, h.lin.Agent, "您好,\n\"在的\""))
	h.Close(own)
	other = h.Start("Olga", h.Team("Other"))
	h.Append(h.Say(other, "secret of others"))
	h.Assign(other, h.boss.Agent)
	h.Close(other)
	at := h.Now
	if _, err := h.S.AnswerSurvey(h.T.Context(), survey.Survey{Conversation: own.ID, Tenant: h.Tenant, Inbox: h.Inbox, Visitor: own.Visitor, VisitorName: "Vera 王", Agent: h.lin.Agent, AgentName: "Lin",
		Team: h.sac, Level: "5", Score: 100, Comment: "-great", AnsweredAt: &at}, at); err != nil {
		h.T.Fatal(err)
	}
	return own, other
}

func TestListsAreWrittenAsTheirAskerMaySeeThem(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		h := newHouse(t, st)
		own, _ := h.talks()
		x := h.work(h.s, h.ask(h.boss, export.Input{Kind: export.Conversations, Lang: "zh-CN", Zone: "Asia/Shanghai"}))
		if x.State != export.Done || x.Rows != 2 || x.StartedAt == nil || x.EndedAt == nil || x.Until.Sub(x.CreatedAt) != export.Life {
			t.Fatalf("%+v", x)
		}
		rows := h.read(h.boss, x)
		want := []string{string(own.ID), "2026-01-02 11:04:05", "2026-01-02 11:04:05", "2026-01-02 11:04:05", "已结束", "web", "Shop", "Vera 王", "vera@example.com", "13800138000", "Lin", "SAC", ""}
		for i := range rows {
			if rows[i][0] == string(own.ID) && strings.Join(rows[i][:13], "\n") != strings.Join(want, "\n") {
				t.Errorf("%q\nwant\n%q", rows[i], want)
			}
			if rows[i][0] == string(own.ID) && strings.Join(rows[i][15:18], " ") != "很满意 100 '-great" {
				t.Errorf("%q", rows[i])
			}
		}
		rows = h.read(h.lin, h.work(h.s, h.ask(h.lin, export.Input{Kind: export.Conversations})))
		if len(rows) != 1 || rows[0][8] != "v•••@example.com" || rows[0][9] != "138••••8000" {
			t.Errorf("Lin sees %q", rows)
		}
		for _, format := range []sheet.Format{sheet.CSV, sheet.XLSX} {
			rows = h.read(h.lin, h.work(h.s, h.ask(h.lin, export.Input{Kind: export.Messages, Format: format})))
			formula := "'=1+1"
			if format == sheet.XLSX {
				formula = "=1+1" // sheet.Read takes the guard away again
			}
			if text := column(rows, 6); !strings.Contains(text, formula+"|您好,\n\"在的\"") || strings.Contains(text, "secret") {
				t.Errorf("%s: messages %q", format, text)
			}
		}
		rows = h.read(h.boss, h.work(h.s, h.ask(h.boss, export.Input{Kind: export.Ratings, Filter: export.Filter{Rating: "5"}})))
		if len(rows) != 1 || rows[0][4] != "'-great" || rows[0][9] != string(own.ID) {
			t.Errorf("ratings %q", rows)
		}
		for name, f := range map[string]export.Filter{"agent": {Agent: h.boss.Agent}, "rating": {Rating: "1"}, "state": {State: "queued"}, "tag": {Tag: "none"}, "inbox": {Inbox: "none"}} {
			rows = h.read(h.boss, h.work(h.s, h.ask(h.boss, export.Input{Kind: export.Conversations, Filter: f})))
			if strings.Contains(column(rows, 0), string(own.ID)) {
				t.Errorf("%s does not restrict: %q", name, rows)
			}
		}
		// Lin may not see what the other agent has, however it is asked for.
		if rows = h.read(h.lin, h.work(h.s, h.ask(h.lin, export.Input{Kind: export.Conversations, Filter: export.Filter{Agent: h.boss.Agent}}))); len(rows) != 0 {
			t.Errorf("Lin sees %q", rows)
		}
	})
}

func TestContactsLeftMessagesAndAudit(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		h := newHouse(t, st)
		for _, c := range []contact.Contact{{Name: "王芳", Emails: []string{"fang@example.com"}, Manager: h.lin.Agent, Fields: map[string]string{"level": "gold"}}, {Name: "Ann", Unknown: true, Phones: []string{"13911112222"}}} {
			c.ID, c.Tenant, c.CreatedAt, c.UpdatedAt = id.Contact(id.New()), h.Tenant, h.Now, h.Now
			if err := st.AddContact(t.Context(), c); err != nil {
				t.Fatal(err)
			}
		}
		rows := h.read(h.lin, h.work(h.s, h.ask(h.lin, export.Input{Kind: export.Contacts, Lang: "en"})))
		if column(rows, 1) != "Ann|王芳" || column(rows, 2) != "|f•••@example.com" || column(rows, 3) != "139••••2222|" || column(rows, 5) != "No|Yes" || column(rows, 7) != "|level: gold" {
			t.Errorf("contacts %q", rows)
		}
		if rows = h.read(h.boss, h.work(h.s, h.ask(h.boss, export.Input{Kind: export.Contacts, Filter: export.Filter{Agent: h.lin.Agent}}))); column(rows, 1) != "王芳" {
			t.Errorf("contacts of Lin %q", rows)
		}
		for i, text := range []string{"@evil", "later"} {
			if err := st.AddLeave(t.Context(), leave.Message{ID: id.New(), Tenant: h.Tenant, Inbox: h.Inbox, Kind: leave.Form, Name: "Wang", Email: "w@example.com", Content: text, At: h.Now.Add(time.Duration(i) * 72 * time.Hour)}); err != nil {
				t.Fatal(err)
			}
		}
		rows = h.read(h.lin, h.work(h.s, h.ask(h.lin, export.Input{Kind: export.Left, Filter: export.Filter{State: "notprocess"}})))
		if column(rows, 7) != "'@evil" || column(rows, 5) != "w•••@example.com" {
			t.Errorf("left messages %q", rows)
		}
	})
}

func TestWhoMayNotIsRefused(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		h := newHouse(t, st)
		ctx, from := t.Context(), storetest.T0
		plain := h.lin
		plain.Permissions = []actor.Permission{actor.Reply}
		for _, c := range []struct {
			who    actor.Actor
			in     export.Input
			reason string
		}{
			{plain, export.Input{Kind: export.Messages, Filter: export.Filter{From: from}}, "not_allowed"},
			{h.lin, export.Input{Kind: export.Audit, Filter: export.Filter{From: from}}, "not_allowed"},
			{actor.Actor{Kind: actor.Visitor, Tenant: h.Tenant}, export.Input{Kind: export.Messages, Filter: export.Filter{From: from}}, "not_allowed"},
			{h.boss, export.Input{Kind: "agents", Filter: export.Filter{From: from}}, "unknown_kind"},
			{h.boss, export.Input{Kind: export.Audit, Format: "pdf", Filter: export.Filter{From: from}}, "unknown_format"},
			{h.boss, export.Input{Kind: export.Audit}, "bad_span"},
			{h.boss, export.Input{Kind: export.Audit, Filter: export.Filter{From: h.ck.Now()}}, "bad_span"},
			{h.boss, export.Input{Kind: export.Audit, Filter: export.Filter{From: h.ck.Now().AddDate(0, 0, -367)}}, "span_too_long"},
			{h.boss, export.Input{Kind: export.Audit, Zone: "Mars/Base", Filter: export.Filter{From: from}}, "unknown_timezone"},
		} {
			if _, err := h.s.Ask(ctx, c.who, c.in); errs.ReasonOf(err) != c.reason {
				t.Errorf("%v %v: %v", c.who.Name, c.in, err)
			}
		}
		x := h.ask(h.boss, export.Input{Kind: export.Audit})
		if _, err := h.s.Open(ctx, h.boss, x.ID); errs.ReasonOf(err) != "export_not_ready" {
			t.Error(err)
		}
		for range export.MaxWaiting - 1 {
			h.ask(h.boss, export.Input{Kind: export.Audit})
		}
		if _, err := h.s.Ask(ctx, h.boss, export.Input{Kind: export.Audit, Filter: export.Filter{From: from}}); errs.ReasonOf(err) != "too_many_exports" {
			t.Error(err)
		}
		h.ask(h.lin, export.Input{Kind: export.Messages})
		x = h.work(h.s, x)
		if _, err := h.s.Open(ctx, h.lin, x.ID); errs.ReasonOf(err) != "export_not_found" {
			t.Error("another agent's:", err)
		}
		if _, _, err := h.s.List(ctx, h.lin, true, "", 0); errs.ReasonOf(err) != "not_allowed" {
			t.Error("all:", err)
		}
		program := actor.Actor{Kind: actor.System, Tenant: h.Tenant, Name: "CRM"}
		if err := h.s.Remove(ctx, program, x.ID); errs.ReasonOf(err) != "export_not_found" {
			t.Error("a program:", err)
		}
		mine, _, err := h.s.List(ctx, h.lin, false, "", 0)
		all, _, aerr := h.s.List(ctx, h.boss, true, "", 0)
		if err != nil || aerr != nil || len(mine) != 1 || len(all) != export.MaxWaiting+1 {
			t.Error(len(mine), len(all), err, aerr)
		}
		// Whoever loses the permission while the file is written gets none.
		h.lin.Permissions = []actor.Permission{actor.Reply}
		if got := h.work(h.s, mine[0]); got.State != export.Failed || got.Reason != "not_allowed" {
			t.Errorf("%+v", got)
		}
	})
}

// lists breaks off, or lets something happen, before a page.
type lists struct {
	export.Lists
	page   int
	before func(page int) error
}

func (l *lists) PastConversations(ctx context.Context, p export.Past) ([]export.PastConversation, string, error) {
	l.page++
	if err := l.before(l.page); err != nil {
		return nil, "", err
	}
	p.Limit = 3
	return l.Lists.PastConversations(ctx, p)
}

// many adds conversations of one message each.
func (h *house) many(n int) {
	h.T.Helper()
	for i := range n {
		h.Now = storetest.T0.Add(time.Duration(i/2) * time.Second) // pairs at the same time
		h.Append(h.Say(h.Start("V", h.sac), "message "+string(rune('a'+i))))
	}
}

func (h *house) stored() (n int) {
	h.T.Helper()
	err := filepath.WalkDir(h.dir, func(_ string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			n++
		}
		return err
	})
	if err != nil {
		h.T.Fatal(err)
	}
	return n
}

func TestAnExportGoesOnInTurnsAndBeginsAnewAfterACut(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		h := newHouse(t, st)
		h.many(20)
		broken := errors.New("power cut")
		l := &lists{Lists: st}
		s := h.service(l)
		x := h.ask(h.boss, export.Input{Kind: export.Messages})
		// Each page is a turn of its own, for it takes as long.
		l.before = func(page int) error {
			h.ck.Advance(time.Minute)
			if page == 4 {
				return broken
			}
			return nil
		}
		turn := func() (export.Export, error) {
			err := s.Write(t.Context(), job.Job{Tenant: x.Tenant, Payload: x.ID})
			got, gerr := st.Export(t.Context(), x.Tenant, x.ID)
			if gerr != nil {
				t.Fatal(gerr)
			}
			return got, err
		}
		for want := int64(3); want <= 9; want += 3 {
			if got, err := turn(); !isAgain(err) || got.Rows != want || got.State != export.Running || !got.Clean {
				t.Fatal(got, err)
			}
		}
		if _, err := turn(); !errors.Is(err, broken) {
			t.Fatal(err)
		}
		if got, err := turn(); !isAgain(err) || got.Rows != 3 || got.Tries != 1 {
			t.Fatalf("%+v %v: it does not begin anew", got, err)
		}
		got := h.work(s, x)
		rows := h.read(h.boss, got)
		if got.State != export.Done || len(rows) != 20 || got.Rows != 20 {
			t.Fatalf("%+v", got)
		}
		seen := map[string]bool{}
		for _, r := range rows {
			seen[r[6]] = true
		}
		if len(seen) != 20 || h.stored() != 1 {
			t.Errorf("%d different messages, %d files", len(seen), h.stored())
		}
		if err := s.Write(t.Context(), job.Job{Tenant: x.Tenant, Payload: x.ID}); err != nil || h.stored() != 1 {
			t.Error("a job that comes again:", err)
		}
		// It fails for good when it is cut off again and again.
		l.before = func(int) error { return broken }
		x = h.ask(h.boss, export.Input{Kind: export.Messages})
		for range 20 {
			if got, _ = turn(); got.Over() {
				break
			}
		}
		if got.State != export.Failed || got.Reason != "internal" || h.stored() != 1 {
			t.Errorf("%+v", got)
		}
	})
}

func TestMoreRowsThanAFileHoldsAreRefused(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		h := newHouse(t, st)
		h.many(8)
		export.Bound(h.s, 8, 7)
		for format, want := range map[sheet.Format]export.State{sheet.CSV: export.Done, sheet.XLSX: export.Failed} {
			x := h.work(h.s, h.ask(h.boss, export.Input{Kind: export.Messages, Format: format}))
			if x.State != want || want == export.Failed && (x.Reason != "too_many_rows" || x.Size != 0) {
				t.Errorf("%s: %+v", format, x)
			}
		}
		if n := h.stored(); n != 1 {
			t.Errorf("%d files", n)
		}
	})
}

func TestAnExportThatIsDeletedLeavesNothing(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		h := newHouse(t, st)
		h.many(8)
		l := &lists{Lists: st}
		s := h.service(l)
		x := h.ask(h.boss, export.Input{Kind: export.Conversations})
		l.before = func(page int) error {
			if page == 2 {
				return h.s.Remove(t.Context(), h.boss, x.ID)
			}
			return nil
		}
		if err := s.Write(t.Context(), job.Job{Tenant: x.Tenant, Payload: x.ID}); err != nil || h.stored() != 0 {
			t.Error("deleted while it is written:", err, h.stored())
		}
		l.before = func(int) error { return nil }
		x = h.work(s, h.ask(h.boss, export.Input{Kind: export.Conversations}))
		if h.stored() != 1 {
			t.Error(h.stored())
		}
		for range 2 {
			if err := s.Forget(t.Context(), job.Job{Tenant: x.Tenant, Payload: x.ID}); err != nil {
				t.Error(err)
			}
		}
		if _, err := h.s.Export(t.Context(), h.boss, x.ID); errs.ReasonOf(err) != "export_not_found" || h.stored() != 0 {
			t.Error(err, h.stored())
		}
		if _, err := h.files.Find(t.Context(), h.Tenant, id.File(x.ID)); errs.CodeOf(err) != errs.NotFound {
			t.Error(err)
		}
	})
}

func TestMakingAndEachDownloadAreInTheAuditLog(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		h := newHouse(t, st)
		b := memory.New()
		told := make(chan *export.Changed, 16)
		b.Subscribe(func(e *event.Event) {
			if d, ok := e.Data.(*export.Changed); ok {
				told <- d
			}
		})
		h.s = export.New(export.Deps{Store: st, Lists: st, Files: h.files, World: h, Events: b, Clock: h.ck, Wake: func() {}, Log: slog.New(slog.DiscardHandler)})
		x := h.work(h.s, h.ask(h.boss, export.Input{Kind: export.Contacts}))
		h.read(h.boss, x)
		h.read(h.boss, x)
		if err := h.s.Remove(t.Context(), h.boss, x.ID); err != nil {
			t.Fatal(err)
		}
		list, _, err := st.Audit(t.Context(), h.Tenant, audit.Filter{Thing: "export", Limit: 10})
		did := map[string]int{}
		for _, e := range list {
			did[e.Action]++
			if e.By != string(h.boss.Agent) || e.ThingID != x.ID || e.Name != x.Name {
				t.Errorf("%+v", e)
			}
		}
		if err != nil || did["create"] != 1 || did["read"] != 2 || did["delete"] != 1 {
			t.Error(did, err)
		}
		var states []string
		for !strings.HasSuffix(strings.Join(states, " "), "gone") {
			d := <-told
			if d.Gone {
				states = append(states, "gone")
			} else if n := len(states); n == 0 || states[n-1] != string(d.Export.State) {
				states = append(states, string(d.Export.State))
			}
		}
		if got := strings.Join(states, " "); got != "waiting running done gone" {
			t.Error(got)
		}
	})
}
