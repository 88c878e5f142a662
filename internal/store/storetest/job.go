package storetest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"parlor/internal/actor"
	"parlor/internal/colleague"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/job"
	"parlor/internal/media"
	"parlor/internal/store"
)

func jobKeys(list []job.Job) string {
	out := []string{}
	for _, j := range list {
		out = append(out, j.Payload)
	}
	return fmt.Sprint(out)
}

// testJobs follows jobs from the queue to the end.
func testJobs(t *testing.T, s *store.Store) {
	second := func(n int) time.Time { return T0.Add(time.Duration(n) * time.Second) }
	at := func(kind, payload, key string, n int) job.Job {
		return job.Job{Kind: kind, Payload: payload, Key: key, RunAt: second(n)}
	}
	must(t, s.Enqueue(t.Context(), at("a", "3", "", 3), at("a", "1", "k", 1), at("b", "2", "", 2), at("c", "0", "", 0)))
	must(t, s.Enqueue(t.Context(), at("a", "again", "k", 0)))
	must(t, s.Enqueue(t.Context()))
	next, ok, err := s.NextDue(t.Context(), []string{"a", "b"})
	must(t, err)
	equal(t, "next", spaced(ok, next.Sub(T0)), "true 1s")
	claim := func(now, until int, limit int) []job.Job {
		t.Helper()
		list, err := s.Claim(t.Context(), []string{"a", "b"}, limit, second(now), second(until))
		must(t, err)
		return list
	}
	equal(t, "nothing due", jobKeys(claim(0, 10, 5)), "[]")
	list := claim(3, 10, 2)
	equal(t, "oldest first", jobKeys(list), "[1 2]")
	equal(t, "attempts", list[0].Attempts, 1)
	equal(t, "the rest", jobKeys(claim(3, 10, 5)), "[3]")
	equal(t, "all leased", jobKeys(claim(9, 20, 5)), "[]")
	next, ok, err = s.NextDue(t.Context(), []string{"a", "b"})
	must(t, err)
	equal(t, "next is the end of a lease", spaced(ok, next.Sub(T0)), "true 10s")
	list = claim(10, 20, 5)
	equal(t, "leases ended", jobKeys(list), "[1 2 3]")
	equal(t, "second attempt", list[2].Attempts, 2)
	must(t, s.Finish(t.Context(), list[0].ID))
	must(t, s.Retry(t.Context(), list[1].ID, second(40), "no answer"))
	must(t, s.Bury(t.Context(), list[2].ID, "gone"))
	list = claim(100, 200, 5)
	equal(t, "after all", spaced(jobKeys(list), list[0].LastError, list[0].Attempts, list[0].RunAt.Sub(T0)), "[2] no answer 3 40s")
	must(t, s.Enqueue(t.Context(), at("a", "key is free", "k", 100)))
	equal(t, "new job of the key", jobKeys(claim(100, 200, 5)), "[key is free]")
	_, ok, err = s.NextDue(t.Context(), []string{"none"})
	must(t, err)
	equal(t, "nothing of that kind", ok, false)
}

// testClaimRace lets many workers claim: each job goes to one of them.
func testClaimRace(t *testing.T, s *store.Store) {
	const jobs = 200
	list := make([]job.Job, jobs)
	for i := range list {
		list[i] = job.Job{Kind: "k", Payload: fmt.Sprint(i), RunAt: T0}
	}
	must(t, s.Enqueue(t.Context(), list...))
	var mu sync.Mutex
	var wg sync.WaitGroup
	claimed := map[id.Job]int{}
	errors := make([]error, 8)
	for n := range errors {
		wg.Go(func() {
			for {
				got, err := s.Claim(t.Context(), []string{"k"}, 7, T0, T0.Add(time.Hour))
				mu.Lock()
				for _, j := range got {
					claimed[j.ID]++
				}
				done := len(claimed) == jobs
				mu.Unlock()
				if errors[n] = err; err != nil || done {
					return
				}
			}
		})
	}
	wg.Wait()
	for _, err := range errors {
		must(t, err)
	}
	for _, n := range claimed {
		equal(t, "times claimed", n, 1)
	}
}

