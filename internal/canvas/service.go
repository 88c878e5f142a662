package canvas

import (
	"context"
	"io"

	"parlor/internal/actor"
	"parlor/internal/clock"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
	"parlor/internal/media"
)

// Settings finds what is set for an inbox.
type Settings interface {
	// VisitorDraws reports whether visitors of an inbox may draw.
	VisitorDraws(ctx context.Context, t id.Tenant, in id.Inbox) (bool, error)
}

// Deps are what a service works with.
type Deps struct {
	Store         Store
	Conversations *conversation.Service
	Media         *media.Service
	Settings      Settings
	Events        event.Publisher
	Clock         clock.Clock
	// Key signs addresses; the same on all nodes.
	Key []byte
}

// Service is the use cases of canvases.
type Service struct {
	Deps
	pictures *pictures
}

// New returns a service.
func New(d Deps) *Service { return &Service{Deps: d, pictures: newPictures()} }

// StartInput says which picture is drawn on: that of message Seq, or a File that
// the agent or the conversation's visitor has uploaded.
type StartInput struct {
	Conversation id.Conversation
	Seq          int64
	File         id.File
	// ClientID is the sender's own name for the message that tells of it.
	ClientID string
}

// Started is a canvas with the message that tells of it.
type Started struct {
	Canvas  Canvas
	Message conversation.Message
}

// Start makes a picture a canvas and posts the message that shows it. A picture
// that is a canvas of the conversation already is shown again.
//
// It returns what conversation.Service.Post does, errs.Invalid "not_an_image" if
// there is no picture, and errs.Conflict "too_many_canvases".
func (s *Service) Start(ctx context.Context, who actor.Actor, in StartInput) (out Started, err error) {
	defer errs.Wrap(&err, "canvas.Start")
	talk, err := s.Conversations.Conversation(ctx, who, in.Conversation)
	if err != nil {
		return out, err
	}
	switch {
	case who.Kind != actor.Agent || !who.Can(actor.Reply):
		return out, errs.New(errs.Forbidden, "not_allowed", "Your role does not allow answering.")
	case talk.Status == conversation.Closed:
		return out, errs.New(errs.Conflict, "conversation_closed", "The conversation is closed.")
	case talk.Agent != who.Agent:
		return out, errs.New(errs.Conflict, "not_your_conversation", "The conversation is not assigned to you.")
	}
	file, err := s.chosen(ctx, who, talk, in)
	if err != nil {
		return out, err
	}
	now := s.Clock.Now()
	out.Canvas, _, err = s.Store.CreateCanvas(ctx, Canvas{ID: id.Canvas(id.New()), Tenant: who.Tenant, Conversation: talk.ID, File: file.ID,
		Width: file.Width, Height: file.Height, Agent: who.Agent, Version: 1, CreatedAt: now, ChangedAt: now})
	if err != nil {
		return out, err
	}
	got, err := s.Conversations.Post(ctx, who, conversation.PostInput{Conversation: talk.ID, Kind: conversation.Cooperation, ClientID: in.ClientID,
		Canvas: &conversation.Drawn{ID: out.Canvas.ID, File: conversation.File{ID: file.ID, Name: file.Name, Type: file.Type, Size: file.Size, Width: file.Width, Height: file.Height}}})
	out.Message = got.Message
	return out, err
}

// chosen returns the picture that a start names. A message proves that its
// picture belongs to the conversation, an upload that it is its agent's or visitor's.
func (s *Service) chosen(ctx context.Context, who actor.Actor, talk conversation.Conversation, in StartInput) (f media.File, err error) {
	if in.Seq > 0 {
		list, err := s.Conversations.Messages(ctx, who, in.Conversation, conversation.Range{After: in.Seq - 1, Limit: 1})
		if err != nil {
			return f, err
		}
		if len(list) == 0 || list[0].Seq != in.Seq || list[0].File == nil {
			return f, errs.Field("seq", "not_an_image", "The message has no picture.")
		}
		f, err = s.Media.Find(ctx, who.Tenant, list[0].File.ID)
		if err != nil {
			return f, err
		}
	} else if f, err = s.known(ctx, who, talk, in.File); err != nil {
		return f, err
	}
	if f.Width < 1 || f.Height < 1 {
		return f, errs.Field("file", "not_an_image", "The file %q is not a picture.", f.Name)
	}
	return f, nil
}

// recent is how many of the newest messages are searched for a file.
const recent = 200

