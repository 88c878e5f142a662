// Package sms is the channel of text messages: what a provider brings becomes a
// conversation of the channel "sms" with the visitor who has that number, and what
// agents write there goes out by the provider.
//
// Nobody but the holder of a number becomes its visitor: the visitor's token is
// made of the numbers and a key of this server. So a company's number, a visitor's
// number and a team have one running conversation.
package sms

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"unicode"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/field"
	"parlor/internal/hook"
	"parlor/internal/id"
	"parlor/internal/job"
	"parlor/internal/media"
	"parlor/internal/routing"
	"parlor/internal/setting"
	"parlor/internal/sign"
	"parlor/internal/visitor"
)

// Channel is what conversations of this channel have as theirs; Format is the name
// of the way out.
const (
	Channel = "sms"
	Format  = "sms"
)

// Files keeps files and signs their addresses.
type Files interface {
	// Save keeps what r holds under a name.
	Save(ctx context.Context, who actor.Actor, name string, r io.Reader) (media.File, error)
	// Address returns the signed path of a variant on this server.
	Address(t id.Tenant, f id.File, variant string) string
	// MaxSize is the largest file, in bytes.
	MaxSize() int64
}

// Deps are what the channel works with.
type Deps struct {
	Accounts      *account.Service
	Conversations *conversation.Service
	Routing       *routing.Service
	Visitors      *visitor.Service
	Fields        *field.Service
	Hooks         *hook.Service
	Files         Files
	// Queue takes the jobs that fetch files.
	Queue interface {
		Enqueue(ctx context.Context, jobs ...job.Job) error
	}
	// PublicURL is the address under which providers reach files; without it files
	// cannot be sent.
	PublicURL string
	// Key makes the tokens of visitors; the same on all nodes.
	Key []byte
	Log *slog.Logger
}

// Service is the use cases of text messages.
type Service struct{ Deps }

// New returns a service and adds the way out to the webhooks' formats.
func New(d Deps) *Service {
	s := &Service{d}
	d.Hooks.Add(Format, s)
	return s
}

// Receive takes the call of a provider for an inbox. What it returns is the answer
// that the provider expects; a call that is repeated changes nothing.
//
// Errors: Invalid "unknown_service"; Conflict "sms_disabled"; Forbidden
// "bad_signature"; Invalid "bad_message".
func (s *Service) Receive(ctx context.Context, t id.Tenant, inbox id.Inbox, service string, q Request) (r Reply, err error) {
	defer errs.Wrap(&err, "sms.Receive")
	book, err := s.Accounts.Book(ctx, t)
	if err != nil {
		return r, err
	}
	company := book.Tenant.Settings
	service = strings.ToLower(service)
	p, ok := providers[service]
	switch {
	case !ok || service != company.Word("SMS_Service"):
		return r, errs.Field("service", "unknown_service", "Text messages do not come by %q here.", clip(service))
	case !company.On("SMS_Enabled"):
		return r, errs.New(errs.Conflict, "sms_disabled", "Text messages are switched off.")
	case !p.genuine(company, q):
		return r, errs.New(errs.Forbidden, "bad_signature", "The signature of the call is not valid.")
	}
	in, err := p.read(q)
	if err != nil {
		return r, err
	}
	if err = s.Hooks.Bind(ctx, t, Channel, Format); err != nil {
		return r, err
	}
	team := teamOf(book, q.Team)
	if team == "" {
		team = teamOf(book, company.Word("SMS_Default_Omnichannel_Department"))
	}
	way := conversation.Origin{Service: service, Own: in.To, Address: in.From}
	for range endings {
		err = s.deliver(ctx, t, inbox, team, way, book.Inboxes[inbox].Settings.MatchPhone, in)
		if errs.ReasonOf(err) != closed {
			break
		}
	}
	if refused(err) {
		s.Log.Info("text message refused", "tenant", t, "error", err)
		err = nil
	}
	return p.reply(), err
}

