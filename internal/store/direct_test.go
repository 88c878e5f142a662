package store_test

import (
	"database/sql"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"parlor/internal/id"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
)

func TestPositional(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text, want string
		order      []int
	}{
		{"SELECT 1", "SELECT 1", nil},
		{"VALUES ($1, $2, $3)", "VALUES (?, ?, ?)", []int{0, 1, 2}},
		{"WHERE b = $2 AND a = $1", "WHERE b = ? AND a = ?", []int{1, 0}},
		{"$3 $1 $3 $2", "?1 ? ?1 ?", []int{2, 0, 1}},
		{"$12 $1", "? ?", []int{11, 0}},
		{"json_extract(x, '$.a') = $1 AND '$2' <> \"$3\"", "json_extract(x, '$.a') = ? AND '$2' <> \"$3\"", []int{0}},
		{"'it''s $1' $1", "'it''s $1' ?", []int{0}},
		{"SELECT $1; SELECT $1", "SELECT $1; SELECT $1", nil},
		{"SELECT $1 -- it's $2", "SELECT $1 -- it's $2", nil},
		{"SELECT $1 'open $2", "SELECT $1 'open $2", nil},
		{"$ $0 $x $99999999999999999999", "$ $0 $x $99999999999999999999", nil},
	} {
		got, order := store.Positional(c.text)
		if got != c.want || !slices.Equal(order, c.order) {
			t.Errorf("%s: %s %v, want %s %v", c.text, got, order, c.want, c.order)
		}
	}
}

// FuzzPositional puts the arguments back where the rewritten statement has them.
func FuzzPositional(f *testing.F) {
	f.Add("SELECT $2, $1, $2 FROM x WHERE y = '$1'")
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "?") {
			return // the statements of the store have none
		}
		got, order := store.Positional(text)
		if order == nil {
			if got != text {
				t.Fatalf("%q became %q without an order", text, got)
			}
			return
		}
		var back strings.Builder
		place := 0
		for i := 0; i < len(got); i++ {
			if got[i] != '?' {
				back.WriteByte(got[i])
				continue
			}
			n, digits := 0, 0
			for i+1 < len(got) && got[i+1] >= '0' && got[i+1] <= '9' {
				i, n, digits = i+1, n*10+int(got[i+1]-'0'), digits+1
			}
			if digits == 0 || n > place {
				place++
			}
			if digits == 0 {
				n = place
			}
			if n < 1 || n > len(order) {
				t.Fatalf("%q: parameter %d of %v", got, n, order)
			}
			fmt.Fprintf(&back, "$%d", order[n-1]+1)
		}
		if canonical(back.String()) != canonical(text) {
			t.Fatalf("%q became %q %v, which is %q", text, got, order, back.String())
		}
	})
}

// canonical drops the leading zeros of parameters.
func canonical(text string) string {
	for strings.Contains(text, "$0") {
		text = strings.ReplaceAll(text, "$0", "$")
	}
	return text
}

func TestAssign(t *testing.T) {
	t.Parallel()
	type number int16
	for _, c := range []struct {
		dest, src, want any
	}{
		{new(string), "a", "a"},
		{new(string), []byte("a"), "a"},
		{new(string), int64(-7), "-7"},
		{new(id.Agent), "a", id.Agent("a")},
		{new(int64), int64(7), int64(7)},
		{new(int64), "7", int64(7)},
		{new(int), int64(7), 7},
		{new(number), int64(7), number(7)},
		{new(float64), 1.5, 1.5},
		{new(float64), int64(2), 2.0},
		{new(bool), int64(1), true},
		{new(bool), "false", false},
		{new([]byte), []byte{1}, []byte{1}},
		{new([]byte), "a", []byte("a")},
		{new([]byte), nil, []byte(nil)},
		{new(any), nil, nil},
		{new(any), int64(3), int64(3)},
		{new(sql.NullString), "a", sql.NullString{String: "a", Valid: true}},
		{new(sql.NullInt64), nil, sql.NullInt64{}},
	} {
		if err := store.Assign(c.dest, c.src); err != nil {
			t.Errorf("%T from %#v: %v", c.dest, c.src, err)
		} else if got := reflect.ValueOf(c.dest).Elem().Interface(); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%T from %#v: %#v, want %#v", c.dest, c.src, got, c.want)
		}
	}
	for _, c := range []struct{ dest, src any }{
		{new(string), nil}, {new(int), nil}, {new(id.Agent), nil}, {new(int), "x"}, {new(int), 1.5}, {new(bool), int64(2)},
		{new(number), int64(1 << 20)}, {"no pointer", "a"}, {(*string)(nil), int64(1)}, {new(struct{}), "a"},
	} {
		if err := store.Assign(c.dest, c.src); err == nil {
			t.Errorf("%T took %#v", c.dest, c.src)
		}
	}
}

