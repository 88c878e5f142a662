package binding_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/audit"
	"parlor/internal/binding"
	"parlor/internal/clock"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

var epoch = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)

// desk is a company with the service under test.
type desk struct {
	t     testing.TB
	store *store.Store
	clock *clock.Stub
	svc   *binding.Service
	boss  actor.Actor
	// off are the logins of agents who are switched off.
	off map[string]bool
	// told are the announcements.
	told []string
}

// BindingAgent implements binding.Agents with the store's own agents.
func (d *desk) BindingAgent(ctx context.Context, t id.Tenant, ref string) (id.Agent, string, bool, error) {
	a, err := d.store.AgentByLogin(ctx, t, ref)
	return a.ID, a.Name, d.off[ref], err
}

func (d *desk) Publish(e *event.Event) {
	if c, ok := e.Data.(*binding.Changed); ok {
		d.told = append(d.told, strings.TrimSpace(c.Type+" "+c.Binding.Visitor))
	}
}

func open(t testing.TB) *desk {
	t.Helper()
	d := &desk{t: t, store: storetest.SQLite(t), clock: clock.NewStub(epoch), off: map[string]bool{"off@example.com": true}}
	d.must(func() error {
		_, err := d.store.CreateTenant(t.Context(), account.Tenant{ID: "main", Name: "main"})
		return err
	}())
	for _, name := range []string{"li", "off"} {
		d.must(d.store.CreateAgent(t.Context(), account.Agent{ID: id.Agent(name), Tenant: "main", Name: name, Email: name + "@example.com", Username: name, Role: account.Member, Cap: 5}, audit.None))
	}
	d.svc = binding.New(d.store, d, d, d.clock)
	d.boss = actor.Actor{Kind: actor.Agent, Tenant: "main", Agent: "boss", Name: "Boss", Permissions: []actor.Permission{actor.Administer}}
	return d
}

func (d *desk) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

func reason(err error) string {
	var e *errs.Error
	if errors.As(err, &e) {
		return string(e.Code) + " " + e.Reason
	}
	return fmt.Sprint(err)
}

func TestBindRefusesWhatIsNoBinding(t *testing.T) {
	t.Parallel()
	d := open(t)
	past := epoch
	for _, c := range []struct {
		in   binding.Input
		want string
	}{
		{binding.Input{Flag: " ", Visitor: "u", Agent: "li"}, "invalid bad_flag"},
		{binding.Input{Flag: "f", Visitor: "", Agent: "li"}, "invalid bad_visitor"},
		{binding.Input{Flag: "f\n", Visitor: "u", Agent: ""}, "invalid agent_not_found"},
		{binding.Input{Flag: strings.Repeat("标", 129), Visitor: "u", Agent: "li"}, "invalid bad_flag"},
		{binding.Input{Flag: "a\nb", Visitor: "u", Agent: "li"}, "invalid bad_flag"},
		{binding.Input{Flag: "f", Visitor: "u", Agent: "nobody@example.com"}, "invalid agent_not_found"},
		{binding.Input{Flag: "f", Visitor: "u", Agent: "off@example.com"}, "invalid agent_disabled"},
		{binding.Input{Flag: "f", Visitor: "u", Agent: "li", Until: &past}, "invalid bad_until"},
	} {
		_, err := d.svc.Bind(t.Context(), d.boss, c.in, binding.Cause{How: binding.ByHand})
		if got := reason(err); got != c.want {
			t.Errorf("%+v: %s, want %s", c.in, got, c.want)
		}
	}
	plain := d.boss
	plain.Permissions = nil
	if _, err := d.svc.Bind(t.Context(), plain, binding.Input{Flag: "f", Visitor: "u", Agent: "li"}, binding.Cause{}); reason(err) != "forbidden not_allowed" {
		t.Fatal(err)
	}
	if n, err := d.svc.Count(t.Context(), d.boss, binding.Filter{}); err != nil || n != 0 {
		t.Fatalf("%d stored, %v", n, err)
	}
}