// A conversation may end between the look for it and the message: then the next
// one takes it. Ending as often as this at that moment is an error.
const (
	closed  = "conversation_closed"
	endings = 3
)

// deliver puts a message into the conversation that it belongs to.
func (s *Service) deliver(ctx context.Context, t id.Tenant, inbox id.Inbox, team id.Team, way conversation.Origin, match bool, in Incoming) error {
	who, c, err := s.meet(ctx, t, inbox, team, way, match)
	if err != nil {
		return err
	}
	if err := s.place(ctx, who, c, in); err != nil {
		return err
	}
	return s.take(ctx, who, c, way.Service, in)
}

// refused tells what a provider need not repeat: whoever is blocked stays blocked.
func refused(err error) bool {
	code := errs.CodeOf(err)
	return err != nil && errs.ReasonOf(err) != closed && (code == errs.Forbidden || code == errs.Conflict || code == errs.Invalid)
}

// teamOf finds a team by its id or name.
func teamOf(book *account.Book, which string) id.Team {
	if _, ok := book.Teams[id.Team(which)]; ok || which == "" {
		return id.Team(which)
	}
	for _, team := range book.Teams {
		if team.Name == which {
			return team.ID
		}
	}
	return ""
}

// meet finds the visitor with a number and its running conversation, or starts one.
func (s *Service) meet(ctx context.Context, t id.Tenant, inbox id.Inbox, team id.Team, way conversation.Origin, match bool) (who actor.Actor, c conversation.Conversation, err error) {
	r := visitor.Registration{Tenant: t, Inbox: inbox, Token: s.token(t, inbox, team, way), Username: digits(way.Address), Phone: way.Address, Team: team, ByPhone: match}
	k, _, err := s.Visitors.Register(ctx, r)
	if err != nil {
		return who, c, err
	}
	if match {
		// Somebody who is in a conversation elsewhere is not disturbed there.
		free, err := s.free(ctx, k, team, way)
		if err != nil {
			return who, c, err
		}
		if !free {
			r.ByPhone = false
			if k, _, err = s.Visitors.Register(ctx, r); err != nil {
				return who, c, err
			}
		}
	}
	who = k.Visitor.Actor()
	c, err = s.start(ctx, who, team, way)
	return who, c, err
}

// start returns the visitor's running conversation, a new one if there is none,
// with the way of its answers.
func (s *Service) start(ctx context.Context, who actor.Actor, team id.Team, way conversation.Origin) (c conversation.Conversation, err error) {
	a, err := s.Routing.Admit(ctx, who, conversation.StartInput{Channel: Channel, Team: team, Later: true})
	if err != nil {
		return c, err
	}
	if c = a.Conversation; !a.Created {
		all, err := s.Conversations.DetailsOf(ctx, who.Tenant, []id.Conversation{c.ID})
		if err != nil || all[c.ID].Origin != nil {
			return c, err
		}
	}
	return c, s.Conversations.Describe(ctx, actor.ForSystem(who.Tenant), c.ID, conversation.DetailChange{Origin: &way})
}

// after returns the conversation that follows one which has ended.
func (s *Service) after(ctx context.Context, who actor.Actor, ended id.Conversation) (c conversation.Conversation, err error) {
	old, err := s.Conversations.Conversation(ctx, actor.ForSystem(who.Tenant), ended)
	if err != nil {
		return c, err
	}
	all, err := s.Conversations.DetailsOf(ctx, who.Tenant, []id.Conversation{ended})
	if err != nil {
		return c, err
	}
	var way conversation.Origin
	if o := all[ended].Origin; o != nil {
		way = *o
	}
	return s.start(ctx, who, old.Team, way)
}

