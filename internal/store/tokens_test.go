package store

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"parlor/internal/errs"
)

func TestTokens(t *testing.T) {
	t.Parallel()
	p := tenantPrefix("main")
	if len(p) != 3 || p == tenantPrefix("other") {
		t.Fatalf("prefixes %q, %q", p, tenantPrefix("other"))
	}
	for _, x := range []struct {
		text string
		want []string
	}{
		{"订单", []string{"订单"}},
		{"订单号", []string{"订单", "单号"}},
		{"ＡＢ", []string{"ab"}},
		{"Ab aB", []string{"ab"}},
		{"a b", nil},
		{"a\tb\x00c", nil},
		{"#1", []string{"\ue0231"}},
		{"ß", []string{"ss"}},
	} {
		var want []string
		for _, w := range x.want {
			want = append(want, p+w)
		}
		if got := tokensOf("main", words(x.text)); !slices.Equal(got, want) {
			t.Errorf("tokens of %q = %q, want %q", x.text, got, want)
		}
	}
}

// FuzzTokens checks that a text which holds all words of a query holds all its
// tokens, and that tokens need no quoting on either engine.
func FuzzTokens(f *testing.F) {
	f.Add("我的订单 什么时候发货", "订单")
	f.Add("Straße ＡＢＣ", "ss")
	f.Add("it's \"quoted\" \\ & | ! ( )", "\" \\")
	f.Fuzz(func(t *testing.T, text, query string) {
		if checkTexts([]any{text, query}) != nil {
			t.SkipNow() // the store refuses such texts and queries
		}
		have := tokensOf("main", words(text))
		want := tokensOf("main", words(query))
		if holds(text, words(query)) {
			for _, tok := range want {
				if !slices.Contains(have, tok) {
					t.Fatalf("%q holds %q but not the token %q", text, query, tok)
				}
			}
		}
		for _, tok := range have {
			if strings.ContainsFunc(tok, func(r rune) bool {
				return r < 0x80 && (r < '0' || r > '9') && (r < 'a' || r > 'z')
			}) {
				t.Fatalf("token %q has a character with a meaning", tok)
			}
		}
	})
}

func FuzzCursor(f *testing.F) {
	for _, c := range []cursor{cursorTop, cursorBottom, {1, "a/b"}, {math.MinInt64, "~"}} {
		f.Add(c.String())
	}
	f.Add("!")
	f.Fuzz(func(t *testing.T, s string) {
		c, err := parseCursor(s, cursorTop)
		if err != nil {
			if errs.ReasonOf(err) != "bad_cursor" {
				t.Fatalf("error = %v", err)
			}
			return
		}
		if s == "" {
			return
		}
		if again, err := parseCursor(c.String(), cursorBottom); err != nil || again != c {
			t.Fatalf("%q became %+v, then %+v (%v)", s, c, again, err)
		}
	})
}

// FuzzRestore reads any text as a backup into a transaction that refuses
// everything, so that only the reading is tested.
func FuzzRestore(f *testing.F) {
	head := `{"backup":"parlor","format":1,"schema":1}` + "\n"
	f.Add(head + `{"table":"team","columns":["id"]}` + "\n" + `["a"]` + "\n" + `{"end":true,"rows":1}`)
	f.Add(head + `{"end":true,"rows":0}`)
	f.Add(head + `["a"]`)
	f.Fuzz(func(t *testing.T, text string) {
		var b bytes.Buffer
		zip := gzip.NewWriter(&b)
		if _, err := io.WriteString(zip, text); err != nil {
			t.Fatal(err)
		}
		if err := zip.Close(); err != nil {
			t.Fatal(err)
		}
		r, err := openBackup(&b, 1)
		if err == nil {
			// Without a database the first insert would panic, so only texts
			// without rows are read to their end.
			if !strings.Contains(text, "[") {
				err = r.load(context.Background(), &tx{})
			}
		}
		if err != nil && errs.CodeOf(err) != errs.Invalid && errs.CodeOf(err) != errs.Conflict {
			t.Fatalf("error = %v", err)
		}
	})
}
