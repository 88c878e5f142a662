package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parlor/internal/fill"
	"parlor/internal/server"
)

// benchFill makes an installation large; see internal/fill. The server must not
// run on its data folder.
func (p *program) benchFill(ctx context.Context, args []string) (err error) {
	fs, given := p.flags("bench fill")
	o := fill.Options{Now: time.Now()}
	fs.IntVar(&o.Conversations, "conversations", 1_000_000, "how many conversations")
	fs.IntVar(&o.Messages, "messages", 10_000_000, "how many messages in all")
	fs.IntVar(&o.Visitors, "visitors", 300_000, "how many visitors")
	fs.IntVar(&o.Open, "open", 0, "how many of the conversations are still open")
	fs.IntVar(&o.Waiting, "waiting", 0, "how many still wait in a queue")
	fs.Uint64Var(&o.Seed, "seed", 1, "makes the same data again")
	fs.BoolVar(&o.Force, "force", false, "fill a database that has conversations already")
	c, err := p.parse(fs, given, args, 0)
	if err != nil {
		return err
	}
	st, err := server.OpenStore(ctx, c, p.log(c), false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	rate, err := fill.Fill(ctx, st, o, p.out)
	if err == nil {
		fmt.Fprintln(p.out, rate)
	}
	return err
}

// benchLists times the lists of an installation; it may run beside a server.
func (p *program) benchLists(ctx context.Context, args []string) (err error) {
	fs, given := p.flags("bench lists")
	calls := fs.Int("reads", 200, "how often each list is read")
	seed := fs.Uint64("seed", 1, "chooses the same agents, tags and visitors again")
	c, err := p.parse(fs, given, args, 0)
	if err != nil {
		return err
	}
	st, err := server.OpenStore(ctx, c, p.log(c), true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	return fill.Measure(ctx, st, *calls, *seed, func(f fill.Figure) { fmt.Fprintln(p.out, f) })
}
