package rocketchat

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"parlor/internal/account"
	"parlor/internal/errs"
	"parlor/internal/grant"
	"parlor/internal/id"
	"parlor/internal/presence"
)

// users adds the calls about accounts.
func (f *Front) users() {
	f.add(
		route{method: http.MethodPost, path: "users.create", do: f.createUser, auth: true, needs: []string{"create-user"}},
		route{method: http.MethodGet, path: "users.info", do: f.userInfo, auth: true},
		route{method: http.MethodPost, path: "users.update", do: f.updateUser, auth: true, needs: []string{"edit-other-user-info"}},
		route{method: http.MethodPost, path: "users.delete", do: f.deleteUser, auth: true, needs: []string{"delete-user"}},
		route{method: http.MethodGet, path: "users.list", do: f.listUsers, auth: true},
		route{method: http.MethodPost, path: "users.setActiveStatus", do: f.setActive, auth: true, needs: []string{"edit-other-user-active-status"}},
		route{method: http.MethodPost, path: "users.setPreferences", do: f.setPreferences, auth: true},
		route{method: http.MethodGet, path: "users.getPreferences", do: f.preferences, auth: true},
		route{method: http.MethodGet, path: "users.getPresence", do: f.getPresence, auth: true},
		route{method: http.MethodPost, path: "users.createToken", do: f.createToken, auth: true, needs: []string{"user-generate-access-token"}},
	)
}

