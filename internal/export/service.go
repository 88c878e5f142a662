package export

import (
	"cmp"
	"context"
	"io"
	"log/slog"
	"os"
	"time"

	"parlor/internal/actor"
	"parlor/internal/audit"
	"parlor/internal/clock"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
	"parlor/internal/job"
	"parlor/internal/media"
	"parlor/internal/sheet"
)

// The kinds of jobs: writing a file, and removing it when its time is over.
const (
	Job       = "export.write"
	JobForget = "export.forget"
)

// Files keeps files.
type Files interface {
	// Grow opens a part of a file to go on at size bytes.
	Grow(t id.Tenant, f id.File, part string, size int64) (*os.File, error)
	// Settle makes a part the file.
	Settle(ctx context.Context, t id.Tenant, f id.File, part, name, kind string) (media.File, error)
	// Content opens a file.
	Content(ctx context.Context, t id.Tenant, f id.File) (media.Opened, error)
	// Discard removes a file and its parts.
	Discard(ctx context.Context, t id.Tenant, f id.File) error
}

// World is what export needs of other domains.
type World interface {
	// ActorOf returns an agent with what it may do now. Errors: NotFound, Forbidden.
	ActorOf(ctx context.Context, t id.Tenant, a id.Agent) (actor.Actor, error)
	// Names returns what ids are called in a language.
	Names(ctx context.Context, t id.Tenant, lang string) (Names, error)
	// Fields returns what shows values of contacts' fields as who may see them.
	Fields(ctx context.Context, who actor.Actor) (func(values map[string]string) map[string]string, error)
}

// Names are what ids and codes are called.
type Names struct {
	Inboxes map[id.Inbox]string
	Teams   map[id.Team]string
	Agents  map[id.Agent]string
	Tags    map[string]string
	// Levels and Reasons are the words of ratings by their codes.
	Levels, Reasons map[string]string
}

// Deps are what a service stands on.
type Deps struct {
	Store  Store
	Lists  Lists
	Files  Files
	World  World
	Events event.Publisher
	Clock  clock.Clock
	// Wake is called when jobs were added.
	Wake func()
	Log  *slog.Logger
}

// Service is the use cases of exports.
type Service struct {
	Deps
	// busy holds one token for each export that this node writes at a time.
	busy chan struct{}
	// step is how long a turn takes, about; mostRows and mostBook bound files.
	step               time.Duration
	mostRows, mostBook int64
}

// New returns a service.
func New(d Deps) *Service {
	return &Service{Deps: d, busy: make(chan struct{}, 1), step: stepFor, mostRows: MaxRows, mostBook: MaxBook}
}

// Workers are the jobs that Deps.Wake wakes the runner of.
func (s *Service) Workers() map[string]job.Worker {
	return map[string]job.Worker{Job: s.Write, JobForget: s.Forget}
}

var (
	errRight   = errs.New(errs.Forbidden, "not_allowed", "Your role does not allow this export.")
	errMissing = errs.New(errs.NotFound, "export_not_found", "There is no such export.")
)

// allowed refuses who may not export a kind of list.
func allowed(who actor.Actor, k Kind) error {
	reads := actor.Reply
	if k == Audit {
		reads = actor.Audit
	}
	if who.Kind == actor.Visitor || !who.Can(actor.Export) || !who.Can(reads) {
		return errRight
	}
	return nil
}

// Input is what is asked for.
type Input struct {
	Kind   Kind
	Format sheet.Format
	Filter Filter
	// Lang is "zh-CN", "en" or "pt-BR"; Zone is an IANA name, "" for UTC.
	Lang, Zone string
}

// check fills defaults and refuses what cannot be exported.
func (in *Input) check(now time.Time) error {
	in.Format, in.Zone = cmp.Or(in.Format, sheet.CSV), cmp.Or(in.Zone, "UTC")
	if words[in.Lang] == nil {
		in.Lang = "en"
	}
	f := &in.Filter
	if f.To.IsZero() || f.To.After(now) {
		f.To = now
	}
	switch {
	case headings[in.Kind] == nil:
		return errs.Field("kind", "unknown_kind", "There is no list %q.", clip(string(in.Kind)))
	case in.Format != sheet.CSV && in.Format != sheet.XLSX:
		return errs.Field("format", "unknown_format", "%q is no format; csv and xlsx are.", clip(string(in.Format)))
	case f.From.IsZero() && in.Kind != Contacts:
		return errs.Field("from", "bad_span", "Say from when on.")
	case !f.From.Before(f.To):
		return errs.Field("to", "bad_span", "The end is not behind the beginning.")
	case !f.From.IsZero() && f.To.Sub(f.From) > LongestSpan:
		return errs.Field("from", "span_too_long", "An export covers %d days at most.", int(LongestSpan.Hours())/24)
	}
	if _, err := time.LoadLocation(in.Zone); err != nil || in.Zone == "Local" {
		return errs.Field("zone", "unknown_timezone", "There is no time zone %q.", clip(in.Zone))
	}
	return nil
}

func clip(s string) string { return s[:min(len(s), 60)] }

