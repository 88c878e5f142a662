package account

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"parlor/internal/actor"
	"parlor/internal/audit"
	"parlor/internal/clock"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
)

// Lifetimes of credentials.
const (
	SessionLife = 24 * time.Hour
	LegacyLife  = 24 * time.Hour
)

// Service is the use cases of account.
type Service struct {
	store   Store
	clock   clock.Clock
	events  event.Publisher
	limiter *attempts
	books   *books
	seen    sightings

	optionMu sync.Mutex
	onlineMu sync.Mutex
	online   map[id.Tenant]onlineAnswer
}

// New returns a service.
func New(store Store, events event.Publisher, c clock.Clock) *Service {
	return &Service{store: store, clock: c, events: events, limiter: newAttempts(c), books: newBooks(store, c), online: map[id.Tenant]onlineAnswer{}}
}

func hashSecret(secret string) string {
	h := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(h[:])
}

// Login is a proven identity with the secret that proves it from now on.
type Login struct {
	Secret     string
	Credential Credential
	Agent      Agent
	// Permissions are those of the agent's role when the login was checked.
	Permissions []actor.Permission
	// watched are the teams of a monitor's units; bound limits it to them.
	watched []id.Team
	bound   bool
}

var errLogin = errs.New(errs.Unauthenticated, "wrong_login", "The name or the password is wrong.")

// Login checks a password and issues a credential of the given kind. ip is for
// throttling: 10 failures in 10 minutes from one address or for one name refuse
// further tries with errs.TooMany. A wrong name and a wrong password give the
// same answer in about the same time.
func (s *Service) Login(ctx context.Context, t id.Tenant, login, password, ip string, kind CredentialKind) (out Login, err error) {
	defer errs.Wrap(&err, "account.Login")
	return s.logIn(ctx, t, login, ip, kind, func(a Agent, hash string) (bool, error) {
		ok := CheckPassword(hash, password)
		if !ok || a.ID == "" || strings.HasPrefix(hash, digested) {
			return ok, nil
		}
		// A hash from before digests were known is made anew, now that the password is.
		a.PasswordHash = hashDigest(Digest(password))
		return true, s.store.UpdateAgent(ctx, a, audit.None)
	})
}

// LoginDigest is Login for a program that sends the password's digest.
func (s *Service) LoginDigest(ctx context.Context, t id.Tenant, login, digest, ip string, kind CredentialKind) (out Login, err error) {
	defer errs.Wrap(&err, "account.LoginDigest")
	return s.logIn(ctx, t, login, ip, kind, func(_ Agent, hash string) (bool, error) { return CheckDigest(hash, digest), nil })
}

// logIn is what both kinds of log-in share. check gets a decoy's hash and no
// agent if there is none with this name.
func (s *Service) logIn(ctx context.Context, t id.Tenant, login, ip string, kind CredentialKind, check func(a Agent, hash string) (bool, error)) (out Login, err error) {
	login = strings.TrimSpace(login)
	keys := [2]string{"ip " + ip, "login " + string(t) + " " + strings.ToLower(login)}
	if !s.limiter.allow(keys[:]...) {
		return out, errs.New(errs.TooMany, "too_many_logins", "Too many failed logins. Try again in a few minutes.")
	}
	a, err := s.store.AgentByLogin(ctx, t, login)
	if err != nil && errs.CodeOf(err) != errs.NotFound {
		return out, err
	}
	hash, known := a.PasswordHash, a
	if err != nil || hash == "" || a.Disabled {
		hash, known = decoyHash, Agent{}
	}
	ok, err := check(known, hash)
	if err != nil {
		return out, err
	}
	if !ok || known.ID == "" {
		s.limiter.fail(keys[:]...)
		return out, errLogin
	}
	life := SessionLife
	if kind == LegacyToken {
		life = LegacyLife
	}
	return s.issue(ctx, known, kind, "login", life)
}

// decoyHash is checked when there is no such agent, so that the answer takes as long.
const decoyHash = digested + "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

