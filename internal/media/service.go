package media

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unicode"

	"parlor/internal/actor"
	"parlor/internal/clock"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// Options are the settings of media; a zero field has its default.
type Options struct {
	// Dir is the folder for files; it is created.
	Dir string
	// MaxSize is the largest file in bytes. Default 20 MiB.
	MaxSize int64
	// SignedFor is how long an address stays valid. Default 7 days.
	SignedFor time.Duration
	// Key signs addresses; the same on all nodes.
	Key []byte
}

// Variants of a stored file.
const (
	Original = "original"
	Thumb    = "thumb"
)

// ThumbWidth is the widest a thumbnail gets, in pixels.
const ThumbWidth = 460

// allowed are the media types that are taken, by what the bytes say.
var allowed = map[string]string{
	"image/jpeg": ".jpg", "image/png": ".png", "image/gif": ".gif", "image/webp": ".webp",
	"application/pdf": ".pdf", "text/plain": ".txt", "application/zip": ".zip",
	"audio/mpeg": ".mp3", "audio/wave": ".wav", "audio/ogg": ".ogg", "application/ogg": ".ogg", "audio/mp4": ".m4a",
	"video/mp4": ".mp4", "video/webm": ".webm", "application/x-gzip": ".gz", "application/x-rar-compressed": ".rar",
}

// Types lists the media types that are taken.
func Types() []string {
	list := make([]string, 0, len(allowed))
	for t := range allowed {
		list = append(list, t)
	}
	return list
}

// Service stores and serves files.
type Service struct {
	store Store
	clock clock.Clock
	opts  Options
}

// New returns a service; it creates nothing.
func New(store Store, c clock.Clock, opts Options) *Service {
	if opts.MaxSize == 0 {
		opts.MaxSize = 20 << 20
	}
	if opts.SignedFor == 0 {
		opts.SignedFor = 7 * 24 * time.Hour
	}
	return &Service{store: store, clock: c, opts: opts}
}

// MaxSize is the largest file that Save takes, in bytes.
func (s *Service) MaxSize() int64 { return s.opts.MaxSize }

// path is where a variant lies. Both parts are checked by their callers: ids are
// hex digits, tenants come from a credential.
func (s *Service) path(t id.Tenant, f id.File, variant string) string {
	return filepath.Join(s.opts.Dir, filepath.Base(string(t)), string(f[:4]), string(f)+"."+variant)
}

// Save streams r to the folder and returns what it turned out to be. Errors:
// TooLarge "file_too_large", Invalid "type_not_allowed", "empty_file",
// "broken_image", "image_too_large". Nothing is left behind after an error.
func (s *Service) Save(ctx context.Context, who actor.Actor, name string, r io.Reader) (f File, err error) {
	defer errs.Wrap(&err, "media.Save")
	f = File{ID: id.File(id.New()), Tenant: who.Tenant, Name: CleanName(name), OwnerKind: who.Kind, Owner: owner(who), CreatedAt: s.clock.Now()}
	dst := s.path(f.Tenant, f.ID, Original)
	if err = os.MkdirAll(filepath.Dir(dst), 0o750); err != nil {
		return f, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, remove(dst), remove(s.path(f.Tenant, f.ID, Thumb)))
		}
	}()
	head, err := s.stream(dst, r, &f)
	if err != nil {
		return f, err
	}
	f.Type = sniff(head)
	if _, ok := allowed[f.Type]; !ok {
		return f, errs.Field("file", "type_not_allowed", "Files of type %s are not taken.", f.Type)
	}
	if strings.HasPrefix(f.Type, "image/") {
		if err = s.picture(dst, &f); err != nil {
			return f, err
		}
	}
	return f, s.store.CreateFile(ctx, f)
}

func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

func owner(who actor.Actor) string {
	if who.Kind == actor.Agent {
		return string(who.Agent)
	}
	return string(who.Visitor)
}

