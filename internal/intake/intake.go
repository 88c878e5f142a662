// Package intake takes in what programs and pages send for visitors whom they know by
// a name of their own: it finds or makes the visitor, keeps what the visitor says of
// itself, starts the conversation with what is wished for, does what control messages
// ask, and posts the rest. A visitor is told apart by inbox and name, without regard
// to case; nobody can take a name over through another contract.
package intake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/ext"
	"parlor/internal/id"
	"parlor/internal/routing"
	"parlor/internal/setting"
	"parlor/internal/sign"
	"parlor/internal/survey"
	"parlor/internal/visitor"
)

// MaxName is the longest name of a visitor, in characters.
const MaxName = 100

// Deps are what the service stands on.
type Deps struct {
	Accounts      *account.Service
	Visitors      *visitor.Service
	Conversations *conversation.Service
	Routing       *routing.Service
	Surveys       *survey.Service
	// Key tells visitors apart; the same on all nodes.
	Key []byte
}

// Service is the use cases of intake.
type Service struct{ Deps }

// New returns a service.
func New(d Deps) *Service { return &Service{d} }

// Incoming is one message of a visitor.
type Incoming struct {
	// Channel is where it comes from: "web", "app", "rest" and so on.
	Channel string
	Text    string
	// File is set for kinds with one; Kind is Text if it is empty.
	Kind     conversation.Kind
	File     id.File
	Duration int
	// Ext is the structured part, nil for none.
	Ext []byte
	// Key is the sender's own name for the message, "" to take that of Ext. A
	// message with a key that has arrived is not taken again.
	Key string
	// Trusted is set if a back end of the company sends it: its flags count.
	Trusted bool
	// Address and PageURL are where the visitor is, as far as it is known.
	Address, PageURL string
	// Team and Agent are wished for before those of Ext, "" for none.
	Team  id.Team
	Agent id.Agent
	// Name is what a visitor is called of whom Ext says nothing.
	Name string
}

// Received is what became of a message.
type Received struct {
	Visitor      visitor.Visitor
	Conversation conversation.Conversation
	// Message is what was added; Seq is 0 if nothing was: the message said nothing.
	Message conversation.Message
	// Key is the name it has.
	Key string
	// Created is set if the conversation was started by it.
	Created bool
}

// Visitor returns the visitor of an inbox with a name, and makes it if there is none
// and make is set. Errors: Invalid "bad_visitor"; NotFound "visitor_not_found".
func (s *Service) Visitor(ctx context.Context, t id.Tenant, inbox id.Inbox, name string, make bool) (k visitor.Known, err error) {
	defer errs.Wrap(&err, "intake.Visitor")
	if name, err = cleanName(name); err != nil {
		return k, err
	}
	token := s.token(t, inbox, name)
	if k, err = s.Visitors.ByToken(ctx, t, token); err == nil || errs.CodeOf(err) != errs.NotFound || !make {
		return k, err
	}
	k, _, err = s.Visitors.Register(ctx, visitor.Registration{Tenant: t, Inbox: inbox, Token: token, Username: name, Name: name})
	return k, err
}

func cleanName(name string) (string, error) {
	name = strings.TrimSpace(name)
	if n := utf8.RuneCountInString(name); n < 1 || n > MaxName || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return "", errs.Field("visitor", "bad_visitor", "The name of a visitor has 1 to %d printable characters.", MaxName)
	}
	return name, nil
}

// token is what the visitor is found by: nobody outside knows it.
func (s *Service) token(t id.Tenant, inbox id.Inbox, name string) string {
	return hex.EncodeToString(sign.Of(s.Key, "intake", string(t), string(inbox), strings.ToLower(name)))
}

// endings is how often a conversation may end between the look for it and the message.
const endings = 3

// Check returns the error with which Receive would refuse what a message says; nil says
// that it would take it. The visitor needs no id: it may not be there yet.
func (s *Service) Check(ctx context.Context, v visitor.Visitor, in Incoming) (err error) {
	defer errs.Wrap(&err, "intake.Check")
	var e ext.Ext
	if len(in.Ext) > 0 {
		if e, err = ext.Parse(in.Ext); err != nil {
			return err
		}
	}
	if e.Control == rate {
		if v.ID == "" {
			return errs.New(errs.NotFound, "conversation_not_found", "There is no such conversation.")
		}
		return nil
	}
	if in.Kind == "" {
		in.Kind = conversation.Text
	}
	return s.Conversations.Takes(ctx, v.Actor(), conversation.PostInput{Kind: in.Kind, Text: in.Text, File: in.File, ClientID: keyOf(in.Key, e.Key), Ext: in.Ext})
}