func (s *Service) issue(ctx context.Context, a Agent, kind CredentialKind, name string, life time.Duration) (Login, error) {
	return s.issueAs(ctx, a, Credential{Kind: kind, Name: name}, life)
}

// issueAs fills the credential and keeps it; a life of 0 has no end.
func (s *Service) issueAs(ctx context.Context, a Agent, c Credential, life time.Duration) (Login, error) {
	secret := id.Secret(43)
	now := s.clock.Now()
	c.Hash, c.Tenant, c.Agent, c.CSRF, c.CreatedAt = hashSecret(secret), a.Tenant, a.ID, id.Secret(22), now
	if c.Kind == AccessToken {
		c.Hint = secret[len(secret)-hintLength:]
	}
	if life > 0 {
		c.ExpiresAt = now.Add(life)
	}
	if err := s.store.CreateCredential(ctx, c); err != nil {
		return Login{}, err
	}
	return s.loginOf(ctx, secret, c, a)
}

// IssueToken returns a personal access token of the agent with that e-mail or
// username; it does not expire.
func (s *Service) IssueToken(ctx context.Context, t id.Tenant, login, name string) (out Login, err error) {
	defer errs.Wrap(&err, "account.IssueToken")
	if name, err = cleanName("name", name); err != nil {
		return out, err
	}
	a, err := s.store.AgentByLogin(ctx, t, login)
	if err != nil {
		return out, err
	}
	return s.issue(ctx, a, AccessToken, name, 0)
}

// loginOf is the login of an agent with what it may do now.
func (s *Service) loginOf(ctx context.Context, secret string, c Credential, a Agent) (l Login, err error) {
	l = Login{Secret: secret, Credential: c, Agent: a}
	if l.Permissions, err = s.permissionsOf(ctx, a); err != nil {
		return l, err
	}
	return l, s.bind(ctx, &l)
}

var errCredential = errs.New(errs.Unauthenticated, "unauthenticated", "Please log in.")

// Authenticate returns who holds the secret. An unknown or expired secret and a
// disabled agent are errs.Unauthenticated.
func (s *Service) Authenticate(ctx context.Context, secret string) (out Login, err error) {
	if secret == "" || len(secret) > 200 {
		return out, errCredential
	}
	c, err := s.store.Credential(ctx, hashSecret(secret))
	if errs.CodeOf(err) == errs.NotFound {
		return out, errCredential
	}
	if err != nil {
		return out, err
	}
	if !c.ExpiresAt.IsZero() && !s.clock.Now().Before(c.ExpiresAt) {
		return out, errCredential
	}
	a, err := s.store.Agent(ctx, c.Tenant, c.Agent)
	if err != nil {
		return out, err
	}
	if a.Disabled {
		return out, errCredential
	}
	return s.loginOf(ctx, secret, c, a)
}

// Actor returns the acting party of a login. A login that no service checked has
// the permissions of the built-in role.
func (l Login) Actor() actor.Actor {
	if l.Permissions == nil {
		l.Permissions = permissions[l.Agent.Role]
	}
	teams := l.Agent.Teams
	if len(l.watched) > 0 {
		teams = append(slices.Clone(teams), l.watched...)
	}
	return actor.Actor{Kind: actor.Agent, Tenant: l.Agent.Tenant, Agent: l.Agent.ID, Name: l.Agent.Name, Teams: teams, Permissions: l.Permissions, Bound: l.bound}
}

// SessionEnded is the payload of event.SessionEnded: sockets that were opened
// with the credential close.
type SessionEnded struct {
	Hash string `json:"hash"`
}

// Logout ends one credential and the sockets opened with it.
func (s *Service) Logout(ctx context.Context, l Login) error {
	if err := s.store.DeleteCredential(ctx, l.Credential.Hash); err != nil {
		return err
	}
	s.sessionEnded(l.Agent.Tenant, l.Agent.ID, l.Credential.Hash)
	return nil
}

