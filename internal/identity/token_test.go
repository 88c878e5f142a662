package identity_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"parlor/internal/errs"
	"parlor/internal/identity"
)

var (
	now  = time.Unix(1_800_000_000, 0)
	keyA = []byte("secret of the first key")
	keyB = []byte("secret of the second key")
)

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// jwt signs raw parts.
func jwt(header, claims string, key []byte) string {
	body := b64(header) + "." + b64(claims)
	m := hmac.New(sha256.New, key)
	m.Write([]byte(body))
	return body + "." + base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

const hs256 = `{"alg":"HS256","typ":"JWT"}`

// claims are good ones with more.
func claims(more string) string {
	return fmt.Sprintf(`{"sub":"u1","exp":%d%s}`, now.Add(time.Hour).Unix(), more)
}

func open(token string) (identity.Claims, error) {
	return identity.Open(token, [][]byte{keyA, keyB}, []string{"shop", "main"}, now)
}

func TestTokensSayWhoSomebodyIs(t *testing.T) {
	t.Parallel()
	got, err := open(jwt(hs256, claims(fmt.Sprintf(`,"name":"Ann","email":"a@x.example","phone":"+1","iat":%d,"aud":["other","shop"],"extra":{"a":[1]}`, now.Unix())), keyB))
	if err != nil || got.Subject != "u1" || got.Name != "Ann" || got.Email != "a@x.example" || got.Phone != "+1" || !got.Expires.Equal(now.Add(time.Hour)) || !got.IssuedAt.Equal(now) {
		t.Fatalf("%+v %v", got, err)
	}
	for name, token := range map[string]string{
		"number as sub":        jwt(hs256, strings.Replace(claims(""), `"u1"`, `4711`, 1), keyA),
		"no typ":               jwt(`{"alg":"HS256","kid":"x"}`, claims(""), keyA),
		"one audience":         jwt(hs256, claims(`,"aud":"main"`), keyA),
		"null name":            jwt(hs256, claims(`,"name":null`), keyA),
		"clock a little ahead": jwt(hs256, claims(fmt.Sprintf(`,"iat":%d`, now.Add(4*time.Minute).Unix())), keyA),
		"a fraction":           jwt(hs256, fmt.Sprintf(`{"sub":"u","exp":%d.5}`, now.Unix()+10), keyA),
		"a whole day":          jwt(hs256, fmt.Sprintf(`{"sub":"u","exp":%d}`, now.Add(24*time.Hour).Unix()), keyA),
		"128 characters":       jwt(hs256, strings.Replace(claims(""), "u1", strings.Repeat("中", 128), 1), keyA),
	} {
		if got, err := open(token); err != nil || got.Subject == "" {
			t.Errorf("%s: %+v %v", name, got, err)
		}
	}
}

// TestForgedTokensAreRefused is threat 12: no algorithm, another one, a changed word,
// the wrong key, another audience, the wrong time, too much of everything.
func TestForgedTokensAreRefused(t *testing.T) {
	t.Parallel()
	good := jwt(hs256, claims(""), keyA)
	part := strings.Split(good, ".")
	changed := part[0] + "." + b64(strings.Replace(claims(""), "u1", "u2", 1)) + "." + part[2]
	for name, c := range map[string]struct{ token, reason string }{
		"nothing":               {"", "identity_invalid"},
		"two parts":             {part[0] + "." + part[1], "identity_invalid"},
		"four parts":            {good + ".x", "identity_invalid"},
		"alg none":              {b64(`{"alg":"none"}`) + "." + part[1] + ".", "identity_invalid"},
		"alg none, signed":      {jwt(`{"alg":"none"}`, claims(""), keyA), "identity_invalid"},
		"alg in small letters":  {jwt(`{"alg":"hs256"}`, claims(""), keyA), "identity_invalid"},
		"alg under ALG":         {jwt(`{"ALG":"HS256"}`, claims(""), keyA), "identity_invalid"},
		"alg twice":             {jwt(`{"alg":"HS256","alg":"none"}`, claims(""), keyA), "identity_invalid"},
		"alg of another size":   {jwt(`{"alg":"HS512"}`, claims(""), keyA), "identity_invalid"},
		"alg of key pairs":      {jwt(`{"alg":"RS256"}`, claims(""), keyA), "identity_invalid"},
		"no alg":                {jwt(`{"typ":"JWT"}`, claims(""), keyA), "identity_invalid"},
		"alg as list":           {jwt(`{"alg":["HS256"]}`, claims(""), keyA), "identity_invalid"},
		"crit":                  {jwt(`{"alg":"HS256","crit":["x"],"x":1}`, claims(""), keyA), "identity_invalid"},
		"header no object":      {jwt(`"HS256"`, claims(""), keyA), "identity_invalid"},
		"header null":           {jwt(`null`, claims(""), keyA), "identity_invalid"},
		"huge header":           {jwt(`{"alg":"HS256","x":"`+strings.Repeat("x", 600)+`"}`, claims(""), keyA), "identity_invalid"},
		"huge":                  {jwt(hs256, claims(`,"x":"`+strings.Repeat("x", identity.MaxToken)+`"`), keyA), "identity_invalid"},
		"changed claims":        {changed, "identity_invalid"},
		"foreign key":           {jwt(hs256, claims(""), []byte("other")), "identity_invalid"},
		"empty key":             {jwt(hs256, claims(""), nil), "identity_invalid"},
		"no signature":          {part[0] + "." + part[1] + ".", "identity_invalid"},
		"half a signature":      {good[:len(good)-20], "identity_invalid"},
		"padded":                {good + "=", "identity_invalid"},
		"line break":            {good + "\n", "identity_invalid"},
		"other form of the end": {good[:len(good)-1] + string(other(good[len(good)-1])), "identity_invalid"},
		"claims no JSON":        {jwt(hs256, `{"sub":`, keyA), "identity_invalid"},
		"claims no UTF-8":       {jwt(hs256, "{\"sub\":\"\xff\",\"exp\":1900000000}", keyA), "identity_invalid"},
		"no sub":                {jwt(hs256, strings.Replace(claims(""), "sub", "SUB", 1), keyA), "identity_invalid"},
		"empty sub":             {jwt(hs256, strings.Replace(claims(""), "u1", "", 1), keyA), "identity_invalid"},
		"negative sub":          {jwt(hs256, strings.Replace(claims(""), `"u1"`, "-1", 1), keyA), "identity_invalid"},
		"sub as object":         {jwt(hs256, strings.Replace(claims(""), `"u1"`, `{"$ne":1}`, 1), keyA), "identity_invalid"},
		"long sub":              {jwt(hs256, strings.Replace(claims(""), "u1", strings.Repeat("u", 129), 1), keyA), "identity_invalid"},
		"sub with a line break": {jwt(hs256, strings.Replace(claims(""), "u1", `u\n1`, 1), keyA), "identity_invalid"},
		"name as list":          {jwt(hs256, claims(`,"name":["x"]`), keyA), "identity_invalid"},
		"no exp":                {jwt(hs256, `{"sub":"u1"}`, keyA), "identity_invalid"},
		"exp null":              {jwt(hs256, `{"sub":"u1","exp":null}`, keyA), "identity_invalid"},
		"exp as text":           {jwt(hs256, `{"sub":"u1","exp":"1800000100"}`, keyA), "identity_invalid"},
		"exp in milliseconds":   {jwt(hs256, fmt.Sprintf(`{"sub":"u1","exp":%d}`, now.Add(time.Hour).UnixMilli()), keyA), "identity_invalid"},
		"exp in two days":       {jwt(hs256, fmt.Sprintf(`{"sub":"u1","exp":%d}`, now.Add(48*time.Hour).Unix()), keyA), "identity_invalid"},
		"iat tomorrow":          {jwt(hs256, claims(fmt.Sprintf(`,"iat":%d`, now.Add(time.Hour).Unix())), keyA), "identity_invalid"},
		"nbf tomorrow":          {jwt(hs256, claims(fmt.Sprintf(`,"nbf":%d`, now.Add(time.Hour).Unix())), keyA), "identity_invalid"},
		"iat as text":           {jwt(hs256, claims(`,"iat":"x"`), keyA), "identity_invalid"},
		"foreign aud":           {jwt(hs256, claims(`,"aud":"elsewhere"`), keyA), "identity_invalid"},
		"empty aud":             {jwt(hs256, claims(`,"aud":""`), keyA), "identity_invalid"},
		"no aud in the list":    {jwt(hs256, claims(`,"aud":[]`), keyA), "identity_invalid"},
		"aud as number":         {jwt(hs256, claims(`,"aud":1`), keyA), "identity_invalid"},
		"expired":               {jwt(hs256, fmt.Sprintf(`{"sub":"u1","exp":%d}`, now.Unix()), keyA), "identity_expired"},
		"expired, forged":       {jwt(hs256, fmt.Sprintf(`{"sub":"u1","exp":%d}`, now.Unix()), nil), "identity_invalid"},
	} {
		got, err := open(c.token)
		if errs.CodeOf(err) != errs.Unauthenticated || errs.ReasonOf(err) != c.reason {
			t.Errorf("%s: %+v %v", name, got, err)
		}
	}
	if _, err := identity.Open(good, nil, nil, now); errs.ReasonOf(err) != "identity_invalid" {
		t.Error("an inbox without keys believed", err)
	}
}

// other is another character that stands for the same bits at the end of a signature.
func other(c byte) byte {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return digits[strings.IndexByte(digits, c)^1]
}

// FuzzOpen: nothing that has not been signed by a key gets through, and nothing panics.
func FuzzOpen(f *testing.F) {
	f.Add(jwt(hs256, claims(""), keyA), hs256, claims(`,"aud":["shop"]`))
	f.Add("a.b.c", `{"alg":"none"}`, `{"sub":1,"exp":1e10}`)
	f.Add("..", `{}`, `[]`)
	f.Fuzz(func(t *testing.T, token, header, body string) {
		if got, err := identity.Open(token, [][]byte{[]byte("a key nobody has")}, nil, now); err == nil {
			t.Fatalf("forged: %+v", got)
		}
		got, err := open(jwt(header, body, keyA))
		if err != nil {
			if errs.CodeOf(err) != errs.Unauthenticated {
				t.Fatal(err)
			}
			return
		}
		if got.Subject == "" || !got.Expires.After(now) || got.Expires.After(now.Add(25*time.Hour)) {
			t.Fatalf("%+v", got)
		}
	})
}
