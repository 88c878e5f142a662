// Package circular sends one letter to many of a company's own people. Whoever has
// had enough unsubscribes by the link that every such letter carries.
package circular

import (
	"context"
	"crypto/hmac"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/clock"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/job"
	letters "parlor/internal/mail"
	"parlor/internal/sign"
)

// Job is the kind of the jobs that send one copy each.
const Job = "circular.mail"

// Limits of a circular.
const (
	maxSubject = 300
	// maxBody is the longest body, in bytes.
	maxBody = 64 << 10
	// perVerb is how many copies are written down in one go: messages wait meanwhile.
	perVerb = 20
)

// unsubscribe is what a body has in the place of the link.
const unsubscribe = "[unsubscribe]"

// Circular is a letter to many.
type Circular struct {
	// From is the sender that its readers see.
	From, Subject string
	// Body is HTML. It must hold [unsubscribe], which becomes the link; [name],
	// [fname], [lname] and [email] become those of the reader.
	Body string
	// Trial sends it to the person whose address From is, and to nobody else.
	Trial bool
	// Query chooses the readers: a JSON object of fields of people, "" for all.
	Query string
}

// copyOf is the payload of a job.
type copyOf struct {
	Agent   id.Agent `json:"agent"`
	From    string   `json:"from"`
	Subject string   `json:"subject"`
	Body    string   `json:"body"`
	// Trial goes to who has unsubscribed, too.
	Trial bool `json:"trial,omitempty"`
}

// Deps are what circulars need.
type Deps struct {
	Accounts *account.Service
	// Queue takes the copies.
	Queue interface {
		Enqueue(ctx context.Context, jobs ...job.Job) error
	}
	Mail *letters.Sender
	// PublicURL is the address that the link begins with.
	PublicURL string
	// Key signs the links; the same on all nodes.
	Key   []byte
	Clock clock.Clock
}

// Service is the use cases of circulars.
type Service struct{ Deps }

// New returns a service.
func New(d Deps) *Service { return &Service{d} }

// Send writes down a copy for each reader; they leave one by one. It needs the
// permission actor.Administer.
//
// Errors: Invalid "bad_sender", "no_unsubscribe", "bad_query", "too_long"; Invalid
// "unknown_sender" for a trial to nobody.
func (s *Service) Send(ctx context.Context, who actor.Actor, c Circular) (n int, err error) {
	defer errs.Wrap(&err, "circular.Send")
	if !who.Can(actor.Administer) {
		return 0, errs.New(errs.Forbidden, "not_allowed", "Your role does not allow sending circulars.")
	}
	from, err := c.check()
	if err != nil {
		return 0, err
	}
	wanted, err := readQuery(c.Query)
	if err != nil {
		return 0, err
	}
	list, err := s.Accounts.Agents(ctx, who)
	if err != nil {
		return 0, err
	}
	batch := id.New()
	var jobs []job.Job
	for _, a := range list {
		if a.Email == "" || c.Trial && !strings.EqualFold(a.Email, from.Address) || !c.Trial && (a.Disabled || a.Profile.NoCirculars || !wanted(a)) {
			continue
		}
		b, err := json.Marshal(copyOf{a.ID, c.From, c.Subject, c.Body, c.Trial})
		if err != nil {
			return 0, err
		}
		jobs = append(jobs, job.Job{Tenant: who.Tenant, Kind: Job, Key: batch + "/" + string(a.ID), Payload: string(b)})
	}
	if c.Trial && len(jobs) == 0 {
		return 0, errs.Field("from", "unknown_sender", "Nobody has the address %s.", from.Address)
	}
	for part := range slices.Chunk(jobs, perVerb) {
		if err := s.Queue.Enqueue(ctx, part...); err != nil {
			return 0, err
		}
	}
	return len(jobs), nil
}

func (c Circular) check() (*mail.Address, error) {
	from, err := mail.ParseAddress(c.From)
	switch {
	case err != nil || strings.ContainsAny(c.From, "\r\n\x00"):
		return nil, errs.Field("from", "bad_sender", "The sender is not an e-mail address.")
	case !strings.Contains(c.Body, unsubscribe):
		return nil, errs.Field("body", "no_unsubscribe", "The body has no %s.", unsubscribe)
	case len(c.Body) > maxBody || !utf8.ValidString(c.Body) || strings.ContainsRune(c.Body, 0):
		return nil, errs.Field("body", "too_long", "The body has more than %d bytes or is not text.", maxBody)
	case utf8.RuneCountInString(c.Subject) > maxSubject || strings.ContainsAny(c.Subject, "\r\n\x00") || !utf8.ValidString(c.Subject):
		return nil, errs.Field("subject", "too_long", "The subject has more than %d characters or a line break.", maxSubject)
	}
	return from, nil
}

