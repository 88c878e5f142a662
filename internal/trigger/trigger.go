// Package trigger holds the rules by which a page greets its visitors: the page
// judges the conditions and shows the messages, the server keeps the rules and
// asks the service of the company for what a rule says when it does not say it
// itself.
package trigger

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"parlor/internal/actor"
	"parlor/internal/audit"
	"parlor/internal/clock"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// The conditions that a page judges.
const (
	// PageURL holds while the address of the page matches the value, a regular expression.
	PageURL = "page-url"
	// TimeOnSite holds when the visitor has been on the site for the value, in seconds.
	TimeOnSite = "time-on-site"
	// Opened holds when the visitor opened the chat, Registered when it has said who it is.
	Opened     = "chat-opened-by-visitor"
	Registered = "after-guest-registration"
)

// What a trigger does.
const (
	// SendMessage shows Params.Msg; UseService shows what a service answers.
	SendMessage = "send-message"
	UseService  = "use-external-service"
)

// The senders that a message is shown with.
const (
	// FromQueue is the agent whom routing would choose, FromCustom the name of the trigger.
	FromQueue  = "queue"
	FromCustom = "custom"
)

// Conditions are those that a page can judge, Actions and Senders all there are.
var (
	Conditions = []string{TimeOnSite, PageURL, Opened, Registered}
	Actions    = []string{SendMessage, UseService}
	Senders    = []string{FromQueue, FromCustom}
)

// Bounds.
const (
	MaxTriggers = 200
	// MaxParts is the highest number of conditions or of actions of a trigger.
	MaxParts = 20
	MaxName  = 200
	MaxText  = 5000
	// MinTimeout and MaxTimeout bound the wait for a service, in milliseconds.
	MinTimeout, MaxTimeout = 1, 60_000
)

// Trigger is one rule: when all conditions hold, all actions are done.
type Trigger struct {
	ID          string      `json:"_id"`
	Tenant      id.Tenant   `json:"-"`
	Name        string      `json:"name"`
	Description string      `json:"description"`
	Enabled     bool        `json:"enabled"`
	RunOnce     bool        `json:"runOnce"`
	Conditions  []Condition `json:"conditions"`
	Actions     []Action    `json:"actions"`
	CreatedAt   time.Time   `json:"-"`
	UpdatedAt   time.Time   `json:"-"`
}

// Condition is one of the conditions with its value, "" if it has none. One that no
// page knows is kept and never holds.
type Condition struct {
	Name  string `json:"name"`
	Value string `json:"value,omitempty"`
}

// Action is one of the actions.
type Action struct {
	Name   string `json:"name"`
	Params Params `json:"params"`
}

// Params are what an action needs.
type Params struct {
	Sender string `json:"sender,omitempty"`
	// Name is shown as the author while Sender is FromCustom.
	Name string `json:"name,omitempty"`
	// Msg is the message of SendMessage.
	Msg string `json:"msg,omitempty"`
	// URL is the service of UseService, Timeout in milliseconds, and Fallback what
	// is shown when it fails.
	URL      string `json:"serviceUrl,omitempty"`
	Timeout  int    `json:"serviceTimeout,omitempty"`
	Fallback string `json:"serviceFallbackMessage,omitempty"`
}

// Store is the memory that trigger needs.
type Store interface {
	// Triggers returns those of a tenant in the order in which they were made.
	Triggers(ctx context.Context, t id.Tenant) ([]Trigger, error)
	// SaveTrigger adds a trigger or replaces the one with its id; CreatedAt of a
	// known one stays. Errors: Conflict "too_many_triggers".
	SaveTrigger(ctx context.Context, tr Trigger, by audit.By) error
	// DeleteTrigger removes one; NotFound "trigger_not_found".
	DeleteTrigger(ctx context.Context, t id.Tenant, trigger string, by audit.By) error
}

// Services asks the services of companies, with the company's secret.
type Services interface {
	// Secret returns the secret that a company shares with its services, "" for none.
	Secret(ctx context.Context, t id.Tenant) (string, error)
	// Ask posts a body and returns what came back. Addresses inside the own network
	// are refused unless the installation allows them.
	// Errors: Unavailable "timeout", "unreachable".
	Ask(ctx context.Context, t id.Tenant, url string, body []byte, timeout time.Duration) (status int, answer []byte, err error)
}

// Service is the use cases of triggers.
type Service struct {
	store    Store
	services Services
	clock    clock.Clock
}

// New returns a service.
func New(store Store, services Services, c clock.Clock) *Service {
	return &Service{store: store, services: services, clock: c}
}