// Receive takes a message of a visitor. A conversation that has ended is followed by
// a new one, for which the wishes of the message count.
//
// Errors: those of ext.Parse, routing.Admit, conversation.Post and survey.Answer.
func (s *Service) Receive(ctx context.Context, k visitor.Known, in Incoming) (got Received, err error) {
	defer errs.Wrap(&err, "intake.Receive")
	if err = s.Check(ctx, k.Visitor, in); err != nil {
		return got, err
	}
	var e ext.Ext
	if len(in.Ext) > 0 {
		if e, err = ext.Parse(in.Ext); err != nil {
			return got, err
		}
	}
	if in.Kind == "" {
		in.Kind = conversation.Text
	}
	got.Key = keyOf(in.Key, e.Key)
	if e.Visitor == nil && in.Name != "" {
		e.Visitor = &ext.Visitor{Nickname: in.Name}
	}
	if got.Visitor, err = s.introduce(ctx, k, e.Visitor); err != nil {
		return got, err
	}
	if e.Control == rate {
		got.Conversation, err = s.rate(ctx, k.Visitor, e.Args)
		return got, err
	}
	for range endings {
		if err = s.take(ctx, &got, in, e); errs.ReasonOf(err) != "conversation_closed" {
			return got, err
		}
	}
	return got, err
}

// keyOf is a key that fits; a longer one is known by its digest.
func keyOf(keys ...string) string {
	for _, k := range keys {
		if len(k) > conversation.MaxClientID || !utf8.ValidString(k) {
			sum := sha256.Sum256([]byte(k))
			return hex.EncodeToString(sum[:])
		}
		if k != "" {
			return k
		}
	}
	return ""
}

// take puts a message into the visitor's conversation.
func (s *Service) take(ctx context.Context, got *Received, in Incoming, e ext.Ext) error {
	who := got.Visitor.Actor()
	done, err := s.arrived(ctx, who, got)
	if err != nil || done {
		return err
	}
	wish, err := s.wish(ctx, who.Tenant, e.Wish, in.Trusted)
	if err != nil {
		return err
	}
	wish.Channel, wish.Address, wish.PageURL = in.Channel, in.Address, in.PageURL
	if in.Team != "" {
		wish.Team = in.Team
	}
	if in.Agent != "" {
		wish.Agent = in.Agent
	}
	a, err := s.Routing.Admit(ctx, who, wish)
	if err != nil {
		return err
	}
	got.Conversation, got.Created = a.Conversation, got.Created || a.Created
	p, err := s.Conversations.Post(ctx, who, conversation.PostInput{Conversation: a.Conversation.ID, Kind: in.Kind, Text: in.Text, File: in.File,
		Duration: in.Duration, ClientID: got.Key, Ext: in.Ext})
	if err != nil {
		return err
	}
	got.Message, got.Conversation = p.Message, p.Conversation
	return nil
}

// arrived finds a message that was taken before the conversation it was for ended.
func (s *Service) arrived(ctx context.Context, who actor.Actor, got *Received) (bool, error) {
	if got.Key == "" {
		return false, nil
	}
	_, err := s.Conversations.Active(ctx, who.Tenant, who.Visitor)
	if errs.CodeOf(err) != errs.NotFound {
		return false, err // Post finds it
	}
	last, ok, err := s.Latest(ctx, who)
	if err != nil || !ok {
		return false, err
	}
	m, err := s.Conversations.Find(ctx, who, last.ID, got.Key)
	if errs.CodeOf(err) == errs.NotFound {
		return false, nil
	}
	got.Message, got.Conversation = m, last
	return err == nil, err
}

// Latest returns the newest conversation of a visitor; ok is false if there is none.
func (s *Service) Latest(ctx context.Context, who actor.Actor) (c conversation.Conversation, ok bool, err error) {
	list, _, err := s.Conversations.List(ctx, actor.ForSystem(who.Tenant), conversation.Filter{Visitor: who.Visitor, View: conversation.ViewAll, Limit: 1})
	if err != nil || len(list) == 0 {
		return c, false, err
	}
	return list[0], true, nil
}

// Wanted is what a conversation is begun with.
type Wanted struct {
	Channel string
	// Team is a name or id, Agent a login.
	Team, Agent               string
	BusinessFlag, RoutingFlag string
}

// Begin returns the running conversation of a visitor, or starts one without a word,
// for a back end of the company.
func (s *Service) Begin(ctx context.Context, k visitor.Known, w Wanted) (c conversation.Conversation, err error) {
	defer errs.Wrap(&err, "intake.Begin")
	in, err := s.wish(ctx, k.Visitor.Tenant, ext.Wish{Team: w.Team, Agent: w.Agent, BusinessFlag: w.BusinessFlag, RoutingFlag: w.RoutingFlag}, true)
	if err != nil {
		return c, err
	}
	in.Channel = w.Channel
	a, err := s.Routing.Admit(ctx, k.Visitor.Actor(), in)
	return a.Conversation, err
}