// Deliver is the worker of Job. Whoever has unsubscribed or left meanwhile gets none.
func (s *Service) Deliver(ctx context.Context, j job.Job) error {
	var c copyOf
	if err := json.Unmarshal([]byte(j.Payload), &c); err != nil {
		return fmt.Errorf("%w: %w", job.ErrGiveUp, err)
	}
	a, err := s.Accounts.Agent(ctx, j.Tenant, c.Agent)
	if errs.CodeOf(err) == errs.NotFound || err == nil && (a.Disabled || a.Profile.NoCirculars && !c.Trial) {
		return nil
	}
	if err != nil {
		return err
	}
	link, err := s.link(ctx, a)
	if err != nil {
		return err
	}
	err = s.Mail.Send(ctx, letters.Letter{To: (&mail.Address{Name: a.Name, Address: a.Email}).String(), From: c.From, Subject: c.Subject, HTML: fill(c.Body, a, link),
		Unsubscribe: link, ID: string(j.ID), At: s.Clock.Now()})
	if errors.Is(err, letters.ErrRefused) {
		return fmt.Errorf("%w: %w", job.ErrGiveUp, err)
	}
	return err
}

// fill puts the reader into a body. What people are called is text, never markup.
func fill(body string, a account.Agent, link string) string {
	first, last, _ := strings.Cut(a.Name, " ")
	return strings.NewReplacer(unsubscribe, html.EscapeString(link), "[name]", html.EscapeString(a.Name), "[fname]", html.EscapeString(first),
		"[lname]", html.EscapeString(last), "[email]", html.EscapeString(a.Email)).Replace(body)
}

// link is the address of the page by which somebody unsubscribes: on this server as
// it, or the company, says that it is reached.
func (s *Service) link(ctx context.Context, a account.Agent) (string, error) {
	base := s.PublicURL
	if base == "" {
		book, err := s.Accounts.Book(ctx, a.Tenant)
		if err != nil {
			return "", err
		}
		base = book.Tenant.Settings.Word("Site_Url")
	}
	return strings.TrimSuffix(base, "/") + "/mailer/unsubscribe/" + string(a.Tenant) + "." + string(a.ID) + "/" + s.sign(a.Tenant, a.ID), nil
}

func (s *Service) sign(t id.Tenant, a id.Agent) string {
	return base64.RawURLEncoding.EncodeToString(sign.Of(s.Key, "unsubscribe", string(t), string(a))[:18])
}

// Unsubscribe takes the reader of a link, "tenant.agent" and its signature, off
// circulars; errs.Forbidden "bad_signature".
func (s *Service) Unsubscribe(ctx context.Context, reader, signature string) (err error) {
	defer errs.Wrap(&err, "circular.Unsubscribe")
	t, a, _ := strings.Cut(reader, ".")
	if !hmac.Equal([]byte(signature), []byte(s.sign(id.Tenant(t), id.Agent(a)))) {
		return errs.New(errs.Forbidden, "bad_signature", "The address is not valid.")
	}
	return s.stop(ctx, id.Tenant(t), id.Agent(a))
}

// UnsubscribeBy takes somebody off circulars for a caller who is logged in: by the
// signature of the link, or oneself by the millisecond in which one was added. A
// word that is neither changes nothing.
func (s *Service) UnsubscribeBy(ctx context.Context, who actor.Actor, agent id.Agent, word string) (err error) {
	defer errs.Wrap(&err, "circular.UnsubscribeBy")
	if hmac.Equal([]byte(word), []byte(s.sign(who.Tenant, agent))) {
		return s.stop(ctx, who.Tenant, agent)
	}
	if agent != who.Agent {
		return nil
	}
	a, err := s.Accounts.Agent(ctx, who.Tenant, agent)
	if err != nil || strconv.FormatInt(a.CreatedAt.UnixMilli(), 10) != word {
		return err
	}
	return s.stop(ctx, who.Tenant, agent)
}

func (s *Service) stop(ctx context.Context, t id.Tenant, a id.Agent) error {
	_, err := s.Accounts.SetProfile(ctx, actor.ForSystem(t), a, func(p *account.Profile) { p.NoCirculars = true })
	return err
}
