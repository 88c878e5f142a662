package server

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"parlor/internal/actor"
	"parlor/internal/clock"
	"parlor/internal/config"
	"parlor/internal/conversation"
	"parlor/internal/demo"
	"parlor/internal/errs"
	"parlor/internal/front/rest"
	"parlor/internal/front/wire"
	"parlor/internal/id"
	"parlor/internal/media"
	"parlor/internal/store"
)

// FillDemo fills an empty database with the demo company.
func FillDemo(ctx context.Context, c config.Config, log *slog.Logger) (err error) {
	st, err := OpenStore(ctx, c, log, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	_, err = demo.Fill(ctx, st, time.Now(), log)
	return err
}

// Keeper keeps files for commands beside a running server.
type Keeper struct{ media *media.Service }

// OpenFiles returns the files of an installation. The folder must be reachable
// from where the command runs.
func OpenFiles(ctx context.Context, c config.Config, st *store.Store) (Keeper, error) {
	key, err := st.Secret(ctx, "signing", []byte(id.Secret(43)))
	return Keeper{media.New(st, clock.System(), media.Options{Dir: uploads(c), MaxSize: c.MaxUpload, Key: key})}, err
}

// Keep stores a file as uploaded by who.
func (k Keeper) Keep(ctx context.Context, who actor.Actor, name string, r io.Reader) (conversation.File, error) {
	f, err := k.media.Save(ctx, who, name, r)
	return conversation.File{ID: f.ID, Name: f.Name, Type: f.Type, Size: f.Size, Width: f.Width, Height: f.Height}, err
}

// PingBus reports whether the bus of the settings can be reached.
func PingBus(ctx context.Context, c config.Config, log *slog.Logger) error {
	b, err := openBus(c, "doctor", log)
	if err != nil {
		return err
	}
	return errors.Join(b.Ping(ctx), b.Close())
}

// Document returns the OpenAPI document of the native API.
func Document(version string) ([]byte, error) {
	m := media.New(nil, clock.System(), media.Options{})
	return rest.Mount(http.NewServeMux(), rest.Deps{Media: m, Views: wire.Views{Files: m}, Version: version, Log: slog.New(slog.DiscardHandler)}).Document()
}

// The parts of a backup: a compressed tar of the database dump and the uploads.
const (
	dumpName     = "database"
	uploadPrefix = "uploads/"
)

// Backup writes database and uploads as one compressed tar. It may run beside a
// server: the database is read in one snapshot; a file that is uploaded
// meanwhile may or may not be in it.
func Backup(ctx context.Context, st *store.Store, c config.Config, w io.Writer) (err error) {
	defer errs.Wrap(&err, "server.Backup")
	zw := gzip.NewWriter(w)
	tw := tar.NewWriter(zw)
	// A tar entry needs its size first: the dump goes through a temporary file.
	tmp, err := os.CreateTemp("", "parlor-dump-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, tmp.Close(), os.Remove(tmp.Name())) }()
	if err = st.Backup(ctx, tmp); err != nil {
		return err
	}
	if err = addFile(tw, dumpName, tmp); err != nil {
		return err
	}
	dir := uploads(c)
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		return errors.Join(addFile(tw, uploadPrefix+filepath.ToSlash(rel), f), f.Close())
	})
	if err != nil {
		return err
	}
	return errors.Join(tw.Close(), zw.Close())
}

func addFile(tw *tar.Writer, name string, f *os.File) error {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if err := tw.WriteHeader(&tar.Header{Name: name, Mode: 0o640, Size: size, Typeflag: tar.TypeReg}); err != nil {
		return err
	}
	_, err = io.Copy(tw, io.LimitReader(f, size))
	return err
}

// Restore reads a backup into an empty database and an uploads folder.
func Restore(ctx context.Context, st *store.Store, c config.Config, r io.Reader) (err error) {
	defer errs.Wrap(&err, "server.Restore")
	zr, err := gzip.NewReader(r)
	if err != nil {
		return errBackup.Because(err)
	}
	tr := tar.NewReader(zr)
	seen := false
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return errBackup.Because(err)
		}
		if h.Name == dumpName && !seen {
			if err := st.Restore(ctx, tr); err != nil {
				return err
			}
			seen = true
			continue
		}
		if err := restoreFile(uploads(c), h, tr); err != nil {
			return err
		}
	}
	if !seen {
		return errBackup
	}
	return nil
}

var errBackup = errs.New(errs.Invalid, "bad_backup", "The file is not a backup of Parlor, or it is damaged.")

// restoreFile writes one upload; a name that leads out of the folder is refused.
func restoreFile(dir string, h *tar.Header, r io.Reader) (err error) {
	rel, ok := strings.CutPrefix(h.Name, uploadPrefix)
	if !ok || h.Typeflag != tar.TypeReg || !filepath.IsLocal(filepath.FromSlash(rel)) {
		return errBackup
	}
	path := filepath.Join(dir, filepath.FromSlash(rel))
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o640)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	_, err = io.Copy(f, r)
	return err
}
