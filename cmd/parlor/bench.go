package main

import (
	"context"

	"parlor/internal/bench"
)

// bench measures a running server; see internal/bench.
func (p *program) bench(ctx context.Context, args []string) error {
	opts, err := bench.Flags(args, p.err)
	if err != nil {
		return errUsage
	}
	return bench.Run(ctx, opts, p.out)
}
