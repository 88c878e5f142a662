// Package store keeps everything Parlor remembers. It is the only package that
// knows SQL. One *Store implements the Store interface of every domain on two
// engines: SQLite in the data folder, or PostgreSQL.
//
// # Verbs
//
// A verb of a domain is one transaction and is on disk when it returns. It
// checks before it writes: what a request may be refused for is found out while
// nothing has changed yet, so a refusal needs no rollback. Races are settled by
// the verbs themselves (a version that must still be the same, a unique index,
// a locked row) and never by a lock in Go, so any number of nodes may share one
// PostgreSQL database.
//
// Verbs that lock rows do so in one order: the conversation first, then agents
// by their ids. Appending locks conversations only. Two transactions can
// therefore wait for one another only in a line, never in a circle; what the
// engine still reports as a deadlock or a failed serialization is repeated.
//
// # Group commit
//
// The cost of a durable write is the wait for the disk, which many writes can
// share. On SQLite one goroutine owns the only connection that writes. It takes
// whatever verbs are waiting, runs them in one transaction and answers all of
// them after the commit. It sets no timer: while it waits for the disk the next
// batch gathers by itself. On PostgreSQL appends of messages go through the
// same kind of batch, sent in one round trip; other verbs have a transaction
// each. The queue is bounded, so a slow disk slows the callers down instead of
// filling the memory.
//
// A verb that fails after it has written, or that the engine refuses, must not
// harm the others of its batch. The batch is then undone and each verb runs in
// a transaction of its own. That is slow, and rare, because of the rule above;
// it spares every verb the cost of a savepoint.
//
// # One text
//
// A statement is one text for both engines, with numbered placeholders. What
// truly differs is a method of dialect: lists as parameters, locking reads,
// full-text search. Lists travel as one JSON parameter, so a text does not
// depend on how long they are. Texts that are built from parts have few
// variants, so that prepared statements are kept.
//
// Times are epoch milliseconds with 0 for "none", booleans are 0 and 1, ids are
// text. No column may be NULL. Texts must be valid UTF-8 without NUL, which
// PostgreSQL demands and SQLite would not notice.
//
// # Conversations and messages
//
// A conversation row carries its counters: numbers, read marks, unread, and
// what a list shows of the newest message. An append moves them with one UPDATE
// that returns the new number. Because that row is locked until the commit,
// numbers have no gaps and follow the order of commits. Messages lie clustered
// by (conversation, seq), so a screenful of a dialogue is one short read.
//
// Lists are walks along an index, paged by the key of the last row seen. The
// indexes of active conversations are partial: they stay as small as the number
// of people who are being served, whatever the archive holds. A queue is
// ordered by one number, made of priority and time.
//
// # Outbox and search
//
// Each append also writes a row to the outbox. The search index takes these
// rows later, outside the append, because full-text indexing would halve the
// rate of appends. It holds pairs of neighbouring characters, which finds
// Chinese words of two characters and parts of Latin words alike; candidates
// are checked against the real text. The index is derived: a restore fills the
// outbox with all messages and lets it follow anew.
//
// # Presence
//
// A node keeps one row for each agent it holds connections of, and a lease. An
// agent is connected while such a row belongs to a node whose lease is running,
// so a node that died takes its agents along when its lease ends, without
// anybody having to act.
//
// # Files
//
// Each file holds the verbs of one domain or use case; sqlite*.go and
// postgres*.go hold the dialects, group.go the batches, session.go and tx.go
// what all verbs share, migrate.go and migrations/ the schema, backup.go and
// restore.go the way from one engine to the other. storetest holds the suite
// that both engines must pass.
package store
