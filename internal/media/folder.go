package media

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"parlor/internal/clock"
	"parlor/internal/errs"
)

// Marker is the file that says to which installation an uploads folder belongs.
const Marker = ".parlor-uploads"

// markerStep is how often a node looks for the marker that another one is about to write.
const markerStep = 100 * time.Millisecond

// Folder checks a folder for uploads.
type Folder struct {
	Dir string
	// Mark is the name of the installation, the same on all its nodes.
	Mark string
	// First is true for the node that chose Mark: it writes the marker.
	First bool
	// Wait is how long to wait for a marker that another node is about to
	// write. Default 0: it must be there.
	Wait time.Duration
}

// Open creates the folder if need be, and checks that files can be written to
// it and that it is the one that the other nodes use. Errors: Unavailable
// "uploads_unwritable", Conflict "uploads_foreign".
func (f Folder) Open(ctx context.Context, c clock.Clock) error {
	if err := f.writable(); err != nil {
		return err
	}
	if f.First {
		if _, err := os.Stat(f.path()); errors.Is(err, fs.ErrNotExist) {
			return f.write()
		}
	}
	for waited := time.Duration(0); ; waited += markerStep {
		mark, err := os.ReadFile(f.path())
		switch {
		case err == nil && strings.TrimSpace(string(mark)) == f.Mark:
			return nil
		case err == nil:
			return errs.New(errs.Conflict, "uploads_foreign", "The uploads folder %s belongs to another installation of Parlor.", f.Dir)
		case !errors.Is(err, fs.ErrNotExist):
			return errs.New(errs.Unavailable, "uploads_unwritable", "The file %s cannot be read.", f.path()).Because(err)
		case waited >= f.Wait:
			return errs.New(errs.Conflict, "uploads_foreign", "The uploads folder %s is not the one that this installation uses. "+
				"Give every node the same shared folder (uploads); if the files have been moved here, write %q into %s.", f.Dir, f.Mark, f.path())
		}
		timer := c.NewTimer(markerStep)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C():
		}
	}
}

// Adopt makes the folder the installation's own, whatever it was before.
func (f Folder) Adopt() error {
	if err := f.writable(); err != nil {
		return err
	}
	return f.write()
}

func (f Folder) path() string { return filepath.Join(f.Dir, Marker) }

func (f Folder) unwritable(err error) error {
	return errs.New(errs.Unavailable, "uploads_unwritable", "Files cannot be written to the uploads folder %s.", f.Dir).Because(err)
}

func (f Folder) writable() error {
	if err := os.MkdirAll(f.Dir, 0o750); err != nil {
		return f.unwritable(err)
	}
	probe, err := os.CreateTemp(f.Dir, ".probe-*")
	if err != nil {
		return f.unwritable(err)
	}
	_, err = probe.WriteString("probe")
	if err = errors.Join(err, probe.Close(), os.Remove(probe.Name())); err != nil {
		return f.unwritable(err)
	}
	return nil
}

// write puts the marker in place whole: another node may be reading.
func (f Folder) write() error {
	tmp, err := os.CreateTemp(f.Dir, ".probe-*")
	if err != nil {
		return f.unwritable(err)
	}
	_, err = tmp.WriteString(f.Mark + "\n")
	if err = errors.Join(err, tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), f.path())
	}
	if err != nil {
		return errors.Join(f.unwritable(err), remove(tmp.Name()))
	}
	return nil
}
