package wheel

import (
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestTimersFireInOrderAndNeverEarly(t *testing.T) {
	t.Parallel()
	w := NewManual(time.Unix(0, 0))
	rng := rand.New(rand.NewPCG(1, 2))
	const n = 2000
	var timers [n]Timer
	fired := make([]time.Duration, n)
	want := make([]time.Duration, n)
	for i := range timers {
		want[i] = time.Duration(rng.IntN(90_000)) * time.Millisecond
		w.Reset(&timers[i], want[i], Func(func() { fired[i] = w.Now().Sub(time.Unix(0, 0)) }))
	}
	for range 200 {
		w.Advance(time.Duration(rng.IntN(1000)) * time.Millisecond)
	}
	for i := range fired {
		if now := w.Now().Sub(time.Unix(0, 0)); want[i] <= now && fired[i] != max(want[i], 0) && want[i] != 0 {
			t.Fatalf("timer %d fired at %v, want %v", i, fired[i], want[i])
		} else if want[i] > now && fired[i] != 0 {
			t.Fatalf("timer %d fired early", i)
		}
	}
}

func TestResetReplacesAndStopDisarms(t *testing.T) {
	t.Parallel()
	w := NewManual(time.Unix(0, 0))
	var tm Timer
	var calls int
	task := Func(func() { calls++ })
	w.Reset(&tm, time.Second, task)
	w.Reset(&tm, 3*time.Second, task)
	w.Advance(2 * time.Second)
	if calls != 0 || w.Len() != 1 {
		t.Fatalf("calls %d, armed %d after the replaced time", calls, w.Len())
	}
	w.Advance(2 * time.Second)
	if calls != 1 || w.Len() != 0 {
		t.Fatalf("calls %d, armed %d", calls, w.Len())
	}
	w.Reset(&tm, time.Second, task)
	if !w.Stop(&tm) || w.Stop(&tm) {
		t.Fatal("Stop must report the armed state once")
	}
	w.Advance(time.Minute)
	if calls != 1 {
		t.Fatal("a stopped timer fired")
	}
}

func TestRearmingFromTheCallbackRepeats(t *testing.T) {
	t.Parallel()
	w := NewManual(time.Unix(0, 0))
	var tm Timer
	var calls int
	var again Func
	again = func() {
		calls++
		w.Reset(&tm, time.Second, again)
	}
	w.Reset(&tm, time.Second, again)
	w.Advance(100 * time.Second)
	if calls != 100 {
		t.Fatalf("fired %d times in 100 s, want 100", calls)
	}
	w.Stop(&tm)
}

func TestRunningWheelFiresNewerEarlierTimerFirst(t *testing.T) {
	t.Parallel()
	w := New(time.Millisecond)
	var late, soon Timer
	got := make(chan string, 2)
	start := time.Now()
	w.Reset(&late, 120*time.Millisecond, Func(func() { got <- "late" }))
	w.Reset(&soon, 20*time.Millisecond, Func(func() { got <- "soon" }))
	if first := <-got; first != "soon" {
		t.Fatalf("first was %s", first)
	}
	if d := time.Since(start); d < 20*time.Millisecond {
		t.Fatalf("fired early, after %v", d)
	}
	<-got
	if d := time.Since(start); d < 120*time.Millisecond {
		t.Fatalf("fired early, after %v", d)
	}
}

func TestManyConcurrentTimersAllFire(t *testing.T) {
	t.Parallel()
	w := New(0)
	const n = 500
	var timers [n]Timer
	var left atomic.Int32
	left.Store(n)
	done := make(chan struct{})
	for i := range timers {
		go w.Reset(&timers[i], time.Duration(i%50)*time.Millisecond, Func(func() {
			if left.Add(-1) == 0 {
				close(done)
			}
		}))
	}
	<-done
}

func BenchmarkReset(b *testing.B) {
	w := NewManual(time.Unix(0, 0))
	timers := make([]Timer, 10_000)
	task := Func(func() {})
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		w.Reset(&timers[i%len(timers)], 25*time.Second, task)
	}
}
