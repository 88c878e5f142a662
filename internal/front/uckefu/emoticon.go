package uckefu

import (
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/net/html"

	"parlor/internal/conversation"
	"parlor/internal/setting"
)

// Emoticons are the pictures of the contract's editor. What comes in as a marker
// [n] or as a picture is kept as an emoji, which every other client shows; what
// goes out to pages of the contract is the picture again.
const (
	// emoticonPath is where pages look for the pictures.
	emoticonPath = "/im/js/kindeditor/plugins/emoticons/images/"
	// pictured follows an emoji that stands for an emoticon. It asks for the coloured
	// form, which emoji have anyway: nobody sees it, and an emoji that somebody
	// typed, without it, goes out as it came in.
	pictured = "\uFE0F"
)

// faces are the emoji of the editor's emoticons by their number. Above the last
// there is no picture: such a number was typed in brackets.
var faces = []rune(
	`🙂😖😍😳😎😢😊🤐😴😭` +
		`😅😡😜😁😮🙁🤠😰😫🤮` +
		`🤭🥰🙄😤😋😪😱😓😄💂` +
		`💪🤬🤔🤫😵😩😞💀🔨👋` +
		`😥👃👏😣😈😒😑🥱😠🥺` +
		`😿😏😚😨😔🔪🍉🍺🏀🏓` +
		`☕🍚🐷🌹🥀💋❤💔🎂⚡` +
		`💣🗡⚽🐞💩🌙🌞🎁🤗👍` +
		`👎🤝✌🙏👉✊👇🤟🚫👌` +
		`💑😘🐸🥶💢💫🙇🔙🤸🙋` +
		`🤩🕺💏☯🔄🐱🐶🐼🐰🐯` +
		`🐻🐨🐮🐔🐧🐦🐴🐑🐘🐍` +
		`🐟🐬🐳🌲🌻🌸🍀🍁🍎🍓` +
		`🍇🍒🍍🍌🌈`)

var (
	marker      = regexp.MustCompile(`\[(0|[1-9][0-9]{0,2})\]`)
	emoticonSrc = regexp.MustCompile(`/emoticons/images/(0|[1-9][0-9]{0,2})\.(?:png|gif)$`)
	// drawn puts pictures in place of emoji that stand for emoticons.
	drawn = func() *strings.Replacer {
		var pairs []string
		for n, face := range faces {
			emoji := string(face) + pictured
			pairs = append(pairs, emoji, "<img src='"+emoticonPath+strconv.Itoa(n)+".png' alt='"+emoji+"'>")
		}
		return strings.NewReplacer(pairs...)
	}()
)

// faceOf is the emoji of an emoticon by its number, "" if the editor has no
// picture of that number.
func faceOf(n string) string {
	v, err := strconv.Atoi(n)
	if err != nil || v < 0 || v >= len(faces) {
		return ""
	}
	return string(faces[v]) + pictured
}

// unmarked puts emoji in place of the markers in a text of the contract's editors.
func unmarked(text string) string {
	if !strings.Contains(text, "[") {
		return text
	}
	return marker.ReplaceAllStringFunc(text, func(m string) string {
		if face := faceOf(m[1 : len(m)-1]); face != "" {
			return face
		}
		return m
	})
}

// emoticons puts pictures into HTML. The picture's alternative text is the emoji,
// for pages that do not load pictures.
func emoticons(text string) string {
	if !strings.Contains(text, pictured) {
		return text
	}
	return drawn.Replace(text)
}

// emoticon serves the picture of an emoticon: the emoji as a drawing, whatever
// the ending of its name says.
func (f *Front) emoticon(w http.ResponseWriter, r *http.Request) {
	m := emoticonSrc.FindStringSubmatch(r.URL.Path)
	if m == nil || faceOf(m[1]) == "" {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "image/svg+xml; charset=utf-8")
	h.Set("Cache-Control", "public, max-age=604800")
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	_, _ = io.WriteString(w, `<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24" viewBox="0 0 24 24"><text x="12" y="18" font-size="17" text-anchor="middle" `+
		`font-family="Apple Color Emoji,Segoe UI Emoji,Noto Color Emoji,sans-serif">`+faceOf(m[1])+`</text></svg>`) // the client has gone if this fails
}

// emoticonOf returns the emoji of an emoticon's picture, "" for any other.
func emoticonOf(attrs []html.Attribute) string {
	for _, a := range attrs {
		if a.Key != "src" {
			continue
		}
		if m := emoticonSrc.FindStringSubmatch(a.Val); m != nil {
			return faceOf(m[1])
		}
	}
	return ""
}

// cut keeps the first most characters of a text; over tells whether it was
// longer. Characters are counted, not bytes, so that none is broken.
func cut(text string, most int) (kept string, over bool) {
	n := 0
	for i := range text {
		if n == most {
			return text[:i], true
		}
		n++
	}
	return text, false
}

// clip cuts a visitor's text to what the inbox allows (maxwordsnum in the
// contract) and tells the visitor if something was lost.
func (c *visitorConn) clip(text string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	most := c.inbox.Settings.Look.MaxChars
	if most < 1 || most > conversation.MaxText {
		most = conversation.MaxText
	}
	kept, over := cut(text, most)
	if over {
		c.status("message", strings.ReplaceAll(c.prompt(setting.PromptCut), "{num}", strconv.Itoa(most)), false)
	}
	return kept
}
