package uckefu_test

import (
	"context"
	"os"
	"os/exec"
	"testing"
	"time"

	"parlor/internal/account"
	"parlor/internal/server/servertest"
	"parlor/internal/store/storetest"
)

// scenarios are the acceptance tests of the contract, run by original clients;
// the numbers are those of the contract's list.
var scenarios = []string{
	"01 1.4.8 polling only", "02 1.4.8 upgrade", "03 2.5 query in connect", "04 4.8 auth payload", "05 generation A", "06 generation B",
	"07 generation C", "08 visitor with two tabs", "09 agent with two tabs", "10 writing", "11 upload", "12 queue and colleagues", "13 queue position and timeout",
	"14 idle, end and rating", "15 invitation", "16 transfer", "18 outside working hours", "19 blacklist", "20 spoofing",
}

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

func TestAcceptance(t *testing.T) {
	t.Parallel()
	needsClients(t)
	for _, name := range scenarios {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			servertest.Each(t, map[string]string{"ping-interval": "1s", "ping-timeout": "3s", "agent-lost-after": "1s", "visitor-grace": "2s"}, func(t *testing.T, s *servertest.Instance) {
				scenario(t, s, name)
			})
		})
	}
}

// Row 82: the picture that both sides draw on, with the original clients.
func TestRow82PictureCollaboration(t *testing.T) {
	t.Parallel()
	needsClients(t)
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) { scenario(t, s, "21 picture collaboration") })
}

// needsClients skips a test where the original clients are left out.
func needsClients(t *testing.T) {
	t.Helper()
	if os.Getenv("PARLOR_TEST_NO_CLIENTS") == "1" {
		t.Skip("PARLOR_TEST_NO_CLIENTS=1: needs Node and the original clients")
	}
	if _, err := os.Stat("../../socketio/clienttest/node_modules"); err != nil {
		t.Fatal("the original clients are missing; run: make deps")
	}
}

// scenario runs one of them against a server of its own.
func scenario(t *testing.T, s *servertest.Instance, name string) {
	t.Helper()
	team := s.Team("Support")
	lin := s.Agent("lin@example.com", account.Member, "Support")
	s.Agent("bo@example.com", account.Admin)
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", "clienttest/acceptance.mjs", name)
	cmd.Env = append(os.Environ(), "URL="+s.URL, "AGENT="+string(lin.ID), "TEAM="+string(team), "PASSWORD="+servertest.Password)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}