// Enabled returns the triggers of a company that pages shall judge.
func (s *Service) Enabled(ctx context.Context, t id.Tenant) ([]Trigger, error) {
	list, err := s.store.Triggers(ctx, t)
	return slices.DeleteFunc(list, func(tr Trigger) bool { return !tr.Enabled }), err
}

var errNotAllowed = errs.New(errs.Forbidden, "not_allowed", "Your role does not allow changing triggers.")

// List returns the triggers of the company in the order in which they were made.
func (s *Service) List(ctx context.Context, who actor.Actor) ([]Trigger, error) {
	if !who.Can(actor.Administer) {
		return nil, errNotAllowed
	}
	return s.store.Triggers(ctx, who.Tenant)
}

// Trigger returns one; NotFound "trigger_not_found".
func (s *Service) Trigger(ctx context.Context, t id.Tenant, trigger string) (Trigger, error) {
	list, err := s.store.Triggers(ctx, t)
	for _, tr := range list {
		if tr.ID == trigger {
			return tr, nil
		}
	}
	if err == nil {
		err = errs.New(errs.NotFound, "trigger_not_found", "There is no such trigger.")
	}
	return Trigger{}, err
}

// Save adds a trigger (no id) or changes one. Its administrator is recorded.
//
// Errors: Invalid with the field; NotFound "trigger_not_found"; Conflict "too_many_triggers".
func (s *Service) Save(ctx context.Context, who actor.Actor, tr Trigger) (_ Trigger, err error) {
	defer errs.Wrap(&err, "trigger.Save")
	if !who.Can(actor.Administer) {
		return tr, errNotAllowed
	}
	now := s.clock.Now()
	tr.Tenant, tr.CreatedAt, tr.UpdatedAt = who.Tenant, now, now
	if tr.ID == "" {
		tr.ID = id.New()
	} else if _, err := s.Trigger(ctx, who.Tenant, tr.ID); err != nil {
		return tr, err
	}
	if err = tr.check(); err != nil {
		return tr, err
	}
	return tr, s.store.SaveTrigger(ctx, tr, audit.Of(who, now))
}

// Delete removes a trigger; NotFound "trigger_not_found".
func (s *Service) Delete(ctx context.Context, who actor.Actor, trigger string) (err error) {
	defer errs.Wrap(&err, "trigger.Delete")
	if !who.Can(actor.Administer) {
		return errNotAllowed
	}
	return s.store.DeleteTrigger(ctx, who.Tenant, trigger, audit.Of(who, s.clock.Now()))
}

// check cleans a trigger and refuses one that no page can judge.
func (tr *Trigger) check() error {
	tr.Name, tr.Description = strings.TrimSpace(tr.Name), strings.TrimSpace(tr.Description)
	switch {
	case tr.Name == "" || !fits(tr.Name, MaxName):
		return errs.Field("name", "bad_name", "The name has 1 to %d characters.", MaxName)
	case !fits(tr.Description, MaxText):
		return errs.Field("description", "too_long", "The description has more than %d characters.", MaxText)
	case len(tr.Conditions) < 1 || len(tr.Conditions) > MaxParts:
		return errs.Field("conditions", "bad_conditions", "A trigger has 1 to %d conditions.", MaxParts)
	case len(tr.Actions) < 1 || len(tr.Actions) > MaxParts:
		return errs.Field("actions", "bad_actions", "A trigger has 1 to %d actions.", MaxParts)
	}
	for _, c := range tr.Conditions {
		if err := c.check(); err != nil {
			return err
		}
	}
	for _, a := range tr.Actions {
		if err := a.check(); err != nil {
			return err
		}
	}
	return nil
}

func (c Condition) check() error {
	if c.Name == "" || !fits(c.Name, MaxName) || !fits(c.Value, MaxText) {
		return errs.Field("conditions", "bad_condition", "A condition has a name of 1 to %d characters and a value of at most %d.", MaxName, MaxText)
	}
	if n, err := strconv.ParseFloat(c.Value, 64); c.Name == TimeOnSite && c.Value != "" && (err != nil || n < 0) {
		return errs.Field("conditions", "bad_condition", "%q is not a number of seconds.", c.Value)
	}
	return nil
}

func (a Action) check() error {
	p := a.Params
	if !fits(p.Name, MaxName) || !fits(p.Msg, MaxText) || !fits(p.Fallback, MaxText) || p.Sender != "" && !slices.Contains(Senders, p.Sender) {
		return errs.Field("actions", "bad_action", "A text of an action is too long, or its sender is none of %v.", Senders)
	}
	switch a.Name {
	case SendMessage:
		if p.Msg == "" {
			return errs.Field("actions", "bad_action", "%s needs a message.", SendMessage)
		}
	case UseService:
		return CheckService(p.URL, p.Timeout)
	default:
		return errs.Field("actions", "bad_action", "%q is not an action; those that exist: %v.", a.Name, Actions)
	}
	return nil
}

