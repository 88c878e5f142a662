// Package migrations holds the schema as numbered files, one for each engine:
// NNNN_name.sqlite.sql and NNNN_name.postgres.sql. Both must give the same
// tables, columns and indexes; a test of the store compares them.
package migrations

import "embed"

// Files holds all migrations of both engines.
//
//go:embed *.sql
var Files embed.FS
