package engine

import (
	"html"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxNested is how often tags are taken out of one another.
const maxNested = 20

// clean makes plain text of what a model wrote: without what cannot be seen, without
// pictures and markup, and without addresses but the allowed ones. It has at most
// MaxAnswer characters.
func clean(s string, allowed map[string]bool) string {
	// A reply is bounded; what is longer than this is not looked at character by character.
	s = plain(s, 4*MaxAnswer)
	for range 3 {
		next := plain(html.UnescapeString(s), 4*MaxAnswer)
		if next == s {
			break
		}
		s = next
	}
	s = picture.ReplaceAllString(s, " ")
	s = named2bare.ReplaceAllString(s, "$1 $2 ")
	for n := 0; tag.MatchString(s); n++ {
		// What is left when a tag is taken out may be another.
		if s = tag.ReplaceAllString(s, ""); n == maxNested {
			s = strings.ReplaceAll(s, "<", " ")
		}
	}
	s = shorten(strings.TrimSpace(fences.ReplaceAllString(s, "$1")), MaxAnswer-longAnswer/10)
	for range maxNested {
		// What is left when an address is taken out may be another.
		next := unlink(empty.ReplaceAllString(s, " "), allowed)
		if next == s {
			break
		}
		s = next
	}
	s = lines.ReplaceAllString(blanks.ReplaceAllString(s, "$1$2"), "\n\n")
	return shorten(strings.TrimSpace(s), MaxAnswer)
}

var (
	// picture is a Markdown picture, named2bare a Markdown link or its definition.
	picture    = regexp.MustCompile(`!\[[^\]]*\](?:\([^)]*\)|\[[^\]]*\])?`)
	named2bare = regexp.MustCompile(`\[([^\]\[]*)\]\(\s*<?([^()\s<>]*(?:\([^()\s]*\)[^()\s<>]*)?)>?[^()]*\)`)
	tag        = regexp.MustCompile(`(?s)<!--.*?-->|<[a-zA-Z/!?][^<>]*(?:>|$)`)
	// empty are brackets in which an address stood.
	empty  = regexp.MustCompile(`\([ \t]*\)|（[ \t]*）|\[[ \t]*\]`)
	fences = regexp.MustCompile("(?m)^[ ]*```[a-zA-Z]*[ ]*$|[*]{2}([^*\n]+)[*]{2}")
	blanks = regexp.MustCompile(`[ \t]+(\n|$)|([ \t])[ \t]+`)
	lines  = regexp.MustCompile(`\n{3,}`)
)

// tops are the last parts of names that addresses without a scheme commonly have.
const tops = `com|net|org|edu|gov|int|info|biz|name|pro|mobi|app|dev|page|web|site|online|website|shop|store|top|xyz|club|vip|ltd|group|link|click|live|life|news|blog|cloud|tech|space|work|world|fun|icu|cyou|buzz|win|bid|loan|men|date|zip|mov|` +
	`ac|ad|ae|ag|ai|am|ar|at|au|az|be|bg|bo|br|by|bz|ca|cc|cf|ch|cl|cm|cn|co|cr|cu|cx|cy|cz|de|dk|do|ec|ee|eg|es|eu|fi|fm|fr|ga|ge|gg|gl|gq|gr|gs|gt|gy|hk|hn|hr|ht|hu|id|ie|il|im|in|io|ir|is|it|je|jo|jp|ke|kg|kr|kz|la|li|lk|lt|lu|lv|ly|ma|md|me|mk|ml|mn|mo|ms|mu|mx|my|na|ng|ni|nl|no|nu|nz|pa|pe|ph|pk|pl|pn|pr|ps|pt|pw|py|qa|re|ro|rs|ru|rw|sa|sc|se|sg|sh|si|sk|sn|so|st|su|sv|sx|sy|tc|tel|th|tj|tk|tl|tm|tn|to|tr|tt|tv|tw|tz|ua|ug|uk|us|uy|uz|vc|ve|vg|vn|vu|ws|za|zm|zw|` +
	`xn--[a-z0-9-]+`

// letters are those of the scripts with spaces, in which names of hosts are written too;
// what comes without a space in front, such as Chinese, is seldom a part of an address.
const letters = `\p{Latin}\p{Cyrillic}\p{Greek}`

// rest are the characters of which what follows in an address is made, label those of
// a part of a name.
const (
	rest  = `[!#-;=?-~` + letters + `\p{Mn}]`
	label = `[` + letters + `0-9-]`
)

// address finds what a reader's program may make a link of, and what a person would
// type as one: with a scheme of any kind, without one, with a name or a number, also
// where the dot is disguised. It looks at text that ascii has folded.
var address = regexp.MustCompile(`(?i)` + strings.Join([]string{
	// Any scheme with slashes, and those that need none.
	`[a-z][a-z0-9+.-]{0,30}:[ ]?[/\\]{1,3}` + rest + `+`,
	`(?:javascript|vbscript|mailto|blob|intent|weixin|wxp|alipays?|magnet|view-source|facetime|ftp|https?):` + rest + `+`,
	`data:[a-z]+/` + rest + `+`,
	`(?-i:tel|sms):\+?[0-9][0-9-]+`,
	// Without a scheme.
	`[/\\]{2}` + label + `+(?:\.` + label + `+)+` + rest + `*`,
	`\bwww[.\d]` + rest + `+`,
	mail,
	// A name with a path, one of a known kind without, and one with a disguised dot.
	label + `+(?:\.` + label + `+)*\.[a-z][a-z0-9-]{1,23}\.?(?::\d{1,5})?(?:[/\\]|[?#][a-z0-9])` + rest + `*`,
	`(?:` + label + `+\.)+(?:` + tops + `)\b\.?(?::\d{1,5})?`,
	`[\p{L}\p{N}-]+\.(?:中国|中國|公司|网络|网址|在线|рф|рус)(?:[/\\]` + rest + `*)?`,
	`[a-z0-9-]+\s?(?:\[\s?(?:\.|dot)\s?\]|\(\s?(?:\.|dot|点)\s?\)|\{\.\}|\s+dot\s+|\s+\.)\s?(?:com|net|org|cn|top|xyz|ru|io|cc|vip)\b` + rest + `*`,
	// Numbers of hosts.
	`\b\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5}\b|[/\\])` + rest + `*`,
	`\[[0-9a-f:.]*:[0-9a-f:.]*:[0-9a-f:.]*\](?::\d{1,5})?[/\\]` + rest + `*`,
}, "|"))

// mail is an address of mail.
const mail = `[a-z0-9._%+-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+`

var mails = regexp.MustCompile(`(?i)` + mail)

// unlink takes addresses out of a text that are not allowed ones.
func unlink(s string, allowed map[string]bool) string {
	// What is folded has the same characters in the same places, so that what is found
	// in it can be taken out of the text itself.
	text := []rune(s)
	folded := make([]rune, len(text))
	for i, r := range text {
		folded[i] = ascii(r)
	}
	look := string(folded)
	var out strings.Builder
	at := 0 // in characters
	bytes := 0
	for _, m := range address.FindAllStringIndex(look, -1) {
		begin := at + utf8.RuneCountInString(look[bytes:m[0]])
		found := look[m[0]:m[1]]
		// What closes a sentence is not part of the address in front of it.
		bare := trimEnd(found)
		end := begin + utf8.RuneCountInString(bare)
		if bare == "" {
			end = begin + utf8.RuneCountInString(found)
		}
		out.WriteString(string(text[at:begin]))
		if (allowed[normal(bare)] || allowed[mailKey(bare)]) && string(text[begin:end]) == bare {
			out.WriteString(bare)
			if joins(text[end:]) {
				out.WriteRune(' ')
			}
		} else {
			out.WriteRune(' ')
		}
		at, bytes = end, m[0]+len(string(folded[begin:end]))
	}
	out.WriteString(string(text[at:]))
	return out.String()
}

// joins reports whether a program that makes links would take what follows an address
// for a part of it: all but blanks and the punctuation of sentences. Behind a full stop
// the name of a host could go on.
func joins(after []rune) bool {
	for _, r := range after {
		switch {
		case unicode.IsSpace(r) || strings.ContainsRune(`<>"'，。；！？、（）`, r):
			return false
		case !strings.ContainsRune(closing+")", r):
			return true
		}
	}
	return false
}

// closing are the characters that close the sentence or bracket in which an address stands.
const closing = `.,;:!?]}'"*_`

// trimEnd takes off an address what closes the sentence or bracket that it stands in.
func trimEnd(s string) string {
	for {
		t := strings.TrimRight(s, closing)
		if strings.HasSuffix(t, ")") && strings.Count(t, ")") > strings.Count(t, "(") {
			t = t[:len(t)-1]
		}
		if t == s {
			return t
		}
		s = t
	}
}

// ascii is the plain form of a character that looks like one of ASCII.
func ascii(r rune) rune {
	switch {
	case r >= 0xFF01 && r <= 0xFF5E && r != '，' && r != '！' && r != '？' && r != '；' && r != '（' && r != '）':
		return r - 0xFEE0
	case r == '。' || r == '｡' || r == '․' || r == '·':
		return '.'
	case r == '⁄' || r == '∕' || r == '／':
		return '/'
	}
	return r
}

// links are the allowed addresses: the links of passages, in the form of normal, and
// the addresses of mail that stand in them.
func links(passages []Passage) map[string]bool {
	m := map[string]bool{}
	for _, p := range passages {
		if n := normal(p.Link); n != "" {
			m[n] = true
		}
		for _, a := range mails.FindAllString(p.Text, 50) {
			m[mailKey(a)] = true
		}
	}
	return m
}

// mailKey is the form in which addresses of mail are compared.
func mailKey(s string) string { return "mail " + strings.ToLower(s) }

// normal is the form in which addresses are compared: without scheme and last slash,
// with the host in small letters. It is "" for what is no address of a page.
func normal(address string) string {
	if strings.ContainsAny(address, "\\ \t\n") {
		return ""
	}
	if !strings.Contains(address, "://") {
		address = "https://" + address
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" || strings.Contains(address, "@") && u.Path == "" {
		return ""
	}
	u.Scheme, u.Host = "", strings.ToLower(u.Host)
	return strings.TrimSuffix(strings.TrimPrefix(u.String(), "//"), "/")
}

// shorten cuts a text to a number of characters, at the end of a sentence or line if
// one is near.
func shorten(s string, most int) string {
	text := []rune(s)
	if len(text) <= most {
		return s
	}
	text = text[:most-1]
	for i := len(text) - 1; i > most*3/4; i-- {
		switch text[i] {
		case '\n', '.', '!', '?', '。', '！', '？':
			return strings.TrimSpace(string(text[:i+1]))
		}
	}
	return string(text) + "…"
}
