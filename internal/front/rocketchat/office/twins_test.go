package office_test

import (
	"fmt"
	"testing"

	"parlor/internal/account"
	"parlor/internal/front/rocketchat/contracttest"
	"parlor/internal/server/servertest"
)

// TestDepartmentsMayShareAName adds and renames departments as scripts do that
// give all of them one name.
func TestDepartmentsMayShareAName(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		s.Agent("root@example.com", account.Admin)
		c := &contracttest.Client{T: t, S: s}
		root := c.LogIn("root")
		first, second := root.Department("Sales", ""), root.Department("Sales", "")
		third := fmt.Sprint(root.Method("livechat:saveDepartment", `["",{"enabled":true,"email":"x@y.com","showOnRegistration":true,"showOnOfflineForm":true,"name":"Sales"},[]]`).Get("result._id"))
		body := `{"department":{"name":%q,"enabled":true,"email":"a@b.com","showOnRegistration":true,"showOnOfflineForm":true}}`
		root.Call("PUT", "livechat/department/"+second, fmt.Sprintf(body, "Sales")).Is("department._id", second)
		root.Call("PUT", "livechat/department/"+third, fmt.Sprintf(body, "Other")).Is("department.name", "Other")
		root.Call("PUT", "livechat/department/"+third, fmt.Sprintf(body, "Sales")).Is("department.name", "Sales")
		a := root.Call("GET", "livechat/department?text=Sales", "")
		a.Is("total", 3)
		for i, id := range []string{first, second, third} {
			a.Is(fmt.Sprintf("departments.%d._id", i), id)
		}
		// A visitor who names it means the first.
		c.Post("livechat/visitor", `{"visitor":{"token":"v1","department":"Sales"}}`).Is("visitor.department", first)
		root.Call("DELETE", "livechat/department/"+first, "").Is("success", true)
		c.Post("livechat/visitor", `{"visitor":{"token":"v2","department":"Sales"}}`).Is("visitor.department", second)
	})
}

// TestASwitchTakesAText sets a switch to what is no switch, as is done there.
func TestASwitchTakesAText(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		s.Agent("root@example.com", account.Admin)
		root := (&contracttest.Client{T: t, S: s}).LogIn("root")
		for _, x := range []struct {
			value string
			want  any
		}{{`"a text"`, true}, {`""`, false}, {`"true"`, true}, {`"false"`, false}, {`true`, true}} {
			root.Post("settings/Livechat_validate_offline_email", `{"value":%s}`, x.value).Want(200, contracttest.OK(""))
			root.Call("GET", "settings/Livechat_validate_offline_email", "").Is("value", x.want)
		}
		for _, value := range []string{`7`, `{}`, `[]`, `null`} {
			root.Post("settings/Livechat_validate_offline_email", `{"value":%s}`, value).Is("success", false)
		}
	})
}