// sessionEnded closes the sockets that were opened with a credential.
func (s *Service) sessionEnded(t id.Tenant, a id.Agent, hash string) {
	s.events.Publish(&event.Event{ID: id.New(), Tenant: t, Kind: event.SessionEnded, At: s.clock.Now(),
		To: []event.Topic{event.ToAgent(t, a)}, Data: &SessionEnded{Hash: hash}})
}

// SetState records what an agent says of being available, tells colleagues and
// wakes the queue if the agent became ready. reason is at most 60 characters. Nobody
// gets ready outside the own working hours: errs.Conflict "off_duty".
func (s *Service) SetState(ctx context.Context, who actor.Actor, state State, reason string) (st AgentStatus, err error) {
	defer errs.Wrap(&err, "account.SetState")
	if who.Kind != actor.Agent {
		return st, errs.New(errs.Forbidden, "agents_only", "Only agents have a state.")
	}
	if !state.Valid() {
		return st, errs.Field("state", "unknown_state", "%q is not a state; ready, busy and away are.", state)
	}
	reason = clip(strings.TrimSpace(reason), 60)
	if state == Ready {
		if st, err = s.Status(ctx, who); err != nil {
			return st, err
		}
		if st.OffDuty {
			return st, errOffDuty
		}
	}
	return s.setState(ctx, who.Tenant, who.Agent, state, reason)
}

var errOffDuty = errs.New(errs.Conflict, "off_duty", "Outside your working hours you take no conversations.")

// setState is SetState whatever the hour.
func (s *Service) setState(ctx context.Context, t id.Tenant, a id.Agent, state State, reason string) (AgentStatus, error) {
	st, err := s.store.SetState(ctx, t, a, state, reason, s.clock.Now())
	if st, err = s.duty(ctx, st, err); err != nil {
		return st, err
	}
	s.Announce(st)
	return st, nil
}

// Announce tells every console of the tenant about an agent's status, and those
// whom it serves, and wakes the queue if the agent can take somebody.
func (s *Service) Announce(st AgentStatus) {
	now := s.clock.Now()
	s.events.Publish(&event.Event{ID: id.New(), Tenant: st.Tenant, Kind: event.AgentChanged, To: []event.Topic{event.ToAgents(st.Tenant), event.ToServed(st.Tenant, st.Agent)}, At: now, Data: &st})
	if st.Available() && st.Open < st.Cap {
		s.events.Publish(&event.Event{ID: id.New(), Tenant: st.Tenant, Kind: event.QueueWake, To: []event.Topic{event.ToNodes}, At: now})
	}
}

// Refresh reads an agent's status and announces it.
func (s *Service) Refresh(ctx context.Context, t id.Tenant, a id.Agent) error {
	st, err := s.AgentStatus(ctx, t, a, s.clock.Now())
	if err != nil {
		return err
	}
	s.Announce(st)
	return nil
}

// Status returns one agent's status.
func (s *Service) Status(ctx context.Context, who actor.Actor) (AgentStatus, error) {
	return s.AgentStatus(ctx, who.Tenant, who.Agent, s.clock.Now())
}

// Roster returns the status of all colleagues.
func (s *Service) Roster(ctx context.Context, t id.Tenant) ([]AgentStatus, error) {
	list, err := s.store.Roster(ctx, t, s.clock.Now())
	if err != nil {
		return nil, err
	}
	return list, s.duties(ctx, t, list)
}

// onlineFor is how long an answer of AnyoneAvailable is remembered.
const onlineFor = time.Second

type onlineAnswer struct {
	at time.Time
	// ok is whether somebody is available, there whether somebody is at work.
	ok, there bool
}

// AnyoneAvailable reports whether any agent of the tenant is ready and
// connected. The answer may be a second old.
func (s *Service) AnyoneAvailable(ctx context.Context, t id.Tenant) (bool, error) {
	got, err := s.whoIsThere(ctx, t)
	return got.ok, err
}

