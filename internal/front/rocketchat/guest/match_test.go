package guest_test

import (
	"fmt"
	"testing"

	"parlor/internal/front/rocketchat/contracttest"
	"parlor/internal/server/servertest"
)

// TestAddressesFindVisitorsOnlyIfTheInboxSaysSo.
func TestAddressesFindVisitorsOnlyIfTheInboxSaysSo(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		c, root, _ := contracttest.Staffed(t, s)
		register := func(token, phone, email string) contracttest.Answer {
			return c.Post("livechat/visitor", `{"visitor":{"token":%q,"phone":%q,"email":%q}}`, token, phone, email)
		}
		register("old", "+55 11", "vera@x.example").Is("visitor.token", "old")
		a := register("stranger", "+55 11", "vera@x.example")
		a.Is("visitor.token", "stranger")
		a.Is("visitor.username", "guest-2")
		set := func(phone, email bool) {
			t.Helper()
			body := fmt.Sprintf(`{"name":"Shop","settings":{"matchPhone":%v,"matchEmail":%v}}`, phone, email)
			if code, text, _ := s.Call("PUT", "/api/parlor/v1/admin/inboxes/main", body, "Authorization", "Bearer "+s.Token("root@example.com")); code >= 300 {
				t.Fatal(code, text)
			}
		}
		set(true, false)
		a = register("new", "+55 11", "")
		if token := a.Get("visitor.token"); token != "old" && token != "stranger" {
			t.Fatal(a.Text)
		}
		register("other", "", "vera@x.example").Is("visitor.token", "other")
		set(false, true)
		a = register("taken-over", "", "vera@x.example")
		a.Is("visitor.token", "taken-over")
		if name := a.Get("visitor.username"); name == "guest-4" {
			t.Fatal("a new visitor: " + a.Text)
		}
		root.Call("GET", "livechat/visitor/taken-over", "").Is("visitor.token", "taken-over")
	})
}
