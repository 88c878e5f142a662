package sheet_test

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"parlor/internal/sheet"
)

var streamed = [][]string{{"姓名", "say"}, {"王芳", "=1+1"}, {`"a", b`, "one\ntwo"}, {"+1", "@x"}, {"-", "'quoted"}, {"\tx", ""}}

func lines(t *testing.T, first bool, rows ...[]string) string {
	t.Helper()
	var b bytes.Buffer
	l, err := sheet.NewLines(&b, first)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if err := l.Row(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestLinesAreGuardedAndGoOn(t *testing.T) {
	t.Parallel()
	want := "\ufeff姓名,say\r\n王芳,'=1+1\r\n\"\"\"a\"\", b\",\"one\r\ntwo\"\r\n'+1,'@x\r\n'-,'quoted\r\n'\tx,\r\n"
	if got := lines(t, true, streamed...); got != want {
		t.Errorf("%q\nwant\n%q", got, want)
	}
	if got := lines(t, true, streamed[:3]...) + lines(t, false, streamed[3:]...); got != want {
		t.Errorf("in two parts %q", got)
	}
	rows, err := sheet.Read(strings.NewReader(want))
	if err != nil || rows[1][1] != "=1+1" || rows[2][1] != "one\ntwo" {
		t.Error(rows, err)
	}
}

func TestABookIsMadeOfLines(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := sheet.Book(&b, strings.NewReader(lines(t, true, streamed...))); err != nil {
		t.Fatal(err)
	}
	rows, err := sheet.Read(&b)
	want := [][]string{{"姓名", "say"}, {"王芳", "=1+1"}, {`"a", b`, "one\ntwo"}, {"+1", "@x"}, {"-", "'quoted"}, {"x"}}
	if err != nil || !reflect.DeepEqual(rows[:5], want[:5]) || len(rows) != len(want) {
		t.Errorf("%q\nwant\n%q %v", rows, want, err)
	}
	for _, bad := range []string{"", "\ufeffa,\"b\r\n"} {
		if err := sheet.Book(&b, strings.NewReader(bad)); err == nil {
			t.Errorf("%q became a book", bad)
		}
	}
}
