package media_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"parlor/internal/clock"
	"parlor/internal/errs"
	"parlor/internal/media"
)

func TestNodesMustShareTheUploads(t *testing.T) {
	t.Parallel()
	ck := clock.NewStub(time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC))
	shared := filepath.Join(t.TempDir(), "uploads")
	first := media.Folder{Dir: shared, Mark: "one", First: true}
	for range 2 {
		if err := first.Open(t.Context(), ck); err != nil {
			t.Fatal(err)
		}
	}
	if err := (media.Folder{Dir: shared, Mark: "one"}).Open(t.Context(), ck); err != nil {
		t.Fatalf("the second node on the same folder: %v", err)
	}
	if err := (media.Folder{Dir: shared, Mark: "two", First: true}).Open(t.Context(), ck); errs.ReasonOf(err) != "uploads_foreign" {
		t.Fatalf("another installation: %v", err)
	}
	other := media.Folder{Dir: filepath.Join(t.TempDir(), "elsewhere"), Mark: "one", Wait: 3 * time.Second}
	done := make(chan error, 1)
	go func() { done <- other.Open(t.Context(), ck) }()
	for range 30 {
		ck.AwaitTimers(1)
		ck.Advance(100 * time.Millisecond)
	}
	if err := <-done; errs.ReasonOf(err) != "uploads_foreign" || !strings.Contains(errs.MessageOf(err), `"one" into `+filepath.Join(other.Dir, media.Marker)) {
		t.Fatalf("another folder: %v", err)
	}
	if err := other.Adopt(); err != nil {
		t.Fatal(err)
	}
	if err := other.Open(t.Context(), ck); err != nil {
		t.Fatalf("after the remedy: %v", err)
	}
	left, err := os.ReadDir(shared)
	if err != nil || len(left) != 1 {
		t.Fatalf("probes are left behind: %v %v", left, err)
	}
}

func TestSecondNodeWaitsForTheMarkerOfTheFirst(t *testing.T) {
	t.Parallel()
	ck, dir := clock.NewStub(time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)), t.TempDir()
	done := make(chan error, 1)
	go func() { done <- media.Folder{Dir: dir, Mark: "one", Wait: time.Second}.Open(t.Context(), ck) }()
	ck.AwaitTimers(1)
	if err := (media.Folder{Dir: dir, Mark: "one", First: true}).Open(t.Context(), ck); err != nil {
		t.Fatal(err)
	}
	ck.Advance(100 * time.Millisecond)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestUploadsThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f := media.Folder{Dir: filepath.Join(file, "uploads"), Mark: "one", First: true}
	if err := f.Open(t.Context(), clock.System()); errs.CodeOf(err) != errs.Unavailable || errs.ReasonOf(err) != "uploads_unwritable" {
		t.Fatalf("%v", err)
	}
	if err := f.Adopt(); errs.ReasonOf(err) != "uploads_unwritable" {
		t.Fatalf("%v", err)
	}
}
