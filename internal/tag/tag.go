// Package tag holds the labels that a company puts on conversations and
// visitors. Which tags a conversation has is kept with the conversation; those
// of visitors are kept here.
package tag

import (
	"context"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"parlor/internal/actor"
	"parlor/internal/clock"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
)

// Kind is what a tag is for.
type Kind string

// The kinds of tag.
const (
	Conversation Kind = "conversation"
	Visitor      Kind = "visitor"
)

// Bounds.
const (
	// MaxName is the longest name, in characters.
	MaxName = 60
	// MaxAbout is the longest description, in characters.
	MaxAbout = 500
	maxTeams = 100
	// MaxTags bounds the tags of a kind.
	MaxTags = 500
	// MaxUses is as far as the uses of a tag are counted.
	MaxUses = 1000
	// MaxOnVisitor bounds the tags of a visitor.
	MaxOnVisitor = 20
)

// Tag is one label.
type Tag struct {
	ID     string    `json:"id"`
	Tenant id.Tenant `json:"-"`
	Kind   Kind      `json:"kind" enum:"conversation,visitor"`
	Name   string    `json:"name"`
	// Color is #rrggbb.
	Color string `json:"color"`
	// Sort orders the tags of a kind, lowest first.
	Sort int `json:"sort"`
	// Archived tags stay on what has them and are put on nothing new.
	Archived bool `json:"archived,omitempty"`
	// About says what the tag is for.
	About string `json:"about,omitempty"`
	// Teams are the teams whose conversations it is for; none means all.
	Teams     []id.Team `json:"teams,omitempty"`
	CreatedAt time.Time `json:"createdAt"`
}

// Input is what is said of a tag.
type Input struct {
	Name  string `json:"name" minLength:"1" maxLength:"60"`
	Color string `json:"color,omitempty" pattern:"^#[0-9a-fA-F]{6}$" doc:"#rrggbb; grey without it"`
	Sort  int    `json:"sort,omitempty" minimum:"0" maximum:"100000"`
	// Archived takes the tag out of use.
	Archived bool      `json:"archived,omitempty"`
	About    string    `json:"about,omitempty" maxLength:"500"`
	Teams    []id.Team `json:"teams,omitempty" maxItems:"100" doc:"Teams that the tag is for; all without it"`
}

// Uses is how often a tag is in use, at most MaxUses.
type Uses struct {
	Tag  string `json:"tag"`
	Uses int    `json:"uses"`
}

// VisitorInput is what the verb TagVisitor needs.
type VisitorInput struct {
	Tenant      id.Tenant
	Visitor     id.Visitor
	Add, Remove []string
	By          id.Agent
	At          time.Time
}

// VisitorTagged is the payload of event.TagsChanged for visitors.
type VisitorTagged struct {
	Visitor id.Visitor `json:"visitor"`
	Tags    []string   `json:"tags"`
	By      string     `json:"by"`
}

// Store is the memory that tag needs.
type Store interface {
	// TagNames returns the names of tags by id; unknown ones are left out.
	TagNames(ctx context.Context, t id.Tenant, tags []string) (map[string]string, error)
	// TagsNamed returns the ids of the tags of conversations with the given names.
	TagsNamed(ctx context.Context, t id.Tenant, names []string) ([]string, error)
	// Tags returns the tags of a tenant ordered by kind, sort and id; kind "" is all.
	Tags(ctx context.Context, t id.Tenant, kind Kind) ([]Tag, error)
	// TagUses counts what has each tag of a tenant, as far as most.
	TagUses(ctx context.Context, t id.Tenant, most int) ([]Uses, error)
	// SaveTag adds tag or replaces name, color, sort and archived of the one with its id.
	// Errors: Conflict "tag_exists" for a name in use, without regard to case;
	// Conflict "too_many_tags"; NotFound "tag_not_found".
	SaveTag(ctx context.Context, tag Tag, fresh bool, most int) error
	// DeleteTag removes a tag; what had it has it no more.
	DeleteTag(ctx context.Context, t id.Tenant, tag string) error
	// TagVisitor adds and removes tags and returns those the visitor has now.
	// Errors: NotFound "visitor_not_found", "tag_not_found", also for an archived
	// one that would be added; Conflict "too_many_tags".
	TagVisitor(ctx context.Context, in VisitorInput) ([]string, error)
	// TagsOf returns the tags of a visitor.
	TagsOf(ctx context.Context, t id.Tenant, v id.Visitor) ([]string, error)
}

// Service is the use cases of tags.
type Service struct {
	store  Store
	events event.Publisher
	clock  clock.Clock
}

// New returns a service.
func New(store Store, events event.Publisher, c clock.Clock) *Service {
	return &Service{store: store, events: events, clock: c}
}

// List returns the tags of a kind, "" for all.
func (s *Service) List(ctx context.Context, who actor.Actor, kind Kind) ([]Tag, error) {
	return s.store.Tags(ctx, who.Tenant, kind)
}

