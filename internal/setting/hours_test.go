package setting_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"parlor/internal/setting"
)

// The document's rows 26 and 79: working hours with classes, holidays and a time zone.
func TestOpenAt(t *testing.T) {
	t.Parallel()
	h := &setting.Hours{Zone: "Asia/Shanghai", Classes: []setting.Class{
		{Kind: "workday", Days: []int{1, 2, 3, 4, 5}, Open: []setting.Span{{"09:00", "12:00"}, {"13:30", "18:00"}}},
		{Kind: "workday", Days: []int{5}, Open: []setting.Span{{"22:00", "02:00"}}},
		{Kind: "holiday", From: "2026-10-01", To: "2026-10-07"},
		{Kind: "festival", From: "2026-10-05", Open: []setting.Span{{"10:00", "24:00"}}},
	}}
	zone := h.Location()
	for at, want := range map[string]bool{
		"2026-11-20 08:59": false, "2026-11-20 09:00": true, "2026-11-20 11:59": true, "2026-11-20 12:00": false, "2026-11-20 13:30": true,
		"2026-11-20 22:00": true, "2026-11-21 01:59": true, "2026-11-21 02:00": false, "2026-11-21 10:00": false,
		"2026-10-02 10:00": false,                                                     // the holiday is more specific than the Friday
		"2026-10-05 09:30": false, "2026-10-05 10:00": true, "2026-10-05 23:59": true, // the date is more specific than the range
		"2026-10-06 00:00": false, "2026-10-08 09:00": true,
	} {
		when, err := time.ParseInLocation("2006-01-02 15:04", at, zone)
		if err != nil {
			t.Fatal(err)
		}
		if got := h.OpenAt(when.UTC()); got != want {
			t.Errorf("%s: %v", at, got)
		}
	}
	if !(*setting.Hours)(nil).OpenAt(time.Now()) {
		t.Error("no hours must be always open")
	}
	if (&setting.Hours{}).OpenAt(time.Now()) {
		t.Error("hours without classes are never open")
	}
}

func TestNextOpen(t *testing.T) {
	t.Parallel()
	h := &setting.Hours{Zone: "UTC", Classes: []setting.Class{{Days: []int{1}, Open: []setting.Span{{"09:00", "17:00"}}}}}
	friday := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	next, ok := h.NextOpen(friday)
	if !ok || !next.Equal(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)) {
		t.Fatalf("%v %v", next, ok)
	}
	if next, ok = h.NextOpen(next); !ok || next.Hour() != 9 {
		t.Fatalf("open now: %v %v", next, ok)
	}
	if _, ok := (&setting.Hours{}).NextOpen(friday); ok {
		t.Fatal("never open has no next opening")
	}
}

// Property: NextOpen is open, not before the question, and nothing before it is.
func TestNextOpenProperty(t *testing.T) {
	t.Parallel()
	clock := rapid.Custom(func(t *rapid.T) string {
		return time.Unix(int64(rapid.IntRange(0, 1439).Draw(t, "m"))*60, 0).UTC().Format("15:04")
	})
	rapid.Check(t, func(t *rapid.T) {
		h := &setting.Hours{Zone: rapid.SampledFrom([]string{"", "UTC", "America/Sao_Paulo", "Europe/London"}).Draw(t, "zone")}
		for range rapid.IntRange(1, 3).Draw(t, "classes") {
			h.Classes = append(h.Classes, setting.Class{Days: []int{rapid.IntRange(1, 7).Draw(t, "day")},
				Open: []setting.Span{{clock.Draw(t, "from"), clock.Draw(t, "to")}}})
		}
		at := time.Unix(1_700_000_000+int64(rapid.IntRange(0, 365*24*60).Draw(t, "at"))*60, 0)
		next, ok := h.NextOpen(at)
		if !ok {
			t.Fatalf("%+v never opens after %v", h, at)
		}
		if next.Before(at) || !h.OpenAt(next) {
			t.Fatalf("%v is not an opening of %+v", next, h)
		}
		for m := at; m.Before(next) && m.Sub(at) < 24*time.Hour; m = m.Add(time.Minute) {
			if h.OpenAt(m) {
				t.Fatalf("%v is open before %v: %+v", m, next, h)
			}
		}
	})
}

func TestParseLegacy(t *testing.T) {
	t.Parallel()
	h, err := setting.ParseLegacy("9:00-12:00,13:30-15:30", nil)
	if err != nil || len(h.Classes[0].Open) != 2 || h.Classes[0].Open[1].From != "13:30" {
		t.Fatalf("%+v %v", h, err)
	}
	classes := []setting.Class{{Name: "c1", Days: []int{1}}, {Name: "c2", From: "2026-10-01"}}
	h, err = setting.ParseLegacy(`[{"type":"c1","worktype":"01","workinghours":"09:00~12:00"},{"type":"c1","workinghours":"13:00~02:00"},{"type":"c2","workinghours":"10:00~11:00"}]`, classes)
	if err != nil || len(h.Classes[0].Open) != 2 || len(h.Classes[1].Open) != 1 || len(classes[0].Open) != 0 {
		t.Fatalf("%+v %v", h, err)
	}
	for _, bad := range []string{"", "9-12", "25:00-26:00", `[{"type":"zz","workinghours":"09:00~12:00"}]`, `[{"type":"c1","workinghours":""}]`, "[1"} {
		if _, err := setting.ParseLegacy(bad, classes); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}
