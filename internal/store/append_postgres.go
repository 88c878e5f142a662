package store

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// appendStatement is an append in one statement: counters, message, outbox.
// Parameters: those of moveCounters, then $16 message id, $17 author's name, $18
// text, $19 meta.
var appendStatement = appendWith("")

// appendHooked is appendStatement for a company that has webhooks.
var appendHooked = appendWith(`,
	h AS (INSERT INTO hook_due (hook, subject, tenant, conversation, told, last, note, tries, due_at)
		SELECT k.id, c.id, c.tenant, c.id, c.last_seq - 1, c.last_seq, '', 0, CAST($12 AS BIGINT)
		FROM c JOIN hook k ON k.tenant = c.tenant AND k.active = 1 AND k.channel IN ('', c.channel)
		ON CONFLICT (hook, subject) DO UPDATE SET last = excluded.last)`)

// appendText is the statement of an append for a company.
func (s *Store) appendText(t id.Tenant) string {
	if s.isHooked(t) {
		return appendHooked
	}
	return appendStatement
}

// appendWith builds the statement with a further change before its end.
func appendWith(further string) string {
	return `WITH c AS (` + moveCounters + `),
	m AS (INSERT INTO message (conversation, seq, prev, id, client_id, kind, from_kind, from_id, from_name, text, meta, at)
		SELECT c.id, c.last_seq, c.prev_seq, $16, $5, $14, $15, $4, $17, $18, $19, CAST($12 AS BIGINT) FROM c),
	o AS (INSERT INTO outbox (tenant, conversation, seq, kind, at)
		SELECT c.tenant, c.id, c.last_seq, $14, CAST($12 AS BIGINT) FROM c)` + further + `
	SELECT ` + conversationColumns + `, c.prev_seq FROM c`
}

// lockStatement locks the conversations of a batch in order, so that batches of
// several nodes never wait for each other crosswise, and so that each append
// sees what was committed before it.
const lockStatement = `SELECT id FROM conversation WHERE id = ANY($1) ORDER BY id FOR UPDATE`

// pendingAppend is one append of a batch. ok is false after the batch if the
// message may not be added.
type pendingAppend struct {
	in   conversation.Append
	args []any
	got  conversation.Appended
	ok   bool
}

// appendPostgres hands an append to the batch and explains a refusal.
func (s *Store) appendPostgres(ctx context.Context, in conversation.Append) (got conversation.Appended, err error) {
	args, err := appendArgs(in)
	if err != nil {
		return got, err
	}
	// A refusal whose reason is gone when it is looked at (the conversation was
	// just assigned, say) is tried again.
	for range maxTries {
		p := &pendingAppend{in: in, args: args}
		if err := s.appends.do(ctx, p); err != nil {
			return got, err
		}
		if p.ok {
			return p.got, nil
		}
		got, sure, err := refusal(context.WithoutCancel(ctx), s.readers, in)
		if err != nil || sure {
			return got, err
		}
	}
	return got, errs.New(errs.Unavailable, "conversation_busy", "the conversation keeps changing, try again")
}

// postgresBatch runs batches of appends, each as one pipelined transaction.
type postgresBatch struct{ s *Store }

// run executes the batch. If the database refuses it, each append runs by
// itself, so that it harms only itself.
func (b *postgresBatch) run(batch []*call[*pendingAppend]) {
	// Stable: messages that one caller sent in order stay in order.
	slices.SortStableFunc(batch, func(x, y *call[*pendingAppend]) int {
		return strings.Compare(string(x.work.in.Message.Conversation), string(y.work.in.Message.Conversation))
	})
	err := b.tryOften(batch)
	var refused *pgconn.PgError
	if len(batch) > 1 && errors.As(err, &refused) && refusedForContent(refused) {
		for i, c := range batch {
			c.answer(translate(b.tryOften(batch[i : i+1])))
		}
		return
	}
	for _, c := range batch {
		c.answer(translate(err))
	}
}

// refusedForContent reports whether the fault may lie in one of the statements.
func refusedForContent(e *pgconn.PgError) bool {
	return strings.HasPrefix(e.Code, "22") || strings.HasPrefix(e.Code, "23") || strings.HasPrefix(e.Code, "54")
}

// tryOften repeats a batch that lost a race.
func (b *postgresBatch) tryOften(batch []*call[*pendingAppend]) error {
	ctx, cancel := context.WithTimeout(context.Background(), verbTimeout)
	defer cancel()
	for try := 1; ; try++ {
		err := b.try(ctx, batch)
		if err == nil || try == maxTries || !b.s.dialect.again(err) {
			return err
		}
		if err := b.s.pause(ctx, try); err != nil {
			return err
		}
	}
}

// try sends everything in one round trip; the server takes it as one
// transaction, which is committed when the last answer has arrived without error.
func (b *postgresBatch) try(ctx context.Context, batch []*call[*pendingAppend]) (err error) {
	conversations := make([]string, 0, len(batch))
	for _, c := range batch {
		conversations = append(conversations, string(c.work.in.Message.Conversation))
	}
	send := &pgx.Batch{}
	send.Queue(lockStatement, slices.Compact(conversations))
	for _, c := range batch {
		send.Queue(b.s.appendText(c.work.in.Message.Tenant), c.work.args...)
	}
	results := b.s.appendPool.SendBatch(ctx, send)
	defer func() {
		if e := results.Close(); err == nil {
			err = e
		}
		if err == nil {
			b.s.commits.Add(1)
			b.s.verbs.Add(int64(len(batch)))
		}
	}()
	if _, err := results.Exec(); err != nil {
		return err
	}
	for _, c := range batch {
		p := c.work
		after, err := scanCounted(results.QueryRow())
		// No row means that this append was refused; the others go on.
		p.ok = err == nil
		if errors.Is(err, pgx.ErrNoRows) {
			continue
		}
		if err != nil {
			return err
		}
		m := p.in.Message
		m.Seq, m.Prev = after.c.LastSeq, after.prev
		p.got = conversation.Appended{Message: m, Conversation: after.c}
	}
	return nil
}

// verbTimeout bounds a transaction on PostgreSQL, waiting for locks included.
const verbTimeout = 30 * time.Second
