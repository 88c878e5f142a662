package tlsconf

import (
	"bufio"
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"parlor/internal/errs"
)

// Properties returns the key store that ssl/https.properties below the uploads
// folder names, as UCKeFu has it: key-store is a file beside it or an absolute
// path, key-store-password is plain text. ok is false if there is no such file.
// Errors are errs.Invalid "tls_properties".
func Properties(uploads string) (f Files, ok bool, err error) {
	path := filepath.Join(uploads, "ssl", "https.properties")
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
		return f, false, nil
	}
	if err != nil {
		return f, false, errs.Field("uploads", "tls_properties", "The file %s cannot be read.", path).Because(err)
	}
	values := parseProperties(b)
	store := values["key-store"]
	if store == "" {
		return f, false, errs.Field("uploads", "tls_properties", "The file %s has no key-store.", path)
	}
	store = strings.TrimPrefix(store, "file:")
	if !filepath.IsAbs(store) {
		store = filepath.Join(filepath.Dir(path), store)
	}
	return Files{Keystore: store, Password: values["key-store-password"], Properties: path}, true, nil
}

// parseProperties reads lines of name=value or name: value; # and ! start comments.
func parseProperties(b []byte) map[string]string {
	m := map[string]string{}
	lines := bufio.NewScanner(bytes.NewReader(b))
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' || line[0] == '!' {
			continue
		}
		if i := strings.IndexAny(line, "=:"); i > 0 {
			m[strings.TrimSpace(line[:i])] = strings.TrimSpace(line[i+1:])
		}
	}
	return m
}
