package office

import (
	"context"
	"net/http"
	"slices"

	"parlor/internal/account"
	"parlor/internal/errs"
	"parlor/internal/front/rocketchat/contract"
)

// roleCalls adds the calls about roles beyond the list.
func (f *Front) roleCalls() {
	needs := []string{"access-permissions"}
	f.Add(
		contract.Route{Method: http.MethodPost, Path: "roles.create", Do: f.createRole, Auth: true, Needs: needs},
		contract.Route{Method: http.MethodPost, Path: "roles.delete", Do: f.deleteRole, Auth: true, Needs: needs},
		contract.Route{Method: http.MethodPost, Path: "roles.addUserToRole", Do: f.joinRole(true), Auth: true, Needs: needs},
		contract.Route{Method: http.MethodPost, Path: "roles.removeUserFromRole", Do: f.joinRole(false), Auth: true, Needs: needs},
		contract.Route{Method: http.MethodGet, Path: "roles.getUsersInRole", Do: f.usersInRole, Auth: true, Needs: needs},
	)
}

func (f *Front) createRole(ctx context.Context, c *contract.Call) (any, error) {
	var in struct{ Name, Description string }
	if err := c.Read(contract.Dict(contract.Must("name", contract.Text), contract.Maybe("scope", contract.Text.OneOf("Users", "Subscriptions")), contract.Maybe("description", contract.Text), contract.Maybe("mandatory2fa", contract.Boolean)), &in); err != nil {
		return nil, err
	}
	book, err := f.Accounts.Book(ctx, c.Tenant)
	if err != nil {
		return nil, err
	}
	if _, ok := roleNamed(book, in.Name); ok {
		return nil, contract.Structured("error-duplicate-role-names-not-allowed", "Role name already exists")
	}
	r, err := f.Accounts.SaveRole(ctx, c.Who, account.CustomRole{Name: in.Name})
	if err != nil {
		return nil, err
	}
	return contract.Object{"role": contract.Object{"_id": r.ID, "name": r.Name, "scope": "Users", "description": in.Description, "protected": false}}, nil
}

func (f *Front) deleteRole(ctx context.Context, c *contract.Call) (any, error) {
	var in struct{ RoleID string }
	if err := c.Read(contract.Dict(contract.Must("roleId", contract.Text)), &in); err != nil {
		return nil, err
	}
	book, err := f.Accounts.Book(ctx, c.Tenant)
	if err != nil {
		return nil, err
	}
	r, ok := roleNamed(book, in.RoleID)
	if !ok {
		return nil, contract.Structured("error-invalid-roleId", "This role does not exist")
	}
	if r.BuiltIn() {
		return nil, contract.Structured("error-role-protected", "Cannot delete a protected role")
	}
	err = f.Accounts.RemoveRole(ctx, c.Who, r)
	if errs.ReasonOf(err) == "role_in_use" {
		return nil, contract.Structured("error-role-in-use", "Cannot delete role because it's in use")
	}
	return contract.Object{}, err
}

// joinRole gives a role to an account, or takes it away.
func (f *Front) joinRole(add bool) contract.Handler {
	return func(ctx context.Context, c *contract.Call) (any, error) {
		var in struct{ RoleID, RoleName, Username string }
		if err := c.Read(contract.Dict(contract.Maybe("roleId", contract.Text), contract.Maybe("roleName", contract.Text), contract.Must("username", contract.Text), contract.Maybe("roomId", contract.Text), contract.Maybe("scope", contract.Text)), &in); err != nil {
			return nil, err
		}
		if in.RoleID == "" {
			in.RoleID = in.RoleName
		}
		roles, err := f.rolesNamed(ctx, c.Tenant, []string{in.RoleID})
		if err != nil {
			return nil, contract.Structured("error-invalid-role-properties", "The role properties are invalid.")
		}
		if err := f.mayAssign(ctx, c, roles); err != nil {
			return nil, err
		}
		a, err := f.oneUser(ctx, c, "", in.Username)
		if err != nil {
			return nil, err
		}
		if add == a.Has(roles[0]) {
			return nil, contract.Structured(map[bool]string{true: "error-user-already-in-role", false: "error-user-not-in-role"}[add], map[bool]string{
				true: "User already in role", false: "User is not in this role"}[add])
		}
		if _, err := f.setOperator(ctx, c, a.Username, roles[0], add); err != nil {
			return nil, userFault(err, "", "")
		}
		return contract.Object{"role": contract.Object{"_id": in.RoleID, "name": in.RoleID}}, nil
	}
}

func (f *Front) usersInRole(ctx context.Context, c *contract.Call) (any, error) {
	if c.Arg("role") == "" {
		return nil, contract.Structured("error-param-not-provided", "Query param \"role\" is required")
	}
	w, err := c.Window()
	if err != nil {
		return nil, err
	}
	list, by, err := f.directory(ctx, c.Tenant)
	if err != nil {
		return nil, err
	}
	sortPeople(list, nil)
	users := []contract.Object{}
	for _, a := range list {
		if slices.Contains(contract.RolesOf(a), c.Arg("role")) {
			users = append(users, f.userView(a, by[a.ID], true))
		}
	}
	return contract.Page("users", users, w), nil
}
