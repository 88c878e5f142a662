package guest_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"parlor/internal/account"
	"parlor/internal/server/servertest"
)

// TestOriginalClients has the vendor's own SDKs hold a conversation.
func TestOriginalClients(t *testing.T) {
	t.Parallel()
	if os.Getenv("PARLOR_TEST_NO_CLIENTS") == "1" {
		t.Skip("PARLOR_TEST_NO_CLIENTS=1: the original clients are not run")
	}
	if _, err := os.Stat("clienttest/node_modules"); err != nil {
		t.Fatal("clienttest/node_modules is missing: run `make deps`, or set PARLOR_TEST_NO_CLIENTS=1")
	}
	for name, script := range map[string][]string{"sdk": {"client.mjs"}, "ddp-client": {"--experimental-websocket", "ddp.mjs"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := servertest.Start(t, nil)
			s.Agent("ana@example.com", account.Member)
			ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
			defer cancel()
			cmd := exec.CommandContext(ctx, "node", append(script, s.URL, "ana", servertest.Password)...)
			cmd.Dir = "clienttest"
			out, err := cmd.CombinedOutput()
			if err != nil || !strings.Contains(string(out), "done") {
				t.Fatalf("%v\n%s", err, out)
			}
		})
	}
}
