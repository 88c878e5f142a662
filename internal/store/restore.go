package store

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"parlor/internal/errs"
)

// Bounds of what Restore reads.
const (
	maxBackupLine = 16 << 20
	maxColumns    = 100
	restoreRows   = 100
	// restoreTimeout bounds the transaction on PostgreSQL.
	restoreTimeout = 24 * time.Hour
)

// Restore fills an empty database from a backup of either engine. It is one
// transaction: if it fails the database is as empty as before.
//
// Errors: Conflict "not_empty"; Conflict "other_schema" if the backup is of
// another schema version; Invalid "bad_backup" if r is not a whole backup.
func (s *Store) Restore(ctx context.Context, r io.Reader) (err error) {
	defer errs.Wrap(&err, "store.Restore")
	version, err := s.SchemaVersion(ctx)
	if err != nil {
		return err
	}
	b, err := openBackup(r, version)
	if err != nil {
		return err
	}
	started, failed := false, error(nil)
	return s.writeWithin(ctx, restoreTimeout, func(ctx context.Context, t *tx) error {
		if started {
			return failed // the stream cannot be read twice
		}
		started = true
		if failed = mustBeEmpty(ctx, t); failed != nil {
			return failed
		}
		if failed = b.load(ctx, t); failed != nil {
			return failed
		}
		failed = s.rebuildOutbox(ctx, t)
		return failed
	})
}

// badBackup says what is wrong with the stream.
func badBackup(why string) *errs.Error {
	return errs.New(errs.Invalid, "bad_backup", "this is not a whole backup: %s", why)
}

// mustBeEmpty refuses to mix a backup with what is there already.
func mustBeEmpty(ctx context.Context, t *tx) error {
	for _, table := range backupTables {
		_, found, err := first(ctx, t, scalar[int64], `SELECT 1 FROM `+table.name+` LIMIT 1`)
		if err != nil {
			return err
		}
		if found {
			return errs.New(errs.Conflict, "not_empty",
				"a backup is restored into an empty database only; table %s has rows", table.name)
		}
	}
	return nil
}

// rebuildOutbox lets the search index follow all restored messages from the start.
func (s *Store) rebuildOutbox(ctx context.Context, t *tx) error {
	_, err := t.exec(ctx, `INSERT INTO outbox (tenant, conversation, seq, kind, at)
		SELECT c.tenant, m.conversation, m.seq, m.kind, m.at FROM message m
		JOIN conversation c ON c.id = m.conversation ORDER BY m.at, m.conversation, m.seq`)
	return err
}

// backupReader reads the lines of a backup.
type backupReader struct{ lines *bufio.Scanner }

// openBackup checks the header.
func openBackup(r io.Reader, version int) (*backupReader, error) {
	zip, err := gzip.NewReader(r)
	if err != nil {
		return nil, badBackup("it is not compressed with gzip")
	}
	b := &backupReader{bufio.NewScanner(zip)}
	b.lines.Buffer(make([]byte, 0, 64<<10), maxBackupLine)
	var h backupHeader
	line, err := b.next()
	if err != nil {
		return nil, err
	}
	if json.Unmarshal(line, &h) != nil || h.Backup != "parlor" || h.Format != backupFormat {
		return nil, badBackup("the header is not ours")
	}
	if h.Schema != version {
		return nil, errs.New(errs.Conflict, "other_schema",
			"the backup has schema version %d, this database %d: restore it with the program that made it, then upgrade", h.Schema, version)
	}
	return b, nil
}

// next returns the next line; the end of the stream is an error.
func (b *backupReader) next() ([]byte, error) {
	if b.lines.Scan() {
		return b.lines.Bytes(), nil
	}
	err := b.lines.Err()
	if err == nil {
		err = io.ErrUnexpectedEOF
	}
	return nil, badBackup("it ends early").Because(err)
}

// load reads all tables up to the end line.
func (b *backupReader) load(ctx context.Context, t *tx) error {
	l := &loader{t: t}
	for {
		line, err := b.next()
		if err != nil {
			return err
		}
		// A row is an array, everything else an object.
		if bytes.HasPrefix(line, []byte("[")) {
			if err := l.row(ctx, line); err != nil {
				return err
			}
			continue
		}
		if err := l.flush(ctx); err != nil {
			return err
		}
		// Without the end line the file was cut, and nothing may be kept of it.
		var end backupEnd
		if json.Unmarshal(line, &end) == nil && end.End {
			if end.Rows != l.total {
				return badBackup(fmt.Sprintf("it has %d rows of %d", l.total, end.Rows))
			}
			return nil
		}
		if err := l.begin(line); err != nil {
			return err
		}
	}
}

// loader inserts the rows of a table, many with one statement.
type loader struct {
	t     *tx
	table backupTable
	args  []any
	rows  int
	total int64
}

// begin starts a table.
func (l *loader) begin(line []byte) error {
	l.table = backupTable{}
	if json.Unmarshal(line, &l.table) != nil || !isTable(l.table.Table) || len(l.table.Columns) == 0 || len(l.table.Columns) > maxColumns {
		return badBackup("there is a table we do not know")
	}
	for _, c := range l.table.Columns {
		if !isName(c) {
			return badBackup("there is a column we do not know")
		}
	}
	return nil
}

// row collects one row; a full statement is sent at once.
func (l *loader) row(ctx context.Context, line []byte) error {
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber() // a float64 would round large numbers
	var values []any
	if err := d.Decode(&values); err != nil || len(values) != len(l.table.Columns) || len(values) == 0 {
		return badBackup("a row does not fit its table")
	}
	for _, v := range values {
		switch v := v.(type) {
		case string:
			l.args = append(l.args, v)
		case json.Number:
			n, err := v.Int64()
			if err != nil {
				return badBackup("a number is not whole")
			}
			l.args = append(l.args, n)
		default:
			return badBackup("a value is neither text nor number")
		}
	}
	l.rows++
	l.total++
	if l.rows == restoreRows {
		return l.flush(ctx)
	}
	return nil
}

// flush inserts the rows collected so far.
func (l *loader) flush(ctx context.Context) error {
	if l.rows == 0 {
		return nil
	}
	var sb strings.Builder
	sb.WriteString(`INSERT INTO ` + l.table.Table + ` (` + strings.Join(l.table.Columns, ", ") + `) VALUES `)
	for i := range l.args {
		switch {
		case i == 0:
			sb.WriteString("(")
		case i%len(l.table.Columns) == 0:
			sb.WriteString("), (")
		default:
			sb.WriteString(", ")
		}
		fmt.Fprintf(&sb, "$%d", i+1)
	}
	sb.WriteString(")")
	_, err := l.t.exec(ctx, sb.String(), l.args...)
	l.args, l.rows = l.args[:0], 0
	return err
}
