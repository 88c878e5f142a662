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

// TestOriginalClient has the vendor's own SDK hold a conversation.
func TestOriginalClient(t *testing.T) {
	t.Parallel()
	if os.Getenv("PARLOR_TEST_NO_CLIENTS") == "1" {
		t.Skip("PARLOR_TEST_NO_CLIENTS=1: the original clients are not run")
	}
	if _, err := os.Stat("clienttest/node_modules"); err != nil {
		t.Fatal("clienttest/node_modules is missing: run `make deps`, or set PARLOR_TEST_NO_CLIENTS=1")
	}
	s := servertest.Start(t, nil)
	s.Agent("ana@example.com", account.Member)
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", "client.mjs", s.URL, "ana", servertest.Password)
	cmd.Dir = "clienttest"
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "done") {
		t.Fatalf("%v\n%s", err, out)
	}
}
