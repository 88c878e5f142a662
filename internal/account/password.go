package account

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"parlor/internal/errs"
)

// Parameters of argon2id: 19 MiB and two passes, the least that is advised for logins.
const (
	argonMemory = 19 * 1024
	argonTime   = 2
	argonLanes  = 1
	argonKey    = 32
)

// Limits of a password, in characters.
const (
	MinPassword = 8
	MaxPassword = 200
)

// hashing bounds the memory of concurrent hashing: 4 × 19 MiB.
var hashing = make(chan struct{}, 4)

func derive(password string, salt []byte, m, t uint32, lanes uint8) []byte {
	hashing <- struct{}{}
	defer func() { <-hashing }()
	return argon2.IDKey([]byte(password), salt, t, m, lanes, argonKey)
}

// CheckNewPassword returns errs.Invalid "password_length" for a password outside the limits.
func CheckNewPassword(password string) error {
	if n := utf8.RuneCountInString(password); n < MinPassword || n > MaxPassword {
		return errs.Field("password", "password_length", "The password has %d characters; %d to %d are allowed.", n, MinPassword, MaxPassword)
	}
	return nil
}

// digested stands before a hash that was made of the password's digest: the
// SHA-256 in hex, which some programs send instead of the password.
const digested = "$sha256"

// Digest returns what programs send instead of a password: its SHA-256 in hex.
func Digest(password string) string {
	sum := sha256.Sum256([]byte(password))
	return hex.EncodeToString(sum[:])
}

// HashPassword returns the argon2id hash of password's digest in PHC form, with a
// mark before it. A password outside the limits is errs.Invalid "password_length".
func HashPassword(password string) (string, error) {
	if err := CheckNewPassword(password); err != nil {
		return "", err
	}
	return hashDigest(Digest(password)), nil
}

// hashDigest returns the hash of a digest.
func hashDigest(digest string) string {
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // never fails since Go 1.24
	key := derive(digest, salt, argonMemory, argonTime, argonLanes)
	b64 := base64.RawStdEncoding
	return fmt.Sprintf(digested+"$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonLanes,
		b64.EncodeToString(salt), b64.EncodeToString(key))
}

// CheckPassword reports whether password has the given hash. A broken hash matches nothing.
func CheckPassword(hash, password string) bool {
	if len(password) > 4*MaxPassword {
		return false
	}
	if rest, ok := strings.CutPrefix(hash, digested); ok {
		return checkKey(rest, Digest(password))
	}
	return checkKey(hash, password)
}

// CheckDigest reports whether the password with the given digest has the given
// hash. A hash from before digests were known matches none.
func CheckDigest(hash, digest string) bool {
	rest, ok := strings.CutPrefix(hash, digested)
	return ok && len(digest) == 2*sha256.Size && checkKey(rest, strings.ToLower(digest))
}

// checkKey reports whether secret has the given argon2id hash.
func checkKey(hash, password string) bool {
	var version int
	var m, t uint32
	var lanes uint8
	var rest string
	if _, err := fmt.Sscanf(hash, "$argon2id$v=%d$m=%d,t=%d,p=%d$%s", &version, &m, &t, &lanes, &rest); err != nil || version != argon2.Version {
		return false
	}
	salt, want, ok := splitKey(rest)
	if !ok || m > 1<<20 || t > 100 || lanes == 0 {
		return false
	}
	return subtle.ConstantTimeCompare(derive(password, salt, m, t, lanes), want) == 1
}

func splitKey(s string) (salt, key []byte, ok bool) {
	for i := range len(s) {
		if s[i] != '$' {
			continue
		}
		salt, err1 := base64.RawStdEncoding.DecodeString(s[:i])
		key, err2 := base64.RawStdEncoding.DecodeString(s[i+1:])
		return salt, key, err1 == nil && err2 == nil && len(salt) > 0 && len(key) == argonKey
	}
	return nil, nil, false
}
