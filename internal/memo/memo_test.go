package memo_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"parlor/internal/clock"
	"parlor/internal/memo"
)

func TestValuesAreLoadedOnceAndForgottenInTime(t *testing.T) {
	t.Parallel()
	c := clock.NewStub(time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC))
	m := memo.New[string, int](c, time.Minute, 4)
	loads := 0
	get := func(k string) int {
		v, err := m.Get(t.Context(), k, func(context.Context) (int, error) { loads++; return loads, nil })
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	if get("a") != 1 || get("a") != 1 || get("b") != 2 {
		t.Fatal("a value was not remembered")
	}
	m.Forget(func(k string) bool { return k == "a" })
	if get("a") != 3 || get("b") != 2 {
		t.Fatal("the wrong value was forgotten")
	}
	c.Advance(time.Minute)
	if get("b") != 4 {
		t.Fatal("a value outlived its time")
	}
	for _, k := range []string{"c", "d", "e", "f", "g"} {
		get(k)
	}
	if before := loads; get("g") != before {
		t.Fatal("the newest value went")
	}
}

func TestErrorsAndOvertakenLoadsAreNotKept(t *testing.T) {
	t.Parallel()
	m := memo.New[string, int](clock.NewStub(time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)), time.Minute, 4)
	bad := errors.New("bad")
	if _, err := m.Get(t.Context(), "a", func(context.Context) (int, error) { return 0, bad }); !errors.Is(err, bad) {
		t.Fatal(err)
	}
	v, err := m.Get(t.Context(), "a", func(context.Context) (int, error) {
		m.Forget(func(string) bool { return true }) // it changes while it is read
		return 1, nil
	})
	if v != 1 || err != nil {
		t.Fatal(v, err)
	}
	v, err = m.Get(t.Context(), "a", func(context.Context) (int, error) { return 2, nil })
	if v != 2 || err != nil {
		t.Fatal("a value that was out of date was kept", v, err)
	}
}
