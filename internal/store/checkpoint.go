package store

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"sync/atomic"
	"time"
)

// When the write-ahead log is copied into the database: after so many verbs, or
// after a while if anything was written. The writer is asked to copy the rest,
// so that the log starts anew, when it is long or when nothing much is going on.
const (
	checkpointVerbs = 1500
	checkpointAfter = 2 * time.Second
	checkpointLook  = 100 * time.Millisecond
	checkpointQuiet = 500
	longLog         = 64 << 10 // pages, 256 MiB
)

// checkpointer copies the write-ahead log of SQLite into the database beside
// the writer, which would otherwise stop for it in the middle of a burst. Only
// the rest, what was written meanwhile, is copied by the writer itself between
// two batches; then the log starts anew. The engine sees to it that the database
// is on disk only when all is copied, which would be the writer's to wait for;
// so that is done here before. Whoever else needs the processor goes first.
type checkpointer struct {
	s  *Store
	db *sql.DB
	// file is the database once more. Closing it lets go of all locks that the
	// process has on it, so that it is closed after everything else.
	file *os.File
	// rest asks the writer to copy the rest.
	rest atomic.Bool
	stop chan struct{}
	done chan struct{}
}

// startCheckpointer opens a connection of its own on the file.
func startCheckpointer(s *Store, path string) (*checkpointer, error) {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", sqliteDSN(path, "wal_autocheckpoint(0)"))
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	db.SetMaxOpenConns(1)
	c := &checkpointer{s: s, db: db, file: file, stop: make(chan struct{}), done: make(chan struct{})}
	go c.run()
	return c, nil
}

func (c *checkpointer) run() {
	defer close(c.done)
	if err := humble(); err != nil {
		c.s.log.Debug("the write-ahead log is copied without giving way to messages", "error", err)
	}
	tick := time.NewTicker(checkpointLook)
	defer tick.Stop()
	var last int64
	at := time.Now()
	for {
		select {
		case <-c.stop:
			return
		case <-tick.C:
		}
		v := c.s.verbs.Load()
		if v == last || (v-last < checkpointVerbs && time.Since(at) < checkpointAfter) {
			continue
		}
		quiet := v-last < checkpointQuiet
		last, at = v, time.Now()
		if err := c.copy(quiet); err != nil {
			c.s.log.Warn("the write-ahead log was not copied; it is tried again", "error", err)
		}
	}
}

// copy copies what there is. If the log is to start anew it leaves the writer as
// little to do as possible.
func (c *checkpointer) copy(quiet bool) error {
	pages, err := copyLog(onHandle(c.db, false))
	if err != nil || !quiet && pages < longLog {
		return err
	}
	if err := c.file.Sync(); err != nil {
		return err
	}
	if _, err := copyLog(onHandle(c.db, false)); err != nil {
		return err
	}
	c.rest.Store(true)
	return nil
}

// copyLog copies what can be copied without waiting for anybody and returns how
// long the log is.
func copyLog(on runner) (pages int, err error) {
	pages, _, err = first(context.Background(), on, func(r row) (pages int, err error) {
		var busy, copied int
		err = r.Scan(&busy, &pages, &copied)
		return pages, err
	}, "PRAGMA wal_checkpoint(PASSIVE)")
	return pages, err
}

// finish is called by the writer between two batches.
func (c *checkpointer) finish(on runner) {
	if !c.rest.CompareAndSwap(true, false) {
		return
	}
	if _, err := copyLog(on); err != nil {
		c.s.log.Warn("the rest of the write-ahead log was not copied; it is tried again", "error", err)
	}
}

// close ends the copying; letGo comes last.
func (c *checkpointer) close() error {
	close(c.stop)
	<-c.done
	return c.db.Close()
}

// letGo closes the file itself.
func (c *checkpointer) letGo() error { return c.file.Close() }