// userView is an account as a client sees it; full adds what is private.
func (f *Front) userView(a account.Agent, st account.AgentStatus, full bool) object {
	out := object{"_id": a.ID, "username": a.Username, "name": a.Name, "type": typeOfUser(a), "active": !a.Disabled, "status": presenceOf(st),
		"roles": rolesOf(a), "createdAt": stamp(a.CreatedAt), "utcOffset": 0}
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
	out["emails"] = []object{{"address": a.Email, "verified": a.Profile.Verified}}
	out["settings"] = object{"preferences": preferencesOf(a)}
	if a.Profile.PasswordDue {
		out["requirePasswordChange"] = true
	}
	custom := object{}
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

func preferencesOf(a account.Agent) object {
	if a.Profile.Preferences == nil {
		return object{}
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

var userProps = []prop{maybe("roles", list(text)), maybe("active", boolean), maybe("verified", boolean), maybe("requirePasswordChange", boolean),
	maybe("setRandomPassword", boolean), maybe("statusText", text), maybe("bio", text), maybe("nickname", text), maybe("customFields", dict().open()),
	maybe("joinDefaultChannels", boolean), maybe("sendWelcomeEmail", boolean), maybe("requirePasswordChangeReason", text), maybe("freeSwitchExtension", text)}

var createUserShape = dict(append([]prop{must("name", text), must("email", text), must("username", text), must("password", text)}, userProps...)...)

var updateUserShape = dict(must("userId", text), must("data", dict(append([]prop{maybe("name", text), maybe("email", text), maybe("username", text),
	maybe("password", text), maybe("language", text), maybe("hideRoles", list(text)), maybe("currentPassword", text)}, userProps...)...)))

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

func (f *Front) createUser(ctx context.Context, c *call) (any, error) {
	var in userFields
	if err := c.read(createUserShape, &in); err != nil {
		return nil, err
	}
	roles, err := f.rolesNamed(ctx, c.tenant, in.Roles)
	if err != nil {
		return nil, err
	}
	if len(roles) == 0 {
		roles = []account.Role{account.User}
	}
	if err := f.mayAssign(ctx, c, roles); err != nil {
		return nil, err
	}
	n := account.NewAgent{Email: strings.TrimSpace(*in.Email), Name: *in.Name, Username: *in.Username, Password: *in.Password}
	if in.SetRandomPassword {
		n.Password = id.Secret(22)
	}
	n.Role, n.Also = account.RolesFor(roles)
	in.profile(&n.Profile)
	a, err := f.Accounts.CreateAgent(ctx, c.who, n)
	if err != nil {
		return nil, userFault(err, n.Username, n.Email)
	}
	if in.Active != nil && !*in.Active {
		off := true
		if a, err = f.Accounts.ChangeAgent(ctx, c.who, a.ID, account.AgentChange{Disabled: &off}); err != nil {
			return nil, err
		}
	}
	f.forgetPeople(c.tenant)
	return object{"user": f.userView(a, account.AgentStatus{}, true)}, nil
}

// mayAssign refuses to make administrators to who may not.
func (f *Front) mayAssign(ctx context.Context, c *call, roles []account.Role) error {
	if !slices.Contains(roles, account.Admin) {
		return nil
	}
	ok, err := c.may(ctx, "assign-admin-role")
	if err == nil && !ok {
		err = structured("error-action-not-allowed", "Assigning admin is not allowed")
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
		return structured("error-field-unavailable", what+" is already in use :(")
	case "bad_email":
		return structured("error-invalid-email", "Invalid email "+email)
	case "bad_name":
		if errs.FieldOf(err) == "username" {
			return structured("error-invalid-username", username+" is not a valid username")
		}
		return structured("error-invalid-name", "Invalid name")
	case "password_length":
		return structured("error-password-policy-not-met", "The password does not meet the server's password policy")
	case "last_admin":
		return structured("error-action-not-allowed", "Leaving the app without admins is not allowed")
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
			return nil, structured("error-invalid-role", "Invalid role")
		}
		list = append(list, r)
	}
	return list, nil
}

func roleNamed(book *account.Book, name string) (account.Role, bool) {
	for r, n := range namesOfRoles {
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
func (f *Front) oneUser(ctx context.Context, c *call, userID, username string) (a account.Agent, err error) {
	switch {
	case userID != "":
		a, err = f.Accounts.Agent(ctx, c.tenant, id.Agent(userID))
	case username != "":
		a, err = f.byUsername(ctx, c.tenant, username)
	default:
		return a, structured("error-user-param-not-provided", `The required "userId" or "username" param was not provided`)
	}
	if errs.CodeOf(err) == errs.NotFound {
		return a, structured("error-invalid-user", `The required "userId" or "username" param provided does not match any users`)
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

func (f *Front) userInfo(ctx context.Context, c *call) (any, error) {
	a, err := f.oneUser(ctx, c, c.arg("userId"), c.arg("username"))
	var miss *fault
	if errors.As(err, &miss) && miss.kind == "error-invalid-user" {
		return nil, plain("User not found.")
	}
	if err != nil {
		return nil, err
	}
	full, err := c.may(ctx, "view-full-other-user-info")
	if err != nil {
		return nil, err
	}
	st, err := f.statusOf(ctx, a)
	return object{"user": f.userView(a, st, full || a.ID == c.login.Agent.ID)}, err
}

func (f *Front) updateUser(ctx context.Context, c *call) (any, error) {
	var in struct {
		UserID string
		Data   userFields
	}
	if err := c.read(updateUserShape, &in); err != nil {
		return nil, err
	}
	a, err := f.Accounts.Agent(ctx, c.tenant, id.Agent(in.UserID))
	if errs.CodeOf(err) == errs.NotFound {
		return nil, plain("The user is invalid")
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
		roles, err := f.rolesNamed(ctx, c.tenant, d.Roles)
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
	if a, err = f.Accounts.ChangeAgent(ctx, c.who, a.ID, change); err != nil {
		return nil, userFault(err, word(d.Username), word(d.Email))
	}
	f.forgetPeople(c.tenant)
	st, err := f.statusOf(ctx, a)
	return object{"user": f.userView(a, st, true)}, err
}

// word is what a text that may be left out says.
func word(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

var whichUser = dict(maybe("userId", text), maybe("username", text), maybe("confirmRelinquish", boolean))

func (f *Front) deleteUser(ctx context.Context, c *call) (any, error) {
	var in struct{ UserID, Username string }
	if err := c.read(whichUser, &in); err != nil {
		return nil, err
	}
	a, err := f.oneUser(ctx, c, in.UserID, in.Username)
	if err != nil {
		return nil, err
	}
	if err := f.Presence.Declare(ctx, presence.Agent{Tenant: c.tenant, Agent: a.ID}, false); err != nil {
		return nil, err
	}
	if err := f.Accounts.RemoveAgent(ctx, c.who, a.ID); err != nil {
		return nil, userFault(err, "", "")
	}
	f.forgetPeople(c.tenant)
	return object{"deletedRooms": []string{}}, nil
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

func (f *Front) listUsers(ctx context.Context, c *call) (any, error) {
	w, err := c.window()
	if err != nil {
		return nil, err
	}
	keys, err := c.sort()
	if err != nil {
		return nil, err
	}
	full, err := c.may(ctx, "view-full-other-user-info")
	if err != nil {
		return nil, err
	}
	list, by, err := f.directory(ctx, c.tenant)
	if err != nil {
		return nil, err
	}
	sortPeople(list, keys)
	users := make([]object, len(list))
	for i, a := range list {
		users[i] = f.userView(a, by[a.ID], full)
	}
	return page("users", users, w), nil
}

// sortPeople orders accounts by username unless something else is asked for.
func sortPeople(list []account.Agent, keys []sorting) {
	keys = append(keys, sorting{key: "username"})
	slices.SortStableFunc(list, func(a, b account.Agent) int {
		for _, k := range keys {
			n := 0
			switch k.key {
			case "username":
				n = strings.Compare(strings.ToLower(a.Username), strings.ToLower(b.Username))
			case "name":
				n = strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
			case "createdAt", "ts":
				n = a.CreatedAt.Compare(b.CreatedAt)
			}
			if k.desc {
				n = -n
			}
			if n != 0 {
				return n
			}
		}
		return 0
	})
}

func (f *Front) setActive(ctx context.Context, c *call) (any, error) {
	var in struct {
		UserID       string
		ActiveStatus bool
	}
	if err := c.read(dict(must("userId", text), must("activeStatus", boolean), maybe("confirmRelinquish", boolean)), &in); err != nil {
		return nil, err
	}
	off := !in.ActiveStatus
	a, err := f.Accounts.ChangeAgent(ctx, c.who, id.Agent(in.UserID), account.AgentChange{Disabled: &off})
	if errs.CodeOf(err) == errs.NotFound {
		return nil, structured("error-invalid-user", "Invalid user")
	}
	if err != nil {
		return nil, userFault(err, "", "")
	}
	f.forgetPeople(c.tenant)
	return object{"user": object{"_id": a.ID, "active": !a.Disabled}}, nil
}

func (f *Front) setPreferences(ctx context.Context, c *call) (any, error) {
	var in struct {
		UserID string
		Data   map[string]any
	}
	if err := c.read(dict(maybe("userId", text), must("data", dict().open())), &in); err != nil {
		return nil, err
	}
	who, target := c.who, c.login.Agent.ID
	if in.UserID != "" && id.Agent(in.UserID) != target {
		if err := c.borrow(ctx, []string{"edit-other-user-info"}); err != nil {
			return nil, structured("error-action-not-allowed", "Editing user is not allowed")
		}
		who, target = c.who, id.Agent(in.UserID)
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
		return nil, structured("error-invalid-user", `The optional "userId" param provided does not match any users`)
	}
	return object{"user": object{"_id": a.ID, "settings": object{"preferences": preferencesOf(a)}}}, err
}

func (f *Front) preferences(_ context.Context, c *call) (any, error) {
	return object{"preferences": preferencesOf(c.login.Agent)}, nil
}

func (f *Front) getPresence(ctx context.Context, c *call) (any, error) {
	if c.arg("userId") == "" && c.arg("username") == "" {
		st, err := f.statusOf(ctx, c.login.Agent)
		return object{"presence": presenceOf(st), "connectionStatus": presenceOf(st)}, err
	}
	a, err := f.oneUser(ctx, c, c.arg("userId"), c.arg("username"))
	if err != nil {
		return nil, err
	}
	st, err := f.statusOf(ctx, a)
	return object{"presence": presenceOf(st)}, err
}

func (f *Front) createToken(ctx context.Context, c *call) (any, error) {
	var in struct{ UserID, Username string }
	if err := c.read(whichUser.open(), &in); err != nil {
		return nil, err
	}
	a, err := f.oneUser(ctx, c, in.UserID, in.Username)
	if err != nil {
		return nil, err
	}
	l, err := f.Accounts.LoginFor(ctx, c.who, a.ID)
	return object{"data": object{"userId": a.ID, "authToken": l.Secret}}, err
}