func TestBindingLife(t *testing.T) {
	t.Parallel()
	d := open(t)
	ctx := t.Context()
	in := binding.Input{Flag: strings.Repeat("标", 128), Visitor: " U_1 ", Agent: "LI@example.com"}
	why := binding.Cause{How: binding.ByHand}
	b, err := d.svc.Bind(ctx, d.boss, in, why)
	d.must(err)
	if b.Agent != "li" || b.Visitor != "U_1" {
		t.Fatalf("%+v", b)
	}
	if _, err = d.svc.Bind(ctx, d.boss, in, why); reason(err) != "conflict bound_already" {
		t.Fatal(err)
	}
	if _, changed, err := d.svc.Put(ctx, d.boss, in, why); err != nil || changed {
		t.Fatal(changed, err)
	}
	end := epoch.Add(time.Hour)
	in.Until = &end
	if _, changed, err := d.svc.Put(ctx, d.boss, in, why); err != nil || !changed {
		t.Fatal(changed, err)
	}
	list, total, err := d.svc.Page(ctx, d.boss, binding.Filter{Visitor: "u_"}, 1, 50)
	if err != nil || total != 1 || len(list) != 1 {
		t.Fatal(list, total, err)
	}
	if list, total, err = d.svc.Page(ctx, d.boss, binding.Filter{}, 2, 50); err != nil || total != 1 || len(list) != 0 {
		t.Fatal(list, total, err)
	}
	if _, _, err = d.svc.Page(ctx, d.boss, binding.Filter{}, 0, 50); reason(err) != "invalid bad_page" {
		t.Fatal(err)
	}
	d.clock.Advance(time.Hour)
	if _, ok, err := d.svc.Find(ctx, "main", in.Flag, "u_1"); err != nil || ok {
		t.Fatal(ok, err)
	}
	if n, err := d.svc.Expire(ctx); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	if gone, err := d.svc.Unbind(ctx, d.boss, in.Flag, "u_1", why); err != nil || gone {
		t.Fatal(gone, err)
	}
	history, _, err := d.svc.History(ctx, d.boss, "u_1", in.Flag, "", 0)
	d.must(err)
	var told []string
	for _, c := range history {
		told = append(told, fmt.Sprint(c.Action, " ", c.How, " ", c.ByName))
	}
	if got := strings.Join(told, "; "); got != "unbound expiry system; moved hand Boss; bound hand Boss" {
		t.Fatal(got)
	}
	if want := []string{"binding.created U_1", "binding.created U_1", "binding.deleted U_1"}; !slices.Equal(d.told, want) {
		t.Fatal(d.told)
	}
}

func TestUnbindFlagGoesThroughAll(t *testing.T) {
	t.Parallel()
	d := open(t)
	var b strings.Builder
	for i := range 1203 {
		fmt.Fprintf(&b, "lead,u%d,li\n", i)
	}
	b.WriteString("other,u1,li\n")
	rep, err := d.svc.Import(t.Context(), d.boss, binding.NewReader(strings.NewReader(b.String()), 1), binding.ImportOptions{})
	if err != nil || rep.Bound != 1204 || rep.Refused != 0 {
		t.Fatalf("%+v %v", rep, err)
	}
	if n, err := d.svc.UnbindFlag(t.Context(), d.boss, "lead", binding.Cause{How: binding.ByHand}); err != nil || n != 1203 {
		t.Fatal(n, err)
	}
	if n, err := d.svc.Count(t.Context(), d.boss, binding.Filter{}); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	entries, _, err := d.store.Audit(t.Context(), "main", audit.Filter{Thing: "bindings", Limit: 9})
	if err != nil || len(entries) != 2 {
		t.Fatal(entries, err)
	}
}

