package memory_test

import (
	"testing"

	"parlor/internal/bus"
	"parlor/internal/bus/bustest"
	"parlor/internal/bus/memory"
)

func TestBus(t *testing.T) {
	t.Parallel()
	bustest.Run(t, func(*testing.T) (bus.Bus, bus.Bus) {
		b := memory.New()
		return b, b
	})
}