// Uses counts what has each tag, as far as MaxUses.
func (s *Service) Uses(ctx context.Context, who actor.Actor) ([]Uses, error) {
	return s.store.TagUses(ctx, who.Tenant, MaxUses)
}

var color = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

// Save adds a tag, or changes the one named by its id; its kind stays. It needs
// the permission actor.Content.
func (s *Service) Save(ctx context.Context, who actor.Actor, kind Kind, tag string, in Input) (t Tag, err error) {
	defer errs.Wrap(&err, "tag.Save")
	if !who.Can(actor.Content) {
		return t, errs.New(errs.Forbidden, "not_allowed", "Your role does not allow changing tags.")
	}
	if tag == "" && kind != Conversation && kind != Visitor {
		return t, errs.Field("kind", "unknown_kind", "%q is not a kind of tag; conversation and visitor are.", kind)
	}
	name := strings.TrimSpace(in.Name)
	if n := utf8.RuneCountInString(name); n < 1 || n > MaxName || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return t, errs.Field("name", "bad_name", "A tag has 1 to %d characters.", MaxName)
	}
	if in.Color == "" {
		in.Color = "#64748b"
	}
	if !color.MatchString(in.Color) {
		return t, errs.Field("color", "bad_color", "%q is not a color: #rrggbb.", in.Color)
	}
	if utf8.RuneCountInString(in.About) > MaxAbout || len(in.Teams) > maxTeams {
		return t, errs.Field("about", "too_long", "A tag has a description of at most %d characters and at most %d teams.", MaxAbout, maxTeams)
	}
	t = Tag{ID: tag, Tenant: who.Tenant, Kind: kind, Name: name, Color: strings.ToLower(in.Color), Sort: in.Sort, Archived: in.Archived, About: in.About, Teams: in.Teams, CreatedAt: s.clock.Now()}
	fresh := tag == ""
	if fresh {
		t.ID = id.New()
	}
	if err = s.store.SaveTag(ctx, t, fresh, MaxTags); err != nil {
		return t, err
	}
	return s.find(ctx, who.Tenant, t.ID)
}

// Find returns one tag. Errors: NotFound "tag_not_found".
func (s *Service) Find(ctx context.Context, who actor.Actor, tag string) (Tag, error) {
	return s.find(ctx, who.Tenant, tag)
}

func (s *Service) find(ctx context.Context, t id.Tenant, tag string) (Tag, error) {
	list, err := s.store.Tags(ctx, t, "")
	for _, x := range list {
		if x.ID == tag {
			return x, err
		}
	}
	if err == nil {
		err = errs.New(errs.NotFound, "tag_not_found", "There is no such tag.")
	}
	return Tag{}, err
}

// Remove deletes a tag. It needs the permission actor.Content.
func (s *Service) Remove(ctx context.Context, who actor.Actor, tag string) (err error) {
	defer errs.Wrap(&err, "tag.Remove")
	if !who.Can(actor.Content) {
		return errs.New(errs.Forbidden, "not_allowed", "Your role does not allow changing tags.")
	}
	return s.store.DeleteTag(ctx, who.Tenant, tag)
}

// Of returns the tags of a visitor.
func (s *Service) Of(ctx context.Context, who actor.Actor, v id.Visitor) ([]string, error) {
	return s.store.TagsOf(ctx, who.Tenant, v)
}

// OnVisitor adds and removes tags of a visitor and tells those who serve it.
func (s *Service) OnVisitor(ctx context.Context, who actor.Actor, v id.Visitor, add, remove []string) (tags []string, err error) {
	defer errs.Wrap(&err, "tag.OnVisitor")
	if who.Kind != actor.Agent {
		return nil, errs.New(errs.Forbidden, "agents_only", "Only agents set tags.")
	}
	now := s.clock.Now()
	tags, err = s.store.TagVisitor(ctx, VisitorInput{Tenant: who.Tenant, Visitor: v, Add: add, Remove: remove, By: who.Agent, At: now})
	if err != nil {
		return nil, err
	}
	s.events.Publish(&event.Event{ID: id.New(), Tenant: who.Tenant, Kind: event.VisitorTagged, To: []event.Topic{event.ToFollowers(who.Tenant, v)}, At: now,
		Data: &VisitorTagged{Visitor: v, Tags: tags, By: who.Name}})
	return tags, nil
}

// Names returns the names of tags by id; unknown ones are left out.
func (s *Service) Names(ctx context.Context, t id.Tenant, tags []string) (map[string]string, error) {
	return s.store.TagNames(ctx, t, tags)
}

// Named returns the ids of the tags of conversations with the given names, in any case.
func (s *Service) Named(ctx context.Context, t id.Tenant, names []string) ([]string, error) {
	return s.store.TagsNamed(ctx, t, names)
}
