package office

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"parlor/internal/account"
	"parlor/internal/errs"
	"parlor/internal/front/rocketchat/contract"
	"parlor/internal/grant"
	"parlor/internal/id"
	"parlor/internal/presence"
)

// users adds the calls about accounts.
func (f *Front) users() {
	f.Add(
		contract.Route{Method: http.MethodPost, Path: "users.create", Do: f.createUser, Auth: true, Needs: []string{"create-user"}},
		contract.Route{Method: http.MethodGet, Path: "users.info", Do: f.userInfo, Auth: true},
		contract.Route{Method: http.MethodPost, Path: "users.update", Do: f.updateUser, Auth: true, Needs: []string{"edit-other-user-info"}},
		contract.Route{Method: http.MethodPost, Path: "users.delete", Do: f.deleteUser, Auth: true, Needs: []string{"delete-user"}},
		contract.Route{Method: http.MethodGet, Path: "users.list", Do: f.listUsers, Auth: true},
		contract.Route{Method: http.MethodPost, Path: "users.setActiveStatus", Do: f.setActive, Auth: true, Needs: []string{"edit-other-user-active-status"}},
		contract.Route{Method: http.MethodPost, Path: "users.setPreferences", Do: f.setPreferences, Auth: true},
		contract.Route{Method: http.MethodGet, Path: "users.getPreferences", Do: f.preferences, Auth: true},
		contract.Route{Method: http.MethodGet, Path: "users.getPresence", Do: f.getPresence, Auth: true},
		contract.Route{Method: http.MethodPost, Path: "users.createToken", Do: f.createToken, Auth: true, Needs: []string{"user-generate-access-token"}},
	)
}

// userView is an account as a client sees it; full adds what is private.
func (f *Front) userView(a account.Agent, st account.AgentStatus, full bool) contract.Object {
	out := contract.Object{"_id": a.ID, "username": a.Username, "name": a.Name, "type": typeOfUser(a), "active": !a.Disabled, "status": contract.PresenceOf(st),
		"roles": contract.RolesOf(a), "createdAt": contract.Stamp(a.CreatedAt), "utcOffset": 0}
	if a.Profile.StatusText != "" {
		out["statusText"] = a.Profile.StatusText
	}
	for _, k := range []string{"bio", "nickname"} {
		if v := a.Profile.Fields[k]; v != "" {
			out[k] = v
		}
	}
	if !full {
		return out
	}
	if a.Email != "" {
		out["emails"] = []contract.Object{{"address": a.Email, "verified": a.Profile.Verified}}
	}
	out["settings"] = contract.Object{"preferences": preferencesOf(a)}
	if a.Profile.PasswordDue {
		out["requirePasswordChange"] = true
	}
	custom := contract.Object{}
	for k, v := range a.Profile.Fields {
		if name, ok := strings.CutPrefix(k, "custom."); ok {
			custom[name] = v
		}
	}
	if len(custom) > 0 {
		out["customFields"] = custom
	}
	return out
}

func typeOfUser(a account.Agent) string {
	if a.Role == account.Bot {
		return "bot"
	}
	return "user"
}

func preferencesOf(a account.Agent) contract.Object {
	if a.Profile.Preferences == nil {
		return contract.Object{}
	}
	return a.Profile.Preferences
}

// userFields are what users.create and users.update take; nil is left out.
type userFields struct {
	Name, Email, Username, Password             *string
	Roles                                       []string
	Active, Verified, RequirePasswordChange     *bool
	SetRandomPassword                           bool
	StatusText, Bio, Nickname                   *string
	CustomFields                                map[string]any
	JoinDefaultChannels, SendWelcomeEmail, Mute bool
}