// known returns a file that the agent or the conversation's visitor uploaded, or
// that one of its recent messages carries; errs.NotFound for any other.
func (s *Service) known(ctx context.Context, who actor.Actor, talk conversation.Conversation, file id.File) (media.File, error) {
	f, err := s.Media.Own(ctx, who, file)
	if errs.CodeOf(err) != errs.NotFound || !id.Valid(string(file)) {
		return f, err
	}
	refused := err
	if f, err = s.Media.Find(ctx, who.Tenant, file); err != nil {
		return f, err
	}
	if f.OwnerKind == actor.Visitor && f.Owner == string(talk.Visitor) {
		return f, nil
	}
	list, err := s.Conversations.Messages(ctx, who, talk.ID, conversation.Range{Limit: recent})
	if err != nil {
		return media.File{}, err
	}
	for _, m := range list {
		if m.File != nil && m.File.ID == file {
			return f, nil
		}
	}
	return media.File{}, refused
}

// Seen is a canvas with what is on it, for somebody who may see it.
type Seen struct {
	Canvas Canvas
	Marks  []Mark
	// Visitor is the conversation's visitor.
	Visitor id.Visitor
	// Closed is true if the conversation is over, Draws if who asked may draw.
	Closed, Draws bool
}

// Open returns a canvas with its marks if who may see its conversation.
func (s *Service) Open(ctx context.Context, who actor.Actor, c id.Canvas) (out Seen, err error) {
	defer errs.Wrap(&err, "canvas.Open")
	if out.Canvas, out.Marks, err = s.Store.Marks(ctx, who.Tenant, c); err != nil {
		return out, err
	}
	talk, err := s.talk(ctx, who, out.Canvas)
	if err != nil {
		return out, err
	}
	out.Visitor, out.Closed = talk.Visitor, talk.Status == conversation.Closed
	out.Draws, err = s.draws(ctx, who, talk)
	return out, err
}

// List returns the canvases of a conversation that who may see.
func (s *Service) List(ctx context.Context, who actor.Actor, c id.Conversation) ([]Canvas, error) {
	if _, err := s.Conversations.Conversation(ctx, who, c); err != nil {
		return nil, err
	}
	return s.Store.Canvases(ctx, who.Tenant, c)
}

// talk returns the conversation of a canvas; to who may not see it the canvas
// does not exist.
func (s *Service) talk(ctx context.Context, who actor.Actor, c Canvas) (conversation.Conversation, error) {
	talk, err := s.Conversations.Conversation(ctx, who, c.Conversation)
	if errs.CodeOf(err) == errs.NotFound {
		err = errNotFound
	}
	return talk, err
}

var errNotFound = errs.New(errs.NotFound, "canvas_not_found", "There is no such picture to draw on.")

// draws reports whether who may change a canvas of a conversation.
func (s *Service) draws(ctx context.Context, who actor.Actor, talk conversation.Conversation) (bool, error) {
	if talk.Status == conversation.Closed {
		return false, nil
	}
	if who.Kind == actor.Agent {
		return who.Can(actor.Reply), nil
	}
	return s.Settings.VisitorDraws(ctx, talk.Tenant, talk.Inbox)
}

// changeable returns the conversation of a canvas that who may change.
func (s *Service) changeable(ctx context.Context, who actor.Actor, c id.Canvas) (talk conversation.Conversation, err error) {
	got, err := s.Store.Canvas(ctx, who.Tenant, c)
	if err != nil {
		return talk, err
	}
	if talk, err = s.talk(ctx, who, got); err != nil {
		return talk, err
	}
	may, err := s.draws(ctx, who, talk)
	switch {
	case err != nil:
	case talk.Status == conversation.Closed:
		err = errs.New(errs.Conflict, "conversation_closed", "The conversation is closed.")
	case !may:
		err = errs.New(errs.Forbidden, "not_allowed", "You may look on but not draw.")
	}
	return talk, err
}

// Draw adds a mark. A repeated id of the same author adds nothing. Errors:
// Invalid (see Shape.Check), Conflict "conversation_closed", "too_many_marks",
// Forbidden "not_allowed".
func (s *Service) Draw(ctx context.Context, who actor.Actor, c id.Canvas, shape Shape) (m Mark, err error) {
	defer errs.Wrap(&err, "canvas.Draw")
	if err = shape.Check(); err != nil {
		return m, err
	}
	talk, err := s.changeable(ctx, who, c)
	if err != nil {
		return m, err
	}
	got, m, repeated, err := s.Store.AddMark(ctx, Add{Tenant: who.Tenant, Canvas: c, Mark: Mark{Shape: shape, By: who.Kind, Author: author(who), Name: who.Name, At: s.Clock.Now()}})
	if err == nil && !repeated {
		s.tell(talk, &Changed{Canvas: got, Change: Marked, Mark: &m})
	}
	return m, err
}