// TestWriterReadsWhatItWrites passes values of every kind through the writer.
func TestWriterReadsWhatItWrites(t *testing.T) {
	t.Parallel()
	s := storetest.SQLite(t)
	var (
		text  string
		agent id.Agent
		n     int
		float float64
		bytes []byte
		null  sql.NullString
		yes   bool
	)
	dest := []any{&text, &agent, &n, &float, &bytes, &null, &yes}
	err := store.Columns(t.Context(), s, dest, `SELECT $2, $1, $3, $4, $5, $6, $7 WHERE $2 = 'héllo'`,
		id.Agent("a"), "héllo", 3, 1.5, []byte("b"), nil, true)
	if err != nil || text != "héllo" || agent != "a" || n != 3 || float != 1.5 || string(bytes) != "b" || null.Valid || !yes {
		t.Fatalf("%v %v", []any{text, agent, n, float, bytes, null, yes}, err)
	}
	if err := store.Columns(t.Context(), s, dest[:2], `SELECT 'a'`); err == nil {
		t.Error("a row with one column was scanned to two")
	}
	if err := store.Columns(t.Context(), s, dest[:1], `SELECT $2`, "a"); err == nil {
		t.Error("an argument was missing and nobody noticed")
	}
	if err := store.Nested(t.Context(), s); err == nil {
		t.Error("a statement ran while rows were read")
	}
	if err := store.Columns(t.Context(), s, dest[:1], `SELECT 'after'`); err != nil || text != "after" {
		t.Errorf("after that: %q, %v", text, err)
	}
}

func TestPackedRow(t *testing.T) {
	t.Parallel()
	s := storetest.SQLite(t)
	var text string
	var agent id.Agent
	var n int64
	var small int
	var last string
	var packed string
	columns := store.Packed(`$1, 'a;b', -7, 9223372036854775807, ''`)
	if err := store.Columns(t.Context(), s, []any{&packed}, "SELECT "+columns, "你\x1f好\n"); err != nil {
		t.Fatal(err)
	}
	if err := store.ScanPacked(packed, &text, &agent, &small, &n, &last); err != nil || text != "你\x1f好\n" || agent != "a;b" || small != -7 || n != 1<<63-1 || last != "" {
		t.Fatalf("%q: %v %v", packed, []any{text, agent, small, n, last}, err)
	}
	for _, dest := range [][]any{{&text}, {&text, &agent, &small, &n, &last, &last}, {&n, &agent, &small, &n, &last}, {&text, &small, &small, &n, &last},
		{&text, &agent, small, &n, &last}} {
		if err := store.ScanPacked(packed, dest...); err == nil {
			t.Errorf("%q was scanned to %T", packed, dest)
		}
	}
}

// TestWriterForgetsStatements runs more texts than the writer keeps prepared.
func TestWriterForgetsStatements(t *testing.T) {
	t.Parallel()
	s := storetest.SQLite(t)
	for i := range 1200 {
		var got int
		if err := store.Columns(t.Context(), s, []any{&got}, fmt.Sprintf("SELECT $1 + %d", i), 1); err != nil || got != i+1 {
			t.Fatalf("%d: %d, %v", i, got, err)
		}
	}
}
