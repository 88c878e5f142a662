package online_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"parlor/internal/actor"
	"parlor/internal/clock"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
	"parlor/internal/online"
	"parlor/internal/region"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// Row 86: source, search engine, keyword and campaign.
func TestRow86OriginOf(t *testing.T) {
	t.Parallel()
	const shop = "https://shop.example/lamp"
	for _, c := range []struct {
		page, referrer string
		want           online.Origin
	}{
		{shop, "", online.Origin{Source: online.Direct}},
		{shop, "https://www.shop.example/", online.Origin{Source: online.Direct}},
		{shop, "javascript:alert(1)", online.Origin{Source: online.Direct}},
		{shop, "https://blog.example/x", online.Origin{Source: online.Referral, Referrer: "https://blog.example/x"}},
		{shop, "https://www.baidu.com/s?wd=%E5%8F%B0%E7%81%AF", online.Origin{Source: online.Search, Engine: "Baidu", Keyword: "台灯", Referrer: "https://www.baidu.com/s?wd=%E5%8F%B0%E7%81%AF"}},
		{shop, "https://www.google.com.hk/", online.Origin{Source: online.Search, Engine: "Google", Referrer: "https://www.google.com.hk/"}},
		{shop, "https://m.sogou.com/web?keyword=lamp", online.Origin{Source: online.Search, Engine: "Sogou", Keyword: "lamp", Referrer: "https://m.sogou.com/web?keyword=lamp"}},
		{shop, "https://notbaidu.com/s?wd=x", online.Origin{Source: online.Referral, Referrer: "https://notbaidu.com/s?wd=x"}},
		{shop + "?utm_source=news&utm_campaign=spring&utm_term=lamp", "", online.Origin{Source: online.Campaign, Campaign: "spring", Keyword: "lamp"}},
		{shop + "?gclid=1", "https://www.google.com/", online.Origin{Source: online.Campaign, Campaign: "Google Ads", Engine: "Google", Referrer: "https://www.google.com/"}},
	} {
		if got := online.OriginOf(c.page, c.referrer); got != c.want {
			t.Errorf("%s from %s: %+v, want %+v", c.page, c.referrer, got, c.want)
		}
	}
}

func FuzzOriginOf(f *testing.F) {
	f.Add("https://a/?utm_source=%ff", "https://baidu.com/?wd=%00")
	f.Fuzz(func(t *testing.T, page, referrer string) {
		if o := online.OriginOf(page, referrer); len([]rune(o.Keyword)) > 100 || len([]rune(o.Referrer)) > 500 {
			t.Fatalf("%+v", o)
		}
	})
}

// world is one node with a stub clock and a record of what it did.
type world struct {
	*storetest.World
	t     *testing.T
	clock *clock.Stub
	svc   *online.Service
	done  chan error
	stop  func()

	mu     sync.Mutex
	trail  []string
	events chan *online.Changed
}

func (w *world) Looked(_ context.Context, l online.Look) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.trail = append(w.trail, l.URL+" "+w.clock.Now().Format("05"))
	return nil
}

