package server_test

import (
	"encoding/json"
	"testing"

	"parlor/internal/account"
	"parlor/internal/actor"
	calls "parlor/internal/call"
	"parlor/internal/server/servertest"
)

// Both kinds of servers reach the browsers: those of the settings, and our own with
// a name that is good for one side of one call.
func TestServersOfCalls(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, map[string]string{"ice-servers": "stun:stun.example.com:3478, turn:turn.example.com:3478?transport=tcp", "ice-user": "u", "ice-password": "p",
		"turn-listen": "127.0.0.1:0", "turn-public-ip": "127.0.0.1"})
	s.Agent("lin@example.com", account.Member)
	list := s.Server.CallServers("01900000000070008000000000000001", actor.Agent)
	other := s.Server.CallServers("01900000000070008000000000000001", actor.Visitor)
	text, err := json.Marshal(list[:2])
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != `[{"urls":["stun:stun.example.com:3478"]},{"urls":["turn:turn.example.com:3478?transport=tcp"],"username":"u","credential":"p"}]` {
		t.Fatal(string(text))
	}
	own := func(l []calls.Server) calls.Server { return l[len(l)-1] }
	if len(list) != 4 || own(list).Credential == "" || own(list).Credential == own(other).Credential || len(own(list).URLs) != 2 {
		t.Fatalf("%+v", list)
	}
}
