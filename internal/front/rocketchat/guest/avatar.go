package guest

import (
	"fmt"
	"hash/fnv"
	"html"
	"net/http"
	"unicode"
	"unicode/utf8"
)

// avatarColors are the grounds of avatars; white is readable on each.
var avatarColors = []string{"#b3261e", "#8e2f6b", "#5b3fa0", "#2f5aa8", "#1d6f7a", "#2d6b3a", "#7a5a12", "#5a4a42"}

// avatar answers /avatar/:name with the first letter of a name on a ground of its
// own. It says nothing of who exists.
func (f *Front) avatar(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	letter, _ := utf8.DecodeRuneInString(name)
	if !unicode.IsLetter(letter) && !unicode.IsNumber(letter) {
		letter = '?'
	}
	h := fnv.New32a()
	h.Write([]byte(name)) // hashes do not fail
	color := avatarColors[h.Sum32()%uint32(len(avatarColors))]
	w.Header().Set("Content-Type", "image/svg+xml")
	w.Header().Set("Content-Security-Policy", "sandbox; default-src 'none'")
	w.Header().Set("Cache-Control", "public, max-age=86400")
	w.Header().Set("Access-Control-Allow-Origin", "*")
	_, _ = fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 200"><rect width="200" height="200" fill="%s"/>`+
		`<text x="100" y="100" dy=".36em" text-anchor="middle" font-family="sans-serif" font-size="110" fill="#fff">%s</text></svg>`,
		color, html.EscapeString(string(unicode.ToUpper(letter)))) // the client has gone if this fails
}
