package store_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"parlor/internal/errs"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
)

// emptyDatabase returns the options for an empty database of the engine and
// its migrations.
func emptyDatabase(t *testing.T, engine string) (store.Options, *store.Migrations) {
	t.Helper()
	o, where := store.Options{}, ""
	if engine == store.SQLite {
		o.Dir = t.TempDir()
		where = o.Dir
	} else {
		o.Database = storetest.EmptyDSN(t)
		where = o.Database
	}
	m, err := store.OpenMigrations(engine, where)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.DB.Close() })
	return o, m
}

func TestMigrationsUpDownUp(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{store.SQLite, store.Postgres} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			_, m := emptyDatabase(t, engine)
			if err := m.Up(t.Context()); err != nil {
				t.Fatal(err)
			}
			first := schema(t, m, engine)
			if err := m.Down(t.Context()); err != nil {
				t.Fatal(err)
			}
			if left := schema(t, m, engine); len(left) != 0 {
				t.Fatalf("left after all were undone: %v", left)
			}
			if err := m.Up(t.Context()); err != nil {
				t.Fatal(err)
			}
			if again := schema(t, m, engine); !slices.Equal(first, again) {
				t.Fatalf("schemas differ:\n%v\n%v", first, again)
			}
		})
	}
}

func TestSchemasAreEqual(t *testing.T) {
	t.Parallel()
	schemas := map[string][]string{}
	for _, engine := range []string{store.SQLite, store.Postgres} {
		_, m := emptyDatabase(t, engine)
		if err := m.Up(t.Context()); err != nil {
			t.Fatal(err)
		}
		schemas[engine] = schema(t, m, engine)
	}
	// The one writer of SQLite knows the names of senders by itself.
	const own = "index message_client on message unique 1 (conversation, client_id, from_id) WHERE client_id <> ''"
	if !slices.Contains(schemas[store.Postgres], own) {
		t.Errorf("postgres has no %s", own)
	}
	for engine, other := range map[string]string{store.SQLite: store.Postgres, store.Postgres: store.SQLite} {
		for _, line := range schemas[engine] {
			if !slices.Contains(schemas[other], line) && (engine != store.Postgres || line != own) {
				t.Errorf("only %s has %s", engine, line)
			}
		}
	}
	if len(schemas[store.SQLite]) < 150 {
		t.Fatalf("the schema has %d lines only", len(schemas[store.SQLite]))
	}
}

// schema describes tables, columns, keys and indexes, one line each, without
// what belongs to full-text search and to the migrations themselves.
func schema(t *testing.T, m *store.Migrations, engine string) []string {
	t.Helper()
	queries := []string{
		`SELECT 'column ' || t.name || '.' || c.name || ' ' || REPLACE(c.type, 'INTEGER', 'BIGINT') || ' ' || c."notnull"
			|| ' key ' || c.pk FROM sqlite_master t, pragma_table_info(t.name) c WHERE t.type = 'table'
			AND t.name NOT LIKE 'sqlite_%' AND t.name NOT LIKE 'goose%' AND t.name NOT LIKE 'search_tokens%'`,
		`SELECT 'index ' || i.name || ' on ' || i.tbl_name || ' unique ' || l."unique" || ' (' ||
			(SELECT group_concat(x.name, ', ') FROM pragma_index_info(i.name) x) || ') ' ||
			CASE l.partial WHEN 1 THEN substr(i.sql, instr(i.sql, 'WHERE')) ELSE '' END
			FROM sqlite_master i, pragma_index_list(i.tbl_name) l WHERE i.type = 'index' AND i.sql IS NOT NULL AND l.name = i.name`,
	}
	if engine == store.Postgres {
		queries = []string{
			`SELECT 'column ' || c.table_name || '.' || c.column_name || ' ' || upper(c.data_type) || ' '
				|| CASE c.is_nullable WHEN 'NO' THEN 1 ELSE 0 END || ' key ' || COALESCE(k.ordinal_position, 0)
				FROM information_schema.columns c LEFT JOIN information_schema.key_column_usage k
				ON k.table_name = c.table_name AND k.column_name = c.column_name AND k.constraint_name LIKE '%_pkey'
				WHERE c.table_schema = 'public' AND c.table_name NOT LIKE 'goose%' AND c.data_type <> 'tsvector'`,
			`SELECT 'index ' || c.relname || ' on ' || t.relname || ' unique ' || i.indisunique::int || ' (' ||
				(SELECT string_agg(a.attname, ', ' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid) || ') ' ||
				COALESCE('WHERE ' || replace(replace(replace(pg_get_expr(i.indpred, i.indrelid), '::text', ''), '(', ''), ')', ''), '')
				FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
				JOIN pg_namespace n ON n.oid = c.relnamespace
				WHERE n.nspname = 'public' AND NOT i.indisprimary AND c.relname <> 'search_doc_body' AND t.relname NOT LIKE 'goose%'`,
		}
	}
	var lines []string
	for _, q := range queries {
		list, err := store.QueryDB(t.Context(), m.DB, q)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, list...)
	}
	slices.Sort(lines)
	return lines
}

