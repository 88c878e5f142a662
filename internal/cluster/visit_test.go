package cluster_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Acceptance test 15 and weak point R11: who looks at a page on one node is seen
// on the other, and invited from there within a second; a killed node takes its
// visitors along.
func TestInvitationReachesTheOtherNode(t *testing.T) {
	t.Parallel()
	s, one, two := pair(t)
	_, linToken := s.agent("lin", 3)
	lin := two.console(linToken, true)
	lin.call("online", `{"on":true}`)
	ann := one.dial("/parlor/visitor", one.visitor())
	ann.call("page", `{"url":"https://shop.example/lamp","title":"Lamp"}`)
	row := lin.until("online", `"title":"Lamp"`)
	var list struct {
		Items []struct{ Visitor, Title string }
	}
	if err := json.Unmarshal([]byte(two.must(http.MethodGet, "/online", linToken, "")), &list); err != nil || len(list.Items) != 1 || !strings.Contains(row, list.Items[0].Visitor) {
		t.Fatalf("%v %+v", err, list)
	}
	began := time.Now()
	two.must(http.MethodPost, "/visitors/"+list.Items[0].Visitor+"/invitations", linToken, `{"text":"may I help?"}`)
	ann.until("invite", "may I help?", `"agent":"lin"`)
	if d := time.Since(began); d > time.Second {
		t.Errorf("the invitation took %v", d)
	}
	lin.until("online", `"state":"invited"`)
	ann.call("invite-answer", `{"accept":true}`)
	lin.until("invitation", `"result":"accept"`)
	if st := stateOf(t, ann.call("start", "{}")); st.Status != "open" {
		t.Fatalf("%+v", st)
	}
	lin.until("online", `"state":"in_service"`)
	one.kill()
	ann.gone()
	for deadline := time.Now().Add(patience); ; {
		if list := two.must(http.MethodGet, "/online", linToken, ""); !strings.Contains(list, "Lamp") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the dead node's visitor is still there")
		}
	}
}
