package uckefu

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func FuzzEmoticonsAndCut(f *testing.F) {
	f.Add("[12] [007] [135] [1", 3)
	f.Add("字😀\xff[0]", 1)
	f.Add("[0]<img src='/im/js/kindeditor/plugins/emoticons/images/134.png'>", 9)
	f.Fuzz(func(t *testing.T, text string, most int) {
		kept, _ := fromHTML(text)
		if again, _ := fromHTML(kept); !strings.ContainsAny(kept, "<&") && again != kept {
			t.Fatalf("%q is read as %q, and that as %q", text, kept, again)
		}
		out := toHTML(kept)
		rest := strings.NewReplacer("<br>", "", "<img src='"+emoticonPath, "", ".png' alt='", "", "'>", "").Replace(out)
		if strings.ContainsAny(rest, "<") {
			t.Fatalf("%q lets markup through: %q", text, out)
		}
		if most < 0 || most > 1<<20 {
			return
		}
		head, over := cut(text, most)
		if !strings.HasPrefix(text, head) || over != (len(head) < len(text)) || utf8.RuneCountInString(head) > most {
			t.Fatalf("%q cut to %d gives %q", text, most, head)
		}
	})
}