func TestNewerSchemaIsRefused(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{store.SQLite, store.Postgres} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			o, m := emptyDatabase(t, engine)
			s := storetest.Open(t, o)
			version, err := s.SchemaVersion(t.Context())
			if err != nil || int64(version) != m.Target() {
				t.Fatalf("version %d (%v), want %d", version, err, m.Target())
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if _, err := m.DB.ExecContext(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, true)`); err != nil {
				t.Fatal(err)
			}
			before := versions(t.Context(), m)
			_, err = store.Open(t.Context(), o)
			if errs.CodeOf(err) != errs.Conflict || errs.ReasonOf(err) != "newer_schema" {
				t.Fatalf("error = %v", err)
			}
			for _, v := range []string{"9999", fmt.Sprint(m.Target())} {
				if !strings.Contains(errs.MessageOf(err), v) {
					t.Errorf("%q does not name version %s", errs.MessageOf(err), v)
				}
			}
			if after := versions(t.Context(), m); after != before {
				t.Errorf("changed from %s to %s", before, after)
			}
		})
	}
}

func TestFileThatArrivesLateIsApplied(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{store.SQLite, store.Postgres} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			o, m := emptyDatabase(t, engine)
			if err := storetest.Open(t, o).Close(); err != nil {
				t.Fatal(err)
			}
			for _, text := range []string{`DROP TABLE summary`, `DROP TABLE block`, `DROP TABLE visitor_field`, `DROP TABLE field`, `DROP TABLE session_type`,
				`DROP TABLE colleague_recent`, `DROP TABLE colleague_member`, `DROP TABLE colleague_group`, `DROP TABLE draft`, `DROP TABLE mention`,
				`DROP TABLE tag_link`, `DROP TABLE tag`, `DROP TABLE canned_seed`, `DROP TABLE canned_use`, `DROP TABLE canned_entry`,
				`DROP TABLE canned_category`, `DROP INDEX audit_kind_by`, `DELETE FROM goose_db_version WHERE version_id = 10`, `ALTER TABLE conversation DROP COLUMN tags`, `DELETE FROM goose_db_version WHERE version_id = 3`} {
				if _, err := m.DB.ExecContext(t.Context(), text); err != nil {
					t.Fatal(text, err)
				}
			}
			s := storetest.Open(t, o)
			if _, err := s.CannedUses(t.Context(), "main", "x", 1); err != nil {
				t.Fatalf("the late file was not applied: %v", err)
			}
		})
	}
}

func versions(ctx context.Context, m *store.Migrations) string {
	list, err := store.QueryDB(ctx, m.DB, `SELECT version_id FROM goose_db_version ORDER BY id`)
	return fmt.Sprint(list, err)
}