// Ask has a list exported. Errors: Forbidden; Invalid with the field at fault;
// Conflict "too_many_exports" if MaxWaiting of the asker's are not over.
func (s *Service) Ask(ctx context.Context, who actor.Actor, in Input) (x Export, err error) {
	defer errs.Wrap(&err, "export.Ask")
	now := s.Clock.Now()
	if err = in.check(now); err != nil {
		return x, err
	}
	if err = allowed(who, in.Kind); err != nil {
		return x, err
	}
	x = Export{ID: id.New(), Tenant: who.Tenant, Kind: in.Kind, Format: in.Format, Filter: in.Filter, Lang: in.Lang, Zone: in.Zone,
		ByKind: who.Kind, ByID: asker(who), ByName: who.Name, State: Waiting, CreatedAt: now, Until: now.Add(Life), Clean: true}
	x.Name = FileName(x)
	jobs := []job.Job{{Tenant: x.Tenant, Kind: Job, Key: x.ID, Payload: x.ID, RunAt: now}, {Tenant: x.Tenant, Kind: JobForget, Key: x.ID, Payload: x.ID, RunAt: x.Until}}
	if err = s.Store.AddExport(ctx, x, MaxWaiting, jobs, audit.Of(who, now)); err != nil {
		return x, err
	}
	s.Wake()
	s.tell(x, false)
	return x, nil
}

// asker names who asks among those of its kind.
func asker(who actor.Actor) string {
	if who.Kind == actor.Agent {
		return string(who.Agent)
	}
	return who.Name
}

// List returns a page of the exports that who asked for, newest first; all are those
// of everybody, which needs actor.Administer.
func (s *Service) List(ctx context.Context, who actor.Actor, all bool, after string, limit int) (page []Export, next string, err error) {
	defer errs.Wrap(&err, "export.List")
	if who.Kind == actor.Visitor || !who.Can(actor.Export) || all && !who.Can(actor.Administer) {
		return nil, "", errRight
	}
	q := Query{ByKind: who.Kind, ByID: asker(who), After: after, Limit: limit}
	if all {
		q.ByKind, q.ByID = "", ""
	}
	if q.Limit < 1 || q.Limit > 200 {
		q.Limit = 50
	}
	return s.Store.Exports(ctx, who.Tenant, q)
}

// Export returns one export, to its asker and to administrators; to anybody else it
// does not exist.
func (s *Service) Export(ctx context.Context, who actor.Actor, x string) (got Export, err error) {
	defer errs.Wrap(&err, "export.Export")
	if who.Kind == actor.Visitor || !who.Can(actor.Export) {
		return got, errRight
	}
	if got, err = s.Store.Export(ctx, who.Tenant, x); err != nil {
		return Export{}, err
	}
	own := got.ByKind == who.Kind && got.ByID == asker(who)
	if !own && (who.Kind != actor.Agent || !who.Can(actor.Administer)) {
		return Export{}, errMissing
	}
	return got, nil
}

// Open opens the file of an export that is done, and notes the download. The caller
// closes it. Errors: those of Export; Forbidden if who may no longer read such lists;
// Conflict "export_not_ready".
func (s *Service) Open(ctx context.Context, who actor.Actor, x string) (o media.Opened, err error) {
	defer errs.Wrap(&err, "export.Open")
	got, err := s.Export(ctx, who, x)
	if err != nil {
		return o, err
	}
	if err = allowed(who, got.Kind); err != nil {
		return o, err
	}
	if got.State != Done {
		return o, errs.New(errs.Conflict, "export_not_ready", "The file is not there yet.")
	}
	if o, err = s.Files.Content(ctx, got.Tenant, got.file()); err != nil {
		return o, err
	}
	if err = s.Store.CountDownload(ctx, got.Tenant, got.ID, audit.Of(who, s.Clock.Now())); err != nil {
		_ = o.Body.Close() // read-only
		return media.Opened{}, err
	}
	got.Downloads++
	s.tell(got, false)
	return o, nil
}

// Remove deletes an export and its file, also while it is written.
func (s *Service) Remove(ctx context.Context, who actor.Actor, x string) (err error) {
	defer errs.Wrap(&err, "export.Remove")
	got, err := s.Export(ctx, who, x)
	if err != nil {
		return err
	}
	return s.drop(ctx, got.Tenant, got.ID, audit.Of(who, s.Clock.Now()))
}

// drop removes the row first: whoever writes the file sees that, and a file that stays
// behind after a crash is removed by JobForget.
func (s *Service) drop(ctx context.Context, t id.Tenant, x string, by audit.By) error {
	got, err := s.Store.DropExport(ctx, t, x, by)
	if err != nil && errs.CodeOf(err) != errs.NotFound {
		return err
	}
	if err == nil {
		s.tell(got, true)
	}
	return s.Files.Discard(ctx, t, id.File(x))
}

// Forget is the worker of JobForget.
func (s *Service) Forget(ctx context.Context, j job.Job) (err error) {
	defer errs.Wrap(&err, "export.Forget")
	return s.drop(ctx, j.Tenant, j.Payload, audit.None)
}

// tell announces an export to its asker.
func (s *Service) tell(x Export, gone bool) {
	if x.ByKind != actor.Agent {
		return
	}
	s.Events.Publish(&event.Event{ID: id.New(), Tenant: x.Tenant, Kind: event.ExportChanged, To: []event.Topic{event.ToAgent(x.Tenant, id.Agent(x.ByID))},
		At: s.Clock.Now(), Data: &Changed{Export: x, Gone: gone}})
}

// convert makes a workbook of the lines of a part.
func convert(lines io.ReadSeeker, to io.Writer) error {
	if _, err := lines.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return sheet.Book(to, lines)
}
