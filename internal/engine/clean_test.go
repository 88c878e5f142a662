package engine

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

var shopPassages = []Passage{
	{ID: "a", Title: "退货", Text: "七天内可退。写信给 Help@shop.example", Link: "https://shop.example/back"},
	{ID: "b", Title: "Delivery", Text: "Two days.", Link: "http://shop.example/send?a=b&c=(d)"},
	{ID: "c", Title: "No link", Text: "See https://elsewhere.example/x"},
}

func TestOnlyTheLinksOfPassagesStay(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		// What stays.
		"请看 https://shop.example/back。":                            "请看 https://shop.example/back。",
		"请看https://shop.example/back，谢谢":                           "请看https://shop.example/back，谢谢",
		"See HTTPS://SHOP.example/back/ now.":                      "See HTTPS://SHOP.example/back/ now.",
		"(shop.example/back)":                                      "(shop.example/back)",
		"[退货页](https://shop.example/back)":                         "退货页 https://shop.example/back",
		"Go: http://shop.example/send?a=b&amp;c=(d).":              "Go: http://shop.example/send?a=b&c=(d).",
		"Write to help@SHOP.example!":                              "Write to help@SHOP.example!",
		"Tel: 400-820-1234, Data: 12/05, 9:30, 50/50, R$ 1.000,00": "Tel: 400-820-1234, Data: 12/05, 9:30, 50/50, R$ 1.000,00",
		"7 dias. Com isso, ok. Em breve. E.g. this; p.m.; v1.2":    "7 dias. Com isso, ok. Em breve. E.g. this; p.m.; v1.2",
		"Node.js und/oder 3.5kg. 支持。可以吗？":                          "Node.js und/oder 3.5kg. 支持。可以吗？",
		"a < b && c > d":                                           "a < b && c > d",
		"one\n\n\n\ntwo ":                                          "one\n\ntwo",
		// What goes.
		"Visit https://evil.example/x now":                     "Visit now",
		"https://elsewhere.example/x":                          "",
		"https://shop.example/back/other":                      "",
		"https://shop.example":                                 "",
		"https://shop.example@evil.example/":                   "",
		`https://shop.example/back\@evil.example`:              "",
		"https://shop.example/back@evil.example":               "",
		"http://evil.example/?u=https://shop.example/back":     "",
		"https://shop.example/back恶意.中国":                       "https://shop.example/back",
		"[here](http://evil.example)":                          "here",
		"[https://shop.example/back](http://evil.example)":     "https://shop.example/back",
		"[a]( <http://evil.example/a b> \"t\")":                "a",
		"![p](https://evil.example/p.png) ok":                  "ok",
		"![p](https://shop.example/back) ok":                   "ok",
		"![p][1]\n\n[1]: http://evil.example":                  "[1]:",
		"<img src=https://evil.example/p.png>ok":               "ok",
		"<scr<b>ipt>alert(1)</scr</b>ipt>ok":                   "alert(1)ok",
		"&lt;script src=//evil.example&gt;ok":                  "ok",
		"&amp;lt;b&amp;gt;ok":                                  "ok",
		"ok <img src=x onerror=alert(1)":                       "ok",
		"www.evil.example/a ok":                                "ok",
		"//evil.example/a ok":                                  "ok",
		"evil.com ok":                                          "ok",
		"去evil.com看":                                           "去 看",
		"evil.com.br, sub.evil.co.uk/x ok":                     ", ok",
		"evil．com ｅｖｉｌ。ｃｏｍ ok":                                 "ok",
		"ｈｔｔｐ：／／evil.example ok":                               "ok",
		"evil[.]com evil (dot) com evil dot com evil{.}net ok": "ok",
		"**evil**.com ok":                                      "ok",
		"evil().com ok":                                        "ok",
		"e\u200bvil.c\u200dom ok":                              "ok",
		"ht\u00adtps://evil.example ok":                        "ok",
		"javascript:alert(1) ok":                               "ok",
		"JaVaScRiPt&#58;alert(1) ok":                           "ok",
		"data:text/html,x ok":                                  "ok",
		"mailto:a@evil.example a@evil.example ok":              "ok",
		"weixin://dl/x alipays://x intent:x#y tel:+5511999 ok": "ok",
		"http://1.2.3.4/ 1.2.3.4:80 http://[::1]/ [::1]/a ok":  "ok",
		"http://2130706433/ http:\\\\evil ok":                  "ok",
		"例子.中国 ok":                                             "ok",
		"xn--fsq.xn--0zwm56d ok":                               "ok",
		"https://ñandú.example/x https://éé.example ok":        "ok",
		"ñandú.cl привет.com/x ünï.de ok":                      "ok",
		// What stays, but is not to grow into another name.
		"https://shop.example/back.例子.世界 ok":    "https://shop.example/back .例子.世界 ok",
		"https://shop.example/back😀.例子.世界 ok":   "https://shop.example/back 😀.例子.世界 ok",
		"**https://shop.example/back**.世界/x ok": "https://shop.example/back .世界/x ok",
		"https://shop.example/back「ok」":         "https://shop.example/back 「ok」",
		"\x1b[31mred\x00\u202e ok":              "[31mred ok",
		"```json\nx\n```":                       "x",
	} {
		if got := clean(in, links(shopPassages)); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

func TestAnswersAreNeverTooLong(t *testing.T) {
	t.Parallel()
	for in, most := range map[string]int{strings.Repeat("长", 9000): MaxAnswer, strings.Repeat("Um dia. ", 900): MaxAnswer, strings.Repeat("<", 9000): MaxAnswer, strings.Repeat("<a", 9000): MaxAnswer,
		strings.Repeat("<", 3000) + "a" + strings.Repeat(">", 3000): MaxAnswer, strings.Repeat("https://shop.example/back\n", 300): MaxAnswer, strings.Repeat("a.", 4500) + "com": MaxAnswer} {
		got := clean(in, links(shopPassages))
		if n := utf8.RuneCountInString(got); n > most {
			t.Errorf("%.20q became %d characters", in, n)
		}
	}
	if got := clean(strings.Repeat("Um dia. ", 900), nil); !strings.HasSuffix(got, "dia.") {
		t.Errorf("cut within a sentence: %q", got[len(got)-20:])
	}
}

// shown is what the pages of visitors make a link of.
var shown = regexp.MustCompile(`https?://[^\s<>"'，。；！？、（）]*[^\s<>"'，。；！？、（）.,;:!?)]`)

// Whatever a model writes: no address but an allowed one comes out, no tag, nothing
// that cannot be seen, and cleaning again changes nothing that matters.
func FuzzClean(f *testing.F) {
	for _, s := range []string{"[a](http://evil.example)", "evil().com", "<a<b>>", "&#104;ttp://x", "https://shop.example/back恶.com", "a@b.co", "www.x.y", "\u202e", "**a**.com", "x .com", "(a.com).net", "https://shop.example/back.例子.世界", "http://é.世界"} {
		f.Add(s)
	}
	allowed := links(shopPassages)
	f.Fuzz(func(t *testing.T, s string) {
		got := clean(s, allowed)
		if utf8.RuneCountInString(got) > MaxAnswer || strings.ContainsFunc(got, hidden) || tag.MatchString(got) {
			t.Fatalf("%q became %q", s, got)
		}
		for _, a := range shown.FindAllString(got, -1) {
			if !allowed[normal(trimEnd(a))] {
				t.Fatalf("%q became %q, in which %q can be followed", s, got, a)
			}
		}
		if again := strings.Join(strings.Fields(unlink(got, allowed)), " "); again != strings.Join(strings.Fields(got), " ") {
			t.Fatalf("%q became %q, which holds an address: %q", s, got, again)
		}
	})
}
