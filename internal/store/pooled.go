package store

import (
	"context"
	"database/sql"
	"sync"
)

// maxStatements bounds the prepared statements a connection keeps. The texts are
// constants but for lists of teams and kinds, so it is not reached in practice.
const maxStatements = 512

// handle is what *sql.DB, *sql.Conn and *sql.Tx have in common.
type handle interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
}

// pooled runs statements on a handle of database/sql. On SQLite it keeps them
// prepared; the PostgreSQL driver does that by itself.
type pooled struct {
	h    handle
	keep bool

	mu    sync.Mutex
	stmts map[string]*sql.Stmt
}

// onHandle runs statements on h.
func onHandle(h handle, keep bool) *pooled {
	return &pooled{h: h, keep: keep, stmts: map[string]*sql.Stmt{}}
}

// close ends the kept statements.
func (p *pooled) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for text, st := range p.stmts {
		_ = st.Close() // the handle is closed next and reports what matters
		delete(p.stmts, text)
	}
}

// prepared returns the kept statement for text, nil if it is not to be kept.
func (p *pooled) prepared(ctx context.Context, text string) (*sql.Stmt, error) {
	if !p.keep {
		return nil, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if st := p.stmts[text]; st != nil {
		return st, nil
	}
	if len(p.stmts) >= maxStatements {
		return nil, nil
	}
	st, err := p.h.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	p.stmts[text] = st
	return st, nil
}

func (p *pooled) exec(ctx context.Context, text string, args ...any) (int64, error) {
	st, err := p.prepared(ctx, text)
	if err != nil {
		return 0, err
	}
	var res sql.Result
	if st != nil {
		res, err = st.ExecContext(ctx, args...)
	} else {
		res, err = p.h.ExecContext(ctx, text, args...)
	}
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func (p *pooled) query(ctx context.Context, text string, args ...any) (result, error) {
	st, err := p.prepared(ctx, text)
	if err != nil {
		return nil, err
	}
	var rows *sql.Rows
	if st != nil {
		rows, err = st.QueryContext(ctx, args...)
	} else {
		rows, err = p.h.QueryContext(ctx, text, args...)
	}
	if err != nil {
		return nil, err // a nil *sql.Rows is no nil result
	}
	return rows, nil
}
