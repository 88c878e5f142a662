package identity_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"parlor/internal/identity"
)

// sample returns the code of a language in the document.
func sample(t *testing.T, language string) string {
	t.Helper()
	doc, err := os.ReadFile("../../docs/identity.md")
	if err != nil {
		t.Fatal(err)
	}
	got := regexp.MustCompile("(?s)```" + language + "\n(.*?)```").FindSubmatch(doc)
	if got == nil {
		t.Fatal("the document has no sample for", language)
	}
	return string(got[1])
}

// TestSamplesOfTheDocumentSign runs each sample whose language is there.
func TestSamplesOfTheDocumentSign(t *testing.T) {
	t.Parallel()
	const user = `"id": "u1", "name": "Ann 安", "email": "ann@example.com"`
	for _, c := range []struct{ language, program, file, before, after string }{
		{"js", "node", "s.mjs", "", "console.log(identityToken({" + user + "}))"},
		{"python", "python3", "s.py", "", "print(identity_token({" + user + "}))"},
		{"php", "php", "s.php", "<?php\n", "echo identity_token([" + strings.ReplaceAll(user, ":", "=>") + "]);"},
		{"go", "go", "s.go", "package main\nimport (\"crypto/hmac\"; \"crypto/sha256\"; \"encoding/base64\"; \"encoding/json\"; \"fmt\"; \"os\"; \"time\")\n", "func main() { fmt.Println(identityToken(\"u1\", \"Ann 安\", \"ann@example.com\")) }"},
	} {
		t.Run(c.language, func(t *testing.T) {
			t.Parallel()
			code := sample(t, c.language)
			path, err := exec.LookPath(c.program)
			if err != nil {
				t.Skip("there is no", c.program, "to run the sample with")
			}
			file := filepath.Join(t.TempDir(), c.file)
			if err := os.WriteFile(file, []byte(c.before+code+c.after+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			args := []string{file}
			if c.language == "go" {
				args = []string{"run", file}
			}
			run := exec.CommandContext(t.Context(), path, args...)
			run.Env = append(os.Environ(), "PARLOR_IDENTITY_KEY="+string(keyA))
			out, err := run.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			got, err := identity.Open(strings.TrimSpace(string(out)), [][]byte{keyA}, nil, time.Now())
			if err != nil || got.Subject != "u1" || got.Name != "Ann 安" || got.Email != "ann@example.com" {
				t.Fatalf("%+v %v", got, err)
			}
		})
	}
}

// TestSignIsRead: what Sign makes is what Open reads.
func TestSignIsRead(t *testing.T) {
	t.Parallel()
	want := identity.Claims{Subject: "u1", Name: "A", Email: "e", Phone: "p", Expires: now.Add(time.Hour), IssuedAt: now, Audience: []string{"shop"}}
	got, err := open(identity.Sign(string(keyA), want))
	if err != nil || got.Subject != "u1" || got.Name+got.Email+got.Phone != "Aep" || !got.Expires.Equal(want.Expires) || !got.IssuedAt.Equal(now) || got.Audience[0] != "shop" {
		t.Fatalf("%+v %v", got, err)
	}
}