var userProps = []contract.Prop{contract.Maybe("roles", contract.List(contract.Text)), contract.Maybe("active", contract.Boolean), contract.Maybe("verified", contract.Boolean), contract.Maybe("requirePasswordChange", contract.Boolean),
	contract.Maybe("setRandomPassword", contract.Boolean), contract.Maybe("statusText", contract.Text), contract.Maybe("bio", contract.Text), contract.Maybe("nickname", contract.Text), contract.Maybe("customFields", contract.Dict().Open()),
	contract.Maybe("joinDefaultChannels", contract.Boolean), contract.Maybe("sendWelcomeEmail", contract.Boolean), contract.Maybe("requirePasswordChangeReason", contract.Text), contract.Maybe("freeSwitchExtension", contract.Text)}

var createUserShape = contract.Dict(append([]contract.Prop{contract.Must("name", contract.Text), contract.Must("email", contract.Text), contract.Must("username", contract.Text), contract.Must("password", contract.Text)}, userProps...)...)

var updateUserShape = contract.Dict(contract.Must("userId", contract.Text), contract.Must("data", contract.Dict(append([]contract.Prop{contract.Maybe("name", contract.Text), contract.Maybe("email", contract.Text), contract.Maybe("username", contract.Text),
	contract.Maybe("password", contract.Text), contract.Maybe("language", contract.Text), contract.Maybe("hideRoles", contract.List(contract.Text)), contract.Maybe("currentPassword", contract.Text)}, userProps...)...)))

// profile changes what the fields say of a profile.
func (in userFields) profile(p *account.Profile) {
	if in.Verified != nil {
		p.Verified = *in.Verified
	}
	if in.RequirePasswordChange != nil {
		p.PasswordDue = *in.RequirePasswordChange
	}
	if in.StatusText != nil {
		p.StatusText = *in.StatusText
	}
	fields := map[string]string{}
	for k, v := range p.Fields {
		fields[k] = v
	}
	for k, v := range map[string]*string{"bio": in.Bio, "nickname": in.Nickname} {
		if v != nil {
			fields[k] = *v
		}
	}
	for k, v := range in.CustomFields {
		if s, ok := v.(string); ok {
			fields["custom."+k] = s
		}
	}
	if len(fields) > 0 {
		p.Fields = fields
	}
}

func (f *Front) createUser(ctx context.Context, c *contract.Call) (any, error) {
	var in userFields
	if err := c.Read(createUserShape, &in); err != nil {
		return nil, err
	}
	roles, err := f.rolesNamed(ctx, c.Tenant, in.Roles)
	if err != nil {
		return nil, err
	}
	if len(roles) == 0 {
		roles = []account.Role{account.User}
	}
	if err := f.mayAssign(ctx, c, roles); err != nil {
		return nil, err
	}
	n := account.NewAgent{Email: strings.TrimSpace(*in.Email), Name: *in.Name, Username: *in.Username, Password: *in.Password, Cap: account.MaxCap}
	if in.SetRandomPassword {
		n.Password = id.Secret(22)
	}
	n.Role, n.Also = account.RolesFor(roles)
	in.profile(&n.Profile)
	a, err := f.Accounts.CreateAgent(ctx, c.Who, n)
	if err != nil {
		return nil, userFault(err, n.Username, n.Email)
	}
	if in.Active != nil && !*in.Active {
		off := true
		if a, err = f.Accounts.ChangeAgent(ctx, c.Who, a.ID, account.AgentChange{Disabled: &off}); err != nil {
			return nil, err
		}
	}
	f.ForgetPeople(c.Tenant)
	return contract.Object{"user": f.userView(a, account.AgentStatus{}, true)}, nil
}

// mayAssign refuses to make administrators to who may not.
func (f *Front) mayAssign(ctx context.Context, c *contract.Call, roles []account.Role) error {
	if !slices.Contains(roles, account.Admin) {
		return nil
	}
	ok, err := c.May(ctx, "assign-admin-role")
	if err == nil && !ok {
		err = contract.Structured("error-action-not-allowed", "Assigning admin is not allowed")
	}
	return err
}

