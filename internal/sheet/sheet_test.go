package sheet_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"

	"parlor/internal/errs"
	"parlor/internal/sheet"
)

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	t.Parallel()
	rows := [][]string{{"标题", "title", "text"}, {"问候", "a,\"b\"", "line 1\nline 2"}, {"=1+1", "+86 10", "@SUM(A1)"}, {"-x", "'quoted'", "007"}}
	for _, f := range []sheet.Format{sheet.CSV, sheet.XLSX} {
		var b bytes.Buffer
		if err := sheet.Write(&b, f, rows); err != nil {
			t.Fatal(f, err)
		}
		if f == sheet.CSV {
			for _, formula := range []string{"\n=1", ",+86", ",@SUM", "\n-x"} {
				if strings.Contains(b.String(), formula) {
					t.Errorf("a cell runs as a formula: %q in %q", formula, b.String())
				}
			}
			if !strings.HasPrefix(b.String(), "\ufeff") {
				t.Error("no byte order mark")
			}
		}
		got, err := sheet.Read(&b)
		if err != nil || fmt.Sprintf("%q", got) != fmt.Sprintf("%q", rows) {
			t.Errorf("%s: %q %v", f, got, err)
		}
	}
}

func TestForeignFilesAreRead(t *testing.T) {
	t.Parallel()
	gbk, err := simplifiedchinese.GBK.NewEncoder().String("标题,内容\n问候,您好\n")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		gbk:                `[["标题" "内容"] ["问候" "您好"]]`,
		"a;b\nc;d, e\n":    `[["a" "b"] ["c" "d, e"]]`,
		"a\tb\r\n c \td":   `[["a" "b"] ["c" "d"]]`,
		"a,b\n1\n1,2,3,\n": `[["a" "b"] ["1"] ["1" "2" "3" ""]]`,
		"":                 `[]`,
	} {
		got, err := sheet.Read(strings.NewReader(text))
		if err != nil || fmt.Sprintf("%q", got) != want {
			t.Errorf("%q: %q %v", text, got, err)
		}
	}
}

func TestBrokenAndHugeFilesAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ file, reason string }{
		"zip bomb or no book": {"PK\x03\x04nonsense", "bad_table"},
		"picture":             {"\xff\xd8\xff\xe0\x00\x10JFIF\x00\xff\xff\xff", "bad_table"},
		"too long":            {strings.Repeat("x\n", sheet.MaxRows+1), "table_too_large"},
		"too wide":            {strings.Repeat("x,", sheet.MaxColumns+1), "table_too_large"},
		"too large":           {strings.Repeat("x", sheet.MaxBytes+1), "table_too_large"},
		"zero byte":           {"a\x00b", "bad_table"},
	} {
		if _, err := sheet.Read(strings.NewReader(c.file)); errs.ReasonOf(err) != c.reason {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	var book bytes.Buffer
	if err := sheet.Write(&book, sheet.XLSX, [][]string{{"a", "b"}, {"1", "=2"}}); err != nil {
		f.Fatal(err)
	}
	f.Add(book.Bytes())
	f.Add([]byte("a,b\n\"c\nd\",=e"))
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, b []byte) {
		rows, err := sheet.Read(bytes.NewReader(b))
		if err != nil && errs.CodeOf(err) != errs.Invalid && errs.CodeOf(err) != errs.TooLarge {
			t.Fatalf("a bad file is not our fault: %v", err)
		}
		for _, row := range rows {
			for _, cell := range row {
				if strings.IndexByte(cell, 0) >= 0 {
					t.Fatalf("%q is no text", cell)
				}
			}
		}
	})
}
