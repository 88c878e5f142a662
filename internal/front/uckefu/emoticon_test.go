package uckefu

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func FuzzEmoticonsAndCut(f *testing.F) {
	f.Add("[12] [007] [135] [1", 3)
	f.Add("字😀\xff[0]", 1)
	f.Fuzz(func(t *testing.T, text string, most int) {
		out := toHTML(text)
		rest := marker.ReplaceAllString(strings.NewReplacer("<br>", "", "<img src='"+emoticonPath, "", ".png' alt='", "", "'>", "").Replace(out), "")
		if strings.ContainsAny(rest, "<") {
			t.Fatalf("%q lets markup through: %q", text, out)
		}
		if most < 0 || most > 1<<20 {
			return
		}
		kept, over := cut(text, most)
		if !strings.HasPrefix(text, kept) || over != (len(kept) < len(text)) || utf8.RuneCountInString(kept) > most {
			t.Fatalf("%q cut to %d gives %q", text, most, kept)
		}
	})
}
