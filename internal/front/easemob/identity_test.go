package easemob_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/identity"
	"parlor/internal/server/servertest"
)

// TestSignedVisitorsAreBelieved: who a company has signed speaks without a password,
// and the flags of its page count.
func TestSignedVisitorsAreBelieved(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		d := newDesk(t, s)
		_, secret, err := s.Identities().AddKey(t.Context(), actor.ForSystem(account.MainTenant), account.MainInbox)
		if err != nil {
			t.Fatal(err)
		}
		enter := func(subject string, life time.Duration) answer {
			token := identity.Sign(secret, identity.Claims{Subject: subject, Name: "Ann", Expires: time.Now().Add(life)})
			return d.call("POST", "/v1/webimplugin/visitors?tenantId=1", fmt.Sprintf(`{"imServiceNumber":"kefuchannelimid_main","identity":%q}`, token), "")
		}
		a := enter("U_1", time.Hour)
		a.is("userId", "U_1")
		a.is("nicename", "Ann")
		if strings.Contains(a.text, "userPassword") {
			t.Fatal(a.text)
		}
		token := fmt.Sprint(a.get("access_token"))
		bearer := []string{"Authorization", "Bearer " + token}
		d.do("POST", "busniessbind", `{"businessFlag":"lead-1","visitUserName":"u_1","agentUserName":"li.na@example.com"}`).is("status", "OK")
		sent := d.call("POST", "/v1/imgateway/messages?tenantId=1", `{"bodies":[{"type":"txt","msg":"hello"}],"ext":{"weichat":{"businessFlag":"lead-1"}}}`, "", bearer...)
		session := fmt.Sprint(sent.get("entities.0.ext.weichat.service_session.serviceSessionId"))
		_, text, _ := s.Call("GET", "/api/parlor/v1/conversations/"+session+"/routing", "", "Authorization", "Bearer "+d.Token("root@example.com"))
		if want := fmt.Sprintf(`"bound":{"flag":"lead-1","agent":%q`, d.lin.ID); !strings.Contains(text, want) {
			t.Error("the flag did not count:", text)
		}
		// Another browser of the person continues; the same name without a signature does not.
		d.call("GET", "/v1/webimplugin/tenants/1/visitors/x/official-accounts/y/latest-session", "", "", "Authorization", fmt.Sprint("Bearer ", enter("U_1", time.Hour).get("access_token"))).is("entity.session_id", session)
		if other := d.visitor("U_1"); other == token || strings.Contains(d.call("GET", "/v1/webimplugin/tenants/1/visitors/x/official-accounts/y/latest-session", "", "", "Authorization", "Bearer "+other).text, session) {
			t.Error("a name was enough to become the person")
		}
		// There is no password to be had, and nothing stands in for a signature.
		d.call("GET", "/v1/webimplugin/visitors/password2?tenantId=1&userId=U_1", "", "", bearer...).want(404, failure("API_001", "IM user not found."))
		for life, what := range map[time.Duration]string{-time.Second: "expired", 48 * time.Hour: "24 hours"} {
			if a := enter("U_1", life); a.status != 401 || !strings.Contains(a.text, "API_002") || !strings.Contains(a.text, what) {
				t.Error(a.status, a.text)
			}
		}
	})
}
