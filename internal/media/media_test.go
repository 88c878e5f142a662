package media_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/bus/memory"
	"parlor/internal/clock"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/media"
	"parlor/internal/store/storetest"
)

var ann = actor.Actor{Kind: actor.Visitor, Tenant: "main", Visitor: "ann"}

func setup(t *testing.T) (*media.Service, *clock.Stub, string) {
	t.Helper()
	st, c, dir := storetest.SQLite(t), clock.NewStub(time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)), t.TempDir()
	if _, err := account.New(st, memory.New(), c).Setup(t.Context()); err != nil {
		t.Fatal(err)
	}
	return media.New(st, c, media.Options{Dir: dir, MaxSize: 1 << 20, Key: []byte("key")}), c, dir
}

func picture(t *testing.T, w, h int) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for x := range w {
		img.Set(x, h/2, color.RGBA{R: 200, A: 255})
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// open follows a signed address.
func open(t *testing.T, s *media.Service, address string) (media.Opened, error) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	part, q := strings.Split(u.Path, "/"), u.Query()
	return s.Open(t.Context(), id.Tenant(q.Get("t")), id.File(part[2]), part[3], q.Get("e"), q.Get("s"))
}

func TestRow30PictureGetsSizeThumbnailAndSignedAddress(t *testing.T) {
	t.Parallel()
	s, c, _ := setup(t)
	data := picture(t, 1200, 600)
	f, err := s.Save(t.Context(), ann, `C:\fake\..\灯具 "照片".png`, bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if f.Type != "image/png" || f.Width != 1200 || f.Height != 600 || !f.Thumb || f.Name != "灯具 照片.png" || f.Size != int64(len(data)) {
		t.Fatalf("%+v", f)
	}
	o, err := open(t, s, s.Address("main", f.ID, media.Original))
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(o.Body)
	if err = errors.Join(err, o.Body.Close()); err != nil || !bytes.Equal(got, data) {
		t.Fatalf("the original has changed: %v", err)
	}
	o, err = open(t, s, s.Address("main", f.ID, media.Thumb))
	if err != nil {
		t.Fatal(err)
	}
	conf, kind, err := image.DecodeConfig(o.Body)
	if err = errors.Join(err, o.Body.Close()); err != nil || kind != "jpeg" || conf.Width != media.ThumbWidth || conf.Height != 230 {
		t.Fatalf("%+v %s %v", conf, kind, err)
	}
	address := s.Address("main", f.ID, media.Original)
	for name, bad := range map[string]string{"other variant": strings.Replace(address, "original", "thumb", 1), "other tenant": strings.Replace(address, "t=main", "t=evil", 1),
		"other time": strings.Replace(address, "e=1", "e=2", 1), "no signature": strings.Split(address, "&s=")[0], "path": strings.Replace(address, string(f.ID), "..%2f..%2fx", 1)} {
		if _, err := open(t, s, bad); errs.ReasonOf(err) != "bad_signature" {
			t.Errorf("%s: %v", name, err)
		}
	}
	c.Advance(8 * 24 * time.Hour)
	if _, err := open(t, s, address); errs.ReasonOf(err) != "bad_signature" {
		t.Errorf("an old address still works: %v", err)
	}
}

func TestTokenOpensEveryVariantOfOneFile(t *testing.T) {
	t.Parallel()
	s, _, _ := setup(t)
	f, err := s.Save(t.Context(), ann, "a.png", bytes.NewReader(picture(t, 20, 20)))
	if err != nil {
		t.Fatal(err)
	}
	token := s.Token("main", f.ID)
	for _, v := range []string{media.Thumb, media.Original} {
		o, err := s.OpenToken(t.Context(), token, v)
		if err != nil || o.Type != "image/png" {
			t.Fatalf("%s: %+v %v", v, o, err)
		}
		if err := o.Body.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if s.TokenFile("main", token) != f.ID || s.TokenFile("other", token) != "" {
		t.Fatal("TokenFile is wrong")
	}
	for _, bad := range []string{"", "a.b.c.d", token + "x", "other" + strings.TrimPrefix(token, "main")} {
		if _, err := s.OpenToken(t.Context(), bad, media.Original); errs.ReasonOf(err) != "bad_signature" {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestOnlyOurAddressesAreSigned(t *testing.T) {
	t.Parallel()
	s, stub, _ := setup(t)
	f, err := s.Save(t.Context(), ann, "a.png", bytes.NewReader(picture(t, 20, 20)))
	if err != nil {
		t.Fatal(err)
	}
	at := s.Address("main", f.ID, media.Original)
	for address, want := range map[string]bool{
		at: true, s.Address("main", f.ID, media.Thumb): true, s.AddressFor("main", f.ID, media.Original, time.Minute): true,
		"": false, "/": false, at + "x": false, at + "&x=1": false, "https://example.com" + at: false, "//example.com" + at: false,
		strings.Replace(at, media.Original, media.Thumb, 1): false, strings.Replace(at, "t=main", "t=other", 1): false, "/x/.." + at: false, at + "#x": false,
	} {
		if got := s.Signed("main", address); got != want {
			t.Errorf("%s: %v", address, got)
		}
	}
	if s.Signed("other", at) || s.Signed("main", s.Address("other", f.ID, media.Original)) {
		t.Error("an address of another tenant is taken")
	}
	stub.Advance(1000 * time.Hour)
	if s.Signed("main", at) {
		t.Error("an address is taken that is no longer valid")
	}
}

func TestRefusedUploadsLeaveNothingBehind(t *testing.T) {
	t.Parallel()
	s, _, dir := setup(t)
	huge := picture(t, 10, 10)
	copy(huge[16:24], []byte{0, 1, 0, 0, 0, 1, 0, 0}) // 65,536 × 65,536 in the header
	binary.BigEndian.PutUint32(huge[29:33], crc32.ChecksumIEEE(huge[12:29]))
	for _, c := range []struct {
		reason string
		body   io.Reader
	}{
		{"empty_file", strings.NewReader("")},
		{"file_too_large", io.LimitReader(zeros{}, 2<<20)},
		{"type_not_allowed", strings.NewReader(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`)},
		{"type_not_allowed", strings.NewReader("<!DOCTYPE html><script>alert(1)</script>")},
		{"type_not_allowed", strings.NewReader("harmless text\n<ScRiPt>alert(1)</script>")},
		{"type_not_allowed", strings.NewReader("MZ\x90\x00\x03\x00\x00\x00")},
		{"broken_image", strings.NewReader("\x89PNG\r\n\x1a\nnot really")},
		{"image_too_large", bytes.NewReader(huge)},
		{"upload_broken", io.MultiReader(bytes.NewReader(picture(t, 300, 300)[:600]), broken{})},
	} {
		if _, err := s.Save(t.Context(), ann, "x.png", c.body); errs.ReasonOf(err) != c.reason {
			t.Errorf("want %s, got %v", c.reason, err)
		}
	}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			t.Errorf("%s was left behind", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("cable cut") }

func TestOnlyTheUploaderMaySendAFile(t *testing.T) {
	t.Parallel()
	s, _, _ := setup(t)
	f, err := s.Save(t.Context(), ann, "a.txt", strings.NewReader("hello"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.Own(t.Context(), ann, f.ID); err != nil || got.Name != "a.txt" {
		t.Fatalf("%+v %v", got, err)
	}
	for _, who := range []actor.Actor{{Kind: actor.Visitor, Tenant: "main", Visitor: "bob"}, {Kind: actor.Agent, Tenant: "main", Agent: "ann"}, {Kind: actor.Visitor, Tenant: "other", Visitor: "ann"}} {
		if _, err := s.Own(t.Context(), who, f.ID); errs.CodeOf(err) != errs.NotFound {
			t.Errorf("%+v: %v", who, err)
		}
	}
	for _, bad := range []id.File{"", "../../etc/passwd", "x"} {
		if _, err := s.Own(t.Context(), ann, bad); errs.CodeOf(err) != errs.NotFound {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func FuzzCleanName(f *testing.F) {
	for _, s := range []string{"", "a.png", "../../x", `C:\a\b.txt`, "\x00\u202egnp.exe", strings.Repeat("长", 300), "..", " . "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := media.CleanName(s)
		if got == "" || len([]rune(got)) > 120 || strings.ContainsAny(got, "/\\\x00\"<>\u202e") || got == ".." {
			t.Fatalf("%q becomes %q", s, got)
		}
	})
}

func TestAFileOfTheServerIsAdopted(t *testing.T) {
	t.Parallel()
	s, _, dir := setup(t)
	path := filepath.Join(t.TempDir(), "take.webm")
	if err := os.WriteFile(path, bytes.Repeat([]byte("x"), 2<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := s.Adopt(t.Context(), "main", "call-1.webm", "video/webm", path)
	if err != nil {
		t.Fatal(err)
	}
	o, err := s.Content(t.Context(), "main", f)
	if err != nil || o.File.Size != 2<<20 || o.Type != "video/webm" || o.File.Name != "call-1.webm" { // larger than uploads may be
		t.Fatalf("%+v %v", o.File, err)
	}
	if err = o.Body.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err = os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Error("it is there twice")
	}
	if _, err = s.Adopt(t.Context(), "main", "x", "video/webm", path); err == nil {
		t.Error("a file that is not there was adopted")
	}
	for range 2 {
		if err = s.Remove(t.Context(), "main", f); err != nil {
			t.Fatal(err)
		}
	}
	if _, err = s.Content(t.Context(), "main", f); errs.CodeOf(err) != errs.NotFound {
		t.Error(err)
	}
	left := 0
	if err = filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			left++
		}
		return err
	}); err != nil || left != 0 {
		t.Errorf("%d files left, %v", left, err)
	}
	if err = s.Remove(t.Context(), "main", "../../etc/passwd"); errs.CodeOf(err) != errs.NotFound {
		t.Error(err)
	}
}
