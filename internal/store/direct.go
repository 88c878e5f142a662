package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"

	"modernc.org/sqlite"
)

// direct is the one connection that writes on SQLite. It talks to the driver
// without database/sql, whose locks, checks and copies for every statement cost
// the writer a fifth of its time. It keeps its statements prepared and its
// buffers, and belongs to one goroutine: the writer's once that runs.
type direct struct {
	conn   driver.Conn
	stmts  map[string]*directStmt
	args   []driver.NamedValue
	result directRows
}

// directStmt is a prepared statement; order says which argument each of its
// parameters takes, see positional.
type directStmt struct {
	st interface {
		driver.Stmt
		driver.StmtExecContext
		driver.StmtQueryContext
	}
	order []int
}

// openDirect opens a connection of its own.
func openDirect(ctx context.Context, dsn string) (*direct, error) {
	c, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, err
	}
	conn, err := c.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &direct{conn: conn, stmts: map[string]*directStmt{}}, nil
}

// close ends the statements and the connection.
func (d *direct) close() error {
	for text, s := range d.stmts {
		_ = s.st.Close() // the connection is closed next and reports what matters
		delete(d.stmts, text)
	}
	return d.conn.Close()
}

// prepared returns the statement for text. Statements that are too many to be
// kept push out all others.
func (d *direct) prepared(text string) (*directStmt, error) {
	if s := d.stmts[text]; s != nil {
		return s, nil
	}
	if len(d.stmts) >= maxStatements {
		for old, s := range d.stmts {
			if err := s.st.Close(); err != nil {
				return nil, err
			}
			delete(d.stmts, old)
		}
	}
	text2, order := positional(text)
	st, err := d.conn.Prepare(text2)
	if err != nil {
		return nil, err
	}
	s := &directStmt{order: order}
	var ok bool
	if s.st, ok = st.(interface {
		driver.Stmt
		driver.StmtExecContext
		driver.StmtQueryContext
	}); !ok {
		return nil, errors.Join(errors.New("the driver runs no prepared statements"), st.Close())
	}
	d.stmts[text] = s
	return s, nil
}

// bind puts the arguments where the statement takes them from. They are valid
// until the next call.
func (d *direct) bind(s *directStmt, args []any) ([]driver.NamedValue, error) {
	n := len(args)
	if s.order != nil {
		n = len(s.order)
	}
	d.args = d.args[:0]
	for i := range n {
		from := i
		if s.order != nil {
			from = s.order[i]
		}
		if from >= len(args) {
			return nil, errors.New("the statement has more parameters than arguments")
		}
		v, err := driverValue(args[from])
		if err != nil {
			return nil, err
		}
		d.args = append(d.args, driver.NamedValue{Ordinal: i + 1, Value: v})
	}
	return d.args, nil
}

// driverValue is an argument as drivers take it.
func driverValue(v any) (driver.Value, error) {
	switch x := v.(type) {
	case string, int64, []byte, nil:
		return v, nil
	case int:
		return int64(x), nil
	}
	return driver.DefaultParameterConverter.ConvertValue(v)
}

// ready returns the statement for text and its arguments.
func (d *direct) ready(text string, args []any) (*directStmt, []driver.NamedValue, error) {
	if d.result.open {
		return nil, nil, errors.New("the rows of another statement are being read")
	}
	s, err := d.prepared(text)
	if err != nil {
		return nil, nil, err
	}
	named, err := d.bind(s, args)
	return s, named, err
}

func (d *direct) exec(ctx context.Context, text string, args ...any) (int64, error) {
	s, named, err := d.ready(text, args)
	if err != nil {
		return 0, err
	}
	res, err := s.st.ExecContext(ctx, named)
	clear(named) // lets go of what the caller sent
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func (d *direct) query(ctx context.Context, text string, args ...any) (result, error) {
	s, named, err := d.ready(text, args)
	if err != nil {
		return nil, err
	}
	rows, err := s.st.QueryContext(ctx, named)
	clear(named)
	if err != nil {
		return nil, err
	}
	r := &d.result
	r.rows, r.err, r.open = rows, nil, true
	n := len(rows.Columns())
	if cap(r.values) < n {
		r.values = make([]driver.Value, n)
	}
	r.values = r.values[:n]
	return r, nil
}

// directRows are the rows that a direct connection reads at the moment.
type directRows struct {
	rows   driver.Rows
	values []driver.Value
	err    error
	open   bool
}

// Next reads the next row and reports whether there is one.
func (r *directRows) Next() bool {
	if !r.open || r.err != nil {
		return false
	}
	err := r.rows.Next(r.values)
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = err
	}
	return err == nil
}

// Scan copies the columns of the row.
func (r *directRows) Scan(dest ...any) error {
	if len(dest) != len(r.values) {
		return errScan(len(r.values), len(dest))
	}
	for i, d := range dest {
		if err := assign(d, r.values[i]); err != nil {
			return err
		}
	}
	return nil
}

// Columns returns the names of the columns.
func (r *directRows) Columns() ([]string, error) { return r.rows.Columns(), nil }

// Err is what ended the reading early.
func (r *directRows) Err() error { return r.err }

// Close makes the connection free for the next statement. It may be called twice.
func (r *directRows) Close() error {
	if !r.open {
		return nil
	}
	r.open = false
	clear(r.values)
	return r.rows.Close()
}