// author is the id under which who draws.
func author(who actor.Actor) string {
	if who.Kind == actor.Agent {
		return string(who.Agent)
	}
	return string(who.Visitor)
}

// Undo takes away the last mark of who; with an id only if it is that one. What
// is gone already stays gone without an error.
func (s *Service) Undo(ctx context.Context, who actor.Actor, c id.Canvas, mark string) (got Canvas, err error) {
	defer errs.Wrap(&err, "canvas.Undo")
	talk, err := s.changeable(ctx, who, c)
	if err != nil {
		return got, err
	}
	got, gone, err := s.Store.UndoMark(ctx, who.Tenant, c, author(who), mark, s.Clock.Now())
	if err == nil && gone != "" {
		s.tell(talk, &Changed{Canvas: got, Change: Undone, Gone: gone, Author: author(who)})
	}
	return got, err
}

// Clear takes everything away that was drawn; agents only.
func (s *Service) Clear(ctx context.Context, who actor.Actor, c id.Canvas) (got Canvas, err error) {
	defer errs.Wrap(&err, "canvas.Clear")
	if who.Kind != actor.Agent {
		return got, errs.New(errs.Forbidden, "agents_only", "Only agents clear a picture.")
	}
	talk, err := s.changeable(ctx, who, c)
	if err != nil {
		return got, err
	}
	got, changed, err := s.Store.ClearCanvas(ctx, who.Tenant, c, s.Clock.Now())
	if err == nil && changed {
		s.tell(talk, &Changed{Canvas: got, Change: Cleared})
	}
	return got, err
}

// SaveLayer keeps a drawing that was made elsewhere as a whole picture; agents
// only. It lies between the picture and the marks.
func (s *Service) SaveLayer(ctx context.Context, who actor.Actor, c id.Canvas, r io.Reader) (got Canvas, err error) {
	defer errs.Wrap(&err, "canvas.SaveLayer")
	if who.Kind != actor.Agent {
		return got, errs.New(errs.Forbidden, "agents_only", "Only agents save drawings.")
	}
	talk, err := s.changeable(ctx, who, c)
	if err != nil {
		return got, err
	}
	f, err := s.Media.Save(ctx, who, "drawing", r)
	if err != nil {
		return got, err
	}
	if f.Width < 1 {
		return got, errs.Field("image", "not_an_image", "The drawing is not a picture.")
	}
	if got, err = s.Store.SetLayer(ctx, who.Tenant, c, f.ID, s.Clock.Now()); err == nil {
		s.tell(talk, &Changed{Canvas: got, Change: Layered})
	}
	return got, err
}

// Stroke tells the others of a mark that is being drawn. It stores nothing and
// asks nothing: callers pass what Open gave to who.
func (s *Service) Stroke(who actor.Actor, on Seen, shape Shape) error {
	if len(shape.Points) > 0 {
		if err := shape.Check(); err != nil {
			return err
		}
	} else if shape.ID == "" || len(shape.ID) > MaxMarkID {
		return errs.Field("id", "bad_mark_id", "The id of a mark has 1 to %d bytes.", MaxMarkID)
	}
	c := on.Canvas
	s.Events.Publish(&event.Event{ID: id.New(), Tenant: who.Tenant, Kind: event.CanvasStroke, At: s.Clock.Now(),
		To:   []event.Topic{event.ToVisitor(who.Tenant, on.Visitor), event.ToWatchers(who.Tenant, c.Conversation)},
		Data: &Stroke{Canvas: c.ID, Conversation: c.Conversation, Shape: shape, By: who.Kind, Author: author(who), Name: who.Name}})
	return nil
}

// tell announces a change to both sides.
func (s *Service) tell(talk conversation.Conversation, d *Changed) {
	to := []event.Topic{event.ToVisitor(talk.Tenant, talk.Visitor), event.ToWatchers(talk.Tenant, talk.ID)}
	if talk.Agent != "" {
		to = append(to, event.ToAgent(talk.Tenant, talk.Agent))
	}
	d.Layer = d.Canvas.Layer
	s.Events.Publish(&event.Event{ID: id.New(), Tenant: talk.Tenant, Kind: event.CanvasChanged, To: to, At: s.Clock.Now(), Data: d})
}
