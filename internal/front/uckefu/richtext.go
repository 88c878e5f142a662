package uckefu

import (
	"net/url"
	"strings"

	"golang.org/x/net/html"
)

// maxImages is how many pasted pictures one message may carry.
const maxImages = 10

// fromHTML turns what the contract's editors send into plain text, with emoji for
// emoticons, and the tokens of pasted pictures of ours. Everything else of the markup goes.
func fromHTML(s string) (text string, images []string) {
	if !strings.ContainsAny(s, "<&") {
		return unmarked(s), nil
	}
	var b strings.Builder
	z := html.NewTokenizer(strings.NewReader(s))
	skip := 0
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			return strings.TrimSpace(strings.ReplaceAll(b.String(), "\u00a0", " ")), images
		}
		t := z.Token()
		switch kind {
		case html.TextToken:
			if skip == 0 {
				b.WriteString(unmarked(t.Data))
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			switch t.Data {
			case "script", "style", "title", "iframe", "noscript", "textarea":
				if kind == html.StartTagToken {
					skip++
				}
			case "br", "p", "div", "li", "tr":
				if b.Len() > 0 && !strings.HasSuffix(b.String(), "\n") || t.Data == "br" {
					b.WriteByte('\n')
				}
			case "img":
				if face := emoticonOf(t.Attr); face != "" {
					b.WriteString(face)
				} else if token := ownImage(t.Attr); token != "" && len(images) < maxImages {
					images = append(images, token)
				}
			}
		case html.EndTagToken:
			switch t.Data {
			case "script", "style", "title", "iframe", "noscript", "textarea":
				skip = max(skip-1, 0)
			}
		}
	}
}

// ownImage returns the token of a picture of ours, "" for any other.
func ownImage(attrs []html.Attribute) string {
	for _, a := range attrs {
		if a.Key != "src" {
			continue
		}
		u, err := url.Parse(a.Val)
		if err != nil || (u.Path != "/res/image.html" && u.Path != "/res/image") {
			return ""
		}
		return strings.TrimSuffix(u.Query().Get("id"), "_original")
	}
	return ""
}
