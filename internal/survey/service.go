package survey

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"parlor/internal/actor"
	"parlor/internal/clock"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
	"parlor/internal/setting"
)

const maxComment = 1000

// Talks finds conversations.
type Talks interface {
	// Talk returns a conversation if who may see it, errs.NotFound otherwise.
	Talk(ctx context.Context, who actor.Actor, c id.Conversation) (Talk, error)
}

// Settings finds what is set for an inbox.
type Settings interface {
	// Survey returns the survey of an inbox.
	Survey(ctx context.Context, t id.Tenant, in id.Inbox) (setting.Survey, error)
}

// Service is the use cases of surveys.
type Service struct {
	store    Store
	talks    Talks
	settings Settings
	events   event.Publisher
	clock    clock.Clock
	key      []byte
}

// New returns a service. key signs links; it must be the same on all nodes.
func New(store Store, talks Talks, settings Settings, events event.Publisher, c clock.Clock, key []byte) *Service {
	return &Service{store: store, talks: talks, settings: settings, events: events, clock: c, key: key}
}

// Ask lets the agent of a conversation ask its visitor for an answer now.
// errs.Conflict "survey_disabled" if the inbox has none, "survey_answered" if
// there is an answer already.
func (s *Service) Ask(ctx context.Context, who actor.Actor, c id.Conversation) (got Survey, err error) {
	defer errs.Wrap(&err, "survey.Ask")
	talk, err := s.talks.Talk(ctx, who, c)
	if err != nil {
		return got, err
	}
	if who.Kind != actor.System && (who.Kind != actor.Agent || (talk.Agent != who.Agent && !who.Can(actor.Manage))) {
		return got, errs.New(errs.Forbidden, "not_your_conversation", "The conversation is not assigned to you.")
	}
	form, err := s.settings.Survey(ctx, talk.Tenant, talk.Inbox)
	if err != nil {
		return got, err
	}
	if form.Disabled {
		return got, errs.New(errs.Conflict, "survey_disabled", "This inbox does not ask for ratings.")
	}
	if got, err = s.store.AskSurvey(ctx, talk.survey()); err != nil {
		return got, err
	}
	if got.Level != "" {
		return got, errs.New(errs.Conflict, "survey_answered", "The visitor has rated this conversation already.")
	}
	s.tell(&Changed{Survey: got, Ask: true})
	return got, nil
}

func (t Talk) survey() Survey {
	return Survey{Conversation: t.Conversation, Tenant: t.Tenant, Inbox: t.Inbox, Visitor: t.Visitor, VisitorName: t.VisitorName,
		Agent: t.Agent, AgentName: t.AgentName, Team: t.Team, Asked: true}
}

// Answer keeps what the visitor of a conversation says. It can be changed for
// EditFor; errs.Conflict "survey_answered" after that, "survey_late" if the conversation
// ended longer than LinkFor ago.
func (s *Service) Answer(ctx context.Context, who actor.Actor, c id.Conversation, a Answer) (got Survey, err error) {
	defer errs.Wrap(&err, "survey.Answer")
	talk, err := s.rateable(ctx, who, c)
	if err != nil {
		return got, err
	}
	return s.keep(ctx, talk, a, s.clock.Now().Add(-EditFor))
}

// MayAnswer tells whether the visitor of a conversation is in time to rate it: nil, or
// the error that Answer would return for that.
func (s *Service) MayAnswer(ctx context.Context, who actor.Actor, c id.Conversation) error {
	_, err := s.rateable(ctx, who, c)
	return err
}

// rateable returns a conversation of the visitor's that can be rated still.
func (s *Service) rateable(ctx context.Context, who actor.Actor, c id.Conversation) (talk Talk, err error) {
	if who.Kind != actor.Visitor {
		return talk, errs.New(errs.Forbidden, "visitors_only", "Only the visitor rates a conversation.")
	}
	talk, err = s.talks.Talk(ctx, who, c)
	if err == nil && s.late(talk) {
		err = errs.New(errs.Conflict, "survey_late", "The time to rate this conversation is over.")
	}
	return talk, err
}

