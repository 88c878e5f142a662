package guest_test

import (
	"fmt"
	"testing"
	"time"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/front/rocketchat/contracttest"
	"parlor/internal/identity"
	"parlor/internal/server/servertest"
)

// keyOf makes a key of the main inbox and returns what signs with it.
func keyOf(t *testing.T, s *servertest.Instance) func(subject, name string, life time.Duration) string {
	t.Helper()
	_, secret, err := s.Identities().AddKey(t.Context(), actor.ForSystem(account.MainTenant), account.MainInbox)
	if err != nil {
		t.Fatal(err)
	}
	return func(subject, name string, life time.Duration) string {
		return identity.Sign(secret, identity.Claims{Subject: subject, Name: name, Email: subject + "@x.example", Expires: time.Now().Add(life)})
	}
}

// TestSignedGuestsAreOnePerson: two tokens of programs lead to one person while the
// identity lasts; a room of before comes along; without an identity it is nobody's.
func TestSignedGuestsAreOnePerson(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		c, _, _ := contracttest.Staffed(t, s)
		sign := keyOf(t, s)
		register := func(token, identity string) contracttest.Answer {
			return c.Call("POST", "livechat/visitor", fmt.Sprintf(`{"visitor":{"token":%q,"identity":%q}}`, token, identity))
		}
		rid := c.Room("browser-1")
		c.Say("browser-1", rid, "m1", "said as a guest").Is("success", true)
		a := register("browser-1", sign("u1", "Ann", time.Hour))
		a.Is("success", true)
		a.Is("visitor.name", "Ann")
		a.Is("visitor.username", "u1")
		a.Is("visitor.token", "browser-1")
		a.Is("visitor.visitorEmails.0.address", "u1@x.example")
		ann := a.Get("visitor._id")
		register("browser-2", sign("u1", "Ann", time.Hour)).Is("visitor._id", ann)
		for _, token := range []string{"browser-1", "browser-2"} {
			a = c.Call("GET", "livechat/room?token="+token, "")
			a.Is("room._id", rid)
			a.Is("room.v.token", token)
			c.Call("GET", "livechat/messages.history/"+rid+"?token="+token, "").Is("success", true)
		}
		c.Call("POST", "livechat/visitor.status", `{"token":"browser-2","status":"away"}`).Is("success", true)
		// Whoever knows the address only, or comes without an identity, is somebody else.
		if got := register("browser-3", "").Get("visitor._id"); got == ann {
			t.Error("a stranger became the person")
		}
		for _, token := range []string{"browser-1", "browser-3"} {
			if got := register(token, "").Get("visitor._id"); got == ann {
				t.Error(token, "is still the person")
			}
			c.Call("GET", "livechat/messages.history/"+rid+"?token="+token, "").Want(400, `{"error":"invalid-room","success":false}`)
		}
		for bad, want := range map[string]string{"x.y.z": "error-identity-invalid", sign("u1", "", -time.Second): "error-identity-expired"} {
			a = register("browser-2", bad)
			a.Is("success", false)
			a.Is("errorType", want)
		}
		c.Call("GET", "livechat/visitor/browser-2", "").Is("visitor._id", ann)
		c.Call("GET", "livechat/visitor/browser-4", "").Is("success", false)
		c.Call("POST", "livechat/visitor", `{"visitor":{"token":"x","identity":7}}`).Is("success", false)
	})
}
