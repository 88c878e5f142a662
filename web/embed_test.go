package web

import (
	"io/fs"
	"strings"
	"testing"
)

// TestFiles/RootIsDist: the folder name dist must not show in the paths that the server asks for.
func TestFiles(t *testing.T) {
	t.Parallel()
	t.Run("RootIsDist", func(t *testing.T) {
		t.Parallel()
		if _, err := fs.Stat(Files(), "dist"); err == nil {
			t.Fatal("Files() still has the dist folder at its root")
		}
		if _, err := fs.Stat(Files(), ".keep"); err != nil {
			t.Fatalf("placeholder missing: %v", err)
		}
	})
	t.Run("BuiltAgreesWithTree", func(t *testing.T) {
		t.Parallel()
		_, err := fs.Stat(Files(), "console/index.html")
		if Built() != (err == nil) {
			t.Fatalf("Built() = %v, but console/index.html: %v", Built(), err)
		}
	})
	t.Run("CompressedFormsLieBesideTheirSource", func(t *testing.T) {
		t.Parallel()
		err := fs.WalkDir(Files(), ".", func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(p, ".gz") {
				return err
			}
			_, err = fs.Stat(Files(), strings.TrimSuffix(p, ".gz"))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