// late reports whether a conversation ended too long ago to be rated.
func (s *Service) late(talk Talk) bool {
	return talk.Closed && s.clock.Now().Sub(talk.ClosedAt) > LinkFor
}

// keep checks an answer and stores it.
func (s *Service) keep(ctx context.Context, talk Talk, a Answer, editable time.Time) (got Survey, err error) {
	form, err := s.settings.Survey(ctx, talk.Tenant, talk.Inbox)
	if err != nil {
		return got, err
	}
	in := talk.survey()
	in.Asked = false
	if in, err = check(in, a, form); err != nil {
		return got, err
	}
	if talk.Agent == "" {
		return got, errs.New(errs.Conflict, "nobody_to_rate", "Nobody has answered in this conversation.")
	}
	now := s.clock.Now()
	in.AnsweredAt, in.EditedAt = &now, &now
	if got, err = s.store.AnswerSurvey(ctx, in, editable); err != nil {
		return got, err
	}
	s.tell(&Changed{Survey: got})
	return got, nil
}

// check puts an answer into a survey if the form allows it.
func check(in Survey, a Answer, form setting.Survey) (Survey, error) {
	if form.Disabled {
		return in, errs.New(errs.Conflict, "survey_disabled", "This inbox does not ask for ratings.")
	}
	levels := form.LevelList()
	i := slices.IndexFunc(levels, func(l setting.Level) bool { return l.Code == a.Level })
	if i < 0 {
		return in, errs.Field("level", "unknown_level", "Choose one of the answers.")
	}
	in.Level, in.Score, in.Reasons = a.Level, levels[i].Score, []string{}
	for _, r := range a.Reasons {
		if !slices.ContainsFunc(form.ReasonList(), func(x setting.Reason) bool { return x.Code == r }) {
			return in, errs.Field("reasons", "unknown_reason", "Choose among the reasons.")
		}
		if !slices.Contains(in.Reasons, r) {
			in.Reasons = append(in.Reasons, r)
		}
	}
	in.Comment = strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(a.Comment, ""), "\x00", ""))
	if n := utf8.RuneCountInString(in.Comment); n > maxComment {
		return in, errs.Field("comment", "comment_too_long", "The comment has %d characters; %d are allowed.", n, maxComment)
	}
	if form.NoComment {
		in.Comment = ""
	}
	return in, nil
}

// Of returns the survey of a conversation that who may see; one that nobody has
// asked for is empty.
func (s *Service) Of(ctx context.Context, who actor.Actor, c id.Conversation) (got Survey, err error) {
	defer errs.Wrap(&err, "survey.Of")
	talk, err := s.talks.Talk(ctx, who, c)
	if err != nil {
		return got, err
	}
	got, err = s.store.Survey(ctx, talk.Tenant, talk.Conversation)
	if errs.CodeOf(err) == errs.NotFound {
		got, err = talk.survey(), nil
		got.Asked, got.Reasons = false, []string{}
	}
	return got, err
}

// List returns a page of answers, newest first. Agents without actor.SeeAll see their own.
func (s *Service) List(ctx context.Context, who actor.Actor, f Filter) (page []Survey, next string, err error) {
	defer errs.Wrap(&err, "survey.List")
	if who.Kind != actor.Agent {
		return nil, "", errs.New(errs.Forbidden, "agents_only", "Only agents see ratings.")
	}
	if !who.Can(actor.SeeAll) {
		f.Agent = who.Agent
	}
	if f.Limit < 1 || f.Limit > 200 {
		f.Limit = 50
	}
	return s.store.Surveys(ctx, who.Tenant, f)
}

// Tally counts the answers of the last days, at most 366, by level: those of who,
// or with actor.SeeAll those of everybody.
func (s *Service) Tally(ctx context.Context, who actor.Actor, days int) (list []Tally, err error) {
	defer errs.Wrap(&err, "survey.Tally")
	agent := who.Agent
	if who.Can(actor.SeeAll) {
		agent = ""
	}
	return s.store.SurveyTally(ctx, who.Tenant, agent, s.clock.Now().AddDate(0, 0, -min(max(days, 1), 366)))
}