func TestImportReportsByLine(t *testing.T) {
	t.Parallel()
	d := open(t)
	file := "\ufeffagentUserName;visitUserName;businessFlag;validUntil\r\n" +
		"li@example.com;u1;lead;\r\n" +
		"\r\n" +
		"nobody;u2;lead;\r\n" +
		"li;U1;lead;\r\n" +
		"li;\"a \"\"b\"\"; c\";lead;2027-01-31\r\n" +
		"li;\"open;lead\r\n" +
		strings.Repeat("x", 2*binding.MaxLine) + "\n" +
		"li;u3;lead;2020-01-01\n" +
		"li;u\xff;lead\n" +
		"li;u4;lead"
	rep, err := d.svc.Import(t.Context(), d.boss, binding.NewReader(strings.NewReader(file), 1), binding.ImportOptions{})
	d.must(err)
	var refused []string
	for _, r := range rep.Refusals {
		refused = append(refused, fmt.Sprint(r.Line, " ", r.Reason))
	}
	want := "7 bad_line, 8 line_too_long, 10 bad_line, 9 bad_until, 4 agent_not_found, 5 bound_already"
	slices.Sort(refused)
	sorted := strings.Split(want, ", ")
	slices.Sort(sorted)
	if !slices.Equal(refused, sorted) {
		t.Fatalf("%v, want %v", refused, sorted)
	}
	if rep.Rows != 9 || rep.Bound != 3 || rep.Refused != 6 {
		t.Fatalf("%+v", rep)
	}
	if _, ok, err := d.svc.Find(t.Context(), "main", "lead", `a "b"; c`); err != nil || !ok {
		t.Fatal(ok, err)
	}
	lines := `{"businessFlag":"lead","visitUserName":"u1","agentUserName":"li","validUntil":"2027-05-01T10:00:00+08:00"}` + "\n{\n" + `{"flag":"lead","visitor":"u9","agent":"li"}`
	rep, err = d.svc.Import(t.Context(), d.boss, binding.NewReader(strings.NewReader(lines), 101), binding.ImportOptions{Replace: true, Part: true})
	if err != nil || rep.Replaced != 1 || rep.Bound != 1 || rep.Refusals[0].Line != 102 {
		t.Fatalf("%+v %v", rep, err)
	}
	b, _, err := d.svc.Find(t.Context(), "main", "lead", "u1")
	if err != nil || b.Until == nil || b.Until.Format(time.RFC3339) != "2027-05-01T02:00:00Z" {
		t.Fatalf("%+v %v", b, err)
	}
}

func FuzzReader(f *testing.F) {
	for _, s := range []string{"flag,visitor,agent\na,b,c\n", "a;b;c", "{\"flag\":\"x\"}\n{}", "\"a\"\"\",b,\"c\"\n", "\ufeff\"", "a\tb\tc\td\n\n", "\xff\n,,"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r := binding.NewReader(strings.NewReader(s), 1)
		last, rows := 0, 0
		for range strings.Count(s, "\n") + 2 {
			row, err := r.Next()
			if errors.Is(err, io.EOF) {
				if rows > strings.Count(s, "\n")+1 {
					t.Fatalf("%d rows of %q", rows, s)
				}
				return
			}
			if err != nil {
				continue
			}
			if rows++; row.Line <= last {
				t.Fatalf("line %d after %d", row.Line, last)
			}
			last = row.Line
		}
		if _, err := r.Next(); !errors.Is(err, io.EOF) {
			t.Fatalf("%q does not end: %v", s, err)
		}
	})
}

// BenchmarkImport imports as many lines as it is run: with -benchtime 1000000x it is
// the million of the budget.
func BenchmarkImport(b *testing.B) {
	d := open(b)
	r, w := io.Pipe()
	go func() {
		for i := range b.N {
			fmt.Fprintf(w, "flag-%d,user-%d,li\n", i%20, (i*2654435761)%(1<<31))
		}
		w.Close()
	}()
	b.ResetTimer()
	rep, err := d.svc.Import(b.Context(), d.boss, binding.NewReader(r, 1), binding.ImportOptions{})
	if err != nil || rep.Bound != b.N {
		b.Fatalf("%+v %v", rep, err)
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "lines/s")
	start := time.Now()
	const looks = 2000
	for i := range looks {
		n := i * max(b.N/looks, 1) % b.N
		if _, ok, err := d.svc.Find(b.Context(), "main", fmt.Sprint("flag-", n%20), fmt.Sprint("user-", (n*2654435761)%(1<<31))); err != nil || !ok {
			b.Fatal(n, ok, err)
		}
	}
	b.ReportMetric(float64(time.Since(start).Microseconds())/looks, "µs/lookup")
	for name, f := range map[string]binding.Filter{"all": {}, "flag": {Flag: "flag-7"}, "agent": {Agent: "li"}, "prefix": {Visitor: "user-77"}, "prefix and flag": {Visitor: "user-77", Flag: "flag-7"}} {
		start := time.Now()
		if _, _, err := d.svc.List(b.Context(), d.boss, f); err != nil {
			b.Fatal(err)
		}
		listed := time.Since(start)
		total, err := d.svc.Count(b.Context(), d.boss, f)
		if err != nil {
			b.Fatal(err)
		}
		b.Logf("%s: a page in %v, counted %d in %v", name, listed, total, time.Since(start)-listed)
	}
	start = time.Now()
	if _, err := d.svc.Flags(b.Context(), d.boss); err != nil {
		b.Fatal(err)
	}
	b.Logf("flags in %v", time.Since(start))
}
