package media

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// Adopt makes a file of this disk one of a company's: it is moved, however large it is.
// kind is its media type, which the server itself knows, for it made the file.
func (s *Service) Adopt(ctx context.Context, t id.Tenant, name, kind, path string) (f id.File, err error) {
	defer errs.Wrap(&err, "media.Adopt")
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	got := File{ID: id.File(id.New()), Tenant: t, Name: CleanName(name), Type: kind, Size: info.Size(), OwnerKind: actor.System, CreatedAt: s.clock.Now()}
	dst := s.path(t, got.ID, Original)
	if err = os.MkdirAll(filepath.Dir(dst), 0o750); err != nil {
		return "", err
	}
	if err = move(path, dst); err != nil {
		return "", err
	}
	if err = s.store.CreateFile(ctx, got); err != nil {
		return "", errors.Join(err, move(dst, path))
	}
	return got.ID, nil
}

// move moves a file, to another disk if need be; it is on disk then.
func move(from, to string) error {
	if err := os.Rename(from, to); !errors.Is(err, syscall.EXDEV) {
		return err
	}
	if err := duplicate(from, to); err != nil {
		return err
	}
	return os.Remove(from)
}

func duplicate(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o640)
	if err != nil {
		return err
	}
	if _, err = io.Copy(out, in); err == nil {
		err = out.Sync()
	}
	if err = errors.Join(err, out.Close()); err != nil {
		err = errors.Join(err, os.Remove(to))
	}
	return err
}

// Remove deletes a file for good; one that is not there is no error.
func (s *Service) Remove(ctx context.Context, t id.Tenant, f id.File) (err error) {
	defer errs.Wrap(&err, "media.Remove %s", f)
	if !id.Valid(string(f)) {
		return errNoFile
	}
	for _, variant := range []string{Original, Thumb} {
		if err = os.Remove(s.path(t, f, variant)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return s.store.DropFile(ctx, t, f)
}
