package store

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// errScan says that a row has other columns than were asked for.
func errScan(have, want int) error {
	return fmt.Errorf("the row has %d columns, not %d", have, want)
}

// assign stores a column where a scan function wants it, as database/sql does
// for the types that the store uses: texts, whole numbers, floats, booleans,
// bytes, any, types made of these, and what scans itself. A NULL has no place
// but in the last two.
func assign(dest any, src driver.Value) error {
	switch d := dest.(type) {
	case *string:
		if s, ok := src.(string); ok {
			*d = s
			return nil
		}
	case *int64:
		if n, ok := src.(int64); ok {
			*d = n
			return nil
		}
	case *int:
		if n, ok := src.(int64); ok {
			*d = int(n)
			return nil
		}
	case *[]byte:
		switch s := src.(type) {
		case nil:
			*d = nil
			return nil
		case []byte:
			*d = s
			return nil
		}
	case *any:
		*d = src
		return nil
	case sql.Scanner:
		return d.Scan(src)
	}
	return assignKind(reflect.ValueOf(dest), src)
}

// assignKind is assign for what has to be converted.
func assignKind(dest reflect.Value, src driver.Value) error {
	switch v := src.(type) {
	case string:
		return assignText(dest, v)
	case []byte:
		return assignText(dest, string(v))
	}
	to, err := target(dest)
	if err != nil {
		return err
	}
	switch n, isNumber := src.(int64); {
	case isNumber && to.Kind() == reflect.String:
		to.SetString(strconv.FormatInt(n, 10))
	case isNumber && to.CanInt() && !to.OverflowInt(n):
		to.SetInt(n)
	case isNumber && to.CanFloat():
		to.SetFloat(float64(n))
	case isNumber && to.Kind() == reflect.Bool && n>>1 == 0:
		to.SetBool(n == 1)
	default:
		f, isFloat := src.(float64)
		if !isFloat || !to.CanFloat() {
			return fmt.Errorf("a column, %v, cannot be stored in a %s", src, to.Type())
		}
		to.SetFloat(f)
	}
	return nil
}

// assignText is assign for a text.
func assignText(dest reflect.Value, s string) error {
	to, err := target(dest)
	if err != nil {
		return err
	}
	switch kind := to.Kind(); {
	case kind == reflect.String:
		to.SetString(s)
		return nil
	case kind == reflect.Slice && to.Type().Elem().Kind() == reflect.Uint8:
		to.SetBytes([]byte(s))
		return nil
	case to.CanInt():
		var n int64
		n, err = strconv.ParseInt(s, 10, to.Type().Bits())
		to.SetInt(n)
	case kind == reflect.Bool:
		var yes bool
		yes, err = strconv.ParseBool(s)
		to.SetBool(yes)
	default:
		err = errors.New("it is a text")
	}
	if err != nil {
		return fmt.Errorf("a column cannot be stored in a %s: %w", to.Type(), err)
	}
	return nil
}

// target is what a destination points to.
func target(dest reflect.Value) (reflect.Value, error) {
	if dest.Kind() != reflect.Pointer || dest.IsNil() {
		return dest, errors.New("a column can be stored in what a pointer points to only")
	}
	return dest.Elem(), nil
}

// packedRow is a row whose columns, texts and whole numbers that are never NULL,
// stand one behind the other in one text. A NUL byte stands between them, which no
// text in the database has, see checkTexts.
type packedRow string

// packed is the expression for a packedRow of columns on SQLite.
func packed(columns string) string { return "concat_ws(char(0), " + columns + ")" }

// Scan copies the columns.
func (p packedRow) Scan(dest ...any) error {
	rest := string(p)
	if n := strings.Count(rest, "\x00") + 1; n != len(dest) {
		return errScan(n, len(dest))
	}
	for _, d := range dest {
		var column string
		column, rest, _ = strings.Cut(rest, "\x00")
		switch d := d.(type) {
		case *string:
			*d = column
		case *int64:
			n, err := strconv.ParseInt(column, 10, 64)
			if err != nil {
				return err
			}
			*d = n
		default:
			if err := assignText(reflect.ValueOf(d), column); err != nil {
				return err
			}
		}
	}
	return nil
}

// positional rewrites the parameters $1, $2, … of a statement for SQLite, whose
// driver looks up each that has a name by that name, for every execution: those
// that stand once become plain question marks. order[i] is the argument (from 0)
// of parameter i; it is nil if nothing was changed. Quoted texts are left alone.
func positional(text string) (string, []int) {
	count, ok := parameters(text)
	if !ok || len(count) == 0 {
		return text, nil
	}
	var b strings.Builder
	order := make([]int, 0, len(count))
	place := map[int]int{}
	eachParameter(text, func(before string, n int) {
		b.WriteString(before)
		if n == 0 {
			return
		}
		if place[n] == 0 {
			order = append(order, n-1)
			place[n] = len(order)
		}
		b.WriteByte('?')
		if count[n] > 1 {
			b.WriteString(strconv.Itoa(place[n]))
		}
	})
	return b.String(), order
}

// parameters counts how often each parameter stands in a statement. ok is false
// for several statements in one text, each of which would count its own, and for
// what is not read here: comments and texts without an end.
func parameters(text string) (count map[int]int, ok bool) {
	count, ok = map[int]int{}, true
	closed := eachParameter(text, func(before string, n int) {
		ok = ok && !strings.Contains(before, ";") && !strings.Contains(before, "--") && !strings.Contains(before, "/*")
		if n > 0 {
			count[n]++
		}
	})
	return count, ok && closed
}

// eachParameter calls f for each parameter $n with the text before it, and at
// last with the rest and 0. closed is false if a quoted text has no end.
func eachParameter(text string, f func(before string, n int)) (closed bool) {
	var quote byte
	from := 0
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"' || c == '`':
			quote = c
		case c == '$':
			end := i + 1
			for end < len(text) && text[end] >= '0' && text[end] <= '9' {
				end++
			}
			if n, err := strconv.Atoi(text[i+1 : end]); err == nil && n > 0 {
				f(text[from:i], n)
				from, i = end, end-1
			}
		}
	}
	f(text[from:], 0)
	return quote == 0
}
