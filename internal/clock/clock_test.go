package clock_test

import (
	"testing"
	"time"

	"parlor/internal/clock"
)

func TestStubFiresOnlyWhatIsDue(t *testing.T) {
	t.Parallel()
	c := clock.NewStub(time.Unix(1000, 0))
	a, b := c.NewTimer(time.Second), c.NewTimer(3*time.Second)
	c.AwaitTimers(2)
	c.Advance(2 * time.Second)
	select {
	case at := <-a.C():
		if !at.Equal(time.Unix(1002, 0)) {
			t.Fatalf("fired at %v", at)
		}
	default:
		t.Fatal("the due timer did not fire")
	}
	select {
	case <-b.C():
		t.Fatal("the later timer fired")
	default:
	}
	if !b.Stop() || b.Stop() {
		t.Fatal("Stop must report pending once")
	}
	c.Advance(time.Hour)
	select {
	case <-b.C():
		t.Fatal("a stopped timer fired")
	default:
	}
}

func TestSystemIsUTCMilliseconds(t *testing.T) {
	t.Parallel()
	now := clock.System().Now()
	if now.Location() != time.UTC || now.Nanosecond()%int(time.Millisecond) != 0 {
		t.Fatalf("%v is not UTC with milliseconds", now)
	}
}