func (s *Service) tell(c *Changed) {
	v := c.Survey
	to := []event.Topic{event.ToWatchers(v.Tenant, v.Conversation), event.ToSupervisors(v.Tenant)}
	if v.Agent != "" {
		to = append(to, event.ToAgent(v.Tenant, v.Agent))
	}
	if c.Ask {
		to = append(to, event.ToVisitor(v.Tenant, v.Visitor))
	}
	s.events.Publish(&event.Event{ID: id.New(), Tenant: v.Tenant, Kind: event.SurveyChanged, To: to, At: s.clock.Now(), Data: c})
}

// Link returns the signed word of /survey/{word} for a conversation.
func (s *Service) Link(t id.Tenant, c id.Conversation) string {
	body := string(t) + "." + string(c)
	return body + "." + s.sign("link", body)
}

func (s *Service) sign(purpose, body string) string {
	h := hmac.New(sha256.New, s.key)
	h.Write([]byte("survey." + purpose + "\x00" + body))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

var errLink = errs.New(errs.NotFound, "survey_not_found", "This link is not valid.")

// Opened is what a link shows.
type Opened struct {
	Survey Survey
	Form   setting.Survey
	// Editable is false once the answer stands.
	Editable bool
}

// Open returns what a link leads to. edit is what AnswerLink gave the browser
// that answered, "" for any other: a link that was used shows that, and no more.
// errs.NotFound "survey_not_found" for a forged link or one whose time is over.
func (s *Service) Open(ctx context.Context, link, edit string) (o Opened, err error) {
	defer errs.Wrap(&err, "survey.Open")
	talk, err := s.linked(ctx, link)
	if err != nil {
		return o, err
	}
	if o.Form, err = s.settings.Survey(ctx, talk.Tenant, talk.Inbox); err != nil {
		return o, err
	}
	o.Survey, err = s.store.Survey(ctx, talk.Tenant, talk.Conversation)
	if errs.CodeOf(err) == errs.NotFound {
		o.Survey, err = talk.survey(), nil
	}
	o.Editable = o.Survey.AnsweredAt == nil || s.mayEdit(o.Survey, edit)
	if !s.mayEdit(o.Survey, edit) {
		o.Survey.Level, o.Survey.Comment, o.Survey.Reasons = "", "", nil
	}
	return o, err
}

// mayEdit reports whether edit is of the browser that answered, in time.
func (s *Service) mayEdit(v Survey, edit string) bool {
	return v.AnsweredAt != nil && hmac.Equal([]byte(edit), []byte(s.sign("edit", string(v.Conversation)))) &&
		s.clock.Now().Sub(*v.AnsweredAt) <= EditFor
}

// linked returns the conversation that a link was made for.
func (s *Service) linked(ctx context.Context, link string) (talk Talk, err error) {
	i := strings.LastIndexByte(link, '.')
	if i < 0 || len(link) > 300 || !hmac.Equal([]byte(link[i+1:]), []byte(s.sign("link", link[:max(i, 0)]))) {
		return talk, errLink
	}
	tenant, c, _ := strings.Cut(link[:i], ".")
	talk, err = s.talks.Talk(ctx, actor.ForSystem(id.Tenant(tenant)), id.Conversation(c))
	if err == nil && s.late(talk) {
		err = errLink
	}
	return talk, err
}

// AnswerLink answers through a link, once; edit, of an earlier call, changes that
// answer for EditFor. newEdit proves later that this browser answered.
func (s *Service) AnswerLink(ctx context.Context, link, edit string, a Answer) (got Survey, newEdit string, err error) {
	defer errs.Wrap(&err, "survey.AnswerLink")
	talk, err := s.linked(ctx, link)
	if err != nil {
		return got, "", err
	}
	now := s.clock.Now()
	editable := now.Add(time.Millisecond) // nothing that is there may be replaced
	newEdit = s.sign("edit", string(talk.Conversation))
	if hmac.Equal([]byte(edit), []byte(newEdit)) {
		editable = now.Add(-EditFor)
	}
	got, err = s.keep(ctx, talk, a, editable)
	return got, newEdit, err
}