// userFault puts what a domain refuses of an account into the contract's words.
func userFault(err error, username, email string) error {
	switch errs.ReasonOf(err) {
	case "agent_exists":
		what := username
		if errs.FieldOf(err) == "email" {
			what = email
		}
		return contract.Structured("error-field-unavailable", what+" is already in use :(")
	case "bad_email":
		return contract.Structured("error-invalid-email", "Invalid email "+email)
	case "bad_name":
		if errs.FieldOf(err) == "username" {
			return contract.Structured("error-invalid-username", username+" is not a valid username")
		}
		return contract.Structured("error-invalid-name", "Invalid name")
	case "password_length":
		return contract.Structured("error-password-policy-not-met", "The password does not meet the server's password policy")
	case "last_admin":
		return contract.Structured("error-action-not-allowed", "Leaving the app without admins is not allowed")
	}
	return err
}

// rolesNamed finds roles by the contract's names, by id or by name.
func (f *Front) rolesNamed(ctx context.Context, t id.Tenant, names []string) ([]account.Role, error) {
	book, err := f.Accounts.Book(ctx, t)
	if err != nil {
		return nil, err
	}
	var list []account.Role
	for _, n := range names {
		r, ok := roleNamed(book, n)
		if !ok {
			return nil, contract.Structured("error-invalid-role", "Invalid role")
		}
		list = append(list, r)
	}
	return list, nil
}

func roleNamed(book *account.Book, name string) (account.Role, bool) {
	for r, n := range contract.NamesOfRoles {
		if n == name {
			return r, true
		}
	}
	if r := account.Role(name); r.BuiltIn() && slices.Contains(grant.Roles(), name) {
		return r, true
	}
	for r, own := range book.Roles {
		if string(r) == name || own.Name == name {
			return r, true
		}
	}
	return "", false
}

// oneUser finds the account that userId or username mean.
func (f *Front) oneUser(ctx context.Context, c *contract.Call, userID, username string) (a account.Agent, err error) {
	switch {
	case userID != "":
		a, err = f.Accounts.Agent(ctx, c.Tenant, id.Agent(userID))
	case username != "":
		a, err = f.byUsername(ctx, c.Tenant, username)
	default:
		return a, contract.Structured("error-user-param-not-provided", `The required "userId" or "username" param was not provided`)
	}
	if errs.CodeOf(err) == errs.NotFound {
		return a, contract.Structured("error-invalid-user", `The required "userId" or "username" param provided does not match any users`)
	}
	return a, err
}

// byUsername finds an account by its username alone, not by its e-mail.
func (f *Front) byUsername(ctx context.Context, t id.Tenant, username string) (account.Agent, error) {
	a, err := f.Accounts.AgentByLogin(ctx, t, username)
	if err == nil && !strings.EqualFold(a.Username, username) {
		err = errs.New(errs.NotFound, "agent_not_found", "There is no such agent.")
	}
	return a, err
}

// statusOf is the status of one account.
func (f *Front) statusOf(ctx context.Context, a account.Agent) (account.AgentStatus, error) {
	return f.Accounts.AgentStatus(ctx, a.Tenant, a.ID, f.Clock.Now())
}

func (f *Front) userInfo(ctx context.Context, c *contract.Call) (any, error) {
	a, err := f.oneUser(ctx, c, c.Arg("userId"), c.Arg("username"))
	var miss *contract.Fault
	if errors.As(err, &miss) && miss.Kind == "error-invalid-user" {
		return nil, contract.Plain("User not found.")
	}
	if err != nil {
		return nil, err
	}
	full, err := c.May(ctx, "view-full-other-user-info")
	if err != nil {
		return nil, err
	}
	st, err := f.statusOf(ctx, a)
	return contract.Object{"user": f.userView(a, st, full || a.ID == c.Login.Agent.ID)}, err
}

