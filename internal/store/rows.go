package store

import (
	"context"
	"fmt"
	"strings"

	"parlor/internal/id"
)

// largestInsert is the most rows that one statement inserts.
const largestInsert = 64

// insertRows inserts many rows with few statements: head is what stands before
// VALUES, tail what stands behind the rows. Rows go in groups whose sizes are
// powers of two, so that few texts have to be prepared.
func insertRows(ctx context.Context, t *tx, head, tail string, rows [][]any) error {
	for size := largestInsert; len(rows) > 0; {
		if size > len(rows) {
			size /= 2
			continue
		}
		var b strings.Builder
		b.WriteString(head + " VALUES ")
		args := make([]any, 0, size*len(rows[0]))
		for i, row := range rows[:size] {
			if i > 0 {
				b.WriteString(", ")
			}
			for j, v := range row {
				b.WriteString(map[bool]string{true: "(", false: ", "}[j == 0])
				args = append(args, v)
				fmt.Fprintf(&b, "$%d", len(args))
			}
			b.WriteString(")")
		}
		if _, err := t.exec(ctx, b.String()+" "+tail, args...); err != nil {
			return err
		}
		rows = rows[size:]
	}
	return nil
}

// lockTenant makes verbs that count before they add wait for one another. A
// tenant that is not there is NotFound.
func (s *Store) lockTenant(ctx context.Context, t *tx, tenant id.Tenant) error {
	_, ok, err := first(ctx, t, scalar[string], `SELECT n.id FROM tenant n WHERE n.id = $1`+s.dialect.lock("n"), string(tenant))
	if err == nil && !ok {
		err = missing("tenant")
	}
	return err
}

// numberList is jsonList for numbers.
func numberList(list []int64) string {
	return "[" + strings.Trim(strings.Join(strings.Fields(fmt.Sprint(list)), ","), "[]") + "]"
}
