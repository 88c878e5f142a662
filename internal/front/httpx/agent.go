package httpx

import "strings"

// UserAgent says which browser, operating system and kind of device a
// User-Agent header names, for display only. Unknown parts are empty.
func UserAgent(ua string) (browser, os string, mobile bool) {
	mobile = strings.Contains(ua, "Mobile") || strings.Contains(ua, "Android")
	return firstOf(ua, browsers), firstOf(ua, systems), mobile
}

// mark is a word of a User-Agent and what it means; order matters, since
// browsers name their ancestors too.
type mark struct{ word, name string }

var browsers = []mark{
	{"MicroMessenger/", "WeChat"}, {"Edg/", "Edge"}, {"OPR/", "Opera"}, {"QQBrowser/", "QQ Browser"}, {"Firefox/", "Firefox"},
	{"Chrome/", "Chrome"}, {"Version/", "Safari"},
}

var systems = []mark{
	{"HarmonyOS", "HarmonyOS"}, {"Android", "Android"}, {"iPhone", "iOS"}, {"iPad", "iPadOS"}, {"Windows NT", "Windows"},
	{"Mac OS X", "macOS"}, {"CrOS", "ChromeOS"}, {"Linux", "Linux"},
}

func firstOf(ua string, list []mark) string {
	for _, m := range list {
		i := strings.Index(ua, m.word)
		if i < 0 {
			continue
		}
		if !strings.HasSuffix(m.word, "/") {
			return m.name
		}
		version, _, _ := strings.Cut(ua[i+len(m.word):], ".")
		if len(version) > 4 || strings.Trim(version, "0123456789") != "" {
			return m.name
		}
		return strings.TrimSpace(m.name + " " + version)
	}
	return ""
}

// Languages are the interface languages, the default first.
var Languages = []string{"en", "zh-CN", "pt-BR"}

// Language returns the interface language that fits a locale or an
// Accept-Language header best, by its first known language.
func Language(accept string) string {
	for part := range strings.SplitSeq(accept, ",") {
		tag, _, _ := strings.Cut(strings.TrimSpace(part), ";")
		base, _, _ := strings.Cut(strings.ToLower(tag), "-")
		for _, l := range Languages {
			if strings.HasPrefix(strings.ToLower(l), base) && base != "" {
				return l
			}
		}
	}
	return Languages[0]
}