// CheckService refuses a service that cannot be asked.
func CheckService(address string, timeout int) error {
	if u, err := url.Parse(address); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || !fits(address, MaxText) {
		return errs.Field("serviceUrl", "bad_url", "%q is not an address of the web.", address)
	}
	if timeout < MinTimeout || timeout > MaxTimeout {
		return errs.Field("serviceTimeout", "bad_timeout", "The time to wait is %d to %d milliseconds.", MinTimeout, MaxTimeout)
	}
	return nil
}

// fits reports whether a text is one of at most so many characters.
func fits(s string, most int) bool {
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= most && !strings.ContainsRune(s, 0)
}

// Reply is what a service answered.
type Reply struct {
	Status   int
	Contents []Content
	// Failure is "", "timeout" or "invalid"; Text then says what came.
	Failure string
	Text    string
}

// Content is one message that a service wants shown.
type Content struct {
	Msg   string  `json:"msg"`
	Order float64 `json:"order"`
}

// Pair is something that a page tells a service.
type Pair struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// maxContents bounds what is taken from an answer.
const maxContents = 50

// Call asks the service of a trigger on behalf of a page.
//
// Errors: NotFound "trigger_not_found"; Conflict "no_service", "no_secret".
func (s *Service) Call(ctx context.Context, t id.Tenant, trigger, token string, extra []Pair) (r Reply, p Params, err error) {
	defer errs.Wrap(&err, "trigger.Call")
	tr, err := s.Trigger(ctx, t, trigger)
	if err != nil {
		return r, p, err
	}
	i := slices.IndexFunc(tr.Actions, func(a Action) bool { return a.Name == UseService })
	if i < 0 || !tr.Enabled {
		return r, p, errs.New(errs.Conflict, "no_service", "The trigger asks no service.")
	}
	p = tr.Actions[i].Params
	r, err = s.Ask(ctx, t, p, token, extra)
	return r, p, err
}

// Ask asks a service. That it fails is no error.
//
// Errors: Invalid "bad_url", "bad_timeout"; Conflict "no_secret".
func (s *Service) Ask(ctx context.Context, t id.Tenant, p Params, token string, extra []Pair) (r Reply, err error) {
	secret, err := s.services.Secret(ctx, t)
	switch {
	case err != nil:
		return r, err
	case secret == "":
		return r, errs.New(errs.Conflict, "no_secret", "The company has no secret for its services.")
	}
	if err := CheckService(p.URL, p.Timeout); err != nil {
		return r, err
	}
	if extra == nil {
		extra = []Pair{}
	}
	body, err := json.Marshal(map[string]any{"metadata": extra, "visitorToken": token})
	if err != nil {
		return r, err
	}
	status, answer, err := s.services.Ask(ctx, t, p.URL, body, time.Duration(p.Timeout)*time.Millisecond)
	switch {
	case errs.ReasonOf(err) == "timeout":
		return Reply{Failure: "timeout", Text: "The service did not answer in time."}, nil
	case err != nil:
		return Reply{Failure: "invalid", Text: errs.MessageOf(err)}, nil
	case status != 200:
		return Reply{Status: status, Failure: "invalid", Text: "The service answered " + strconv.Itoa(status) + "."}, nil
	}
	r.Status = status
	if r.Contents, err = contents(answer); err != nil {
		return Reply{Status: status, Failure: "invalid", Text: "The answer of the service does not have the expected form."}, nil
	}
	return r, nil
}

// contents reads {"contents":[{"msg","order"}]}.
func contents(answer []byte) ([]Content, error) {
	var in struct {
		Contents []struct {
			Msg   *string
			Order *float64
		}
	}
	if err := json.Unmarshal(answer, &in); err != nil {
		return nil, err
	}
	bad := errs.New(errs.Invalid, "bad_answer", "contents is a list of objects with msg and order.")
	if in.Contents == nil || len(in.Contents) > maxContents {
		return nil, bad
	}
	list := make([]Content, 0, len(in.Contents))
	for _, c := range in.Contents {
		if c.Msg == nil || c.Order == nil || !fits(*c.Msg, MaxText) {
			return nil, bad
		}
		list = append(list, Content{*c.Msg, *c.Order})
	}
	slices.SortStableFunc(list, func(a, b Content) int {
		switch {
		case a.Order < b.Order:
			return -1
		case a.Order > b.Order:
			return 1
		}
		return 0
	})
	return list, nil
}