// AnyoneThere reports whether any agent of the tenant is connected and not away,
// busy ones included: a visitor who waits is seen. The answer may be a second old.
func (s *Service) AnyoneThere(ctx context.Context, t id.Tenant) (bool, error) {
	got, err := s.whoIsThere(ctx, t)
	return got.there, err
}

func (s *Service) whoIsThere(ctx context.Context, t id.Tenant) (onlineAnswer, error) {
	now := s.clock.Now()
	s.onlineMu.Lock()
	got, ok := s.online[t]
	s.onlineMu.Unlock()
	if ok && now.Sub(got.at) < onlineFor {
		return got, nil
	}
	roster, err := s.Roster(ctx, t)
	if err != nil {
		return got, err
	}
	got = onlineAnswer{at: now, ok: slices.ContainsFunc(roster, AgentStatus.Available),
		there: slices.ContainsFunc(roster, func(a AgentStatus) bool { return a.Connected && a.State != Away })}
	s.onlineMu.Lock()
	s.online[t] = got
	s.onlineMu.Unlock()
	return got, nil
}

// Tenants returns all tenants.
func (s *Service) Tenants(ctx context.Context) ([]Tenant, error) { return s.store.Tenants(ctx) }

// Inboxes returns the inboxes of a tenant.
func (s *Service) Inboxes(ctx context.Context, t id.Tenant) ([]Inbox, error) {
	return s.store.Inboxes(ctx, t)
}

// Teams returns the teams of a tenant.
func (s *Service) Teams(ctx context.Context, t id.Tenant) ([]Team, error) {
	return s.store.Teams(ctx, t)
}

// AgentStatus returns one agent's status at a time.
func (s *Service) AgentStatus(ctx context.Context, t id.Tenant, a id.Agent, now time.Time) (AgentStatus, error) {
	st, err := s.store.AgentStatus(ctx, t, a, now)
	return s.duty(ctx, st, err)
}

// Exists returns errs.NotFound "agent_not_found" if the tenant has no such agent.
func (s *Service) Exists(ctx context.Context, t id.Tenant, a id.Agent) error {
	_, err := s.store.Agent(ctx, t, a)
	return err
}

// NewAgent is what is needed to add an agent. Teams are names of teams. With
// NamedID the username is the id as well, if it can be one and nobody has it.
type NewAgent struct {
	Tenant                          id.Tenant
	Email, Name, Username, Password string
	Role                            Role
	Also                            []Role
	Cap                             int
	Teams                           []string
	Profile                         Profile
	NamedID                         bool
}

// AddAgent creates an agent who can log in. Username defaults to the part of the
// e-mail before the @, Role to agent, Cap to DefaultCap.
func (s *Service) AddAgent(ctx context.Context, in NewAgent) (a Agent, err error) {
	return s.addAgent(ctx, in, audit.None)
}

func (s *Service) addAgent(ctx context.Context, in NewAgent, by audit.By) (a Agent, err error) {
	defer errs.Wrap(&err, "account.AddAgent")
	if a, err = s.fillAgent(ctx, in); err != nil {
		return a, err
	}
	if a.Teams, err = s.teamIDs(ctx, in.Tenant, in.Teams); err != nil {
		return a, err
	}
	if a.PasswordHash, err = HashPassword(in.Password); err != nil {
		return a, err
	}
	if in.NamedID {
		return s.createNamed(ctx, a, by)
	}
	return a, s.store.CreateAgent(ctx, a, by)
}

func (s *Service) fillAgent(ctx context.Context, in NewAgent) (a Agent, err error) {
	if !isAddress(in.Email) {
		return a, errs.Field("email", "bad_email", "%q is not an e-mail address.", in.Email)
	}
	a = Agent{ID: id.Agent(id.New()), Tenant: in.Tenant, Email: in.Email, Username: in.Username, Role: in.Role, Also: in.Also, Cap: in.Cap, Profile: in.Profile, CreatedAt: s.clock.Now()}
	if a.Name, err = cleanName("name", in.Name); err != nil {
		return a, err
	}
	if a.Username == "" {
		a.Username, _, _ = strings.Cut(in.Email, "@")
	}
	if a.Username, err = cleanName("username", a.Username); err != nil {
		return a, err
	}
	if a.Role == "" {
		a.Role = Member
	}
	if a.Cap == 0 {
		a.Cap = DefaultCap
	}
	if err := a.Profile.check(); err != nil {
		return a, err
	}
	return a, s.checkAgent(ctx, a)
}

