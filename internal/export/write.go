package export

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"syscall"
	"time"

	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/job"
	"parlor/internal/sheet"
)

const (
	// stepFor is how long a turn takes, about: so long a stop of the server waits, and
	// so often the asker sees how far it is.
	stepFor = 2 * time.Second
	// busyFor is the pause of exports that wait for another one of this node.
	busyFor = time.Second
	// mostTries is how often an export is begun again.
	mostTries = 5
	// whole is the place behind the last row.
	whole = "."
	// The parts of a file that grows: lines, and the workbook that is made of them.
	partLines, partBook = "lines", "book"
)

// fatal is a reason for which an export fails for good.
type fatal string

func (f fatal) Error() string { return "export fails: " + string(f) }

// Write is the worker of Job: one turn of an export.
func (s *Service) Write(ctx context.Context, j job.Job) (err error) {
	defer errs.Wrap(&err, "export.Write")
	select {
	case s.busy <- struct{}{}:
		defer func() { <-s.busy }()
	default:
		return job.Again(s.Clock.Now().Add(busyFor))
	}
	x, ok, err := s.Store.TakeExport(ctx, j.Tenant, j.Payload, s.Clock.Now())
	if errs.CodeOf(err) == errs.NotFound {
		return s.Files.Discard(ctx, j.Tenant, id.File(j.Payload))
	}
	if err != nil || !ok {
		return err
	}
	if x.Turn == 1 {
		s.tell(x, false)
	}
	err = s.turn(ctx, &x)
	var f fatal
	switch {
	case err == nil || errs.ReasonOf(err) == "export_moved":
	case errors.As(err, &f):
		err = s.fail(ctx, &x, string(f))
	case errors.Is(err, syscall.ENOSPC):
		err = s.fail(ctx, &x, "no_space")
	case x.Tries >= mostTries:
		s.Log.Error("export given up", "export", x.ID, "error", err)
		err = s.fail(ctx, &x, "internal")
	}
	if errs.ReasonOf(err) == "export_moved" {
		return s.moved(ctx, x)
	}
	if err == nil && !x.Over() {
		return job.Again(s.Clock.Now())
	}
	return err
}

// moved gives way to whoever took the export meanwhile. If it was deleted, so is what
// this turn has written.
func (s *Service) moved(ctx context.Context, x Export) error {
	_, err := s.Store.Export(ctx, x.Tenant, x.ID)
	if errs.CodeOf(err) == errs.NotFound {
		return s.Files.Discard(ctx, x.Tenant, x.file())
	}
	return err
}

// fail ends an export without a file.
func (s *Service) fail(ctx context.Context, x *Export, reason string) error {
	now := s.Clock.Now()
	x.State, x.Reason, x.EndedAt, x.Size, x.Clean = Failed, reason, &now, 0, true
	if err := s.Store.KeepExport(ctx, *x); err != nil {
		return err
	}
	s.tell(*x, false)
	return s.Files.Discard(ctx, x.Tenant, x.file())
}

// turn writes for a while and, once every row is there, makes the file of it.
func (s *Service) turn(ctx context.Context, x *Export) error {
	who, err := s.acting(ctx, *x)
	if err != nil {
		return err
	}
	if x.Place != whole {
		if err = s.write(ctx, who, x); err != nil {
			return err
		}
		x.Clean = true
		if err = s.Store.KeepExport(ctx, *x); err != nil {
			return err
		}
		if x.Place != whole {
			s.tell(*x, false)
			return nil
		}
	}
	part, size := partLines, x.Size
	if x.Format == sheet.XLSX {
		part = partBook
		if size, err = s.bind(*x); err != nil {
			return err
		}
	}
	if _, err = s.Files.Settle(ctx, x.Tenant, x.file(), part, x.Name, x.Format.Type()); err != nil {
		return err
	}
	now := s.Clock.Now()
	x.State, x.Size, x.EndedAt = Done, size, &now
	if err = s.Store.KeepExport(ctx, *x); err == nil {
		s.tell(*x, false)
	}
	return err
}

// acting is who asked for x, with what it may do now.
func (s *Service) acting(ctx context.Context, x Export) (who actor.Actor, err error) {
	if x.ByKind == actor.System {
		return actor.Actor{Kind: actor.System, Tenant: x.Tenant, Name: x.ByName}, nil
	}
	who, err = s.World.ActorOf(ctx, x.Tenant, id.Agent(x.ByID))
	if code := errs.CodeOf(err); code == errs.NotFound || code == errs.Forbidden || err == nil && allowed(who, x.Kind) != nil {
		return who, fatal("not_allowed")
	}
	return who, err
}

// write adds pages to the lines until its time is up or there are no more.
func (s *Service) write(ctx context.Context, who actor.Actor, x *Export) (err error) {
	f, err := s.Files.Grow(x.Tenant, x.file(), partLines, x.Size)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	buffer := bufio.NewWriterSize(f, 1<<16)
	lines, err := sheet.NewLines(buffer, x.Size == 0)
	if err != nil {
		return err
	}
	r, err := s.newRun(ctx, who, x, lines)
	if err != nil {
		return err
	}
	if x.Size == 0 {
		if err = lines.Row(r.heading()); err != nil {
			return err
		}
	}
	for end := s.Clock.Now().Add(s.step); x.Place != whole; {
		next, err := r.page(ctx, x.Place)
		if err != nil {
			return err
		}
		if x.Place = next; next == "" {
			x.Place = whole
		}
		if !s.Clock.Now().Before(end) {
			break
		}
	}
	if err = errors.Join(lines.Flush(), buffer.Flush(), f.Sync()); err != nil {
		return err
	}
	x.Size, err = f.Seek(0, io.SeekCurrent)
	return err
}

// bind makes a workbook of the lines and returns its size.
func (s *Service) bind(x Export) (size int64, err error) {
	lines, err := s.Files.Grow(x.Tenant, x.file(), partLines, x.Size)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, lines.Close()) }()
	book, err := s.Files.Grow(x.Tenant, x.file(), partBook, 0)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, book.Close()) }()
	if err = convert(lines, book); err == nil {
		err = book.Sync()
	}
	if err != nil {
		return 0, err
	}
	return sizeOf(book)
}

func sizeOf(f *os.File) (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