// stream copies r to dst within the size limit and returns the first bytes.
func (s *Service) stream(dst string, r io.Reader, f *File) (head []byte, err error) {
	out, err := os.OpenFile(dst, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o640)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	head = make([]byte, 512)
	n, err := io.ReadFull(r, head)
	head = head[:n]
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return nil, readError(err)
	}
	if n == 0 {
		return nil, errs.Field("file", "empty_file", "The file is empty.")
	}
	f.Size, err = io.Copy(out, io.LimitReader(io.MultiReader(bytes.NewReader(head), r), s.opts.MaxSize+1))
	if err != nil {
		return nil, readError(err)
	}
	if f.Size > s.opts.MaxSize {
		return nil, errs.New(errs.TooLarge, "file_too_large", "The file is larger than %d MiB.", s.opts.MaxSize>>20)
	}
	return head, out.Sync()
}

func readError(err error) error {
	var big *http.MaxBytesError
	if errors.As(err, &big) {
		return errs.New(errs.TooLarge, "file_too_large", "The file is too large.").Because(err)
	}
	return errs.New(errs.Invalid, "upload_broken", "The upload broke off.").Because(err)
}

// sniff finds the media type in the first bytes; whatever could be active
// content in a browser is named so and thereby refused.
func sniff(head []byte) string {
	t := http.DetectContentType(head)
	if i := strings.IndexByte(t, ';'); i > 0 {
		t = t[:i]
	}
	if t == "text/plain" {
		low := bytes.ToLower(head)
		for _, mark := range []string{"<svg", "<!doctype", "<html", "<script", "<?xml", "<?php"} {
			if bytes.Contains(low, []byte(mark)) {
				return "text/html"
			}
		}
	}
	if t == "application/octet-stream" && len(head) > 12 && string(head[4:8]) == "ftyp" {
		if strings.HasPrefix(string(head[8:12]), "M4A") {
			return "audio/mp4"
		}
		return "video/mp4"
	}
	return t
}

// CleanName makes an uploader's file name fit to be shown: no folders, no
// control characters, at most 120 characters, never empty.
func CleanName(name string) string {
	name = strings.ToValidUTF8(name, "")
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || strings.ContainsRune(`<>:"|?*`, r) || (r >= 0x202A && r <= 0x202E) || (r >= 0x2066 && r <= 0x2069) {
			return -1
		}
		return r
	}, name)
	name = strings.Trim(name, " .")
	if r := []rune(name); len(r) > 120 {
		name = string(r[:100]) + string(r[len(r)-20:])
	}
	if name == "" {
		return "file"
	}
	return name
}

// Own returns a file of the tenant that who uploaded; errs.NotFound otherwise.
func (s *Service) Own(ctx context.Context, who actor.Actor, f id.File) (File, error) {
	if !id.Valid(string(f)) {
		return File{}, errNoFile
	}
	got, err := s.store.File(ctx, who.Tenant, f)
	if err != nil {
		return got, err
	}
	if got.OwnerKind != who.Kind || got.Owner != owner(who) {
		return File{}, errNoFile
	}
	return got, nil
}

// Find returns a file of the tenant, whoever uploaded it: for callers that know
// that it may be shown.
func (s *Service) Find(ctx context.Context, t id.Tenant, f id.File) (File, error) {
	return s.store.File(ctx, t, f)
}

var errNoFile = errs.New(errs.NotFound, "file_not_found", "There is no such file.")

// Sign returns the query that makes an address of a variant valid for a time.
// The time is rounded so that an address stays the same for hours and can be cached.
func (s *Service) Sign(t id.Tenant, f id.File, variant string) string {
	const step = 6 * time.Hour
	until := s.clock.Now().Add(s.opts.SignedFor + step).Truncate(step).Unix()
	return s.signed(t, f, variant, until)
}

func (s *Service) signed(t id.Tenant, f id.File, variant string, until int64) string {
	return "t=" + string(t) + "&e=" + strconv.FormatInt(until, 10) + "&s=" + s.sum(t, f, variant, until)
}

// Address returns the signed path of a variant on this server.
func (s *Service) Address(t id.Tenant, f id.File, variant string) string {
	return "/files/" + string(f) + "/" + variant + "?" + s.Sign(t, f, variant)
}

// AddressFor returns the signed path of a variant that is valid for a time and no longer.
func (s *Service) AddressFor(t id.Tenant, f id.File, variant string, d time.Duration) string {
	return "/files/" + string(f) + "/" + variant + "?" + s.signed(t, f, variant, s.clock.Now().Add(d).Unix())
}

