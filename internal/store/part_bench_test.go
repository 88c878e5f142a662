package store_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"parlor/internal/id"
	"parlor/internal/report"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
)

// partsEnv sets among how many shares of conversations BenchmarkPartSums adds up;
// default 50,000. They are spread over a year.
const partsEnv = "PARLOR_BENCH_PARTS"

// BenchmarkPartSums adds up the longest time that a report may ask for, 90 days.
func BenchmarkPartSums(b *testing.B) {
	total := 50_000
	if s := os.Getenv(partsEnv); s != "" {
		var err error
		if total, err = strconv.Atoi(s); err != nil {
			b.Fatal(err)
		}
	}
	for _, e := range engines {
		b.Run(e.name, func(b *testing.B) {
			s := e.open(b)
			w := storetest.NewWorld(b, s, "main")
			r := rand.New(rand.NewPCG(1, 1))
			const step = 2_000
			for n := 0; n < total; n += step {
				list := make([]report.Part, step)
				for i := range list {
					at := storetest.T0.Add(-time.Duration(r.Int64N(int64(365 * 24 * time.Hour))))
					list[i] = report.Part{Conversation: id.Conversation(id.New()), Number: 1, Tenant: w.Tenant, Inbox: w.Inbox, Channel: "web", Team: id.Team(fmt.Sprint("t", r.IntN(10))),
						Agent: id.Agent(fmt.Sprint("a", r.IntN(200))), From: at, Until: at.Add(8 * time.Minute), Ended: true, First: 20 * time.Second, Responses: 5, Response: time.Minute,
						Longest: 30 * time.Second, FromVisitor: 6, FromAgent: 6}
				}
				if err := store.KeepParts(b.Context(), s, list); err != nil {
					b.Fatal(err)
				}
			}
			analyze(b, s)
			for _, g := range []report.Group{report.Whole, report.ByAgent, report.ByDay} {
				name := string(g)
				if name == "" {
					name = "whole"
				}
				b.Run(name, func(b *testing.B) {
					measure(b, 1, func(int) error {
						list, err := s.PartSums(b.Context(), w.Tenant, report.Query{From: storetest.T0.AddDate(0, 0, -90), To: storetest.T0, Group: g})
						if err == nil && len(list) == 0 {
							err = fmt.Errorf("nothing was added up")
						}
						return err
					})
				})
			}
		})
	}
}