func (w *world) Left(ctx context.Context, looks []online.Look) error {
	for _, l := range looks {
		if err := w.Looked(ctx, l); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) Publish(e *event.Event) {
	if d, ok := e.Data.(*online.Changed); ok {
		w.events <- d
	}
}

func (w *world) Find(string) region.Place { return region.Place{Country: "CN"} }

func start(t *testing.T) *world { return startOn(t, func(s online.Store) online.Store { return s }) }

// startOn is start with a store between the service and the real one.
func startOn(t *testing.T, wrap func(online.Store) online.Store) *world {
	w := &world{t: t, clock: clock.NewStub(storetest.T0), done: make(chan error, 1), events: make(chan *online.Changed, 1000)}
	s := storetest.Open(t, store.Options{Dir: t.TempDir()})
	w.World = storetest.NewWorld(t, s, "main")
	w.svc = online.New(wrap(s), w, w, w, w.clock, slog.New(slog.DiscardHandler), w.Node)
	if err := w.svc.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() { w.done <- w.svc.Run(ctx) }()
	w.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-w.done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(w.stop)
	return w
}

// pass lets time go by in steps, so that every timer is seen.
func (w *world) pass(d time.Duration) {
	for end := w.clock.Now().Add(d); w.clock.Now().Before(end); {
		w.clock.AwaitTimers(1)
		w.clock.Advance(500 * time.Millisecond)
	}
}

func (w *world) rows() int {
	w.t.Helper()
	list, _, _, err := w.svc.List(w.t.Context(), actor.Actor{Kind: actor.Agent, Tenant: w.Tenant}, online.Filter{})
	if err != nil {
		w.t.Fatal(err)
	}
	return len(list)
}

func TestHeartbeatsWriteNothingAndAReloadKeepsTheVisit(t *testing.T) {
	t.Parallel()
	w := start(t)
	v := w.Visitor("Vera")
	look := online.Look{Tenant: w.Tenant, Visitor: v, Inbox: w.Inbox, URL: "https://shop.example/a", Title: "A"}
	release, err := w.svc.Open(t.Context(), look)
	if err != nil {
		t.Fatal(err)
	}
	before := w.S.Stats().Verbs
	w.pass(time.Minute) // idle: nothing but sweeps
	if got := w.S.Stats().Verbs; got != before {
		t.Errorf("an idle minute wrote %d times", got-before)
	}
	for range 3 { // reloads of the same page
		release()
		w.pass(online.Grace / 3)
		if release, err = w.svc.Open(t.Context(), look); err != nil {
			t.Fatal(err)
		}
	}
	if got := w.S.Stats().Verbs; got != before || w.rows() != 1 {
		t.Errorf("reloads wrote %d times; %d rows", got-before, w.rows())
	}
	look.URL = "https://shop.example/b"
	if err := w.svc.Seen(t.Context(), look); err != nil {
		t.Fatal(err)
	}
	got, err := w.svc.Visitor(t.Context(), w.Tenant, v)
	if err != nil || !got.Since.Equal(storetest.T0) || got.URL != look.URL || got.Region.Country != "CN" {
		t.Fatalf("%+v %v", got, err)
	}
	release()
	release()
	w.pass(online.Grace + 4*time.Second)
	if w.rows() != 0 || w.svc.Held() != 0 {
		t.Errorf("%d rows, %d held after the visitor has gone", w.rows(), w.svc.Held())
	}
	for d := range w.events {
		if len(d.Gone) == 1 && d.Gone[0] == v {
			break
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	// The first page, prolonged when the second came, the second, prolonged at the end.
	if len(w.trail) != 4 || w.trail[1][:22] != w.trail[0][:22] || w.trail[1] == w.trail[0] {
		t.Errorf("trail %v", w.trail)
	}
}

// slow is a store that refreshes when it is let, or fails as it is told, and knows
// nothing of a visitor who was removed.
type slow struct {
	online.Store
	began   chan struct{}
	let     chan error
	calls   int
	rows    []int // of each call that worked
	removed id.Visitor
}

func (s *slow) RefreshOnline(ctx context.Context, node string, t id.Tenant, list []id.Visitor) ([]online.Visitor, error) {
	var err error
	s.calls++
	select {
	case s.began <- struct{}{}:
		err = <-s.let
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	rows, err := s.Store.RefreshOnline(ctx, node, t, list)
	s.rows = append(s.rows, len(rows))
	return rows, err
}

func (s *slow) PutOnline(ctx context.Context, node string, v online.Visitor) (online.Visitor, error) {
	if v.Visitor == s.removed {
		return v, errs.New(errs.NotFound, "visitor_not_found", "gone")
	}
	return s.Store.PutOnline(ctx, node, v)
}

// startSlow is start with a slow store and so many visitors online.
func startSlow(t *testing.T, n int) (*world, *slow, []id.Visitor) {
	between := &slow{began: make(chan struct{}), let: make(chan error)}
	w := startOn(t, func(s online.Store) online.Store { between.Store = s; return between })
	visitors := make([]id.Visitor, n)
	for i := range visitors {
		visitors[i] = w.Visitor(fmt.Sprint("v", i))
		if err := w.svc.Seen(t.Context(), online.Look{Tenant: w.Tenant, Visitor: visitors[i], Inbox: w.Inbox, URL: "/"}); err != nil {
			t.Fatal(err)
		}
	}
	return w, between, visitors
}

func TestARefreshThatFailedIsTriedAgain(t *testing.T) {
	t.Parallel()
	w, between, visitors := startSlow(t, 10)
	between.removed = visitors[3]
	for _, v := range visitors {
		if err := w.S.DropOnline(t.Context(), w.Node, []online.Key{{Tenant: w.Tenant, Visitor: v}}); err != nil {
			t.Fatal(err)
		}
	}
	w.svc.Refresh(w.Tenant, visitors[0])
	<-between.began
	for _, v := range visitors {
		w.svc.Refresh(w.Tenant, v)
	}
	busy := errs.New(errs.Unavailable, "busy", "busy")
	between.let <- busy // of the first visitor
	<-between.began
	between.let <- busy // of all
	w.pass(3 * time.Second)
	<-between.began
	between.let <- nil
	for w.rows() < len(visitors)-1 {
		w.pass(time.Second)
	}
	w.pass(5 * time.Second)
	w.stop()
	if between.calls != 3 || fmt.Sprint(between.rows) != "[0]" {
		t.Errorf("%d calls, rows %v", between.calls, between.rows)
	}
}

// Conversations that begin and end while the store has its hands full cost a few
// writes, not one each, and all rows are right in the end.
func TestManyRowsAreRefreshedTogether(t *testing.T) {
	t.Parallel()
	w, between, visitors := startSlow(t, 120)
	w.svc.Refresh(w.Tenant, visitors[0])
	w.svc.Refresh(w.Tenant, "a stranger")
	<-between.began
	for range 10 {
		for _, v := range visitors {
			w.svc.Refresh(w.Tenant, v)
		}
	}
	for _, v := range visitors {
		w.StartFor(v, "")
	}
	between.let <- nil
	for range 3 {
		<-between.began
		between.let <- nil
	}
	served := map[id.Visitor]bool{}
	for len(served) < len(visitors) {
		w.pass(time.Second)
		for len(w.events) > 0 {
			for _, v := range (<-w.events).Rows {
				served[v.Visitor] = v.State == online.InService
			}
		}
	}
	w.stop() // the service no longer writes rows
	if fmt.Sprint(between.rows) != "[1 50 50 20]" {
		t.Errorf("rows of each refresh: %v", between.rows)
	}
	for v, is := range served {
		if !is {
			t.Errorf("%s is not served", v)
		}
	}
}

func TestChangesAreCountedAndBounded(t *testing.T) {
	t.Parallel()
	w := start(t)
	for i := range 250 {
		if err := w.svc.Seen(t.Context(), online.Look{Tenant: w.Tenant, Visitor: w.Visitor(fmt.Sprint(i)), Inbox: w.Inbox, URL: "/"}); err != nil {
			t.Fatal(err)
		}
	}
	rows, more := 0, false
	for !more {
		w.pass(time.Second)
		for len(w.events) > 0 {
			d := <-w.events
			if rows += len(d.Rows); len(d.Rows) > 200 {
				t.Fatalf("%d rows in one announcement", len(d.Rows))
			}
			more = more || d.More
		}
	}
	w.stop()
	if n := w.rows(); n != 0 {
		t.Errorf("a stopped node left %d rows", n)
	}
	if _, _, _, err := w.svc.List(t.Context(), actor.Actor{Kind: actor.Visitor}, online.Filter{}); errs.CodeOf(err) != errs.Forbidden {
		t.Error("a visitor saw who is online:", err)
	}
}

func TestAVisitorOfTwoNodesStays(t *testing.T) {
	t.Parallel()
	w := start(t)
	v := w.Visitor("Vera")
	if _, err := w.svc.Open(t.Context(), online.Look{Tenant: w.Tenant, Visitor: v, Inbox: w.Inbox, URL: "/a"}); err != nil {
		t.Fatal(err)
	}
	if err := w.S.DropOnline(t.Context(), w.Node, []online.Key{{Tenant: w.Tenant, Visitor: v}}); err != nil || w.rows() != 0 {
		t.Fatal(err)
	}
	w.svc.Heed(&event.Event{Tenant: w.Tenant, Data: &online.Changed{Gone: []id.Visitor{v}}})
	for w.rows() == 0 {
		w.pass(time.Second)
	}
}

// A page that reports every few seconds is there as long as it does; one that told of
// itself once counts for longer, whatever reports in between.
func TestReportsCountForAShortWhile(t *testing.T) {
	t.Parallel()
	w := start(t)
	look := online.Look{Tenant: w.Tenant, Visitor: w.Visitor("Vera"), Inbox: w.Inbox, URL: "https://shop.example/a", Title: "A"}
	for range 3 {
		if err := w.svc.Reported(t.Context(), look); err != nil {
			t.Fatal(err)
		}
		w.pass(online.Fresh - time.Second)
		if w.rows() != 1 {
			t.Fatal("gone between two reports")
		}
	}
	w.pass(6 * time.Second)
	if w.rows() != 0 {
		t.Fatal("there without a report")
	}
	if err := w.svc.Seen(t.Context(), look); err != nil {
		t.Fatal(err)
	}
	if err := w.svc.Reported(t.Context(), look); err != nil {
		t.Fatal(err)
	}
	w.pass(online.Fresh + 6*time.Second)
	if w.rows() != 1 {
		t.Fatal("a report ended what counts for longer")
	}
}