func (f *Front) updateUser(ctx context.Context, c *contract.Call) (any, error) {
	var in struct {
		UserID string
		Data   userFields
	}
	if err := c.Read(updateUserShape, &in); err != nil {
		return nil, err
	}
	a, err := f.Accounts.Agent(ctx, c.Tenant, id.Agent(in.UserID))
	if errs.CodeOf(err) == errs.NotFound {
		return nil, contract.Plain("The user is invalid")
	}
	if err != nil {
		return nil, err
	}
	d := in.Data
	change := account.AgentChange{Name: d.Name, Email: d.Email, Username: d.Username, Password: d.Password}
	if d.Active != nil {
		off := !*d.Active
		change.Disabled = &off
	}
	if d.Roles != nil {
		roles, err := f.rolesNamed(ctx, c.Tenant, d.Roles)
		if err != nil {
			return nil, err
		}
		if err := f.mayAssign(ctx, c, roles); err != nil {
			return nil, err
		}
		main, also := account.RolesFor(roles)
		change.Role, change.Also = &main, also
	}
	d.profile(&a.Profile)
	change.Profile = &a.Profile
	if a, err = f.Accounts.ChangeAgent(ctx, c.Who, a.ID, change); err != nil {
		return nil, userFault(err, word(d.Username), word(d.Email))
	}
	f.ForgetPeople(c.Tenant)
	st, err := f.statusOf(ctx, a)
	return contract.Object{"user": f.userView(a, st, true)}, err
}

