package httpx

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
)

// Static serves built web files: the .br or .gz twin if the client takes it,
// strong ETags, and a year of caching for names that carry a hash.
type Static struct {
	files fs.FS
	tags  sync.Map // name → ETag
}

// NewStatic returns a server of files.
func NewStatic(files fs.FS) *Static { return &Static{files: files} }

// hashed reports whether the build put a hash into the name.
func hashed(name string) bool { return strings.Contains(name, "assets/") }

// Has reports whether there is such a file.
func (s *Static) Has(name string) bool {
	st, err := fs.Stat(s.files, name)
	return err == nil && !st.IsDir()
}

// Serve writes the file of that name, 404 if there is none.
func (s *Static) Serve(w http.ResponseWriter, r *http.Request, name string) {
	name = strings.TrimPrefix(path.Clean("/"+name), "/")
	data, coding, err := s.read(name, r.Header.Get("Accept-Encoding"))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		h.Set("Content-Type", t)
	}
	h.Set("Vary", "Accept-Encoding")
	if coding != "" {
		h.Set("Content-Encoding", coding)
	}
	if hashed(name) {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "no-cache")
	}
	tag := s.tag(name+coding, data)
	h.Set("ETag", tag)
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if r.Method != http.MethodHead {
		_, _ = w.Write(data) // the client has gone if this fails
	}
}

func (s *Static) read(name, accept string) (data []byte, coding string, err error) {
	for _, c := range [...][2]string{{"br", ".br"}, {"gzip", ".gz"}} {
		if strings.Contains(accept, c[0]) {
			if data, err = fs.ReadFile(s.files, name+c[1]); err == nil {
				return data, c[0], nil
			}
		}
	}
	data, err = fs.ReadFile(s.files, name)
	return data, "", err
}

func (s *Static) tag(key string, data []byte) string {
	if t, ok := s.tags.Load(key); ok {
		return t.(string)
	}
	sum := sha256.Sum256(data)
	t := `"` + hex.EncodeToString(sum[:12]) + `"`
	s.tags.Store(key, t)
	return t
}