// free reports whether a visitor has no running conversation but that of this way.
func (s *Service) free(ctx context.Context, k visitor.Known, team id.Team, way conversation.Origin) (bool, error) {
	t := k.Visitor.Tenant
	c, err := s.Conversations.Active(ctx, t, k.Visitor.ID)
	if errs.CodeOf(err) == errs.NotFound {
		return true, nil
	}
	if err != nil || c.Channel != Channel {
		return false, err
	}
	all, err := s.Conversations.DetailsOf(ctx, t, []id.Conversation{c.ID})
	o := all[c.ID].Origin
	return o != nil && o.Service == way.Service && o.Own == way.Own && (team == "" || c.Team == team), err
}

// token is the visitor of two numbers and a team.
func (s *Service) token(t id.Tenant, inbox id.Inbox, team id.Team, way conversation.Origin) string {
	return hex.EncodeToString(sign.Of(s.Key, "sms", string(t), string(inbox), string(team), way.Service, way.Own, way.Address))
}

// digits is the username of a number.
func digits(number string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsDigit(r) {
			return -1
		}
		return r
	}, number)
}

// place keeps where the sender is, in those fields of the company that there are.
func (s *Service) place(ctx context.Context, who actor.Actor, c conversation.Conversation, in Incoming) error {
	var values []field.Value
	for key, v := range in.Place {
		if v != "" {
			values = append(values, field.Value{Key: key, Value: clip(v), Overwrite: true})
		}
	}
	if len(values) == 0 {
		return nil
	}
	_, err := s.Fields.SetBy(ctx, c.Tenant, who.Visitor, "", nil, values, true)
	if refused(err) {
		return nil // a value that the field does not take
	}
	return err
}

// take posts what a message says and has its files fetched.
func (s *Service) take(ctx context.Context, who actor.Actor, c conversation.Conversation, service string, in Incoming) error {
	text := in.Text
	if at := position(in); at != "" {
		text = strings.TrimSpace(text + "\n" + at)
	}
	if strings.TrimSpace(text) != "" {
		_, err := s.Conversations.Post(ctx, who, conversation.PostInput{Conversation: c.ID, Kind: conversation.Text, Text: text, ClientID: nameOf(in, "text"), Carried: true})
		if err != nil && !refused(err) {
			return err
		}
	}
	jobs := make([]job.Job, len(in.Media))
	for i, m := range in.Media {
		f := fetch{Service: service, Inbox: who.Inbox, Visitor: who.Visitor, Name: who.Name, Conversation: c.ID, URL: m.URL, Type: m.Type, ClientID: nameOf(in, strconv.Itoa(i))}
		b, err := json.Marshal(f)
		if err != nil {
			return err
		}
		jobs[i] = job.Job{Tenant: c.Tenant, Kind: JobFetch, Key: f.ClientID, Payload: string(b)}
	}
	if len(jobs) == 0 {
		return nil
	}
	return s.Queue.Enqueue(ctx, jobs...)
}

// position is a link to where a position lies, "" for none.
func position(in Incoming) string {
	lat, err1 := strconv.ParseFloat(in.Latitude, 64)
	long, err2 := strconv.ParseFloat(in.Longitude, 64)
	if err1 != nil || err2 != nil || lat < -90 || lat > 90 || long < -180 || long > 180 {
		return ""
	}
	a, b := strconv.FormatFloat(lat, 'f', -1, 64), strconv.FormatFloat(long, 'f', -1, 64)
	return "https://www.openstreetmap.org/?mlat=" + a + "&mlon=" + b
}

// nameOf is the client id of a part of a message, "" if the provider names none.
func nameOf(in Incoming, part string) string {
	if in.ID == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(in.To + "\x00" + in.ID + "\x00" + part))
	return "sms-" + hex.EncodeToString(sum[:16])
}

func clip(s string) string {
	if r := []rune(s); len(r) > 100 {
		return string(r[:100])
	}
	return s
}

// company are the settings of a company now.
func (s *Service) company(ctx context.Context, t id.Tenant) (setting.Company, error) {
	book, err := s.Accounts.Book(ctx, t)
	if err != nil {
		return setting.Company{}, err
	}
	return book.Tenant.Settings, nil
}
