package store_test

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parlor/internal/conversation"
	"parlor/internal/id"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
)

// messagesEnv sets how many messages BenchmarkLast50 reads among; default 200,000.
const messagesEnv = "PARLOR_BENCH_MESSAGES"

var engines = []struct {
	name string
	open func(t testing.TB) *store.Store
}{{store.SQLite, storetest.SQLite}, {store.Postgres, storetest.Postgres}}

// measure runs work b.N times from 64 callers and reports rate and p99.
func measure(b *testing.B, callers int, work func(i int) error) {
	b.Helper()
	b.SetParallelism(max(callers/runtime.GOMAXPROCS(0), 1))
	var next atomic.Int64
	var mu sync.Mutex
	var all []time.Duration
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		var own []time.Duration
		for pb.Next() {
			begin := time.Now()
			if err := work(int(next.Add(1) - 1)); err != nil {
				b.Error(err)
				return
			}
			own = append(own, time.Since(begin))
		}
		mu.Lock()
		defer mu.Unlock()
		all = append(all, own...)
	})
	b.StopTimer()
	if len(all) == 0 {
		return
	}
	slices.Sort(all)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "op/s")
	b.ReportMetric(float64(all[len(all)*99/100].Microseconds())/1000, "p99-ms")
}

// analyze gathers the statistics that a server in use has.
func analyze(b *testing.B, s *store.Store) {
	b.Helper()
	if _, err := store.Query(b.Context(), s, "ANALYZE"); err != nil && s.Engine() == store.Postgres {
		b.Fatal(err)
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, e := range engines {
		for _, callers := range []int{1, 64} {
			b.Run(fmt.Sprintf("%s/%d", e.name, callers), func(b *testing.B) {
				w := storetest.NewWorld(b, e.open(b), "main")
				var list []conversation.Conversation
				for i := range 200 {
					list = append(list, w.Start(fmt.Sprint("v", i), ""))
				}
				measure(b, callers, func(i int) error {
					in := w.Say(list[i%len(list)], "您好，我想问一下我的订单什么时候发货？")
					in.Message.ClientID = strconv.Itoa(i)
					in.Message.At = time.Now() // moves the conversation in every list
					_, err := w.S.Append(b.Context(), in)
					return err
				})
			})
		}
	}
}

// BenchmarkStart measures the first conversation of visitors, which makes a contact.
func BenchmarkStart(b *testing.B) {
	for _, e := range engines {
		b.Run(e.name, func(b *testing.B) {
			w := storetest.NewWorld(b, e.open(b), "main")
			list := make([]id.Visitor, b.N)
			var wg sync.WaitGroup
			for n := range 64 {
				wg.Go(func() {
					for i := n; i < b.N; i += 64 {
						list[i] = w.Visitor(fmt.Sprint("v", i))
					}
				})
			}
			wg.Wait()
			analyze(b, w.S)
			measure(b, 64, func(i int) error {
				_, _, err := w.S.Start(b.Context(), conversation.Conversation{Tenant: w.Tenant, Inbox: w.Inbox, Channel: "web", Visitor: list[i], CreatedAt: w.Now})
				return err
			})
		})
	}
}

func BenchmarkAssign(b *testing.B) {
	for _, e := range engines {
		b.Run(e.name, func(b *testing.B) {
			w := storetest.NewWorld(b, e.open(b), "main")
			var agents []id.Agent
			for i := range 100 {
				agents = append(agents, w.Ready(fmt.Sprint("a", i), 1<<30))
			}
			list := make([]conversation.Conversation, b.N)
			var wg sync.WaitGroup
			for n := range 64 {
				wg.Go(func() {
					for i := n; i < b.N; i += 64 {
						list[i] = w.Start(fmt.Sprint("v", i), "")
					}
				})
			}
			wg.Wait()
			analyze(b, w.S)
			measure(b, 64, func(i int) error {
				_, err := w.S.Assign(b.Context(), w.AssignInput(list[i], agents[i%len(agents)]))
				return err
			})
		})
	}
}

func BenchmarkLast50(b *testing.B) {
	total := 200_000
	if v := os.Getenv(messagesEnv); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil {
			b.Fatal(err)
		}
		total = n
	}
	for _, e := range engines {
		b.Run(e.name, func(b *testing.B) {
			const each = 200
			w := storetest.NewWorld(b, e.open(b), "main")
			list, err := store.Generate(b.Context(), w.S, w.Tenant, w.Inbox, w.Visitor("Vera"), total/each, each)
			if err != nil {
				b.Fatal(err)
			}
			analyze(b, w.S)
			// As many readers as cores: what one reader waits for, not how readers queue.
			measure(b, runtime.GOMAXPROCS(0), func(i int) error {
				got, err := w.S.Messages(b.Context(), w.Tenant, list[i*7919%len(list)], conversation.Range{Limit: 50})
				if err == nil && len(got) != 50 {
					err = fmt.Errorf("%d messages", len(got))
				}
				return err
			})
		})
	}
}
