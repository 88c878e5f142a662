package media

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// Grow opens the growing part of a file that the server itself writes piece by piece,
// to go on at size bytes; what lies behind is cut off. At 0 it is a new one: whoever
// still holds the one before writes into nothing. Errors: NotFound "file_not_found" if
// there is no part of that size.
func (s *Service) Grow(t id.Tenant, f id.File, part string, size int64) (out *os.File, err error) {
	defer errs.Wrap(&err, "media.Grow %s", f)
	if !id.Valid(string(f)) {
		return nil, errNoFile
	}
	path := s.path(t, f, filepath.Base(part))
	if size == 0 {
		if err = errors.Join(os.MkdirAll(filepath.Dir(path), 0o750), remove(path)); err != nil {
			return nil, err
		}
		return os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o640)
	}
	if out, err = os.OpenFile(path, os.O_RDWR, 0o640); errors.Is(err, os.ErrNotExist) {
		return nil, errNoFile.Because(err)
	}
	if err != nil {
		return nil, err
	}
	info, err := out.Stat()
	if err == nil && info.Size() < size {
		err = errNoFile
	}
	if err == nil {
		err = out.Truncate(size)
	}
	if err == nil {
		_, err = out.Seek(size, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(err, out.Close())
	}
	return out, nil
}

// Settle makes a part the file, in place of what it was before, and drops the other
// parts. kind is its media type, which the server itself knows, for it made the file.
func (s *Service) Settle(ctx context.Context, t id.Tenant, f id.File, part, name, kind string) (got File, err error) {
	defer errs.Wrap(&err, "media.Settle %s", f)
	path, dst := s.path(t, f, filepath.Base(part)), s.path(t, f, Original)
	info, err := os.Stat(path)
	if err != nil {
		return got, err
	}
	got = File{ID: f, Tenant: t, Name: CleanName(name), Type: kind, Size: info.Size(), OwnerKind: actor.System, CreatedAt: s.clock.Now()}
	if err = s.store.DropFile(ctx, t, f); err != nil {
		return got, err
	}
	if err = os.Rename(path, dst); err != nil {
		return got, err
	}
	if err = s.dropParts(t, f); err != nil {
		return got, err
	}
	return got, s.store.CreateFile(ctx, got)
}

// Discard removes a file for good with all its parts; what is not there is no error.
func (s *Service) Discard(ctx context.Context, t id.Tenant, f id.File) (err error) {
	defer errs.Wrap(&err, "media.Discard %s", f)
	if err = s.Remove(ctx, t, f); err != nil {
		return err
	}
	return s.dropParts(t, f)
}

// dropParts removes whatever belongs to a file and is none of its variants.
func (s *Service) dropParts(t id.Tenant, f id.File) error {
	dir := filepath.Dir(s.path(t, f, Original))
	list, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	for _, x := range list {
		variant, ok := strings.CutPrefix(x.Name(), string(f)+".")
		if ok && variant != Original && variant != Thumb {
			err = errors.Join(err, remove(filepath.Join(dir, x.Name())))
		}
	}
	return err
}
