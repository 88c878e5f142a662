package main

import (
	"context"
	"runtime/debug"

	"parlor/internal/bench"
)

// bench measures a running server; see internal/bench.
func (p *program) bench(ctx context.Context, args []string) error {
	opts, err := bench.Flags(args, p.err)
	if err != nil {
		return errUsage
	}
	// What the measuring side waits for its own garbage would count as the server's.
	debug.SetGCPercent(gcPercent)
	return bench.Run(ctx, opts, p.out)
}