// testFilesAndColleagues checks the two smallest domains.
func testFilesAndColleagues(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	f := media.File{ID: "f1", Tenant: w.Tenant, Name: "图.png", Type: "image/png", Size: 1 << 40, Width: 2, Height: 3, Thumb: true,
		OwnerKind: actor.Visitor, Owner: "v", CreatedAt: T0}
	must(t, s.CreateFile(t.Context(), f))
	got, err := s.File(t.Context(), w.Tenant, "f1")
	must(t, err)
	equal(t, "file", got, f)
	_, err = s.File(t.Context(), w.Tenant, "f2")
	wantReason(t, err, errs.NotFound, "file_not_found")

	ann, bob, cid := w.Agent("ann", 1), w.Agent("bob", 1), w.Agent("cid", 1)
	for i := range 5 {
		from, to := ann, bob
		if i%2 == 1 {
			from, to = bob, ann
		}
		must(t, s.AppendColleague(t.Context(), colleague.Remark{Tenant: w.Tenant, From: from, To: to, FromName: "n",
			Text: fmt.Sprint(i), At: T0.Add(time.Duration(i) * time.Second)}))
	}
	must(t, s.AppendColleague(t.Context(), colleague.Remark{Tenant: w.Tenant, From: cid, To: ann, Text: "other", At: T0}))
	list, err := s.Between(t.Context(), w.Tenant, ann, bob, time.Time{}, 3)
	must(t, err)
	equal(t, "newest", spaced(len(list), list[0].Text, list[2].Text, list[1].From == bob), "3 4 2 true")
	list, err = s.Between(t.Context(), w.Tenant, bob, ann, list[2].At, 10)
	must(t, err)
	equal(t, "older", spaced(len(list), list[0].Text), "2 1")
	err = s.AppendColleague(t.Context(), colleague.Remark{Tenant: w.Tenant, From: ann, To: "none", Text: "x", At: T0})
	wantReason(t, err, errs.NotFound, "agent_not_found")
}

// testJobsMoved checks what moves a waiting job: Sooner, Hasten, and Retry
// without a reason, which is no failure.
func testJobsMoved(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	o := NewWorld(t, s, "other")
	ctx, kinds := t.Context(), []string{"k"}
	add := func(tenant id.Tenant, key string, at time.Duration, sooner bool) {
		t.Helper()
		must(t, s.Enqueue(ctx, job.Job{Tenant: tenant, Kind: "k", Key: key, RunAt: T0.Add(at), Sooner: sooner}))
	}
	next := func() time.Duration {
		t.Helper()
		at, ok, err := s.NextDue(ctx, kinds)
		must(t, err)
		equal(t, "a job waits", ok, true)
		return at.Sub(T0)
	}
	add(w.Tenant, "a", time.Hour, false)
	add(w.Tenant, "a", time.Minute, false)
	equal(t, "a taken key changes nothing", next(), time.Hour)
	add(w.Tenant, "a", 2*time.Hour, true)
	equal(t, "later is not sooner", next(), time.Hour)
	add(o.Tenant, "a", 3*time.Hour, true)
	equal(t, "another tenant's", next(), time.Hour)
	add(w.Tenant, "a", time.Minute, true)
	equal(t, "sooner", next(), time.Minute)

	list, err := s.Claim(ctx, kinds, 9, T0.Add(time.Minute), T0.Add(2*time.Minute))
	must(t, err)
	equal(t, "claimed", len(list), 1)
	add(w.Tenant, "a", 0, true)
	add(w.Tenant, "a", 30*time.Minute, true)
	equal(t, "the lease of a running job stays", next(), 2*time.Minute)
	must(t, s.Retry(ctx, list[0].ID, T0.Add(time.Hour), ""))
	equal(t, "asked for while it ran", next(), 0)
	list, err = s.Claim(ctx, kinds, 9, T0.Add(time.Minute), T0.Add(2*time.Minute))
	must(t, err)
	equal(t, "claimed again", len(list), 1)
	add(w.Tenant, "a", time.Second, true)
	must(t, s.Finish(ctx, list[0].ID))
	equal(t, "asked for while it ended", next(), time.Second)
	list, err = s.Claim(ctx, kinds, 9, T0.Add(time.Minute), T0.Add(2*time.Minute))
	must(t, err)
	must(t, s.Hasten(ctx, w.Tenant, "k", T0.Add(5*time.Second)))
	equal(t, "the lease of a running job stays when it is hastened", next(), 2*time.Minute)
	must(t, s.Finish(ctx, list[0].ID))
	equal(t, "hastened while it ran", next(), 5*time.Second)
	list, err = s.Claim(ctx, kinds, 9, T0.Add(time.Minute), T0.Add(2*time.Minute))
	must(t, err)
	must(t, s.Retry(ctx, list[0].ID, T0.Add(time.Hour), ""))
	must(t, s.Hasten(ctx, o.Tenant, "k", T0.Add(30*time.Minute)))
	equal(t, "hastened", next(), 30*time.Minute)
	must(t, s.Hasten(ctx, w.Tenant, "k", T0))
	list, err = s.Claim(ctx, kinds, 9, T0, T0.Add(time.Minute))
	must(t, err)
	equal(t, "hastened to now", len(list), 1)
	equal(t, "attempts", list[0].Attempts, 1)
}