// word is what a text that may be left out says.
func word(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

var whichUser = contract.Dict(contract.Maybe("userId", contract.Text), contract.Maybe("username", contract.Text), contract.Maybe("confirmRelinquish", contract.Boolean))

func (f *Front) deleteUser(ctx context.Context, c *contract.Call) (any, error) {
	var in struct{ UserID, Username string }
	if err := c.Read(whichUser, &in); err != nil {
		return nil, err
	}
	a, err := f.oneUser(ctx, c, in.UserID, in.Username)
	if err != nil {
		return nil, err
	}
	if err := f.Presence.Declare(ctx, presence.Agent{Tenant: c.Tenant, Agent: a.ID}, false); err != nil {
		return nil, err
	}
	if err := f.Accounts.RemoveAgent(ctx, c.Who, a.ID); err != nil {
		return nil, userFault(err, "", "")
	}
	f.ForgetPeople(c.Tenant)
	return contract.Object{"deletedRooms": []string{}}, nil
}

// directory are all accounts with their statuses.
func (f *Front) directory(ctx context.Context, t id.Tenant) ([]account.Agent, map[id.Agent]account.AgentStatus, error) {
	list, err := f.Accounts.Agents(ctx, systemActor(t))
	if err != nil {
		return nil, nil, err
	}
	roster, err := f.Accounts.Roster(ctx, t)
	by := make(map[id.Agent]account.AgentStatus, len(roster))
	for _, st := range roster {
		by[st.Agent] = st
	}
	return list, by, err
}

func (f *Front) listUsers(ctx context.Context, c *contract.Call) (any, error) {
	w, err := c.Window()
	if err != nil {
		return nil, err
	}
	keys, err := c.Sort()
	if err != nil {
		return nil, err
	}
	full, err := c.May(ctx, "view-full-other-user-info")
	if err != nil {
		return nil, err
	}
	list, by, err := f.directory(ctx, c.Tenant)
	if err != nil {
		return nil, err
	}
	sortPeople(list, keys)
	users := make([]contract.Object, len(list))
	for i, a := range list {
		users[i] = f.userView(a, by[a.ID], full)
	}
	return contract.Page("users", users, w), nil
}

// sortPeople orders accounts by username unless something else is asked for.
func sortPeople(list []account.Agent, keys []contract.Sorting) {
	keys = append(keys, contract.Sorting{Key: "username"})
	slices.SortStableFunc(list, func(a, b account.Agent) int {
		for _, k := range keys {
			n := 0
			switch k.Key {
			case "username":
				n = strings.Compare(strings.ToLower(a.Username), strings.ToLower(b.Username))
			case "name":
				n = strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
			case "createdAt", "ts":
				n = a.CreatedAt.Compare(b.CreatedAt)
			}
			if k.Desc {
				n = -n
			}
			if n != 0 {
				return n
			}
		}
		return 0
	})
}

func (f *Front) setActive(ctx context.Context, c *contract.Call) (any, error) {
	var in struct {
		UserID       string
		ActiveStatus bool
	}
	if err := c.Read(contract.Dict(contract.Must("userId", contract.Text), contract.Must("activeStatus", contract.Boolean), contract.Maybe("confirmRelinquish", contract.Boolean)), &in); err != nil {
		return nil, err
	}
	off := !in.ActiveStatus
	a, err := f.Accounts.ChangeAgent(ctx, c.Who, id.Agent(in.UserID), account.AgentChange{Disabled: &off})
	if errs.CodeOf(err) == errs.NotFound {
		return nil, contract.Structured("error-invalid-user", "Invalid user")
	}
	if err != nil {
		return nil, userFault(err, "", "")
	}
	f.ForgetPeople(c.Tenant)
	return contract.Object{"user": contract.Object{"_id": a.ID, "active": !a.Disabled}}, nil
}

func (f *Front) setPreferences(ctx context.Context, c *contract.Call) (any, error) {
	var in struct {
		UserID string
		Data   map[string]any
	}
	if err := c.Read(contract.Dict(contract.Maybe("userId", contract.Text), contract.Must("data", contract.Dict().Open())), &in); err != nil {
		return nil, err
	}
	who, target := c.Who, c.Login.Agent.ID
	if in.UserID != "" && id.Agent(in.UserID) != target {
		if err := c.Borrow(ctx, []string{"edit-other-user-info"}); err != nil {
			return nil, contract.Structured("error-action-not-allowed", "Editing user is not allowed")
		}
		who, target = c.Who, id.Agent(in.UserID)
	}
	a, err := f.Accounts.SetProfile(ctx, who, target, func(p *account.Profile) {
		next := map[string]any{}
		for k, v := range p.Preferences {
			next[k] = v
		}
		for k, v := range in.Data {
			next[k] = v
		}
		p.Preferences = next
	})
	if errs.CodeOf(err) == errs.NotFound {
		return nil, contract.Structured("error-invalid-user", `The optional "userId" param provided does not match any users`)
	}
	return contract.Object{"user": contract.Object{"_id": a.ID, "settings": contract.Object{"preferences": preferencesOf(a)}}}, err
}

func (f *Front) preferences(_ context.Context, c *contract.Call) (any, error) {
	return contract.Object{"preferences": preferencesOf(c.Login.Agent)}, nil
}

func (f *Front) getPresence(ctx context.Context, c *contract.Call) (any, error) {
	if c.Arg("userId") == "" && c.Arg("username") == "" {
		st, err := f.statusOf(ctx, c.Login.Agent)
		return contract.Object{"presence": contract.PresenceOf(st), "connectionStatus": contract.PresenceOf(st)}, err
	}
	a, err := f.oneUser(ctx, c, c.Arg("userId"), c.Arg("username"))
	if err != nil {
		return nil, err
	}
	st, err := f.statusOf(ctx, a)
	return contract.Object{"presence": contract.PresenceOf(st)}, err
}

func (f *Front) createToken(ctx context.Context, c *contract.Call) (any, error) {
	var in struct{ UserID, Username string }
	if err := c.Read(whichUser.Open(), &in); err != nil {
		return nil, err
	}
	a, err := f.oneUser(ctx, c, in.UserID, in.Username)
	if err != nil {
		return nil, err
	}
	l, err := f.Accounts.LoginFor(ctx, c.Who, a.ID)
	return contract.Object{"data": contract.Object{"userId": a.ID, "authToken": l.Secret}}, err
}