func (s *Service) sum(t id.Tenant, f id.File, variant string, until int64) string {
	h := hmac.New(sha256.New, s.opts.Key)
	h.Write([]byte("file\x00" + string(t) + "\x00" + string(f) + "\x00" + variant + "\x00" + strconv.FormatInt(until, 10)))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:18])
}

// Token returns a word that opens every variant of a file for a time, for
// contracts whose addresses have no room for a query.
func (s *Service) Token(t id.Tenant, f id.File) string {
	const step = 6 * time.Hour
	until := s.clock.Now().Add(s.opts.SignedFor + step).Truncate(step).Unix()
	return string(t) + "." + string(f) + "." + strconv.FormatInt(until, 10) + "." + s.sum(t, f, "any", until)
}

// tokenFile checks a token.
func (s *Service) tokenFile(token string) (t id.Tenant, f id.File, ok bool) {
	part := strings.Split(token, ".")
	if len(part) != 4 {
		return "", "", false
	}
	t, f = id.Tenant(part[0]), id.File(part[1])
	until, err := strconv.ParseInt(part[2], 10, 64)
	return t, f, err == nil && id.Valid(string(f)) && hmac.Equal([]byte(part[3]), []byte(s.sum(t, f, "any", until))) && s.clock.Now().Unix() <= until
}

// TokenFile returns the id of the file that a token of the tenant opens, "" if
// the token is not valid.
func (s *Service) TokenFile(t id.Tenant, token string) id.File {
	if got, f, ok := s.tokenFile(token); ok && got == t {
		return f
	}
	return ""
}

// OpenToken opens a variant by a token; errs.Forbidden "bad_signature" if the
// token is not valid.
func (s *Service) OpenToken(ctx context.Context, token, variant string) (Opened, error) {
	t, f, ok := s.tokenFile(token)
	if !ok {
		return Opened{}, errSignature
	}
	return s.open(ctx, t, f, variant)
}

// Opened is a stored variant ready to be served.
type Opened struct {
	File File
	// Type is the media type of the variant.
	Type string
	Body *os.File
}

// Open checks a signed address and opens the variant. A wrong or expired
// signature is errs.Forbidden "bad_signature".
func (s *Service) Open(ctx context.Context, t id.Tenant, f id.File, variant, expires, sum string) (o Opened, err error) {
	until, perr := strconv.ParseInt(expires, 10, 64)
	if perr != nil || !id.Valid(string(f)) || (variant != Original && variant != Thumb) ||
		!hmac.Equal([]byte(sum), []byte(s.sum(t, f, variant, until))) || s.clock.Now().Unix() > until {
		return o, errSignature
	}
	return s.open(ctx, t, f, variant)
}

// Signed reports whether an address is one that Address gave for a file of the tenant
// and that is still valid. It asks no store.
func (s *Service) Signed(t id.Tenant, address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Fragment != "" {
		return false
	}
	part := strings.Split(u.Path, "/")
	if len(part) != 4 || part[0] != "" || part[1] != "files" || !id.Valid(part[2]) {
		return false
	}
	q := u.Query()
	until, err := strconv.ParseInt(q.Get("e"), 10, 64)
	return err == nil && q.Get("t") == string(t) && (part[3] == Original || part[3] == Thumb) && s.clock.Now().Unix() <= until &&
		address == "/files/"+part[2]+"/"+part[3]+"?"+s.signed(t, id.File(part[2]), part[3], until)
}

var errSignature = errs.New(errs.Forbidden, "bad_signature", "The address is not valid or no longer valid.")

// Content opens a file of the tenant, whoever uploaded it: for callers that know that
// it may be shown. Errors: NotFound "file_not_found".
func (s *Service) Content(ctx context.Context, t id.Tenant, f id.File) (Opened, error) {
	return s.open(ctx, t, f, Original)
}

func (s *Service) open(ctx context.Context, t id.Tenant, f id.File, variant string) (o Opened, err error) {
	defer errs.Wrap(&err, "media.Open")
	if o.File, err = s.store.File(ctx, t, f); err != nil {
		return o, err
	}
	o.Type = o.File.Type
	if variant == Thumb {
		if !o.File.Thumb {
			variant = Original
		} else {
			o.Type = "image/jpeg"
		}
	}
	o.Body, err = os.Open(s.path(t, f, variant))
	if errors.Is(err, os.ErrNotExist) {
		return o, errNoFile.Because(err)
	}
	return o, err
}
