package store

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"parlor/internal/errs"
)

// A backup is a gzip stream of JSON lines: a header, then for each table a line
// with its name and columns followed by a line for each row, then an end with
// the number of rows. It is the same for both engines.

// backupTables are the tables of a backup with the order of their rows. Left out
// are presence and who is online, which are of the moment, and outbox and search index, which
// Restore builds anew from the messages.
var backupTables = []struct{ name, order string }{
	{"tenant", "id"},
	{"inbox", "id"},
	{"team", "id"},
	{"agent", "id"},
	{"agent_team", "tenant, agent, team"},
	{"unit", "id"},
	{"unit_team", "tenant, team"},
	{"unit_monitor", "tenant, unit, agent"},
	{"credential", "hash"},
	{"api_client", "id"},
	{"client_token", "hash"},
	{"role", "tenant, id"},
	{"audit", "id"},
	{"inbox_seen", "tenant, inbox, origin"},
	{"secret", "name"},
	{"visitor", "id"},
	{"contact", "id"},
	{"contact_point", "contact, kind, value"},
	{"contact_channel", "tenant, visitor, source"},
	{"page", "visitor, n"},
	{"visit", "tenant, visitor, since"},
	{"conversation", "id"},
	{"message", "conversation, seq"},
	{"decision", "conversation, n"},
	{"served", "tenant, visitor, agent"},
	{"handover", "conversation"},
	{"file", "id"},
	{"job", "id"},
	{"colleague_message", "id"},
	{"canned_category", "id"},
	{"canned_entry", "id"},
	{"canned_use", "tenant, agent, entry"},
	{"canned_seed", "tenant"},
	{"tag", "id"},
	{"tag_link", "target, tag"},
	{"mention", "tenant, agent, id"},
	{"draft", "tenant, agent, conversation"},
	{"colleague_group", "id"},
	{"colleague_member", "tenant, room, agent"},
	{"colleague_recent", "tenant, agent, peer"},
	{"session_type", "id"},
	{"summary", "conversation"},
	{"field", "id"},
	{"visitor_field", "visitor, field"},
	{"block", "id"},
	{"invitation", "id"},
	{"survey", "conversation"},
	{"leave_message", "id"},
	{"export", "id"},
	{"fact_due", "conversation"},
	{"fact", "conversation"},
	{"part", "conversation, n"},
	{"conversation_detail", "conversation"},
	{"conversation_field", "conversation, field"},
	{"agreement", "id"},
	{"level", "tenant, id"},
	{"visitor_identity", "visitor"},
	{"identity_key", "id"},
	{"visitor_pass", "tenant, hash"},
	{"grant_roles", "tenant, permission"},
	{"counter", "tenant, name"},
	{"hook", "id"},
	{"hook_due", "hook, subject"},
	{"hook_attempt", "id"},
	{"hook_answer", "conversation"},
	{"agent_time", "tenant, day, agent"},
	{"agent_state", "tenant, day, agent, state"},
	{"page_trigger", "id"},
	{"mailbox", "id"},
	{"canvas", "id"},
	{"canvas_mark", "canvas, seq"},
	{"call", "id"},
	{"robot", "id"},
	{"robot_inbox", "tenant, inbox"},
	{"robot_turn", "conversation"},
	{"robot_rating", "conversation, seq"},
	{"call_record", "call, file"},
	{"call_request", "conversation"},
	{"binding", "tenant, visitor_key, flag"},
	{"binding_change", "tenant, visitor_key, id"},
	{"binding_mark", "tenant, conversation, rule"},
	{"knowledge_category", "id"},
	{"knowledge_article", "id"},
}

// backupFormat is the version of the file format.
const backupFormat = 1

// backupHeader is the first line of a backup.
type backupHeader struct {
	Backup string `json:"backup"`
	Format int    `json:"format"`
	Schema int    `json:"schema"`
	Engine string `json:"engine"`
	// At is when it was made, epoch milliseconds.
	At int64 `json:"at"`
}

// backupTable is the line before the rows of a table.
type backupTable struct {
	Table   string   `json:"table"`
	Columns []string `json:"columns"`
}

// backupEnd is the last line of a backup.
type backupEnd struct {
	End  bool  `json:"end"`
	Rows int64 `json:"rows"`
}

// Backup writes everything to w as of one moment, while the store is in use.
// Restore reads it on either engine.
func (s *Store) Backup(ctx context.Context, w io.Writer) (err error) {
	defer errs.Wrap(&err, "store.Backup")
	version, err := s.SchemaVersion(ctx)
	if err != nil {
		return err
	}
	zip := gzip.NewWriter(w)
	out := json.NewEncoder(zip)
	out.SetEscapeHTML(false) // the file is not a web page
	if err := out.Encode(backupHeader{"parlor", backupFormat, version, s.Engine(), ms(s.opts.Clock.Now())}); err != nil {
		return err
	}
	var rows int64
	err = s.snapshot(ctx, func(q *session) error {
		for _, t := range backupTables {
			n, err := dumpTable(ctx, q, out, t.name, t.order)
			if err != nil {
				return fmt.Errorf("table %s: %w", t.name, err)
			}
			rows += n
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := out.Encode(backupEnd{true, rows}); err != nil {
		return err
	}
	return zip.Close()
}

// dumpTable writes the rows of one table and returns how many there were.
func dumpTable(ctx context.Context, q *session, out *json.Encoder, table, order string) (n int64, err error) {
	rows, err := q.query(ctx, `SELECT * FROM `+table+` ORDER BY `+order)
	if err != nil {
		return 0, translate(err)
	}
	defer func() { _ = rows.Close() }() // rows.Err has reported what matters
	columns, err := rows.Columns()
	if err != nil {
		return 0, err
	}
	if err := out.Encode(backupTable{table, columns}); err != nil {
		return 0, err
	}
	values := make([]any, len(columns))
	dest := make([]any, len(columns))
	for i := range values {
		dest[i] = &values[i]
	}
	for ; rows.Next(); n++ {
		if err := rows.Scan(dest...); err != nil {
			return n, err
		}
		if err := out.Encode(values); err != nil {
			return n, err
		}
	}
	return n, translate(rows.Err())
}

// isTable reports whether a backup may hold the table. Names from a file become
// part of a statement, so only known ones are let through.
func isTable(name string) bool {
	for _, t := range backupTables {
		if t.name == name {
			return true
		}
	}
	return false
}

// isName reports whether s is the plain name of a column.
func isName(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz_") == ""
}
