package transcript_test

import (
	"strings"
	"testing"
	"time"

	"parlor/internal/transcript"
)

var record = transcript.Record{Title: `Shop <&>`, Lang: "zh-CN", Entries: []transcript.Entry{
	{At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Text: "Lin 已接入"},
	{At: time.Date(2026, 1, 2, 3, 4, 6, 0, time.UTC), Name: `</p><script>alert(1)</script>`, Mine: true, Text: "一\n<img src=x onerror=alert(1)>"},
	{At: time.Date(2026, 1, 2, 3, 4, 7, 0, time.UTC), Name: "Lin", File: `"a".png`}}}

func TestText(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	if err := record.Text(&b, time.FixedZone("", 8*3600)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"2026-01-02 11:04:05  Lin 已接入\r\n", "一\r\n    <img", `Lin: ["a".png]`} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is not in %q", want, b.String())
		}
	}
}

func TestHTMLEscapesWhatPeopleWrote(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	if err := record.HTML(&b, time.UTC); err != nil {
		t.Fatal(err)
	}
	got := b.String()
	if strings.Contains(got, "<script>") || strings.Contains(got, "<img") || !strings.Contains(got, "&lt;img src=x") || !strings.Contains(got, `class="me"`) || !strings.Contains(got, "03:04:07") {
		t.Error(got)
	}
}
