package uckefu

import (
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/net/html"

	"parlor/internal/conversation"
	"parlor/internal/setting"
)

// Emoticons are the pictures of the contract's editor. Their markers are kept as
// the plain text [n], which any other client can show too.
const (
	// emoticonPath is where pages look for the pictures.
	emoticonPath = "/im/js/kindeditor/plugins/emoticons/images/"
	// lastEmoticon is the highest number the editor has. What is above it is a
	// number that somebody typed in brackets.
	lastEmoticon = 134
)

var (
	marker      = regexp.MustCompile(`\[(0|[1-9][0-9]{0,2})\]`)
	emoticonSrc = regexp.MustCompile(`/emoticons/images/(0|[1-9][0-9]{0,2})\.(?:png|gif)$`)
)

// isEmoticon reports whether the editor has a picture of that number.
func isEmoticon(n string) bool {
	v, err := strconv.Atoi(n)
	return err == nil && v <= lastEmoticon
}

// emoticons puts pictures in place of the markers in HTML. The picture's
// alternative text is the marker, for pages that do not have the pictures.
func emoticons(text string) string {
	if !strings.Contains(text, "[") {
		return text
	}
	return marker.ReplaceAllStringFunc(text, func(m string) string {
		n := m[1 : len(m)-1]
		if !isEmoticon(n) {
			return m
		}
		return "<img src='" + emoticonPath + n + ".png' alt='" + m + "'>"
	})
}

// emoticonOf returns the number of an emoticon's picture, "" for any other.
func emoticonOf(attrs []html.Attribute) string {
	for _, a := range attrs {
		if a.Key != "src" {
			continue
		}
		if m := emoticonSrc.FindStringSubmatch(a.Val); m != nil && isEmoticon(m[1]) {
			return m[1]
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