// wish finds the agent and team that are wished for by login and name; those that
// do not exist are no wishes.
func (s *Service) wish(ctx context.Context, t id.Tenant, w ext.Wish, trusted bool) (in conversation.StartInput, err error) {
	in.Wish = conversation.Wish{BusinessFlag: w.BusinessFlag, RoutingFlag: w.RoutingFlag}
	if trusted {
		in.Wish.Trust = conversation.TrustServer
	}
	if w.Team == "" && w.Agent == "" {
		return in, nil
	}
	if w.Team != "" {
		teams, err := s.Accounts.Teams(ctx, t)
		if err != nil {
			return in, err
		}
		if i := slices.IndexFunc(teams, func(x account.Team) bool { return x.Name == w.Team || string(x.ID) == w.Team }); i >= 0 {
			in.Team = teams[i].ID
		}
	}
	if w.Agent != "" {
		a, err := s.Accounts.AgentByLogin(ctx, t, w.Agent)
		if err != nil && errs.CodeOf(err) != errs.NotFound {
			return in, err
		}
		in.Agent = a.ID
	}
	return in, nil
}

// introduce keeps what a visitor says of itself where nothing is known yet: what
// agents have entered stays.
func (s *Service) introduce(ctx context.Context, k visitor.Known, said *ext.Visitor) (visitor.Visitor, error) {
	v := k.Visitor
	if said == nil {
		return v, nil
	}
	var d visitor.Details
	changed := false
	set := func(dest **string, have, want string) {
		if want != "" && have == "" {
			*dest, changed = &want, true
		}
	}
	name := v.Name
	if name == k.Identity.Username || v.Unnamed() {
		name = ""
	}
	first := said.Nickname
	if first == "" {
		first = said.Name
	}
	set(&d.Name, name, first)
	set(&d.Phone, v.Phone, said.Phone)
	set(&d.Email, v.Email, said.Email)
	set(&d.Memo, v.Memo, memoOf(said))
	if !changed {
		return v, nil
	}
	got, err := s.Visitors.Update(ctx, v.Actor(), v.ID, d)
	if errs.CodeOf(err) == errs.Invalid {
		return v, nil // the message matters more than an address that is none
	}
	return got, err
}

// memoOf is what there is no field for.
func memoOf(said *ext.Visitor) string {
	var parts []string
	for _, p := range [][2]string{{"", said.Company}, {"QQ ", said.QQ}, {"", strings.Join(said.Tags, ", ")}, {"", said.Description}} {
		if p[1] != "" {
			parts = append(parts, p[0]+p[1])
		}
	}
	if said.Nickname != "" && said.Name != "" && said.Name != said.Nickname {
		parts = append([]string{said.Name}, parts...)
	}
	return strings.Join(parts, "\n")
}

// rate is the control message with an answer of the survey.
const rate = "enquiry"

// rating are its arguments.
type rating struct {
	Conversation id.Conversation `json:"serviceSessionId"`
	Summary      json.RawMessage `json:"summary"`
	Detail       string          `json:"detail"`
	Degree       json.RawMessage `json:"evaluationDegreeId"`
	Tags         []struct {
		ID json.RawMessage `json:"id"`
	} `json:"appraiseTags"`
}

// rate gives a rating to the survey of a conversation of the visitor's, the latest
// one if none is named.
func (s *Service) rate(ctx context.Context, v visitor.Visitor, args []byte) (c conversation.Conversation, err error) {
	var r rating
	if err := json.Unmarshal(args, &r); err != nil {
		return c, errs.Field("ctrlArgs", "bad_rating", "The rating cannot be read.").Because(err)
	}
	who := v.Actor()
	if r.Conversation != "" {
		c, err = s.Conversations.Conversation(ctx, who, r.Conversation)
	} else {
		var ok bool
		if c, ok, err = s.Latest(ctx, who); err == nil && !ok {
			err = errs.New(errs.NotFound, "conversation_not_found", "There is no conversation to rate.")
		}
	}
	if err != nil {
		return c, err
	}
	book, err := s.Accounts.Book(ctx, who.Tenant)
	if err != nil {
		return c, err
	}
	form := book.Inboxes[c.Inbox].Settings.Survey
	a := survey.Answer{Level: bare(r.Degree), Comment: r.Detail}
	levels := form.LevelList()
	if a.Level == "" {
		a.Level = bare(r.Summary)
		if n, err := strconv.Atoi(a.Level); err == nil && n >= 1 && n <= Degrees {
			a.Level = LevelOf(levels, n)
		}
	}
	for _, tag := range r.Tags {
		a.Reasons = append(a.Reasons, bare(tag.ID))
	}
	_, err = s.Surveys.Answer(ctx, who, c.ID, a)
	return c, err
}

// bare is a text or number without its marks; null is "".
func bare(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return strings.TrimSpace(string(raw))
}

// Degrees is how many points the best level has on the wire.
const Degrees = 5

// LevelOf is the code of the level with so many points, 1 to Degrees; "" without levels.
func LevelOf(levels []setting.Level, points int) string {
	if len(levels) == 0 {
		return ""
	}
	return levels[(Degrees-points)*len(levels)/Degrees].Code
}
