package rocketchat

import (
	"context"
	"net/http"
	"slices"

	"parlor/internal/account"
	"parlor/internal/errs"
)

// roleCalls adds the calls about roles beyond the list.
func (f *Front) roleCalls() {
	needs := []string{"access-permissions"}
	f.add(
		route{method: http.MethodPost, path: "roles.create", do: f.createRole, auth: true, needs: needs},
		route{method: http.MethodPost, path: "roles.delete", do: f.deleteRole, auth: true, needs: needs},
		route{method: http.MethodPost, path: "roles.addUserToRole", do: f.joinRole(true), auth: true, needs: needs},
		route{method: http.MethodPost, path: "roles.removeUserFromRole", do: f.joinRole(false), auth: true, needs: needs},
		route{method: http.MethodGet, path: "roles.getUsersInRole", do: f.usersInRole, auth: true, needs: needs},
	)
}

func (f *Front) createRole(ctx context.Context, c *call) (any, error) {
	var in struct{ Name, Description string }
	if err := c.read(dict(must("name", text), maybe("scope", text.oneOf("Users", "Subscriptions")), maybe("description", text), maybe("mandatory2fa", boolean)), &in); err != nil {
		return nil, err
	}
	book, err := f.Accounts.Book(ctx, c.tenant)
	if err != nil {
		return nil, err
	}
	if _, ok := roleNamed(book, in.Name); ok {
		return nil, structured("error-duplicate-role-names-not-allowed", "Role name already exists")
	}
	r, err := f.Accounts.SaveRole(ctx, c.who, account.CustomRole{Name: in.Name})
	if err != nil {
		return nil, err
	}
	return object{"role": object{"_id": r.ID, "name": r.Name, "scope": "Users", "description": in.Description, "protected": false}}, nil
}

func (f *Front) deleteRole(ctx context.Context, c *call) (any, error) {
	var in struct{ RoleID string }
	if err := c.read(dict(must("roleId", text)), &in); err != nil {
		return nil, err
	}
	book, err := f.Accounts.Book(ctx, c.tenant)
	if err != nil {
		return nil, err
	}
	r, ok := roleNamed(book, in.RoleID)
	if !ok {
		return nil, structured("error-invalid-roleId", "This role does not exist")
	}
	if r.BuiltIn() {
		return nil, structured("error-role-protected", "Cannot delete a protected role")
	}
	err = f.Accounts.RemoveRole(ctx, c.who, r)
	if errs.ReasonOf(err) == "role_in_use" {
		return nil, structured("error-role-in-use", "Cannot delete role because it's in use")
	}
	return object{}, err
}

// joinRole gives a role to an account, or takes it away.
func (f *Front) joinRole(add bool) handler {
	return func(ctx context.Context, c *call) (any, error) {
		var in struct{ RoleID, RoleName, Username string }
		if err := c.read(dict(maybe("roleId", text), maybe("roleName", text), must("username", text), maybe("roomId", text), maybe("scope", text)), &in); err != nil {
			return nil, err
		}
		if in.RoleID == "" {
			in.RoleID = in.RoleName
		}
		roles, err := f.rolesNamed(ctx, c.tenant, []string{in.RoleID})
		if err != nil {
			return nil, structured("error-invalid-role-properties", "The role properties are invalid.")
		}
		if err := f.mayAssign(ctx, c, roles); err != nil {
			return nil, err
		}
		a, err := f.oneUser(ctx, c, "", in.Username)
		if err != nil {
			return nil, err
		}
		if add == a.Has(roles[0]) {
			return nil, structured(map[bool]string{true: "error-user-already-in-role", false: "error-user-not-in-role"}[add], map[bool]string{
				true: "User already in role", false: "User is not in this role"}[add])
		}
		if _, err := f.setOperator(ctx, c, a.Username, roles[0], add); err != nil {
			return nil, userFault(err, "", "")
		}
		return object{"role": object{"_id": in.RoleID, "name": in.RoleID}}, nil
	}
}

func (f *Front) usersInRole(ctx context.Context, c *call) (any, error) {
	if c.arg("role") == "" {
		return nil, structured("error-param-not-provided", "Query param \"role\" is required")
	}
	w, err := c.window()
	if err != nil {
		return nil, err
	}
	list, by, err := f.directory(ctx, c.tenant)
	if err != nil {
		return nil, err
	}
	sortPeople(list, nil)
	users := []object{}
	for _, a := range list {
		if slices.Contains(rolesOf(a), c.arg("role")) {
			users = append(users, f.userView(a, by[a.ID], true))
		}
	}
	return page("users", users, w), nil
}
