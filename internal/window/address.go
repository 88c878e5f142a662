package window

import (
	"crypto/cipher"
	"crypto/des"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"parlor/internal/setting"
)

// The parameters of a signature: the second in which it was made, and itself.
const (
	ParamTime = "kefu_ts"
	ParamSign = "kefu_sign"
)

// MaxAddress is the longest address, in bytes. Parameters of the conversation for which
// there is no room are left out.
const MaxAddress = 8192

// Address returns the address of a window with what the page is told in its query:
// system by the names of setting.WindowAlways and WindowParams, then the window's
// fixed ones, then those of the conversation. No name is there twice: what the address
// itself says stands, and what visitors set cannot stand for anything else. Names and
// values are escaped as in a path, blanks too.
//
// With SignHMAC the last two parameters are ParamTime and ParamSign: the SHA-256 HMAC,
// in hex, of the query as it stands before "&kefu_sign=". With SignDES values are
// encrypted by Encrypt.
func Address(w setting.Window, system, custom map[string]string, now time.Time) string {
	page, fragment, _ := strings.Cut(w.Address, "#")
	path, own, _ := strings.Cut(page, "?")
	q := &query{text: own, taken: taken(own)}
	for _, name := range append(slices.Clone(setting.WindowAlways), setting.WindowParams...) {
		if slices.Contains(w.Without, name) {
			continue
		}
		v := system[name]
		if w.Sign == setting.SignDES && w.EncryptAll {
			v = Encrypt(w.Key, v)
		}
		q.add(name, v)
	}
	for _, name := range slices.Sorted(maps.Keys(w.Fixed)) {
		q.add(name, value(w, w.Fixed[name]))
	}
	room := MaxAddress - len(path) - len(fragment) - 2
	if w.Sign == setting.SignHMAC {
		room -= len("&kefu_ts=0000000000&kefu_sign=") + 2*sha256.Size
	}
	if !w.NoCustom {
		for _, name := range slices.Sorted(maps.Keys(custom)) {
			if plain(name) {
				q.fit(name, value(w, custom[name]), room)
			}
		}
	}
	if w.Sign == setting.SignHMAC {
		q.add(ParamTime, strconv.FormatInt(now.Unix(), 10))
		q.text += "&" + ParamSign + "=" + Sign(w.Key, q.text)
	}
	out := path
	if q.text != "" {
		out += "?" + q.text
	}
	if fragment != "" {
		out += "#" + fragment
	}
	return out
}

// value is a parameter that is not the system's, as the page gets it.
func value(w setting.Window, v string) string {
	if w.Sign == setting.SignDES {
		return Encrypt(w.Key, v)
	}
	return v
}

// Sign returns the SHA-256 HMAC of a query, in hex.
func Sign(key, query string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(query))
	return hex.EncodeToString(mac.Sum(nil))
}

// Encrypt encrypts a value the old way: DES in ECB mode with PKCS #5 padding, in
// base64. It hides nothing from whoever tries; "" as key is setting.LegacyKey. A key
// that has not 8 bytes gives "".
func Encrypt(key, value string) string {
	if key == "" {
		key = setting.LegacyKey
	}
	block, err := des.NewCipher([]byte(key))
	if err != nil {
		return ""
	}
	pad := des.BlockSize - len(value)%des.BlockSize
	text := append([]byte(value), strings.Repeat(string(rune(pad)), pad)...)
	ecb(block, text)
	return base64.StdEncoding.EncodeToString(text)
}

func ecb(block cipher.Block, text []byte) {
	for at := 0; at < len(text); at += block.BlockSize() {
		block.Encrypt(text[at:], text[at:])
	}
}

// query is the query of an address as it grows.
type query struct {
	text string
	// taken are the names that are there, in small letters.
	taken map[string]bool
}

func (q *query) add(name, value string) { q.fit(name, value, MaxAddress*10) }

// fit adds a parameter unless its name is there or the query would get too long.
func (q *query) fit(name, value string, most int) {
	part := escape(name) + "=" + escape(value)
	if q.taken[strings.ToLower(name)] || len(q.text)+len(part)+1 > most {
		return
	}
	q.taken[strings.ToLower(name)] = true
	if q.text != "" && !strings.HasSuffix(q.text, "&") {
		q.text += "&"
	}
	q.text += part
}

// taken are the names of a query, and those that nobody but the server sets.
func taken(own string) map[string]bool {
	m := map[string]bool{ParamSign: true}
	// What cannot be read is left out: it has no name to be taken.
	values, _ := url.ParseQuery(own)
	for name := range values {
		m[strings.ToLower(name)] = true
	}
	return m
}

// plain refuses names that a page may read as another one: some languages take dots,
// blanks and brackets for something else.
func plain(name string) bool {
	system := append(slices.Clone(setting.WindowAlways), setting.WindowParams...)
	return name != "" && !strings.ContainsAny(name, ".[]+ \x00") && !strings.EqualFold(name, ParamTime) &&
		!slices.ContainsFunc(system, func(s string) bool { return strings.EqualFold(s, name) })
}

func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
