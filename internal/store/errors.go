package store

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"parlor/internal/errs"
)

// duplicate is what a unique index guards.
type duplicate struct{ thing, field string }

// duplicates tells for each unique index what exists already. The key is the
// name of the index (PostgreSQL) or its columns (SQLite names those).
var duplicates = map[string]duplicate{
	"tenant_pkey":                        {"tenant", "id"},
	"tenant.id":                          {"tenant", "id"},
	"inbox_pkey":                         {"inbox", "id"},
	"inbox.id":                           {"inbox", "id"},
	"agent_pkey":                         {"agent", "id"},
	"agent.id":                           {"agent", "id"},
	"agent_email":                        {"agent", "email"},
	"agent.tenant, agent.email_key":      {"agent", "email"},
	"agent_username":                     {"agent", "username"},
	"agent.tenant, agent.username_key":   {"agent", "username"},
	"team_pkey":                          {"team", "id"},
	"team.id":                            {"team", "id"},
	"team_name":                          {"team", "name"},
	"team.tenant, team.name, team.twin":  {"team", "name"},
	"role_name":                          {"role", "name"},
	"role.tenant, role.name":             {"role", "name"},
	"credential_pkey":                    {"credential", "hash"},
	"credential.hash":                    {"credential", "hash"},
	"api_client_pkey":                    {"api_client", "id"},
	"api_client.id":                      {"api_client", "id"},
	"visitor_pkey":                       {"visitor", "id"},
	"visitor.id":                         {"visitor", "id"},
	"conversation_pkey":                  {"conversation", "id"},
	"conversation.id":                    {"conversation", "id"},
	"file_pkey":                          {"file", "id"},
	"file.id":                            {"file", "id"},
	"job_pkey":                           {"job", "id"},
	"job.id":                             {"job", "id"},
	"colleague_message_pkey":             {"message", "id"},
	"colleague_message.id":               {"message", "id"},
	"tag_name":                           {"tag", "name"},
	"tag.tenant, tag.kind, tag.name_key": {"tag", "name"},
	"field_key":                          {"field", "key"},
	"field.tenant, field.key":            {"field", "key"},
	"handover_pkey":                      {"handover", "conversation"},
	"handover.conversation":              {"handover", "conversation"},
	"visitor_identity_token":             {"visitor", "token"},
	"visitor_identity.tenant, visitor_identity.token": {"visitor", "token"},
	"hook_pkey": {"hook", "id"},
	"hook.id":   {"hook", "id"},
}

// translate turns an error of a driver into one of errs. Errors that already
// are, and those that mean nothing to a caller, pass unchanged.
func translate(err error) error {
	if err == nil {
		return nil
	}
	var known *errs.Error
	if errors.As(err, &known) || errors.Is(err, errAgain) {
		return err
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return translatePostgres(pg)
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return translateSQLite(lite)
	}
	var connect *pgconn.ConnectError
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return errs.New(errs.Unavailable, "cancelled", "the request was given up").Because(err)
	case errors.As(err, &connect), pgconn.SafeToRetry(err):
		return errs.New(errs.Unavailable, "database_unreachable", "the database cannot be reached").Because(err)
	}
	return err
}

// exists is the error for a row that a unique index refused. key is the name of
// the index or its columns; cause is kept for the log.
func exists(key string, cause error) error {
	d, ok := duplicates[key]
	if !ok {
		return errs.New(errs.Conflict, "exists", "this exists already").Because(cause)
	}
	e := errs.New(errs.Conflict, d.thing+"_exists", "this %s exists already", d.thing)
	e.Field = d.field
	return e.Because(cause)
}

// translatePostgres goes by the SQLSTATE, the only stable part of such an error.
// Failed serializations and deadlocks pass unchanged: write repeats them.
func translatePostgres(e *pgconn.PgError) error {
	switch {
	case e.Code == "23505":
		return exists(e.ConstraintName, e)
	case e.Code == "22021":
		return errs.New(errs.Invalid, "bad_text", "the text is not valid UTF-8").Because(e)
	case e.Code == "57014":
		return errs.New(errs.Unavailable, "cancelled", "the request was given up").Because(e)
	case strings.HasPrefix(e.Code, "08"), strings.HasPrefix(e.Code, "57P"), e.Code == "53300":
		return errs.New(errs.Unavailable, "database_unreachable", "the database cannot be reached").Because(e)
	}
	return e
}

// translateSQLite goes by the result code. Which index refused a row is told by
// the text only; that is read here and nowhere else.
func translateSQLite(e *sqlite.Error) error {
	switch e.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		_, columns, _ := strings.Cut(e.Error(), "UNIQUE constraint failed: ")
		if i := strings.LastIndex(columns, " ("); i >= 0 {
			columns = columns[:i]
		}
		return exists(columns, e)
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return errs.New(errs.Unavailable, "database_busy", "the database is busy").Because(e)
	case sqlite3.SQLITE_FULL:
		return errs.New(errs.Unavailable, "disk_full", "the disk is full").Because(e)
	case sqlite3.SQLITE_INTERRUPT:
		return errs.New(errs.Unavailable, "cancelled", "the request was given up").Because(e)
	}
	return e
}