// maxRoles is how many roles an agent may have beside the first.
const maxRoles = 20

// checkAgent refuses a role that does not exist and a cap out of bounds.
func (s *Service) checkAgent(ctx context.Context, a Agent) error {
	if len(a.Also) > maxRoles {
		return errs.Field("also", "too_many_roles", "%d further roles; %d are allowed.", len(a.Also), maxRoles)
	}
	for _, r := range a.Roles() {
		if r.BuiltIn() {
			continue
		}
		book, err := s.Book(ctx, a.Tenant)
		if err != nil {
			return err
		}
		if _, ok := book.Roles[r]; !ok {
			return errs.Field("role", "unknown_role", "%q is not a role; admin, supervisor, agent and the company's own are.", clip(string(r), 60))
		}
	}
	if a.Cap < 1 || a.Cap > MaxCap {
		return errs.Field("cap", "bad_cap", "The cap is %d; 1 to %d are allowed.", a.Cap, MaxCap)
	}
	return nil
}

// isAddress reports whether s is a bare e-mail address.
func isAddress(s string) bool {
	addr, err := mail.ParseAddress(s)
	return err == nil && addr.Name == "" && addr.Address == s && len(s) <= 254
}

func (s *Service) teamIDs(ctx context.Context, t id.Tenant, names []string) ([]id.Team, error) {
	if len(names) == 0 {
		return nil, nil
	}
	teams, err := s.store.Teams(ctx, t)
	if err != nil {
		return nil, err
	}
	var ids []id.Team
	for _, name := range names {
		found := false
		for _, team := range teams {
			if !found && (strings.EqualFold(team.Name, name) || string(team.ID) == name) {
				ids, found = append(ids, team.ID), true
			}
		}
		if !found {
			return nil, errs.Field("team", "team_not_found", "There is no team %q.", name)
		}
	}
	return ids, nil
}

// AddTeam creates a team.
func (s *Service) AddTeam(ctx context.Context, t id.Tenant, name string) (team Team, err error) {
	defer errs.Wrap(&err, "account.AddTeam")
	if name, err = cleanName("name", name); err != nil {
		return team, err
	}
	team = Team{ID: id.Team(id.New()), Tenant: t, Name: name, CreatedAt: s.clock.Now()}
	if err = s.store.CreateTeam(ctx, team, audit.None); err == nil {
		s.settingsChanged(t)
	}
	return team, err
}

// Inbox returns the inbox with that public id.
func (s *Service) Inbox(ctx context.Context, in id.Inbox) (Inbox, error) {
	if in == "" || len(in) > 64 {
		return Inbox{}, errs.New(errs.NotFound, "inbox_not_found", "There is no such inbox.")
	}
	if t, ok := s.books.tenantOf(in); ok {
		book, err := s.books.of(ctx, t)
		if err != nil {
			return Inbox{}, err
		}
		if got, ok := book.Inboxes[in]; ok {
			return got, nil
		}
	}
	got, err := s.store.InboxByID(ctx, in)
	if err == nil {
		s.books.belongs(in, got.Tenant)
	}
	return got, err
}

// cleanName trims a name of 1 to 100 printable characters.
func cleanName(field, name string) (string, error) {
	name = strings.TrimSpace(name)
	if n := utf8.RuneCountInString(name); n < 1 || n > 100 || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return "", errs.Field(field, "bad_name", "%q is not a name: 1 to 100 printable characters are allowed.", clip(name, 100))
	}
	return name, nil
}

func clip(s string, n int) string {
	r := []rune(s)
	if len(r) > n {
		r = r[:n]
	}
	return string(r)
}
